"""The command line: an operator's hands without Discord, and the way to start it all.

Bad usage and bad settings give clear sentences and exit code 2, never a traceback.
"""

from __future__ import annotations

import asyncio
import io
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plotobot import __version__
from plotobot.errors import PlotobotError
from plotobot.farmlog.report import Kind
from plotobot.setting_up.command import init
from plotobot.simulation import simulate

if TYPE_CHECKING:
    from plotobot.settings import Settings

app = typer.Typer(
    name="plotobot",
    help="A Chia plot manager that lives in a Discord bot.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

SettingsPath = Annotated[
    Path | None,
    typer.Option("--settings", help="The settings file; default: ./plotobot.toml.", metavar="FILE"),
]
State = Annotated[
    Path | None,
    typer.Option("--state", help="The folder for the database and the jobs.", metavar="DIR"),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Log more.")]


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"plotobot {__version__}")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """A Chia plot manager that lives in a Discord bot."""


app.command()(init)
app.command()(simulate)


@app.command()
def run(
    settings: SettingsPath = None,
    state: State = None,
    *,
    discord: Annotated[
        bool, typer.Option("--discord/--no-discord", help="Link to Discord.")
    ] = True,
    verbose: Verbose = False,
) -> None:
    """Run the plot manager and its bot until Ctrl-C; running plots go on after it."""
    # Here, not above: the small commands need none of this.
    from plotobot import app as composition
    from plotobot import logs

    loaded = _load(settings, state)
    logs.set_up(loaded.state_dir, verbose=verbose)
    asyncio.run(composition.run(loaded, discord=discord))


@app.command()
def demo(
    seconds: Annotated[float | None, typer.Option(help="End after so many seconds.", min=1)] = None,
    plots: Annotated[
        int | None, typer.Option(help="End after so many plots; 0 goes on.", min=0)
    ] = None,
    k: Annotated[
        int | None, typer.Option(help="The k of each plot; default: 20.", min=18, max=22)
    ] = None,
    port: Annotated[int, typer.Option(help="The page's port; 0 takes any.", min=0, max=65535)] = 0,
    directory: Annotated[
        Path | None,
        typer.Option("--dir", help="Keep everything it makes in this folder.", metavar="DIR"),
    ] = None,
    verbose: Verbose = False,
) -> None:
    """Make real little plots and watch the bot in a browser page; no Discord account needed."""
    from plotobot import logs
    from plotobot.demo.run import Options, run_demo

    logs.set_up(verbose=verbose, quiet=True)
    asyncio.run(run_demo(Options(seconds, plots, k, port, directory)))


@app.command()
def check(settings: SettingsPath = None, state: State = None) -> None:
    """Look at the settings and their surroundings; name every problem and its cure."""
    from plotobot import terminal
    from plotobot.surroundings import look_around

    findings = look_around(_load(settings, state))
    terminal.show_findings(findings)
    if any(finding.level == "problem" for finding in findings):
        raise typer.Exit(2)


@app.command()
def jobs(settings: SettingsPath = None, state: State = None, *, json: Json = False) -> None:
    """List the jobs, from their directories, and foreign plots: it asks no running bot."""
    from plotobot import terminal
    from plotobot.engine.shelf import read_foreign, read_jobs

    root = _state_dir(settings, state) / "jobs"
    own = read_jobs(root)
    found = [*own, *read_foreign(root, own)]
    terminal.show_json(terminal.job_rows(found)) if json else terminal.show_jobs(found)


@app.command()
def clean(
    settings: SettingsPath = None,
    state: State = None,
    *,
    json: Json = False,
    yes: Annotated[bool, typer.Option("--yes", help="Remove without asking.")] = False,
) -> None:
    """List temp files that no plotter works on, and remove them; not beside a running bot."""
    from plotobot import clearance, terminal

    with clearance.opened(_load(settings, state).engine) as yard:
        found = yard.orphans()
        if not json:
            terminal.show_orphans(found)
        removable = any(orphan.removable for orphan in found)
        asked = yes or (removable and not json and typer.confirm("Remove these files?"))
        result = yard.clean(found) if asked and removable else None
    if json:
        terminal.show_json(terminal.clean_document(found, result))
    elif result:
        terminal.show_cleaned(result)


@app.command()
def report(
    settings: SettingsPath = None,
    state: State = None,
    *,
    since: Annotated[
        str, typer.Option("--since", help="How far back, such as 24h or 7d.", metavar="SPAN")
    ] = "24h",
    json: Json = False,
) -> None:
    """Sum up what was made, from the job directories: it asks no running bot."""
    from plotobot import recount, terminal

    document = recount.recount(_state_dir(settings, state) / "jobs", since)
    terminal.show_json(document) if json else terminal.show_fields(recount.in_words(document))


@app.command()
def drives(settings: SettingsPath = None, state: State = None, *, json: Json = False) -> None:
    """List the configured drives: free, total, label, model, and what is wrong with each."""
    from plotobot import terminal
    from plotobot.surroundings import look_at_drives

    found = look_at_drives(_load(settings, state).engine)
    terminal.show_json(terminal.drive_rows(found)) if json else terminal.show_drives(found)


@app.command()
def move(
    settings: SettingsPath = None,
    state: State = None,
    source: Annotated[
        str | None, typer.Option("--from", help="Only the plots of this out drive.", metavar="DIR")
    ] = None,
    destination: Annotated[
        str | None, typer.Option("--to", help="Where they go; default: as the settings say.")
    ] = None,
) -> None:
    """Move the finished plots now, proven whole, with progress; where no bot runs."""
    from rich.console import Console

    from plotobot.move import move_once

    config = _load(settings, state).engine
    code = asyncio.run(move_once(config, source, destination, Console()))
    if code:
        raise typer.Exit(code)


@app.command()
def why(settings: SettingsPath = None, state: State = None, *, json: Json = False) -> None:
    """Tell which rule holds each drive, with its numbers, and until when."""
    from plotobot import terminal
    from plotobot.outlook import outlook

    found = outlook(_load(settings, state).engine)
    terminal.show_json(terminal.why_document(found)) if json else terminal.show_why(found)


@app.command()
def log(file: Annotated[Path, typer.Argument(metavar="FILE")], *, json: Json = False) -> None:
    """Tell what a plotter's log says: which plot, how far, how long, what went wrong."""
    from plotobot import terminal
    from plotobot.plotters.log_report import log_report

    report = log_report(file)
    terminal.show_json(report) if json else terminal.show_fields(report)


@app.command()
def plot(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...")],
    *,
    json: Json = False,
    check: Annotated[
        int | None,
        typer.Option(
            help="Ask each for the proofs of so many challenges as well.",
            metavar="N",
            min=1,
            max=10_000,
        ),
    ] = None,
) -> None:
    """Tell what plot files hold, from their headers; finds truncated ones to the byte."""
    from plotobot import terminal
    from plotobot.plots.report import checked, describe

    reports = [checked(file, check) if check else describe(file) for file in files]
    if json:
        terminal.show_json(reports)
    for report in reports if not json else ():
        terminal.show_fields(report)
    if any("error" in r or r.get("truncated") or r.get("damaged") for r in reports):
        raise typer.Exit(1)


@app.command()
def farmlog(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="chia's log; default: debug.log below CHIA_ROOT."),
    ] = None,
    level: Annotated[
        Kind | None, typer.Option(help="Only these records.", case_sensitive=False)
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(help="From a moment on, such as 24h, 7d, 2026-11-23T16:00.", metavar="TIME"),
    ] = None,
    lines: Annotated[
        int | None,
        typer.Option(help="The last so many records; default: 20, with --json all.", min=0),
    ] = None,
    *,
    json: Json = False,
) -> None:
    """Tell what the farm's log says: plots eligible, lookup times, proofs, errors."""
    from datetime import UTC, datetime

    from plotobot import terminal
    from plotobot.farmlog.files import default_log
    from plotobot.farmlog.moments import moment
    from plotobot.farmlog.report import read_farm_log

    begin = moment(since, datetime.now(UTC)) if since else None
    kept = lines if json or lines is not None else 20
    found = read_farm_log(file or default_log(os.environ), level, since=begin, lines=kept)
    terminal.show_json(terminal.farm_document(found)) if json else terminal.show_farm_log(found)


@app.command()
def plots(
    folders: Annotated[list[Path] | None, typer.Argument(metavar="[FOLDER...]")] = None,
    settings: SettingsPath = None,
    state: State = None,
    *,
    json: Json = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """List all plots of the configured drives, or of folders, by what their headers say."""
    from plotobot import stocktaking, surroundings, terminal, terminal_plots
    from plotobot.engine.inventory.check_lines import read_lines
    from plotobot.engine.inventory.export import csv_text, plot_rows

    loaded = None if folders else _load(settings, state)
    found = (
        surroundings.look_at_drives(loaded.engine)
        if loaded
        else stocktaking.folders_as_drives(folders or [])
    )
    checks = read_lines(loaded.state_dir) if loaded else []
    stock = stocktaking.take_stock(found, datetime.now(UTC), checks)
    if json:
        terminal.show_json(list(plot_rows(stock.plots, checks)))
    elif csv:
        typer.echo(csv_text(stock.plots, checks, mask=False), nl=False)
    else:
        terminal_plots.show_plots(stock)


@app.command()
def replot(
    settings: SettingsPath = None,
    state: State = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan; it must be given.")],
    json: Json = False,
    by: Annotated[
        datetime | None,
        typer.Option(help="The day by which all shall be done.", formats=["%Y-%m-%d"]),
    ] = None,
    rate: Annotated[
        float | None, typer.Option(help="New plots a day; default: as measured.", min=0.001)
    ] = None,
) -> None:
    """Show which plots are old by the settings, in which order they would go, and until when."""
    from plotobot import stocktaking, terminal, terminal_plots

    del dry_run  # nothing else can be done from here
    due = by.replace(tzinfo=UTC) if by else None
    laid = stocktaking.lay_plan(_load(settings, state), datetime.now(UTC), due, rate)
    if json:
        terminal.show_json(stocktaking.plan_document(*laid[:3]))
    else:
        terminal_plots.show_plan(*laid)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Ploto's PlotoSpawnerConfig.json.")],
    out: Annotated[
        Path, typer.Option("--out", help="The folder for the new files.", metavar="DIR")
    ] = Path(),
) -> None:
    """Turn a configuration of Ploto into plotobot.toml and .env; overwrites nothing."""
    from plotobot import terminal
    from plotobot.ploto import import_file, write_imported

    imported = import_file(file)
    terminal.show_imported(imported, write_imported(imported, out))


@app.command()
def version() -> None:
    """Print the version."""
    _print_version(asked=True)


def main() -> None:
    """Run the command line; every error of ours is a sentence."""
    _write_in_any_locale()
    try:
        _run_and_flush()
    except PlotobotError as error:
        _complain(error)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # whoever read the output has enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _run_and_flush() -> None:
    try:
        app()
    finally:
        if sys.stdout:  # None where it was closed before the start
            sys.stdout.flush()


def _complain(error: PlotobotError) -> None:
    from plotobot.terminal import visible

    for sentence in str(error).splitlines():
        typer.echo(f"plotobot: {visible(sentence)}", err=True)


def _write_in_any_locale() -> None:
    """A terminal that cannot show a character gets a question mark instead of a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _load(file: Path | None, state: Path | None) -> Settings:
    from plotobot.plotters import PLOTTERS
    from plotobot.settings import load_settings

    return load_settings(file, state=state, plotters=tuple(PLOTTERS))


def _state_dir(file: Path | None, state: Path | None) -> Path:
    """The state folder: asked for by itself, it needs no settings file."""
    return state if state else _load(file, state).state_dir


if __name__ == "__main__":
    main()
