"""Root may read and write everything; work done here may not."""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

VERSION_3 = 0x20080522
"""Of the two arguments of capset(2): 64 capabilities in two halves."""


def without_root(work: Callable[[], T]) -> T:
    """Do some work with no more rights than the files' owner has.

    Linux keeps capabilities by thread: this one gives all of them up, for good, and ends.
    """
    with ThreadPoolExecutor(1, initializer=_give_up_powers) as thread:
        return thread.submit(work).result()


def _give_up_powers() -> None:
    if sys.platform != "linux" or os.geteuid() != 0:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.capset(struct.pack("Ii", VERSION_3, 0), bytes(24)) != 0:
        raise OSError(ctypes.get_errno(), "capset")
