"""Each plotter end to end through the real engine: command line, log, files, verdict, clean-up.

Where the real program cannot be had, a stand-in of `standins/` takes its place. Whoever has it
names it: PLOTOBOT_TEST_CHIA_PLOT, PLOTOBOT_TEST_BLADEBIT, PLOTOBOT_TEST_BLADEBIT_CUDA and
PLOTOBOT_TEST_GIGAHORSE. Then the plots are made for real, which takes what it takes, and the
tests that need the program to fail on demand are left out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from plotobot.engine.config import EngineConfig, PlotSettings, SpaceRules
from plotobot.engine.models import DriveKind, EventKind, Job, JobState
from plotobot.plots.address import encode_address
from plotobot.plots.names import parse_name
from plotobot.plotters import log_report, plotter
from tests.engine.farm import Farm, ended, running, told, until
from tests.little_plots import RealPlot

STANDINS = Path(__file__).parent / "standins"
FARMER = "82c56743bcc9b7d7950e7dbe41a1d450db36bc1c4b5528c48b1813d59d5bf002bf7807331aaf6c92551a9c9df71caf75"  # noqa: E501
POOL = "96aa5193c2dbc8787949e919b4b5acd8fb49970951545279514d16cdfb5b3385556d81668ebe755e2fc020827f5f8080"  # noqa: E501
CONTRACT = encode_address(bytes(range(50, 82)))
MIB = 1024**2


@dataclass(frozen=True)
class Kind:
    """One plotter, as it is tried here."""

    plotter: str
    program: str
    script: str
    variable: str
    k: int
    compression: int = 0
    temp2: bool = False

    @property
    def real(self) -> str | None:
        return os.environ.get(self.variable)


KINDS = {
    "madmax": Kind("madmax", "chia_plot", "chia_plot", "PLOTOBOT_TEST_CHIA_PLOT", 18),
    "madmax on two drives": Kind(
        "madmax", "chia_plot", "chia_plot", "PLOTOBOT_TEST_CHIA_PLOT", 19, temp2=True
    ),
    "bladebit_ram": Kind(
        "bladebit_ram", "bladebit", "bladebit", "PLOTOBOT_TEST_BLADEBIT", 32, compression=5
    ),
    "bladebit_disk": Kind(
        "bladebit_disk", "bladebit", "bladebit", "PLOTOBOT_TEST_BLADEBIT", 32, temp2=True
    ),
    "bladebit_cuda": Kind(
        "bladebit_cuda",
        "bladebit_cuda",
        "bladebit",
        "PLOTOBOT_TEST_BLADEBIT_CUDA",
        32,
        compression=7,
    ),
    "gigahorse": Kind(
        "gigahorse", "cuda_plot_k32", "chia_plot", "PLOTOBOT_TEST_GIGAHORSE", 29, 7, temp2=True
    ),
}
NAMELESS = [kind for kind in KINDS.values() if plotter(kind.plotter).nameless]
each = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
OF_EACH_PROGRAM = [kind for name, kind in KINDS.items() if name != "madmax"]
each_program = pytest.mark.parametrize(
    "kind", OF_EACH_PROGRAM, ids=[kind.plotter for kind in OF_EACH_PROGRAM]
)
Install = Callable[..., EngineConfig]


@pytest.fixture
def farm(tmp_path: Path) -> Farm:
    return Farm(tmp_path / "farm")


@pytest.fixture
def install(farm: Farm, pool_plot: RealPlot, tmp_path: Path) -> Install:
    """Puts a stand-in where its program would be; returns settings for one plot by it."""

    def put(kind: Kind, *, fault: str = "", pace: float = 0.0, **keys: str) -> EngineConfig:
        if kind.real and (fault or pace):
            pytest.skip("a real program does not fail on demand")
        program = Path(kind.real) if kind.real else tmp_path / "bin" / kind.program
        if not kind.real:
            write_standin(program, kind)
            told_to = {"fault": fault, "pace": pace, "plot": str(pool_plot.path)}
            for name in (program.name, f"cuda_plot_k{kind.k}"):
                program.with_name(f"{name}.json").write_text(json.dumps(told_to))
        return config_for(farm, kind, program, keys or {"contract": CONTRACT})

    return put


def write_standin(program: Path, kind: Kind) -> None:
    program.parent.mkdir(exist_ok=True)
    names = (
        {program.name, f"cuda_plot_k{kind.k}"} if "cuda_plot" in program.name else {program.name}
    )
    for name in names:
        file = program.with_name(name)
        file.write_text(
            f"#!{sys.executable} -I\n"
            f"# A stand-in for {name}, which is not installed here.\n"
            f"import sys\nsys.path.insert(0, {str(STANDINS)!r})\n"
            f"from {kind.script} import main\nsys.exit(main())\n"
        )
        file.chmod(0o755)


def config_for(farm: Farm, kind: Kind, program: Path, keys: dict[str, str]) -> EngineConfig:
    farm.root.mkdir()
    config = farm.config(count=1, max_parallel=1, interval=600.0)
    second = (str(farm.root / "second"),) if kind.temp2 else ()
    for folder in second:
        Path(folder).mkdir(exist_ok=True)
    drives = {**config.drives, DriveKind.TEMP: (str(farm.root / "temp1"),), DriveKind.TEMP2: second}
    return replace(
        config,
        drives=drives,
        plot=PlotSettings(
            plotter=kind.plotter, program=program, k=kind.k, compression=kind.compression,
            buckets=256, farmer_key=FARMER, **keys,
        ),
        space=SpaceRules(reserve=0) if kind.real
        else SpaceRules(reserve=0, temp=MIB, temp2=MIB, out=MIB),
    )  # fmt: skip


def in_temps(farm: Farm) -> list[str]:
    """All that stands on the temp drives."""
    folders = [farm.root / name for name in ("temp1", "second") if (farm.root / name).exists()]
    return [str(path.relative_to(farm.root)) for folder in folders for path in folder.rglob("*")]


def in_out(farm: Farm) -> list[str]:
    return [path.name for path in (farm.root / "out").iterdir()]


@each
@pytest.mark.parametrize(
    "keys", [{"contract": CONTRACT}, {"pool_key": POOL}], ids=["contract", "pool key"]
)
async def test_a_plot_is_made_followed_and_proven(install, farm, kind, keys):
    async with farm.running(install(kind, **keys)) as engine:
        (job,) = await ended(engine, 1) if not kind.real else await ended_for_real(engine)
        events = [event.kind for event in await told(engine)]
    assert (job.state, job.exit_code) == (JobState.COMPLETED, 0), job.reason
    (name,) = in_out(farm)
    plot = parse_name(name)
    assert plot is not None
    assert (job.plot_id, job.final_path) == (plot.id, str(farm.root / "out" / name))
    assert (plot.k, plot.compression or 0) == (kind.k, kind.compression)
    assert (job.k, job.fraction, job.stuck) == (kind.k, 1.0, None)
    assert job.total_seconds is not None
    own = [kind for kind in events if kind.value.startswith("job")]
    assert own == [EventKind.JOB_SPAWNED, EventKind.JOB_FINISHED]
    assert in_temps(farm) == []


async def ended_for_real(engine) -> list[Job]:
    async def over() -> bool:
        return any(not job.state.live for job in await engine.jobs())

    await until(engine, over, seconds=86_400)
    return list(await engine.jobs())


LAST_WORDS = {
    "madmax": "thread failed with: fwrite() failed with: No space left on device",
    "gigahorse": "thread failed with: fwrite() failed with: No space left on device",
    "bladebit": "Failed to write to temp file: No space left on device",
}


@each_program
async def test_a_plotter_that_gives_up_is_told_with_its_last_words(install, farm, kind):
    async with farm.running(install(kind, fault="exit")) as engine:
        (job,) = await ended(engine, 1)
        (event,) = await told(engine, EventKind.JOB_FAILED)
    assert (job.state, job.plot_id is None) == (JobState.FAILED, False)
    assert job.exit_code
    assert LAST_WORDS[kind.plotter.split("_")[0]] in (job.reason or "")
    assert event.job == job


@each_program
@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("signal", "killed by SIGKILL; no finished plot of it stands in "),
        ("cut", "exit code 0; "),
    ],
    ids=["killed", "plot cut short"],
)
async def test_what_is_no_whole_plot_is_a_failure(install, farm, kind, fault, says):
    async with farm.running(install(kind, fault=fault)) as engine:
        (job,) = await ended(engine, 1)
    assert job.state is JobState.FAILED
    assert (job.reason or "").startswith(says)
    if fault == "cut":
        assert "bytes" in (job.reason or "")


@each_program
async def test_a_crash_after_the_rename_costs_no_plot(install, farm, kind):
    async with farm.running(install(kind, fault="crash")) as engine:
        (job,) = await ended(engine, 1)
    assert (job.state, job.exit_code) == (JobState.COMPLETED, -6)
    assert "killed by SIGABRT" in (job.reason or "")


STUCK = {
    "madmax": "failed with: No space left on device",
    "gigahorse": "failed with: No space left on device",
    "bladebit": "Waiting 10.0 seconds before trying again...",
}


@each_program
async def test_a_plotter_that_is_stuck_for_ever_is_told_and_can_be_stopped(install, farm, kind):
    async with farm.running(install(kind, fault="stuck")) as engine:
        await until(engine, lambda: has_stuck(engine))
        (event,) = await told(engine, EventKind.JOB_STUCK)
        assert event.job is not None
        assert STUCK[kind.plotter.split("_")[0]] in (event.job.stuck or "")
        result = await engine.stop(event.job.id, "farmer")
    assert (result.job.state, result.left) == (JobState.STOPPED, ())
    assert in_temps(farm) == []


@each
async def test_a_stopped_plotter_leaves_nothing_behind_and_strangers_keep_theirs(
    install, farm, kind
):
    config = install(kind, fault="hang")
    strangers = [farm.root / "temp1" / "t1_0.tmp", farm.root / "temp1" / "plotobot-1" / "t1_0.tmp"]
    for stranger in strangers:
        stranger.parent.mkdir(exist_ok=True)
        stranger.write_text("another plotter's")
    async with farm.running(config) as engine:
        (job,) = await running(engine)
        result = await engine.stop(job.id, "farmer")
    assert (result.job.state, result.left) == (JobState.STOPPED, ())
    assert result.files >= 1
    assert all(stranger.exists() for stranger in strangers)
    assert len(in_temps(farm)) == 3
    assert in_out(farm) == []


@pytest.mark.parametrize("kind", NAMELESS, ids=[kind.plotter for kind in NAMELESS])
async def test_files_without_an_id_stand_in_a_folder_of_the_job_and_go_with_it(install, farm, kind):
    async with farm.running(install(kind, fault="hang")) as engine:
        (job,) = await running(engine)
        await engine.spawn_once()
        (job,) = await engine.jobs()
        inside = in_temps(farm)
        own = f"second/plotobot-{job.id}"
        assert own in inside
        assert any(path.startswith(f"{own}/") for path in inside)
        assert job.temp2_used > 0
        await engine.stop(job.id, "farmer")
    assert in_temps(farm) == []


@pytest.mark.parametrize("kind", NAMELESS, ids=[kind.plotter for kind in NAMELESS])
@pytest.mark.parametrize("fault", ["exit", "signal", "stuck"])
async def test_a_dead_plotter_s_own_folder_goes_too_and_the_journal_knows(
    install, farm, kind, fault
):
    async with farm.running(install(kind, fault=fault)) as engine:
        if fault == "stuck":
            (job,) = await running(engine)
            os.kill((await engine.job(job.id)).pid, 9)
        await ended(engine, 1)
        rows = await engine._parts.store.run(
            lambda db: list(db.execute("SELECT path FROM deletions"))
        )
    assert not [path for path in in_temps(farm) if "plotobot-" in path]
    assert any("plotobot-" in row[0] for row in rows)


@pytest.mark.parametrize("kind", NAMELESS, ids=[kind.plotter for kind in NAMELESS])
async def test_own_folders_are_there_as_long_as_the_plotter_whatever_the_bot_does(
    install, farm, kind
):
    config = install(kind, fault="hang")
    async with farm.running(config) as engine:
        (job,) = await running(engine)
    before = in_temps(farm)
    async with farm.running(config) as engine:
        (job,) = await running(engine)
        assert in_temps(farm) == before
    os.kill(job.pid, 9)  # while nobody is there
    async with farm.running(config) as engine:
        (job,) = await ended(engine, 1)
    assert job.state is JobState.FAILED
    assert any("plotobot-" in path for path in before)
    assert not [path for path in in_temps(farm) if "plotobot-" in path]


@each_program
def test_options_the_real_program_does_not_know_are_refused_by_its_stand_in(
    install, kind, tmp_path
):
    config = install(kind, fault="hang")  # skips where the program is real
    program = plotter(kind.plotter).find(config.plot.program)
    done = subprocess.run(
        [*program.argv, "--no-such-option"], capture_output=True, text=True, timeout=30
    )
    assert done.returncode in (1, 254)
    assert "no-such-option" in done.stderr or "No plot type" in done.stderr


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (KINDS["madmax"], ["-k", "18", "-t", "{}/", "-d", "{}/", "-f", FARMER, "-c", CONTRACT]),
        (KINDS["bladebit_ram"], ["-f", FARMER, "-c", CONTRACT, "-z", "0", "ramplot", "{}"]),
        (KINDS["gigahorse"], ["-C", "7", "-t", "{}/", "-d", "{}/", "-f", FARMER, "-p", POOL]),
    ],
    ids=["madmax", "bladebit", "gigahorse"],
)
def test_several_plots_in_one_run_are_several_in_the_log(install, kind, words, tmp_path):
    config = install(kind, pace=0.0)
    program = plotter(kind.plotter).find(config.plot.program)
    words = [word.format(tmp_path) for word in words]
    done = subprocess.run(
        [*program.argv, "-n", "3", *words], capture_output=True, timeout=60, check=True
    )
    reader = plotter(kind.plotter).reader()
    reader.feed(done.stdout.split(b"\n"))
    assert reader.plots == 2  # after the first
    assert reader.progress.status == "Completed"
    names = [parse_name(path.name) for path in tmp_path.glob("*.plot")]
    assert len(names) == 3
    assert reader.progress.plot_id in {name.id for name in names if name}


async def everything_shown(engine, config: EngineConfig, job_id: str) -> dict[str, str]:
    """All that Plotobot lets anybody see of a job, by where it is seen."""
    jobs = config.jobs_root / job_id
    report = log_report(jobs / "out.log")
    return {
        "job": repr(await engine.job(job_id)),
        "log tail": "\n".join(await engine.log_tail(job_id, 500)),
        "events": str(await engine.undelivered(500)),
        "log report": json.dumps(report),
        "records": "".join(
            path.read_text("utf-8", "replace")
            for path in jobs.iterdir()
            if path.name not in ("spec.json", "out.log")
        ),
        "configuration": repr(config),
    }


@pytest.mark.parametrize(
    ("kind", "fault"),
    [("madmax", ""), ("madmax", "exit"), ("bladebit_ram", ""), ("gigahorse", "stuck")],
)
async def test_no_key_is_shown_anywhere(install, farm, kind, fault, caplog):
    kind = KINDS[kind]
    caplog.set_level("DEBUG")
    keys = {"pool_key": POOL} if fault else {"contract": CONTRACT}
    config = install(kind, fault=fault, **keys)
    async with farm.running(config) as engine:
        if fault == "stuck":
            (job,) = await running(engine)
            await until(engine, lambda: has_stuck(engine))
            await engine.stop(job.id, "farmer")
        (job,) = await ended(engine, 1)
        shown = await everything_shown(engine, config, job.id)
    cli = subprocess.run(
        [sys.executable, "-m", "plotobot", "jobs", "--json", "--state", str(config.state_dir)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    shown |= {"command line": cli.stdout + cli.stderr, "log": caplog.text}
    shown["database"] = (config.state_dir / "plotobot.db").read_bytes().decode("latin-1")
    for where, text in shown.items():
        assert FARMER[6:90] not in text, where
        assert POOL[6:90] not in text, where
        assert CONTRACT[6:56] not in text, where
    assert f"{FARMER[:6]}…{FARMER[-6:]}" in shown["log tail"]
    assert FARMER in (config.jobs_root / job.id / "spec.json").read_text()
    assert (config.jobs_root / job.id / "spec.json").stat().st_mode & 0o077 == 0


async def has_stuck(engine) -> bool:
    return any(job.stuck for job in await engine.jobs())


async def test_a_key_in_the_last_words_is_masked(farm, tmp_path):
    kind = KINDS["madmax"]
    program = tmp_path / "chia_plot"
    program.write_text(
        '#!/bin/sh\ncase "$*" in --version) echo 1.1.8; exit 0; esac\n'
        'echo "Failed to use $*" >&2\nexit 1\n'
    )
    program.chmod(0o755)
    config = config_for(farm, kind, program, {"contract": CONTRACT})
    async with farm.running(config) as engine:
        (job,) = await ended(engine, 1)
        events = str(await engine.undelivered(500))
    assert f"-f {FARMER[:6]}…{FARMER[-6:]} -c {CONTRACT[:6]}…{CONTRACT[-6:]}" in (job.reason or "")
    assert FARMER[6:90] not in events
    assert CONTRACT[6:56] not in events
