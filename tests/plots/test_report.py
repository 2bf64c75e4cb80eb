"""A plot file as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from plotobot.plots.report import describe


def test_a_plot_as_json(contract_plot: Any) -> None:
    told = json.loads(json.dumps(describe(contract_plot.path)))
    size = contract_plot.path.stat().st_size
    assert told["contract_address"].startswith("xch1")
    del told["contract_address"], told["farmer_pk"]
    assert told == {
        "path": str(contract_plot.path),
        "format": "v1",
        "k": 18,
        "id": contract_plot.id,
        "memo": "contract",
        "pool_pk": None,
        "compression": 0,
        "size": size,
        "expected_size": size,
        "exact": True,
        "truncated": False,
        "unfinished": False,
        "strength": None,
        "plot_index": None,
        "meta_group": None,
        "group_size": None,
    }


def test_its_values_are_plain(pool_plot: Any) -> None:
    assert {type(value) for value in describe(pool_plot.path).values()} <= {
        str, int, bool, type(None),
    }  # fmt: skip


def test_the_secret_key_is_not_told(pool_plot: Any) -> None:
    assert "ee" * 8 not in json.dumps(describe(pool_plot.path))


def test_what_is_no_plot_has_an_error_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no plot")
    assert describe(path) == {
        "path": str(path),
        "error": f"{path} is not a plot: it does not begin like one.",
    }


def test_a_missing_file_is_told_the_same_way(tmp_path: Path) -> None:
    told = describe(str(tmp_path / "gone.plot"))
    assert set(told) == {"path", "error"}
    assert "No such file" in told["error"]
