"""What is left of plots: who decides that it may go, and that whole plots never do."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plotobot.engine.cleanup import DeleteEntry
from plotobot.engine.clearing import Scene, clean, save
from plotobot.engine.foreign import ForeignPlots
from plotobot.engine.models import Drive, DriveKind, Orphan, OrphanFile
from plotobot.engine.orphans import Knowledge, Left, look, sort_out
from plotobot.engine.rescue import rename_new
from plotobot.engine.stranger import Tenant
from plotobot.plots.names import temp_files_of
from tests.engine.farm import Farm, ended
from tests.engine.farm import until as until_in
from tests.engine.strangers import Strangers, kill_session, until
from tests.little_plots import RealPlot

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ID, OTHER, THIRD = "0123456789abcdef" * 4, "fedcba9876543210" * 4, "a1" * 32
HOUR = timedelta(hours=1)


def name_of(plot_id: str, end: str = ".plot.p1.t2.sort_bucket_000.tmp") -> str:
    return f"plot-k32-2026-11-23-15-55-{plot_id}{end}"


def left(
    plot_id: str = ID, age: timedelta = 5 * HOUR, *, folder: str = "/t", ours: bool = True
) -> Left:
    modified = int((NOW - age).timestamp() * 1e9)
    file = OrphanFile(folder, name_of(plot_id), 5, 1, 1, modified)
    return Left(plot_id, 32, file, ours=ours)


def at_work(
    *plot_ids: str, folder: str | None = "/t", sure: bool = False, age: timedelta = HOUR
) -> Tenant:
    folders = None if folder is None else (folder,)
    return Tenant("pid 7", NOW - age, frozenset(plot_ids), folders, sure)


def known(*tenants: Tenant, **more: object) -> Knowledge:
    return Knowledge(NOW, tenants, **more)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _nobody_elses_open_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests on this machine may hold plots of the same ids open."""
    monkeypatch.setattr("plotobot.engine.clearing.psutil.pids", lambda: [os.getpid()])


# --- the decision ---------------------------------------------------------------------------------


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


# --- looking --------------------------------------------------------------------------------------


@pytest.fixture
def drives(tmp_path: Path) -> list[Drive]:
    """A temp, a temp2 and an out drive on one file system."""
    kinds = (DriveKind.TEMP, DriveKind.TEMP2, DriveKind.OUT)
    for kind in kinds:
        (tmp_path / kind.value).mkdir()
    return [Drive(kind, str(tmp_path / kind.value), "fs") for kind in kinds]


def put(folder: str, *names: str, age: timedelta = 5 * HOUR) -> None:
    for name in names:
        path = Path(folder, name)
        path.write_bytes(b"12345")
        when = time.time() - age.total_seconds()
        os.utime(path, (when, when))


def names_in(folder: str | Path) -> list[str]:
    return [entry.name for entry in Path(folder).iterdir()]


def scene(drives: Sequence[Drive], *tenants: Tenant, **more: object) -> Scene:
    return Scene(drives, Knowledge(datetime.now(UTC), tenants, **more))  # type: ignore[arg-type]


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


# --- removing -------------------------------------------------------------------------------------


async def keep(plot_id: str, entries: Sequence[DeleteEntry]) -> None:
    """A journal that takes everything."""


async def test_exactly_what_was_listed_goes_and_is_journaled(drives: list[Drive]) -> None:
    temp, _, out = (drive.path for drive in drives)
    put(temp, name_of(ID), name_of(ID, ".plot.sort.tmp"), name_of(OTHER), name_of(THIRD))
    put(out, name_of(ID, ".plot.2.tmp"))
    listed = [one for one in scene(drives).orphans() if one.plot_id in (ID, OTHER)]
    put(temp, name_of(ID, ".plot.table1.tmp"))  # came after the list
    put(temp, name_of(OTHER), age=6 * HOUR)  # changed after it
    told: list[str] = []

    async def journal(plot_id: str, entries: Sequence[DeleteEntry]) -> None:
        told.extend(entry.name for entry in entries)
        assert set(told) <= {*names_in(temp), *names_in(out), *told}

    result = await clean(listed, scene(drives), journal)

    gone = {name_of(ID), name_of(ID, ".plot.sort.tmp"), name_of(ID, ".plot.2.tmp")}
    assert set(told) == gone
    assert set(names_in(temp)) == {
        name_of(ID, ".plot.table1.tmp"),
        name_of(OTHER),
        name_of(THIRD),
    }
    assert names_in(out) == []
    assert (result.plots, result.files, result.bytes) == (1, 3, 15)
    assert len(result.left) == 1
    assert "changed since it was listed" in result.left[0]


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(lambda drives: scene(drives, at_work(ID)), id="a-plotter-came"),
        pytest.param(lambda drives: scene(drives, opened=[ID], blind=True), id="blind-now"),
        pytest.param(lambda drives: scene([]), id="drives-gone"),
    ],
)
async def test_what_changed_its_mind_between_the_presses_stays(
    now: Callable[[list[Drive]], Scene], drives: list[Drive]
) -> None:
    put(drives[0].path, name_of(ID))
    listed = scene(drives).orphans()
    result = await clean(listed, now(drives), keep)
    assert names_in(drives[0].path) == [name_of(ID)]
    assert (result.files, len(result.left)) == (0, 1)


async def test_a_list_that_names_a_folder_of_nobodys_removes_nothing(
    drives: list[Drive], tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    put(str(outside), name_of(ID))
    put(drives[0].path, name_of(ID))
    (orphan,) = scene(drives).orphans()
    moved = tuple(replace(file, folder=str(outside)) for file in orphan.files)
    result = await clean([replace(orphan, files=moved)], scene(drives), keep)
    assert result.files == 0
    assert names_in(outside) == names_in(drives[0].path) == [name_of(ID)]


@pytest.mark.parametrize("error", [OSError("full"), sqlite3.OperationalError("full")])
async def test_nothing_goes_that_the_journal_does_not_take(
    error: Exception, drives: list[Drive]
) -> None:
    async def refuse(plot_id: str, entries: Sequence[DeleteEntry]) -> None:
        raise error

    put(drives[0].path, name_of(ID))
    result = await clean(scene(drives).orphans(), scene(drives), refuse)
    assert names_in(drives[0].path) == [name_of(ID)]
    assert "full" in result.left[0]


def test_a_file_that_any_process_holds_open_stays(drives: list[Drive]) -> None:
    put(drives[0].path, name_of(ID))
    with Path(drives[0].path, name_of(ID)).open():
        (orphan,) = scene(drives).orphans()
    assert orphan.kept == "a process holds a file of it open"
    assert scene(drives).orphans()[0].kept is None


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


# --- rescuing -------------------------------------------------------------------------------------


def whole(folder: str, plot: RealPlot, end: str) -> Path:
    path = Path(folder, f"{plot.path.stem}{end}")
    shutil.copy(plot.path, path)
    when = time.time() - 7200
    os.utime(path, (when, when))
    return path


@pytest.mark.parametrize("end", [".plot.2.tmp", ".plot.tmp", ".plot"])
async def test_a_whole_plot_gets_its_final_name_on_an_out_drive_beside(
    end: str, drives: list[Drive], pool_plot: RealPlot
) -> None:
    path = whole(drives[1].path, pool_plot, end)
    result = await save([pool_plot.id], scene(drives))
    final = Path(drives[2].path, pool_plot.path.name)
    assert (result.saved, result.left) == ((str(final),), ())
    assert final.read_bytes() == pool_plot.path.read_bytes()
    assert not path.exists()


async def test_without_an_out_drive_beside_it_is_named_and_the_rest_is_said(
    drives: list[Drive], pool_plot: RealPlot
) -> None:
    whole(drives[0].path, pool_plot, ".plot.2.tmp")
    result = await save([pool_plot.id], scene(drives[:1]))
    assert names_in(drives[0].path) == [pool_plot.path.name]
    assert len(result.saved) == 1
    assert "move it to an out drive" in result.left[0]


async def test_nothing_is_ever_overwritten(drives: list[Drive], pool_plot: RealPlot) -> None:
    path = whole(drives[0].path, pool_plot, ".plot.2.tmp")
    there = Path(drives[2].path, pool_plot.path.name)
    there.write_text("gold")
    result = await save([pool_plot.id], scene(drives))
    assert there.read_text() == "gold"
    assert path.exists()
    assert "is there already" in result.left[0]


async def test_a_plot_that_a_plotter_works_on_is_not_rescued(
    drives: list[Drive], pool_plot: RealPlot
) -> None:
    path = whole(drives[0].path, pool_plot, ".plot.2.tmp")
    result = await save([pool_plot.id], scene(drives, at_work(pool_plot.id)))
    assert path.exists()
    assert (result.saved, result.left) == ((), ())


def test_a_rename_that_fails_leaves_no_empty_file(tmp_path: Path) -> None:
    assert rename_new(tmp_path / "missing", tmp_path / "new")
    assert names_in(tmp_path) == []


# --- the whole engine -----------------------------------------------------------------------------


async def test_what_a_killed_foreign_plotter_left_is_listed_and_removed(
    farm: Farm, strangers: Strangers, tmp_path: Path
) -> None:
    config = replace(farm.config(), foreign=True, spawn_on_start=False)
    plotter = strangers.chiapos(temp="temp1")
    async with farm.running(config) as engine:

        async def at_it() -> bool:
            await engine._spawner.look()
            jobs = await engine.jobs()
            return bool(jobs and jobs[0].plot_id and len(farm.leftovers()) > 3)

        await until_in(engine, at_it)
        assert await engine.orphans() == []
        plot_id = (await engine.jobs())[0].plot_id
        kill_session(plotter)
        left = farm.leftovers()

        (orphan,) = await engine.orphans()
        assert (orphan.plot_id, orphan.kept) == (plot_id, None)
        assert sorted(file.name for file in orphan.files) == sorted(left)
        result = await engine.clean([orphan], by="somebody")

        assert (result.plots, result.files, result.left) == (1, len(left), ())
        assert farm.leftovers() == []
        rows = await engine._store._rows("SELECT path, plot_id, why FROM deletions")
    assert {Path(path).name for path, _, _ in rows} == set(left)
    assert {row[1:] for row in rows} == {(plot_id, "orphan, by somebody")}


async def test_one_that_was_never_seen_alive_has_to_be_quiet_for_an_hour(
    farm: Farm, strangers: Strangers
) -> None:
    config = replace(farm.config(), spawn_on_start=False)
    plotter = strangers.chiapos(temp="temp1")
    until(lambda: len(farm.leftovers()) > 3)
    kill_session(plotter)
    async with farm.running(config) as engine:
        (orphan,) = await engine.orphans()
        assert "within the last hour" in (orphan.kept or "")
        result = await engine.clean([replace(orphan, kept=None)], by="somebody")
        assert (result.files, len(result.left)) == (0, 1)


async def test_what_a_lost_job_of_ours_left_may_go_at_once(farm: Farm) -> None:
    async with farm.running(count=1) as engine:
        (job,) = await ended(engine, 1)
        put(job.temp, f"plot-k18-2026-11-23-15-55-{job.plot_id}.plot.sort.tmp", age=timedelta())
        (orphan,) = await engine.orphans()
        assert (await engine.clean([orphan], by="me")).files == 1


def test_orphans_are_plain_values(tmp_path: Path) -> None:
    from pydantic import TypeAdapter

    orphan = Orphan(ID, 32, (left().file,), NOW)
    adapter = TypeAdapter(Orphan)
    assert adapter.validate_json(adapter.dump_json(orphan)) == orphan
    assert ForeignPlots(tmp_path).blind
