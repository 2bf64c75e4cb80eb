"""Days of plotting on make-believe machines: no byte promised twice, no drive filled by us."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from plotobot.engine.models import DriveKind
from tests.engine.schedules import Machine, machine

SCHEDULES = 1000
EVENTS = 40


@pytest.mark.parametrize("block", range(10))
def test_a_thousand_random_schedules_fill_no_drive(block: int) -> None:
    started = 0
    for seed in range(block * SCHEDULES // 10, (block + 1) * SCHEDULES // 10):
        farm = machine(seed)
        for _ in range(EVENTS):
            step = farm.chance.choice(
                (farm.tick, farm.go_on, farm.go_on, farm.go_on, farm.others_write,
                 farm.farm_takes, farm.wait)
            )  # fmt: skip
            step()
            farm.check_caps()
            assert not farm.full(), f"seed {seed}: {farm.full()} after {step.__name__}"
        started += len(farm.jobs)
    assert started > 100, "the machines must have something to do"


def test_a_planner_that_forgets_running_jobs_is_caught() -> None:
    """The harness sees the failure it is for: promises that are not kept account of."""
    filled = 0
    for seed in range(200):
        farm = machine(seed)
        farm.measured = lambda job: job.__class__(  # type: ignore[method-assign]
            job.id, job.plotter, job.k, job.temp, job.out, state=job.state, profile=job.profile
        )
        try:
            for _ in range(EVENTS):
                farm.tick()
                farm.go_on()
                farm.go_on()
                assert not farm.full()
        except AssertionError:
            filled += 1
    assert filled > 10


class Farming(RuleBasedStateMachine):
    """Whatever happens, in whatever order, the promises hold; a restart changes nothing."""

    farm: Machine

    @initialize(seed=st.integers(0, 10**6))
    def begin(self, seed: int) -> None:
        self.farm = machine(seed)

    @rule()
    def a_pass(self) -> None:
        decided = self.farm.tick()
        temps = {drive.path for drive in self.farm.drives if drive.kind is DriveKind.TEMP}
        assert {hold.drive for hold in decided.holds} == temps, "every drive has its reason"
        assert all(hold.reason for hold in decided.holds)

    @rule()
    def a_pass_right_after_a_pass_starts_nothing(self) -> None:
        self.farm.tick()
        assert self.farm.tick().starts == ()

    @rule(times=st.integers(1, 5))
    def plots_go_on(self, times: int) -> None:
        for _ in range(times):
            self.farm.go_on()

    @rule()
    def other_files(self) -> None:
        self.farm.others_write()

    @rule()
    def plots_are_moved_away(self) -> None:
        self.farm.farm_takes()

    @rule()
    def time_passes(self) -> None:
        self.farm.wait()

    @rule()
    def a_restart(self) -> None:
        """Only what is stored comes back: the jobs; the quota follows from them."""
        before = self.farm.look()
        self.farm.jobs = dict(self.farm.jobs)
        assert self.farm.look() == before

    @invariant()
    def nothing_is_full_and_no_cap_is_passed(self) -> None:
        if hasattr(self, "farm"):
            assert not self.farm.full()
            self.farm.check_caps()


TestFarming = Farming.TestCase
TestFarming.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
