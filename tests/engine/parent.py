"""Adopts the orphans of a killed shim, so that it is known who reaps the plotter, and when.

    python parent.py {reaps,waits} JOBS_ROOT

Launches a job that ends with 42, kills its shim, and prints how the supervisor saw the end.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path

from plotobot.engine.supervision.jobdir import Spec
from plotobot.engine.supervision.supervisor import Supervisor

PR_SET_CHILD_SUBREAPER = 36


def reap_at_once(*_: object) -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


async def main(reaps: bool, root: Path) -> None:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    supervisor = Supervisor(root)
    spec = Spec(("/bin/sh", "-c", "sleep 0.6; exit 42"), "/", {"PATH": "/usr/bin:/bin"})
    launched = await supervisor.launch("job", spec)
    shim = launched.found.shim
    assert shim is not None
    if reaps:
        signal.signal(signal.SIGCHLD, reap_at_once)
    os.kill(shim.pid, signal.SIGKILL)
    ended = await supervisor.wait("job")
    print(ended.code, ended.how, ended.why)
    await supervisor.close()


asyncio.run(main(sys.argv[1] == "reaps", Path(sys.argv[2])))
