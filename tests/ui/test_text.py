from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plotobot.engine.models import GIB
from plotobot.ui import text

ANYTHING = st.text(st.characters(), max_size=400) | st.text("`*_~|[]()<>@#:/\\ \n\u202e\x1b[m1")


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 GiB"),
        (1, "under 0.1 MiB"),
        (GIB // 200, "5.12 MiB"),
        (GIB // 8, "0.125 GiB"),
        (int(1.25 * GIB), "1.25 GiB"),
        (int(101.4 * GIB), "101 GiB"),
        (18_000 * GIB, "18,000 GiB"),
        (-GIB, "-1 GiB"),
    ],
)
def test_gib(size, shown):
    assert text.gib(size) == shown


@pytest.mark.parametrize(
    ("seconds", "shown", "short"),
    [
        (None, "?", "?"),
        (float("nan"), "?", "?"),
        (-5, "0 s", "0s"),
        (42.4, "42 s", "42s"),
        (725, "12 m 05 s", "12m05"),
        (3599.6, "1 h 00 m", "1h00"),
        (11100, "3 h 05 m", "3h05"),
        (187200, "2 d 4 h", "2d4h"),
    ],
)
def test_durations(seconds, shown, short):
    assert text.duration(seconds) == shown
    assert text.short_duration(seconds) == short


@pytest.mark.parametrize(
    ("fraction", "percent", "bar"),
    [
        (0, "0%", "░░░░░░░░░░"),
        (0.999, "99%", "█████████░"),
        (1, "100%", "██████████"),
        (7, "100%", "██████████"),
        (-1, "0%", "░░░░░░░░░░"),
        (float("nan"), "0%", "░░░░░░░░░░"),
    ],
)
def test_shares_promise_nothing_that_is_not_done(fraction, percent, bar):
    assert text.percent(fraction) == percent
    assert text.bar(fraction) == bar


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "0 plots"), (1, "1 plot"), (2, "2 plots"), (1200, "1,200 plots")]
)
def test_plural(number, shown):
    assert text.plural(number, "plot") == shown


def test_an_irregular_plural_is_given():
    assert text.plural(3, "process", "processes") == "3 processes"


def test_a_moment_is_left_to_the_readers_own_clock():
    assert text.stamp(datetime(2026, 1, 1, tzinfo=UTC)) == "<t:1767225600:R>"


def test_a_number_sign_is_left_alone_where_it_makes_no_heading():
    assert text.plain("#1a2b") == "#1a2b"
    assert text.plain("## Heading") == "#\\# Heading"


def test_the_last_lines_of_a_log_survive():
    block = text.fence([f"line {n}" for n in range(1000)], 100)

    assert block.endswith("line 999\n```")
    assert len(block) <= 100


def test_lines_that_do_not_fit_are_counted():
    assert text.fit(["a" * 10] * 10, 40) == "a" * 10 + "\n" + "a" * 10 + "\n… and 8 more"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("a\x1b]8;;http://x\x07b", "ab"),
        ("a\u202eb\u200bc\ufeffd", "abcd"),
        ("one\ntwo\ttab", "one two tab"),
        ("\udcff", "�"),
        ("\x00\x07", ""),
    ],
)
def test_clean(raw, shown):
    assert text.clean(raw) == shown


@pytest.mark.parametrize(
    "raw", ["@everyone", "<@123456789012345678>", "[x](http://e)", "**b**", "https://e.example"]
)
def test_markup_is_defused(raw):
    shown = text.plain(raw)

    assert "://" not in shown.replace("\\://", "")
    assert "<@" not in shown.replace("\\<", "")


@settings(max_examples=300)
@given(ANYTHING, st.integers(20, 300))
def test_untrusted_words_stay_within_their_limits_and_their_quotes(raw, limit):
    assert text.weight(text.clip(raw, limit)) <= limit
    assert text.weight(text.fence(raw.split("\n"), limit)) <= limit
    assert text.fence(raw.split("\n"), limit).count("```") == 2
    assert text.code(raw).count("`") == 2
    for shown in (text.plain(raw), text.code(raw), text.clean(raw)):
        assert not {"\n", "\x1b", "\u202e", "\u200b", "\r"} & set(shown)
        shown.encode()  # no half surrogates


@settings(max_examples=300)
@given(st.text("*_~`|@<>[]\\ab", max_size=100))
def test_each_markup_character_has_its_backslash(raw):
    shown = text.plain(raw)

    bare = shown.replace("\\\\", "")
    for n, character in enumerate(bare):
        if character in "*_~`|@<>[]":
            assert bare[n - 1] == "\\"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/mnt/ssd1", "/mnt/ssd1"),
        ("F:\\", "F:\\"),
        ("/srv/a-very-long-folder/temp1", "temp1"),
        ("/media/farmer/disks/ssd1/chia", "ssd1/chia"),
        ("D:\\very long folder\\plots", "plots"),
        ("/" + "x" * 40, "x" * 13 + "…"),
        ("/" * 30, "/" * 13 + "…"),
    ],
)
def test_a_long_path_keeps_its_end(path, shown):
    assert text.tail(path) == shown


def test_a_plot_file_loses_most_of_its_id_and_nothing_else():
    name = "plot-k32-2026-01-02-03-04-" + "0123456789abcdef" * 4 + ".plot"
    assert text.plot_file(f"/mnt/hdd1/{name}") == "plot-k32-2026-01-02-03-04-01234567….plot"
    assert text.plot_file("E:\\plot-k32-x.plot") == "plot-k32-x.plot"
