"""Finds and reads the settings, and tells all that is wrong with them at once."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import SecretStr, ValidationError

from plotobot.errors import SettingsError
from plotobot.settings._crossing import crossings
from plotobot.settings._environment import FILE_VARIABLE, WEBHOOK_VARIABLE, read_environment
from plotobot.settings._file import located, read_text
from plotobot.settings._lines import key_lines, line_of
from plotobot.settings._model import Plot, SettingsFile
from plotobot.settings._problem import Hide, Problem, hider
from plotobot.settings._sentences import (
    choice_problem,
    secret_problems,
    toml_problem,
    value_problems,
)
from plotobot.settings._settings import Settings
from plotobot.telling import WEBHOOK

FILE_NAME = "plotobot.toml"


def find_settings(file: Path | None = None, environ: Mapping[str, str] | None = None) -> Path:
    """Tell which settings file counts, without opening it.

    The one that was asked for, else that of PLOTOBOT_SETTINGS, else ./plotobot.toml, else the one
    in the user's configuration folder.

    Raises:
        SettingsError: nothing was asked for, and neither usual place has one.
    """
    if file is not None:
        return file
    if named := (os.environ if environ is None else environ).get(FILE_VARIABLE):
        return Path(named)
    places = (
        Path(FILE_NAME),
        Path(platformdirs.user_config_dir("plotobot", appauthor=False), FILE_NAME),
    )
    for place in places:
        if os.path.exists(place):  # noqa: PTH110 - Path.exists raises where a folder is closed
            return place
    problem = (
        f"There is no {FILE_NAME} here and no {places[1]}; `plotobot init` makes one, or name "
        "another file with --settings."
    )
    raise SettingsError([problem])


def load_settings(
    file: Path | None = None,
    *,
    state: Path | None = None,
    environ: Mapping[str, str] | None = None,
    plotters: Collection[str] = (),
) -> Settings:
    """Read the settings. Blocks.

    Args:
        file: the file that was asked for (`--settings`); None searches, see `find_settings`.
        state: the state folder that was asked for (`--state`); wins over PLOTOBOT_STATE.
        environ: the environment; None takes the process's own.
        plotters: the names that plot.plotter may have; empty allows any.

    Raises:
        SettingsError: with everything that is wrong, one sentence each, and no secret in it.
    """
    settings, problems = _attempt(find_settings(file, environ), state, environ, plotters)
    if settings is None:
        raise SettingsError(problems)
    return settings


def _attempt(
    file: Path,
    state: Path | None,
    environ: Mapping[str, str] | None,
    plotters: Collection[str],
) -> tuple[Settings | None, list[str]]:
    """Load or say why not. It raises nothing, so that no traceback holds what was read."""
    environment, problems = read_environment(
        file, state, os.environ if environ is None else environ
    )
    hide = hider(environment.secrets)
    written, more = _written(file, environment.secrets, plotters, hide)
    problems += more
    problems += _unknown_webhooks(written, environment.webhooks) if written else []
    if written is None or problems:
        return None, [hide(problem) for problem in dict.fromkeys(problems)]
    return Settings(
        file=file.absolute(),
        written=written,
        state_dir=environment.state_dir,
        token=SecretStr(environment.token) if environment.token else None,
        api_base=environment.api_base,
        gateway_url=environment.gateway_url,
        webhooks=environment.webhooks,
    ), []


def _unknown_webhooks(written: SettingsFile, known: Mapping[str, object]) -> list[str]:
    routes = written.alerts.routes.items()
    named = [(kind, to.removeprefix(WEBHOOK)) for kind, to in routes if to.startswith(WEBHOOK)]
    return [
        f"alerts.routes.{kind} names webhook:{name}, but {WEBHOOK_VARIABLE}{name} is not set; "
        "put its address into .env beside the settings file."
        for kind, name in named
        if name not in known
    ]


def _written(
    file: Path, tokens: Collection[str], plotters: Collection[str], hide: Hide
) -> tuple[SettingsFile | None, list[str]]:
    text = read_text(file)
    if isinstance(text, Problem):
        return None, [located(file, text, {})]
    return judge(file, text, tokens, plotters, hide)


def judge(
    file: Path, text: str, tokens: Collection[str], plotters: Collection[str], hide: Hide
) -> tuple[SettingsFile | None, list[str]]:
    """What a text would set as the settings file, or what is wrong with it."""
    text = text.replace("\r\n", "\n")
    data = _parsed(text)
    if isinstance(data, Problem):
        return None, [located(file, data, {})]
    written, problems = check_values(data, tokens, plotters, hide)
    lines = key_lines(text) if problems else {}
    placed = sorted(problems, key=lambda problem: line_of(lines, problem.path) or 0)
    return written, [located(file, problem, lines) for problem in placed]


def _parsed(text: str) -> dict[str, Any] | Problem:
    try:
        return tomllib.loads(text)
    except ValueError as error:
        return toml_problem(error, text)
    except RecursionError:
        return Problem("its lists or tables are nested too deep; no setting needs that.")


def check_values(
    data: dict[str, Any], tokens: Collection[str], plotters: Collection[str], hide: Hide
) -> tuple[SettingsFile | None, list[Problem]]:
    """What these values set, or what is wrong with them."""
    secrets = secret_problems(data, tokens)
    known = {problem.path for problem in secrets}
    problems = [*secrets, *crossings(data)]
    try:
        written = SettingsFile.model_validate(data)
    except ValidationError as error:
        return None, problems + [
            p for p in value_problems(error, data, hide) if p.path not in known
        ]
    tables: dict[tuple[str, ...], Plot] = {("plot",): written.plot}
    tables |= {("profiles", name): profile for name, profile in written.profiles.items()}
    problems += [
        choice_problem((*path, "plotter"), table.plotter, sorted(plotters), hide)
        for path, table in tables.items()
        if plotters and table.plotter not in plotters
    ]
    return written, problems
