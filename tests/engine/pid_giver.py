"""Makes processes, ends them, and makes others of the very same pids (Linux, root).

One order a line: `new NUMBER`, `end PID...`, `again PID...`, `alive PID...`; each answer is a line
of pids. All processes end with this one.
"""

from __future__ import annotations

import ctypes
import os
import signal
import struct
import sys

CLONE3 = 435
PYTHON = ctypes.PyDLL(None)  # keeps the interpreter's lock, so that the child has it as well


def fork(pid: int = 0) -> int:
    """A child that waits for ever, of a chosen pid if one is given; 0 where it is taken."""
    wanted = ctypes.c_int(pid)
    address = ctypes.addressof(wanted) if pid else 0
    ask = struct.pack("11Q", 0, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, address, bool(pid), 0)
    child = int(PYTHON.syscall(CLONE3, ask, len(ask)))
    if child == 0:
        while True:
            signal.pause()
    return max(child, 0)


def end(pids: list[int]) -> list[int]:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    return [os.waitpid(pid, 0)[0] for pid in pids]


def alive(pids: list[int]) -> list[int]:
    """Those that live, and were not signalled."""
    return [pid for pid in pids if os.waitpid(pid, os.WNOHANG)[0] == 0]


def serve() -> None:
    children: set[int] = set()
    for line in sys.stdin:
        order, *words = line.split()
        pids = [int(word) for word in words]
        match order:
            case "new":
                answer = [fork() for _ in range(pids[0])]
            case "again":
                answer = [child for pid in pids if (child := fork(pid))]
            case "end":
                answer = end(pids)
            case _:
                answer = alive(pids)
        children = children - set(pids) if order == "end" else children | set(answer)
        print(*answer, flush=True)
    end(list(children))


if __name__ == "__main__":
    serve()
