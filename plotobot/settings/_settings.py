"""The settings as the rest of Plotobot sees them: plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

from pydantic import SecretStr

from plotobot.access import Access, Holders
from plotobot.engine.config import EngineConfig, Limits, PlotSettings, SpaceRules
from plotobot.engine.models import GIB, DriveKind, EventKind
from plotobot.settings._model import Members, SettingsFile


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that was set, from plotobot.toml, `.env` and the environment."""

    file: Path
    """The settings file, absolute."""
    written: SettingsFile
    state_dir: Path
    """An absolute folder, which need not exist yet."""
    token: SecretStr | None = None
    api_base: str | None = None
    """A Discord-compatible server's REST address; None means Discord."""
    gateway_url: str | None = None

    @property
    def env_file(self) -> Path:
        """The `.env` beside the settings file, whether it exists or not."""
        return self.file.parent / ".env"

    @property
    def machine(self) -> str:
        """The machine's name, Ploto's PlotterName."""
        return self.written.machine

    @property
    def engine(self) -> EngineConfig:
        """What the engine has to know."""
        drives = self.written.drives
        return EngineConfig(
            machine=self.machine,
            state_dir=self.state_dir,
            drives=MappingProxyType({kind: getattr(drives, kind.value) for kind in DriveKind}),
            plot=self._plot,
            limits=self._limits,
            space=self._space,
            spawn_on_start=self.written.spawn.enabled,
            foreign=self.written.spawn.count_foreign,
        )

    @property
    def access(self) -> Access | None:
        """Where the bot lives, and whom it obeys; None until server and channel are set."""
        discord = self.written.discord
        if discord.guild is None or discord.channel is None:
            return None
        return Access(
            guild=discord.guild,
            channel=discord.channel,
            owners=_holders(discord.owners),
            operators=_holders(discord.operators),
            viewers=_holders(discord.viewers),
        )

    @property
    def alerts(self) -> frozenset[EventKind]:
        """The kinds of event that are told."""
        alerts = self.written.alerts
        return frozenset(
            kind for kind in EventKind if alerts.enabled and getattr(alerts, kind.value)
        )

    @property
    def report_every(self) -> timedelta | None:
        """How often a summary is sent; None means never."""
        hours = self.written.report.every_hours
        return timedelta(hours=hours) if hours else None

    @property
    def _plot(self) -> PlotSettings:
        plot = self.written.plot
        values = plot.model_dump(exclude={"program"})
        return PlotSettings(**values, program=Path(plot.program) if plot.program else None)

    @property
    def _limits(self) -> Limits:
        spawn = self.written.spawn
        return Limits(
            count=spawn.count or None,
            interval=spawn.interval_minutes * 60,
            max_parallel=spawn.max_parallel,
            max_parallel_per_drive=spawn.max_parallel_per_drive,
            max_phase_1=spawn.max_phase_1 or None,
            max_phase_1_per_drive=spawn.max_phase_1_per_drive or None,
            start_early_phase=spawn.start_early_phase,
            wait_between_drives=spawn.wait_between_drives_minutes * 60,
            wait_same_drive=spawn.wait_same_drive_minutes * 60,
        )

    @property
    def _space(self) -> SpaceRules:
        space = self.written.space
        return SpaceRules(
            reserve=round(space.reserve_gib * GIB),
            temp=_bytes(space.temp_gib),
            temp2=_bytes(space.temp2_gib),
            out=_bytes(space.out_gib),
        )


def _holders(members: Members) -> Holders:
    return Holders(frozenset(members.users), frozenset(members.roles))


def _bytes(gib: float | None) -> int | None:
    return None if gib is None else round(gib * GIB)
