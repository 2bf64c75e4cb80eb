"""Finds and reads plotobot.toml, `.env` and the environment, and tells all that is wrong at once.

The only place that reads them. Environment variables win over `.env`; an empty one counts as unset.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import platformdirs
from pydantic import SecretStr, ValidationError

from plotobot.errors import SettingsError
from plotobot.settings._crossing import crossings
from plotobot.settings._env import parse_env
from plotobot.settings._lines import key_lines, line_of
from plotobot.settings._model import SettingsFile
from plotobot.settings._problem import Hide, Problem, hider
from plotobot.settings._sentences import (
    choice_problem,
    secret_problems,
    toml_problem,
    value_problems,
)
from plotobot.settings._settings import Settings

FILE_NAME = "plotobot.toml"
FILE_VARIABLE = "PLOTOBOT_SETTINGS"
VARIABLES = ("DISCORD_TOKEN", "DISCORD_API_BASE", "DISCORD_GATEWAY_URL", "PLOTOBOT_STATE")
"""What may stand in the environment and in `.env`."""

_LARGEST = 64 * 1024
"""No settings file is larger; a disk image named by mistake is."""


class _Environment(NamedTuple):
    token: str | None
    api_base: str | None
    gateway_url: str | None
    state_dir: Path


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
        if place.exists():
            return place
    problem = (
        f"There is no {FILE_NAME} here and no {places[1]}; copy plotobot.example.toml to "
        f"{FILE_NAME} and fill it in, or name another file with --settings."
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
    environment, problems = _environment(file, state, os.environ if environ is None else environ)
    hide = hider([environment.token] if environment.token else [])
    written, more = _written(file, environment.token, plotters, hide)
    problems += more
    if written is None or problems:
        return None, [hide(problem) for problem in dict.fromkeys(problems)]
    return Settings(
        file=file.absolute(),
        written=written,
        state_dir=environment.state_dir,
        token=SecretStr(environment.token) if environment.token else None,
        api_base=environment.api_base,
        gateway_url=environment.gateway_url,
    ), []


def _written(
    file: Path, token: str | None, plotters: Collection[str], hide: Hide
) -> tuple[SettingsFile | None, list[str]]:
    text = _read(file)
    if isinstance(text, Problem):
        return None, [_located(file, text, {})]
    text = text.replace("\r\n", "\n")
    data = _parsed(text)
    if isinstance(data, Problem):
        return None, [_located(file, data, {})]
    written, problems = _checked(data, token, plotters, hide)
    lines = key_lines(text) if problems else {}
    placed = sorted(problems, key=lambda problem: line_of(lines, problem.path) or 0)
    return written, [_located(file, problem, lines) for problem in placed]


def _parsed(text: str) -> dict[str, Any] | Problem:
    try:
        return tomllib.loads(text)
    except ValueError as error:
        return toml_problem(error)
    except RecursionError:
        return Problem("its lists or tables are nested too deep; no setting needs that.")


def _checked(
    data: dict[str, Any], token: str | None, plotters: Collection[str], hide: Hide
) -> tuple[SettingsFile | None, list[Problem]]:
    secrets = secret_problems(data, token)
    known = {problem.path for problem in secrets}
    problems = [*secrets, *crossings(data)]
    try:
        written = SettingsFile.model_validate(data)
    except ValidationError as error:
        return None, problems + [
            p for p in value_problems(error, data, hide) if p.path not in known
        ]
    if plotters and written.plot.plotter not in plotters:
        path, value = ("plot", "plotter"), written.plot.plotter
        problems.append(choice_problem(path, value, sorted(plotters), hide))
    return written, problems


def _environment(
    file: Path, state: Path | None, environ: Mapping[str, str]
) -> tuple[_Environment, list[str]]:
    env_file = file.parent / ".env"
    filed, problems = _env_file(env_file)
    values = {name: environ.get(name) or filed.get(name) or None for name in VARIABLES}
    faults = [fault for fault in (_token_fault(values["DISCORD_TOKEN"]),) if fault]
    for name, schemes in (
        ("DISCORD_API_BASE", ("http", "https")),
        ("DISCORD_GATEWAY_URL", ("ws", "wss")),
    ):
        if fault := _address_fault(values[name], name, schemes):
            faults.append(fault)
    root = Path() if environ.get("PLOTOBOT_STATE") else file.parent
    state_dir = _state_dir(state, values["PLOTOBOT_STATE"], root)
    if isinstance(state_dir, str):
        faults.append(state_dir)
        state_dir = Path()
    environment = _Environment(
        token=values["DISCORD_TOKEN"],
        api_base=values["DISCORD_API_BASE"],
        gateway_url=values["DISCORD_GATEWAY_URL"],
        state_dir=state_dir,
    )
    return environment, problems + faults


def _env_file(file: Path) -> tuple[dict[str, str], list[str]]:
    if not os.path.lexists(file):
        return {}, []
    text = _read(file)
    if isinstance(text, Problem):
        return {}, [_located(file, text, {})]
    values, problems = parse_env(text)
    for name, (_, line) in values.items():
        if name not in VARIABLES and name.startswith(("DISCORD_", "PLOTOBOT_")):
            problems.append(_unknown_variable(name, line))
    found = {name: value for name, (value, _) in values.items() if name in VARIABLES}
    problems.sort(key=lambda problem: problem.line or 0)
    return found, [_located(file, problem, {}) for problem in problems]


def _unknown_variable(name: str, line: int) -> Problem:
    if name == FILE_VARIABLE:
        reason = f"{FILE_VARIABLE} is too late here; set it in the environment, or use --settings."
        return Problem(reason, line=line)
    # The name itself may be half a secret, where an = is missing.
    near = difflib.get_close_matches(name, VARIABLES, n=1)
    advice = f"did you mean {near[0]}?" if near else f"known are {', '.join(VARIABLES)}."
    return Problem(f"Plotobot has no variable of this name; {advice}", line=line)


def _token_fault(token: str | None) -> str | None:
    if token is None or (token.isascii() and token.isprintable() and not set(token) & set(" \"'")):
        return None
    return (
        "DISCORD_TOKEN has characters that no token has, such as blanks or quotes; "
        "copy it again from the Discord developer portal, without anything round it."
    )


def _address_fault(text: str | None, name: str, schemes: tuple[str, ...]) -> str | None:
    try:
        parts = urlsplit(text or f"{schemes[0]}://host")
        good = parts.scheme in schemes and parts.hostname and not parts.username
        good = good and (text or "").isprintable() and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if good:
        return None
    return (
        f"{name} must be an address that begins with {schemes[0]}:// or {schemes[1]}://; "
        "correct it, or remove it to use Discord's own."
    )


def _state_dir(asked: Path | None, variable: str | None, root: Path) -> Path | str:
    if asked is not None:
        return asked.absolute()
    if variable is None:
        return Path(platformdirs.user_state_dir("plotobot", appauthor=False)).absolute()
    try:
        folder = Path(variable).expanduser()
    except RuntimeError:
        return "PLOTOBOT_STATE begins with ~, but there is no such home; write the full path."
    if not variable.isprintable():
        return "PLOTOBOT_STATE has control characters in it; write the path of a folder."
    return (root / folder).absolute()


def _read(file: Path) -> str | Problem:
    """The text of a small file, or why there is none."""
    try:
        if file.is_dir():
            return Problem("is a folder; name the file in it.")
        if file.exists() and not file.is_file():
            return Problem("is no ordinary file; name a text file.")
        with file.open("rb") as opened:
            content = opened.read(_LARGEST + 1)
    except FileNotFoundError:
        return Problem("does not exist; copy plotobot.example.toml there, or name another file.")
    except PermissionError:
        return Problem("may not be read by this user; change its owner or its permissions.")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name is impossible"
        return Problem(f"cannot be read ({reason}); check the file and its drive.")
    return _decoded(content)


def _decoded(content: bytes) -> str | Problem:
    if len(content) > _LARGEST:
        return Problem(f"is larger than {_LARGEST // 1024} KiB, so it is no settings file.")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Problem("is UTF-16; save it as UTF-8.")
    if (nul := content.find(b"\0")) >= 0:
        line = content.count(b"\n", 0, nul) + 1
        return Problem("there are NUL bytes here; the file is damaged, so restore it.", line=line)
    try:
        # Windows' editors put a byte order mark in front.
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return Problem("this is not UTF-8; save the file as UTF-8.", line=line)


def _located(file: Path, problem: Problem, lines: Mapping[tuple[str, ...], int]) -> str:
    """Put file, line and column in front of a problem."""
    name = "".join(c if c.isprintable() else "?" for c in str(file))
    line = problem.line or line_of(lines, problem.path)
    if line is None:
        return f"{name} {problem.text}" if _is_about_file(problem) else f"{name}: {problem.text}"
    column = f", column {problem.column}" if problem.column else ""
    return f"{name} line {line}{column}: {problem.text}"


def _is_about_file(problem: Problem) -> bool:
    return problem.text.startswith(("is ", "does ", "may ", "cannot "))
