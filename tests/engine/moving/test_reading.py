"""Reading back from the disk: digests of chunks, and samples."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from blake3 import blake3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plotobot.engine.moving import reading
from plotobot.engine.moving.places import Place
from plotobot.engine.moving.reading import Reader, same_samples

MIB = 1024**2


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file"


def digests(content: bytes, chunk: int) -> list[str]:
    return [blake3(content[at : at + chunk]).hexdigest() for at in range(0, len(content), chunk)]


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 40000), st.sampled_from([4096, 8192, 12288, 65536]))
def test_digests_are_those_of_the_chunks(file: Path, size: int, chunk: int) -> None:
    content = os.urandom(size)
    file.write_bytes(content)
    with Place(str(file.parent)) as place, Reader(place, file.name) as reader:
        assert list(reader.digests(chunk)) == digests(content, chunk)
        assert list(reader.digests(chunk, 1)) == digests(content, chunk)[:1]


@pytest.mark.parametrize("direct", [True, False], ids=["past the cache", "cache dropped"])
def test_a_file_of_many_pieces(file: Path, direct: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not direct:
        monkeypatch.setattr(reading, "_DIRECT", 0)
    content = os.urandom(21 * MIB + 12345)
    file.write_bytes(content)
    told = []
    with Place(str(file.parent)) as place, Reader(place, file.name) as reader:
        assert list(reader.digests(16 * MIB, told=told.append)) == digests(content, 16 * MIB)
    assert told == sorted(told)
    assert told[-1] == len(content)


def test_a_file_that_shrinks_while_it_is_read_is_an_error(file: Path) -> None:
    file.write_bytes(bytes(MIB))
    with Place(str(file.parent)) as place, Reader(place, file.name) as reader:
        os.truncate(file, 5000)
        with pytest.raises(OSError, match="shorter"):
            list(reader.digests(4096))


@pytest.mark.parametrize("size", [1, 4096, 5 * MIB + 17])
@pytest.mark.parametrize("change", [None, "first", "last", "shorter"])
def test_samples_see_the_ends_and_the_size(file: Path, size: int, change: str | None) -> None:
    content = bytearray(os.urandom(size))
    file.write_bytes(content)
    if change == "shorter":
        content.pop()
    elif change:
        content[0 if change == "first" else -1] ^= 1
    (file.parent / "copy").write_bytes(content)
    with (
        Place(str(file.parent)) as place,
        Reader(place, file.name) as one,
        Reader(place, "copy") as other,
    ):
        assert same_samples(one, other, reading.nobody) is (change is None)


def test_samples_see_a_zeroed_copy(file: Path) -> None:
    file.write_bytes(b"x" * (40 * MIB))
    (file.parent / "copy").write_bytes(b"x" * (20 * MIB) + bytes(20 * MIB - 1) + b"x")
    with (
        Place(str(file.parent)) as place,
        Reader(place, file.name) as one,
        Reader(place, "copy") as other,
    ):
        assert not same_samples(one, other, reading.nobody)
