"""The bay on real file systems: found, gone, back, read-only, hung."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from plotobot.engine.drives import DriveBay, news, parse_spec
from plotobot.engine.drives.linux import LinuxVolumes
from plotobot.engine.drives.volumes import Volume
from plotobot.engine.models import Drive, DriveKind

if TYPE_CHECKING:
    from conftest import Disks, HungMount

pytestmark = pytest.mark.mounts

TEMP, OUT = DriveKind.TEMP, DriveKind.OUT


def bay(
    *written: str | Path, out: str | None = None, known: Mapping[str, str] | None = None
) -> DriveBay:
    specs = {TEMP: [parse_spec(str(one)) for one in written]}
    if out:
        specs[OUT] = [parse_spec(out)]
    return DriveBay(specs, LinuxVolumes(patience=0.5), known=known, patience=1)


def shown(drives: object) -> list[tuple[str, bool]]:
    assert isinstance(drives, list)
    return sorted((drive.path, drive.missing) for drive in drives)


def volume_at(point: Path) -> Volume:
    return next(one for one in LinuxVolumes().volumes() if one.mount_point == str(point))


def test_labels_find_every_drive_in_any_case(disks: Disks) -> None:
    one, two = disks.disk("d1", "ZqPlot one"), disks.disk("d2", "zqplot2")
    disks.disk("d3", "zqother")
    drives = bay("label:ZQPLOT").look()
    assert shown(drives) == [(str(one), False), (str(two), False)]
    assert [drive.label for drive in drives] == ["ZqPlot one", "zqplot2"]
    assert len({drive.filesystem for drive in drives}) == 2
    assert all(drive.fs_type == "ext4" for drive in drives)
    assert all(drive.device and drive.device.startswith("/dev/loop") for drive in drives)


def test_path_glob_and_label_folder_find_the_same_drive(disks: Disks) -> None:
    point = disks.disk("my ssd1", "zqfolder")
    (point / "sub").mkdir()
    for written in (point / "sub", point.parent / "my ss*" / "sub", "label:zqfolder/sub"):
        [drive] = bay(written).look()
        assert (drive.path, drive.missing, drive.label) == (str(point / "sub"), False, "zqfolder")


def test_sizes_are_those_of_statvfs(disks: Disks) -> None:
    point = disks.disk("d1", "zqsize")
    (point / "file").write_bytes(os.urandom(3 << 20))
    [drive] = bay(point).look()
    answer = os.statvfs(point)
    assert drive.total == answer.f_blocks * answer.f_frsize == volume_at(point).total
    assert drive.free == answer.f_bavail * answer.f_frsize == volume_at(point).free
    assert drive.free < drive.total


def test_two_folders_of_a_drive_share_their_file_system(disks: Disks) -> None:
    point = disks.disk("d1", "zqshare")
    (point / "a").mkdir()
    (point / "b").mkdir()
    first, second = bay(point / "a", point / "b").look()
    assert first.filesystem == second.filesystem != ""


def test_a_read_only_remount_is_seen_and_told_once(disks: Disks) -> None:
    point = disks.disk("d1", "zqstiff")
    watched = bay("label:zqstiff")
    well = watched.look()
    disks.remount(point, "ro")
    stiff = watched.look()
    assert [drive.problem for drive in stiff] == ["the drive is read-only"]
    assert volume_at(point).read_only
    assert [one.change for one in news(well, stiff)] == ["read_only"]
    assert news(stiff, watched.look()) == []
    disks.remount(point, "rw")
    assert [one.change for one in news(stiff, watched.look())] == ["writable"]


@pytest.mark.parametrize("written", ["label:zqgone/t", "{0}/d1/t", "{0}/d?/t"])
@pytest.mark.parametrize("folder_below", [False, True], ids=["nothing below", "folder below"])
def test_an_unmounted_drive_is_missing_and_comes_back(
    disks: Disks, written: str, folder_below: bool
) -> None:
    image = disks.image("a", "zqgone")
    if folder_below:  # the root file system has a folder of the same name below the mount point
        (disks.folder / "d1" / "t").mkdir(parents=True)
    point = disks.mount(image, "d1")
    (point / "t").mkdir()
    watched = bay(written.format(disks.folder))
    well = watched.look()
    assert shown(well) == [(str(point / "t"), False)]

    disks.take(point)
    below = sorted(point.rglob("*"))
    gone = watched.look()
    assert shown(gone) == [(str(point / "t"), True)]
    assert (gone[0].label, gone[0].total, gone[0].free) == ("zqgone", well[0].total, 0)
    assert [one.change for one in news(well, gone)] == ["vanished"]
    assert shown(watched.look()) == shown(gone)
    assert sorted(point.rglob("*")) == below, "something was written to the root file system"

    disks.mount(image, "d1")
    back = watched.look()
    assert shown(back) == shown(well)
    assert [one.change for one in news(gone, back)] == ["back"]


def test_a_bare_mount_point_is_missing_after_a_restart_too(disks: Disks) -> None:
    image = disks.image("a", "zqrestart")
    point = disks.mount(image, "d1")
    first = bay(point)
    assert shown(first.look()) == [(str(point), False)]
    assert first.known == {str(point): str(point)}

    disks.take(point)
    restarted = bay(point, known=first.known)
    assert shown(restarted.look()) == [(str(point), True)]
    assert restarted.known == first.known

    disks.mount(image, "d1")
    assert shown(restarted.look()) == [(str(point), False)]


def test_a_folder_that_left_its_drive_on_purpose_can_be_taken_as_it_is(disks: Disks) -> None:
    point = disks.disk("d1", "zqforget")
    watched = bay(point)
    watched.look()
    disks.take(point)
    assert shown(bay(point, known=watched.known).look()) == [(str(point), True)]
    fresh = bay(point, known=watched.known)
    fresh.forget(str(point))
    assert shown(fresh.look()) == [(str(point), False)]


def test_another_drive_at_the_same_place_is_taken(disks: Disks) -> None:
    point = disks.disk("d1", "zqold")
    watched = bay(point)
    watched.look()
    disks.take(point)
    disks.mount(disks.image("new", "zqnew", mib=32), "d1")
    [drive] = watched.look()
    assert (drive.missing, drive.label) == (False, "zqnew")


def test_a_drive_that_comes_back_elsewhere_is_found_by_its_label(disks: Disks) -> None:
    image = disks.image("a", "zqmoved")
    point = disks.mount(image, "d1")
    watched = bay("label:zqmoved")
    watched.look()
    disks.take(point)
    elsewhere = disks.mount(image, "d2")
    assert shown(watched.look()) == [(str(elsewhere), False)]


def test_a_ram_disk_says_so(disks: Disks) -> None:
    [drive] = bay(disks.tmpfs("ram")).look()
    assert (drive.bus, drive.fs_type, drive.total) == ("RAM", "tmpfs", 2 << 20)


def test_a_full_drive_is_no_trouble(disks: Disks) -> None:
    point = disks.tmpfs("full")
    with pytest.raises(OSError, match="No space left"):
        (point / "file").write_bytes(bytes(3 << 20))
    [drive] = bay(point).look()
    assert (drive.free, drive.problem) == (0, None)


def test_sets_that_share_a_folder_are_named_also_through_a_link(disks: Disks) -> None:
    point = disks.disk("d1", "zqreplot")
    (disks.folder / "link").symlink_to(point)
    watched = bay("label:zqplot", "label:zqreplot", out=str(disks.folder / "link"))
    watched.look()
    [sentence] = watched.overlaps()
    assert "label:zqreplot" in sentence
    assert str(disks.folder / "link") in sentence
    assert "(temp)" in sentence
    assert "(out)" in sentence


def _lookers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "plotobot-look"]


def test_a_hung_mount_is_missing_and_holds_up_nobody(disks: Disks, hung: HungMount) -> None:
    well = disks.disk("d1", "zqwell")
    watched = bay(hung.point, well, disks.folder / "*" / "plots")
    before = len(_lookers())
    (well / "plots").mkdir()
    for _ in range(3):
        looked = time.monotonic()
        drives = {drive.path: drive for drive in watched.look()}
        assert time.monotonic() - looked < 30
        assert drives[str(hung.point)].missing
        assert not drives[str(well)].missing
    assert watched.stuck == {str(hung.point)}
    # One for the folder, one for the mount's sizes, one for the glob that runs into it.
    assert len(_lookers()) - before <= 3

    hung.let_go()
    for _ in range(500):
        if not watched.stuck:
            break
        time.sleep(0.01)
    assert watched.stuck == frozenset()
    paths = {drive.path: drive.missing for drive in watched.look()}
    assert paths[str(hung.point)], "the server is dead, the mount is not well"


def test_a_drive_that_hangs_later_keeps_its_name(disks: Disks) -> None:
    """A source whose look blocks, for a drive that was well before."""
    point = disks.disk("d1", "zqlater")
    source, free = LinuxVolumes(), threading.Event()
    specs = {TEMP: [parse_spec("label:zqlater")]}
    watched = DriveBay(specs, source, patience=0.2)
    well = watched.look()

    def block(path: str) -> object:
        free.wait(30)
        raise OSError(path)

    source.look = block  # type: ignore[assignment, method-assign]
    try:
        [drive] = watched.look()
    finally:
        free.set()
    assert isinstance(drive, Drive)
    assert (drive.path, drive.missing, drive.label) == (str(point), True, "zqlater")
    assert [one.change for one in news(well, [drive])] == ["vanished"]
