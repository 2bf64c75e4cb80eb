"""Plotobot's own log stays with its disk."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from plotobot import logs


def test_no_new_log_is_begun_below_a_bare_mount_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "MAX_BYTES", 100)
    state, elsewhere = tmp_path / "state", tmp_path / "elsewhere"
    handler = logs._file(state)

    def say() -> None:
        handler.handle(logging.makeLogRecord({"msg": "x" * 60}))

    say()
    state.rename(elsewhere)
    state.mkdir()
    for _ in range(3):
        say()
    assert list(state.iterdir()) == []
    assert (elsewhere / logs.FILE).read_text().count("\n") == 4
    state.rmdir()
    elsewhere.rename(state)
    say()
    handler.close()
    assert {file.name for file in state.iterdir()} == {logs.FILE, f"{logs.FILE}.1"}
