"""What the tests of job supervision share: job directories, shims, little plotters."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from plotobot.engine.models import Drive, DriveKind
from plotobot.engine.supervision.finding import Found, State, inspect
from plotobot.engine.supervision.jobdir import Spec, create
from plotobot.engine.supervision.launching import shim_command
from plotobot.plotters import recognise
from plotobot.plotters.recognising import ForeignOrder
from tests.engine.farm import Farm
from tests.engine.strangers import Strangers, strangers_in

ENV = {"PATH": "/usr/bin:/bin"}


@pytest.fixture
def jobs(tmp_path: Path) -> Path:
    """A jobs root."""
    return tmp_path / "jobs"


@pytest.fixture
def shell() -> Callable[..., Spec]:
    """Makes the spec of a job that runs a shell script."""

    def spec(script: str, **job: object) -> Spec:
        return Spec(("/bin/sh", "-c", script), "/", ENV, job)

    return spec


@pytest.fixture
def run_shim(jobs: Path) -> Callable[..., tuple[int, Path]]:
    """Makes a job, runs its shim to the end as the bot would, returns its code and directory."""

    def run(spec: Spec, name: str = "job") -> tuple[int, Path]:
        directory = create(jobs, name, spec)
        return again(directory), directory

    return run


def again(directory: Path) -> int:
    """Run the shim of a job that exists."""
    return subprocess.run(shim_command(directory), timeout=30, start_new_session=True).returncode


@pytest.fixture
def rerun() -> Callable[[Path], int]:
    """Runs the shim of an existing job."""
    return again


@pytest.fixture
def until_state() -> Callable[[Path, State], Found]:
    """Waits until a job directory shows a state."""

    def wait(directory: Path, *states: State) -> Found:
        deadline = time.monotonic() + 30
        while (found := inspect(directory)).state not in states:
            assert time.monotonic() < deadline, found
            time.sleep(0.01)
        return found

    return wait


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process that has nothing to do with any plot, and must live through the test."""
    process = subprocess.Popen(["/bin/sleep", "60"], start_new_session=True)
    yield process
    assert process.poll() is None, "a stranger was signalled"
    process.kill()
    process.wait()


def needs_root(what: str) -> None:
    """Skip where root is missing; fail in CI, where it must not be."""
    if sys.platform == "linux" and os.geteuid() == 0:
        return
    if os.environ.get("CI"):
        pytest.fail(f"{what} needs root, which CI must have")
    pytest.skip(f"{what} needs root")


@pytest.fixture
def as_root() -> Callable[[str], None]:
    """Skips (in CI: fails) a test that needs root."""
    return needs_root


@pytest.fixture
def farm(tmp_path: Path) -> Farm:
    """An empty farm, for a whole engine."""
    return Farm(tmp_path)


@pytest.fixture
def strangers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Strangers]:
    """Other people's plotters below `tmp_path`; those elsewhere on this machine are not seen."""

    def mine(argv: Sequence[str]) -> ForeignOrder | None:
        return recognise(argv) if _below(argv, tmp_path) else None

    monkeypatch.setattr("plotobot.engine.foreign.recognise", mine)
    yield from strangers_in(tmp_path)


def _below(argv: Sequence[str], root: Path) -> bool:
    return any(str(root) in word for word in argv) or "-d=out" in argv


@pytest.fixture
def only_own_open_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests on this machine may hold plots of the same ids open."""
    monkeypatch.setattr("plotobot.engine.clearing.psutil.pids", lambda: [os.getpid()])


@pytest.fixture
def drives(tmp_path: Path) -> list[Drive]:
    """A temp, a temp2 and an out drive on one file system."""
    kinds = (DriveKind.TEMP, DriveKind.TEMP2, DriveKind.OUT)
    for kind in kinds:
        (tmp_path / kind.value).mkdir()
    return [Drive(kind, str(tmp_path / kind.value), "fs") for kind in kinds]
