from __future__ import annotations

import csv
import io
import json

import pytest
from pydantic import TypeAdapter

from plotobot.engine.inventory.export import FIELDS, csv_text, plot_rows
from plotobot.engine.inventory.overview import overview
from plotobot.engine.inventory.plot import Check, Condition, Progress, Stock
from plotobot.plots.proofs import ProofCheck, ProofVerdict
from tests.engine.plot_files import FARMER, NOW, POOL, for_contract, make_plot

NASTY = [
    make_plot(1, path='/mnt/a"b,c\nd.plot'),
    make_plot(2, path="/mnt/\udcff\udcfe.plot", drive="/mnt/\udcff"),
    make_plot(3, condition=Condition.NO_PLOT, id=None, k=None, format=None, memo=None),
    make_plot(4, **for_contract()),
]


def test_every_row_comes_back_from_csv() -> None:
    rows = list(csv.DictReader(io.StringIO(csv_text(NASTY, mask=False))))

    assert [tuple(row) for row in rows] == [FIELDS] * 4
    assert [row["path"] for row in rows] == [row["path"] for row in plot_rows(NASTY)]
    assert rows[0]["farmer_key"] == FARMER.hex()
    assert rows[0]["size"] == str(NASTY[0].size)


def test_it_can_be_written_everywhere() -> None:
    csv_text(NASTY, mask=False).encode()
    json.dumps(list(plot_rows(NASTY))).encode()


@pytest.mark.parametrize("key", [FARMER.hex(), POOL.hex(), for_contract()["contract"]])
def test_a_file_for_others_has_no_whole_key(key: str) -> None:
    text = csv_text(NASTY, mask=True)

    assert key not in text
    assert f"{key[:8]}…{key[-4:]}" in text


def test_all_that_is_known_can_go_over_a_wire() -> None:
    plots = (make_plot(1), NASTY[2], NASTY[3])
    found = ProofCheck(30, 28, 0, ProofVerdict.SOUND, "Sound.", 1.5)
    check = Check(plots[0].path, plots[0].id or "", NOW, found)
    stock = Stock(
        plots, overview(plots), NOW, {"/mnt/x": "it is missing"}, Progress(1, 2), (check,)
    )
    adapter = TypeAdapter(Stock)

    assert adapter.validate_json(adapter.dump_json(stock)) == stock
