"""Whole plots get their final names, and nothing is overwritten."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from plotobot.engine.clearing import save
from plotobot.engine.models import Drive
from plotobot.engine.rescue import rename_new
from tests.engine.leftovers import (
    at_work,
    names_in,
    scene,
)
from tests.little_plots import RealPlot

pytestmark = pytest.mark.usefixtures("only_own_open_files")


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
