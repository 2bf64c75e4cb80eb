"""Drives that would serve for two things, and keys that exclude each other."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from plotobot.plots.address import encode_address
from plotobot.settings import Settings

ONCE = "a drive can serve for one thing only, so take it out of one of them."


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        pytest.param("/mnt/a", "/mnt/a", "both", id="same-path"),
        pytest.param("/mnt/a", "/mnt/a/", "both", id="same-path-with-a-slash"),
        pytest.param("F:", "f:\\", "both", id="same-letter"),
        pytest.param("label:Plot", "LABEL: plot", "both", id="same-label"),
        pytest.param("label:plot", "label:replot", "also matches", id="label-in-label"),
        pytest.param("label:ChiaOut2", "label:t2", "also matches", id="label-round-label"),
        pytest.param("label:plot", "label:out", None, id="other-label"),
        pytest.param("/mnt/a", "/mnt/A", None, id="paths-keep-their-case"),
        pytest.param("/mnt/a", "/mnt/a/b", None, id="folder-in-folder"),
        pytest.param("/", "/mnt", None, id="root"),
        pytest.param("label:plot", "/mnt/replot", None, id="label-and-path"),
    ],
)
def test_entries_of_two_sets(
    load: Callable[..., Settings],
    complaints: Callable[..., list[str]],
    first: str,
    second: str,
    expected: str | None,
) -> None:
    text = f"[drives]\ntemp = ['{first}', 'x']\nout = ['y', '{second}']"

    if expected is None:
        assert load(text).written.drives.temp == (first, "x")
    else:
        [problem] = complaints(text)
        assert problem.startswith("plotobot.toml line 3: ")
        assert expected in problem
        assert "drives.temp" in problem
        assert "drives.out" in problem


def test_the_sentence_for_an_entry_in_two_sets(complaints: Callable[..., list[str]]) -> None:
    assert complaints("drives.temp = ['/a']\ndrives.destination = ['/a']") == [
        'plotobot.toml line 2: "/a" stands in both drives.temp and drives.destination; ' + ONCE
    ]


def test_the_sentence_names_the_shorter_label_first(complaints: Callable[..., list[str]]) -> None:
    assert complaints("drives.temp = ['label:replot']\ndrives.out = ['label:plot']") == [
        (
            'plotobot.toml line 2: "label:plot" of drives.out also matches every drive that '
            '"label:replot" of drives.temp matches, since a label need only contain the text; '
            "give the drives labels that do not contain each other."
        )
    ]


def test_an_entry_twice_in_one_set(complaints: Callable[..., list[str]]) -> None:
    assert complaints("drives.temp = ['F:', 'f:']") == [
        'plotobot.toml line 1: drives.temp names "f:" twice; keep one of them.'
    ]


def test_a_label_may_contain_another_of_the_same_set(load: Callable[..., Settings]) -> None:
    assert load("drives.temp = ['label:plot', 'label:replot']").written.drives.temp


def test_a_pool_key_beside_a_contract(
    load: Callable[..., Settings], complaints: Callable[..., list[str]]
) -> None:
    key, contract = "a" * 96, encode_address(bytes(range(32)))

    assert complaints(f"plot.pool_key = '{key}'\nplot.contract = '{contract}'") == [
        (
            "plotobot.toml line 2: plot.pool_key and plot.contract exclude each other; "
            "keep contract to farm in a pool by NFT, or pool_key for the old way."
        )
    ]
    assert load(f"plot.pool_key = ''\nplot.contract = '{contract}'").engine.plot.pool_key is None
