"""A bot that does nothing but one move, for tests that kill it: ADDRESS STATE SOURCE BANDWIDTH."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from plotobot.engine.moving.base import Ident, MoveOrder
from plotobot.engine.moving.remote.address import parse_address
from plotobot.engine.moving.remote.destination import RsyncDestination


async def main() -> None:
    address, state, source, bandwidth = sys.argv[1:]
    path = Path(source)
    now = path.lstat()
    ident = Ident(now.st_size, now.st_mtime_ns, now.st_ino)
    order = MoveOrder("move0", path, ident, bandwidth=int(bandwidth))
    where = RsyncDestination(parse_address(address), Path(state))
    await where.carry(order, lambda step: print(step.done, flush=True))


asyncio.run(main())
