"""Reads a rig: a machine written down for `plotobot simulate`."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from plotobot.engine.auto.bound import SMT, Machine, OutDrive, TempDrive
from plotobot.engine.auto.profile import built_in, plot_scale, profile_for
from plotobot.engine.config import Limits
from plotobot.engine.models import GIB
from plotobot.errors import SettingsError
from plotobot.settings import limits_of
from plotobot.simulate.rig import Rig

MB = 10**6
GB = 10**9
K32_TEMP = 239 * GIB
K32_PLOT = round(108.8 * GB)
DEFAULT_OUT = 180.0
"""MB a second of a spinning disk."""

_Positive = Annotated[float, Field(gt=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class _Temp(_Strict):
    size_gib: _Positive
    mb_s: _Positive
    name: str = ""


class _Out(_Strict):
    mb_s: _Positive = DEFAULT_OUT
    name: str = ""


class RigFile(_Strict):
    """The file's values; README-size drives are GiB, speeds and memory are decimal."""

    cores: _Positive
    """Physical ones."""
    memory_gb: _Positive
    temp: Annotated[tuple[_Temp, ...], Field(min_length=1)]
    out: tuple[_Out, ...] = ()
    name: str = "rig"
    k: Annotated[int, Field(ge=18, le=50)] = 32
    plotter: str = "chia"
    temp_gib: _Positive | None = None
    """What a plot takes on temp at its peak; None scales what a k32 of chiapos takes."""
    rules_temp_gib: _Positive | None = None
    """What the farmer gives a plot on temp in rules mode; None: what it takes."""
    smt: _Positive = SMT
    """What the second threads of the cores bring: effective cores a physical one."""
    contention: Annotated[float, Field(ge=0)] = 0.0
    spawn: dict[str, Any] = {}
    """The limits to compare with, as in the settings' table `[spawn]`."""

    def rig(self) -> Rig:
        """The rig.

        Raises:
            SettingsError: nothing is known of how this plotter's plots go.
        """
        profile = profile_for(built_in(), self.plotter, self.k)
        if profile is None:
            raise SettingsError([f"{self.name}: nothing is known yet of how {self.plotter} plots"])
        scale = plot_scale(self.k)
        peak = K32_TEMP * scale if self.temp_gib is None else self.temp_gib * GIB
        return Rig(
            self.name, self._machine(), profile, round(peak), round(K32_PLOT * scale),
            self.k, self.plotter, self.contention,
        )  # fmt: skip

    def limits(self) -> Limits:
        """The limits of rules mode.

        Raises:
            SettingsError: a limit may not be so.
        """
        return limits_of({**self.spawn, "mode": "rules"})

    @property
    def spawn_temp(self) -> int | None:
        """Bytes that the farmer gives a plot on temp in rules mode."""
        return None if self.rules_temp_gib is None else round(self.rules_temp_gib * GIB)

    def _machine(self) -> Machine:
        temps = [
            TempDrive(one.name or f"temp{number}", round(one.size_gib * GIB), one.mb_s * MB)
            for number, one in enumerate(self.temp, 1)
        ]
        outs = [
            OutDrive(one.name or f"out{number}", one.mb_s * MB)
            for number, one in enumerate(self.out or (_Out(),), 1)
        ]
        return Machine(self.cores * self.smt, self.memory_gb * GB, temps, outs)


def read_rig(file: Path) -> RigFile:
    """Read a rig file. Blocks.

    Raises:
        SettingsError: it cannot be read, or a value may not be so; with what, where and the cure.
    """
    try:
        return RigFile.model_validate(tomllib.loads(file.read_text("utf-8")))
    except ValidationError as error:
        raise SettingsError([_sentence(file, one) for one in error.errors()]) from None
    except (OSError, ValueError) as error:
        raise SettingsError([f"{file} cannot be read as a rig: {error}"]) from None


def _sentence(file: Path, error: Any) -> str:
    where: Sequence[object] = error["loc"]
    return f"{file}: {'.'.join(map(str, where))}: {str(error['msg']).lower()}"
