"""The inventory as rows for other programs: JSON objects and CSV. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from plotobot.engine.inventory.checks import standing
from plotobot.engine.inventory.plot import Check, Plot
from plotobot.plots.names import masked

FIELDS = (
    "path", "drive", "use", "condition", "problem", "format", "k", "id", "memo", "farmer_key",
    "pool_key", "contract", "compression", "size", "expected_size", "exact", "modified",
    "named_as_it_is", "missing", "checked", "verdict",
)  # fmt: skip
_KEYS = ("farmer_key", "pool_key", "contract")
_PATHS = ("path", "drive")
_OF_CHECK = frozenset({"checked", "verdict"})


def plot_rows(plots: Iterable[Plot], checks: Iterable[Check] = ()) -> Iterator[dict[str, Any]]:
    """Plots, each with its latest content check, as plain values by name.

    Sizes are in bytes, times in ISO 8601.
    """
    plots = list(plots)
    counted = standing(plots, checks)
    return (_row(plot, counted.get(plot.path)) for plot in plots)


def _row(plot: Plot, check: Check | None) -> dict[str, Any]:
    values = {field: getattr(plot, field) for field in FIELDS if field not in _OF_CHECK}
    values |= {name: _text(values[name]) for name in _PATHS}
    enums = ("use", "condition", "format", "memo")
    values |= {name: values[name] and values[name].value for name in enums}
    verdict = check.result.verdict.value if check else None
    times = {"modified": plot.modified, "checked": check.at if check else None}
    return values | {n: t and t.isoformat() for n, t in times.items()} | {"verdict": verdict}


def csv_text(plots: Iterable[Plot], checks: Iterable[Check] = (), *, mask: bool) -> str:
    """All of them as CSV with a heading.

    Args:
        plots: the rows.
        checks: the content checks there were.
        mask: leave out the middle of keys and addresses, for a file that others may see.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, FIELDS, lineterminator="\n")
    writer.writeheader()
    rows = plot_rows(plots, checks)
    writer.writerows(_masked(row) if mask else row for row in rows)
    return out.getvalue()


def _masked(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**row, **{key: row[key] and masked(row[key]) for key in _KEYS}}


def _text(path: str) -> str:
    return path.encode("utf-8", "backslashreplace").decode("utf-8")
