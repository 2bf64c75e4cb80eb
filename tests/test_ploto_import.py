"""A farmer comes from Ploto with a configuration of either layout, well-formed or not."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import create_model

from plotobot.errors import Refusal
from plotobot.ploto import Imported, convert, import_file, targets
from plotobot.ploto.files import decoded
from plotobot.ploto.mapping import MAPPING, NO_RULE
from plotobot.ploto.targets import default_of, field_of
from plotobot.ploto.toml import env_text
from plotobot.plots.address import encode_address
from plotobot.plotters import PLOTTERS
from plotobot.settings import Settings, SettingsFile, load_settings
from plotobot.settings._dotenv import parse_env

CANARY = "caNaRy_-" * 8 + "caNa"
WEBHOOK = f"https://discord.com/api/webhooks/123456789012345678/{CANARY}"
OTHER_WEBHOOK = WEBHOOK.replace("123456789012345678", "223456789012345678")
KEY = "aB" * 48
CONTRACT = encode_address(bytes(32))
DOC = Path(__file__).parents[1] / "docs" / "from-ploto.md"

LATER: dict[str, Any] = {
    "PlotterName": "barn",
    "PlotterUsed": "Chia",
    "PathToUnofficialPlotter": "",
    "EnableAlerts": "true",
    "EnablePlotoFyOnStart": "true",
    "ChiaWindowStyle": "hidden",
    "PathToPloto": "C:\\Modules\\Ploto.psm1",
    "EnableMover": "true",
    "PathsToMovePlotsTo": "Q:\\Farm,Z:",
    "DiskConfig": [
        {
            "TempDrives": "F:",
            "Temp2Drives": "J:",
            "OutDrives": "L:,K:\\plots",
            "ReplotDrives": "R:",
            "EnableT2": "true",
        }
    ],
    "SpawnerConfig": [
        {
            "ReplotForPool": "true",
            "ReplotPlotsOlderThan": "18.6.2021",
            "IntervallToCheckInMinutes": "7",
            "InputAmountToSpawn": "50",
            "WaitTimeBetweenPlotOnSeparateDisks": "15",
            "WaitTimeBetweenPlotOnSameDisk": "30",
            "MaxParallelJobsOnAllDisks": "8",
            "MaxParallelJobsOnSameDisk": "3",
            "MaxParallelJobsInPhase1OnSameDisk": "2",
            "MaxParallelJobsInPhase1OnAllDisks": "4",
            "StartEarly": "true",
            "StartEarlyPhase": "4",
        }
    ],
    "JobConfig": [
        {
            "KSizeToPlot": "33",
            "BufferSize": "4000",
            "Thread": "6",
            "Buckets": "256",
            "Bitfield": "false",
            "FarmerKey": KEY,
            "PoolKey": "",
            "P2SingletonAdress": CONTRACT,
        }
    ],
    "SpawnerAlerts": [
        {
            "DiscordWebhookURL": WEBHOOK,
            "WhenJobSpawned": "false",
            "WhenNoOutDrivesAvailable": "False",
            "WhenJobCouldNotBeSpawned": "false",
            "PeriodOfReportInHours": "0.5",
        }
    ],
}

SEED: dict[str, Any] = {
    "PlotterName": "barn",
    "EnableAlerts": "false",
    "EnablePlotoFyOnStart": "true",
    "ChiaWindowStyle": "normal",
    "PathToPloto": "C:/Modules/Ploto.psm1",
    "DiskConfig": [
        {
            "TempDriveDenom": "plot",
            "Temp2Denom": "",
            "OutDriveDenom": "out",
            "DenomForOutDrivesToReplotForPools": "replot",
            "EnableT2": "false",
        }
    ],
    "JobConfig": [
        {
            "ReplotForPool": "true",
            "IntervallToCheckInMinutes": "5",
            "InputAmountToSpawn": "100",
            "WaitTimeBetweenPlotOnSeparateDisks": "15",
            "WaitTimeBetweenPlotOnSameDisk": "30",
            "MaxParallelJobsOnAllDisks": "8",
            "MaxParallelJobsOnSameDisk": "2",
            "MaxParallelJobsInPhase1OnAllDisks": "4",
            "StartEarly": "true",
            "StartEarlyPhase": "4",
            "KSizeToPlot": "32",
            "BufferSize": "3390",
            "Thread": "4",
            "Bitfield": "true",
            "FarmerKey": "",
            "PoolKey": "",
            "P2SingletonAdress": "the address of your pool contract",
        }
    ],
    "SpawnerAlerts": [
        {
            "DiscordWebhookURL": WEBHOOK,
            "WhenJobSpawned": "true",
            "WhenNoOutDrivesAvailable": "true",
            "WhenJobCouldNotBeSpawned": "true",
        }
    ],
    "PlotoFyAlerts": [{"DiscordWebhookURL": OTHER_WEBHOOK, "PeriodOfReportInHours": "1"}],
}

# As in Ploto's README: remarks behind a |, commas missing and too many.
BROKEN = f"""{{
  "PlotterName": "barn"          | shown in alerts, "as it is"
  "EnableAlerts": "True",
  "ChiaWindowStyle": "hidden",,
  "DiskConfig": [
    {{
      "TempDriveDenom": "ssd",   | fast: {{ones}}
      "Temp2Denom": "t2",
      "EnableT2": "true"
      "OutDriveDenom": "out",
    }},
  ]
  "JobConfig": [
    {{
      "InputAmountToSpawn": 100,
      "MaxParallelJobsInPhase1OnSameDisk": "2",
      "MaxParallelJobsOnAllDisks": "7"
      "MaxParallelJobsOnSameDisk": "3",
      "Bitfield": true
    }}
  ]
  "SpawnerAlerts": [
    {{ "DiscordWebhookURL": "{WEBHOOK}" "WhenJobSpawned": "true", }}
  ]
  "PlotoFyAlerts": [ {{ "PeriodOfReportInHours": "12" }} ],
}},
"""

SAMPLES = {"later": json.dumps(LATER, indent=1), "seed": json.dumps(SEED), "broken": BROKEN}


def shown(imported: Imported) -> str:
    """All that may be seen of it."""
    return "\n".join(
        [
            repr(imported),
            imported.toml,
            *imported.took,
            *(f"{key}: {because}" for key, because in imported.dropped),
            *imported.defaults,
            *imported.warnings,
        ]
    )


def assert_hidden(text: str) -> None:
    assert CANARY not in text


def load(imported: Imported, folder: Path) -> Settings:
    (folder / "plotobot.toml").write_text(imported.toml, encoding="utf-8")
    (folder / ".env").write_text(env_text(imported.env.items()), encoding="utf-8")
    return load_settings(folder / "plotobot.toml", environ={}, plotters=tuple(PLOTTERS))


def because(imported: Imported, key: str) -> str:
    return " ".join(why for name, why in imported.dropped if name.rpartition(".")[2] == key)


def one(key: str, value: str, section: str = "", **more: str) -> Imported:
    pairs = {key: value, **more}
    return convert(json.dumps({section: [pairs]} if section else pairs))


TAKEN = [
    ("ChiaWindowStyle", "plot.window", "hidden"),
    ("PlotterName", "machine", "barn"),
    ("PlotterUsed", "plot.plotter", "chia"),
    ("EnableAlerts", "alerts.enabled", True),
    ("EnablePlotoFyOnStart", "report.every_hours", 0.5),
    ("EnableMover", "drives.destination", ["Q:\\Farm", "Z:"]),
    ("PathsToMovePlotsTo", "drives.destination", ["Q:\\Farm", "Z:"]),
    ("TempDrives", "drives.temp", ["F:"]),
    ("Temp2Drives", "drives.temp2", ["J:"]),
    ("OutDrives", "drives.out", ["L:", "K:\\plots"]),
    ("ReplotDrives", "drives.replot", ["R:"]),
    ("EnableT2", "drives.temp2", ["J:"]),
    ("ReplotForPool", "drives.replot", ["R:"]),
    ("ReplotPlotsOlderThan", "replot.before", "2021-06-18"),
    ("IntervallToCheckInMinutes", "spawn.interval_minutes", 7),
    ("InputAmountToSpawn", "spawn.count", 50),
    ("WaitTimeBetweenPlotOnSeparateDisks", "spawn.wait_between_drives_minutes", 15),
    ("WaitTimeBetweenPlotOnSameDisk", "spawn.wait_same_drive_minutes", 30),
    ("MaxParallelJobsOnAllDisks", "spawn.max_parallel", 8),
    ("MaxParallelJobsOnSameDisk", "spawn.max_parallel_per_drive", 3),
    ("MaxParallelJobsInPhase1OnSameDisk", "spawn.max_phase_1_per_drive", 2),
    ("MaxParallelJobsInPhase1OnAllDisks", "spawn.max_phase_1", 4),
    ("StartEarly", "spawn.start_early_phase", 4),
    ("StartEarlyPhase", "spawn.start_early_phase", 4),
    ("KSizeToPlot", "plot.k", 33),
    ("BufferSize", "plot.buffer_mib", 4000),
    ("Thread", "plot.threads", 6),
    ("Buckets", "plot.buckets", 256),
    ("Bitfield", "plot.bitfield", False),
    ("FarmerKey", "plot.farmer_key", KEY),
    ("P2SingletonAdress", "plot.contract", CONTRACT),
    ("WhenJobSpawned", "alerts.job_spawned", False),
    ("WhenNoOutDrivesAvailable", "alerts.no_out_drive", False),
    ("WhenJobCouldNotBeSpawned", "alerts.job_not_spawned", False),
    ("PeriodOfReportInHours", "report.every_hours", 0.5),
]
TAKEN_ELSEWHERE = {
    "PathToUnofficialPlotter", "PoolKey", "TempDriveDenom", "Temp2Denom", "OutDriveDenom",
    "DenomForOutDrivesToReplotForPools",
}  # fmt: skip
NO_PLACE = {"PathToPloto", "DiscordWebhookURL"}


@pytest.mark.parametrize(("key", "target", "value"), TAKEN, ids=[row[0] for row in TAKEN])
def test_each_key_finds_its_place(key: str, target: str, value: object) -> None:
    imported = convert(SAMPLES["later"])

    if field_of(target) is None:
        assert because(imported, key) == NO_RULE
        return
    found: Any = tomllib.loads(imported.toml)
    for part in target.split("."):
        found = found[part]
    assert found == value
    assert any(re.match(rf"(\w+\.)?{key}\b", sentence) for sentence in imported.took)


@pytest.mark.parametrize("key", sorted(NO_PLACE))
def test_what_has_no_place_is_dropped_with_its_reason(key: str) -> None:
    place = next(place for place in MAPPING if place.key == key)

    assert place.because
    assert place.because in because(convert(SAMPLES["later"]), key)


def test_the_rows_above_are_all_there_are() -> None:
    keys = [place.key for place in MAPPING]

    assert len(keys) == len(set(keys))
    assert set(keys) == {key for key, _, _ in TAKEN} | TAKEN_ELSEWHERE | NO_PLACE


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_are_accepted_and_every_key_is_accounted_for(tmp_path: Path, name: str) -> None:
    imported = convert(SAMPLES[name])

    assert load(imported, tmp_path).machine == "barn"
    told = [*imported.took, *(key for key, _ in imported.dropped)]
    for key in re.findall(r'"(\w+)"\s*:\s*["\dt]', SAMPLES[name]):
        assert any(re.match(rf"(\w+\.)?{key}\b", sentence) for sentence in told), key


@pytest.mark.parametrize("name", SAMPLES)
def test_webhooks_are_kept_in_env_and_shown_nowhere(tmp_path: Path, name: str) -> None:
    imported = convert(SAMPLES[name])

    assert WEBHOOK in imported.env.values()
    assert CANARY not in shown(imported)
    assert load(imported, tmp_path).token is None
    values, problems = parse_env(env_text(imported.env.items()))
    assert not problems
    assert {key: values[key][0] for key in imported.env} == imported.env
    assert any("delete the webhook" in warning for warning in imported.warnings)


def test_the_seed_layout_becomes_labels_and_its_overlap_is_left_out(tmp_path: Path) -> None:
    imported = convert(SAMPLES["seed"])
    drives = load(imported, tmp_path).written.drives

    assert (drives.temp, drives.out, drives.replot) == ((), ("label:out",), ("label:replot",))
    assert '# temp = ["label:plot"]' in imported.toml
    (warning,) = [text for text in imported.warnings if "also matches every drive that" in text]
    assert '"label:plot"' in warning
    assert '"label:replot"' in warning
    assert because(imported, "TempDriveDenom")
    assert "JobConfig.InputAmountToSpawn: spawn.count = 100." in imported.took
    assert "PlotoFyAlerts.PeriodOfReportInHours: report.every_hours = 1." in imported.took
    assert because(imported, "Temp2Denom") == "it is empty"


def test_without_replotting_the_replot_drives_are_a_comment_and_nothing_overlaps() -> None:
    imported = convert(
        SAMPLES["seed"].replace('"ReplotForPool": "true"', '"ReplotForPool": "false"')
    )

    assert tomllib.loads(imported.toml)["drives"] == {"temp": ["label:plot"], "out": ["label:out"]}
    assert '# replot = ["label:replot"]' in imported.toml
    assert "ReplotForPool is not true" in because(imported, "DenomForOutDrivesToReplotForPools")


def test_a_label_within_a_label_is_the_one_left_out() -> None:
    text = json.dumps(
        {"DiskConfig": [{"Temp2Denom": "t2", "OutDriveDenom": "ChiaOut2", "EnableT2": "true"}]}
    )
    imported = convert(text)

    assert tomllib.loads(imported.toml)["drives"] == {"out": ["label:ChiaOut2"]}
    assert '# temp2 = ["label:t2"]' in imported.toml


def test_a_drive_in_two_sets_stays_in_the_first() -> None:
    drives = {"TempDrives": "F:,G:", "Temp2Drives": "g:\\", "EnableT2": "true", "OutDrives": "H:"}
    imported = convert(json.dumps({"DiskConfig": [drives]}))

    assert tomllib.loads(imported.toml)["drives"] == {"temp": ["F:", "G:"], "out": ["H:"]}
    assert any("stands in both" in warning for warning in imported.warnings)


def test_a_drive_twice_in_one_set_stays_once() -> None:
    imported = one("TempDrives", "F:,F:,f:\\,G:")

    assert tomllib.loads(imported.toml)["drives"] == {"temp": ["F:", "G:"]}


def test_the_readme_s_broken_text_is_read(tmp_path: Path) -> None:
    settings = load(convert(BROKEN), tmp_path).written

    assert settings.drives.temp == ("label:ssd",)
    assert settings.drives.temp2 == ("label:t2",)
    assert (settings.spawn.count, settings.spawn.max_parallel) == (100, 7)
    assert settings.report.every_hours == 12


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_encoding_of_powershell_is_read(encoding: str) -> None:
    text = BROKEN.replace("barn", "Bärn").replace("\n", "\r\n")

    assert tomllib.loads(convert(decoded(text.encode(encoding))).toml)["machine"] == "Bärn"


def test_windows_western_encoding_is_read() -> None:
    assert decoded("Bärn".encode("cp1252")) == "Bärn"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (r'"F:\\plots,G:\\plots"', ["F:\\plots", "G:\\plots"]),
        (r'"F:\plots"', ["F:\\plots"]),
        (r'"F:\temp"', ["F:\\temp"]),
        ('"F:\\",', ["F:\\"]),
        (r'"F:/plots , G: ,"', ["F:/plots", "G:"]),
        ('["F:", "G:"]', ["F:", "G:"]),
    ],
    ids=["doubled", "single", "tabulator", "before-the-quote", "slashes-and-blanks", "list"],
)
def test_paths_are_read_as_they_were_meant(written: str, expected: list[str]) -> None:
    imported = convert(f'{{"DiskConfig": [{{"TempDrives": {written}\n}}]}}')

    assert tomllib.loads(imported.toml)["drives"]["temp"] == expected


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("InputAmountToSpawn", "many", "no number"),
        ("InputAmountToSpawn", "1e3", "no number"),
        ("IntervallToCheckInMinutes", "0", "must be a number of minutes from 0.1 to 1440"),
        ("MaxParallelJobsOnAllDisks", "2.5", "must be a whole number from 1 to 1000"),
        ("Buckets", "100", "must be a power of two"),
        ("KSizeToPlot", "", "it is empty"),
        ("Bitfield", "yes", "neither true nor false"),
        ("FarmerKey", "ab" * 47, "not 96 hexadecimal digits"),
        ("PoolKey", "xy" * 48, "not 96 hexadecimal digits"),
        ("P2SingletonAdress", "xch1" + "q" * 58, "no pool contract"),
        ("PlotterUsed", "bladebit", "neither Chia nor Stotik"),
        ("PlotterName", WEBHOOK, "secret"),
        ("PlotterName", "a " * 33 + "b", "1 to 64 characters"),
        ("TempDrives", WEBHOOK, "no drive"),
        ("TempDrives", "label:", "no drive"),
        ("OutDrives", ",".join(f"{n}" for n in range(60)), "more than 50 drives"),
        ("OutDriveDenom", "*", "every drive"),
        ("PathToUnofficialPlotter", "/opt/chia_plot", "not Stotik"),
    ],
)
def test_what_cannot_be_taken_is_dropped_with_its_key_and_reason(
    tmp_path: Path, key: str, value: str, reason: str
) -> None:
    imported = one(key, value)

    assert reason in because(imported, key)
    load(imported, tmp_path)
    assert CANARY not in shown(imported)


def test_madmax_brings_its_program_and_a_word_on_keys() -> None:
    program = str(Path("/opt/chia_plot").absolute())
    imported = one("PlotterUsed", "stotik", PathToUnofficialPlotter=program)

    assert tomllib.loads(imported.toml)["plot"] == {"plotter": "madmax", "program": program}
    assert any("madmax takes no keys" in warning for warning in imported.warnings)


@pytest.mark.parametrize(("contract", "kept"), [("", "pool_key"), (CONTRACT, "contract")])
def test_a_contract_wins_over_a_pool_key_as_in_ploto(contract: str, kept: str) -> None:
    imported = one("PoolKey", KEY, "JobConfig", P2SingletonAdress=contract)

    assert list(tomllib.loads(imported.toml)["plot"]) == [kept]
    assert all("\n" not in why for _, why in imported.dropped)
    if contract:
        assert "plot.pool_key and plot.contract exclude each other" in because(imported, "PoolKey")
    assert KEY not in "".join((*imported.took, *imported.warnings))


def test_no_plots_in_ploto_is_not_plots_without_end() -> None:
    assert tomllib.loads(one("InputAmountToSpawn", "0").toml) == {"spawn": {"enabled": False}}


def test_reports_that_were_off_stay_off() -> None:
    imported = one("PeriodOfReportInHours", "5", EnablePlotoFyOnStart="false")

    assert tomllib.loads(imported.toml) == {"report": {"every_hours": 0.0}}


def test_missing_keys_are_said_with_their_defaults() -> None:
    said = convert('{"PlotterName": "barn"}').defaults

    for target in {place.target for place in MAPPING if place.target and field_of(place.target)}:
        if target != "machine":
            default = default_of(target)
            assert any(f"{target} keeps its default: {default}." in text for text in said), target


@pytest.mark.parametrize("key", ["PlotterName", "TempDrives", "OutDriveDenom", "FarmerKey", CANARY])
def test_a_token_that_slipped_elsewhere_is_not_shown(key: str) -> None:
    assert_hidden(shown(one(key, CANARY, Thread="4")))


def test_a_second_object_and_strangers_are_told() -> None:
    text = '{"DiskConfig": [{"TempDrives": "F:"}, {"TempDrives": "G:"}],\n"tempdriv": "x", "z": 1}'
    imported = convert(text)

    assert any("more than one object" in warning for warning in imported.warnings)
    assert tomllib.loads(imported.toml)["drives"]["temp"] == ["F:"]
    assert [key for key, _ in imported.dropped] == ["a key in line 2"] * 2
    assert "is TempDrives meant?" in imported.dropped[0].because


def test_a_rule_is_taken_as_soon_as_the_settings_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    spawn = create_model(
        "S", __base__=SettingsFile.model_fields["spawn"].annotation, wait_x=(int, 0)
    )  # type: ignore[call-overload]
    model = create_model("F", __base__=SettingsFile, spawn=(spawn, spawn()))
    monkeypatch.setattr(targets, "SettingsFile", model)
    row = next(place for place in MAPPING if place.key == "WaitTimeBetweenPlotOnSameDisk")
    table = [row._replace(target="spawn.wait_x"), row._replace(key="X", target="spawn.nowhere")]
    monkeypatch.setattr("plotobot.ploto.conversion.MAPPING", table)

    imported = convert(SAMPLES["later"])

    assert tomllib.loads(imported.toml) == {"spawn": {"wait_x": 30}}
    assert imported.took == ("SpawnerConfig.WaitTimeBetweenPlotOnSameDisk: spawn.wait_x = 30.",)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "line 1: it ends in the middle"),
        ("hello", "does not begin with {"),
        ("[1]", "does not begin with {"),
        ("{}", "no key of Ploto's"),
        ('{"a": "b"}', "no key of Ploto's"),
        ('{"DiskConfig": [', "ends in the middle"),
        ('{\n"PlotterName": "x', "line 2: a quote is not closed"),
        ('{\n"PlotterName" "x"}', "line 2: there is no : behind a key"),
        ('{"PlotterName": }', "a value is missing"),
        ('{"PlotterName": "x"} "y"', "behind the last }"),
        ('{"a":' * 3000, "nested too deep"),
        ('{"PlotterName": "x"}' + " " * 70_000, "larger than 64 KiB"),
    ],
    ids=range(12),
)
def test_what_is_not_ploto_s_gets_one_sentence(text: str, reason: str) -> None:
    with pytest.raises(Refusal, match=re.escape(reason)) as caught:
        convert(text)
    assert "\n" not in str(caught.value)


PIECES = st.sampled_from(
    [*'{}[]:,"|#\\\n\r \t', "//", '",', "\u2028", "\ud800", "label:", "=", "'", "true", "0", "F:,"]
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(sorted(SAMPLES.values())))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = start + draw(st.sampled_from([0, 0, 1, 2, 40, 400]))
        text = text[:start] + draw(PIECES | st.text(max_size=5) | st.just("")) + text[end:]
    return text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mutated")


@given(text=st.text() | mutated() | st.lists(PIECES).map("".join))
@settings(max_examples=300, deadline=None)
def test_nothing_raises_but_a_refusal_leaks_or_is_refused_later(folder: Path, text: str) -> None:
    try:
        imported = convert(text)
    except Refusal as refusal:
        assert_hidden(str(refusal))
        return
    assert_hidden(shown(imported))
    load(imported, folder)


@given(
    st.sampled_from([place for place in MAPPING if place.kind != "webhook"]),
    st.text() | st.from_regex(r"[+-]?\d{1,9}(\.\d{1,3})?", fullmatch=True),
)
@settings(max_examples=300, deadline=None)
def test_any_text_of_any_key_gives_settings_that_load(folder: Path, place: Any, text: str) -> None:
    extra = {"EnableT2": "true", "ReplotForPool": "true", "EnableMover": "true"}
    load(convert(json.dumps({**extra, place.key: text})), folder)


@given(st.binary(max_size=200))
def test_any_bytes_are_decoded(content: bytes) -> None:
    assert isinstance(decoded(content), str)


def run(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "plotobot", *map(str, words)],
        capture_output=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "COLUMNS": "80"},
    )


def test_the_command_writes_both_files_and_tells_all(tmp_path: Path) -> None:
    source, out = tmp_path / "PlotoSpawnerConfig.json", tmp_path / "new"
    source.write_text(SAMPLES["later"], encoding="utf-16")

    done = run("import", source, "--out", out)

    assert done.returncode == 0, done.stderr
    assert CANARY not in done.stdout + done.stderr
    assert KEY not in done.stdout + done.stderr
    for words in ("machine", "ReplotPlotsOlderThan: replot.before", "plotobot check", ".env"):
        assert words in done.stdout
    assert WEBHOOK in (out / ".env").read_text("utf-8")
    assert CANARY not in (out / "plotobot.toml").read_text("utf-8")
    if os.name != "nt":
        assert stat.S_IMODE((out / ".env").stat().st_mode) == 0o600
    assert load_settings(out / "plotobot.toml", environ={}).machine == "barn"


@pytest.mark.parametrize("name", ["plotobot.toml", ".env"])
def test_the_command_overwrites_nothing(tmp_path: Path, name: str) -> None:
    source = tmp_path / "ploto.json"
    source.write_text(SAMPLES["seed"])
    (tmp_path / name).write_text("# mine\n")

    done = run("import", source, "--out", tmp_path)

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "exists already" in done.stderr
    assert (tmp_path / name).read_text() == "# mine\n"
    assert {file.name for file in tmp_path.iterdir()} == {"ploto.json", name}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"),
        ("{}", "is no configuration of Ploto"),
        ("x" * 200_000, "too large"),
    ],
    ids=["missing", "not-ploto", "large"],
)
def test_the_command_refuses_with_one_sentence(
    tmp_path: Path, content: str | None, words: str
) -> None:
    source = tmp_path / "ploto.json"
    if content is not None:
        source.write_text(content)

    done = run("import", source, "--out", tmp_path / "new")

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert words in done.stderr
    assert not (tmp_path / "new").exists()


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="is no file"):
        import_file(tmp_path)


def test_the_page_for_those_who_come_from_ploto_has_every_key() -> None:
    rows = re.findall(r"(?m)^\| `(\w+)` \| ([^|]*) \| ([^|]*) \|", DOC.read_text("utf-8"))

    assert [key for key, _, _ in rows] == [place.key for place in MAPPING]
    for place, (_, sections, becomes) in zip(MAPPING, rows, strict=True):
        assert sections == (", ".join(filter(None, place.sections)) or "top")
        if place.target:
            assert becomes.startswith(f"`{place.target}`"), place.key
        else:
            assert becomes == f"dropped, because {place.because}"


@pytest.mark.parametrize(
    ("switch", "paths", "moves"),
    [("true", "Q:", True), ("false", "Q:", False), ("true", "", False)],
)
def test_plotos_mover_goes_on_moving(folder: Path, switch: str, paths: str, *, moves: bool) -> None:
    imported = one("EnableMover", switch, PathsToMovePlotsTo=paths)

    assert load(imported, folder).engine.move.enabled is moves
    assert ("EnableMover: move.enabled = true." in imported.took) is moves
