"""The plot here: what is removed is what was ordered, and nothing else."""

from __future__ import annotations

import dataclasses
import os

import pytest

from plotobot.engine.moving.base import Ident, MoveOrder, MoveRefused
from plotobot.engine.moving.remote import source


@pytest.fixture
def job(tmp_path):
    plot = tmp_path / "a.plot"
    plot.write_bytes(b"plot")
    now = plot.stat()
    return MoveOrder("m1", plot, Ident(now.st_size, now.st_mtime_ns, now.st_ino))


def grow(path):
    with path.open("ab") as file:
        file.write(b"more")


def replace(path):
    now = path.stat()
    other = path.with_name("other")
    other.write_bytes(b"talk")
    os.utime(other, ns=(now.st_atime_ns, now.st_mtime_ns))
    other.rename(path)


def link(path):
    path.rename(path.with_name("real"))
    path.symlink_to(path.with_name("real"))


@pytest.mark.parametrize("happens", [grow, replace, link, lambda path: os.utime(path, (1, 1))])
def test_what_has_changed_is_neither_moved_nor_removed(job, happens):
    happens(job.source)

    for act in (source.check, source.remove):
        with pytest.raises(MoveRefused, match=r"has changed|no regular file"):
            act(job)

    assert os.path.lexists(job.source)


def test_the_plot_of_the_order_is_removed(job, tmp_path):
    (tmp_path / "b.plot").write_bytes(b"plot")
    source.check(job)

    source.remove(job)

    assert [path.name for path in tmp_path.iterdir()] == ["b.plot"]
    assert source.is_gone(job)


def test_a_plot_whose_folder_is_away_is_not_gone(job, tmp_path):
    away = dataclasses.replace(job, source=tmp_path / "unmounted" / "a.plot")

    assert not source.is_gone(away)
    with pytest.raises(MoveRefused, match="mounted"):
        source.check(away)


def test_the_first_byte_goes_under_the_plots_name_with_its_rights(job, tmp_path):
    job.source.chmod(0o640)
    nest = tmp_path / "nest"

    start = source.first_byte(job, nest)

    assert (start.name, start.read_bytes()) == ("a.plot", b"p")
    assert start.stat().st_mode & 0o777 == 0o640
    source.forget_first_byte(job, nest)
    assert not nest.exists()
