"""The system's processes: named so that none is mistaken for another, held, signalled, counted."""

from __future__ import annotations

import sys

from plotobot.engine.processes.base import (
    How,
    Identity,
    Process,
    Processes,
    Row,
    Usage,
    descendants,
    tree_of,
    usage_of,
)

__all__ = [
    "How",
    "Identity",
    "Process",
    "Processes",
    "Row",
    "Usage",
    "descendants",
    "native_processes",
    "tree_of",
    "usage_of",
]


def native_processes() -> Processes:
    """This system's implementation."""
    if sys.platform == "linux":
        from plotobot.engine.processes.linux import LinuxProcesses

        return LinuxProcesses()
    from plotobot.engine.processes.portable import PortableProcesses

    return PortableProcesses()
