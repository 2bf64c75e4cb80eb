"""A farm to be replotted: drives of a size with real little plots for several owners."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from plotobot.engine.config import EngineConfig, PlotSettings
from plotobot.engine.models import DriveKind
from plotobot.engine.replot.arming import ReplotRules
from plotobot.engine.replot.rule import Kind, Rule
from plotobot.plots.address import encode_address
from plotobot.plots.headers import Header, read_header
from tests.engine.farm import Farm
from tests.little_plots import RealPlot, make_plot

FARMER = bytes.fromhex(
    "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac58"
    "6c55e83ff97a1aeffb3af00adb22c6bb"
)
"""The generator of G1, which is a public key."""
OLD_KEY, OLD_CONTRACT, KEPT, NEW = FARMER, b"\x11" * 32, b"\x22" * 32, b"\x33" * 32
SECRET = b"\xee" * 32


def make_old(folder: Path, owner: bytes, number: int) -> RealPlot:
    """A real k18 plot for an owner."""
    plot_id = hashlib.sha256(b"old" + owner + bytes([number])).digest()
    return make_plot(folder / f"{owner[:2].hex()}-{number}", 18, owner + FARMER + SECRET, plot_id)


def put(plots: Sequence[RealPlot], folder: Path) -> list[Path]:
    """Copies of plots in a folder, the first the oldest."""
    made = []
    for number, plot in enumerate(plots):
        path = folder / plot.path.name
        shutil.copyfile(plot.path, path)
        os.utime(path, (1_600_000_000 + number,) * 2)
        made.append(path)
    return made


def old_rule(**changes: Any) -> Rule:
    """Old are the plots for the old key and the old contract."""
    rule = Rule(
        contracts=frozenset({encode_address(OLD_CONTRACT)}),
        pool_keys=frozenset({OLD_KEY.hex()}),
        farmer_keys=frozenset({FARMER.hex()}),
        new=Kind(None, 18, 0, encode_address(NEW)),
    )
    return replace(rule, **changes)


@dataclass(frozen=True)
class ReplotFarm(Farm):
    """Two temp folders, no out drive, and drives to be replotted."""

    drives: tuple[Path, ...] = ()

    def config(self, *, replot: dict[str, Any] | None = None, **limits: object) -> EngineConfig:
        """Armed by nobody; `replot` changes its rules."""
        config = super().config(**({"count": None, "interval": 0.5} | limits))
        return replace(
            config,
            drives={
                **config.drives,
                DriveKind.OUT: (),
                DriveKind.REPLOT: tuple(map(str, self.drives)),
            },
            plot=PlotSettings(
                plotter="chiapos", k=18, buckets=16, buffer_mib=512, contract=encode_address(NEW),
                farmer_key=FARMER.hex(),
            ),
            replot=replace(
                ReplotRules(enabled=True, rules=(old_rule(),), per_hour=1000), **(replot or {})
            ),
        )  # fmt: skip

    def patient(self) -> Path:
        """A stand-in for Python whose plotter waits for room, but not for five minutes."""
        script = Path(__file__).with_name("patient_plotter.py")
        path = self.root / "python3"
        path.write_text(
            f'#!/bin/sh\n[ "$2" = -c ] && exec {sys.executable} "$@"\n'
            f'exec {sys.executable} {script} "$@"\n'
        )
        path.chmod(0o700)
        return path

    def standing(self) -> list[Header]:
        """All finished plots on the drives."""
        return [read_header(path) for drive in self.drives for path in sorted(drive.glob("*.plot"))]

    def owners(self, owner: bytes) -> set[str]:
        """The ids of an owner's plots that stand."""
        name = owner.hex() if len(owner) == 48 else encode_address(owner)
        found = self.standing()
        return {one.id for one in found if name in (one.pool_pk, one.contract_address)}
