"""Which files on an out drive are finished plots."""

from __future__ import annotations

import os
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plotobot.engine.models import Job
from plotobot.engine.moving import sources
from plotobot.engine.moving.base import Ident
from plotobot.engine.moving.dispatch import Candidate
from plotobot.engine.moving.sources import excluded, finished_plots, judged, without
from tests.little_plots import RealPlot


def found(folder: Path, *exclude: str, known: dict[str, Ident] | None = None) -> list[str]:
    plots = finished_plots(str(folder), "sda", exclude, time.time(), known or {})
    return [Path(plot.source).name for plot in plots]


def test_whole_plots_the_oldest_first(
    tmp_path: Path, pool_plot: RealPlot, contract_plot: RealPlot
) -> None:
    for age, plot in ((10, pool_plot), (20, contract_plot)):
        copied = shutil.copy(plot.path, tmp_path)
        os.utime(copied, (time.time() - age, time.time() - age))
    assert found(tmp_path) == [contract_plot.path.name, pool_plot.path.name]


@pytest.mark.parametrize("cut", [1, 4096, 100_000])
def test_a_plot_that_is_being_written_is_none_yet(
    tmp_path: Path, pool_plot: RealPlot, cut: int
) -> None:
    copied = Path(shutil.copy(pool_plot.path, tmp_path))
    with copied.open("r+b") as file:
        file.truncate(copied.stat().st_size - cut)
    assert found(tmp_path) == []


def test_what_is_no_plot_is_passed_over(tmp_path: Path, pool_plot: RealPlot) -> None:
    name = pool_plot.path.name
    (tmp_path / name.replace(pool_plot.id, "0" * 64)).write_bytes(pool_plot.path.read_bytes())
    (tmp_path / f"{name}.tmp").write_bytes(b"x")
    (tmp_path / f".{name}").write_bytes(b"x")
    (tmp_path / "holiday.plot").write_bytes(b"x")
    os.mkfifo(tmp_path / name.replace("2026", "2027"))
    (tmp_path / name.replace("2026", "2028")).symlink_to(pool_plot.path)
    (tmp_path / name.replace("2026", "2029")).mkdir()
    assert found(tmp_path) == []
    assert found(tmp_path / "nowhere") == []


def test_a_container_nobody_can_read_counts_once_it_was_left_alone(tmp_path: Path) -> None:
    plot = tmp_path / f"plot-k32-{'ab' * 32}.gplot"
    plot.write_bytes(b"x")
    assert found(tmp_path) == []
    os.utime(plot, (time.time() - 61, time.time() - 61))
    assert found(tmp_path) == [plot.name]


def test_an_unchanged_plot_is_not_read_again(
    tmp_path: Path, pool_plot: RealPlot, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(pool_plot.path, tmp_path)
    [first] = finished_plots(str(tmp_path), "sda", (), time.time())
    reads: list[object] = []
    read = sources.read_header
    monkeypatch.setattr(sources, "read_header", lambda path: (reads.append(path), read(path))[1])
    known = {first.source: first.ident}

    assert found(tmp_path, known=known) == [pool_plot.path.name]
    assert reads == []
    os.utime(first.source, (0, 0))
    assert found(tmp_path, known=known) == [pool_plot.path.name]
    assert len(reads) == 1


def test_patterns_name_plots_that_stay() -> None:
    assert excluded("/out", "plot-k33-x.plot", ["plot-k33-*"])
    assert excluded("/out/keep", "p.plot", ["*/keep/*"])
    assert not excluded("/out", "plot-k32-x.plot", ["plot-k33-*", "/in/*"])


def test_what_is_on_its_way_is_left_out(tmp_path: Path, pool_plot: RealPlot) -> None:
    shutil.copy(pool_plot.path, tmp_path)
    plots = finished_plots(str(tmp_path), "sda", (), time.time())
    assert without(plots, {plots[0].source}) == []
    assert without(plots, {"/elsewhere"}) == plots


@pytest.mark.parametrize(
    ("plot_id", "out", "age", "moves"),
    [
        pytest.param("aa" * 32, "/out", 60, False, id="its-own"),
        pytest.param("aa" * 32, "/else", 60, False, id="its-own-in-another-folder"),
        pytest.param("bb" * 32, "/out", 60, True, id="another-plot"),
        pytest.param(None, "/out", 60, False, id="any-of-its-time-while-it-has-named-none"),
        pytest.param(None, "/out", -60, True, id="one-older-than-the-job"),
        pytest.param(None, "/else", 60, True, id="one-of-another-folder"),
    ],
)
def test_what_a_job_is_to_be_judged_by_stays(
    plot_id: str | None, out: str, age: int, moves: bool
) -> None:
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    finished = int((begun + timedelta(seconds=age)).timestamp() * 1e9)
    plot = Candidate("/out/x.plot", Ident(1, finished, 1), "sda", "aa" * 32)
    job = Job("1", "chiapos", 32, "/temp", out, plot_id=plot_id, created_at=begun)
    assert judged([plot], [job]) == ([plot] if moves else [])
    assert judged([plot], []) == [plot]
