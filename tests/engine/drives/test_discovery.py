from __future__ import annotations

from dataclasses import replace

import pytest

from plotobot.engine.drives.discovery import Facts, Found, learnt, overlaps, resolve
from plotobot.engine.drives.spec import parse_spec
from plotobot.engine.drives.volumes import Space, Volume, covering, is_within
from plotobot.engine.models import Drive, DriveKind

TEMP, OUT = DriveKind.TEMP, DriveKind.OUT
ROOT = Volume("/", "254:0", device="/dev/vda", total=1000)
SSD1 = Volume("/mnt/ssd1", "8:1", label="PLOT one", uuid="u1", model="M", bus="SATA", total=500)
SSD2 = Volume("/mnt/ssd2", "8:2", label="plot two", uuid="u2", total=600)


def space(path: str, volume: Volume, real: str | None = None, read_only: bool = False) -> Space:
    return Space(real or path, volume.mount_point, volume.filesystem, volume.total, 100, read_only)


def find(
    written: str | list[str],
    volumes: list[Volume],
    spaces: list[Space] | dict[str, Space],
    *,
    known: dict[str, str] | None = None,
    globbed: list[str] | None = None,
    seen: list[Found] | None = None,
    kind: DriveKind = TEMP,
) -> list[Found]:
    specs = [parse_spec(one) for one in ([written] if isinstance(written, str) else written)]
    looked = spaces if isinstance(spaces, dict) else {one.real: one for one in spaces}
    globs = {one.text: globbed or [] for one in specs}
    return resolve({kind: specs}, volumes, Facts(looked, globs, known or {}, seen or ()))


def shown(found: list[Found]) -> list[tuple[str, bool]]:
    return [(one.drive.path, one.drive.missing) for one in found]


def test_a_label_means_every_volume_that_carries_it() -> None:
    found = find(
        "label:PLOT", [ROOT, SSD1, SSD2], [space("/mnt/ssd1", SSD1), space("/mnt/ssd2", SSD2)]
    )
    assert [one.drive for one in found] == [
        Drive(TEMP, "/mnt/ssd1", "8:1", 500, 100, label="PLOT one", model="M", bus="SATA"),
        Drive(TEMP, "/mnt/ssd2", "8:2", 600, 100, label="plot two"),
    ]


def test_a_label_with_a_folder_means_that_folder() -> None:
    found = find("label:one/a/b", [SSD1], [space("/mnt/ssd1/a/b", SSD1)])
    assert shown(found) == [("/mnt/ssd1/a/b", False)]


def test_a_labelled_drive_without_the_folder_is_missing_under_that_folder() -> None:
    [found] = find("label:one/a", [SSD1], [])
    assert (found.drive.path, found.drive.missing, found.drive.label) == (
        "/mnt/ssd1/a",
        True,
        "PLOT one",
    )


def test_a_file_system_that_is_mounted_twice_counts_once_at_its_whole_mount() -> None:
    bind = replace(SSD1, mount_point="/b", whole=False)
    found = find("label:one", [bind, SSD1], [space("/mnt/ssd1", SSD1), space("/b", bind)])
    assert shown(found) == [("/mnt/ssd1", False)]


@pytest.mark.parametrize("written", ["label:zzz", "/mnt/none", "/mnt/none*", "E:\\"])
def test_what_means_nothing_is_missing_as_written(written: str) -> None:
    assert shown(find(written, [ROOT, SSD1], [])) == [(written, True)]


def test_a_drive_that_left_between_the_two_looks_is_missing() -> None:
    found = find("label:one", [ROOT, SSD1], [space("/mnt/ssd1", ROOT)])
    assert shown(found) == [("/mnt/ssd1", True)]


def test_a_bare_mount_point_is_missing_and_teaches_nothing() -> None:
    found = find(
        "/mnt/ssd1/t", [ROOT], [space("/mnt/ssd1/t", ROOT)], known={"/mnt/ssd1/t": "/mnt/ssd1"}
    )
    assert shown(found) == [("/mnt/ssd1/t", True)]
    assert learnt(found) == {}


def test_a_mount_point_that_lacks_its_drive_is_missing_at_first_sight() -> None:
    looked = replace(space("/mnt/ssd1/t", ROOT), unmounted="/mnt/ssd1")
    found = find("/mnt/ssd1/t", [ROOT], [looked])
    assert shown(found) == [("/mnt/ssd1/t", True)]
    assert learnt(found) == {}


def test_a_bare_mount_point_behind_a_link_is_missing() -> None:
    looked = {"/plots": space("/plots", ROOT, real="/mnt/ssd1/t")}
    assert shown(find("/plots", [ROOT], looked, known={"/plots": "/mnt/ssd1"})) == [
        ("/plots", True)
    ]


def test_a_bare_folder_of_a_glob_is_missing_after_a_restart() -> None:
    found = find(
        "/mnt/ssd*",
        [ROOT, SSD1],
        [space("/mnt/ssd1", SSD1), space("/mnt/ssd2", ROOT)],
        globbed=["/mnt/ssd1", "/mnt/ssd2"],
        known={"/mnt/ssd2": "/mnt/ssd2"},
    )
    assert shown(found) == [("/mnt/ssd1", False), ("/mnt/ssd2", True)]


@pytest.mark.parametrize(
    ("known", "now", "real"),
    [
        pytest.param("/mnt/ssd1", replace(SSD1, filesystem="8:99"), "/mnt/ssd1/t", id="exchanged"),
        pytest.param("/", SSD1, "/mnt/ssd1/t", id="mounted since"),
        pytest.param("/mnt/ssd2", ROOT, "/home/t", id="link turned to the root disk"),
        pytest.param("/mnt/ssd2", SSD1, "/mnt/ssd1/t", id="link turned to another drive"),
        pytest.param("/mnt/ssd", ROOT, "/mnt/ssd1/t", id="only the names look alike"),
    ],
)
def test_another_file_system_is_well_where_nothing_was_unmounted(
    known: str, now: Volume, real: str
) -> None:
    looked = {"/t": space("/t", now, real=real)}
    found = find("/t", [ROOT, SSD1], looked, known={"/t": known})
    assert shown(found) == [("/t", False)]
    assert learnt(found) == {"/t": now.mount_point}


def test_a_labelled_drive_that_vanishes_stays_in_the_list_with_what_was_known() -> None:
    both = [space("/mnt/ssd1", SSD1), space("/mnt/ssd2", SSD2)]
    before = find("label:plot", [ROOT, SSD1, SSD2], both)
    after = find("label:plot", [ROOT, SSD2], [both[1], space("/mnt/ssd1", ROOT)], seen=before)
    assert sorted(shown(after)) == [("/mnt/ssd1", True), ("/mnt/ssd2", False)]
    gone = next(one.drive for one in after if one.drive.missing)
    assert (gone.label, gone.model, gone.free) == ("PLOT one", "M", 0)
    back = find("label:plot", [ROOT, SSD1, SSD2], both, seen=after)
    assert shown(back) == shown(before)


def test_a_drive_that_comes_back_elsewhere_is_not_also_missing() -> None:
    before = find("label:one", [SSD1], [space("/mnt/ssd1", SSD1)])
    moved = replace(SSD1, mount_point="/media/x", filesystem="8:33")
    after = find("label:one", [moved], [space("/media/x", moved)], seen=before)
    assert shown(after) == [("/media/x", False)]


def test_files_that_fit_a_glob_are_no_drives() -> None:
    found = find(
        "/mnt/ssd*", [SSD1], [space("/mnt/ssd1", SSD1)], globbed=["/mnt/ssd.txt", "/mnt/ssd1"]
    )
    assert shown(found) == [("/mnt/ssd1", False)]


def test_a_folder_that_two_entries_mean_stands_once() -> None:
    found = find(["label:one", "/mnt/ssd1"], [SSD1], [space("/mnt/ssd1", SSD1)])
    assert shown(found) == [("/mnt/ssd1", False)]
    assert found[0].spec.written == "label:one"


def test_read_only_is_told() -> None:
    [found] = find("/mnt/ssd1", [SSD1], [space("/mnt/ssd1", SSD1, read_only=True)])
    assert found.drive.problem == "the drive is read-only"


def test_overlapping_sets_are_named_with_both_entries() -> None:
    spaces = [space("/mnt/ssd1", SSD1)]
    temp = find("label:plot", [SSD1], spaces)
    out = find(["/mnt/ssd1", "/mnt/none"], [SSD1], spaces, kind=OUT)
    assert overlaps(temp + out) == [
        (
            '"label:plot" (temp) and "/mnt/ssd1" (out) both mean /mnt/ssd1;'
            " give each set folders of its own."
        )
    ]


def test_two_folders_of_one_file_system_are_no_overlap() -> None:
    temp = find("label:one/t", [SSD1], [space("/mnt/ssd1/t", SSD1)])
    out = find("label:one/o", [SSD1], [space("/mnt/ssd1/o", SSD1)], kind=OUT)
    assert overlaps(temp + out) == []


def test_the_same_missing_entry_in_two_sets_is_an_overlap() -> None:
    assert len(overlaps(find("label:x", [], []) + find("label:X", [], [], kind=OUT))) == 1
    assert len(overlaps(find("/mnt/x", [], []) + find("/mnt/x/", [], [], kind=OUT))) == 1
    assert overlaps(find("label:x", [], []) + find("label:xy", [], [], kind=OUT)) == []
    assert overlaps(find(["label:x", "label:X"], [], [])) == []


def test_the_covering_mount_is_the_deepest_and_of_equals_the_latest() -> None:
    inner = Volume("/mnt/ssd1/inner", "9:9")
    over = replace(SSD1, filesystem="7:7")
    mounts = [inner, ROOT, SSD1, over]
    assert covering("/mnt/ssd1/inner/x", mounts) == inner
    assert covering("/mnt/ssd1/other", mounts) == over
    assert covering("/mnt/ssd12", mounts) == ROOT
    assert covering("/x", []) is None


def test_within_goes_by_whole_names() -> None:
    assert is_within("/mnt/a", "/")
    assert is_within("/mnt/a", "/mnt/a")
    assert not is_within("/mnt/ab", "/mnt/a")
