"""What an engine is told to do: plain values, made by the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from plotobot.engine.models import DriveKind


@dataclass(frozen=True, slots=True)
class Limits:
    """How many plots, and how often to look."""

    count: int | None = None
    interval: float = 300.0
    max_parallel: int = 1
    max_parallel_per_drive: int = 1
