"""What the tests of headers share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from plotobot.errors import NotAPlot
from plotobot.plots.headers import parse_header

if TYPE_CHECKING:
    from collections.abc import Callable


class Reader:
    """Stands for a file with arbitrary bytes; keeps count of what is read."""

    def __init__(self, size: int, answer: bytes) -> None:
        self.size, self.answer, self.calls = size, answer, 0

    def __call__(self, offset: int) -> bytes:
        self.calls += 1
        assert 0 <= offset <= self.size - 8
        return self.answer


def parse_anything(data: bytes, size: int, answer: bytes) -> None:
    """Parse any bytes: only our own error may come out, after few reads in bounds."""
    reader = Reader(size, answer)
    try:
        header = parse_header(data, size, reader)
    except NotAPlot as error:
        said = str(error)
        assert said
    else:
        assert header.size == size
        assert header.expected_size >= 0
    assert reader.calls <= 2


@pytest.fixture(scope="session")
def any_bytes() -> Callable[[bytes, int, bytes], None]:
    return parse_anything
