"""Finds plotting programs on this machine and asks them for their version."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from plotobot.errors import PlotterMissing

PATIENCE = 30.0
"""Seconds a program may take to tell its version; chia takes up to five on a busy machine."""

_NUMBERS = re.compile(r"\d+")


def locate(
    names: Sequence[str],
    configured: Path | None,
    places: Iterable[Path] = (),
    cure: str = "",
) -> Path:
    """Find a program. Blocks.

    Args:
        names: what its file may be called, the preferred name first.
        configured: what the settings say: the program itself or the folder it is in.
        places: further files to look at, the preferred one first, after PATH and the virtual
            environment.
        cure: the sentence that tells what to do when it is missing.

    Returns:
        An absolute path.

    Raises:
        PlotterMissing: with what was looked for, where, and the cure.
    """
    if configured is not None:
        return _configured(names, configured.expanduser(), cure)
    for candidate in (*_on_path(names), *places):
        if _runs(candidate):
            return candidate.absolute()
    raise PlotterMissing(
        f"No {' or '.join(names)} found on PATH, in the virtual environment or where its "
        f"installer puts it. {cure}".strip()
    )


def _configured(names: Sequence[str], configured: Path, cure: str) -> Path:
    inside = [configured / f"{name}{suffix}" for name in names for suffix in _suffixes()]
    for candidate in inside if configured.is_dir() else [configured]:
        if _runs(candidate):
            return candidate.absolute()
    if configured.is_dir():
        raise PlotterMissing(f"There is no {' or '.join(names)} in {configured}. {cure}".strip())
    if configured.exists():
        raise PlotterMissing(f"{configured} cannot be run; give it the right to (chmod +x).")
    raise PlotterMissing(f"There is no {configured}. {cure}".strip())


def _on_path(names: Sequence[str]) -> list[Path]:
    environment = os.environ.get("VIRTUAL_ENV")
    folder = "Scripts" if sys.platform == "win32" else "bin"
    own = str(Path(environment) / folder) if environment else None
    found = [shutil.which(name) or (own and shutil.which(name, path=own)) for name in names]
    return [Path(path) for path in found if path]


def _suffixes() -> tuple[str, ...]:
    return ("", ".exe") if sys.platform == "win32" else ("",)


def _runs(candidate: Path) -> bool:
    return candidate.is_file() and os.access(candidate, os.X_OK)


def newest(folders: Iterable[Path]) -> list[Path]:
    """Sort folders named after versions, such as `app-2.7.5`, the newest first."""
    return sorted(
        folders,
        key=lambda folder: [int(number) for number in _NUMBERS.findall(folder.name)],
        reverse=True,
    )


def version_of(argv: Sequence[str], patience: float = PATIENCE) -> str:
    """Ask a program for its version: the last line it prints. Blocks.

    Raises:
        PlotterMissing: it does not start, takes too long, ends with an error or says nothing.
    """
    words = " ".join(argv)
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=patience,
            check=False,
        )
    except OSError as error:
        raise PlotterMissing(f"`{words}` does not start: {error.strerror or error}.") from error
    except subprocess.TimeoutExpired as error:
        raise PlotterMissing(f"`{words}` gave no answer within {patience:g} s.") from error
    said = (done.stdout.strip() or done.stderr.strip()).decode("utf-8", "replace").splitlines()
    if done.returncode != 0 or not said:
        last = f": {said[-1][:200]}" if said else ""
        raise PlotterMissing(f"`{words}` ended with code {done.returncode}{last}.")
    return said[-1].strip()[:100]
