"""Makes many slow cores of few: a plotter may use no more than a share of one."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import psutil

PERIOD = 20_000
"""Microseconds over which a share is counted."""
V1, V2 = Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup")
_SCRIPT = """\
#!/bin/sh
mkdir {group}/$$ && {limit} && echo $$ > {group}/$$/cgroup.procs || exit 1
exec {python} "$@"
"""


@contextlib.contextmanager
def slow_cores(folder: Path, slices: int) -> Iterator[Path]:
    """Give a Python that is kept to a slice of a core, on a machine that seems to have more.

    Needs root. Version 2 of control groups is written after its documentation, not tried.
    """
    group = (V1 if V1.is_dir() else V2) / f"plotobot-{os.getpid()}"
    group.mkdir()
    quota = PERIOD // slices
    limit = f"echo {quota} {PERIOD} > {group}/$$/cpu.max"
    if V1.is_dir():
        limit = (
            f"echo {PERIOD} > {group}/$$/cpu.cfs_period_us && "
            f"echo {quota} > {group}/$$/cpu.cfs_quota_us"
        )
    else:
        (group / "cgroup.subtree_control").write_text("+cpu")
    script = folder / "slow-python"
    script.write_text(_SCRIPT.format(group=group, limit=limit, python=sys.executable), "utf-8")
    script.chmod(0o700)
    cores = (psutil.cpu_count() or 1) * slices
    try:
        with mock.patch("psutil.cpu_count", return_value=cores):
            yield script
    finally:
        for one in (*group.glob("*/"), group):
            one.rmdir()
