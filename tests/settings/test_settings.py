"""The settings as plain values."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from plotobot.access import Access, Holders
from plotobot.engine.config import (
    DriveLimits,
    EngineConfig,
    FarmSettings,
    Limits,
    PlotSettings,
    SpaceRules,
)
from plotobot.engine.models import GIB, DriveKind, EventKind
from plotobot.errors import SettingsError
from plotobot.plots.address import encode_address
from plotobot.settings import Settings, SettingsFile
from plotobot.settings._model import Alerts

CONTRACT = encode_address(bytes(range(32)), "txch")

Load = Callable[..., Settings]


def test_an_empty_file_gives_the_defaults_of_the_engine(load: Load, tmp_path: Path) -> None:
    loaded = load("machine = 'm'", state=tmp_path)

    assert loaded.engine == EngineConfig(
        machine="m", state_dir=tmp_path, drives=dict.fromkeys(DriveKind, ())
    )
    assert loaded.access is None
    assert loaded.alerts == frozenset(EventKind) - {EventKind.PLOT_MOVED}
    assert (loaded.token, loaded.api_base, loaded.gateway_url) == (None, None, None)


def test_the_machine_is_named_after_the_computer(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "box")
    assert load().machine == "box"
    monkeypatch.setattr("socket.gethostname", lambda: "")
    assert load().machine == "plotter"


def test_every_value_reaches_the_engine_in_its_unit(load: Load) -> None:
    engine = load(
        """
        [drives]
        temp = [" label:plot ", "F:"]
        temp2 = ["/t2"]
        out = ["/out"]
        replot = ["/old*"]
        destination = ["/farm"]
        [plot]
        plotter = "madmax"
        program = "/opt/chia"
        k = 25
        threads = 4
        buffer_mib = 512
        buckets = 64
        bitfield = false
        farmer_key = "0xABABABABABABABABABABABABABABABABABABABABABABABAB\
ABABABABABABABABABABABABABABABABABABABABABABABAB"
        contract = "@CONTRACT@"
        [spawn]
        enabled = false
        count = 7
        interval_minutes = 0.5
        max_parallel = 9
        max_parallel_per_drive = 3
        max_phase_1 = 5
        max_phase_1_per_drive = 2
        start_early_phase = 4
        wait_between_drives_minutes = 1.5
        wait_same_drive_minutes = 30
        count_foreign = false
        [space]
        reserve_gib = 0.5
        temp_gib = 2
        temp2_gib = 3
        out_gib = 4.5
        [farm]
        watch = false
        log = "/farm/debug.log"
        silent_minutes = 0.5
        slow_seconds = 3
        """.replace("\\\n", "").replace("@CONTRACT@", CONTRACT)
    ).engine

    assert dict(engine.drives) == {
        DriveKind.TEMP: ("label:plot", "F:"),
        DriveKind.TEMP2: ("/t2",),
        DriveKind.OUT: ("/out",),
        DriveKind.REPLOT: ("/old*",),
        DriveKind.DESTINATION: ("/farm",),
    }
    assert engine.plot == PlotSettings(
        plotter="madmax",
        program=Path("/opt/chia"),
        k=25,
        threads=4,
        buffer_mib=512,
        buckets=64,
        bitfield=False,
        farmer_key="ab" * 48,
        contract=CONTRACT,
    )
    assert engine.limits == Limits(7, 30.0, 9, 3, {1: 5}, {1: 2}, 4, 90.0, 1800.0)
    assert engine.space == SpaceRules(GIB // 2, 2 * GIB, 3 * GIB, 9 * GIB // 2)
    assert engine.spawn_on_start is False
    assert engine.farm == FarmSettings(
        watch=False, log=Path("/farm/debug.log"), silent=30.0, slow=3.0
    )
    assert engine.foreign is False


def test_ids_are_taken_as_numbers_and_as_texts(load: Load) -> None:
    access = load(
        """
        [discord]
        guild = 123456789012345678
        channel = "234567890123456789"
        [discord.owners]
        users = [1, "2"]
        [discord.operators]
        roles = ["3"]
        """
    ).access

    assert access == Access(
        guild=123456789012345678,
        channel=234567890123456789,
        owners=Holders(users=frozenset({1, 2})),
        operators=Holders(roles=frozenset({3})),
    )


def test_holders_are_included_by_id_or_role_and_empty_means_nobody() -> None:
    people = Holders(users=frozenset({1}), roles=frozenset({2}))

    assert people.include(1, frozenset())
    assert people.include(9, frozenset({8, 2}))
    assert not people.include(2, frozenset({1}))
    assert not Holders().include(1, frozenset({2}))
    assert people
    assert not Holders()


def test_there_is_a_switch_for_each_kind_of_event() -> None:
    others = {"enabled", "stalled_after_minutes", "cpu_celsius", "drive_celsius"}
    others |= {"mention_role", "quiet", "routes"}
    assert set(Alerts.model_fields) == others | {kind.value for kind in EventKind}


def test_alerts_can_be_switched_off_one_by_one_and_all_at_once(load: Load) -> None:
    usual = set(EventKind) - {EventKind.PLOT_MOVED}
    assert load("alerts.job_spawned = false").alerts == usual - {EventKind.JOB_SPAWNED}
    assert load("alerts.plot_moved = true").alerts == set(EventKind)
    assert load("alerts.enabled = false").alerts == frozenset()


@pytest.mark.parametrize(
    ("text", "every", "at"),
    [
        pytest.param("", 86400.0, (), id="daily"),
        pytest.param("report.every_hours = 0", None, (), id="none"),
        pytest.param("report.every_hours = 1.5", 5400.0, (), id="hours"),
        pytest.param('report.at = ["19:00", "7:30"]', None, ("07:30", "19:00"), id="times-alone"),
        pytest.param(
            'report.at = ["07:30"]\nreport.every_hours = 6', 21600.0, ("07:30",), id="both"
        ),
    ],
)
def test_when_summaries_are_told(
    load: Load, text: str, every: float | None, at: tuple[str, ...]
) -> None:
    report = load(text).engine.report
    assert (report.every, report.at) == (every, at)


def test_a_time_that_is_none_is_refused_with_an_example(load: Load) -> None:
    with pytest.raises(SettingsError, match="must be a list of times of day, such as"):
        load('report.at = ["25:00"]')


def test_charts_can_be_switched_off_one_by_one(load: Load) -> None:
    charts = load("report.chart_drives = false").engine.report.charts
    assert charts == ("overview", "timeline", "days", "phases")


def test_nothing_can_be_changed(load: Load) -> None:
    loaded = load()

    with pytest.raises(dataclasses.FrozenInstanceError):
        loaded.api_base = "x"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        loaded.written.plot.k = 25
    with pytest.raises(TypeError):
        loaded.engine.drives[DriveKind.TEMP] = ()  # type: ignore[index]


def test_drives_may_not_cross_in_settings_made_by_hand_either() -> None:
    with pytest.raises(ValidationError, match="one thing only"):
        SettingsFile.model_validate({"drives": {"temp": ["/a"], "out": ["/a"]}})


def test_a_profile_takes_the_rest_from_plot(load: Load) -> None:
    engine = load(
        """
        [plot]
        k = 33
        threads = 4
        pool_key = "KEY"
        [space]
        reserve_gib = 2
        out_gib = 200
        [profiles.pool]
        contract = "ADDRESS"
        count = 5
        temp = ["/mnt/a"]
        temp_gib = 300
        [profiles.little]
        plotter = "madmax"
        k = 25
        max_parallel = 2
        """.replace("KEY", "ab" * 48).replace("ADDRESS", CONTRACT)
    ).engine
    pool, little = engine.kinds

    assert (pool.name, pool.plot.k, pool.plot.threads, pool.count) == ("pool", 33, 4, 5)
    assert (pool.plot.pool_key, pool.plot.contract) == (None, CONTRACT)
    assert (pool.temp, pool.space) == (("/mnt/a",), SpaceRules(2 * GIB, 300 * GIB, None, 200 * GIB))
    assert (little.plot.plotter, little.plot.k, little.max_parallel) == ("madmax", 25, 2)
    assert little.plot.pool_key == "ab" * 48


def test_without_profiles_there_is_one_kind(load: Load) -> None:
    [only] = load("plot.k = 25").engine.kinds

    assert (only.name, only.plot.k) == ("default", 25)


def test_a_drive_has_limits_of_its_own(load: Load) -> None:
    [own] = load(
        """
        [spawn.drives."/mnt/ssd1"]
        max_parallel = 3
        max_phase_2 = 1
        wait_minutes = 2
        """
    ).engine.limits.drives

    assert own == DriveLimits("/mnt/ssd1", 3, {2: 1}, 120.0)
