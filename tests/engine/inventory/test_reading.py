from __future__ import annotations

import os
import socket
import stat
from pathlib import Path
from typing import Any

import pytest

from plotobot.engine.drives import local_volumes
from plotobot.engine.inventory.plot import Condition, Plot
from plotobot.engine.inventory.reading import Reading, read_drive
from plotobot.engine.models import DriveKind
from plotobot.plots.address import encode_address
from plotobot.plots.headers import HEAD_SIZE
from plotobot.plots.names import masked
from tests.engine.plot_files import (
    CONTRACT,
    drive_at,
    name_of,
    plot_id,
    pos2_file,
    put,
    v1_header,
    v1_size,
)
from tests.little_plots import RealPlot

ADDRESS = masked(encode_address(CONTRACT))
Look = local_volumes().look


def read(folder: Path, known: Reading | None = None) -> Reading:
    return read_drive(drive_at(folder), known.plots if known else {}, Look)


def only(folder: Path) -> Plot:
    (plot,) = read(folder).plots.values()
    return plot


def test_a_real_plot_is_known_by_its_header(tmp_path: Path, real_plot: RealPlot) -> None:
    os.link(real_plot.path, tmp_path / real_plot.path.name)

    plot = only(tmp_path)

    assert (plot.condition, plot.problem) == (Condition.WHOLE, None)
    assert (plot.id, plot.k, plot.compression) == (real_plot.id, 18, 0)
    assert plot.size == plot.expected_size == real_plot.path.stat().st_size
    assert plot.exact
    assert plot.named_as_it_is
    assert plot.use is DriveKind.REPLOT
    assert "eeee" not in repr(plot)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (v1_header(plot_id(1)) + bytes(v1_size() - 268), "k32 OG"),
        (v1_header(plot_id(1), CONTRACT) + bytes(v1_size() - 252), f"k32 for {ADDRESS}"),
        (pos2_file(plot_id(1)), f"k28 pos2 for {ADDRESS}"),
    ],
    ids=["OG", "contract", "pos2"],
)
def test_the_kind_in_the_words_of_farmers(tmp_path: Path, content: bytes, kind: str) -> None:
    put(tmp_path, 1, content)

    assert only(tmp_path).kind == kind


def test_the_level_is_in_the_kind(tmp_path: Path) -> None:
    put(tmp_path, 1, level=7)

    assert only(tmp_path).kind.startswith("k32 C7 for xch1")


DAMAGE: dict[str, tuple[Any, Condition]] = {
    "whole": (lambda b: b, Condition.WHOLE),
    "the last byte missing": (lambda b: b[:-1], Condition.TRUNCATED),
    "5000 bytes missing": (lambda b: b[:-5000], Condition.TRUNCATED),
    "cut in the middle": (lambda b: b[: len(b) // 2], Condition.TRUNCATED),
    "pointers still zero": (lambda b: b[:188] + bytes(80) + b[268:], Condition.TRUNCATED),
    "cut within the header": (lambda b: b[:200], Condition.NO_PLOT),
    "empty": (lambda b: b"", Condition.NO_PLOT),
    "all zeros": (lambda b: bytes(len(b)), Condition.NO_PLOT),
    # A header cannot show these; the content check does (tests/plots/test_proofs.py).
    "zeros from the middle": (
        lambda b: b[: len(b) // 2] + bytes(len(b) - len(b) // 2),
        Condition.WHOLE,
    ),
}


@pytest.mark.parametrize(("damage", "condition"), DAMAGE.values(), ids=DAMAGE)
def test_what_a_header_shows_of_damage(
    tmp_path: Path, pool_plot: RealPlot, damage: Any, condition: Condition
) -> None:
    (tmp_path / pool_plot.path.name).write_bytes(damage(pool_plot.path.read_bytes()))

    plot = only(tmp_path)

    assert plot.condition is condition
    assert (plot.problem is None) == (condition is Condition.WHOLE)


@pytest.mark.parametrize("cut", [1, 50])
def test_a_cut_plot2_is_truncated(tmp_path: Path, cut: int) -> None:
    put(tmp_path, 1, pos2_file(plot_id(1))[:-cut], name=name_of(plot_id(1), 28, "plot2"))

    assert only(tmp_path).condition is Condition.TRUNCATED


def test_the_missing_bytes_are_told(tmp_path: Path) -> None:
    put(tmp_path, 1, size=v1_size() - 1234)

    assert only(tmp_path).problem == "It is cut short by 1,234 bytes."


def test_no_symbolic_link_is_followed(tmp_path: Path) -> None:
    elsewhere = put((tmp_path / "secret").resolve().parent, 1, name="x.plot")
    folder = tmp_path / "drive"
    folder.mkdir()
    (folder / name_of(plot_id(1))).symlink_to(elsewhere)
    (folder / name_of(plot_id(2))).symlink_to("/nowhere")

    plots = list(read(folder).plots.values())

    assert [plot.condition for plot in plots] == [Condition.UNREADABLE] * 2
    assert all(plot.id is None and plot.problem for plot in plots)


def test_a_link_that_takes_a_files_place_at_the_last_moment_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = put(tmp_path, 1, name="secret")
    folder = tmp_path / "drive"
    drive_at(folder)
    link = put(folder, 2)
    whole = os.lstat(link)
    link.unlink()
    link.symlink_to(elsewhere)
    with monkeypatch.context() as patched:  # as if it had still been the file when looked at
        patched.setattr(os, "lstat", lambda _: whole)
        plots = read(folder).plots

    assert [plot.id for plot in plots.values()] == [None]


def test_pipes_sockets_and_folders_are_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.plot")
    (tmp_path / "folder.plot").mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket.plot"))
        plots = read(tmp_path).plots.values()

    assert [plot.condition for plot in plots] == [Condition.UNREADABLE] * 3


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
def test_a_device_is_never_opened(tmp_path: Path) -> None:
    os.mknod(tmp_path / "device.plot", stat.S_IFCHR | 0o600, os.makedev(1, 5))

    assert only(tmp_path).condition is Condition.UNREADABLE


@pytest.mark.parametrize(
    "name",
    ["a\nb\x1b[31m.plot", "=HYPERLINK(1).plot", "ünï‮.plot", ".plot", "-rf.PLOT", "a b'\";.plot"],
)
def test_hostile_names_are_names(tmp_path: Path, name: str) -> None:
    put(tmp_path, 1, name=name)

    plot = only(tmp_path)

    assert plot.name == name
    assert plot.id == plot_id(1).hex()
    assert not plot.named_as_it_is


def test_a_name_that_is_no_text_is_kept_byte_by_byte(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff\xfe.plot"
    Path(os.fsdecode(path)).write_bytes(b"no plot")

    assert os.fsencode(only(tmp_path).path) == path


def test_files_that_are_not_named_like_plots_are_passed_over(tmp_path: Path) -> None:
    for name in ("notes.txt", name_of(plot_id(1)) + ".tmp", name_of(plot_id(1)) + ".p1.t1.tmp"):
        put(tmp_path, 1, name=name)
    (tmp_path / "below").mkdir()
    put(tmp_path / "below", 2)

    assert read(tmp_path).plots == {}


@pytest.mark.parametrize(
    ("name", "right"),
    [
        (name_of(plot_id(1)), True),
        (name_of(plot_id(2)), False),
        ("moved.plot", False),
        (name_of(plot_id(1)).replace("2021", "1999"), True),
    ],
)
def test_the_name_is_held_against_the_id(tmp_path: Path, name: str, right: bool) -> None:
    put(tmp_path, 1, name=name)

    assert only(tmp_path).named_as_it_is is right


@pytest.mark.parametrize("seconds", [-(2**40), 0, 2**34, 2**40])
def test_any_time_a_file_system_holds_is_a_time(tmp_path: Path, seconds: int) -> None:
    path = put(tmp_path, 1)
    try:
        os.utime(path, (seconds, seconds))
    except OverflowError:
        pytest.skip("this file system refuses it")

    assert only(tmp_path).modified.tzinfo is not None


# --- again ---------------------------------------------------------------------------------------


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files whose header is read."""
    names: list[str] = []
    really = os.open

    def note(path: Any, *words: Any, **more: Any) -> int:
        if str(path).endswith("plot"):
            names.append(Path(path).name)
        return really(path, *words, **more)

    monkeypatch.setattr(os, "open", note)
    return names


def test_what_has_not_changed_is_not_read_again(tmp_path: Path, opened: list[str]) -> None:
    for number in range(3):
        put(tmp_path, number)
    first = read(tmp_path)
    assert len(opened) == 3

    again = read(tmp_path, first)

    assert len(opened) == 3
    assert again == Reading(first.plots)


def test_a_file_that_grew_is_read_again(tmp_path: Path) -> None:
    path = put(tmp_path, 1, size=v1_size() - 1)
    first = read(tmp_path)
    os.truncate(path, v1_size())

    again = read(tmp_path, first)

    assert [plot.condition for plot in again.changed] == [Condition.WHOLE]


def test_a_file_that_grew_and_kept_its_time_is_read_again(tmp_path: Path) -> None:
    path = put(tmp_path, 1, size=v1_size() - 1)
    first, times = read(tmp_path), path.stat()
    os.truncate(path, v1_size())
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    assert [plot.condition for plot in read(tmp_path, first).changed] == [Condition.WHOLE]


def test_a_file_that_was_written_anew_in_its_place_is_read_again(tmp_path: Path) -> None:
    path = put(tmp_path, 1)
    first = read(tmp_path)
    with path.open("r+b") as file:
        file.write(v1_header(plot_id(2)))
    os.utime(path, (1, 1))

    assert [plot.id for plot in read(tmp_path, first).changed] == [plot_id(2).hex()]


def test_a_file_of_the_same_size_and_time_in_its_place_is_read_again(tmp_path: Path) -> None:
    path = put(tmp_path, 1)
    first, times = read(tmp_path), path.stat()
    put(tmp_path, 2, name="new").replace(path)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    again = read(tmp_path, first)

    assert [plot.id for plot in again.changed] == [plot_id(2).hex()]
    assert not again.changed[0].named_as_it_is


def test_a_renamed_file_is_gone_there_and_new_here(tmp_path: Path) -> None:
    path = put(tmp_path, 1)
    first = read(tmp_path)
    path.rename(tmp_path / "moved.plot")

    again = read(tmp_path, first)

    assert again.gone == (str(path),)
    assert [plot.name for plot in again.changed] == ["moved.plot"]


def test_what_could_not_be_read_is_tried_again(tmp_path: Path) -> None:
    path = tmp_path / name_of(plot_id(1))
    path.symlink_to("/nowhere")
    first = read(tmp_path)
    path.unlink()
    put(tmp_path, 1)

    assert [plot.condition for plot in read(tmp_path, first).changed] == [Condition.WHOLE]


def test_a_file_that_goes_while_it_is_read_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, 1)

    def gone(*_: object, **__: object) -> int:
        raise FileNotFoundError(2, "No such file")

    monkeypatch.setattr(os, "open", gone)

    assert read(tmp_path).plots == {}


def test_a_bare_mount_point_is_no_empty_drive(tmp_path: Path) -> None:
    """The drive went away between the look at it and the reading of its folder."""
    drive = drive_at(tmp_path, filesystem="8:17")

    with pytest.raises(FileNotFoundError, match="went away"):
        read_drive(drive, {}, Look)


def test_a_folder_that_is_closed_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        read_drive(drive_at(tmp_path / "x", path=str(tmp_path / "y")), {}, Look)


def test_no_more_than_the_head_of_a_file_is_read(tmp_path: Path) -> None:
    put(tmp_path, 1, b"")
    without = _bytes_read_for(tmp_path)
    os.truncate(put(tmp_path, 1), 108_000_000_000)

    assert 0 < _bytes_read_for(tmp_path) - without <= HEAD_SIZE


def _bytes_read_for(folder: Path) -> int:
    drive = drive_at(folder)
    before = _bytes_read()
    read_drive(drive, {}, Look)
    return _bytes_read() - before


def _bytes_read() -> int:
    text = Path("/proc/self/io").read_text()
    return int(text.split("rchar: ")[1].split()[0])
