"""Plot files with real headers and no content, and the inventory's values of them."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from plotobot.engine.drives import local_volumes
from plotobot.engine.inventory.plot import Condition, Plot
from plotobot.engine.models import GIB, Drive, DriveKind
from plotobot.plots.address import encode_address
from plotobot.plots.headers import MemoKind, PlotFormat

FARMER = bytes(range(128, 176))
POOL = bytes(range(100, 148))
CONTRACT = bytes(range(50, 82))
OTHER_CONTRACT = bytes(range(150, 182))
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def plot_id(number: int) -> bytes:
    return hashlib.sha256(str(number).encode()).digest()


def memo(owner: bytes, farmer: bytes = FARMER) -> bytes:
    return owner + farmer + b"\xee" * 32


def v1_header(plot: bytes, owner: bytes = POOL, k: int = 32, farmer: bytes = FARMER) -> bytes:
    """A header whose exact size is `v1_size`."""
    text = memo(owner, farmer)
    start = 60 + len(text) + 80
    pointers = [start + table * 1000 for table in range(7)] + [10_000, 10_000 + (k + 7) // 8 * 3]
    pointers.append(11_000)
    head = b"Proof of Space Plot" + plot + bytes([k]) + b"\0\x04v1.0"
    return head + len(text).to_bytes(2, "big") + text + _numbers(pointers, "big")


def v1_size(k: int = 32) -> int:
    return 11_000 + 2 * (3000 if k >= 20 else 10_000)


def v1c_header(plot: bytes, level: int, owner: bytes = CONTRACT, k: int = 32) -> bytes:
    """A bladebit header; the file's least size is 16,000."""
    text = memo(owner)
    head = b"PLOT" + (2).to_bytes(4, "little") + plot + bytes([k])
    head += len(text).to_bytes(2, "big") + text
    head += (1 if level else 0).to_bytes(4, "little") + (bytes([level]) if level else b"")
    pointers = [4096 + table * 1000 for table in range(10)]
    return head + _numbers(pointers, "big") + _numbers([1000] * 9 + [2904], "little")


def pos2_file(plot: bytes, owner: bytes = CONTRACT) -> bytes:
    """A whole .plot2 of one chunk."""
    text = memo(owner)
    head = b"pos2\x01" + plot + bytes([28, 2, 0, 0, 0, len(text)]) + text
    at = len(head) + 16
    return head + (1).to_bytes(8, "little") + at.to_bytes(8, "little") + _chunk(b"c" * 100)


def _chunk(data: bytes) -> bytes:
    return len(data).to_bytes(8, "little") + data


def _numbers(values: list[int], order: Any) -> bytes:
    return b"".join(value.to_bytes(8, order) for value in values)


def name_of(plot: bytes, k: int = 32, ending: str = "plot", level: int = 0) -> str:
    compression = f"-c{level:02}" if level else ""
    return f"plot-k{k}{compression}-2021-06-18-12-00-{plot.hex()}.{ending}"


def put(folder: Path, number: int, content: bytes | None = None, **how: Any) -> Path:
    """Put a whole plot into a folder; `content`, `size`, `name` and `level` change it."""
    plot, level = plot_id(number), how.get("level", 0)
    owner = how.get("owner", CONTRACT if level else POOL)
    head = v1c_header(plot, level, owner) if level else v1_header(plot, owner)
    path = folder / how.get("name", name_of(plot, level=level))
    path.write_bytes(head if content is None else content)
    if content is None:
        os.truncate(path, how.get("size", 16_000 if level else v1_size()))
    return path


def drive_at(folder: Path, kind: DriveKind = DriveKind.REPLOT, **changes: Any) -> Drive:
    folder.mkdir(parents=True, exist_ok=True)
    space = local_volumes().look(str(folder))
    drive = Drive(kind, str(folder), space.filesystem, total=space.total, free=space.free)
    return replace(drive, **changes)


def make_plot(number: int = 1, **changes: Any) -> Plot:
    """The value of a whole, uncompressed OG k32 on a replot drive."""
    identity = plot_id(number).hex()
    folder = changes.pop("drive", "/mnt/old1")
    modified = changes.pop("modified", datetime(2021, 6, 18, tzinfo=UTC) + timedelta(days=number))
    plot = Plot(
        path=f"{folder}/{name_of(plot_id(number))}",
        drive=folder,
        use=DriveKind.REPLOT,
        size=101 * GIB,
        mtime_ns=int(modified.timestamp()) * 10**9,
        inode=1000 + number,
        device=1,
        condition=Condition.WHOLE,
        format=PlotFormat.V1,
        k=32,
        id=identity,
        memo=MemoKind.POOL_PK,
        farmer_key=FARMER.hex(),
        pool_key=POOL.hex(),
        compression=0,
        expected_size=101 * GIB,
        exact=True,
    )
    return replace(plot, **changes)


def for_contract(contract: bytes = CONTRACT) -> dict[str, Any]:
    """What makes a plot one of a contract."""
    address = encode_address(contract)
    return {"memo": MemoKind.CONTRACT, "pool_key": None, "contract": address}
