"""The board holds what Discord takes, whatever the farm, and is still while nothing is new."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import discord
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plotobot.engine.models import (
    GIB,
    UNKNOWN,
    Drive,
    DriveKind,
    DriveView,
    Hold,
    Job,
    JobState,
    Move,
    MoverView,
    MoveState,
    SpawnerView,
)
from plotobot.ui.board import Scene, board_view, calm, face
from plotobot.ui.colours import Colour
from tests.loopback.limits import check_message

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
V2 = 1 << 15
RUNNING = SpawnerView(running=True, spawned=3, count=10)
JOB = Job(
    "20260101-1a2b",
    "madmax",
    32,
    "/mnt/ssd1",
    "/mnt/hdd1",
    state=JobState.RUNNING,
    status="3.2",
    fraction=0.62,
    eta=NOW + timedelta(hours=2),
)
SSD = Drive(DriveKind.TEMP, "/mnt/ssd1", "fs1", total=894 * GIB, free=350 * GIB)


def scene(**changes) -> Scene:
    plain = Scene("rig1", NOW, RUNNING, MoverView(running=True))
    return replace(plain, **changes)


def text(shown: Scene, *, stopped: bool = False) -> str:
    made = face(shown, stopped=stopped)
    return "\n".join([*made.sections, made.foot])


def payload(shown: Scene) -> list[dict]:
    return board_view(face(shown), NOW).to_components()


def jobs(count: int, **changes) -> list[Job]:
    return [replace(JOB, id=f"20260101-{n:04x}", **changes) for n in range(count)]


def test_a_running_plot_has_its_bar_its_phase_and_when_it_will_be_done():
    told = text(scene(jobs=[JOB]))

    assert "**1 plot in the making**" in told
    assert "**#1a2b** k32 on /mnt/ssd1 · <t:1767276000:R>" in told
    assert "`███████░░░░░` 62% · phase 3.2" in told


@pytest.mark.parametrize(("count", "shown", "rest"), [(1, 1, 0), (11, 10, 1), (200, 10, 190)])
def test_ten_plots_are_shown_and_the_others_counted(count, shown, rest):
    told = text(scene(jobs=jobs(count)))

    assert told.count("phase 3.2") == shown
    assert (f"… and {rest} more; `/jobs` lists them" in told) == bool(rest)


def test_without_a_plot_it_says_so():
    assert "**No plot is being made**" in text(scene())


def test_what_holds_the_spawner_is_one_line():
    holds = (
        Hold("/mnt/ssd1", "temp_space", "no room for a plot"),
        Hold("/mnt/ssd2", "temp_space", "no room for a plot"),
        Hold("", "max_parallel", "2 plots run already", until=NOW),
    )
    told = text(scene(spawner=replace(RUNNING, holds=holds)))

    assert "🚧 2 drives: no room for a plot (and 1 more reason)" in told
    assert told.count("🚧") == 1


def test_a_paused_spawner_says_so_and_offers_to_start():
    paused = scene(spawner=replace(RUNNING, running=False))

    assert "Spawning is **paused**" in text(paused)
    assert labels(paused) == ["Start", "Report", "Why"]
    assert labels(scene()) == ["Pause", "Report", "Why"]


def labels(shown: Scene) -> list[str]:
    view = board_view(face(shown), NOW)
    return [part.item.label for part in view.walk_children() if hasattr(part, "item")]


def test_failures_are_those_of_the_last_day_newest_first():
    failed = replace(JOB, state=JobState.FAILED, status="Failed", eta=None)
    old, first, last = (
        replace(failed, id=f"j-000{n}", ended_at=NOW - timedelta(hours=hours), reason=f"r{n}\nlog")
        for n, hours in ((1, 25), (2, 23), (3, 1))
    )
    told = text(scene(jobs=[first, last, old]))

    assert "**2 failures in 24 hours**" in told
    assert told.index("r3") < told.index("r2")
    assert "r1" not in told
    assert "log" not in told


def test_moves_have_their_share_and_what_waits_is_counted():
    move = Move("1", "/o/a.plot", "nas", 100 * GIB, "ab" * 32, MoveState.COPYING, 42 * GIB, 1e8)
    mover = MoverView(True, (move,), waiting=2, waiting_bytes=200 * GIB)
    told = text(scene(mover=mover))

    assert "`██░░░░` 42% `abababab` → `nas` copying · <t:" in told
    assert "⏳ 2 plots wait to be moved (200 GiB)" in told


def test_each_kind_of_drive_has_its_lines_those_in_trouble_first():
    out = Drive(DriveKind.OUT, "/mnt/hdd1", "fs2", total=1000 * GIB, free=0)
    gone = replace(SSD, path="/mnt/ssd9", missing=True)
    told = text(scene(drives=[DriveView(SSD, takes=3), DriveView(out), DriveView(gone)]))

    assert "**Temp drives**\n⚠️ `ssd9`: the drive is missing\n`███░░░` ssd1 · 349 GiB" in told
    assert "ssd1 · 349 GiB · room for 3\n**Out drives**\n`██████` hdd1 · 0 GiB · full" in told


def test_without_a_destination_nothing_waits_to_be_moved():
    assert "wait" not in text(scene(mover=MoverView(False, waiting=2, waiting_bytes=1)))


def test_finished_plots_of_the_day_are_counted_with_their_size():
    done = replace(JOB, state=JobState.COMPLETED, ended_at=NOW, final_size=101 * GIB)

    assert text(scene(jobs=[done])).endswith("✅ 1 plot (101 GiB) in 24 hours")


@pytest.mark.parametrize(
    ("changes", "colour"),
    [
        pytest.param({"jobs": [JOB]}, Colour.GOOD, id="at-work"),
        pytest.param({"spawner": replace(RUNNING, running=False)}, Colour.WAITING, id="paused"),
        pytest.param({"jobs": [replace(JOB, stuck="Retrying")]}, Colour.BAD, id="stuck"),
        pytest.param({"drives": [DriveView(replace(SSD, missing=True))]}, Colour.BAD, id="missing"),
        pytest.param(
            {"spawner": replace(RUNNING, holds=(Hold("", "no_out_drive", "full"),))},
            Colour.BAD,
            id="no-out-drive",
        ),
    ],
)
def test_the_colour_says_how_it_stands(changes, colour):
    assert face(scene(**changes)).colour is colour


def test_at_the_stop_it_says_that_the_plots_go_on_and_has_no_buttons():
    shown = scene(jobs=[JOB])
    view = board_view(face(shown, stopped=True), NOW)

    assert "**Plotobot stopped** at <t:1767268800:t>" in text(shown, stopped=True)
    assert "running plots go on" in text(shown, stopped=True)
    assert not [part for part in view.walk_children() if hasattr(part, "item")]


def test_time_alone_makes_no_new_board():
    shown = scene(jobs=[JOB], drives=[DriveView(SSD, jobs=1, takes=2)])

    assert face(shown) == face(replace(shown, now=NOW + timedelta(minutes=3)))


def test_a_wavering_end_and_a_few_bytes_make_no_new_board():
    shown = scene(jobs=[JOB], drives=[DriveView(SSD)])
    wavering = replace(JOB, eta=NOW + timedelta(hours=2, seconds=70), fraction=0.6201)
    later = scene(jobs=[wavering], drives=[DriveView(replace(SSD, free=SSD.free - GIB // 20))])

    assert face(shown) == face(later)


def test_a_nearer_end_is_told_more_exactly():
    assert calm(NOW + timedelta(seconds=100), NOW) == NOW + timedelta(seconds=105)


NASTY = st.text(max_size=300) | st.sampled_from(
    ["/mnt/" + "x" * 400, "@everyone <@&1> [a](http://b) `c`", "🌾" * 200, "*" * 300, ""]
)


@settings(max_examples=60, deadline=None)
@given(NASTY, NASTY, NASTY, st.sampled_from([0, 1, 11, 200]), st.booleans())
def test_it_stays_within_what_discord_takes_whatever_things_are_called(
    name, path, words, count, stopped
):
    live = jobs(count, temp=path, out=path, status=words or "1.0", stuck=words, foreign=True)
    failed = jobs(count, state=JobState.FAILED, ended_at=NOW, reason=words, temp=path)
    moves = tuple(
        Move(str(n), path, name, 10**12, None, state, 1, 1e9, ended_at=NOW, reason=words)
        for n in range(count)
        for state in (MoveState.COPYING, MoveState.FAILED)
    )
    drives = [DriveView(Drive(kind, path, free=1, total=7)) for kind in DriveKind] * count
    holds = tuple(Hold(path, "rule", f"{words}{n}", NOW, name) for n in range(count))
    shown = Scene(
        name,
        NOW,
        SpawnerView(True, 10**6, 10**6, holds, until=NOW, draining=True),
        MoverView(True, moves, waiting=10**6, waiting_bytes=10**18),
        [*live, *failed],
        drives,
    )
    view = board_view(face(shown, stopped=stopped), NOW)
    check_message({"components": view.to_components()}, flags=V2)
    in_units = sum(
        len(part.content.encode("utf-16-le")) // 2
        for part in view.walk_children()
        if isinstance(part, discord.ui.TextDisplay)
    )
    assert in_units <= 4000
    assert view.total_children_count <= 40


def test_a_plot_of_unknown_phase_has_no_share():
    told = text(scene(jobs=[replace(JOB, status=UNKNOWN, foreign=True, eta=None)]))

    assert "? · unknown" in told
    assert "not ours" in told


def test_names_come_to_no_life():
    told = text(scene(machine="<@&1> **x**", jobs=[replace(JOB, temp="/m/[a](http://b)")]))

    assert "<@" not in told.replace("\\<\\@", "")
    assert "](http" not in told.replace("\\](http", "")
