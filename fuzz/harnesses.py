"""What may be fed any bytes: a harness returns where all is well, and raises for a finding."""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from plotobot.engine.models import JobState
from plotobot.engine.shelf import read_jobs
from plotobot.engine.supervision.finding import State, inspect
from plotobot.errors import NotAPlot, Refusal, SettingsError
from plotobot.farmlog.report import Kind, read_farm_log
from plotobot.farmlog.tail import look
from plotobot.ploto.conversion import convert
from plotobot.ploto.files import decoded
from plotobot.plots.headers import parse_header
from plotobot.plots.names import parse_name, temp_files_of
from plotobot.plotters import PLOTTERS, plotter
from plotobot.settings import load_settings

OneInput = Callable[[bytes], None]

ROOT = Path(__file__).resolve().parents[1]
CUT = b"\x1c"
"""Cuts one input into several files."""
TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.canary.canary-canary-canary-canary-c"
PLOT_ID = "0123456789abcdef" * 4
RECORDS = ("spec.json", "shim.json", "child.json", "exit.json", "verdict.json", "out.log")


@dataclass(frozen=True, slots=True)
class Harness:
    """One thing that reads what strangers write."""

    make: Callable[[Path], OneInput]
    """Gives the function that takes an input; it has a folder for itself."""
    seeds: Callable[[], Sequence[bytes]]
    """Inputs as they usually are."""


def settings(folder: Path) -> OneInput:
    """A settings file, and behind a cut the `.env` beside it."""
    file, env = folder / "plotobot.toml", folder / ".env"

    def one_input(data: bytes) -> None:
        written, _, secrets = data.partition(CUT)
        file.write_bytes(written)
        env.write_bytes(secrets)
        try:
            load_settings(file, environ={"DISCORD_TOKEN": TOKEN}, plotters=tuple(PLOTTERS))
        except SettingsError as error:
            said = error.problems
            assert said, "refused without a reason"
            assert not any("\n" in one or TOKEN in one for one in said), said

    return one_input


def ploto_json(folder: Path) -> OneInput:
    """A configuration of Ploto's; what it becomes is what Plotobot reads."""
    file = folder / "plotobot.toml"

    def one_input(data: bytes) -> None:
        try:
            imported = convert(decoded(data))
        except Refusal:
            return
        file.write_text(imported.toml, "utf-8", newline="\n")
        load_settings(file, environ={}, plotters=tuple(PLOTTERS))

    return one_input


def plotter_log(_: Path) -> OneInput:
    """A plotter's log: a byte that names the plotter, one that says how many lines come at once."""
    names = list(PLOTTERS)

    def one_input(data: bytes) -> None:
        if len(data) < 2:
            return
        reader = plotter(names[data[0] % len(names)]).reader()
        lines, step = data[2:].split(b"\n"), data[1] + 1
        for at in range(0, len(lines), step):
            reader.feed(lines[at : at + step])
            told = reader.progress
            assert 0 <= told.fraction <= 1, told
            assert told.plot_id is None or len(told.plot_id) == 64, told

    return one_input


def farm_log(folder: Path) -> OneInput:
    """A log of chia's, read as a whole, and as it grows from the cut on."""
    log = folder / "debug.log"
    since = datetime(2026, 11, 1, tzinfo=UTC)

    def one_input(data: bytes) -> None:
        before, _, after = data.partition(CUT)
        log.write_bytes(before)
        first = look(log, None, 4096)
        with log.open("ab") as file:
            file.write(after)
        second = look(log, first.place, 4096)
        assert second.place.offset <= len(before) + len(after)
        for kind in (None, *Kind):
            with contextlib.suppress(Refusal):
                found = read_farm_log(log, kind, since=since if after else None, lines=3, zone=UTC)
                assert len(found.records) <= 3

    return one_input


def plot_header(_: Path) -> OneInput:
    """The size of a plot file in eight bytes, eight bytes of its middle, and its head."""

    def one_input(data: bytes) -> None:
        size, answer, head = int.from_bytes(data[:8]), data[8:16], data[16:]

        def read_at(offset: int) -> bytes:
            assert 0 <= offset <= size - 8, "it reads where there is nothing"
            return answer

        try:
            header = parse_header(head, size, read_at)
        except NotAPlot as error:
            assert str(error), "refused without a reason"
        else:
            assert header.expected_size >= 0
            assert (header.size, len(header.id)) == (size, 64)

    return one_input


def plot_name(_: Path) -> OneInput:
    """Names of files, one a line."""

    def one_input(data: bytes) -> None:
        names = data.decode("utf-8", "surrogateescape").split("\n")
        for name in names:
            found = parse_name(name)
            assert found is None or found.id in name
        for name in temp_files_of(PLOT_ID, names):
            assert PLOT_ID in name
            assert not name.endswith((".plot", ".plot2", ".gplot"))
            assert "/" not in name

    return one_input


def job_records(folder: Path) -> OneInput:
    """The records of a job and its log, with a cut between each two. No process of it lives."""
    directory = folder / "jobs" / "0018eb5028ca34cb0f9494d34b"
    directory.mkdir(parents=True)

    def one_input(data: bytes) -> None:
        texts = data.split(CUT, len(RECORDS) - 1)
        for name, text in zip(RECORDS, texts, strict=False):
            (directory / name).write_bytes(text)
        for name in RECORDS[len(texts) :]:
            (directory / name).unlink(missing_ok=True)
        found = inspect(directory)
        assert (found.code is not None) == (found.state is State.EXITED), found
        for job in read_jobs(directory.parent):
            assert job.exit_code is None or isinstance(job.exit_code, int)
            assert isinstance(job.state, JobState)

    return one_input


# --- inputs as they usually are ---------------------------------------------------------------


def _settings_seeds() -> list[bytes]:
    example = (ROOT / "plotobot.example.toml").read_bytes()
    env = f"DISCORD_TOKEN={TOKEN}\nPLOTOBOT_WEBHOOK_farm=https://discord.com/api/webhooks/1/a\n"
    return [example, b'[plot]\nk = 32\nplotter = "chia"\n' + CUT + env.encode()]


def _ploto_seeds() -> list[bytes]:
    early = {
        "PlotterName": "rig",
        "EnableAlerts": "true",
        "DiskConfig": [{"DenomForTempDrives": "plot", "DenomForOutDrives": "out"}],
        "JobConfig": [{"InputAmountToSpawn": "5", "WaitTimeBetweenPlotOnSameDisk": "30"}],
        "PlotoFyAlerts": [{"PeriodOfReportInHours": "12"}],
    }
    late = {
        "PlotterName": "barn",
        "PathsToMovePlotsTo": "Q:\\Farm,Z:",
        "DiskConfig": [{"TempDrives": "F:", "OutDrives": "L:,K:\\plots", "EnableT2": "true"}],
        "SpawnerConfig": [{"InputAmountToSpawn": "50", "ReplotPlotsOlderThan": "18.6.2021"}],
        "JobConfig": [{"KSizeToPlot": "33", "BufferSize": "3390", "P2Singleton": "xch1"}],
    }
    whole = [json.dumps(one, indent=1).encode() for one in (early, late)]
    remarks = whole[0].replace(b",\n", b" | a remark\n")
    return [*whole, remarks, b'{"DiskConfig": ' + b"[" * 3000]


def _log_seeds() -> list[bytes]:
    logs = sorted((ROOT / "tests" / "logs").glob("*.log"))
    heads = [log.read_bytes()[:6000] for log in logs]
    return [bytes([n, 3]) + head for n in range(len(PLOTTERS)) for head in heads]


def _farm_seeds() -> list[bytes]:
    text = (ROOT / "tests/farmlog/logs/debug-2.7.5.log").read_bytes()
    return [text[:3000] + CUT + text[3000:6000], text[:800]]


def _header_seeds() -> list[bytes]:
    memo = bytes(range(128))
    v1 = b"Proof of Space Plot" + bytes(32) + b"\x12\x00\x04v1.0\x00\x80" + memo
    middle = (4000000).to_bytes(8) + bytes(8)
    return [middle + v1 + bytes(80), middle + b"pos2" + bytes(200), middle + b"PLOT" + bytes(300)]


def _name_seeds() -> list[bytes]:
    stem = f"plot-k32-2026-11-25-14-30-{PLOT_ID}.plot"
    return ["\n".join([stem, f"{stem}.tmp", f"{stem}.table1.tmp", f"{stem}.p1.t2.tmp"]).encode()]


def _record_seeds() -> list[bytes]:
    folders = sorted((ROOT / "tests/faults/earlier").glob("*/*"))
    texts = [[folder / name for name in RECORDS] for folder in folders]
    return [CUT.join(p.read_bytes() if p.exists() else b"" for p in paths) for paths in texts]


HARNESSES: Mapping[str, Harness] = {
    "settings": Harness(settings, _settings_seeds),
    "ploto_json": Harness(ploto_json, _ploto_seeds),
    "plotter_log": Harness(plotter_log, _log_seeds),
    "farm_log": Harness(farm_log, _farm_seeds),
    "plot_header": Harness(plot_header, _header_seeds),
    "plot_name": Harness(plot_name, _name_seeds),
    "job_records": Harness(job_records, _record_seeds),
}


def changed(data: bytes, dice: random.Random) -> bytes:
    """An input with a few random changes: bytes set, cut out, doubled, or put in."""
    text = bytearray(data)
    for _ in range(dice.randrange(1, 6)):
        at, size = dice.randrange(len(text) + 1), dice.randrange(1, 40)
        piece = text[at : at + size]
        text[at : at + size] = dice.choice(
            [b"", piece * 2, dice.randbytes(size), bytes(size), bytes(reversed(piece)), CUT]
        )
    return bytes(text)
