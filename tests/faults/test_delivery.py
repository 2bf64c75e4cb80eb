"""Discord is away, refuses, lies or floods, the bot is killed amid it: each alert comes once."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import signal
import sys
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import aiohttp
import discord
import pytest

from plotobot.alerts import Courier, Letter, Pace
from plotobot.engine.models import Event, EventKind
from plotobot.engine.store import Store
from tests.cogs.scripted import ScriptedEngine, make_event, make_job
from tests.faults.warp import warped

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = 3600.0
SHOWN = re.compile(r"event (\d+) of job (\d+)\b")


def shown(texts: Sequence[str]) -> list[tuple[int, int]]:
    """The events that are told of: number and job, in order."""
    return [(int(a), int(b)) for text in texts for a, b in SHOWN.findall(text)]


def critical(number: int, job: int = 0) -> Event:
    data = {"what": f"event {number} of job {job}"}
    return Event(EventKind.TROUBLE, NOW, None, data, id=number, nonce=f"n{number}")


# --- killed between sending and marking ------------------------------------------------------


@dataclass
class Outbox:
    """As much of an engine as the courier needs, on a real store."""

    store: Store
    machine: str = "rig1"

    def __post_init__(self) -> None:
        self.undelivered, self.delivered = self.store.undelivered, self.store.delivered
        self.remember, self.recall = self.store.remember, self.store.recall

    async def changed(self) -> None:
        await asyncio.sleep(0.01)


@dataclass
class FileDiscord:
    """A channel that outlives the bot: it drops a nonce that it knows, as Discord does."""

    path: Path

    def posted(self) -> list[dict[str, str]]:
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        return [json.loads(line) for line in lines]

    async def send(self, letter: Letter) -> None:
        text, nonce = letter.text, letter.nonce
        if nonce in {post["nonce"] for post in self.posted()}:
            return
        with self.path.open("a") as file:
            file.write(json.dumps({"nonce": nonce, "text": text}) + "\n")


def live(folder: Path, seed: int, *, to_the_end: bool = False) -> None:
    """One life of a bot, in a process of its own; it kills itself amid its deliveries."""
    dice = random.Random(seed)
    steps = dice.randrange(1, 9)

    def maybe_die() -> None:
        nonlocal steps
        steps -= 1
        if steps == 0 and not to_the_end:
            os.kill(os.getpid(), signal.SIGKILL)

    def dying(call: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def around(*args: object) -> None:
            maybe_die()
            await call(*args)
            maybe_die()

        return around

    async def main() -> None:
        outbox = Outbox(await Store.open(folder / "plotobot.db"))
        outbox.delivered = dying(outbox.delivered)  # type: ignore[method-assign]
        discord_ = FileDiscord(folder / "channel")
        pace = Pace(gather=0.0, rest=0.0, first=0.0, longest=0.0)
        courier = Courier(outbox, dying(discord_.send), pace=pace)  # type: ignore[arg-type]
        for _ in range(dice.choice((1, 1, 2, 3, 9))):
            number = int(await outbox.recall("number") or 0) + 1
            event = critical(number, job=number % 4)
            await outbox.store.record((), [event], {"number": str(number)})
        while await courier.deliver():
            pass
        await outbox.store.close()

    asyncio.run(main())


def in_a_process(work: Callable[[], None]) -> int:
    """Do something in a fork, which shares all that is imported; returns how it ended."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.skipif(sys.platform == "win32", reason="it forks")
def test_200_kills_between_sending_and_marking_lose_no_alert(
    in_memory: Path, seeds: Iterator[int]
) -> None:
    for seed in seeds:
        folder = in_memory / str(seed)
        folder.mkdir()
        kills = number = 0
        while kills < 200:
            number += 1
            code = in_a_process(partial(live, folder, 1000 * seed + number))
            assert code in (0, -signal.SIGKILL)
            kills += code != 0
        assert in_a_process(partial(live, folder, seed, to_the_end=True)) == 0

        told = shown([post["text"] for post in FileDiscord(folder / "channel").posted()])
        counts = Counter(event for event, _ in told)
        assert sorted(counts) == list(range(1, max(counts) + 1)), "an alert was lost"
        twice = sum(count > 1 for count in counts.values())
        print(f"seed {seed}: {kills} kills, {len(counts)} alerts, {twice} of them twice")
        assert twice <= 0.01 * len(counts)
        by_job: dict[int, list[int]] = defaultdict(list)
        for event, job in dict.fromkeys(told):
            by_job[job].append(event)
        assert all(events == sorted(events) for events in by_job.values())


# --- Discord away, by a clock that jumps -----------------------------------------------------


class Answer(Exception):  # noqa: N818 - it is what Discord says
    """Makes an error as discord.py raises it."""

    @staticmethod
    def http(status: int, kind: type[discord.HTTPException] = discord.HTTPException) -> Exception:
        return kind(SimpleNamespace(status=status, reason="no"), "no")  # type: ignore[arg-type]


@dataclass
class Channel:
    """What the courier sends to; it answers as the moment has it."""

    says: Callable[[float], Exception | None]
    began: float = 0.0
    asked: list[float] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    nonces: set[str] = field(default_factory=set)

    async def send(self, letter: Letter) -> None:
        text, nonce = letter.text, letter.nonce
        now = asyncio.get_running_loop().time() - self.began
        self.asked.append(now)
        error = self.says(now)
        if error is not None:
            raise error
        if nonce not in self.nonces:
            self.nonces.add(nonce)
            self.texts.append(text)

    def busiest(self, seconds: float) -> int:
        """The most requests in any stretch of so many seconds."""
        return max(sum(start <= at < start + seconds for at in self.asked) for start in self.asked)


def carried(
    channel: Channel, happening: Callable[[ScriptedEngine], Awaitable[None]], hours: float
) -> ScriptedEngine:
    """Let a courier work for so many simulated hours while things happen."""
    engine = ScriptedEngine()

    async def main() -> None:
        channel.began = asyncio.get_running_loop().time()
        courier = asyncio.create_task(Courier(engine, channel.send).run())  # type: ignore[arg-type]
        happen = asyncio.create_task(happening(engine))
        await asyncio.sleep(hours * HOUR)
        await happen
        courier.cancel()
        await asyncio.wait([courier])

    warped(main())
    return engine


async def one_a_minute(engine: ScriptedEngine) -> None:
    for number in range(1, 361):
        engine.happen(critical(number, job=number % 5))
        await asyncio.sleep(60)


AWAY: dict[str, Callable[[], Exception]] = {
    "no network": lambda: OSError("unreachable"),
    "reset": lambda: aiohttp.ClientOSError(104, "reset by peer"),
    "half-open": lambda: TimeoutError(),
    "server disconnected": lambda: aiohttp.ServerDisconnectedError(),
    "503": lambda: Answer.http(503, discord.DiscordServerError),
    "429 without end": lambda: Answer.http(429),
    "rate limited": lambda: discord.RateLimited(30.0),
    "garbage": lambda: TypeError("string indices must be integers"),
    "401": lambda: Answer.http(401),
    "403": lambda: Answer.http(403, discord.Forbidden),
    "404": lambda: Answer.http(404, discord.NotFound),
}


@pytest.mark.parametrize("trouble", AWAY)
def test_six_hours_without_discord_lose_nothing_and_flood_nobody(trouble: str) -> None:
    make = AWAY[trouble]
    channel = Channel(lambda now: make() if now < 6 * HOUR else None)

    engine = carried(channel, one_a_minute, hours=7)

    told = [event for event, _ in shown(channel.texts)]
    assert told == list(range(1, 361)), "lost, doubled or out of order"
    assert len(engine.told) == 360
    assert len(channel.texts) <= 40, "six hours of news come as a few digests"
    assert len([at for at in channel.asked if at < 6 * HOUR]) <= 6 * 61
    if trouble in ("401", "403", "404"):
        assert channel.busiest(600) <= 20


def any_weather(seed: int) -> Callable[[float], Exception | None]:
    """Answers of every kind, and good ones among them."""
    dice = random.Random(seed)

    def says(_: float) -> Exception | None:
        return dice.choice([*AWAY.values(), *[lambda: None] * 6])()  # type: ignore[list-item]

    return says


def test_storms_of_every_kind_lose_no_alert(seeds: Iterator[int]) -> None:
    for seed in seeds:
        channel = Channel(any_weather(seed))

        carried(channel, one_a_minute, hours=40)

        told = [event for event, _ in shown(channel.texts)]
        assert told == list(range(1, 361))


def test_what_is_taken_though_the_answer_is_lost_is_told_once() -> None:
    """The connection breaks after Discord has taken the message; the nonce makes it one."""
    dice = random.Random(1)
    channel = Channel(lambda _: None)
    take = channel.send

    async def send(letter: Letter) -> None:
        await take(letter)
        if dice.random() < 0.5:
            raise aiohttp.ClientOSError(104, "reset by peer")

    channel.send = send  # type: ignore[method-assign]
    carried(channel, one_a_minute, hours=8)

    assert [event for event, _ in shown(channel.texts)] == list(range(1, 361))


def test_a_thousand_events_in_ten_seconds_are_at_most_twelve_messages() -> None:
    async def flood(engine: ScriptedEngine) -> None:
        for number in range(1, 1001):
            if number % 100 == 50:
                engine.happen(critical(number))
            else:
                event = make_event(number, EventKind.JOB_FINISHED, job=make_job(number))
                engine.happen(event)
            await asyncio.sleep(0.01)

    channel = Channel(lambda _: None)
    engine = carried(channel, flood, hours=0.1)

    assert len(engine.told) == 1000
    assert len(channel.texts) <= 12
    assert channel.asked[-1] <= 15, "a flood is told while it is news"
    assert len(shown(channel.texts)) == 10
    for text in channel.texts:
        lines = text.splitlines()[1:]
        urgent = [bool(SHOWN.search(line)) for line in lines]
        assert urgent == sorted(urgent, reverse=True), "the critical ones come first"
