"""What Ploto's replot watchdog did wrong (its `Start-PlotoReplotWatchDog`), one test each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from plotobot.engine.models import Job, JobState
from plotobot.engine.replot.acting import Delete, Enough, Scene, Wait, decide
from plotobot.engine.replot.arming import Armed, Mode, ReplotRules
from plotobot.engine.replot.deletion import target_of
from plotobot.engine.replot.journal import Entry, Fate
from plotobot.engine.replot.judgement import Kept, judge
from plotobot.engine.replot.plan import Step
from plotobot.engine.replot.rule import Kind, Rule
from tests.engine.plot_files import FARMER, NOW, make_plot

GIB = 1024**3
OLD = [make_plot(number) for number in range(1, 4)]
STEPS = [Step(number, plot) for number, plot in enumerate(OLD, 1)]
RULE = Rule(ks=frozenset({32}), farmer_keys=frozenset({FARMER.hex()}), new=Kind(None, 32, 5, "new"))
ARMED = Armed("olga", NOW, "", 100, ("/mnt/old1",))
JOB = Job(
    id="job", plotter="chia", k=32, temp="/t", out="/mnt/old1", state=JobState.RUNNING,
    status="4.1", temp_need=239 * GIB, out_need=102 * GIB,
    replaces=tuple(str(plot.id) for plot in OLD),
)  # fmt: skip


def scene(**changes: Any) -> Scene:
    """A plot of 101 GiB comes to a drive of the rule that is full."""
    one = Scene(
        NOW, ReplotRules(True, (RULE,), per_hour=100), ARMED, JOB, 0, 101 * GIB, STEPS, ()
    )  # fmt: skip
    return replace(one, **changes)


def entry(number: int, *, verified: bool = False, job: str = "job") -> Entry:
    return Entry(number, NOW, target_of(OLD[number - 1]), Fate.GONE, job, verified, "olga", NOW)


def test_the_scene_is_one_in_which_an_old_plot_goes() -> None:
    assert decide(scene()) == Delete(OLD[0], verified=False)


def test_1_where_no_old_plot_is_found_nothing_is_deleted() -> None:
    """Ploto passed nothing to `Get-ChildItem`, which then listed the current folder."""
    assert isinstance(decide(scene(steps=())), Wait)


def test_2_a_job_to_another_drive_takes_nothing_from_this_one() -> None:
    """Ploto took any drive's plot where the job's own was not among those to be replotted."""
    elsewhere = replace(JOB, out="/mnt/old10")

    assert isinstance(decide(scene(job=elsewhere)), Wait)


@pytest.mark.parametrize(
    "job",
    [
        replace(JOB, status="Initializing"),
        replace(JOB, status="Unknown"),
        replace(JOB, status="3.8"),
        replace(JOB, state=JobState.FAILED, status="Failed"),
        replace(JOB, state=JobState.LOST, status="Lost"),
        replace(JOB, state=JobState.STOPPED, status="Stopped"),
    ],
    ids=lambda job: job.status,
)
def test_3_only_a_plot_that_needs_the_room_now_is_given_it(job: Job) -> None:
    """Ploto compared texts, for which "Initializing" and "Error" come after "3.8"."""
    assert isinstance(decide(scene(job=job)), Enough)


class TestFourMoreThanNeeded:
    """Ploto deleted while less than 107 GiB were free, also during the copy."""

    def test_one_plot_is_enough_for_one(self) -> None:
        after = scene(free=101 * GIB, entries=(entry(1),), steps=STEPS[1:])

        assert decide(after) == Enough()

    def test_what_is_copied_already_is_not_needed_again(self) -> None:
        copying = replace(JOB, status="Copying")

        assert decide(scene(job=copying, free=GIB, coming=GIB)) == Enough()

    def test_room_that_is_not_free_yet_costs_no_second_plot(self) -> None:
        held_open = scene(free=0, entries=(entry(1),), steps=STEPS[1:], short_at_first=101 * GIB)

        assert isinstance(decide(held_open), Wait)

    def test_nor_after_a_restart_that_forgot_how_much_was_short(self) -> None:
        held_open = scene(free=0, entries=(entry(1), entry(2)), steps=STEPS[2:])

        assert isinstance(decide(held_open), Wait)

    def test_what_would_not_gain_the_room_goes_not_at_all(self) -> None:
        assert isinstance(decide(scene(coming=999 * GIB)), Wait)

    def test_two_smaller_ones_go_for_a_larger_one_each_after_a_look(self) -> None:
        first = decide(scene(coming=150 * GIB))
        second = decide(
            scene(coming=150 * GIB, free=101 * GIB, entries=(entry(1),), steps=STEPS[1:],
                  short_at_first=150 * GIB)
        )  # fmt: skip

        assert (first, second) == (Delete(OLD[0], False), Delete(OLD[1], False))


def test_5_a_plot_of_the_new_kind_is_not_old_whenever_it_was_made() -> None:
    """Ploto went by dates, and replaced what it had just made."""
    new = replace(make_plot(9), contract="new", pool_key=None, compression=5)

    assert isinstance(judge(new, RULE), Kept)


def test_6_a_job_that_is_done_is_done() -> None:
    """Ploto went on deleting for completed jobs, as long as their logs lay there."""
    completed = replace(JOB, state=JobState.COMPLETED, status="Completed", ended_at=NOW)

    assert decide(scene(job=replace(completed, replaces=()), steps=())) == Enough(over=True)
    assert decide(scene(job=completed, entries=(entry(1),), steps=STEPS[1:])) == Enough(over=True)
    assert decide(scene(job=completed, free=102 * GIB)) == Enough(over=True)


class TestSevenNoCare:
    """Ploto had no check of the new plot, no limit, no confirmation."""

    COMPLETED = replace(JOB, state=JobState.COMPLETED, status="Completed", ended_at=NOW)

    def test_the_new_plot_is_checked_first(self) -> None:
        unchecked = scene(job=self.COMPLETED, coming=102 * GIB, free=GIB)

        assert not isinstance(decide(unchecked), Delete)
        assert decide(replace(unchecked, checked=True)) == Delete(OLD[0], verified=True)

    def test_no_more_go_than_were_agreed_to(self) -> None:
        assert isinstance(decide(scene(armed=replace(ARMED, most=0))), Wait)
        used_up = scene(armed=replace(ARMED, most=1), entries=(entry(2, job="other"),))
        assert isinstance(decide(used_up), Wait)

    def test_no_more_go_within_an_hour(self) -> None:
        rules = ReplotRules(True, (RULE,), per_hour=1)
        assert isinstance(decide(scene(rules=rules, entries=(entry(2, job="other"),))), Wait)

    def test_nothing_more_goes_after_a_plot_that_failed(self) -> None:
        assert isinstance(decide(scene(failed=True)), Wait)

    def test_nothing_goes_before_where_the_farmer_wants_after(self) -> None:
        rules = ReplotRules(True, (RULE,), Mode.AFTER, per_hour=100)
        assert isinstance(decide(scene(rules=rules)), Wait)

    def test_nothing_goes_while_an_earlier_deletion_is_not_settled(self) -> None:
        unknown = replace(entry(2, job="other"), fate=Fate.BEGUN, ended_at=None)
        assert isinstance(decide(scene(entries=(unknown,))), Wait)
