"""The protocol of a move within one process: what it does, what it refuses, how it goes on."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import stat
import time
from dataclasses import replace
from pathlib import Path

import pytest

from plotobot.engine.moving import apart, carrier, system
from plotobot.engine.moving.apart import probe_name
from plotobot.engine.moving.base import (
    DestinationAway,
    Ident,
    MoveDelayed,
    MoveRefused,
    MoveState,
    Verify,
)
from plotobot.engine.moving.carrier import carry, discard
from plotobot.engine.moving.copying import _Copier
from plotobot.engine.moving.errand import from_plain, to_plain
from plotobot.engine.moving.journal import forget
from plotobot.engine.moving.marker import mark_drive
from plotobot.engine.moving.part import part_name
from plotobot.engine.moving.places import Place
from tests.engine.drives.conftest import Disks, run
from tests.engine.moving.conftest import MIB, Farm, ident, quiet


class Crash(BaseException):
    """The process is gone."""


def at(point: str, happens):
    """Lets something happen once, when a move passes a point."""

    def passed(name: str) -> None:
        if name == point:
            happens()

    return passed


def crash() -> None:
    raise Crash


def part_of(farm: Farm) -> Path:
    return farm.folder / part_name(farm.plot.name)


def refusal(farm: Farm, point=carrier.nowhere, **changes: object) -> MoveRefused:
    """The refusal of a move, in one sentence of one line."""
    with pytest.raises(MoveRefused) as caught:
        carry(farm.errand(**changes), quiet, point)
    assert str(caught.value).isprintable()
    return caught.value


# What a move does.


@pytest.mark.usefixtures("copying")
def test_a_plot_is_copied_and_its_source_removed(farm: Farm, verify: Verify) -> None:
    steps = []
    landed = carry(farm.errand(verify=verify), steps.append)

    assert farm.is_moved()
    assert (landed.path, landed.size) == (str(farm.landed), len(farm.bytes))
    assert not landed.renamed
    copied = [step.done for step in steps if step.state is MoveState.COPYING]
    assert copied == sorted(copied)
    assert copied[-1] == len(farm.bytes)


@pytest.mark.usefixtures("copying")
def test_a_move_tells_what_room_it_may_still_take(
    farm: Farm, verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is reserved counts as taken, and so does what an earlier try left."""
    size, steps = len(farm.bytes), []

    def reserve(fd: int, size: int) -> None:
        if reserves:
            os.posix_fallocate(fd, 0, size)

    monkeypatch.setattr(system, "reserve", reserve)
    reserves = False
    with pytest.raises(Crash):
        carry(farm.errand(verify=verify), steps.append, at("mid_copy", crash))
    assert all(step.left == size - step.done for step in steps)

    reserves, first = True, steps[-1].left
    steps.clear()
    carry(farm.errand(verify=verify), steps.append)
    before = [step.left for step in steps if step.left]
    assert all(0 < left <= size - MIB for left in before), "the kept chunk is there"
    assert steps[-1].left == 0
    assert all(step.left == 0 for step in steps if step.state is MoveState.COPYING)
    assert first > 0


@pytest.mark.usefixtures("copying")
def test_the_copy_has_the_time_and_the_rights_of_the_plot(farm: Farm) -> None:
    farm.plot.chmod(0o640)
    os.utime(farm.plot, ns=(10**18, 10**18))
    carry(farm.errand(), quiet)
    found = farm.landed.stat()
    assert stat.S_IMODE(found.st_mode) == 0o640
    assert found.st_mtime_ns == 10**18


def test_on_one_file_system_only_the_name_moves(farm: Farm) -> None:
    inode = farm.plot.stat().st_ino
    landed = carry(farm.errand(), quiet)
    assert farm.is_moved()
    assert landed.renamed
    assert farm.landed.stat().st_ino == inode


def test_a_move_that_is_done_says_the_same_again(farm: Farm) -> None:
    errand = farm.errand()
    assert carry(errand, quiet) == carry(errand, quiet)


@pytest.mark.usefixtures("copying")
def test_no_plot_stands_there_before_it_is_whole(farm: Farm) -> None:
    seen = []

    def look(*_: object) -> None:
        seen.append(farm.landed.exists() and farm.landed.read_bytes() != farm.bytes)
        assert farm.names() <= {farm.landed.name, part_name(farm.plot.name)}

    carry(farm.errand(), look, look)
    assert len(seen) > 20
    assert not any(seen)


@pytest.mark.usefixtures("copying")
def test_a_bandwidth_is_kept_to(farm: Farm) -> None:
    start = time.monotonic()
    carry(farm.errand(bandwidth=6 * MIB), quiet)
    assert time.monotonic() - start >= len(farm.bytes) / (6 * MIB) * 0.9


@pytest.mark.usefixtures("copying")
@pytest.mark.parametrize(
    "name",
    [b"-rf.plot", b"a\nb.plot", b'a "b" $(c).plot', b"\xff\xfe.plot", b"x" * 250 + b".plot"],
    ids=["options", "newline", "quotes", "no UTF-8", "255 bytes"],
)
def test_hostile_names_are_moved_like_others(farm: Farm, name: bytes) -> None:
    named = farm.out / os.fsdecode(name)
    farm.plot.rename(named)
    errand = from_plain(
        json.loads(json.dumps(to_plain(farm.errand(source=named, ident=ident(named)))))
    )

    landed = carry(errand, quiet)

    assert landed.path.isprintable()
    assert [os.fsencode(one) for one in farm.names()] == [name]
    assert (farm.folder / named.name).read_bytes() == farm.bytes
    assert not named.exists()


@pytest.mark.usefixtures("copying")
def test_a_container_that_nobody_can_read_is_moved_by_its_digest(farm: Farm) -> None:
    named = farm.out / farm.plot.name.replace("k18-", "k32-c7-")
    named.write_bytes(b"Gigahorse" * 99999)
    farm.plot.unlink()
    carry(farm.errand(source=named, ident=ident(named)), quiet)
    assert (farm.folder / named.name).read_bytes() == b"Gigahorse" * 99999


@pytest.mark.usefixtures("copying")
def test_each_step_is_durable_before_the_next(
    farm: Farm, monkeypatch: pytest.MonkeyPatch, verify: Verify
) -> None:
    """What ext4 does in one journal other file systems do one by one."""
    steps = []
    sync, rename, unlink = system.sync, system.rename_no_replace, os.unlink

    def synced(fd: int) -> None:
        steps.append(f"sync {Path(f'/proc/self/fd/{fd}').readlink().name}")
        sync(fd)

    def renamed(source: int, name: str, target: int, new: str) -> None:
        steps.append("rename")
        rename(source, name, target, new)

    def unlinked(name: str, **at: int) -> None:
        if name == farm.plot.name:  # the probes of the two folders come and go
            steps.append("unlink")
        unlink(name, **at)

    monkeypatch.setattr(system, "sync", synced)
    monkeypatch.setattr(system, "rename_no_replace", renamed)
    monkeypatch.setattr(os, "unlink", unlinked)
    carry(farm.errand(verify=verify), quiet)

    part = f"sync {part_name(farm.plot.name)}"
    assert steps == [part, part, part, part, "rename", "sync hdd", "unlink", "sync out"]


def one_behind_two_paths(farm: Farm, monkeypatch: pytest.MonkeyPatch) -> None:
    """The out folder as destination, as one share looks that is mounted by NFS and by SMB."""
    shutil.rmtree(farm.folder)
    farm.folder.symlink_to(farm.out)
    mark_drive(farm.folder, farm.state, anew=True)
    monkeypatch.setattr(os.path, "samestat", lambda one, other: False)
    monkeypatch.setattr("plotobot.engine.moving.ends._nested", lambda here, there: False)


@pytest.mark.usefixtures("copying")
def test_a_plot_is_never_taken_for_a_copy_of_itself(
    farm: Farm, monkeypatch: pytest.MonkeyPatch, verify: Verify
) -> None:
    one_behind_two_paths(farm, monkeypatch)
    assert "two ways to the same files" in str(refusal(farm, verify=verify))
    assert farm.plot.read_bytes() == farm.bytes
    assert farm.names() == {farm.plot.name}


@pytest.mark.usefixtures("copying")
def test_a_landed_plot_stays_where_its_copy_has_come_to_be_itself(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    errand = farm.errand()
    with pytest.raises(Crash):
        carry(errand, quiet, at("journaled", crash))
    one_behind_two_paths(farm, monkeypatch)
    with pytest.raises(MoveRefused, match="two ways to the same files"):
        carry(errand, quiet)
    assert farm.plot.read_bytes() == farm.bytes


@pytest.mark.usefixtures("copying")
@pytest.mark.parametrize("closed", [{"out"}, {"hdd"}])
def test_a_folder_too_full_for_a_probe_is_told_apart_by_the_other(
    farm: Farm, monkeypatch: pytest.MonkeyPatch, closed: set[str]
) -> None:
    probes_refused(monkeypatch, closed)
    carry(farm.errand(), quiet)
    assert farm.is_moved()


@pytest.mark.usefixtures("copying")
def test_two_folders_that_nothing_tells_apart_keep_the_plot(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    probes_refused(monkeypatch, {"out", "hdd"})
    caught = refusal(farm)
    assert "takes an empty file" in str(caught)
    assert not caught.full
    assert farm.is_kept()


def test_a_probe_that_a_killed_try_left_goes_and_another_moves_stays(farm: Farm) -> None:
    for folder in (farm.out, farm.folder):
        (folder / probe_name("move1")).touch()
        (folder / probe_name("move2")).touch()
    carry(farm.errand(), quiet)
    for folder in (farm.out, farm.folder):
        [left] = folder.glob(".plotobot-probe.*")
        assert left.name.startswith(".plotobot-probe.move2.")


def probes_refused(monkeypatch: pytest.MonkeyPatch, closed: set[str]) -> None:
    """Drives without room for another name."""
    place = apart.place_probe

    def full(folder: Place, name: str) -> None:
        if Path(folder.path).name in closed:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        place(folder, name)

    monkeypatch.setattr(apart, "place_probe", full)


@pytest.mark.mounts
@pytest.mark.usefixtures("copying")
@pytest.mark.parametrize("destination", ["union", "branch"])
def test_a_union_of_folders_is_no_destination_for_what_is_in_one_of_them(
    farm: Farm, disks: Disks, destination: str
) -> None:
    upper, union = disks.tmpfs("upper"), farm.folder.with_name("union")
    for folder in (upper / "files", upper / "work", union):
        folder.mkdir()
    layers = f"lowerdir={farm.out},upperdir={upper}/files,workdir={upper}/work"
    run("mount", "-t", "overlay", "overlay", "-o", layers, union)
    disks.mounted.append(union)
    source, folder = farm.plot, union
    if destination == "branch":
        source, folder = union / farm.plot.name, farm.out
    mark_drive(folder, farm.state)
    says = refusal(farm, source=source, ident=ident(source), folder=folder)
    assert "two ways to the same files" in str(says)
    assert farm.plot.read_bytes() == farm.bytes


# How it goes on.

RENAMING = ("planned", "renamed", "dir_synced", "journaled", "src_dir_synced", "done")


@pytest.mark.parametrize("point", RENAMING)
def test_a_rename_goes_on_after_a_crash(farm: Farm, point: str) -> None:
    errand = farm.errand()
    with pytest.raises(Crash):
        carry(errand, quiet, at(point, crash))
    assert carry(errand, quiet).renamed
    assert farm.is_moved()


@pytest.mark.parametrize("point", ["planned", "verified", "renamed"])
def test_a_file_system_without_rename_no_replace_is_no_hindrance(
    farm: Farm, monkeypatch: pytest.MonkeyPatch, point: str, request: pytest.FixtureRequest
) -> None:
    """It links and unlinks; a crash between the two leaves two names of one file."""
    if point == "verified":
        request.getfixturevalue("copying")
    monkeypatch.setattr(system, "rename_no_replace", system.link_and_unlink)
    errand = farm.errand()
    with monkeypatch.context() as patch:
        if point != "renamed":
            patch.setattr(os, "unlink", lambda *_, **__: crash())
        with pytest.raises(Crash):
            carry(errand, quiet, at("renamed", crash))
    carry(errand, quiet)
    assert farm.is_moved()


@pytest.mark.usefixtures("copying")
@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP])
def test_a_file_system_without_links_is_no_hindrance_either(
    farm: Farm, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def link(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(system, "rename_no_replace", system.link_and_unlink)
    monkeypatch.setattr(os, "link", link)
    assert "appeared" in str(refusal(farm, at("verified", lambda: other_size(farm))))
    assert farm.landed.read_bytes() == b"another"
    farm.landed.unlink()
    carry(farm.errand(), quiet)
    assert farm.is_moved()


@pytest.mark.usefixtures("copying")
def test_a_later_try_goes_on_where_the_first_one_was(farm: Farm, verify: Verify) -> None:
    errand = farm.errand(verify=verify)
    with pytest.raises(Crash):
        carry(errand, quiet, at("copied", crash))
    read = []
    landed = carry(errand, lambda step: read.append(step.done))
    assert landed.resumed_from == 3 * MIB
    assert farm.is_moved()


@pytest.mark.usefixtures("copying")
def test_what_an_earlier_try_left_is_not_trusted_blindly(farm: Farm, verify: Verify) -> None:
    errand = farm.errand(verify=verify)
    with pytest.raises(Crash):
        carry(errand, quiet, at("copied", crash))
    with part_of(farm).open("r+b") as part:
        part.seek(MIB + 5)
        part.write(b"\0\1\2\3")
    assert carry(errand, quiet).resumed_from == 0
    assert farm.is_moved()


@pytest.mark.usefixtures("copying")
def test_a_landed_copy_is_proved_again_before_the_source_goes(farm: Farm) -> None:
    errand = farm.errand()
    with pytest.raises(Crash):
        carry(errand, quiet, at("journaled", crash))
    with farm.landed.open("r+b") as copy:
        copy.seek(MIB)
        copy.write(b"\0\1\2\3")
    assert "different file" in str(refusal(farm))
    assert farm.plot.read_bytes() == farm.bytes


@pytest.mark.usefixtures("copying")
def test_a_landed_copy_that_vanished_is_made_again(farm: Farm) -> None:
    errand = farm.errand()
    with pytest.raises(Crash):
        carry(errand, quiet, at("journaled", crash))
    farm.landed.unlink()
    carry(errand, quiet)
    assert farm.is_moved()


@pytest.mark.usefixtures("copying")
def test_a_source_whose_drive_is_away_is_not_taken_for_removed(farm: Farm) -> None:
    """Else it would stay for ever, when its drive comes back."""
    errand = farm.errand()
    with pytest.raises(Crash):
        carry(errand, quiet, at("journaled", crash))
    away = farm.out.rename(farm.out.with_name("away"))
    for empty in (False, True):
        if empty:
            farm.out.mkdir()
        with pytest.raises(MoveDelayed, match="is not there: connect it"):
            carry(errand, quiet)
    farm.out.rmdir()
    away.rename(farm.out)
    carry(errand, quiet)
    assert farm.is_moved()


def test_a_source_folder_that_does_not_open_delays_its_move(farm: Farm) -> None:
    """As after a reboot, when its drive is mounted and dead."""
    errand = farm.errand()
    away = farm.out.rename(farm.out.with_name("away"))
    farm.out.write_text("")
    with pytest.raises(MoveDelayed, match="cannot be opened"):
        carry(errand, quiet)
    farm.out.unlink()
    away.rename(farm.out)
    carry(errand, quiet)
    assert farm.is_moved()


@pytest.mark.usefixtures("copying")
def test_an_unfinished_move_can_be_discarded(farm: Farm) -> None:
    errand = farm.errand()
    with pytest.raises(Crash):
        carry(errand, quiet, at("copied", crash))
    discard(errand)
    forget(farm.state, errand.id)
    assert farm.names() == set()
    assert farm.is_kept()
    assert not list((farm.state / "moves").iterdir())


def test_a_landed_move_cannot_be_discarded(farm: Farm) -> None:
    carry(farm.errand(), quiet, carrier.nowhere)
    errand = farm.errand(ident=ident(farm.landed))
    with pytest.raises(MoveRefused):
        discard(errand)
    assert farm.is_moved()


# What it refuses.


@pytest.mark.usefixtures("copying")
def test_the_same_plot_there_already_is_compared_and_the_source_goes(farm: Farm) -> None:
    shutil.copyfile(farm.plot, farm.landed)
    inode = farm.landed.stat().st_ino
    carry(farm.errand(), quiet)
    assert farm.is_moved()
    assert farm.landed.stat().st_ino == inode


def other_size(farm: Farm) -> None:
    farm.landed.write_bytes(b"another")


def other_bytes(farm: Farm) -> None:
    farm.landed.write_bytes(farm.bytes[:-1] + b"!")


def a_folder(farm: Farm) -> None:
    farm.landed.mkdir()


def a_link(farm: Farm) -> None:
    farm.landed.symlink_to(farm.plot)


def a_pipe(farm: Farm) -> None:
    os.mkfifo(farm.landed)


@pytest.mark.parametrize("there", [other_size, other_bytes, a_folder, a_link, a_pipe])
@pytest.mark.parametrize("verify", [Verify.FULL, Verify.OFF])
@pytest.mark.parametrize("when", ["before", "verified"])
@pytest.mark.usefixtures("copying")
def test_what_has_the_name_stays(farm: Farm, there, verify: Verify, when: str) -> None:
    if when == "before":
        there(farm)
        found = refusal(farm, verify=verify)
    else:
        found = refusal(farm, at(when, lambda: there(farm)), verify=verify)
    assert farm.landed.name in str(found)
    assert farm.plot.read_bytes() == farm.bytes
    assert os.path.lexists(farm.landed)
    assert (
        farm.landed.is_symlink()
        or not farm.landed.is_file()
        or farm.landed.read_bytes() != farm.bytes
    )


def test_a_rename_replaces_nothing(farm: Farm) -> None:
    found = refusal(farm, at("planned", lambda: other_size(farm)))
    assert "different file" in str(found) or "appeared" in str(found)
    assert farm.landed.read_bytes() == b"another"
    assert farm.plot.read_bytes() == farm.bytes


def grow(farm: Farm) -> None:
    with farm.plot.open("ab") as plot:
        plot.write(b"more")


def shrink(farm: Farm) -> None:
    os.truncate(farm.plot, MIB)


def replaced(farm: Farm) -> None:
    shutil.copyfile(farm.plot, farm.plot.with_suffix(".new"))
    farm.plot.with_suffix(".new").replace(farm.plot)


def rewritten(farm: Farm) -> None:
    os.utime(farm.plot)


@pytest.mark.parametrize("change", [grow, shrink, replaced, rewritten])
@pytest.mark.parametrize("point", ["planned", "mid_copy", "verified", "journaled"])
@pytest.mark.usefixtures("copying")
def test_a_source_that_changes_stays(farm: Farm, change, point: str) -> None:
    text = str(refusal(farm, at(point, lambda: change(farm))))
    assert "changed" in text or "shorter" in text
    assert farm.plot.exists()
    assert farm.landed.exists() is (point == "journaled")


@pytest.mark.parametrize("change", [grow, shrink, replaced, rewritten])
def test_a_source_that_changed_before_is_not_moved(farm: Farm, change) -> None:
    errand = farm.errand()
    change(farm)
    with pytest.raises(MoveRefused, match="changed"):
        carry(errand, quiet)
    assert farm.names() == set()


@pytest.mark.usefixtures("copying")
def test_a_drive_that_gives_back_other_bytes_is_found_out(farm: Farm) -> None:
    def flip() -> None:
        with part_of(farm).open("r+b") as part:
            part.seek(2 * MIB)
            byte = part.read(1)
            part.seek(2 * MIB)
            part.write(bytes([byte[0] ^ 1]))
            os.fsync(part.fileno())

    assert "other bytes" in str(refusal(farm, at("fsynced", flip)))
    assert farm.is_kept()
    assert farm.names() == set()
    carry(farm.errand(), quiet)
    assert farm.is_moved()


def missing(farm: Farm) -> dict:
    farm.plot.unlink()
    return {}


def symlink(farm: Farm) -> dict:
    real = farm.plot.rename(farm.plot.with_suffix(".real"))
    farm.plot.symlink_to(real)
    return {}


def pipe(farm: Farm) -> dict:
    farm.plot.unlink()
    os.mkfifo(farm.plot)
    return {"ident": ident(farm.plot)}


def no_plot(farm: Farm) -> dict:
    farm.plot.write_bytes(b"\0" * MIB)
    return {"ident": ident(farm.plot)}


def empty(farm: Farm) -> dict:
    farm.plot.write_bytes(b"")
    return {"ident": ident(farm.plot)}


def half_a_plot(farm: Farm) -> dict:
    os.truncate(farm.plot, MIB)
    return {"ident": ident(farm.plot)}


def in_the_destination(farm: Farm) -> dict:
    plot = farm.plot.rename(farm.landed)
    return {"source": plot}


def below_the_destination(farm: Farm) -> dict:
    (farm.folder / "sub").mkdir()
    return {"source": farm.plot.rename(farm.folder / "sub" / farm.plot.name)}


def above_the_destination(farm: Farm) -> dict:
    return {"source": farm.plot.rename(farm.folder.parent / farm.plot.name)}


def no_room(farm: Farm) -> dict:
    return {"reserve": 1 << 60}


def never_used(farm: Farm) -> dict:
    shutil.rmtree(farm.state / "destinations")
    return {}


def part_is_a_link(farm: Farm) -> dict:
    part_of(farm).symlink_to(farm.plot)
    return {}


def state_is_a_file(farm: Farm) -> dict:
    (farm.state / "moves").write_text("")
    return {}


@pytest.mark.parametrize(
    ("prepare", "says"),
    [
        (missing, "is not there"),
        (symlink, "symbolic link"),
        (pipe, "no regular file"),
        (no_plot, "not a plot"),
        (empty, "not a plot"),
        (half_a_plot, "not a whole plot"),
        (in_the_destination, "one folder"),
        (below_the_destination, "one folder"),
        (above_the_destination, "one folder"),
        (no_room, "no room"),
        (never_used, "not taken into use"),
        (part_is_a_link, "no regular file"),
        (state_is_a_file, "journal"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
@pytest.mark.usefixtures("copying")
def test_refusals_say_why_and_leave_all_as_it_is(farm: Farm, prepare, says: str) -> None:
    errand = farm.errand()
    changes = prepare(farm)
    before = sorted(farm.folder.rglob("*"))

    with pytest.raises(MoveRefused, match=says) as caught:
        carry(replace(errand, **changes), quiet)

    assert caught.value.full is (prepare is no_room)
    assert str(caught.value).isprintable()
    assert sorted(farm.folder.rglob("*")) == before
    assert prepare is missing or os.path.lexists(changes.get("source", farm.plot))


def drive_gone(farm: Farm) -> None:
    farm.folder.rename(farm.folder.with_name("unplugged"))


def bare_mount_point(farm: Farm) -> None:
    drive_gone(farm)
    farm.folder.mkdir()


def another_drive(farm: Farm) -> None:
    bare_mount_point(farm)
    (farm.folder / ".plotobot-drive").write_text("11111111-2222-3333-4444-555555555555\n")


def damaged_marker(farm: Farm) -> None:
    (farm.folder / ".plotobot-drive").write_bytes(b"\0\xff")


@pytest.mark.parametrize("trouble", [drive_gone, bare_mount_point, another_drive, damaged_marker])
def test_a_wrong_drive_gets_nothing(farm: Farm, trouble) -> None:
    trouble(farm)
    with pytest.raises(DestinationAway) as caught:
        carry(farm.errand(), quiet)
    assert str(farm.folder) in str(caught.value)
    assert farm.plot.read_bytes() == farm.bytes
    assert not farm.folder.exists() or farm.names() == set()


# Faults of the disks.


class Faulty(io.FileIO):
    """A file whose disk fails behind its first MiB."""

    number = errno.EIO

    def readinto(self, buffer):
        if self.tell() >= MIB:
            raise OSError(self.number, os.strerror(self.number))
        return super().readinto(buffer)

    def write(self, data):
        if self.tell() >= MIB:
            raise OSError(self.number, os.strerror(self.number))
        return super().write(data)


def failing(patch: pytest.MonkeyPatch, side: str, number: int) -> None:
    """Make the file on one side of a copy fail."""
    run = _Copier.run

    def faulty(self, start):
        real = getattr(self, side)
        with Faulty(os.dup(real.fileno()), real.mode.replace("b", "")) as file:
            setattr(self, side, file)
            return run(self, start)

    patch.setattr(Faulty, "number", number)
    patch.setattr(_Copier, "run", faulty)


@pytest.mark.parametrize(
    "number", [errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS]
)
@pytest.mark.parametrize("when", ["writing", "fsync", "folder"])
@pytest.mark.usefixtures("copying")
def test_a_failing_destination_leaves_the_plot(
    farm: Farm, monkeypatch: pytest.MonkeyPatch, number: int, when: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        if when == "writing":
            failing(patch, "_part", number)
        else:
            patch.setattr(*((system, "sync") if when == "fsync" else (Place, "sync")), fail)
        found = refusal(farm)

    full = number in (errno.ENOSPC, errno.EDQUOT)
    assert found.full is full
    assert farm.plot.read_bytes() == farm.bytes
    if when != "folder":
        assert farm.is_kept()
        assert not (full and part_of(farm).exists())
    assert carry(farm.errand(), quiet).resumed_from == 0 or number != errno.EIO
    assert farm.is_moved()


@pytest.mark.usefixtures("copying")
def test_a_source_that_cannot_be_read_stays(farm: Farm, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        failing(patch, "_source", errno.EIO)
        assert "cannot be read" in str(refusal(farm))
    assert farm.is_kept()
    carry(farm.errand(), quiet)
    assert farm.is_moved()


# Others at work.


@pytest.mark.usefixtures("copying")
def test_one_plot_has_one_mover(farm: Farm) -> None:
    """A second carrier of the move, and another move of the plot elsewhere, leave it alone."""
    other = farm.folder.with_name("hdd2")
    other.mkdir()
    mark_drive(other, farm.state)

    def another() -> None:
        with pytest.raises(MoveDelayed, match="earlier try"):
            carry(farm.errand(), quiet)
        with pytest.raises(MoveRefused, match="by another mover"):
            carry(farm.errand(id="move2", folder=other), quiet)

    carry(farm.errand(), quiet, at("mid_copy", another))
    assert farm.is_moved()


@pytest.mark.usefixtures("copying")
def test_two_plots_of_one_name_do_not_write_one_part_file(farm: Farm, tmp_path: Path) -> None:
    (tmp_path / "out2").mkdir()
    twin = tmp_path / "out2" / farm.plot.name
    shutil.copyfile(farm.plot, twin)

    def another() -> None:
        with pytest.raises(MoveRefused, match="another move"):
            carry(farm.errand(id="move2", source=twin, ident=ident(twin)), quiet)

    carry(farm.errand(), quiet, at("mid_copy", another))
    assert farm.is_moved()
    assert twin.exists()


def test_an_ident_tells_all_changes(farm: Farm) -> None:
    before = ident(farm.plot)
    assert isinstance(before, Ident)
    rewritten(farm)
    assert ident(farm.plot) != before
