"""Writes the plotobot.toml of a farmer who comes from Ploto."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from plotobot.ploto.drives import LeftOut
from plotobot.ploto.targets import Data, toml_value
from plotobot.settings import SettingsFile

_HEAD = """\
# Made by `plotobot import` from a configuration of Ploto ({layout}).
# plotobot.example.toml explains every setting; `plotobot check` looks at this file.
"""
_DISCORD = """\
# Where the bot lives and whom it obeys: copy the ids in Discord, with its developer mode on.
# [discord]
# guild = "your server's id"
# channel = "the channel's id"
# [discord.owners]
# users = ["your own id"]
"""


def render(data: Data, origins: Mapping[str, str], left_out: Sequence[LeftOut], layout: str) -> str:
    """The file's text.

    Args:
        data: values that the settings allow; every text in them is printable.
        origins: the key of Ploto's that each setting comes from.
        left_out: drives to be written as comments.
        layout: what the file is made from, in a few words.
    """
    data = {"drives": {}, **data} if left_out else data
    order = [name for name in SettingsFile.model_fields if name in data]
    tables = {name: data[name] for name in order if isinstance(data[name], dict)}
    bare = {name: value for name, value in data.items() if name not in tables}
    parts = [_HEAD.format(layout=layout), *_lines("", bare, origins)]
    for name, table in tables.items():
        parts += ["\n", f"[{name}]\n", *_lines(f"{name}.", table, origins)]
        if name == "drives":
            parts += map(_comment, left_out)
    return "".join([*parts, "\n", _DISCORD])


def _lines(prefix: str, values: Mapping[str, object], origins: Mapping[str, str]) -> Iterator[str]:
    for name, value in values.items():
        origin = origins.get(prefix + name)
        yield f"{name} = {toml_value(value)}{f'  # {origin}' if origin else ''}\n"


def _comment(item: LeftOut) -> str:
    return f"# Left out: {item.because}\n# {item.set} = {toml_value([item.entry])}\n"


def env_text(secrets: Iterable[tuple[str, str]]) -> str:
    """The text of the `.env`; the secrets have no quotes and no line ends."""
    kept = [f"{name}='{value}'\n" for name, value in secrets]
    note = (
        "\n# Ploto's webhooks, kept for you and not used by Plotobot. Delete them in Discord\n"
        "# (channel settings > Integrations > Webhooks), then here.\n"
    )
    head = (
        "# Plotobot's secrets: let nobody else read this file.\n"
        "# The bot's token, from https://discord.com/developers/applications, page Bot.\n"
        "DISCORD_TOKEN=\n"
    )
    return head + (note + "".join(kept) if kept else "")
