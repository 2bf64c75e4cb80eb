"""Run the real shim, and kill it with SIGKILL at one point of its life.

    python crashing_shim.py POINT JOBDIR

The shim itself knows nothing of this: its own functions and those of `os` are wrapped here.
"""

import importlib.util
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from plotobot.engine.supervision import launching


def die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_once_the_plotter_runs(pid: int) -> None:
    command = Path(f"/proc/{pid}/cmdline")
    while not Path("child.json").exists() or b"crashing" in command.read_bytes():
        time.sleep(0.002)
    die()


point, folder = sys.argv[1:]
source = Path(launching.__file__).with_name("shim.py")
loading = importlib.util.spec_from_file_location("shim", source)
assert loading is not None
assert loading.loader is not None
shim: Any = importlib.util.module_from_spec(loading)
loading.loader.exec_module(shim)

match point:
    case "lock-taken":
        shim.write_record = die
    case "before-fork":
        os.fork = die  # type: ignore[assignment]
    case "before-exec":
        os.execvpe = die  # type: ignore[assignment]
    case "after-fork":
        shim.reap = die_once_the_plotter_runs
    case "before-exit-json":
        shim.write_exit = die
    case _:
        sys.exit(f"no point {point}")
os._exit(shim.own(folder))
