"""What the benchmarks share: a little farm of real chiapos plots, and a table of percentiles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from plotobot.engine.config import EngineConfig, FarmSettings, Limits, PlotSettings, SpaceRules
from plotobot.engine.models import DriveKind


def little_farm(root: Path, temps: int, k: int, limits: Limits) -> EngineConfig:
    """Settings for some temp folders and one out folder, all made below `root`."""
    names = [f"temp{number}" for number in range(1, temps + 1)]
    for name in (*names, "out"):
        (root / name).mkdir(parents=True)
    return EngineConfig(
        machine="benchmark",
        state_dir=root / "state",
        drives={
            **dict.fromkeys(DriveKind, ()),
            DriveKind.TEMP: tuple(str(root / name) for name in names),
            DriveKind.OUT: (str(root / "out"),),
        },
        plot=PlotSettings(plotter="chiapos", k=k, buckets=16, buffer_mib=512),
        limits=limits,
        space=SpaceRules(reserve=0),
        farm=FarmSettings(watch=False),
        foreign=False,
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of all values does not exceed."""
    return sorted(values)[math.ceil(len(values) * share) - 1]


def head(title: str) -> None:
    """Print the head of a table in milliseconds."""
    print(f"{title + ', milliseconds':58} {'p50':>8} {'p99':>8} {'max':>8}")


def row(name: str, seconds: Sequence[float]) -> tuple[float, float]:
    """Print a row of it; returns the 99th percentile and the maximum in milliseconds."""
    p50, p99, most = (percentile(seconds, share) * 1e3 for share in (0.5, 0.99, 1.0))
    print(f"{name:58} {p50:8.1f} {p99:8.1f} {most:8.1f}")
    return p99, most
