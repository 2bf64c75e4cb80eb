from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plotobot.engine.inventory.checks import Contents, contents, idle, is_due, next_to_check
from plotobot.engine.inventory.plot import Check, Condition, Plot
from plotobot.engine.models import UNKNOWN, Drive, DriveKind, Job, JobState, Move, MoveState
from plotobot.plots.headers import PlotFormat
from plotobot.plots.proofs import ProofCheck, ProofVerdict
from tests.engine.plot_files import NOW, make_plot

SOUND = ProofCheck(30, 28, 0, ProofVerdict.SOUND, "Sound.")
DAMAGED = ProofCheck(30, 9, 20, ProofVerdict.DAMAGED, "Damaged.")


def checked(plot: Plot, days_ago: float = 1) -> Check:
    return Check(plot.path, plot.id or "", NOW - timedelta(days=days_ago), SOUND)


def test_the_newest_of_the_never_checked_goes_first() -> None:
    plots = [make_plot(number) for number in (3, 1, 2)]

    assert next_to_check(plots, [checked(make_plot(3))]) == make_plot(2)


def test_then_the_one_whose_check_is_longest_ago() -> None:
    plots = [make_plot(number) for number in (1, 2, 3)]
    checks = [checked(plot, days) for plot, days in zip(plots, (5, 9, 7), strict=True)]

    assert next_to_check(plots, checks) == plots[1]


@pytest.mark.parametrize(
    "changed",
    [make_plot(2, path=make_plot(1).path), make_plot(1, modified=NOW)],
    ids=["another plot there", "changed since"],
)
def test_a_check_counts_only_for_the_file_it_was_made_of(changed: Plot) -> None:
    other = make_plot(9)

    assert next_to_check([other, changed], [checked(other, 50), checked(make_plot(1))]) == changed


@pytest.mark.parametrize(
    "change",
    [
        {"missing": True},
        {"condition": Condition.TRUNCATED},
        {"condition": Condition.UNREADABLE},
        {"format": PlotFormat.POS2},
    ],
    ids=str,
)
def test_what_cannot_be_checked_is_not_chosen(change: dict[str, object]) -> None:
    assert next_to_check([make_plot(1, **change)], []) is None


@pytest.mark.parametrize(
    ("hours_ago", "per_day", "due"),
    [
        ([], 0, False),
        ([], 1, True),
        ([23.9], 1, False),
        ([24.1], 1, True),
        ([2.3], 10, False),
        ([2.5], 10, True),
        ([2.5] * 10, 10, False),
        ([2.5] * 9 + [24.1], 10, True),
        ([-200], 10, True),
    ],
    ids=[
        "none wanted", "none yet", "the day's one was made", "another day", "spread over the day",
        "the next part of the day", "used up by a person", "used up yesterday", "a clock was wrong",
    ],
)  # fmt: skip
def test_when_a_check_is_due(hours_ago: list[float], per_day: int, due: bool) -> None:
    assert is_due(NOW, [NOW - timedelta(hours=hours) for hours in hours_ago], per_day) is due


@settings(max_examples=30)
@given(st.integers(1, 40), st.integers(5, 600))
def test_never_more_than_the_budget_in_any_day(per_day: int, minutes: int) -> None:
    """However often it is asked, and from whenever."""
    made: list[datetime] = []
    for turn in range(2 * 1440 // minutes):
        now = NOW + timedelta(minutes=minutes * turn)
        if is_due(now, made, per_day):
            made.append(now)

    for first in made:
        assert sum(first <= at < first + timedelta(days=1) for at in made) <= per_day


A, B, C = (Drive(DriveKind.OUT, f"/mnt/{name}", name) for name in "abc")
LIVE = Job("1", "chia", 32, temp="/mnt/t", out="/mnt/a", state=JobState.RUNNING)
MOVE = Move("1", "/mnt/a/x.plot", "/mnt/b", 1, state=MoveState.COPYING)


@pytest.mark.parametrize(
    ("jobs", "moves", "free"),
    [
        ([], [], "abc"),
        ([replace(LIVE, status="3.4")], [], "abc"),
        ([replace(LIVE, status="4.1")], [], "bc"),
        ([replace(LIVE, status="Copying")], [], "bc"),
        ([replace(LIVE, status="1.1", temp2="/mnt/b")], [], "ac"),
        ([replace(LIVE, status="Copying", state=JobState.COMPLETED)], [], "abc"),
        ([replace(LIVE, status=UNKNOWN, foreign=True)], [], "bc"),
        ([], [MOVE], "c"),
        ([], [replace(MOVE, state=MoveState.VERIFYING)], "c"),
        ([], [replace(MOVE, state=MoveState.WAITING)], "abc"),
        ([], [replace(MOVE, state=MoveState.DONE)], "abc"),
        ([replace(LIVE, temp="/mnt/c/temp", status="1.1")], [], "ab"),
    ],
    ids=[
        "nothing at work", "not yet writing there", "writing the last tables", "copying",
        "a temp folder", "ended", "nobody knows how far", "both ends of a move", "read back",
        "a move that waits", "a move that ended", "a folder on the same disk",
    ],
)  # fmt: skip
def test_drives_at_work_are_left_alone(jobs: list[Job], moves: list[Move], free: str) -> None:
    temp = Drive(DriveKind.TEMP, "/mnt/c/temp", "c")
    plots = [make_plot(number, drive=drive.path) for number, drive in enumerate((A, B, C))]

    found = idle(plots, [A, B, C, temp], jobs, moves)

    assert "".join(plot.drive[-1] for plot in found) == free


def test_what_the_checks_have_shown() -> None:
    plots = [make_plot(number) for number in range(5)] + [make_plot(9, missing=True)]
    checks = [
        checked(plots[0]),
        replace(checked(plots[1], 3), result=DAMAGED),
        replace(checked(plots[2], 0), result=replace(SOUND, verdict=ProofVerdict.UNKNOWN)),
        replace(checked(plots[3]), plot_id="another"),
        replace(checked(plots[5]), result=DAMAGED),
    ]

    assert contents(plots, checks) == Contents(5, 2, (checks[1],), checks[2].at)
