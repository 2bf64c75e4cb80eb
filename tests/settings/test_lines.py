"""Lines of keys in a TOML text."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from plotobot.settings._lines import key_lines, line_of

TEXT = '''\
machine = "a # b" # [plot]
drives.temp = [ # k = 1
  "x", "]",
  "y = 3",
]
[plot] # here
k = 32
"farmer_key" = """
k = 33
[spawn]
"""
'contract' = \'\'\'
[spawn]\'\'\'
[ discord . owners ]
users = [1, [2]]
operators = { users = [1] }
[[many]]
one = 1
'''


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("machine", 1),
        ("drives", 2),
        ("drives.temp", 2),
        ("plot", 6),
        ("plot.k", 7),
        ("plot.farmer_key", 8),
        ("plot.contract", 12),
        ("discord.owners", 14),
        ("discord.owners.users", 15),
        ("discord.owners.operators", 16),
        ("discord.owners.operators.users", 16),
        ("many.one", 18),
        ("spawn", None),
        ("", 1),
    ],
)
def test_the_line_of_a_key(key: str, line: int | None) -> None:
    tomllib.loads(TEXT)
    path = tuple(key.split(".")) if key else ("machine",)

    assert line_of(key_lines(TEXT), path) == line


def test_every_line_of_the_example_is_found() -> None:
    text = (Path(__file__).parents[2] / "plotobot.example.toml").read_text(encoding="utf-8")

    for path, number in key_lines(text).items():
        assert path[-1] in text.splitlines()[number - 1]
