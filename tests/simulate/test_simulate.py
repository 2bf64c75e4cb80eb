import pytest

from benchmarks.scheduler.peers import plotman_defaults
from benchmarks.scheduler.rigs import named
from plotobot.engine.auto.profile import built_in
from plotobot.engine.config import Limits
from plotobot.simulate.comparing import compare
from plotobot.simulate.fluid import Broken, Fluid
from plotobot.simulate.production import auto_mode, rules_mode
from plotobot.simulate.rig import Span
from plotobot.simulate.run import simulate

SHORT = Span(days=3.0, warm_up=1.0, noise=0.0)
A, B, C = named()


class OneAtATime:
    """A policy that keeps one plot in the making."""

    name, reacts = "one", "exit"

    def look(self, fluid):
        if not fluid.plots:
            fluid.start(self.temp(fluid))
        return fluid.now + 1e9

    def guard(self, fluid, through):
        pass

    def temp(self, fluid):
        return next(iter(fluid.fullest))


@pytest.mark.parametrize(
    ("rig", "plots", "binds"), [(A, 33.56, "CPU"), (B, 100.68, "CPU"), (C, 16.78, "CPU")]
)
def test_the_bounds_are_those_worked_out_by_hand(rig, plots, binds):
    assert rig.bound.plots_a_day == pytest.approx(plots, abs=0.01)
    assert rig.bound.binds == binds


def test_one_plot_after_the_other_takes_what_one_takes_alone():
    outcome = simulate(C, OneAtATime(), SHORT)

    assert outcome.plots_a_day == pytest.approx(86_400 / built_in()["chia"].total, rel=1e-4)


def test_the_same_seed_gives_the_same_run():
    span = Span(days=2.0, warm_up=0.5, seed=3, noise=0.15)

    assert (
        simulate(C, auto_mode(C), span).plots_a_day == simulate(C, auto_mode(C), span).plots_a_day
    )


def test_auto_mode_makes_more_than_plotos_numbers_and_takes_no_more_than_there_is():
    ploto = Limits(max_parallel=7, max_parallel_per_drive=3, wait_same_drive=3600.0)
    found = compare(C, ploto, SHORT)

    assert found.gain > 1.15
    assert found.auto.feasible
    assert found.auto.share > 0.95


def test_the_comparison_is_one_sentence():
    found = compare(C, Limits(), Span(days=2.0, warm_up=0.5))

    assert found.sentence.startswith("your settings: ")
    assert "bound: 16.8 (CPU)" in found.sentence
    assert any(line.endswith("min") for line in found.lines())


def test_peers_that_look_at_no_memory_are_shown_to_be_infeasible():
    assert not simulate(A, plotman_defaults(A), SHORT).feasible


def test_rules_mode_never_takes_more_room_than_there_is():
    limits = Limits(max_parallel=8, max_parallel_per_drive=100)

    assert simulate(C, rules_mode(C, limits), SHORT).fullest <= 1.0


def test_a_clock_that_runs_backwards_is_noticed():
    with pytest.raises(Broken):
        Fluid(C, None, 0.0).advance(-1.0)
