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
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from multiprocessing import Pool
from pathlib import Path

from benchmarks.scheduler.peers import (
    plotman_defaults,
    plotman_settings,
    swar_defaults,
    swar_settings,
)
from benchmarks.scheduler.rigs import held_out, named, rig_class
from plotobot.engine.config import Limits
from plotobot.engine.models import GIB
from plotobot.simulate.production import auto_mode, rules_mode
from plotobot.simulate.rig import Rig, Span
from plotobot.simulate.run import Outcome, Policy, simulate

SPAN = Span(days=6.0, warm_up=2.0, seed=5)
SEARCH = Span(days=4.0, warm_up=1.5, seed=1)
TRIES = 200
PLOTO = Limits(
    max_parallel=7, max_parallel_per_drive=3, wait_between_drives=900.0, wait_same_drive=3600.0
)
"""The numbers of Ploto's README; it gives a plot 290 GiB."""
CONTENTION = 0.08


@dataclass(frozen=True)
class Task:
    """One run: a rig by its name, a policy by its name."""

    rig: str
    policy: str
    span: Span = SPAN
    contention: float = 0.0


@dataclass(frozen=True)
class Row:
    """What a run brought, small enough to be sent between processes."""

    rig: str
    policy: str
    share: float
    plots_a_day: float
    feasible: bool
    fullest: float
    most: int
    pauses: int
    settings: str = ""


def every_rig() -> dict[str, Rig]:
    """All rigs by name."""
    return {one.name: one for one in [*named(), *held_out()]}


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
    """Do one run, or one search and the run of the best it found."""
    rig = replace(every_rig()[task.rig], contention=task.contention)
    if task.policy in SEARCHES:
        return _searched(rig, task)
    outcome = simulate(rig, policies()[task.policy](rig), task.span)
    return _row(task, rig, outcome)


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
    chosen = make(rig, random.Random(7000 - best[1]))
    outcome = simulate(rig, chosen, task.span)
    return replace(_row(task, rig, outcome), settings=str(chosen))


def _row(task: Task, rig: Rig, one: Outcome) -> Row:
    share = one.plots_a_day / bound_of(rig)
    name = f"{rig.name} with contention" if rig.contention else rig.name
    return Row(
        name, task.policy, share, one.plots_a_day, one.feasible, one.fullest, one.most, one.pauses
    )


def quick() -> list[Task]:
    """What continuous integration runs."""
    short = replace(SPAN, days=4.0, warm_up=1.5)
    rigs = ["A", "C", "R02", "R11"]
    return [Task(rig, policy, short) for rig in rigs for policy in policies()]


def full(representatives: Sequence[str]) -> list[Task]:
    """All rigs with all policies without a choice, and the searches on one rig of each class."""
    tasks = [Task("B", "auto", contention=CONTENTION)]
    tasks += [Task(rig, policy) for policy in SEARCHES for rig in ("B", "A", *representatives, "C")]
    tasks += [Task(rig, policy) for policy in policies() for rig in every_rig()]
    return tasks


def overcommits(count: int, days: float) -> list[Task]:
    """Auto mode with plots that differ much, a seed each, on every rig in turn."""
    rigs = list(every_rig())
    return [
        Task(rigs[seed % len(rigs)], "auto", Span(days, days / 2, seed, 0.15))
        for seed in range(count)
    ]


def table(rows: Iterable[Row]) -> str:
    """A table in Markdown: named rigs one by one, held-out ones by class."""
    rows = list(rows)
    classes = {name: rig_class(rig) for name, rig in every_rig().items()}
    lines = [
        "| rigs | policy | share of the bound | least | infeasible | pauses |",
        "|---|---|---|---|---|---|",
    ]
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        held = row.rig.startswith("R") and "best of" not in row.policy
        group = f"held out, {classes[row.rig]}" if held else row.rig
        groups.setdefault((group, row.policy), []).append(row)
    for (group, policy), some in sorted(groups.items()):
        shares = [one.share for one in some]
        wrong = sum(not one.feasible for one in some)
        count = f" ({len(some)})" if len(some) > 1 else ""
        lines.append(
            f"| {group}{count} | {policy} | {statistics.median(shares):.3f} | {min(shares):.3f} | "
            f"{wrong} | {sum(one.pauses for one in some)} |"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; 1 where auto mode took more than there is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less than a minute")
    parser.add_argument("--overcommits", type=int, metavar="SEEDS", help="plots that differ 15 %%")
    parser.add_argument("--only", help="runs of this policy alone, such as auto")
    parser.add_argument("--days", type=float, default=2.0, help="of each of those seeds")
    parser.add_argument("--json", type=Path, help="keep all rows in a file")
    parser.add_argument("--processes", type=int, default=None)
    chosen = parser.parse_args(arguments)
    if chosen.overcommits:
        tasks = overcommits(chosen.overcommits, chosen.days)
    else:
        tasks = quick() if chosen.quick else full(("R00", "R02", "R04"))
    tasks = [one for one in tasks if one.policy.startswith(chosen.only or "")]
    began, rows = time.monotonic(), []
    with Pool(chosen.processes) as pool:
        for row in pool.imap_unordered(run, tasks, chunksize=1):
            rows.append(row)
            print(f"{row.rig:>6} {row.policy}: {row.share:.3f}", file=sys.stderr, flush=True)
    if chosen.json:
        chosen.json.write_text(json.dumps([vars(row) for row in rows], indent=1), "utf-8")
    print(table(rows))
    print(f"\n{len(rows)} runs in {time.monotonic() - began:.0f} s")
    wrong = [row for row in rows if row.policy == "auto" and not row.feasible]
    print(f"overcommits of auto mode: {len(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
