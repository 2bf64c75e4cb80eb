import re
from dataclasses import replace

import pytest

from plotobot.engine.auto.forecast import Forecast
from plotobot.engine.auto.profile import STEPS
from plotobot.engine.case import Kind, Rules, World
from plotobot.engine.config import NO_CAP, Limits, PlotSettings, Profile
from plotobot.engine.planner import plan
from tests.engine.auto.plots import KIND, NOW, PEAK, PLOT, auto, drives, job

FREE = Limits(max_parallel=NO_CAP, max_parallel_per_drive=NO_CAP)


def decided(jobs=(), size=3.9 * PEAK, limits=FREE, starts=(), **machine):
    world = World(NOW, drives(size, jobs), list(jobs), starts=list(starts))
    return plan(world, Rules(limits, [KIND], auto=auto(**machine)))


def held(*args, **kwargs):
    found = decided(*args, **kwargs)
    assert not found.starts
    return found.holds[0]


def test_the_next_plot_starts_because_the_last_is_past_its_peak():
    assert held([job(1, "1.3", share=0.65)], size=1.6 * PEAK).rule == "space_ahead"
    assert decided([job(1, "3.2", share=0.85)], size=1.6 * PEAK).starts


def test_a_plot_that_outgrew_its_kind_lets_none_start_that_could_not_reach_its_peak():
    hold = held([job(1, "4.0", share=1.5)], size=1.501 * PEAK)

    assert hold.rule == "space_ahead"
    assert "could be sure to reach their peaks" in hold.reason


def test_what_is_foreseen_is_the_sum_of_all_courses_and_of_what_stays():
    plots = [job(1, "3.5", temp="/t1"), job(2, "1.3"), job(3, "Copying", ago=500.0)]
    plots[1] = replace(plots[1], temp_need=2 * PEAK)
    plots[2] = replace(plots[2], out="/t1")
    forecast = Forecast.of(auto(), drives(9 * PEAK), plots, NOW, 0)
    new = forecast.new(job(9), NOW)
    here = [new, *forecast.sharing("/t1")]

    def held_at(seconds):
        return sum(
            one.profile.share(one.at + seconds) * one.job.temp_need
            if one.at + seconds < one.profile.total
            else one.stays
            for one in here
        )

    step = new.profile.total / STEPS
    foreseen = max(held_at(number * step) for number in range(STEPS))
    assert forecast.fullest("/t1", new) == pytest.approx(foreseen, rel=0.02)
    assert sorted(one.stays for one in here) == [0.0, 0.0, 0.0, PLOT]


@pytest.mark.parametrize(
    ("plotter", "temp2", "stays", "promised"),
    [
        ("chia", None, PLOT, 0),
        ("chia", "/t2", 0, PLOT),
        ("madmax", "/t2", PLOT, 0),
        ("bladebit_disk", None, 0, PLOT),
        ("bladebit_disk", "/t2", 0, PLOT),
    ],
)
def test_a_plot_that_comes_to_its_temp_drive_counts_there_once(plotter, temp2, stays, promised):
    one = replace(job(1, share=0.1), plotter=plotter, temp2=temp2, out="/t1")
    forecast = Forecast.of(auto(), drives(9 * PEAK, [one]), [one], NOW, 0)
    (plot,) = forecast.sharing("/t1")
    assert (plot.stays, 9 * PEAK - forecast.room("/t1")) == (stays, promised)


def test_rules_mode_would_not_start_it():
    jobs = [job(1, "3.1", share=0.9)]
    world = World(NOW, drives(1.6 * PEAK, jobs), jobs)

    assert not plan(world, Rules(FREE, [KIND])).starts
    assert plan(world, Rules(FREE, [KIND], auto=auto())).starts


@pytest.mark.parametrize(
    ("rule", "more", "says"),
    [
        ("memory", {"memory": 5e9}, "of memory are taken"),
        ("cores", {"cores": 2.0}, "cores in the stages they are in"),
        ("drive_speed", {"rate": 1e8}, "MB/s"),
        ("drive_saturated", {"most": {"/t1": 1}}, "was seen to bring fewer"),
    ],
)
def test_each_rule_holds_with_its_numbers(rule, more, says):
    hold = held([job(1, "1.3", share=0.65)], size=20 * PEAK, **more)

    assert hold.rule == rule
    assert re.search(says, hold.reason)


def test_starts_keep_apart_and_the_hold_says_until_when():
    jobs = [job(number, "1.3", share=0.65) for number in range(5)]
    hold = held(jobs, size=20 * PEAK, starts=[("/t1", NOW)], gap=1000.0, cores=12.0)

    assert hold.rule == "pace"
    assert (hold.until - NOW).total_seconds() == pytest.approx(600)


def test_a_machine_that_idles_waits_for_no_pace():
    assert decided(size=20 * PEAK, starts=[("/t1", NOW)], gap=1000.0).starts


def test_a_plot_whose_cores_idle_waits_for_no_pace():
    jobs = [job(number, "1.3", share=0.65) for number in range(5)]
    recent = {"starts": [("/t1", NOW)], "gap": 1000.0}

    assert len(decided(jobs, size=20 * PEAK, cores=12.5, **recent).starts) == 1


def test_while_a_core_idles_one_more_plot_starts():
    jobs = [job(number, "1.3", share=0.65) for number in range(2)]

    assert len(decided(jobs, size=20 * PEAK, cores=4.2).starts) == 1
    assert held(jobs, size=20 * PEAK, cores=4.1).rule == "cores"


@pytest.mark.parametrize(
    ("limits", "rule"),
    [
        (Limits(max_parallel=1, max_parallel_per_drive=NO_CAP), "max_parallel"),
        (Limits(max_parallel=NO_CAP, max_parallel_per_drive=1), "max_parallel_per_drive"),
    ],
)
def test_the_farmers_caps_hold_in_auto_mode_too(limits, rule):
    assert held([job(1, "3.5", share=0.6)], size=20 * PEAK, limits=limits).rule == rule


def test_a_drive_that_holds_no_plot_at_all_says_so():
    assert "a plot takes 239.0 GiB" in held(size=0.9 * PEAK).reason


def test_where_plots_cannot_be_held_still_each_is_promised_its_peak():
    jobs = [job(1, "3.1", share=0.9)]

    assert decided(jobs, size=1.6 * PEAK).starts
    assert held(jobs, size=1.6 * PEAK, can_pause=False).rule == "space_ahead"


def test_a_start_says_what_it_rests_on():
    assert "built-in stage times" in decided().starts[0].why


def test_a_plotter_nobody_knows_is_started_with_its_peak_promised():
    kind = Kind(Profile(plot=PlotSettings(plotter="madmax", k=32)), KIND.needs)
    jobs = [job(1, "3.5", share=0.6)]
    jobs = [replace(one, plotter="madmax", temp_used=0, marks=()) for one in jobs]

    def starts(size):
        world = World(NOW, drives(size, jobs), jobs)
        return plan(world, Rules(FREE, [kind], auto=auto(cores=4.2))).starts

    assert not starts(1.9 * PEAK)
    assert len(starts(2.1 * PEAK)) == 1
