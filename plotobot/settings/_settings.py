"""The settings as the rest of Plotobot sees them: plain frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import SecretStr, ValidationError

from plotobot.access import Access, Holders
from plotobot.engine.config import (
    NO_CAP,
    CheckRules,
    DriveLimits,
    EngineConfig,
    FarmSettings,
    Limits,
    MoveRules,
    PlotSettings,
    Profile,
    ReportRules,
    SpaceRules,
)
from plotobot.engine.models import GIB, DriveKind, EventKind
from plotobot.engine.moving.base import Verify
from plotobot.engine.summary import CHARTS
from plotobot.errors import SettingsError
from plotobot.settings._model import DriveTable, Members, Plot, ProfileTable, SettingsFile, Spawn
from plotobot.telling import Manner, QuietHours, Telling


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
    webhooks: Mapping[str, tuple[int, str]] = field(default_factory=dict, repr=False)
    """For each webhook's name its id and its token, which is a secret."""

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
            profiles=self._profiles,
            move=self._move,
            spawn_on_start=self.written.spawn.enabled,
            stalled_after=self.written.alerts.stalled_after_minutes * 60,
            farm=self._farm,
            foreign=self.written.spawn.count_foreign,
            report=self._report,
            cpu_celsius=self.written.alerts.cpu_celsius,
            drive_celsius=self.written.alerts.drive_celsius,
            replot=self.written.replot.acting(
                [profile.plot for profile in self._profiles] or [self._plot]
            ),
            mode=self.written.spawn.mode,
            checks=CheckRules(**self.written.checks.model_dump()),
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
    def _report(self) -> ReportRules:
        """Times of day take the place of the usual hours; hours that are written count too."""
        report = self.written.report
        hours = report.every_hours
        if report.at and "every_hours" not in report.model_fields_set:
            hours = 0.0
        charts = tuple(name for name in CHARTS if getattr(report, f"chart_{name}"))
        return ReportRules(every=hours * 3600 or None, at=report.at, charts=charts)

    @property
    def telling(self) -> Telling:
        """Which kinds of event are told, and how."""
        alerts, discord = self.written.alerts, self.written.discord
        main = str(discord.channel)  # the same place by another name would get a second queue
        manner = Manner(
            routes={kind: place for kind, place in alerts.routes.items() if place != main},
            webhooks=self.webhooks,
            role=alerts.mention_role,
            quiet=QuietHours.parse(alerts.quiet) if alerts.quiet else None,
        )
        return Telling(self.alerts, manner)

    @property
    def board(self) -> int | None:
        """The channel of the live board; None shows none."""
        discord = self.written.discord
        return (discord.board_channel or discord.channel) if discord.board else None

    @property
    def _plot(self) -> PlotSettings:
        return _plot_settings(self.written.plot)

    @property
    def _limits(self) -> Limits:
        return _limits(self.written.spawn)

    @property
    def _move(self) -> MoveRules:
        move = self.written.move
        return MoveRules(
            enabled=move.enabled,
            choice=move.choice,
            reserve=round(move.reserve_gib * GIB),
            verify=Verify(move.verify),
            bandwidth=round(move.bandwidth_mib * 1024**2) or None,
            per_disk=move.per_disk,
            exclude=move.exclude,
            remote=move.remote,
            ssh_key=_path(move.ssh_key),
            ssh_known_hosts=_path(move.ssh_known_hosts),
            ssh_port=move.ssh_port or None,
            rsync_auth_file=_path(move.rsync_auth_file),
        )

    @property
    def _profiles(self) -> tuple[Profile, ...]:
        return tuple(self._profile(*item) for item in self.written.profiles.items())

    def _profile(self, name: str, own: ProfileTable) -> Profile:
        """A profile: what it leaves out of `[plot]` and `[space]` is taken from there."""
        plot = own.inherit(self.written.plot)
        space = self._space
        return Profile(
            name=name,
            plot=_plot_settings(plot),
            space=SpaceRules(
                reserve=space.reserve,
                temp=_bytes(own.temp_gib) or space.temp,
                temp2=_bytes(own.temp2_gib) or space.temp2,
                out=_bytes(own.out_gib) or space.out,
            ),
            count=own.count or None,
            max_parallel=own.max_parallel or None,
            max_parallel_per_drive=own.max_parallel_per_drive or None,
            temp=own.temp,
            temp2=own.temp2,
            out=own.out,
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

    @property
    def _farm(self) -> FarmSettings:
        farm = self.written.farm
        return FarmSettings(
            watch=farm.watch,
            log=Path(farm.log) if farm.log else None,
            silent=farm.silent_minutes * 60,
            slow=farm.slow_seconds,
        )


def _holders(members: Members) -> Holders:
    return Holders(frozenset(members.users), frozenset(members.roles))


def _path(written: str | None) -> Path | None:
    return Path(written) if written else None


def _bytes(gib: float | None) -> int | None:
    return None if gib is None else round(gib * GIB)


def _plot_settings(plot: Plot) -> PlotSettings:
    values = plot.model_dump(exclude={"program"}, include=set(Plot.model_fields))
    return PlotSettings(**values, program=Path(plot.program) if plot.program else None)


def limits_of(values: Mapping[str, Any]) -> Limits:
    """The limits that the keys of a table `[spawn]` set.

    Raises:
        SettingsError: a key is none of them, or may not be so.
    """
    try:
        return _limits(Spawn.model_validate(dict(values)))
    except ValidationError as error:
        wrong = [(".".join(map(str, one["loc"])), one["msg"].lower()) for one in error.errors()]
        raise SettingsError([f"spawn.{name}: {what}" for name, what in wrong]) from None


def _limits(spawn: Spawn) -> Limits:
    def cap(name: str) -> int:
        # Auto mode finds its own numbers; only a cap that somebody wrote is one to it.
        chosen = spawn.mode == "rules" or name in spawn.model_fields_set
        return int(getattr(spawn, name)) if chosen else NO_CAP

    return Limits(
        count=spawn.count or None,
        interval=spawn.interval_minutes * 60,
        max_parallel=cap("max_parallel"),
        max_parallel_per_drive=cap("max_parallel_per_drive"),
        max_in_phase=_caps(spawn, ""),
        max_in_phase_per_drive=_caps(spawn, "_per_drive"),
        start_early_phase=spawn.start_early_phase,
        wait_between_drives=spawn.wait_between_drives_minutes * 60,
        wait_same_drive=spawn.wait_same_drive_minutes * 60,
        drives=tuple(_drive_limits(*item) for item in spawn.drives.items()),
        use_replot_drives=spawn.use_replot_drives,
    )


def _caps(table: Spawn | DriveTable, end: str) -> dict[int, int]:
    """The caps on phases that are set; 0 sets none."""
    caps = {phase: getattr(table, f"max_phase_{phase}{end}") for phase in (1, 2, 3, 4)}
    return {phase: most for phase, most in caps.items() if most}


def _drive_limits(drive: str, own: DriveTable) -> DriveLimits:
    wait = own.wait_minutes
    return DriveLimits(drive, own.max_parallel, _caps(own, ""), None if wait is None else wait * 60)
