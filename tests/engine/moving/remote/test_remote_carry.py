"""Real plots to a real rsync daemon and a real sshd."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from plotobot.engine.moving.apart import probe_name
from plotobot.engine.moving.base import (
    DestinationAway,
    MoveRefused,
    MoveState,
    Space,
    Verify,
)
from plotobot.engine.moving.remote.commands import PART, Access
from plotobot.engine.moving.remote.journal import Journal
from tests.engine.moving.remote.conftest import needs
from tests.engine.moving.remote.hosts import Cable, Host, free_port, ssh_host


def landed(order, far: Path, plot) -> bool:
    """It is over there, whole and alone, and no longer here."""
    there = far / order.source.name
    assert there.read_bytes() == plot.path.read_bytes()
    assert [entry.name for entry in far.iterdir()] == [there.name]
    return not order.source.exists()


def copying():
    """The rsync processes on this side: those of the hosts are below this process, too."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            there = {"--daemon", "--server"} & set(child.cmdline())
            if child.name() == "rsync" and not there:
                found.append(child)
    return found


async def until(what, seconds=20.0):
    async with asyncio.timeout(seconds):
        while not what():
            await asyncio.sleep(0.02)


async def test_a_plot_is_taken_there_whole_and_then_removed_here(
    host, to, order, pool_plot, far, steps
):
    job = order(pool_plot)
    mode = job.source.stat().st_mode

    found = await to(host).carry(job, steps.append)

    assert landed(job, far, pool_plot)
    assert found.size == job.ident.size
    assert found.path == f"{to(host).name}/{job.source.name}"
    assert (far / job.source.name).stat().st_mode == mode
    assert {step.state for step in steps} == {MoveState.COPYING, MoveState.VERIFYING}
    assert [step.done for step in steps if step.state is MoveState.COPYING][-1] == found.size
    assert not list(far.parents[1].rglob("oops"))


async def test_the_same_order_again_says_that_it_is_done(host, to, order, pool_plot, far, steps):
    job = order(pool_plot)
    first = await to(host).carry(job, steps.append)

    again = await to(host).carry(job, steps.append)

    assert again == dataclasses.replace(first, resumed_from=job.ident.size)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("-rf --delete.plot", id="option"),
        pytest.param("a b  c.plot", id="spaces"),
        pytest.param('it\'s "$(touch oops)" `touch oops`;&|.plot', id="shell"),
        pytest.param("*[a-z]?{x,y}\\.plot", id="wildcards"),
        pytest.param("two\nlines\r.plot", id="lines"),
        pytest.param("host:name.plot", id="colon"),
        pytest.param(b"caf\xe9\xff.plot", id="not UTF-8"),
        pytest.param("n" * 250 + ".plot", id="255 bytes"),
        pytest.param(".plot", id="hidden"),
    ],
)
async def test_any_name_that_a_file_may_have(daemon, to, order, pool_plot, far, steps, name):
    job = order(pool_plot, name)

    found = await to(daemon).carry(job, steps.append)

    assert landed(job, far, pool_plot)
    assert found.path.isprintable()
    assert not list(far.parents[1].rglob("oops"))


async def test_a_name_never_comes_before_the_other_hosts_shell(
    sshd, to, order, pool_plot, far, steps
):
    job = order(pool_plot, b"- $(touch oops) `touch oops` \n;touch oops;\n'\"*\xff.plot")

    await to(sshd).carry(job, steps.append)

    assert landed(job, far, pool_plot)
    assert not list(far.parents[1].rglob("oops"))
    assert not Path("~/oops").expanduser().exists()


async def test_what_is_found_whole_there_is_not_sent_again(daemon, to, order, big_plot, far, steps):
    job = order(big_plot)
    shutil.copyfile(job.source, far / job.source.name)
    async with Cable(daemon.service.port) as cable:
        found = await to(daemon, address=daemon.address(port=cable.port)).carry(job, steps.append)
        sent = cable.sent

    assert landed(job, far, big_plot)
    assert found.resumed_from == job.ident.size
    assert sent < 10_000


@pytest.mark.parametrize("verify", list(Verify))
async def test_an_address_that_leads_back_to_the_plot_takes_nothing(
    host, to, order, pool_plot, far, steps, verify
):
    job = order(pool_plot, verify=verify)
    job.source.with_name(probe_name(job.id)).touch()  # a try that was killed left it
    far.rmdir()
    far.symlink_to(job.source.parent)

    with pytest.raises(MoveRefused, match=r"leads back to .*temp drive") as caught:
        await to(host).carry(job, steps.append)

    assert str(caught.value).isprintable()
    assert job.source.read_bytes() == pool_plot.path.read_bytes()
    assert list(job.source.parent.iterdir()) == [job.source]


async def test_a_landed_plot_stays_where_its_address_has_come_to_lead_back(
    daemon, to, order, pool_plot, far, steps, tmp_path
):
    job = order(pool_plot)
    Journal(tmp_path / "state", job, to(daemon).name).write("landed")
    far.rmdir()
    far.symlink_to(job.source.parent)

    with pytest.raises(MoveRefused, match="leads back to"):
        await to(daemon).carry(job, steps.append)

    assert job.source.read_bytes() == pool_plot.path.read_bytes()


@pytest.mark.parametrize("verify", list(Verify))
async def test_a_byte_flipped_there_at_the_same_size_and_time_is_seen(
    daemon, to, order, pool_plot, far, steps, verify
):
    job = order(pool_plot, verify=verify)
    there = far / job.source.name
    shutil.copyfile(job.source, there)
    with there.open("r+b") as file:
        file.seek(1_000_000)
        byte = file.read(1)[0]
        file.seek(1_000_000)
        file.write(bytes([byte ^ 1]))
    os.utime(there, ns=(job.ident.mtime_ns, job.ident.mtime_ns))
    before = there.read_bytes()

    with pytest.raises(MoveRefused, match="another file named"):
        await to(daemon).carry(job, steps.append)

    assert job.source.read_bytes() == pool_plot.path.read_bytes()
    assert there.read_bytes() == before


@pytest.mark.parametrize("kind", ["file", "folder", "full folder", "link"])
async def test_a_name_that_is_taken_is_left_as_it_is(
    daemon, to, order, pool_plot, far, steps, kind, tmp_path
):
    job = order(pool_plot)
    there, elsewhere = far / job.source.name, tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    if kind == "file":
        there.write_text("mine")
    elif kind == "link":
        there.symlink_to(elsewhere)
    else:
        there.mkdir()
        if kind == "full folder":
            (there / "mine").write_text("mine")

    with pytest.raises((MoveRefused, DestinationAway)):
        await to(daemon).carry(job, steps.append)

    assert job.source.exists()
    assert elsewhere.read_text() == "mine"
    if kind == "file":
        assert there.read_text() == "mine"
    elif kind == "link":
        assert there.is_symlink()
    else:
        assert there.is_dir()


async def test_a_copy_that_broke_off_sends_only_what_is_missing(
    daemon, to, order, big_plot, far, steps
):
    job = order(big_plot, bandwidth=2 << 20)
    async with Cable(daemon.service.port) as cable:
        where = to(daemon, address=daemon.address(port=cable.port))
        moving = asyncio.create_task(where.carry(job, steps.append))
        await until(lambda: cable.sent > job.ident.size // 2)
        for process in copying():
            process.kill()
        with pytest.raises(DestinationAway, match=PART):
            await moving
        part = far / PART / job.source.name
        await asyncio.sleep(0.3)
        missing = job.ident.size - part.stat().st_size
        assert 0 < missing < job.ident.size
        cable.sent = 0
        found = await where.carry(dataclasses.replace(job, bandwidth=None), steps.append)
        sent = cable.sent

    assert landed(job, far, big_plot)
    assert sent <= missing * 1.1
    assert found.resumed_from >= (job.ident.size - missing) * 0.9


async def test_a_host_that_dies_leaves_no_litter_that_is_never_used(
    daemon, to, order, big_plot, far, steps
):
    job = order(big_plot, bandwidth=2 << 20)
    moving = asyncio.create_task(to(daemon).carry(job, steps.append))
    await until(lambda: any(step.done > 1_000_000 for step in steps))
    daemon.service.die()
    with pytest.raises(DestinationAway):
        await moving
    names = [path.name for path in far.rglob("*") if path.is_file()]
    assert names == [job.source.name]
    assert not (far / job.source.name).exists()
    daemon.service.start()

    found = await to(daemon).carry(job, steps.append)

    assert landed(job, far, big_plot)
    assert found.resumed_from > 1_000_000


async def test_a_cancelled_move_is_over_in_seconds_and_goes_on_later(
    host, to, order, big_plot, far, steps
):
    job = order(big_plot, bandwidth=2 << 20)
    moving = asyncio.create_task(to(host).carry(job, steps.append))
    await until(lambda: any(step.done > 1_000_000 for step in steps))
    processes = copying()
    moving.cancel()
    async with asyncio.timeout(20):
        with pytest.raises(asyncio.CancelledError):
            await moving
    assert processes
    assert not copying()
    assert job.source.exists()
    assert not (far / job.source.name).exists()
    await asyncio.sleep(0.3)

    found = await to(host).carry(dataclasses.replace(job, bandwidth=None), steps.append)

    assert landed(job, far, big_plot)
    assert found.resumed_from > 1_000_000


async def test_a_host_that_hangs_counts_as_away(daemon, to, order, big_plot, far, steps):
    job = order(big_plot, bandwidth=2 << 20)
    async with Cable(daemon.service.port) as cable:
        where = to(daemon, address=daemon.address(port=cable.port), patience=2)
        moving = asyncio.create_task(where.carry(job, steps.append))
        await until(lambda: any(step.done > 1_000_000 for step in steps))
        cable.hang()
        async with asyncio.timeout(40):
            with pytest.raises(DestinationAway, match="goes on"):
                await moving
    assert job.source.exists()
    assert not copying()


async def test_a_plot_that_changed_meanwhile_stays(daemon, to, order, big_plot, far, steps):
    job = order(big_plot, bandwidth=2 << 20)
    moving = asyncio.create_task(to(daemon).carry(job, steps.append))
    await until(lambda: any(step.done > 1_000_000 for step in steps))
    os.utime(job.source, ns=(1, 1))

    with pytest.raises(MoveRefused, match="has changed"):
        await moving

    assert job.source.exists()


@pytest.mark.parametrize("state", ["planned", "landed"])
async def test_a_plot_that_is_gone_counts_as_moved_only_once_it_was_proven(
    daemon, to, order, pool_plot, steps, tmp_path, state
):
    job = order(pool_plot)
    where = to(daemon)
    await where.carry(job, steps.append)
    record = tmp_path / "state" / "moves" / f"{job.id}.json"
    record.write_text(record.read_text().replace('"done"', f'"{state}"'))

    if state == "landed":
        assert (await where.carry(job, steps.append)).size == job.ident.size
    else:
        with pytest.raises(MoveRefused, match="cannot be moved"):
            await where.carry(job, steps.append)


@pytest.mark.parametrize(
    ("path", "error", "words"),
    [
        pytest.param("/nowhere", MoveRefused, "no such module", id="wrong module"),
        pytest.param("/locked", MoveRefused, "read-only", id="read-only module"),
        pytest.param("/crowded", DestinationAway, "too many connections", id="full daemon"),
        pytest.param("/secret", MoveRefused, "does not take the password", id="no password"),
        pytest.param("/plots/not/there", DestinationAway, "no such folder", id="no folders"),
        pytest.param("/plots/unmounted", DestinationAway, "no such folder", id="no folder"),
    ],
)
async def test_a_daemon_that_says_no(daemon, to, order, pool_plot, far, steps, path, error, words):
    job = order(pool_plot)

    with pytest.raises(error, match=words):
        await to(daemon, address=daemon.address(path)).carry(job, steps.append)

    assert job.source.exists()
    assert not list(far.iterdir())


async def test_a_folder_that_is_not_there_over_ssh_is_not_made(
    sshd, to, order, pool_plot, far, steps
):
    job, where = order(pool_plot), to(sshd, address=sshd.address(f"{sshd.path}/unmounted"))

    with pytest.raises(DestinationAway, match="no such folder"):
        await where.carry(job, steps.append)
    with pytest.raises(DestinationAway, match="no such folder"):
        await where.space()

    assert job.source.exists()
    assert not list(far.iterdir())


@pytest.mark.parametrize("right", [True, False])
async def test_a_daemons_password_comes_from_a_file_and_goes_nowhere_else(
    daemon, to, order, pool_plot, far, steps, tmp_path, right, caplog, monkeypatch
):
    monkeypatch.setenv("RSYNC_PASSWORD", "from-the-environment")
    monkeypatch.setenv("PLOTOBOT_TOKEN", "discord-token")
    secret = "hunter2hunter2" if right else "correct-horse"
    file = tmp_path / "password"
    file.write_text(secret + "\n")
    file.chmod(0o600)
    address = daemon.address("/secret").replace("//", "//farmer@")
    where = to(daemon, address=address, access=Access(password_file=file))
    job = order(pool_plot, bandwidth=2 << 20)

    moving = asyncio.create_task(where.carry(job, steps.append))
    seen = set()
    while not moving.done():
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                seen.update(process.cmdline())
                seen.update(process.environ().values())
        await asyncio.sleep(0.05)

    error = "" if right else str(moving.exception())
    assert right or "does not take the password" in error
    assert seen
    told = [*seen, where.name, where.disk, error, caplog.text, repr(where)]
    for word in (secret, "from-the-environment", "discord-token"):
        assert not [text for text in told if word in text]
    assert job.source.exists() is not right


async def test_a_password_file_that_others_can_read_is_refused(
    daemon, to, order, pool_plot, steps, tmp_path
):
    file = tmp_path / "password"
    file.write_text("x")
    file.chmod(0o644)

    with pytest.raises(MoveRefused, match="chmod 600"):
        await to(daemon, access=Access(password_file=file)).carry(order(pool_plot), steps.append)


@pytest.mark.parametrize("wrong", ["key", "host key", "no host key", "port"])
async def test_ssh_that_does_not_let_us_in(sshd, to, order, pool_plot, steps, tmp_path, wrong):
    other = ssh_host(tmp_path / "other", tmp_path)
    _name, stranger = other.access.known_hosts.read_text().split(" ", 1)
    access, address, error, words = sshd.access, None, MoveRefused, "host key"
    if wrong == "key":
        access = dataclasses.replace(access, key=other.access.key)
        words = "does not take the key"
    elif wrong == "host key":
        access.known_hosts.write_text(f"[127.0.0.1]:{sshd.service.port} {stranger}")
    elif wrong == "no host key":
        access.known_hosts.write_text("")
    else:
        address, error, words = sshd.address(port=free_port()), DestinationAway, "does not answer"
    job = order(pool_plot)
    where = to(sshd, address=address, access=access)

    with pytest.raises(error, match=words):
        await where.carry(job, steps.append)
    with pytest.raises(DestinationAway, match=words):
        await where.space()

    assert job.source.exists()


async def test_a_daemon_that_is_off_is_away(daemon, to, order, pool_plot, steps):
    daemon.service.die()
    job = order(pool_plot)

    with pytest.raises(DestinationAway, match="does not answer"):
        await to(daemon).carry(job, steps.append)

    assert job.source.exists()


async def test_room_is_told_over_ssh_and_unknown_of_a_daemon(daemon, sshd, to, far):
    space, real = await to(sshd).space(), os.statvfs(far)

    assert isinstance(space, Space)
    assert space.total == real.f_blocks * real.f_frsize
    assert abs(space.free - real.f_bavail * real.f_frsize) < 1 << 30
    assert await to(daemon).space() is None


async def test_what_cannot_fit_over_ssh_is_not_begun(sshd, to, order, pool_plot, far, steps):
    job = order(pool_plot, reserve=1 << 60)

    with pytest.raises(MoveRefused, match="GiB are needed") as refused:
        await to(sshd).carry(job, steps.append)

    assert refused.value.full
    assert job.source.exists()
    assert not list(far.iterdir())


@pytest.fixture
def fenced(tmp_path, far) -> Iterator[Callable[[str], Host]]:
    """Makes a host whose key may run one command only."""
    needs("rsync", "rrsync", "ssh", "sshd", "ssh-keygen")
    hosts = []

    def make(command: str) -> Host:
        host = ssh_host(tmp_path / "fenced", far, f'command="{command}",restrict')
        host.service.start()
        hosts.append(host)
        return host

    yield make
    for host in hosts:
        host.service.die()


async def test_a_key_that_rrsync_fences_in(fenced, to, order, pool_plot, steps, tmp_path):
    plots = tmp_path / "fenced plots"
    plots.mkdir()
    host = fenced(f"rrsync -wo -no-del '{plots}'")
    job, where = order(pool_plot), to(host, address=host.address("/"))

    assert await where.space() is None
    await where.carry(job, steps.append)

    (plots / PART).rmdir()  # rrsync makes its path absolute, and then rsync leaves it, empty
    assert landed(job, plots, pool_plot)


async def test_a_fence_that_keeps_part_files_out_is_named(
    fenced, to, order, pool_plot, steps, tmp_path
):
    host, job = fenced(f"rrsync -wo -no-overwrite '{tmp_path}'"), order(pool_plot)

    with pytest.raises(MoveRefused, match="rrsync -wo -no-del"):
        await to(host, address=host.address("/")).carry(job, steps.append)

    assert job.source.exists()


async def test_a_host_that_compares_nothing_is_not_believed(
    fenced, to, order, pool_plot, far, steps, tmp_path
):
    """As rrsync -no-overwrite did before 3.5: the dry run prints nothing, whatever is there."""
    fence = tmp_path / "fence.sh"
    fence.write_text(
        'eval "set -- $SSH_ORIGINAL_COMMAND"; shift 2\nexec rsync --server --ignore-existing "$@"\n'
    )
    host, job = fenced(f"sh '{fence}'"), order(pool_plot)
    shutil.copyfile(job.source, far / job.source.name)

    with pytest.raises(MoveRefused, match="does not compare"):
        await to(host).carry(job, steps.append)

    assert job.source.exists()


async def test_without_rsync_here_the_sentence_says_so(daemon, to, order, pool_plot, steps):
    with pytest.raises(MoveRefused, match="install it"):
        await to(daemon, program="no-such-rsync").carry(order(pool_plot), steps.append)


@pytest.fixture
def small_far(far):
    """The other host's folder on a disk of 3 MiB."""
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(far)], capture_output=True
    )
    if done.returncode and os.environ.get("CI"):
        pytest.fail(f"CI must be able to mount: {done.stderr!r}")
    if done.returncode:
        pytest.skip(f"no mounts here: {done.stderr!r}")
    yield far
    subprocess.run(["umount", "-l", str(far)], check=True)


@pytest.mark.mounts
async def test_a_full_disk_there_is_told_as_full(small_far, host, to, order, pool_plot, steps):
    job = order(pool_plot)

    with pytest.raises(MoveRefused, match=r"has no room|are needed") as refused:
        await to(host).carry(job, steps.append)

    assert refused.value.full
    assert job.source.read_bytes() == pool_plot.path.read_bytes()
    assert not (small_far / job.source.name).exists()
    if host.scheme == "rsync":
        assert f"{PART}/{job.source.name}" in str(refused.value)
