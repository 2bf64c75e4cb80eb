"""Cleaning up temp files: one plot's own ones, and nothing else on earth."""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plotobot.engine.cleanup import DeleteEntry, remove_temp_files
from plotobot.errors import Refusal

ID, OTHER = "0123456789abcdef" * 4, "fedcba9876543210" * 4
NAME = f"plot-k32-2026-11-23-15-55-{ID}"
OURS = [
    f"{NAME}.plot.sort.tmp",
    f"{NAME}.plot.table1.tmp",
    f"{NAME}.plot.p1.t2.sort_bucket_000.tmp",
    f"{NAME}.plot.p3s.t4.sort_bucket_127.tmp",
    f"{NAME}.plot.2.tmp",
    f"{NAME}.plot.tmp",
    f"{NAME}.p1.table1.tmp",
]
NOT_OURS = [
    f"{NAME}.plot",
    f"{NAME}.plot2",
    f"{NAME}.plot.tmp.bak",
    f"{NAME}.plot.2.tmp\n",
    f"{NAME}.tmp.plot",
    f"x{NAME}.plot.2.tmp",
    f"{NAME}0.plot.2.tmp",
    f"plot-k32-2026-11-23-15-55-{OTHER}.plot.2.tmp",
    f"plot-k32-2026-11-23-15-55-{OTHER}-{ID}x.plot.2.tmp",
    f"plot-k32-2026-11-23-15-55-{ID[:-1]}.plot.2.tmp",
    f"plot-k32-2026-11-23-15-55-{ID.upper()}.plot.2.tmp",
    f"{ID}.plot.2.tmp",
    "t1_0.tmp",
    "-rf",
    "@everyone.tmp",
]


def journal_into(told: list[DeleteEntry]) -> Callable[[list[DeleteEntry]], None]:
    return told.extend


def fill(folder: Path, names: list[str]) -> None:
    for name in names:
        (folder / name).write_bytes(b"12345")


def left_in(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


async def test_exactly_the_plots_own_temp_files_go(tmp_path: Path) -> None:
    fill(tmp_path, OURS + NOT_OURS)
    told: list[DeleteEntry] = []
    removed = await remove_temp_files(tmp_path, ID, [tmp_path], journal_into(told))
    assert left_in(tmp_path) == set(NOT_OURS)
    assert (removed.files, removed.bytes, removed.left) == (len(OURS), 5 * len(OURS), ())
    assert {entry.name for entry in told} == set(OURS)
    assert {(entry.folder, entry.size, entry.plot_id) for entry in told} == {(str(tmp_path), 5, ID)}


async def test_names_that_are_not_utf_8_stay(tmp_path: Path) -> None:
    name = f"{NAME}.plot.{os.fsdecode(bytes([255]))}.tmp"
    fill(tmp_path, [name])
    assert (await remove_temp_files(tmp_path, ID, [tmp_path], lambda _: None)).files == 0
    assert left_in(tmp_path) == {name}


async def test_links_folders_and_pipes_stay_and_are_named(tmp_path: Path) -> None:
    folder, treasure = tmp_path / "temp", tmp_path / "treasure"
    folder.mkdir()
    treasure.write_text("gold")
    link, inner, pipe = (f"{NAME}.plot.{kind}.tmp" for kind in ("link", "folder", "pipe"))
    (folder / link).symlink_to(treasure)
    (folder / inner).mkdir()
    fill(folder / inner, OURS)
    os.mkfifo(folder / pipe)
    told: list[DeleteEntry] = []
    removed = await remove_temp_files(folder, ID, [folder], journal_into(told))
    assert (removed.files, told) == (0, [])
    assert left_in(folder) == {link, inner, pipe}
    assert left_in(folder / inner) == set(OURS)
    assert treasure.read_text() == "gold"
    assert len(removed.left) == 3
    assert all("not a regular file" in reason for reason in removed.left)


async def test_a_folder_that_is_not_configured_is_refused(tmp_path: Path) -> None:
    configured, other = tmp_path / "temp", tmp_path / "temp" / "below"
    other.mkdir(parents=True)
    fill(other, OURS)
    for folder in (other, tmp_path, configured / "below" / ".." / "below", Path("/")):
        with pytest.raises(Refusal, match="none of the configured folders"):
            await remove_temp_files(folder, ID, [configured], lambda _: None)
    assert left_in(other) == set(OURS)


async def test_a_link_inside_a_configured_folder_does_not_lead_out(tmp_path: Path) -> None:
    configured, outside = tmp_path / "temp", tmp_path / "outside"
    configured.mkdir()
    outside.mkdir()
    fill(outside, OURS)
    (configured / "way-out").symlink_to(outside)
    with pytest.raises(Refusal):
        await remove_temp_files(configured / "way-out", ID, [configured], lambda _: None)
    assert left_in(outside) == set(OURS)


async def test_a_configured_folder_may_be_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    link.symlink_to(real)
    fill(real, OURS)
    assert (await remove_temp_files(link, ID, [link], lambda _: None)).files == len(OURS)


@pytest.mark.parametrize("plot_id", ["", ".*", "0" * 63, "0" * 65, "g" * 64, f"{ID}\n", ID.upper()])
async def test_what_is_no_plot_id_removes_nothing(plot_id: str, tmp_path: Path) -> None:
    fill(tmp_path, OURS)
    with pytest.raises(Refusal, match="no plot id"):
        await remove_temp_files(tmp_path, plot_id, [tmp_path], lambda _: None)
    assert left_in(tmp_path) == set(OURS)


async def test_the_journal_is_told_while_all_files_are_still_there(tmp_path: Path) -> None:
    fill(tmp_path, OURS)
    seen: list[set[str]] = []

    async def journal(entries: list[DeleteEntry]) -> None:
        seen.append(left_in(tmp_path))

    await remove_temp_files(tmp_path, ID, [tmp_path], journal)
    assert seen == [set(OURS)]
    assert left_in(tmp_path) == set()


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_nothing_goes_when_the_journal_cannot_be_written(kind: str, tmp_path: Path) -> None:
    fill(tmp_path, OURS)

    def refuse(entries: list[DeleteEntry]) -> Awaitable[None] | None:
        if kind == "sync":
            raise OSError("disk full")
        return refuse_later()

    async def refuse_later() -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        await remove_temp_files(tmp_path, ID, [tmp_path], refuse)
    assert left_in(tmp_path) == set(OURS)


async def test_a_file_that_changes_after_the_journal_stays(tmp_path: Path) -> None:
    fill(tmp_path, OURS)
    grown, swapped, gone = (tmp_path / name for name in OURS[:3])
    treasure = tmp_path / "treasure"
    treasure.write_text("gold")

    def meddle(entries: list[DeleteEntry]) -> None:
        grown.write_bytes(b"123456")
        swapped.unlink()
        swapped.symlink_to(treasure)
        gone.unlink()

    removed = await remove_temp_files(tmp_path, ID, [tmp_path], meddle)
    assert left_in(tmp_path) == {grown.name, swapped.name, "treasure"}
    assert removed.files == len(OURS) - 3
    assert len(removed.left) == 3


async def test_a_folder_replaced_by_a_link_after_the_journal_is_not_followed(
    tmp_path: Path,
) -> None:
    folder, outside = tmp_path / "temp", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    fill(folder, OURS)
    fill(outside, OURS)

    def swap(entries: list[DeleteEntry]) -> None:
        folder.rename(tmp_path / "away")
        folder.symlink_to(outside)

    removed = await remove_temp_files(folder, ID, [folder], swap)
    assert (removed.files, len(removed.left)) == (0, len(OURS))
    assert left_in(outside) == set(OURS)


async def test_a_missing_folder_holds_no_temp_files(tmp_path: Path) -> None:
    missing = tmp_path / "unplugged"
    removed = await remove_temp_files(missing, ID, [missing], lambda _: None)
    assert (removed.files, removed.left) == (0, ())


PIECES = ["plot-", "k32-", ID, OTHER, ".plot", ".tmp", ".2", "-", "a", " ", "\n", "é"]
NAMES = st.sampled_from(OURS + NOT_OURS) | st.lists(st.sampled_from(PIECES)).map("".join)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.lists(NAMES, max_size=2).map("".join)))
async def test_no_name_without_the_plots_id_or_with_a_finished_end_ever_goes(
    names: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / os.urandom(6).hex()
    folder.mkdir()
    usable = {name for name in names if 0 < len(os.fsencode(name)) < 256}
    fill(folder, list(usable))
    told: list[DeleteEntry] = []
    await remove_temp_files(folder, ID, [folder], journal_into(told))
    gone = usable - left_in(folder)
    assert gone == {entry.name for entry in told}
    assert all(f"-{ID}." in name and not name.endswith(".plot") for name in gone)
    assert usable & set(OURS) <= gone
