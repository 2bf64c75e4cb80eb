"""Removing what was listed, and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from plotobot.engine.cleanup import DeleteEntry
from plotobot.engine.clearing import Scene, clean
from plotobot.engine.foreign import ForeignPlots
from plotobot.engine.models import Drive, Orphan
from tests.engine.farm import Farm, ended
from tests.engine.farm import until as until_in
from tests.engine.leftovers import (
    HOUR,
    ID,
    NOW,
    OTHER,
    THIRD,
    at_work,
    keep,
    left,
    name_of,
    names_in,
    put,
    scene,
)
from tests.engine.strangers import Strangers, kill_session, until

pytestmark = pytest.mark.usefixtures("only_own_open_files")


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


async def test_what_a_killed_foreign_plotter_left_is_listed_and_removed(
    farm: Farm, strangers: Strangers, tmp_path: Path
) -> None:
    config = replace(farm.config(), foreign=True, spawn_on_start=False)
    plotter = strangers.chiapos(temp="temp1")
    async with farm.running(config) as engine:

        async def at_it() -> bool:
            await engine._parts.spawner.look()
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
        rows = await engine._parts.store._rows("SELECT path, plot_id, why FROM deletions")
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
