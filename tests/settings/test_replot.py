from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from plotobot.engine.config import PlotSettings
from plotobot.engine.replot.rule import Kind, Rule
from plotobot.errors import SettingsError
from plotobot.plots.address import encode_address
from plotobot.plots.headers import PlotFormat
from plotobot.settings import Settings

Load = Callable[..., Settings]
MINE = encode_address(bytes(range(32)))
KEY = "ab" * 48


def test_without_the_table_nothing_is_old(load: Load) -> None:
    replot = load("").written.replot

    assert replot.rule(PlotSettings()) == Rule(new=Kind(None, 32, 0))
    assert replot.rule(PlotSettings()).empty
    assert replot.fork.height is None
    assert replot.node.access is None


def test_all_of_it(load: Load) -> None:
    loaded = load(
        f"""
        [plot]
        farmer_key = "{KEY}"
        contract = "{MINE}"
        compression = 7
        [replot]
        contracts = "{encode_address(bytes(range(32)), "txch")}"
        pool_keys = ["0x{KEY.upper()}"]
        not_contracts = ["{MINE}"]
        not_pool_keys = ["{KEY}", "{"cd" * 48}"]
        below_compression = 5
        ks = [32, 33]
        formats = ["v1", "v1c"]
        before = 2021-06-18
        drives = ["/mnt/old1/"]
        farmer_keys = "{"ef" * 48}"
        foreign_keys = true
        protected = ["0x{"AB" * 32}", "/mnt/old1/a.plot"]
        fork_height = 9900000
        [replot.node]
        host = "10.0.0.1"
        port = 18555
        cert = "/a/c.crt"
        key = "/a/c.key"
        ca = "/a/ca.crt"
        """
    )
    replot, plot = loaded.written.replot, loaded.engine.plot

    assert replot.rule(plot, frozenset({"x"})) == Rule(
        contracts=frozenset({MINE}),
        pool_keys=frozenset({KEY}),
        not_contracts=frozenset({MINE}),
        not_pool_keys=frozenset({KEY, "cd" * 48}),
        below_compression=5,
        ks=frozenset({32, 33}),
        formats=frozenset({PlotFormat.V1, PlotFormat.V1C}),
        before=datetime(2021, 6, 18, tzinfo=UTC),
        drives=frozenset({"/mnt/old1"}),
        farmer_keys=frozenset({KEY, "ef" * 48}),
        foreign_keys=True,
        new=Kind(None, 32, 7, contract=MINE),
        own=frozenset({"x"}),
        protected=frozenset({"ab" * 32, "/mnt/old1/a.plot"}),
    )
    assert (replot.fork.height, replot.fork.source) == (9_900_000, "your settings")
    access = replot.node.access
    assert access is not None
    assert (access.host, access.port, access.ca) == ("10.0.0.1", 18555, Path("/a/ca.crt"))


def test_a_date_in_quotes_is_a_date(load: Load) -> None:
    rule = load('[replot]\nbefore = "2021-06-18"').written.replot.rule(PlotSettings())

    assert rule.before == datetime(2021, 6, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('contracts = "xch1abc"', "contract addresses in quotes"),
        (f'contracts = ["{MINE[:-1]}q"]', "contract addresses in quotes"),
        ('pool_keys = ["abc"]', "each of 96 hexadecimal digits"),
        ("below_compression = 21", "a whole number from 0 to 20"),
        ("ks = [15]", "from 16 to 50"),
        ("ks = 32", "from 16 to 50"),
        ('formats = ["v2"]', "a list of formats"),
        ('before = "18.6.2021"', 'a date such as "2021-06-18"'),
        ('drives = ["old1"]', "a list of folders"),
        ('protected = ["a.plot"]', "plot ids"),
        ('foreign_keys = "yes"', "true or false"),
        ("fork_height = -1", "a height in blocks"),
        ('ReplotPlotsOlderThan = "x"', 'did you mean "replot.before"?'),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_without_the_key(
    load: Load, line: str, words: str
) -> None:
    with pytest.raises(SettingsError) as told:
        load(f"[replot]\n{line}")

    assert words in str(told.value)
    assert "line 2" in str(told.value) or ":2" in str(told.value)
    assert "abc" not in str(told.value)
    assert MINE[:-1] not in str(told.value)


def test_a_node_needs_all_three_files(load: Load) -> None:
    node = load('[replot.node]\ncert = "/a.crt"\nkey = "/a.key"').written.replot.node

    assert node.access is None


def test_the_keys_are_in_no_repr(load: Load) -> None:
    text = f'[replot]\ncontracts = "{MINE}"\npool_keys = "{KEY}"\nfarmer_keys = "{KEY}"'

    assert KEY not in repr(load(text))
    assert MINE not in repr(load(text))
