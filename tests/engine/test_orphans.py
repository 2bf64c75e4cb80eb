"""What is left of plots: when in doubt it stays."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plotobot.engine.clearing import clean
from plotobot.engine.models import Drive, DriveKind
from plotobot.engine.orphans import Knowledge, Left, look, sort_out
from plotobot.engine.stranger import Tenant
from plotobot.plots.names import temp_files_of
from tests.engine.leftovers import (
    HOUR,
    ID,
    NOW,
    OTHER,
    THIRD,
    at_work,
    keep,
    known,
    left,
    name_of,
    names_in,
    put,
    scene,
)
from tests.little_plots import RealPlot

pytestmark = pytest.mark.usefixtures("only_own_open_files")


@pytest.mark.parametrize(
    ("files", "knowledge", "reason"),
    [
        pytest.param([left()], known(), None, id="nobody-there"),
        pytest.param([left(age=HOUR / 2)], known(), "within the last hour", id="young"),
        pytest.param([left(age=-5 * HOUR)], known(), "within the last hour", id="from-the-future"),
        pytest.param([left(age=HOUR / 2)], known(gone=[ID]), None, id="young-and-proven-gone"),
        pytest.param([left(), left(age=HOUR / 2)], known(), "last hour", id="one-file-young"),
        pytest.param([left()], known(opened=[ID]), "holds a file", id="held-open"),
        pytest.param(
            [left()], known(opened=[ID], gone=[ID]), "holds a file", id="held-open-after-all"
        ),
        pytest.param([left()], known(blind=True, gone=[ID]), "could not be looked at", id="blind"),
        pytest.param([left(ours=False)], known(hidden=True), "another user", id="hidden"),
        pytest.param([left()], known(hidden=True), None, id="hidden-but-ours"),
        pytest.param([left(ours=False)], known(), None, id="all-is-seen"),
        pytest.param([left()], known(at_work(OTHER, age=9 * HOUR)), "pid 7", id="plotter-not-sure"),
        pytest.param(
            [left()], known(at_work(OTHER, age=9 * HOUR, sure=True)), None, id="plotter-sure"
        ),
        pytest.param(
            [left()], known(at_work(age=9 * HOUR, folder="/x")), None, id="plotter-elsewhere"
        ),
        pytest.param([left()], known(at_work(age=9 * HOUR, folder=None)), "pid 7", id="anywhere"),
        pytest.param([left()], known(at_work(age=HOUR)), None, id="older-than-the-plotter"),
        pytest.param([left()], known(at_work(age=4.5 * HOUR)), "pid 7", id="clocks-apart"),
    ],
)
def test_when_in_doubt_it_stays(
    files: Sequence[Left], knowledge: Knowledge, reason: str | None
) -> None:
    (orphan,) = sort_out(files, knowledge)
    assert (orphan.kept is None) is (reason is None)
    assert (reason or "") in (orphan.kept or "")
    assert bool(orphan.removable) is (reason is None)


def test_what_a_living_plotter_works_on_is_no_orphan() -> None:
    assert sort_out([left()], known(at_work(ID, sure=True), gone=[ID])) == []


def test_the_oldest_comes_first() -> None:
    found = sort_out([left(OTHER, 2 * HOUR), left(ID, 5 * HOUR)], known())
    assert [orphan.plot_id for orphan in found] == [ID, OTHER]


def test_files_are_found_by_their_exact_names(drives: list[Drive], tmp_path: Path) -> None:
    temp, temp2, out = (drive.path for drive in drives)
    put(temp, name_of(ID), name_of(ID, ".p1.table1.tmp"), name_of(ID, ".plot.sort.tmp"))
    put(temp2, name_of(ID, ".plot.2.tmp"))
    put(out, name_of(OTHER, ".plot.tmp"))
    put(temp, "t1_0.tmp", f"{ID}.tmp", name_of(ID, ".plot.tmp.bak"), name_of(THIRD, ".plot"))
    put(out, name_of(THIRD, ".plot"))
    (tmp_path / "temp" / name_of(THIRD)).symlink_to(tmp_path / "out")
    (tmp_path / "temp" / name_of(THIRD, ".plot.sort.tmp")).mkdir()

    found = {(one.plot_id, one.file.name) for one in look(drives)}

    assert found == {
        (ID, name_of(ID)),
        (ID, name_of(ID, ".p1.table1.tmp")),
        (ID, name_of(ID, ".plot.sort.tmp")),
        (ID, name_of(ID, ".plot.2.tmp")),
        (OTHER, name_of(OTHER, ".plot.tmp")),
    }


def test_a_missing_drive_and_one_that_cannot_be_read_hold_nothing(tmp_path: Path) -> None:
    gone = Drive(DriveKind.TEMP, str(tmp_path / "gone"), "fs")
    missing = Drive(DriveKind.TEMP, str(tmp_path), "fs", missing=True)
    put(str(tmp_path), name_of(ID))
    assert look([gone, missing]) == []


def test_drives_that_are_for_other_things_are_not_looked_at(tmp_path: Path) -> None:
    put(str(tmp_path), name_of(ID))
    kinds = (DriveKind.DESTINATION, DriveKind.REPLOT)
    assert look([Drive(kind, str(tmp_path), "fs") for kind in kinds]) == []


@pytest.mark.parametrize("end", [".plot.2.tmp", ".plot.tmp", ".plot"])
async def test_a_whole_plot_never_goes(end: str, drives: list[Drive], pool_plot: RealPlot) -> None:
    temp = drives[0].path
    plot = Path(temp, f"{pool_plot.path.stem}{end}")
    shutil.copy(pool_plot.path, plot)
    put(temp, f"{pool_plot.path.stem}.plot.sort.tmp")
    (orphan,) = scene(drives, gone=[pool_plot.id]).orphans()
    assert [file.name for file in orphan.whole] == [plot.name]
    assert [file.name for file in orphan.removable] == [f"{pool_plot.path.stem}.plot.sort.tmp"]

    forged = replace(orphan, files=tuple(replace(file, whole=False) for file in orphan.files))
    for listed in (orphan, forged):
        await clean([listed], scene(drives, gone=[pool_plot.id]), keep)

    assert names_in(temp) == [plot.name]


def test_a_plot_that_lacks_its_end_may_go(drives: list[Drive], pool_plot: RealPlot) -> None:
    cut = Path(drives[0].path, f"{pool_plot.path.stem}.plot.2.tmp")
    cut.write_bytes(pool_plot.path.read_bytes()[:-100_000])
    (orphan,) = scene(drives, gone=[pool_plot.id]).orphans()
    assert (orphan.whole, len(orphan.removable)) == ((), 1)


def test_a_plot_of_another_id_than_its_name_is_not_that_plot(
    drives: list[Drive], pool_plot: RealPlot
) -> None:
    shutil.copy(pool_plot.path, Path(drives[0].path, name_of(ID, ".plot")))
    assert scene(drives).orphans() == []


def test_what_only_gigahorse_can_read_is_kept(drives: list[Drive]) -> None:
    put(drives[0].path, f"plot-k32-c8-2026-11-23-15-55-{ID}.plot.tmp")
    put(drives[0].path, f"plot-k32-c07-2026-11-23-15-55-{OTHER}.plot.tmp")
    orphans = {orphan.plot_id: len(orphan.removable) for orphan in scene(drives).orphans()}
    assert orphans == {ID: 0, OTHER: 1}


ENDS = [".plot", ".plot.tmp", ".plot.2.tmp", ".plot.sort.tmp", ".p1.table1.tmp", ".tmp.plot", ".x"]
FILES = st.tuples(st.sampled_from([ID, OTHER, THIRD, ID[:-1]]), st.sampled_from(ENDS))
TENANTS = st.builds(
    at_work,
    st.sampled_from([ID, OTHER, THIRD]),
    folder=st.sampled_from([None, "/t", "/x"]),
    sure=st.booleans(),
    age=st.integers(0, 20).map(lambda hours: hours * HOUR),
)


@settings(
    max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    files=st.lists(FILES, max_size=8),
    tenants=st.lists(TENANTS, max_size=2),
    gone=st.sets(st.sampled_from([ID, OTHER, THIRD])),
    hours=st.integers(0, 20),
)
def test_no_removal_plan_ever_names_what_lives_or_is_no_temp_file(
    files: list[tuple[str, str]],
    tenants: list[Tenant],
    gone: set[str],
    hours: int,
    tmp_path: Path,
) -> None:
    folder = tmp_path / os.urandom(6).hex()
    folder.mkdir()
    put(str(folder), *(name_of(*file) for file in files), "t1_0.tmp", age=hours * HOUR)
    here = [Drive(DriveKind.TEMP, str(folder), "fs")]
    tenants = [replace(t, since=datetime.now(UTC) - (NOW - t.since)) for t in tenants]

    orphans = scene(here, *tenants, gone=gone).orphans()

    living = {plot_id for tenant in tenants for plot_id in tenant.plot_ids}
    for orphan in orphans:
        assert orphan.plot_id not in living
        names = [file.name for file in orphan.removable]
        assert temp_files_of(orphan.plot_id, names) == names
        assert not names or hours >= 1 or orphan.plot_id in gone
        assert {file.folder for file in orphan.files} == {os.path.realpath(folder)}
