"""Plots to other hosts, by Debian's rsync: over SSH, or to an rsync daemon.

Why rsync: it is on both ends already, goes on where a broken copy stopped, and proves a file whole
from afar. A host is only ever given what stands in `commands`, and is believed only as far as
`output` reads it.
"""

from plotobot.engine.moving.remote.address import RsyncAddress, is_address, parse_address
from plotobot.engine.moving.remote.commands import Access
from plotobot.engine.moving.remote.destination import RsyncDestination
from plotobot.engine.moving.remote.program import Rsync

__all__ = ["Access", "Rsync", "RsyncAddress", "RsyncDestination", "is_address", "parse_address"]
