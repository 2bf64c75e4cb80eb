"""What runs brought, as tables and as a chart."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.scheduler.rigs import every_rig, rig_class

TUNED = "best of"
"""What the names of policies have that were chosen by a search."""
CLASSES = {
    "cpu": "held out, bound by cores",
    "memory": "held out, bound by memory",
    "temp": "held out, bound by temp drives",
}


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


def grouped(rows: Iterable[Row]) -> dict[str, dict[str, list[Row]]]:
    """Rows by rig, the held-out ones by class, and by policy."""
    classes = {name: rig_class(rig) for name, rig in every_rig().items()}
    groups: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        group = CLASSES[classes[row.rig]] if row.rig.startswith("R") else row.rig
        groups.setdefault(group, {}).setdefault(row.policy, []).append(row)
    return groups


def table(rows: Iterable[Row]) -> str:
    """A table in Markdown: named rigs one by one, held-out ones by class."""
    lines = [
        "| rigs | policy | share of the bound, median | least | infeasible | pauses |",
        "|---|---|---|---|---|---|",
    ]
    for group, policies in sorted(grouped(rows).items()):
        for policy, some in sorted(policies.items()):
            shares = [one.share for one in some]
            count = f" ({len(some)})" if len(some) > 1 else ""
            lines.append(
                f"| {group}{count} | {policy} | {statistics.median(shares):.3f} | "
                f"{min(shares):.3f} | {sum(not one.feasible for one in some)} | "
                f"{sum(one.pauses for one in some)} |"
            )
    return "\n".join(lines)


def beside_tuned(rows: Iterable[Row]) -> str:
    """A table of auto mode over the best settings that a search has found, rig by rig."""
    lines = ["| rigs | auto / settings | median | least | most |", "|---|---|---|---|---|"]
    for group, policies in sorted(grouped(rows).items()):
        auto = {one.rig: one.share for one in policies.get("auto", ())}
        for policy, some in sorted(policies.items()):
            times = [auto[one.rig] / one.share for one in some if one.feasible and one.rig in auto]
            if TUNED in policy and times:
                lines.append(
                    f"| {group} ({len(times)}) | {policy} | {statistics.median(times):.3f} | "
                    f"{min(times):.3f} | {max(times):.3f} |"
                )
    return "\n".join(lines)


def draw(rows: Sequence[Row], file: Path) -> None:
    """Draw the median shares as bars, of the rigs alone that every policy was run on."""
    from matplotlib.figure import Figure

    every = {one.policy for one in rows}
    run = {rig: {one.policy for one in rows if one.rig == rig} for rig in {o.rig for o in rows}}
    some = grouped(one for one in rows if run[one.rig] == every)
    groups = dict(sorted(some.items()))
    policies = sorted({policy for some in groups.values() for policy in some}, key=_auto_first)
    figure = Figure(figsize=(9, 4.2), dpi=110, layout="constrained")
    axes = figure.subplots()
    width = 0.84 / len(policies)
    for number, policy in enumerate(policies):
        places = [place + number * width for place in range(len(groups))]
        heights = [_height(some, policy) for some in groups.values()]
        colour = "#2a7f3f" if policy == "auto" else f"C{number}"
        axes.bar(places, heights, width * 0.92, label=policy, color=colour)
    axes.axhline(1.0, color="black", linewidth=0.8)
    axes.set_ylim(0, 1.25)
    axes.set_ylabel("share of what no schedule can exceed")
    middles = [place + 0.42 - width / 2 for place in range(len(groups))]
    axes.set_xticks(middles, _labels(groups), fontsize="small")
    axes.legend(ncols=3, fontsize="small", loc="upper center", frameon=False)
    figure.savefig(file)


def _labels(groups: Mapping[str, Mapping[str, Sequence[Row]]]) -> Sequence[str]:
    counts = [len(next(iter(policies.values()))) for policies in groups.values()]
    return [
        f"rig {name}" if count == 1 else f"{count} rigs,\n{name.removeprefix('held out, ')}"
        for name, count in zip(groups, counts, strict=True)
    ]


def _auto_first(policy: str) -> tuple[bool, str]:
    return policy != "auto", policy


def _height(some: Mapping[str, Sequence[Row]], policy: str) -> float:
    """The median share; a rig on which it took more than there is counts nothing."""
    shares = [one.share if one.feasible else 0.0 for one in some.get(policy, ())]
    return statistics.median(shares) if shares else 0.0
