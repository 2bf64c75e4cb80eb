"""`plotobot simulate`: what a machine would make, by the farmer's own settings and in auto mode."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from plotobot.simulate.comparing import Comparison
    from plotobot.simulate.rig import Span


def simulate(
    rig: Annotated[
        Path | None,
        typer.Argument(metavar="[RIG.toml]", help="A machine, written down."),
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option("--settings", help="The settings; default: ./plotobot.toml.", metavar="FILE"),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option("--state", help="The folder for the database and the jobs.", metavar="DIR"),
    ] = None,
    *,
    this_machine: Annotated[
        bool, typer.Option("--this-machine", help="This machine, with its settings and its plots.")
    ] = False,
    days: Annotated[float, typer.Option(help="So many days are simulated.", min=1, max=100)] = 8.0,
    seed: Annotated[int, typer.Option(help="Another seed is other luck.")] = 5,
    noise: Annotated[
        float, typer.Option(help="How much plots' times differ, as a share.", min=0, max=0.5)
    ] = 0.05,
    charts: Annotated[
        bool, typer.Option("--charts/--no-charts", help="Draw the last day, a row for each plot.")
    ] = True,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Simulate days of plotting with the production planner: your settings beside auto mode."""
    from plotobot import terminal
    from plotobot.simulate.comparing import document
    from plotobot.simulate.rig import Span

    if (rig is None) != this_machine:
        raise typer.BadParameter("name a rig file, or ask for --this-machine")
    span = Span(days, min(4.0, days / 3), seed, noise)
    found = _this_machine(settings, state, span) if rig is None else _of_file(rig, span)
    if json:
        terminal.show_json(document(found))
        return
    for line in found.lines(charts=charts):
        typer.echo(line)


def _of_file(file: Path, span: Span) -> Comparison:
    from plotobot.simulate.comparing import compare
    from plotobot.simulate.rig_file import read_rig

    written = read_rig(file)
    return compare(written.rig(), written.limits(), span, temp=written.spawn_temp)


def _this_machine(settings: Path | None, state: Path | None, span: Span) -> Comparison:
    from plotobot.engine.auto.learning import learned_of
    from plotobot.engine.shelf import read_jobs
    from plotobot.engine.spawner import kinds_of
    from plotobot.plotters import PLOTTERS
    from plotobot.settings import load_settings
    from plotobot.simulate.comparing import compare
    from plotobot.simulate.this_machine import rig_of
    from plotobot.surroundings import look_at_drives

    config = load_settings(settings, state=state, plotters=tuple(PLOTTERS)).engine
    drives = look_at_drives(config)
    learned = learned_of(read_jobs(config.jobs_root))
    rig = rig_of(kinds_of(config)[0], drives, learned, config.machine)
    return compare(rig, replace(config.limits, count=None), span)
