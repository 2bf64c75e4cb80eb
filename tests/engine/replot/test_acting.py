"""When an old plot goes: random farms, and what Ploto did wrong."""

from __future__ import annotations

import os
from collections import Counter
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.replot.simulated import Farm

FARMS = int(os.environ.get("PLOTOBOT_REPLOT_FARMS", "1500"))
"""100,000 by hand, after a change of the decisions."""

SEEN: Counter[str] = Counter()


@settings(max_examples=FARMS, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**64 - 1))
def test_nothing_goes_that_must_not(seed: int) -> None:
    farm = Farm(Random(seed))
    before = dict(farm.plots)

    farm.run(70)

    gone = {path for path in before if path not in farm.plots and path not in farm.aside}
    told = {entry.target.path for entry in farm.entries}
    assert gone <= told
    assert all(farm.is_old(before[path]) for path in told)
    SEEN.update(farm.seen)


def test_the_farms_above_do_all_there_is() -> None:
    assert set(+SEEN) == {
        "spawned", "finished", "verified", "unverified", "quarantined", "purged",
    }  # fmt: skip
