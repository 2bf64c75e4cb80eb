"""The reader of `.env` files."""

from __future__ import annotations

import pytest

from plotobot.settings._dotenv import parse_env


@pytest.mark.parametrize(
    ("line", "value"),
    [
        pytest.param("A=b", "b", id="bare"),
        pytest.param("  A = b  ", "b", id="blanks-round"),
        pytest.param("export A=b", "b", id="export"),
        pytest.param("export\tA=b", "b", id="export-tab"),
        pytest.param("A=", "", id="empty"),
        pytest.param("A=''", "", id="empty-quotes"),
        pytest.param("A=b # why", "b", id="comment"),
        pytest.param("A=# why", "", id="only-a-comment"),
        pytest.param("A=b#c", "b#c", id="no-comment-without-a-blank"),
        pytest.param("A='b # c' # why", "b # c", id="single-quotes"),
        pytest.param('A="b # c"# why', "b # c", id="double-quotes"),
        pytest.param(r"A='b\n'", r"b\n", id="single-quotes-are-literal"),
        pytest.param(r'A="b\n\"\\\$"', 'b\n"\\$', id="escapes"),
        pytest.param("A=b=c", "b=c", id="equals-in-the-value"),
        pytest.param("A=$HOME", "$HOME", id="no-substitution"),
        pytest.param("A=b\r", "b", id="windows-line-end"),
        pytest.param("A=b c", "b c", id="blank-in-the-value"),
        pytest.param("A=it's", "it's", id="quote-inside"),
        pytest.param("A=1\nA=2", "2", id="the-last-one-counts"),
        pytest.param("# x\n\n  # y\nA=b", "b", id="comment-lines"),
    ],
)
def test_a_line(line: str, value: str) -> None:
    values, problems = parse_env(line)

    assert problems == []
    assert {name: text for name, (text, _) in values.items()} == {"A": value}


@pytest.mark.parametrize(
    "line",
    [
        "secret",
        "=b",
        "A b=c",
        "1A=b",
        "Ä=b",
        "export A",
        "A='b",
        'A="b',
        "A='b'c",
        r'A="b\"',
        "A: b",
    ],
)
def test_a_broken_line_is_told_with_its_number_and_without_its_text(line: str) -> None:
    values, problems = parse_env(f"B=1\n\n{line}\n")

    assert values == {"B": ("1", 1)}
    assert [problem.line for problem in problems] == [3]
    assert line.strip("=") not in problems[0].text
