from dataclasses import replace
from datetime import timedelta

import pytest

from plotobot.engine.auto.learning import LEAST, learned_of
from plotobot.engine.models import JobState
from plotobot.engine.perf import Tally
from tests.engine.auto.plots import CHIA, NOW, PEAK, job


def made(number, slower=2.0, **more):
    """A completed plot that took so many times what the profile says."""
    marks = tuple(
        (stage.status, CHIA.begins[index] * slower)
        for index, stage in enumerate(CHIA.stages)
        if index == CHIA.spans[stage.status][0]
    )
    begun = NOW - timedelta(seconds=CHIA.total * slower)
    return replace(
        job(number), state=JobState.COMPLETED, status="Completed", marks=marks, started_at=begun,
        ended_at=NOW, **more,
    )  # fmt: skip


def test_stage_times_are_learnt_from_the_plots_made_here():
    profile = learned_of([made(n) for n in range(LEAST)])["chia", 32]

    assert profile.total == pytest.approx(2 * CHIA.total, rel=0.01)
    assert profile.plots == LEAST
    assert f"learnt from {LEAST} plots" in profile.source


def test_few_plots_teach_nothing():
    assert learned_of([made(n) for n in range(LEAST - 1)]) == {}


def test_a_plot_that_held_more_than_known_is_foreseen_to_do_so_again():
    plots = [made(n, held=(("1.3", round(0.8 * PEAK)),)) for n in range(LEAST)]
    profile = learned_of(plots)["chia", 32]

    assert profile.stages[CHIA.spans["1.3"][0]].end >= 0.8


def test_a_plotter_without_a_profile_counts_with_its_peak_until_it_is_copied():
    plots = [replace(made(n), plotter="madmax") for n in range(LEAST)]
    profile = learned_of(plots)["madmax", 32]

    assert profile.peaks[0] == 1.0
    assert profile.stages[-1].start < 1.0
    assert profile.total == pytest.approx(2 * CHIA.total, rel=0.01)


def watched(plots, traffic, seconds=1e9):
    """What was seen of the processes of each."""
    half = round(traffic / 2)
    return {
        one.id: Tally(seconds=seconds, read_bytes=half, write_bytes=half + one.out_need)
        for one in plots
    }


def test_traffic_on_temp_is_learnt_from_what_the_processes_moved():
    plots = [made(n) for n in range(LEAST)]
    profile = learned_of(plots, seen=watched(plots, CHIA.traffic / 2))["chia", 32]

    assert profile.traffic == pytest.approx(CHIA.traffic / 2, rel=1e-6)
    assert profile.stages[0].traffic == pytest.approx(CHIA.stages[0].traffic / 2, rel=1e-6)


def test_traffic_of_a_plotter_nobody_knows_is_spread_over_its_time():
    plots = [replace(made(n), plotter="madmax") for n in range(LEAST)]
    profile = learned_of(plots, seen=watched(plots, 1e12))["madmax", 32]

    assert profile.traffic == pytest.approx(1e12, rel=1e-6)
    assert profile.opening[1] == pytest.approx(1e12 / profile.total, rel=1e-6)


@pytest.mark.parametrize(
    ("more", "seconds"),
    [({}, 60.0), ({"temp2": "/t2"}, 1e9)],
    ids=["looked at for a minute only", "a second temp drive had its part"],
)
def test_traffic_that_cannot_be_told_stays_as_it_was(more, seconds):
    plots = [made(n, **more) for n in range(LEAST)]
    profile = learned_of(plots, seen=watched(plots, 1e9, seconds))["chia", 32]

    assert profile.traffic == pytest.approx(CHIA.traffic)
