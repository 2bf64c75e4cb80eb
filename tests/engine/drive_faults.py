"""What can happen to a real drive, and a server that lets it happen to one forked child a case.

For the scripts that are run by path; what they share stands here.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import struct
import subprocess
import sys
import traceback
from collections.abc import Callable

SHUTDOWN = (2 << 30) | (4 << 16) | (ord("X") << 8) | 125
"""EXT4_IOC_SHUTDOWN, as xfstests uses it: from then on nothing reaches the disk."""
NOLOGFLUSH = struct.pack("I", 2)


def kill() -> None:
    """End this process as nothing can stop it."""
    os.kill(os.getpid(), signal.SIGKILL)


def yank(mount_point: str) -> None:
    """Let nothing more reach the drive that is mounted there."""
    fd = os.open(mount_point, os.O_RDONLY)
    try:
        fcntl.ioctl(fd, SHUTDOWN, NOLOGFLUSH)
    finally:
        os.close(fd)


def make_read_only(mount_point: str) -> None:
    """Let the drive end its journal, as after an error of the disk."""
    _run("mount", "-o", "remount,abort", mount_point)


def unmount(mount_point: str) -> None:
    """Take the drive away; an empty folder stays."""
    _run("umount", "-l", mount_point)


def swap(mount_point: str, image: str) -> None:
    """Put another drive in its place."""
    unmount(mount_point)
    _run("mount", "-o", "loop", image, mount_point)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def serve(run: Callable[[dict], str]) -> None:
    """Run one case a line of stdin: forking is ten times as fast as starting an interpreter."""
    for line in sys.stdin:
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.write(writer, run(json.loads(line)).encode())
            except BaseException:
                os.write(writer, traceback.format_exc().encode())
                os._exit(1)
            os._exit(0)
        os.close(writer)
        _, status = os.waitpid(pid, 0)
        with os.fdopen(reader, encoding="utf-8") as said:
            answer = {"code": os.waitstatus_to_exitcode(status), "said": said.read()}
        print(json.dumps(answer), flush=True)
