"""Hosts to move to, and plots to move."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from plotobot.engine.moving.base import Ident, MoveOrder, Step
from plotobot.engine.moving.remote.address import parse_address
from plotobot.engine.moving.remote.commands import Access
from plotobot.engine.moving.remote.destination import RsyncDestination
from tests.engine.moving.remote.hosts import Host, rsync_daemon, ssh_host
from tests.little_plots import CONTRACT, FARMER_PK, SECRET, RealPlot, make_plot


def needs(*programs: str) -> None:
    """Skip where a program is missing; fail in CI, which must have it."""
    path = f"{os.environ['PATH']}:/usr/sbin"
    missing = [program for program in programs if shutil.which(program, path=path) is None]
    if missing and os.environ.get("CI"):
        pytest.fail(f"CI must have {', '.join(missing)}")
    if missing:
        pytest.skip(f"{', '.join(missing)} is not installed")


@pytest.fixture
def far(tmp_path: Path) -> Path:
    """The other host's folder for plots, with a name that a shell would break."""
    folder = tmp_path / "the other host" / 'it\'s $(touch oops) "plots" & more; #!{x,y}|<z>'
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def daemon(tmp_path: Path, far: Path) -> Iterator[Host]:
    needs("rsync")
    host = rsync_daemon(tmp_path / "daemon", far)
    host.service.start()
    yield host
    host.service.die()


@pytest.fixture
def sshd(tmp_path: Path, far: Path) -> Iterator[Host]:
    needs("rsync", "ssh", "sshd", "ssh-keygen")
    host = ssh_host(tmp_path / "sshd", far)
    host.service.start()
    yield host
    host.service.die()


@pytest.fixture(params=["daemon", "sshd"])
def host(request: pytest.FixtureRequest) -> Host:
    """Each way of getting there."""
    found: Host = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def big_plot(tmp_path_factory: pytest.TempPathFactory) -> RealPlot:
    """A k19 plot: 8 MB."""
    memo = CONTRACT + FARMER_PK + SECRET
    return make_plot(tmp_path_factory.mktemp("big"), 19, memo, bytes(range(64, 96)))


@pytest.fixture
def order(tmp_path: Path) -> Callable[..., MoveOrder]:
    """Puts a copy of a plot on the temp drive and orders its move."""
    numbers = count()

    def make(plot: RealPlot, name: str | bytes | None = None, **more: object) -> MoveOrder:
        folder = tmp_path / "temp drive"
        folder.mkdir(exist_ok=True)
        source = folder / os.fsdecode(plot.path.name if name is None else name)
        shutil.copyfile(plot.path, source)
        now = source.lstat()
        ident = Ident(now.st_size, now.st_mtime_ns, now.st_ino)
        return MoveOrder(f"move{next(numbers)}", source, ident, **more)

    return make


@pytest.fixture
def to(tmp_path: Path) -> Callable[..., RsyncDestination]:
    """Makes a destination of a host, as the settings would."""

    def make(
        host: Host, *, address: str | None = None, access: Access | None = None, **more: object
    ) -> RsyncDestination:
        where = parse_address(address or host.address())
        return RsyncDestination(where, tmp_path / "state", access or host.access, **more)

    return make


@pytest.fixture
def steps() -> list[Step]:
    """What was told; pass its `append`."""
    return []
