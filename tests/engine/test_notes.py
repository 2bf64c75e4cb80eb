"""What was noted, and what is left of it where it was damaged."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from plotobot.engine.notes import noted


def test_a_note_comes_back_as_what_it_is() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    assert noted('{"a": "2026-01-01T00:00:00Z"}', dict[str, datetime], {}) == {"a": moment}
    assert noted("[1, 2]", frozenset[int], frozenset()) == {1, 2}


@pytest.mark.parametrize("text", [None, "", "{", '["x"]', "7", "\x00", "[" * 100_000])
def test_one_that_is_missing_or_damaged_counts_as_none(text: str | None) -> None:
    assert noted(text, dict[str, int], {}) == {}
