"""The journal of a move, as if a stranger had written it."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plotobot.engine.moving.base import MoveRefused
from plotobot.engine.moving.carrier import carry
from plotobot.engine.moving.journal import Entry, Stage, forget, held_journal
from tests.engine.moving.conftest import Farm, quiet

DIGEST = "ab" * 32


def entry(farm: Farm, **changes: object) -> Entry:
    values = {
        "source": str(farm.plot),
        "ident": farm.ident(),
        "folder": str(farm.folder),
        "home": (1, 2),
        "chunk": 4096,
        **changes,
    }
    return Entry(**values)


def record(farm: Farm) -> Path:
    return farm.state / "moves" / "move1.json"


@pytest.mark.parametrize("stage", list(Stage))
def test_what_was_written_is_read(farm: Farm, stage: Stage) -> None:
    with held_journal(farm.errand()) as journal:
        assert journal.read() is None
        written = entry(farm, stage=stage, digests=(DIGEST, DIGEST), renamed=True)
        journal.write(written)
        assert journal.read() == written
    assert written.kept == 8192


DAMAGE = {
    "empty": b"",
    "cut": b'{"format": 1, "source": "',
    "no object": b"[1, 2]",
    "other format": b'{"format": 99}',
    "binary": bytes(range(256)),
    "deep": b"[" * 60000,
    "huge": b"1" * 99999,
}


@pytest.mark.parametrize("content", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_journal_moves_nothing(farm: Farm, content: bytes) -> None:
    record(farm).parent.mkdir()
    record(farm).write_bytes(content)
    with pytest.raises(MoveRefused, match="damaged: remove it"):
        carry(farm.errand(), quiet)
    assert farm.is_kept()
    forget(farm.state, "move1")
    carry(farm.errand(), quiet)
    assert farm.is_moved()


def test_a_journal_of_another_move_moves_nothing(farm: Farm) -> None:
    with held_journal(farm.errand()) as journal:
        journal.write(entry(farm, source="/elsewhere/a.plot", stage=Stage.LANDED))
    with pytest.raises(MoveRefused, match="another move"):
        carry(farm.errand(), quiet)
    assert farm.is_kept()


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "a" * 99])
def test_an_id_that_is_none_is_no_path(farm: Farm, name: str) -> None:
    with pytest.raises(ValueError, match="no id"):
        forget(farm.state, name)
    with pytest.raises(ValueError, match="no id"):
        carry(farm.errand(id=name), quiet)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = (
    "source", "ident", "folder", "home", "chunk", "stage", "digests", "resumed_from", "renamed",
    "format",
)  # fmt: skip


@settings(
    deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=3))
def test_no_record_whatsoever_breaks_the_reader(farm: Farm, damage: dict) -> None:
    with held_journal(farm.errand()) as journal:
        if not record(farm).exists():
            journal.write(entry(farm, digests=(DIGEST,)))
        whole = record(farm).read_bytes()
        record(farm).write_text(json.dumps({**json.loads(whole), **damage}))
        with suppress(MoveRefused):
            journal.read()
        record(farm).write_bytes(whole)


def test_the_record_is_for_its_owner_only(farm: Farm) -> None:
    with held_journal(farm.errand()) as journal:
        journal.write(entry(farm))
    assert record(farm).stat().st_mode & 0o077 == 0
    assert record(farm).parent.stat().st_mode & 0o077 == 0
