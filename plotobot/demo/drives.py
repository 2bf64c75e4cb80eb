"""The demo's drives: little file systems in memory where the system lets us, else folders.

Small drives make a demo of what big ones do: they fill, and then no plot is started. Folders are
counted as if they were so small; see `counted`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from plotobot.demo.counted import taken
from plotobot.errors import SettingsError

_UMOUNT_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class DemoDrives:
    """The folders of one demo."""

    root: Path
    """Absolute; the demo's state goes here too."""
    temps: tuple[Path, ...]
    outs: tuple[Path, ...]
    mounted: tuple[Path, ...] = ()
    """Those that are file systems of their own."""
    keep: bool = False
    """Whether all of it stays when the demo ends."""
    counted: Mapping[str, int] = field(default_factory=dict)
    """Those that are folders, each with the bytes it counts as."""

    @property
    def folders(self) -> tuple[Path, ...]:
        """All drives, temp ones first."""
        return (*self.temps, *self.outs)


def put_up(
    directory: Path | None, *, temp_sizes: Sequence[int], out_sizes: Sequence[int]
) -> DemoDrives:
    """Make `temp1`, `temp2`, ... and `out1`, ... . Blocks.

    Args:
        directory: where everything goes and stays, as folders on that file system; None makes a
            folder for this demo that `take_down` removes, with drives of their own in it.
        temp_sizes: the bytes of each temp drive; what a folder holds already comes on top.
        out_sizes: the same for each out drive.

    Raises:
        SettingsError: the directory cannot be made or written.
    """
    root = _kept_root(directory) if directory else Path(tempfile.mkdtemp(prefix="plotobot-"))
    temps = tuple(root / f"temp{n}" for n in range(1, len(temp_sizes) + 1))
    outs = tuple(root / f"out{n}" for n in range(1, len(out_sizes) + 1))
    for folder in (*temps, *outs):
        folder.mkdir(exist_ok=True)
    sizes = dict(zip((*temps, *outs), (*temp_sizes, *out_sizes), strict=True))
    own = () if directory else tuple(folder for folder in sizes if _mount(folder, sizes[folder]))
    counted = {str(f): size + taken(str(f)) for f, size in sizes.items() if f not in own}
    return DemoDrives(root, temps, outs, own, keep=directory is not None, counted=counted)


def take_down(drives: DemoDrives) -> None:
    """Remove what `put_up` made, and nothing else; nothing at all of a demo that is kept. Blocks.

    A drive that something still uses is detached, and goes when that ends.
    """
    for folder in reversed(drives.mounted):
        _unmount(folder)
    if not drives.keep and not any(os.path.ismount(folder) for folder in drives.folders):
        shutil.rmtree(drives.root, ignore_errors=True)


def _kept_root(directory: Path) -> Path:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            return directory.resolve()
    except OSError as error:
        problem = (
            f"--dir {directory}: {error.strerror or error}; name a folder that can be written."
        )
        raise SettingsError([problem]) from error


def _mount(folder: Path, size: int) -> bool:
    if sys.platform != "linux" or os.geteuid() != 0:
        return False
    options = f"size={size},mode=0700,nosuid,nodev,noexec"
    return _ran("mount", "-t", "tmpfs", "-o", options, "plotobot-demo", str(folder))


def _unmount(folder: Path) -> None:
    deadline = time.monotonic() + _UMOUNT_SECONDS
    while not _ran("umount", str(folder)):
        if time.monotonic() > deadline:
            _ran("umount", "--lazy", str(folder))
            return
        time.sleep(0.1)


def _ran(*argv: str) -> bool:
    program = shutil.which(argv[0])
    if program is None:
        return False
    done = subprocess.run([program, *argv[1:]], capture_output=True, check=False, timeout=30)
    return done.returncode == 0
