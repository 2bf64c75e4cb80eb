from datetime import timedelta

import pytest

from plotobot.engine.auto.standing import UNKNOWN, standing, worked
from tests.engine.auto.plots import CHIA, NOW, PEAK, job


def test_the_space_a_plot_takes_tells_how_far_a_growing_stage_is():
    here = standing(job(1, "1.2", share=(0.387 + 0.602) / 2), CHIA, NOW)

    assert here.at == pytest.approx(CHIA.begins[2] + CHIA.stages[2].seconds / 2, rel=0.01)


def test_elsewhere_the_time_since_its_status_does():
    here = standing(job(1, "1.6", ago=300, share=0.744), CHIA, NOW)

    assert here.at == pytest.approx(CHIA.begins[6] + 300, rel=0.01)


def test_a_status_is_never_left_before_the_log_says_so():
    here = standing(job(1, "1.6", ago=1e6, share=0.744), CHIA, NOW)

    assert here.stage == 6


def test_time_held_still_is_no_time_at_work():
    paused = job(1, "1.6", ago=900, paused=NOW - timedelta(seconds=400), paused_seconds=300.0)

    assert worked(paused, NOW) == pytest.approx(CHIA.begins[6] + 200)


def test_what_lies_ahead_is_the_most_within_that_time():
    here = standing(job(1, "2.3", share=0.9), CHIA, NOW)

    assert here.ahead(0) == pytest.approx(0.9 * PEAK, rel=1e-6)
    assert here.ahead(1e9) == pytest.approx(PEAK)
    assert here.use <= here.ahead(60) <= here.ahead(120)


def test_past_the_peak_nothing_more_lies_ahead_than_is_held():
    here = standing(job(1, "3.3", share=0.8), CHIA, NOW)

    assert here.ahead(60) == here.use
    assert here.peak == pytest.approx(0.806 * PEAK, rel=0.01)


def test_a_plotter_nobody_knows_counts_with_its_peak():
    here = standing(job(1, "1.1", share=0.1), None, NOW)

    assert here.profile is UNKNOWN
    assert here.peak == PEAK
