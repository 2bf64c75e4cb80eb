"""The command line of `plotobot init`: every answer is an option, too."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def _text(name: str, help_: str, metavar: str) -> typer.models.OptionInfo:
    info: typer.models.OptionInfo = typer.Option(name, help=help_, metavar=metavar)
    return info


def init(
    context: typer.Context,
    settings: Annotated[
        Path | None,
        typer.Option(
            "--settings", help="The file to write; default: ./plotobot.toml.", metavar="FILE"
        ),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option("--state", help="The folder for the database and the jobs.", metavar="DIR"),
    ] = None,
    machine: Annotated[str | None, _text("--machine", "This machine's name.", "NAME")] = None,
    plotter: Annotated[str | None, _text("--plotter", "The plotting program.", "NAME")] = None,
    program: Annotated[str | None, _text("--program", "Its full path.", "FILE")] = None,
    temp: Annotated[
        list[str] | None, _text("--temp", "A temp drive; repeat it for more.", "DRIVE")
    ] = None,
    temp2: Annotated[list[str] | None, _text("--temp2", "A second temp drive.", "DRIVE")] = None,
    out: Annotated[
        list[str] | None, _text("--out", "An out drive; repeat it for more.", "DRIVE")
    ] = None,
    replot: Annotated[
        list[str] | None, _text("--replot", "A drive whose old plots may go.", "DRIVE")
    ] = None,
    destination: Annotated[
        list[str] | None, _text("--destination", "A drive for plots in the end.", "DRIVE")
    ] = None,
    k: Annotated[str | None, _text("--k", "The size of a plot.", "K")] = None,
    compression: Annotated[
        str | None, _text("--compression", "The compression level.", "LEVEL")
    ] = None,
    threads: Annotated[str | None, _text("--threads", "Threads for one plot.", "N")] = None,
    buffer_mib: Annotated[str | None, _text("--buffer-mib", "Memory for one plot.", "MIB")] = None,
    max_parallel: Annotated[str | None, _text("--max-parallel", "Plots at once.", "N")] = None,
    max_parallel_per_drive: Annotated[
        str | None, _text("--max-parallel-per-drive", "Plots at once on one temp drive.", "N")
    ] = None,
    contract: Annotated[
        str | None, _text("--contract", "The pool contract address.", "XCH1")
    ] = None,
    pool_key: Annotated[str | None, _text("--pool-key", "The pool public key.", "HEX")] = None,
    farmer_key: Annotated[
        str | None, _text("--farmer-key", "The farmer public key.", "HEX")
    ] = None,
    guild: Annotated[str | None, _text("--guild", "The Discord server's id.", "ID")] = None,
    channel: Annotated[str | None, _text("--channel", "The channel's id.", "ID")] = None,
    owner: Annotated[
        list[str] | None, _text("--owner", "The id of a user who may do everything.", "ID")
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(
            "--token-file",
            help="A file with the bot's token, which goes to .env; else DISCORD_TOKEN counts.",
            metavar="FILE",
        ),
    ] = None,
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Ask nothing, take suggestions, write.")
    ] = False,
) -> None:
    """Set it all up: find drives and plotters, ask for the rest, write plotobot.toml and .env."""
    from plotobot.engine.drives import local_volumes
    from plotobot.setting_up import run
    from plotobot.setting_up.answers import OPTIONS
    from plotobot.setting_up.machine import look_at_machine
    from plotobot.setting_up.talk import TerminalTalk

    typed = context.params
    named = {key: option[2:].replace("-", "_") for key, option in OPTIONS.items()}
    given = {key: typed[name] for key, name in named.items() if typed[name] not in (None, [], ())}
    wishes = run.Wishes(settings, state, given, token_file, yes)
    talk = TerminalTalk()
    draft = run.begin(wishes)
    if yes or not sys.stdin.isatty():
        run.settle(draft, look_at_machine(local_volumes()), wishes)
        run.show(draft, talk)
    elif not run.ask(draft, look_at_machine(local_volumes()), talk, wishes):
        talk.say("Nothing was written.")
        raise typer.Exit(1)
    run.write(draft, talk)
    run.check(wishes, draft, talk)
