"""What a farmer reads when his settings are wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

import pytest
from pydantic import BaseModel

from plotobot.plots.address import encode_address
from plotobot.settings import SettingsFile
from plotobot.settings._sentences import ANY, _keys, _table

ADDRESS = encode_address(bytes(range(32)))

Complain = Callable[..., list[str]]

DRIVES = 'a list of drives in quotes, such as ["/mnt/ssd1", "label:plot"], none of them empty'
IDS = 'a list of Discord ids, such as ["123456789012345678"]'
KEY = "96 hexadecimal digits, as `chia keys show` shows them"
LISTED = "plotobot.example.toml has them all."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            'k = "big"', 'k is "big", but must be a whole number from 18 to 50.', id="text"
        ),
        pytest.param("k = 17", "k is 17, but must be a whole number from 18 to 50.", id="small"),
        pytest.param("k = 51", "k is 51, but must be a whole number from 18 to 50.", id="large"),
        pytest.param(
            "k = 32.0", "k is 32.0, but must be a whole number from 18 to 50.", id="float"
        ),
        pytest.param("k = true", "k is true, but must be a whole number from 18 to 50.", id="bool"),
        pytest.param(
            'k = "32"',
            'k is "32", but must be a whole number from 18 to 50; take away the quotes.',
            id="quoted",
        ),
        pytest.param("k = []", "k is a list, but must be a whole number from 18 to 50.", id="list"),
        pytest.param(
            "k = {}", "k is a table, but must be a whole number from 18 to 50.", id="table"
        ),
        pytest.param(
            "k = 2021-06-18", "k is a date, but must be a whole number from 18 to 50.", id="date"
        ),
        pytest.param(
            "k = 0x" + "f" * 5000,
            "k is a huge number, but must be a whole number from 18 to 50.",
            id="huge",
        ),
        pytest.param(
            "bitfield = 1", "bitfield is 1, but must be true or false.", id="number-as-switch"
        ),
        pytest.param(
            'bitfield = "true"',
            'bitfield is "true", but must be true or false; take away the quotes.',
            id="quoted-switch",
        ),
        pytest.param(
            "buckets = 100",
            "buckets is 100, but must be a power of two from 16 to 65536.",
            id="100",
        ),
        pytest.param(
            'program = "chia"',
            'program is "chia", but must be the full path of the program, or "" to have it found.',
            id="relative-program",
        ),
        pytest.param(
            'farmer_key = "abcdef"',
            f"farmer_key must be {KEY}; it has 6 digits instead of 96.",
            id="key-is-not-shown",
        ),
        pytest.param(
            'contract = "xch1qqq"',
            "contract must be a pool contract address: "
            "xch1 (or txch1) and 58 small letters and digits; "
            "the address has a wrong length: 7 characters, but it must have 62.",
            id="contract-is-not-shown",
        ),
        pytest.param(
            f'farmer_key = "{"1f" * 48}"',
            f"farmer_key must be {KEY}; "
            "a public key begins with 8, 9, a or b, so a character is wrong.",
            id="key-that-is-no-point",
        ),
        pytest.param(
            f'pool_key = "{"8g" * 48}"',
            f"pool_key must be {KEY}; it holds a character that is no hexadecimal digit.",
            id="key-with-a-strange-digit",
        ),
        pytest.param(
            f'contract = "xch1{"q" * 58}"',
            "contract must be a pool contract address: "
            "xch1 (or txch1) and 58 small letters and digits; "
            "the address has a wrong checksum: a character is mistyped or missing.",
            id="contract-with-a-wrong-checksum",
        ),
        pytest.param(
            f'contract = "bc1{"q" * 58}"',
            "contract must be a pool contract address: "
            "xch1 (or txch1) and 58 small letters and digits; "
            "the address has a wrong prefix: it must begin with xch1 or txch1.",
            id="contract-with-a-wrong-prefix",
        ),
        pytest.param(
            f"plotter = {['x']}", "plotter is a list, but must be a plotter's name.", id="plotter"
        ),
        pytest.param(
            r'program = "a\u0007\u202e"',
            'program is "a\\u0007\\u202e", but must be the full path of the program, '
            'or "" to have it found.',
            id="control-characters",
        ),
        pytest.param(
            f'k = "{"long" * 20}"',
            f'k is "{"long" * 10}…", but must be a whole number from 18 to 50.',
            id="long-text-is-cut",
        ),
    ],
)
def test_a_wrong_value(complaints: Complain, text: str, expected: str) -> None:
    assert complaints(f"\n[plot]\n{text}") == [f"plotobot.toml line 3: plot.{expected}"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "drives.temp = 3", f"drives.temp is 3, but must be {DRIVES}.", id="number-for-a-list"
        ),
        pytest.param(
            'drives.temp = "F:"',
            f'drives.temp is "F:", but must be {DRIVES}.',
            id="text-for-a-list",
        ),
        pytest.param(
            'drives.temp = ["/a", " "]',
            f'item 2 of drives.temp is " ", but drives.temp must be {DRIVES}.',
            id="empty-drive",
        ),
        pytest.param(
            'drives.out = ["LABEL: "]',
            f'item 1 of drives.out is "LABEL: ", but drives.out must be {DRIVES}.',
            id="empty-label",
        ),
        pytest.param(
            "discord.owners.users = [1, -2]",
            f"item 2 of discord.owners.users is -2, but discord.owners.users must be {IDS}.",
            id="negative-id",
        ),
        pytest.param(
            'discord.guild = "my server"',
            'discord.guild is "my server", but must be a Discord id, such as "123456789012345678".',
            id="name-for-an-id",
        ),
        pytest.param(
            "discord.owners = [1]",
            "discord.owners is a list, but must be a table: [discord.owners].",
            id="list-for-a-table",
        ),
        pytest.param(
            "plot = 3", "plot is 3, but must be a table: [plot].", id="number-for-a-table"
        ),
        pytest.param(
            'machine = ""',
            'machine is "", but must be a name of 1 to 64 characters, in quotes.',
            id="empty-name",
        ),
        pytest.param(
            "space.temp_gib = 0",
            "space.temp_gib is 0, but must be a number of GiB above 0 and up to 1000000.",
            id="no-space",
        ),
        pytest.param(
            "space.reserve_gib = nan",
            "space.reserve_gib is nan, but must be a number of GiB from 0 to 1000000.",
            id="nan",
        ),
        pytest.param("wallet = 1", f"wallet is not a setting; {LISTED}", id="unknown"),
        pytest.param("k = 32", 'k is not a setting; did you mean "plot.k"?', id="wrong-table"),
        pytest.param(
            "[spwan]", 'spwan is not a setting; did you mean "spawn"?', id="unknown-table"
        ),
        pytest.param(
            "spawn.max_paralel = 2",
            'spawn.max_paralel is not a setting; did you mean "max_parallel"?',
            id="did-you-mean",
        ),
        pytest.param(
            "InputAmountToSpawn = 5",
            'InputAmountToSpawn is not a setting; did you mean "spawn.count"?',
            id="ploto-name",
        ),
        pytest.param(
            "DISCORD_API_BASE = 'x'",
            "DISCORD_API_BASE is not a setting; "
            "write DISCORD_API_BASE=... into the .env file beside it.",
            id="variable",
        ),
        pytest.param('"a b" = 1', f'"a b" is not a setting; {LISTED}', id="key-with-a-blank"),
    ],
)
def test_a_wrong_key_or_list(complaints: Complain, text: str, expected: str) -> None:
    assert complaints(f"# first\n{text}") == [f"plotobot.toml line 2: {expected}"]


@pytest.mark.parametrize(
    ("text", "where", "expected"),
    [
        pytest.param(
            "k = big",
            "line 1, column 5",
            'what stands here is no value; texts need quotes, as in "label:plot".',
            id="no-quotes",
        ),
        pytest.param(
            r'drives.temp = ["D:\plots"]',
            "line 1, column 21",
            r"a backslash means something else inside double quotes; write 'D:\plots' instead.",
            id="windows-path",
        ),
        pytest.param(
            r'drives.temp = ["C:\Users\me"]',
            "line 1, column 21",
            r"a backslash means something else inside double quotes; write 'D:\plots' instead.",
            id="windows-users",
        ),
        pytest.param(
            "[plot]\nk = 32\nk = 33\n",
            "line 3, column 7",
            "this key is set a second time; keep one of them.",
            id="key-twice",
        ),
        pytest.param(
            "[plot]\n[plot]",
            "line 2, column 6",
            "this table stands a second time; put all its keys under one of them.",
            id="table-twice",
        ),
        pytest.param(
            'machine = "x\nk = 1',
            "line 1, column 13",
            "a quote is not closed on its line, or there is a control character.",
            id="open-quote",
        ),
        pytest.param(
            'drives.temp = ["a" "b"]',
            "line 1, column 20",
            "a list is not closed with ], or a comma is missing in it.",
            id="no-comma",
        ),
        pytest.param(
            "plot\n",
            "line 1, column 5",
            "a key must be followed by = and a value.",
            id="only-a-key",
        ),
        pytest.param(
            "plot k = 3",
            "line 1, column 6",
            "a key must be followed by = and a value.",
            id="no-equals",
        ),
        pytest.param(
            "a = 1 b = 2",
            "line 1, column 7",
            "only a comment may follow a value on its line.",
            id="two-on-a-line",
        ),
        pytest.param(
            "a = 2021-02-30",
            "line 1, column 5",
            "there is no such date; texts need quotes.",
            id="date",
        ),
        pytest.param(
            "drives.temp = ['a',\n'b'\n\n",
            "line 2",
            "a list is not closed with ], or a comma is missing in it.",
            id="open-list",
        ),
        pytest.param("[plot", "line 1", "a [table] is not closed with ].", id="open-table"),
        pytest.param(
            "=3",
            "line 1, column 1",
            "a line must be a [table], a key = value, or a # comment.",
            id="=",
        ),
    ],
)
def test_broken_toml(complaints: Complain, text: str, where: str, expected: str) -> None:
    assert complaints(text) == [f"plotobot.toml {where}: {expected}"]


def test_too_long_a_number_is_told(complaints: Complain) -> None:
    assert complaints("a = 1\nk = " + "9" * 5000) == [
        "plotobot.toml line 2: a number is too long to be read; shorten it."
    ]


def test_too_deep_a_list_is_told(complaints: Complain) -> None:
    assert complaints("k = " + "[" * 20_000) == [
        "plotobot.toml: its lists or tables are nested too deep; no setting needs that."
    ]


def test_too_deep_a_key_is_told(complaints: Complain) -> None:
    assert len(complaints(".".join("a" * 2_000) + " = 1")) == 1


def test_everything_wrong_is_told_at_once_in_the_order_of_the_file(complaints: Complain) -> None:
    problems = complaints(
        """
        spwan = 1
        [drives]
        temp = ["label:plot", ""]
        out = ["/a", "/a"]
        replot = ["label:replot"]
        [plot]
        k = 9
        pool_key = "12"
        contract = "xch1"
        [spawn]
        max_paralel = 2
        count = -1
        """,
        env="DISCORD_TOKEN\n",
    )

    lines = [int(re.search(r"line (\d+):", problem)[1]) for problem in problems]  # type: ignore[index]
    assert lines == [1, 2, 4, 5, 6, 8, 9, 10, 10, 12, 13]
    assert problems[0].startswith(".env ")


def test_an_unknown_plotter_is_told_with_the_known_ones(complaints: Complain) -> None:
    problems = complaints("plot.plotter = 'Chai'", plotters=["chia", "madmax"])

    assert problems == [
        'plotobot.toml line 1: plot.plotter is "Chai", which is unknown; did you mean "chia"?'
    ]
    assert complaints("plot.plotter = 'x'", plotters=["madmax", "chia"]) == [
        'plotobot.toml line 1: plot.plotter is "x", which is unknown; known are chia, madmax.'
    ]


def test_every_field_says_what_it_must_be_with_its_true_limits() -> None:
    models: list[type[BaseModel]] = [SettingsFile]
    for model in models:
        for name, field in model.model_fields.items():
            assert field.description, name
            bounds = [getattr(m, a) for m in field.metadata for a in ("ge", "le") if hasattr(m, a)]
            assert all(str(bound) in field.description for bound in bounds), name
            models += [table] if (table := _table(field)) else []


def test_every_key_finds_its_own_misspelling(complaints: Complain) -> None:
    for path in _keys():
        if len(path[-1]) < 4 or ANY in path:
            continue
        wrong = ".".join([*path[:-1], path[-1] + "s" * 2])
        [problem] = complaints(f"{wrong} = 1")
        assert f'did you mean "{path[-1]}"?' in problem


def test_problems_are_single_lines(complaints: Complain) -> None:
    for problem in complaints('machine = "a\\nb"\n"c\\nd" = 1\n'):
        assert "\n" not in problem


def test_keys_are_listed_once() -> None:
    keys = sorted(_keys())
    assert all(a != b for a, b in pairwise(keys))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "[profiles.big]\nthread = 3",
            'profiles.big.thread is not a setting; did you mean "threads"?',
        ),
        (
            "[profiles.big]\nk = 99",
            "profiles.big.k is 99, but must be a whole",
        ),
        (
            '[spawn.drives."/mnt/a"]\nmax_paralel = 1',
            'spawn.drives."/mnt/a".max_paralel is not a setting; did you mean "max_parallel"?',
        ),
        (
            '[profiles."a b"]\nk = 32',
            'profiles."a b" must be a name of 1 to 24 letters, digits, _ and -.',
        ),
        (
            "[profiles.x]\npool_key = '" + "ab" * 48 + "'\ncontract = '" + ADDRESS + "'",
            "profiles.x.pool_key and profiles.x.contract exclude each other; ",
        ),
        ("[profiles.x]\nplotter = 'chai'", 'profiles.x.plotter is "chai", which is unknown; '),
    ],
)
def test_tables_that_the_farmer_names(complaints: Complain, text: str, sentence: str) -> None:
    assert any(sentence in problem for problem in complaints(text, plotters=("chia",))), text
