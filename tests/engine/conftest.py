"""Fixtures for tests of the engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.farm import Farm


@pytest.fixture
def farm(tmp_path: Path) -> Farm:
    """An empty farm."""
    return Farm(tmp_path)
