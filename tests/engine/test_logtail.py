"""The last lines of a log, fit to be shown."""

from __future__ import annotations

from pathlib import Path

from plotobot.engine.logtail import last_lines


def test_only_the_last_lines_that_say_something(tmp_path: Path) -> None:
    log = tmp_path / "out.log"
    log.write_bytes(b"one\n\n\x1b[32mtwo\x1b[0m\r\n   \nthree \xff\n")
    assert last_lines(log, 2) == ["two", "three \ufffd"]


def test_a_public_key_is_shortened(tmp_path: Path) -> None:
    log = tmp_path / "out.log"
    log.write_text(f"farmer public key: {'ab' * 48} pool\n")
    assert last_lines(log, 1) == ["farmer public key: ababab…ababab pool"]


def test_a_log_that_is_not_there_has_no_lines(tmp_path: Path) -> None:
    assert last_lines(tmp_path / "none", 3) == []
