"""Become a program that ends when its parent does. Run as a script: `leash.py PARENT ARGV...`.

A plotter must outlive the bot; a copy must not: nobody would see it, hold it to its bandwidth or
stop it, and the next bot would start a second one. So the kernel is asked to end it (prctl(2),
PR_SET_PDEATHSIG), between fork and exec, and without Python code in a forked child of a bot with
threads. Elsewhere than on Linux rsync ends at its next line of progress, which nobody reads.
"""

from __future__ import annotations

import os
import signal
import sys

PR_SET_PDEATHSIG = 1
NO_PARENT, NO_PROGRAM = 125, 126


def tie(parent: int) -> bool:
    """Ask for the end with the parent; False where it is gone already."""
    if sys.platform != "linux":
        return True
    import ctypes

    if ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0:
        return False
    return os.getppid() == parent


def main() -> int:
    """Tie and become; comes back only with a failure."""
    if not tie(int(sys.argv[1])):
        return NO_PARENT
    if sys.platform != "win32":
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and exec keeps that
    try:
        os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - no shell is meant
    except OSError as problem:
        os.write(2, f"{sys.argv[2]}: {problem.strerror}\n".encode())
    return NO_PROGRAM


if __name__ == "__main__":
    os._exit(main())
