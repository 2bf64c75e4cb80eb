"""What the process that copies is told: plain values that go through JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from plotobot.engine.moving.base import Ident, MoveOrder, Verify

MIB = 1024**2
GIB = 1024**3
MOST_CHUNKS = 256


@dataclass(frozen=True, slots=True)
class Pace:
    """In what portions a file is copied, in bytes. All are multiples of 4096."""

    block: int = MIB
    """Read, digested and written at once. Larger ones are slower (measured)."""
    window: int = 32 * MIB
    """Written to the disk together; at most two of them are dirty at any time."""
    chunk: int = GIB
    """Has a digest of its own, and is durable before the next begins: a later try goes on here."""

    def chunk_for(self, size: int) -> int:
        """The chunk for a file of this size: a larger one where the journal would get long."""
        return self.chunk * max(1, -(-size // (self.chunk * MOST_CHUNKS)))


@dataclass(frozen=True, slots=True)
class Errand:
    """One move, with all that the copying process must know."""

    id: str
    source: Path
    ident: Ident
    folder: Path
    state_dir: Path
    verify: Verify = Verify.FULL
    bandwidth: int | None = None
    reserve: int = 0
    pace: Pace = Pace()

    @property
    def name(self) -> str:
        """The plot's file name, here and there."""
        return self.source.name

    @property
    def chunk(self) -> int:
        """Bytes that share a digest."""
        return self.pace.chunk_for(self.ident.size)


def errand_for(order: MoveOrder, folder: Path, state_dir: Path, pace: Pace) -> Errand:
    """The errand of an order to a folder."""
    return Errand(
        id=order.id, source=order.source, ident=order.ident, folder=folder, state_dir=state_dir,
        verify=order.verify, bandwidth=order.bandwidth, reserve=order.reserve, pace=pace,
    )  # fmt: skip


def to_plain(errand: Errand) -> dict[str, Any]:
    """An errand as JSON takes it."""
    paths = {name: str(getattr(errand, name)) for name in ("source", "folder", "state_dir")}
    return asdict(errand) | paths


def from_plain(plain: Mapping[str, Any]) -> Errand:
    """An errand that was told by our own engine."""
    paths = {name: Path(plain[name]) for name in ("source", "folder", "state_dir")}
    values = {
        "ident": Ident(**plain["ident"]),
        "pace": Pace(**plain["pace"]),
        "verify": Verify(plain["verify"]),
    }
    return Errand(**{**plain, **paths, **values})
