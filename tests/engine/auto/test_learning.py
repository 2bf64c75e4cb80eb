from dataclasses import replace
from datetime import timedelta

import pytest

from plotobot.engine.auto.learning import LEAST, learned_of
from plotobot.engine.models import JobState
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
