"""The board's keeper against Discord's ways: one message, changed in place, come what may."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from plotobot.access import Access, Holders
from plotobot.alerts import Pace
from plotobot.board import NOTE, BoardPace
from plotobot.bot import PlotoBot
from plotobot.engine.models import EventKind
from tests.loopback import LoopbackDiscord, Message

PACE = BoardPace(every=0.3, gather=0.05, first=0.1, longest=0.5, shut=0.4)
EDITS = r"/channels/\d+/messages/\d+"
POSTS = r"/channels/\d+/messages"


@pytest.fixture
def board_pace() -> BoardPace:
    return PACE


class Show:
    """A bot on the loopback Discord, with the scripted engine behind it."""

    def __init__(self, discord: LoopbackDiscord, engine: Any, pace: BoardPace) -> None:
        self.discord, self.engine, self.pace = discord, engine, pace
        self.bot: PlotoBot | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def access(self) -> Access:
        world = self.discord
        return Access(
            world.guild.id,
            world.channel.id,
            owners=Holders(users=frozenset({world.owner.id})),
            operators=Holders(roles=frozenset({world.operator_role.id})),
            viewers=Holders(roles=frozenset({world.viewer_role.id})),
        )

    async def start(self) -> None:
        board = self.discord.other_channel.id
        self.bot = PlotoBot(
            self.engine, self.access, board=board, board_pace=self.pace, pace=Pace(0.01, 0.01)
        )
        self._task = asyncio.create_task(self._serve(self.bot))
        await self.discord.connected()

    async def _serve(self, bot: PlotoBot) -> None:
        async with bot:
            await bot.start(self.discord.token)

    async def stop(self) -> None:
        """As the shutdown does it."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def lose(self) -> None:
        """End the bot as a lost link does."""
        assert self.bot
        await self.bot.close()
        await self.stop()

    def boards(self) -> list[Message]:
        return [one for one in self.discord.messages if one.components and not one.content]

    async def showing(self, words: str) -> Message:
        return await self.discord.message(lambda one: words in one.text and one in self.boards())


@pytest.fixture
async def show(
    loopback: LoopbackDiscord, point_at_loopback: None, engine: Any, board_pace: BoardPace
) -> AsyncIterator[Show]:
    show = Show(loopback, engine, board_pace)
    yield show
    await show.stop()


@pytest.fixture
def change(engine: Any, make_job: Callable[..., Any]) -> Callable[[int], None]:
    """Let so many plots run."""

    def to(count: int) -> None:
        engine.all_jobs = [make_job(n) for n in range(count)]
        engine.change()

    return to


async def test_one_message_is_changed_in_place(show, change):
    await show.start()
    board = await show.showing("No plot is being made")
    for count in (1, 2):
        change(count)
        await show.showing(f"**{count} plot")

    assert show.boards() == [board]
    assert board.channel == show.discord.other_channel
    assert board.edits >= 2
    assert show.engine.told == []


async def test_a_burst_of_changes_makes_few_edits_and_no_change_makes_none(show, change):
    await show.start()
    board = await show.showing("No plot is being made")
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for count in range(1, 40):
        change(count)
        await asyncio.sleep(0.02)
    await show.showing("**39 plots")
    took = loop.time() - begun
    assert board.edits <= took / PACE.every + 1

    edits = board.edits
    for _ in range(10):
        show.engine.change()
        await asyncio.sleep(0.05)
    assert board.edits == edits


async def test_after_a_restart_the_same_message_goes_on(show, change):
    await show.start()
    board = await show.showing("No plot is being made")
    await show.lose()
    change(3)
    await show.start()
    await show.showing("**3 plots")

    assert show.boards() == [board]


async def test_a_deleted_message_is_made_anew(show, change):
    await show.start()
    board = await show.showing("No plot is being made")
    del show.discord.world.messages[board.id]
    change(1)
    other = await show.showing("**1 plot")

    assert other.id != board.id
    change(2)
    await show.showing("**2 plots")
    assert json.loads(show.engine.kept[NOTE])["message"] == other.id
    assert show.boards() == [other]


async def test_a_death_between_the_sending_and_the_noting_makes_no_second_board(show, change):
    await show.start()
    board = await show.showing("No plot is being made")
    await show.lose()
    kept = json.loads(show.engine.kept[NOTE])
    show.engine.kept[NOTE] = json.dumps(kept | {"message": None})
    change(1)
    await show.start()
    await show.showing("**1 plot")

    assert show.boards() == [board]


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"status": 429, "retry_after": 0.2}, id="429"),
        pytest.param({"status": 503, "times": 2}, id="503"),
        pytest.param({"reset": True}, id="cut"),
    ],
)
async def test_it_comes_through_what_passes(show, change, fault):
    await show.start()
    board = await show.showing("No plot is being made")
    show.discord.fail_next("PATCH", EDITS, **fault)
    change(1)
    await show.showing("**1 plot")

    assert show.boards() == [board]


async def test_a_board_that_another_bot_had_sent_is_left_to_it(show, change):
    """As after a new application: Discord lets nobody change another one's message."""
    await show.start()
    old = await show.showing("No plot is being made")
    show.discord.fail_next("PATCH", EDITS, status=403, code=50005)
    change(1)
    new = await show.showing("**1 plot")

    assert new.id != old.id


async def test_a_lost_permission_is_told_once_and_asked_again_at_long_intervals(
    show, change, caplog
):
    await show.start()
    board = await show.showing("No plot is being made")
    show.discord.fail_next("PATCH", EDITS, status=403, code=50013, times=0)
    change(1)
    await show.discord.message(lambda one: "the board cannot be shown" in one.text)
    await asyncio.sleep(3 * PACE.shut)
    refused = [one for one in show.discord.asked("PATCH", EDITS) if one.status == 403]

    assert 2 <= len(refused) <= 5
    assert caplog.text.count("board's channel is closed") == 1
    show.discord.heal()
    await show.showing("**1 plot")
    assert show.boards() == [board]
    assert [event.kind for event in show.engine.events] == [EventKind.TROUBLE]


async def test_what_discord_refuses_for_good_is_not_hammered(show, change, caplog):
    await show.start()
    await show.showing("No plot is being made")
    show.discord.fail_next("PATCH", EDITS, status=400, times=0)
    change(1)
    await asyncio.sleep(1.2)

    assert len([one for one in show.discord.asked("PATCH", EDITS) if one.status == 400]) <= 4
    assert "Discord refused the board" in caplog.text


async def test_at_a_stop_it_says_so_and_after_a_lost_link_it_does_not(show, change):
    await show.start()
    board = await show.showing("No plot is being made")
    await show.lose()
    assert "stopped" not in board.text

    await show.start()
    await asyncio.sleep(0.3)
    await show.stop()
    assert "**Plotobot stopped** at <t:" in board.text
    assert "running plots go on" in board.text
    assert board.buttons == []

    await show.start()
    await show.showing("No plot is being made")
    assert show.boards() == [board]
    assert board.buttons == ["Pause", "Report", "Why"]


async def test_a_stop_before_the_board_was_found_again_is_said_on_it_as_well(show):
    await show.start()
    board = await show.showing("No plot is being made")
    await show.lose()
    kept = json.loads(show.engine.kept[NOTE])
    show.engine.kept[NOTE] = json.dumps(kept | {"message": None})
    show.discord.fail_next("POST", r"/channels/\d+/messages", status=503)
    await show.start()
    await show.discord.asked_for("POST", r"/channels/\d+/messages", timeout=30)
    await show.stop()

    assert "**Plotobot stopped** at <t:" in board.text
    assert show.boards() == [board]


async def test_a_discord_that_hangs_does_not_hold_up_the_stop(show):
    await show.start()
    await show.showing("No plot is being made")
    show.discord.fail_next("PATCH", EDITS, delay=20, times=0)
    async with asyncio.timeout(15):
        await show.stop()


async def test_another_channel_in_the_settings_moves_it_and_none_takes_it_down(show, change):
    await show.start()
    await show.showing("No plot is being made")
    bot, telling = show.bot, show.bot._telling
    bot.obey(show.access, telling, show.discord.channel.id)
    change(1)
    moved = await show.showing("**1 plot")
    assert show.boards() == [moved]
    assert moved.channel == show.discord.channel

    bot.obey(show.access, telling, None)
    change(2)
    async with asyncio.timeout(30):
        while show.boards():
            await asyncio.sleep(0.05)


async def test_two_machines_in_one_channel_have_a_board_each(show, change, engine):
    other = Show(show.discord, type(engine)(), PACE)
    other.engine.machine = "rig2"
    try:
        await show.start()
        await other.start()
        await show.showing("🌾 rig1")
        await show.showing("🌾 rig2")
        assert len(show.boards()) == 2
    finally:
        await other.stop()


async def test_an_engine_that_breaks_does_not_end_the_keeping(show, change, caplog):
    await show.start()
    await show.showing("No plot is being made")
    show.engine.broken = RuntimeError("oops")
    change(1)
    await asyncio.sleep(0.5)
    show.engine.broken = None
    await show.showing("**1 plot")
    assert "the board cannot be drawn" in caplog.text


class TestButtons:
    async def press(self, show: Show, button: str, who: str) -> Any:
        board = (show.boards() or [None])[0]
        answer = await show.discord.click(board, button, user=getattr(show.discord, who))
        return await answer.settled()

    @pytest.fixture
    async def shown(self, show: Show) -> Show:
        await show.start()
        await show.showing("No plot is being made")
        return show

    async def test_pause_and_start(self, shown):
        told = await self.press(shown, "Pause", "operator")
        assert "Operator paused spawning on rig1" in told.content
        assert shown.engine.deeds == [("pause",)]
        shown.engine.change()
        await shown.showing("Spawning is **paused**")

        told = await self.press(shown, "Start", "operator")
        assert "Operator let plots start on rig1" in told.content
        assert shown.engine.deeds == [("pause",), ("start", None)]

    async def test_why_and_report_are_for_the_one_who_presses(self, shown):
        why = await self.press(shown, "Why", "viewer")
        assert "Spawning is **on**" in why.content
        assert why.ephemeral
        report = await self.press(shown, "Report", "viewer")
        assert "0 plots finished" in report.text
        assert report.ephemeral

    @pytest.mark.parametrize(
        ("button", "who"),
        [("Pause", "viewer"), ("Pause", "stranger"), ("Why", "stranger"), ("Report", "stranger")],
    )
    async def test_those_who_may_not_are_told_so(self, shown, button, who):
        told = await self.press(shown, button, who)
        assert told.content.startswith("Only ")
        assert told.ephemeral
        assert shown.engine.deeds == []

    async def test_they_work_after_a_restart(self, shown):
        await shown.lose()
        await shown.start()
        await self.press(shown, "Pause", "operator")
        assert shown.engine.deeds == [("pause",)]

    async def test_another_machines_button_is_left_to_it(self, shown):
        shown.engine.machine = "rig2"  # as the bot of another machine with the same token
        board = shown.boards()[0]
        answer = await shown.discord.click(board, "Pause", user=shown.discord.operator)
        await asyncio.sleep(0.5)
        assert answer.callback is None
        assert shown.engine.deeds == []
