"""Runs the scheduler's benchmark: `python -m benchmarks.scheduler [--quick]`.

Every run asserts the simulator's invariants and the bound; a run that takes more room or memory
than there is counts as infeasible, whatever it made.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import Pool
from pathlib import Path

from benchmarks.scheduler import one_pass
from benchmarks.scheduler.peers import (
    plotman_defaults,
    plotman_settings,
    swar_defaults,
    swar_settings,
)
from benchmarks.scheduler.rigs import every_rig, held_out, named, rig_class
from benchmarks.scheduler.rows import Row, beside_tuned, draw, table
from plotobot.engine.config import Limits
from plotobot.engine.models import GIB
from plotobot.simulate.production import auto_mode, rules_mode
from plotobot.simulate.rig import Rig, Span
from plotobot.simulate.run import Policy, simulate

SPAN = Span(days=6.0, warm_up=2.0, seed=5)
SEARCH = Span(days=4.0, warm_up=1.5, seed=1)
LUCK = 3
"""Runs with other luck, whose mean a row is: by one alone two equal policies differ by 0.5 %."""
TRIES = 200
OF_EACH_CLASS = 4
"""Rigs of each class that other managers' settings are searched for."""
PLOTO = Limits(
    max_parallel=7, max_parallel_per_drive=3, wait_between_drives=900.0, wait_same_drive=3600.0
)
"""The numbers of Ploto's README; it gives a plot 290 GiB."""
CONTENTION = 0.08
BLIND = "auto, no knee"
"""What looking for a knee costs is seen beside it."""


@dataclass(frozen=True)
class Task:
    """A row to be made: a rig by its name, a policy by its name."""

    rig: str
    policy: str
    span: Span = SPAN
    contention: float = 0.0
    runs: int = 1
    """With a seed each, the first that of the span."""


def policies() -> dict[str, Callable[[Rig], Policy]]:
    """The policies without a choice of settings, by name."""
    return {
        "auto": auto_mode,
        "rules, Ploto's README": lambda rig: rules_mode(
            rig, PLOTO, temp=290 * GIB, name="rules, Ploto's README"
        ),
        "plotman, defaults": plotman_defaults,
        "Swar, defaults": swar_defaults,
    }


def bound_of(rig: Rig) -> float:
    """Plots a day; with contention the drives bring what the best number of plots does."""
    if not rig.contention:
        return rig.bound.plots_a_day
    profile = rig.profile
    best = 0.0
    for drive in rig.machine.temps:
        plots = (number / 20 for number in range(20, 2000))
        best += max(
            min(
                n / profile.total,
                drive.rate / (1 + rig.contention * max(0.0, n - 2)) / profile.traffic,
            )
            for n in plots
        )
    return min(best * 86400, rig.bound.plots_a_day)


def run(task: Task) -> Row:
    """Make a row, for a policy that is searched for with the best that is found."""
    rig = replace(every_rig()[task.rig], contention=task.contention)
    if task.policy in SEARCHES:
        return _searched(rig, task)
    every = policies() | {BLIND: partial(auto_mode, name=BLIND, knee=False)}
    return _row(task, rig, lambda: every[task.policy](rig))


SEARCHES: dict[str, Callable[[Rig, random.Random], Policy]] = {
    f"plotman, best of {TRIES}": plotman_settings,
    f"Swar, best of {TRIES}": swar_settings,
}


def _searched(rig: Rig, task: Task) -> Row:
    make, best = SEARCHES[task.policy], (-1.0, 0)
    for number in range(TRIES):
        outcome = simulate(rig, make(rig, random.Random(7000 + number)), SEARCH)
        if outcome.feasible:
            best = max(best, (outcome.share, -number))

    def chosen() -> Policy:
        return make(rig, random.Random(7000 - best[1]))

    return replace(_row(task, rig, chosen), settings=str(chosen()))


def _row(task: Task, rig: Rig, make: Callable[[], Policy]) -> Row:
    spans = [replace(task.span, seed=task.span.seed + number) for number in range(task.runs)]
    outcomes = [simulate(rig, make(), span) for span in spans]
    plots = statistics.mean(one.plots_a_day for one in outcomes)
    return Row(
        f"{rig.name} with contention" if rig.contention else rig.name,
        task.policy,
        plots / bound_of(rig),
        plots,
        all(one.feasible for one in outcomes),
        max(one.fullest for one in outcomes),
        max(one.most for one in outcomes),
        sum(one.pauses for one in outcomes),
    )


def quick() -> list[Task]:
    """What continuous integration runs."""
    short = replace(SPAN, days=3.0, warm_up=1.0)
    rigs = ["A", "C", "R02", "R11"]
    return [Task(rig, policy, short) for rig in rigs for policy in policies()]


def searched() -> list[str]:
    """The rigs that other managers' settings are searched for: the named, some of each class."""
    by_class: dict[str, list[str]] = {}
    for one in held_out():
        by_class.setdefault(rig_class(one), []).append(one.name)
    some = [name for names in by_class.values() for name in names[:OF_EACH_CLASS]]
    return [*(one.name for one in named()), *some]


def full() -> list[Task]:
    """All rigs with all policies without a choice, and the searches on some."""
    tasks = [Task("B", policy, contention=CONTENTION, runs=LUCK) for policy in ("auto", BLIND)]
    tasks += [Task(rig.name, BLIND, runs=LUCK) for rig in named()]
    tasks += [Task(rig, policy, runs=LUCK) for policy in policies() for rig in every_rig()]
    tasks += [Task(rig, policy, runs=LUCK) for policy in SEARCHES for rig in searched()]
    return sorted(tasks, key=lambda task: (task.rig not in "BA", task.policy not in SEARCHES))


def overcommits(count: int, days: float) -> list[Task]:
    """Auto mode with plots that differ much, a seed each, on every rig in turn."""
    rigs = list(every_rig())
    return [
        Task(rigs[seed % len(rigs)], "auto", Span(days, days / 2, seed, 0.15))
        for seed in range(count)
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; 1 where auto mode took more than there is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less than a minute")
    parser.add_argument("--overcommits", type=int, metavar="SEEDS", help="plots that differ 15 %%")
    parser.add_argument("--only", help="runs of this policy alone, such as auto")
    parser.add_argument("--days", type=float, default=2.0, help="of each of those seeds")
    parser.add_argument("--json", type=Path, help="keep all rows in a file")
    parser.add_argument("--chart", type=Path, help="draw the table into a PNG file")
    parser.add_argument("--pass", dest="one_pass", action="store_true", help="time one pass alone")
    parser.add_argument("--processes", type=int, default=None)
    chosen = parser.parse_args(arguments)
    if chosen.one_pass:
        print(one_pass.figures())
        return 0
    if chosen.overcommits:
        tasks = overcommits(chosen.overcommits, chosen.days)
    else:
        tasks = quick() if chosen.quick else full()
    tasks = [one for one in tasks if one.policy.startswith(chosen.only or "")]
    began, rows = time.monotonic(), []
    with Pool(chosen.processes) as pool:
        for row in pool.imap_unordered(run, tasks, chunksize=1):
            rows.append(row)
            wrong = "" if row.feasible else f", more than there is: {row.fullest:.3f}, {row.most}"
            print(f"{row.rig:>6} {row.policy}: {row.share:.3f}{wrong}", file=sys.stderr, flush=True)
    if chosen.chart:
        draw([row for row in rows if row.policy != BLIND], chosen.chart)
    if chosen.json:
        chosen.json.write_text(json.dumps([vars(row) for row in rows], indent=1), "utf-8")
    print(table(rows))
    print(f"\n{beside_tuned(rows)}")
    print(f"\n{len(rows)} runs in {time.monotonic() - began:.0f} s")
    over = [row for row in rows if row.policy == "auto" and not row.feasible]
    print(f"overcommits of auto mode: {len(over)}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
