"""A folder on another file system than the tests' own, so that plots are really copied."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

PLACES = (Path("/dev/shm"), Path("/var/tmp"), Path.home())


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system than the test's own."""
    for root in PLACES:
        with contextlib.suppress(OSError):
            if root.stat().st_dev != tmp_path.stat().st_dev:
                folder = root / f"plotobot-{os.getpid()}-{tmp_path.name}"
                folder.mkdir()
                yield folder
                shutil.rmtree(folder)
                return
    pytest.skip("there is only one file system here")
