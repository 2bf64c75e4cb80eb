"""The example files name every setting, at its default, and are accepted."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from plotobot.plots.address import encode_address
from plotobot.settings import Settings, SettingsFile
from plotobot.settings._environment import FILE_VARIABLE, VARIABLES
from plotobot.settings._model import Plot, ProfileTable
from plotobot.settings._sentences import _PLOTO_NAMES, ANY, _keys

ADDRESS = encode_address(bytes(range(32)))
ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "plotobot.example.toml").read_text(encoding="utf-8")
ENV_EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
ACTIVE = re.sub(r"(?m)^# (?=[a-z_0-9]+ = )", "", EXAMPLE)

Load = Callable[..., Settings]


def leaves(table: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[Any, Any]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


def examples() -> set[str]:
    """The lines whose comment says that they are examples and no defaults."""
    return set(re.findall(r"example:\n# (.+)", EXAMPLE))


def test_the_example_as_it_is_changes_nothing(load: Load) -> None:
    assert load(EXAMPLE).written == SettingsFile()


def test_the_example_with_all_its_comments_taken_away_is_accepted(load: Load) -> None:
    assert load(ACTIVE).written.discord.guild == 123456789012345678


def test_the_example_names_exactly_the_keys_there_are() -> None:
    keys = {path for path in _keys() if ANY not in path}
    tables = {path[:-1] for path in _keys()} | {("profiles",), ("spawn", "drives")}
    tables |= {("alerts", "routes")}
    assert {path for path, _ in leaves(tomllib.loads(ACTIVE))} == keys - tables


def test_the_example_shows_the_tables_that_a_farmer_names_himself(load: Load) -> None:
    shown = "\n".join(re.findall(r"(?m)^#   (\S.* = .*|\[.*)$", EXAMPLE)).replace(
        "xch1...", ADDRESS
    )
    written = load(shown).written

    kinds = written.profiles
    own = ProfileTable.model_fields.keys() - Plot.model_fields.keys()
    assert own <= kinds["pool"].model_fields_set
    assert (kinds["big"].plotter, written.spawn.drives["/mnt/ssd1"].max_parallel) == ("madmax", 3)


def test_what_is_no_example_stands_at_its_default(load: Load) -> None:
    defaults = dict(leaves(SettingsFile().model_dump()))
    given = dict(leaves(load(ACTIVE).written.model_dump()))
    raw = dict(leaves(tomllib.loads(ACTIVE)))
    marked = {path for path in raw if any(line.startswith(f"{path[-1]} =") for line in examples())}

    assert {path for path in given if given[path] != defaults[path]} == marked
    assert {path for path in raw if defaults[path] in (None, ()) and raw[path] != ""} < marked


def test_every_key_of_the_example_has_its_meaning_above_it() -> None:
    lines = EXAMPLE.splitlines()
    for above, line in itertools.pairwise(lines):
        if re.match(r"# [a-z_0-9]+ = ", line):
            assert re.match(r"# \S", above), line


def test_the_example_tells_the_names_of_ploto() -> None:
    for name in _PLOTO_NAMES:
        assert name in EXAMPLE.lower()
    assert set(_PLOTO_NAMES.values()) <= {".".join(path) for path in _keys()}


def test_the_env_example_names_every_variable() -> None:
    named = re.findall(r"(?m)^(?:# )?([A-Z_]+)=", ENV_EXAMPLE)

    assert sorted(named) == sorted([*VARIABLES, "PLOTOBOT_WEBHOOK_NIGHT"])
    assert FILE_VARIABLE in ENV_EXAMPLE


def test_the_env_example_is_accepted_as_it_is_and_with_its_comments_taken_away(
    load: Load,
) -> None:
    assert load(env=ENV_EXAMPLE).token is None

    loaded = load(env=re.sub(r"(?m)^# (?=[A-Z_]+=)", "", ENV_EXAMPLE))
    assert loaded.api_base == "http://127.0.0.1:8080/api/v10"
    assert loaded.state_dir == Path("/var/lib/plotobot").absolute()


@pytest.mark.parametrize("text", [EXAMPLE, ENV_EXAMPLE], ids=["toml", "env"])
def test_the_examples_are_short_lines_of_plain_ascii(text: str) -> None:
    """So that every editor and every console shows them."""
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 100
