"""From a chart's name and a summary to a picture."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from plotobot.charts import drives
from plotobot.charts.days import days
from plotobot.charts.phases import phases
from plotobot.charts.style import DPI, HEIGHT, SMALL, TITLE, WIDTH, nothing, styled, title
from plotobot.charts.timeline import timeline
from plotobot.engine.summary import Summary


def draw(chart: str, summary: Summary) -> bytes:
    """A chart as a PNG of at most 1,200 by 900 pixels.

    Raises:
        KeyError: there is no such chart.
    """
    with styled(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # a box stands for it
        figure = Figure(
            figsize=(WIDTH, HEIGHT), dpi=DPI, layout=ConstrainedLayoutEngine(w_pad=0.14, h_pad=0.12)
        )
        FigureCanvasAgg(figure)
        PAINTERS[chart](figure, summary)
        out = io.BytesIO()
        figure.savefig(out, format="png")
        return out.getvalue()


def _timeline(figure: Figure, summary: Summary) -> None:
    timeline(figure.subplots(), summary)


def _days(figure: Figure, summary: Summary) -> None:
    figure.set_size_inches(WIDTH, 4.6)
    days(figure.subplots(), summary)


def _phases(figure: Figure, summary: Summary) -> None:
    figure.set_size_inches(WIDTH, 5.2)
    phases(figure.subplots(), summary)


def _drives(figure: Figure, summary: Summary) -> None:
    fills = drives.urgent(summary)
    shown = fills[: drives.ROWS]
    if not shown:
        figure.set_size_inches(WIDTH, 3)
        axes = figure.subplots()
        title(axes, "Drives")
        nothing(axes, "No drive keeps plots.")
        return
    figure.set_size_inches(WIDTH, 1.4 + 0.76 * len(shown))
    figure.suptitle("Drives that keep plots", x=0.02, ha="left", fontsize=TITLE, fontweight="bold")
    panels = figure.subplots(len(shown), sharex=True, squeeze=False)[:, 0]
    drives.rows(list(panels), shown, summary)
    if len(fills) > len(shown):
        figure.supxlabel(f"and {len(fills) - len(shown)} drives with more time", fontsize=SMALL)


def _overview(figure: Figure, summary: Summary) -> None:
    parts = figure.subfigures(2, 1, height_ratios=(1.25, 1), hspace=0.04, squeeze=False)[:, 0]
    timeline(parts[0].subplots(), summary, most=24, named=7)
    left, right = parts[1].subplots(1, 2)
    days(left, summary, most=7, short=True)
    drives.bars(right, summary)


PAINTERS: Mapping[str, Callable[[Figure, Summary], None]] = {
    "overview": _overview,
    "timeline": _timeline,
    "days": _days,
    "drives": _drives,
    "phases": _phases,
}
"""By the names of `summary.CHARTS`."""
