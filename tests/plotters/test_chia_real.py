"""A plot by the real `chia plots create` at its smallest size, through the whole engine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from plotobot.app import running_engine
from plotobot.engine.config import EngineConfig, Limits, PlotSettings, SpaceRules
from plotobot.engine.engine import PlottingEngine
from plotobot.engine.models import DriveKind, EventKind, Job, JobState
from plotobot.plots.address import encode_address
from plotobot.plots.headers import MemoKind, read_header
from plotobot.plotters.chia import Chia
from plotobot.plotters.log_report import log_report

VERSION = "2.7.5"
CHECKOUT = Path(__file__).parents[2]
MADE_IN_TIME = 600.0
"""Seconds; two quiet cores need 110."""
MAKE_KEY = "from chia_rs import AugSchemeMPL; print(AugSchemeMPL.key_gen(b'7' * 32).get_g1())"
CONTRACT = encode_address(bytes(range(32)))

pytestmark = pytest.mark.chia


@dataclass(frozen=True)
class RealChia:
    """An installed chia that has been set up, and a farmer key of its own making."""

    program: Path
    root: Path
    farmer_key: str


def install(folder: Path, neutral: Path) -> None:
    """Install chia into an environment of its own, once; a half-made one is made again.

    uv runs in a neutral folder: in the checkout it would hold chia to Plotobot's own constraints.
    """
    whole = folder / "whole"
    if whole.exists():
        return
    uv = [sys.executable, "-m", "uv"]
    for command in (
        [*uv, "venv", "-q", "--clear", "--python", sys.executable, str(folder)],
        [*uv, "pip", "install", "-q", "--python", str(folder), f"chia-blockchain=={VERSION}"],
    ):
        done = subprocess.run(command, cwd=neutral, capture_output=True, text=True, check=False)
        if done.returncode:
            reason = f"chia {VERSION} cannot be installed: {done.stderr.strip()[-300:]}"
            pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    whole.touch()


@pytest.fixture(scope="session")
def chia(tmp_path_factory: pytest.TempPathFactory) -> RealChia:
    """The chia that PLOTOBOT_TEST_CHIA names, else one installed into the checkout's cache."""
    root = tmp_path_factory.mktemp("chia")
    environment = CHECKOUT / ".cache" / f"chia-{VERSION}"
    named = os.environ.get("PLOTOBOT_TEST_CHIA")
    if not named:
        install(environment, root)
    program = Path(named) if named else environment / "bin" / "chia"
    told = {**os.environ, "CHIA_ROOT": str(root)}
    # Without its settings file `chia plots create` refuses to begin.
    subprocess.run([program, "init"], env=told, check=True, capture_output=True)
    key = subprocess.run(
        [program.with_name("python"), "-c", MAKE_KEY], check=True, capture_output=True, text=True
    )
    return RealChia(program, root, key.stdout.strip())


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """An out folder, on another file system where there is one, so that the plot is copied."""
    memory = Path("/dev/shm")
    if memory.is_dir() and memory.stat().st_dev != tmp_path.stat().st_dev:
        with tempfile.TemporaryDirectory(dir=memory) as folder:
            yield Path(folder)
        return
    out = tmp_path / "out"
    out.mkdir()
    yield out


@pytest.fixture
def config(
    chia: RealChia, tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> EngineConfig:
    """One plot of k25. CHIA_ROOT reaches chia the way it does on a farm: from the bot's own."""
    monkeypatch.setenv("CHIA_ROOT", str(chia.root))
    temp = tmp_path / "temp"
    temp.mkdir()
    return EngineConfig(
        machine="testfarm",
        state_dir=tmp_path / "state",
        drives={
            **dict.fromkeys(DriveKind, ()),
            DriveKind.TEMP: (str(temp),),
            DriveKind.OUT: (str(elsewhere),),
        },
        plot=PlotSettings(
            plotter="chia",
            program=chia.program,
            k=25,
            buffer_mib=1024,
            farmer_key=chia.farmer_key,
            contract=CONTRACT,
        ),
        limits=Limits(count=1, interval=1.0),
        space=SpaceRules(reserve=0),
        foreign=False,
    )


async def watched(engine: PlottingEngine) -> tuple[Job, list[str]]:
    """The only job once it has ended, and every status it showed, in order."""
    seen: list[str] = []
    async with asyncio.timeout(MADE_IN_TIME):
        while True:
            for job in await engine.jobs():
                if job.status not in seen[-1:]:
                    seen.append(job.status)
                if not job.state.live:
                    return job, seen
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(engine.changed(), 0.2)


def test_chia_is_found_with_its_version(chia: RealChia) -> None:
    found = Chia().find(chia.program)
    assert found.argv == (str(chia.program),)
    assert found.version == VERSION or "PLOTOBOT_TEST_CHIA" in os.environ


async def test_a_plot_by_chia_is_followed_through_its_phases_and_proven(
    config: EngineConfig, chia: RealChia, elsewhere: Path
) -> None:
    async with running_engine(config) as engine:
        job, seen = await watched(engine)
        events = [event.kind for event in await engine.undelivered()]
    report = log_report(config.jobs_root / job.id / "out.log")

    assert (job.state, job.exit_code, job.reason) == (JobState.COMPLETED, 0, None)
    phases = [status[:1] for status in seen if status[0].isdigit()]
    assert list(dict.fromkeys(phases)) == ["1", "2", "3", "4"]
    assert seen[-1] == "Completed"  # the copy into memory may be over between two looks
    assert all(job.phase_seconds)
    assert job.total_seconds is not None
    copied = elsewhere.stat().st_dev != config.state_dir.stat().st_dev
    assert (job.copy_seconds is not None) == copied
    assert [kind for kind in events if kind.value.startswith("job")] == [
        EventKind.JOB_SPAWNED,
        EventKind.JOB_FINISHED,
    ]

    (plot,) = elsewhere.iterdir()
    header = read_header(plot)
    assert (job.final_path, job.final_size) == (str(plot), plot.stat().st_size)
    assert (header.k, header.id, header.memo) == (25, job.plot_id, MemoKind.CONTRACT)
    assert (header.farmer_pk, header.contract_address) == (chia.farmer_key, CONTRACT)
    assert (header.exact, header.truncated, header.expected_size) == (True, False, header.size)

    assert (report["plotter"], report["k"], report["status"]) == ("chia", 25, "Completed")
    assert (report["plot_id"], report["final_path"]) == (job.plot_id, str(plot))
    temp = config.drives[DriveKind.TEMP][0]
    assert list(Path(temp).iterdir()) == []
