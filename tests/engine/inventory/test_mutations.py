"""Damaged headers by the thousand; PLOTOBOT_MUTATIONS=1000000 makes it a million."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from plotobot.engine.drives import local_volumes
from plotobot.engine.inventory.plot import Condition
from plotobot.engine.inventory.reading import read_drive
from plotobot.engine.inventory.records import _plot, _row
from plotobot.engine.replot.judgement import Old, judge
from plotobot.engine.replot.rule import Rule
from plotobot.plots.headers import HEAD_SIZE, PlotFormat
from tests.engine.plot_files import (
    CONTRACT,
    drive_at,
    name_of,
    plot_id,
    pos2_file,
    v1_header,
    v1_size,
    v1c_header,
)

MUTATIONS = int(os.environ.get("PLOTOBOT_MUTATIONS", "3000"))
EVERYTHING = Rule(formats=frozenset(PlotFormat), foreign_keys=True)
SEEDS = (
    (v1_header(plot_id(1)), v1_size()),
    (v1_header(plot_id(1), CONTRACT), v1_size()),
    (v1c_header(plot_id(1), 7), 16_000),
    (pos2_file(plot_id(1)), 0),
)


def mutated(chance: random.Random, seed: bytes) -> bytes:
    data = bytearray(seed)
    for _ in range(chance.randrange(1, 6)):
        match chance.randrange(4):
            case 0:
                data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            case 1:
                data[chance.randrange(len(data))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF))
            case 2:
                at = chance.randrange(len(data))
                data[at : at + 8] = b"\xff" * 8
            case _:
                del data[max(1, chance.randrange(len(data)) * 2) :]
    return bytes(data)


def test_no_damaged_header_breaks_the_reading_or_makes_a_plot_old_under_a_wrong_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plotobot.engine.inventory.reading._BREATH", 0)
    chance = random.Random(20261125)
    drive, look = drive_at(tmp_path), local_volumes().look(str(tmp_path))
    path = tmp_path / name_of(plot_id(1))
    seen: set[Condition] = set()
    file = os.open(path, os.O_RDWR | os.O_CREAT)
    for _ in range(MUTATIONS):
        seed, size = chance.choice(SEEDS)
        data = mutated(chance, seed)
        os.ftruncate(file, max(size, len(data)))
        os.pwrite(file, data.ljust(max(size, HEAD_SIZE), b"\0")[: max(size, len(data))], 0)
        (plot,) = read_drive(drive, {}, lambda _: look).plots.values()
        seen.add(plot.condition)
        assert _plot(tuple(_row(plot))) == plot
        assert (plot.problem is None) == (plot.condition is Condition.WHOLE)
        # A memo length that is damaged from 112 to 128 shifts half of it into the farmer key.
        assert "ee" * 17 not in repr(plot)
        if isinstance(judge(plot, EVERYTHING), Old):
            assert plot.condition is Condition.WHOLE
            assert plot.id == plot_id(1).hex()
    os.close(file)
    assert seen == {Condition.WHOLE, Condition.TRUNCATED, Condition.NO_PLOT}
