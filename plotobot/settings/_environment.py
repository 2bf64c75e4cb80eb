"""Reads the environment and the `.env` file.

Environment variables win over `.env`; an empty one counts as unset.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import urlsplit

import platformdirs

from plotobot.settings._dotenv import parse_env
from plotobot.settings._file import located, read_text
from plotobot.settings._news import WEBHOOK_NAME
from plotobot.settings._problem import Problem, has_secret

FILE_VARIABLE = "PLOTOBOT_SETTINGS"
VARIABLES = ("DISCORD_TOKEN", "DISCORD_API_BASE", "DISCORD_GATEWAY_URL", "PLOTOBOT_STATE")
"""What may stand in the environment and in `.env`; and any number of webhooks."""
WEBHOOK_VARIABLE = "PLOTOBOT_WEBHOOK_"
"""What a webhook's variable begins with; its name follows."""
_WEBHOOK = re.compile(r"https?://[^/\s]+/api(?:/v\d+)?/webhooks/(\d{1,20})/([\w-]+)/?")


class Environment(NamedTuple):
    """What the variables say; the addresses are good ones, the folder is absolute."""

    token: str | None
    api_base: str | None
    gateway_url: str | None
    state_dir: Path
    secrets: tuple[str, ...] = ()
    """Every token that was seen, also one that does not count."""
    webhooks: Mapping[str, tuple[int, str]] = MappingProxyType({})
    """For each webhook's name its id and token."""


def read_environment(
    file: Path, state: Path | None, environ: Mapping[str, str]
) -> tuple[Environment, list[str]]:
    """Put together what the environment and the `.env` beside the settings file say.

    Returns:
        The values, and what is wrong with them; with a problem, they are not to be used.
    """
    env_file = file.parent / ".env"
    filed, problems = _env_file(env_file)
    values = {name: environ.get(name) or filed.get(name) or None for name in VARIABLES}
    set_ones = {name: value for name, value in environ.items() if value}
    tokens = (environ.get("DISCORD_TOKEN"), filed.get("DISCORD_TOKEN"))
    webhooks, hook_faults, addresses = _webhooks({**filed, **set_ones})
    secrets = (*(token for token in tokens if token), *addresses)
    root = Path() if environ.get("PLOTOBOT_STATE") else file.parent
    state_dir = _state_dir(state, values["PLOTOBOT_STATE"], root)
    faults = [
        token_fault(values["DISCORD_TOKEN"]),
        _address_fault(values["DISCORD_API_BASE"], "DISCORD_API_BASE", ("http", "https")),
        _address_fault(values["DISCORD_GATEWAY_URL"], "DISCORD_GATEWAY_URL", ("ws", "wss")),
        state_dir if isinstance(state_dir, str) else None,
        *(_misplaced(values[name], name, secrets) for name in VARIABLES[1:]),
        *hook_faults,
    ]
    environment = Environment(
        token=values["DISCORD_TOKEN"],
        api_base=values["DISCORD_API_BASE"],
        gateway_url=values["DISCORD_GATEWAY_URL"],
        state_dir=Path() if isinstance(state_dir, str) else state_dir,
        secrets=secrets,
        webhooks=webhooks,
    )
    return environment, problems + [fault for fault in faults if fault]


def _env_file(file: Path) -> tuple[dict[str, str], list[str]]:
    if not os.path.lexists(file):
        return {}, []
    text = read_text(file)
    if isinstance(text, Problem):
        return {}, [located(file, text, {})]
    values, problems = parse_env(text)
    for name, (_, line) in values.items():
        if not _known(name) and name.startswith(("DISCORD_", "PLOTOBOT_")):
            problems.append(_unknown_variable(name, line))
    found = {name: value for name, (value, _) in values.items() if _known(name)}
    problems.sort(key=lambda problem: problem.line or 0)
    return found, [located(file, problem, {}) for problem in problems]


def _known(name: str) -> bool:
    return name in VARIABLES or _webhook_name(name) is not None


def _webhook_name(variable: str) -> str | None:
    name = variable.removeprefix(WEBHOOK_VARIABLE)
    return name if name != variable and WEBHOOK_NAME.fullmatch(name) else None


def _webhooks(
    variables: Mapping[str, str],
) -> tuple[dict[str, tuple[int, str]], list[str], list[str]]:
    """The webhooks that are set, what is wrong with them, and all that must not be shown."""
    found: dict[str, tuple[int, str]] = {}
    faults, secrets = [], []
    for variable, address in variables.items():
        name = _webhook_name(variable)
        if name is None or not address:
            continue
        secrets.append(address)
        if match := _WEBHOOK.fullmatch(address.strip()):
            found[name] = (int(match[1]), match[2])
            secrets.append(match[2])
        else:
            faults.append(
                f"{variable} is no webhook's address; copy it from the channel's settings on "
                "Discord, Integrations, Webhooks, Copy Webhook URL."
            )
    return found, faults, secrets


def _unknown_variable(name: str, line: int) -> Problem:
    if name == FILE_VARIABLE:
        reason = f"{FILE_VARIABLE} is too late here; set it in the environment, or use --settings."
        return Problem(reason, line=line)
    # The name itself may be half a secret, where an = is missing.
    near = difflib.get_close_matches(name, VARIABLES, n=1)
    advice = f"did you mean {near[0]}?" if near else f"known are {', '.join(VARIABLES)}."
    return Problem(f"Plotobot has no variable of this name; {advice}", line=line)


def _misplaced(value: str | None, name: str, secrets: Collection[str]) -> str | None:
    if value is None or not has_secret(value, secrets):
        return None
    return f"{name} holds a secret, which is shown in many places; only DISCORD_TOKEN may hold one."


def token_fault(token: str | None) -> str | None:
    """What is wrong with a token; None for a good one and for none."""
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
