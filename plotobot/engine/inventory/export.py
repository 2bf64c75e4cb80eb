"""The inventory as rows for other programs: JSON objects and CSV. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from plotobot.engine.inventory.plot import Plot
from plotobot.plots.names import masked

FIELDS = (
    "path", "drive", "use", "condition", "problem", "format", "k", "id", "memo", "farmer_key",
    "pool_key", "contract", "compression", "size", "expected_size", "exact", "modified",
    "named_as_it_is", "missing",
)  # fmt: skip
_KEYS = ("farmer_key", "pool_key", "contract")
_PATHS = ("path", "drive")


def plot_row(plot: Plot) -> dict[str, Any]:
    """A plot as plain values by name; sizes in bytes, times in ISO 8601."""
    values = {field: getattr(plot, field) for field in FIELDS}
    values |= {name: _text(values[name]) for name in _PATHS}
    enums = ("use", "condition", "format", "memo")
    values |= {name: values[name] and values[name].value for name in enums}
    return values | {"modified": plot.modified.isoformat()}


def csv_text(plots: Iterable[Plot], *, mask: bool) -> str:
    """All of them as CSV with a heading.

    Args:
        plots: the rows.
        mask: leave out the middle of keys and addresses, for a file that others may see.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_masked(row) if mask else row for row in map(plot_row, plots))
    return out.getvalue()


def _masked(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**row, **{key: row[key] and masked(row[key]) for key in _KEYS}}


def _text(path: str) -> str:
    return path.encode("utf-8", "backslashreplace").decode("utf-8")
