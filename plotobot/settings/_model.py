"""The shape of plotobot.toml: its tables, keys, limits and defaults.

Each field's description ends the sentence "plot.k is "big", but must be ...", so that whatever is
wrong with a value, the answer says what is right.
"""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from plotobot.engine.moving.remote.address import parse_address
from plotobot.engine.reporting.plan import times
from plotobot.errors import Refusal
from plotobot.plots.address import decode_address
from plotobot.plots.keys import public_key
from plotobot.settings._crossing import crossings
from plotobot.settings._news import hours, place
from plotobot.settings._replot import Replot
from plotobot.settings._table import Table

_LARGEST_ID = 2**63 - 1
_SWITCH = "true or false"
_DRIVES = 'a list of drives in quotes, such as ["/mnt/ssd1", "label:plot"], none of them empty'
_IDS = 'a list of Discord ids, such as ["123456789012345678"]'
_ID = 'a Discord id, such as "123456789012345678"'
_GIBS = "a number of GiB above 0 and up to 1000000"


def _one_line(text: object) -> object:
    if isinstance(text, str) and not text.isprintable():
        raise ValueError("control characters")
    return text.strip() if isinstance(text, str) else text


def _drive(text: object) -> object:
    text = _one_line(text)
    if isinstance(text, str) and text.lower().removeprefix("label:").strip() == "":
        raise ValueError("an empty drive")
    return text


def _unless_empty(value: object) -> object:
    return None if value == "" else _one_line(value)


def _snowflake(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,20}", value.strip()):
        return int(value)
    return value


def _program(value: object) -> object:
    value = _unless_empty(value)
    if not isinstance(value, str):
        return value
    try:
        path = Path(value).expanduser()
    except RuntimeError as no_home:
        raise ValueError("no such home") from no_home
    if not path.is_absolute():
        raise ValueError("relative")
    return str(path)


def _public_key(value: object) -> object:
    value = _unless_empty(value)
    return public_key(value) if isinstance(value, str) else value


def _contract(value: object) -> object:
    value = _unless_empty(value)
    if not isinstance(value, str):
        return value
    decode_address(value)
    return value.lower()


def _power_of_two(value: object) -> object:
    if isinstance(value, int) and value & (value - 1):
        raise ValueError("no power of two")
    return value


def _addresses(written: tuple[str, ...]) -> tuple[str, ...]:
    for address in written:
        parse_address(address)
    return written


def _times(written: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return times(written)
    except Refusal as error:
        raise ValueError("no time") from error


_ROUTE = 'a channel\'s id, such as "123456789012345678", or "webhook:NAME"'
_Place = Annotated[str, BeforeValidator(place), Field(description=_ROUTE)]
_CELSIUS = "a number of degrees Celsius from 0 to 150"
_Celsius = Annotated[float, Field(ge=0, le=150, description=_CELSIUS)]
_FILE = 'the full path of a file, or "" for the usual one'
_File = Annotated[str | None, BeforeValidator(_program)]
_Text = Annotated[str, BeforeValidator(_one_line), Field(min_length=1)]
_Drive = Annotated[str, BeforeValidator(_drive)]
_Drives = Annotated[tuple[_Drive, ...], Field(strict=False, description=_DRIVES)]
_Id = Annotated[int, BeforeValidator(_snowflake), Field(ge=1, le=_LARGEST_ID)]
_Ids = Annotated[tuple[_Id, ...], Field(strict=False, description=_IDS)]
_Switch = Annotated[bool, Field(description=_SWITCH)]
_Cap = Annotated[int, Field(ge=0, le=1000, description="a whole number from 0 to 1000")]
_Count = Annotated[int, Field(ge=0, le=1_000_000, description="a whole number from 0 to 1000000")]
_MINUTES = "a number of minutes from 0 to 1440"
_Minutes = Annotated[float, Field(ge=0, le=1440, description=_MINUTES)]
_Gib = Annotated[float, Field(gt=0, le=1_000_000, description=_GIBS)]
_ProfileName = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_-]{1,24}$", description="a name of 1 to 24 letters, digits, _ and -"
    ),
]


class Drives(Table):
    """`[drives]`: for each of Ploto's five sets the drives as written."""

    temp: _Drives = ()
    temp2: _Drives = ()
    out: _Drives = ()
    replot: _Drives = ()
    destination: _Drives = ()


class Plot(Table):
    """`[plot]`: what kind of plot, made by which program."""

    plotter: Annotated[
        str, BeforeValidator(_one_line), Field(min_length=1, description="a plotter's name")
    ] = "chia"
    program: Annotated[
        str | None,
        BeforeValidator(_program),
        Field(description='the full path of the program, or "" to have it found'),
    ] = None
    k: Annotated[int, Field(ge=18, le=50, description="a whole number from 18 to 50")] = 32
    threads: Annotated[int, Field(ge=1, le=1024, description="a whole number from 1 to 1024")] = 2
    buffer_mib: Annotated[
        int, Field(ge=16, le=1_048_576, description="a whole number of MiB from 16 to 1048576")
    ] = 3390
    buckets: Annotated[
        int,
        BeforeValidator(_power_of_two),
        Field(ge=16, le=65536, description="a power of two from 16 to 65536"),
    ] = 128
    bitfield: _Switch = True
    compression: Annotated[int, Field(ge=0, le=20, description="a whole number from 0 to 20")] = 0
    farmer_key: Annotated[
        str | None,
        BeforeValidator(_public_key),
        Field(repr=False, description="96 hexadecimal digits, as `chia keys show` shows them"),
    ] = None
    pool_key: Annotated[
        str | None,
        BeforeValidator(_public_key),
        Field(repr=False, description="96 hexadecimal digits, as `chia keys show` shows them"),
    ] = None
    contract: Annotated[
        str | None,
        BeforeValidator(_contract),
        Field(
            repr=False,
            description="a pool contract address: xch1 (or txch1) and 58 small letters and digits",
        ),
    ] = None
    window: Annotated[
        Literal["hidden", "minimized", "maximized", "normal"],
        BeforeValidator(lambda text: text.lower() if isinstance(text, str) else text),
        Field(description='"hidden", "minimized", "maximized" or "normal"'),
    ] = "hidden"


class ProfileTable(Plot):
    """`[profiles.NAME]`: one of several kinds of plot; what it leaves out is `[plot]`'s."""

    count: _Count = 0
    max_parallel: _Cap = 0
    max_parallel_per_drive: _Cap = 0
    temp: _Drives = ()
    temp2: _Drives = ()
    out: _Drives = ()
    temp_gib: _Gib | None = Field(default=None, description=_GIBS)
    temp2_gib: _Gib | None = Field(default=None, description=_GIBS)
    out_gib: _Gib | None = Field(default=None, description=_GIBS)

    def inherit(self, common: Plot) -> Plot:
        """This kind of plot, with the common settings for what it leaves out."""
        own = self.model_dump(include=self.model_fields_set & set(Plot.model_fields))
        taken = common.model_dump()
        # A pool key and a contract exclude each other: whichever is a profile's own rules alone.
        if {"pool_key", "contract"} & set(own):
            taken |= {"pool_key": None, "contract": None}
        return Plot.model_construct(**(taken | own))


class DriveTable(Table):
    """`[spawn.drives."/mnt/ssd1"]`: what holds on one temp drive instead of the usual."""

    max_parallel: Annotated[
        int | None, Field(ge=0, le=1000, description="a whole number from 0 to 1000")
    ] = None
    max_phase_1: _Cap = 0
    max_phase_2: _Cap = 0
    max_phase_3: _Cap = 0
    max_phase_4: _Cap = 0
    wait_minutes: _Minutes | None = Field(default=None, description=_MINUTES)


class Spawn(Table):
    """`[spawn]`: when plots are started, and how many."""

    enabled: _Switch = True
    count: _Count = 0
    interval_minutes: Annotated[
        float, Field(ge=0.1, le=1440, description="a number of minutes from 0.1 to 1440")
    ] = 5.0
    max_parallel: Annotated[
        int, Field(ge=1, le=1000, description="a whole number from 1 to 1000")
    ] = 2
    max_parallel_per_drive: Annotated[
        int, Field(ge=1, le=1000, description="a whole number from 1 to 1000")
    ] = 1
    max_phase_1: _Cap = 0
    max_phase_1_per_drive: _Cap = 0
    max_phase_2: _Cap = 0
    max_phase_2_per_drive: _Cap = 0
    max_phase_3: _Cap = 0
    max_phase_3_per_drive: _Cap = 0
    max_phase_4: _Cap = 0
    max_phase_4_per_drive: _Cap = 0
    start_early_phase: Annotated[
        int, Field(ge=0, le=4, description="a whole number from 0 to 4")
    ] = 0
    wait_between_drives_minutes: _Minutes = 0.0
    wait_same_drive_minutes: _Minutes = 0.0
    use_replot_drives: _Switch = False
    drives: dict[str, DriveTable] = Field(
        default_factory=dict, description='a table for each drive: [spawn.drives."/mnt/ssd1"]'
    )
    count_foreign: _Switch = True
    mode: Annotated[Literal["rules", "auto"], Field(description='"rules" or "auto"')] = "rules"


class Space(Table):
    """`[space]`: how much room drives must have, in GiB."""

    reserve_gib: Annotated[
        float, Field(ge=0, le=1_000_000, description="a number of GiB from 0 to 1000000")
    ] = 1.0
    temp_gib: _Gib | None = Field(default=None, description=_GIBS)
    temp2_gib: _Gib | None = Field(default=None, description=_GIBS)
    out_gib: _Gib | None = Field(default=None, description=_GIBS)


class Move(Table):
    """`[move]`: where finished plots go, Ploto's Move-PlotoPlots."""

    enabled: _Switch = False
    choice: Annotated[
        Literal["listed", "most_free", "round_robin"],
        Field(description='"listed", "most_free" or "round_robin"'),
    ] = "listed"
    reserve_gib: Annotated[
        float, Field(ge=0, le=1_000_000, description="a number of GiB from 0 to 1000000")
    ] = 1.0
    verify: Annotated[
        Literal["full", "sample", "off"], Field(description='"full", "sample" or "off"')
    ] = "full"
    bandwidth_mib: Annotated[
        float, Field(ge=0, le=100_000, description="a number of MiB a second from 0 to 100000")
    ] = 0.0
    per_disk: Annotated[int, Field(ge=1, le=64, description="a whole number from 1 to 64")] = 1
    exclude: Annotated[
        tuple[_Text, ...], Field(strict=False, description='a list of patterns, as ["*/keep/*"]')
    ] = ()
    remote: Annotated[
        tuple[_Text, ...],
        AfterValidator(_addresses),
        Field(
            strict=False,
            description="a list of rsync addresses without a password, such as "
            '"rsync://nas/plots" or "farmer@nas:/plots"',
        ),
    ] = ()
    ssh_key: _File = Field(default=None, description=_FILE)
    ssh_known_hosts: _File = Field(default=None, description=_FILE)
    ssh_port: Annotated[
        int, Field(ge=0, le=65535, description="a port from 1 to 65535, or 0 for the usual one")
    ] = 0
    rsync_auth_file: _File = Field(default=None, description=_FILE)


class Members(Table):
    """`[discord.owners]` and its like: people, by id or by role."""

    users: _Ids = ()
    roles: _Ids = ()


class Discord(Table):
    """`[discord]`: where the bot lives and whom it obeys."""

    guild: _Id | None = Field(default=None, description=_ID)
    channel: _Id | None = Field(default=None, description=_ID)
    board: _Switch = True
    board_channel: _Id | None = Field(default=None, description=_ID)
    owners: Members = Field(default=Members(), description="a table: [discord.owners]")
    operators: Members = Field(default=Members(), description="a table: [discord.operators]")
    viewers: Members = Field(default=Members(), description="a table: [discord.viewers]")


class Alerts(Table):
    """`[alerts]`: one switch for each kind of event, and one for all."""

    enabled: _Switch = True
    job_spawned: _Switch = True
    job_not_spawned: _Switch = True
    job_finished: _Switch = True
    job_failed: _Switch = True
    job_stopped: _Switch = True
    job_stuck: _Switch = True
    no_out_drive: _Switch = True
    out_drive_again: _Switch = True
    drive_missing: _Switch = True
    drive_back: _Switch = True
    quota_reached: _Switch = True
    drained: _Switch = True
    plot_moved: _Switch = False
    move_failed: _Switch = True
    destination_away: _Switch = True
    destination_back: _Switch = True
    destination_full: _Switch = True
    no_destination: _Switch = True
    destination_again: _Switch = True
    bot_back: _Switch = True
    summary: _Switch = True
    settings_changed: _Switch = True
    trouble: _Switch = True
    job_stalled: _Switch = True
    job_goes_on: _Switch = True
    spawning_paused: _Switch = True
    stalled_after_minutes: Annotated[
        float, Field(ge=1, le=10080, description="a number of minutes from 1 to 10080")
    ] = 30.0
    farm_silent: _Switch = True
    farm_goes_on: _Switch = True
    farm_slow: _Switch = True
    farm_late: _Switch = True
    farm_errors: _Switch = True
    farm_proof: _Switch = True
    farm_plots_fewer: _Switch = True
    drive_filling: _Switch = True
    too_hot: _Switch = True
    cool_again: _Switch = True
    cpu_celsius: _Celsius = 90.0
    drive_celsius: _Celsius = 65.0
    mention_role: _Id | None = Field(default=None, description=_ID)
    quiet: Annotated[
        str,
        AfterValidator(hours),
        Field(description='hours such as "22:00-07:00", or "" for none'),
    ] = ""
    routes: dict[str, _Place] = Field(default_factory=dict, description=_ROUTE)
    plot_replaced: _Switch = True
    replot_halted: _Switch = True
    replot_done: _Switch = True
    plot_damaged: _Switch = True


class Report(Table):
    """`[report]`: the regular summary, Ploto's PlotoFy."""

    every_hours: Annotated[
        float, Field(ge=0, le=8760, description="a number of hours from 0 to 8760")
    ] = 24.0
    at: Annotated[
        tuple[_Text, ...],
        AfterValidator(_times),
        Field(strict=False, description='a list of times of day, such as ["07:30", "19:00"]'),
    ] = ()
    chart_overview: _Switch = True
    chart_timeline: _Switch = True
    chart_days: _Switch = True
    chart_drives: _Switch = True
    chart_phases: _Switch = True


class Farm(Table):
    """`[farm]`: how the farm's log is watched."""

    watch: _Switch = True
    log: Annotated[
        str | None,
        BeforeValidator(_program),
        Field(description='the full path of chia\'s debug.log, or "" for where chia puts it'),
    ] = None
    silent_minutes: _Minutes = 10.0
    slow_seconds: Annotated[
        float, Field(gt=0, le=600, description="a number of seconds above 0 and up to 600")
    ] = 5.0


class Checks(Table):
    """`[checks]`: how the content of finished plots is checked."""

    per_day: Annotated[int, Field(ge=0, le=1000, description="a whole number from 0 to 1000")] = 10
    challenges: Annotated[
        int, Field(ge=10, le=1000, description="a whole number from 10 to 1000")
    ] = 30


class SettingsFile(Table):
    """All of plotobot.toml."""

    machine: Annotated[
        str,
        BeforeValidator(_one_line),
        Field(min_length=1, max_length=64, description="a name of 1 to 64 characters, in quotes"),
    ] = Field(default_factory=lambda: socket.gethostname()[:64] or "plotter")
    drives: Drives = Field(default=Drives(), description="a table: [drives]")
    plot: Plot = Field(default=Plot(), description="a table: [plot]")
    profiles: dict[_ProfileName, ProfileTable] = Field(
        default_factory=dict, description="a table for each kind of plot: [profiles.NAME]"
    )
    spawn: Spawn = Field(default=Spawn(), description="a table: [spawn]")
    space: Space = Field(default=Space(), description="a table: [space]")
    move: Move = Field(default=Move(), description="a table: [move]")
    discord: Discord = Field(default=Discord(), description="a table: [discord]")
    alerts: Alerts = Field(default=Alerts(), description="a table: [alerts]")
    report: Report = Field(default=Report(), description="a table: [report]")
    farm: Farm = Field(default=Farm(), description="a table: [farm]")
    replot: Replot = Field(default=Replot(), description="a table: [replot]")
    checks: Checks = Field(default=Checks(), description="a table: [checks]")

    @model_validator(mode="after")
    def _no_crossings(self) -> Self:
        if found := crossings(self.model_dump()):
            raise ValueError(found[0].text)
        return self
