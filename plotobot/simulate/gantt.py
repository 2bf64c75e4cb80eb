"""A chart of a run for a terminal: a row for each plot, a letter for what it was at. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from plotobot.engine.auto.bound import DAY
from plotobot.simulate.fluid import Plot
from plotobot.simulate.run import Outcome

LEGEND = "1 2 3 4: phases, c: copy; a column is {minutes:.0f} min"
MOST_ROWS = 24


def gantt(outcome: Outcome, begin: float, end: float, width: int = 72) -> list[str]:
    """The plots of a stretch of time, by temp drive and start.

    Args:
        outcome: the run.
        begin: seconds since the beginning.
        end: likewise.
        width: columns for the time.
    """
    shown = [
        plot
        for plot in outcome.plots
        if plot.born < end and (plot.ended is None or plot.ended > begin)
    ]
    shown.sort(key=lambda plot: (plot.temp, plot.born))
    wide = max((len(plot.temp) for plot in shown), default=0)
    step = (end - begin) / width
    rows = [
        f"{plot.temp:<{wide}} {''.join(_letters(plot, begin, step, width)).rstrip()}"
        for plot in shown[:MOST_ROWS]
    ]
    if len(shown) > MOST_ROWS:
        rows.append(f"... and {len(shown) - MOST_ROWS} more")
    return [*rows, LEGEND.format(minutes=step / 60)]


def last_day(outcome: Outcome, days: float) -> list[str]:
    """The chart of a run's last day."""
    return gantt(outcome, (days - 1) * DAY, days * DAY)


def _letters(plot: Plot, begin: float, step: float, width: int) -> Iterable[str]:
    for column in range(width):
        moment = begin + (column + 0.5) * step
        yield _letter(plot, moment)


def _letter(plot: Plot, moment: float) -> str:
    if moment < plot.born or (plot.ended is not None and moment >= plot.ended):
        return " "
    status = next(code for code, at in reversed(plot.stages) if at <= moment)
    return status[0] if status[0].isdigit() else "c"
