"""Has charts drawn by a process of its own: neither matplotlib's time nor its memory is ours.

Matplotlib takes half a second to import and some 70 MB, and holds up an event loop for as long as
it draws, also from a thread.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

import platformdirs

from plotobot.engine.one_shot import ask, passed_on
from plotobot.engine.summary import Summary, summary_adapter
from plotobot.errors import Refusal

PATIENCE = 30.0
"""Seconds; a busy machine draws for five, and the first time fonts are looked for."""
COMMAND = ("-I", "-m", "plotobot.charts")
PNG = b"\x89PNG\r\n\x1a\n"


class NoChart(Refusal):
    """A chart could not be drawn; the message says why."""


class Painter:
    """Draws one chart at a time."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._drawing = asyncio.Lock()

    async def paint(self, chart: str, summary: Summary) -> bytes:
        """A chart of a summary as a PNG.

        Raises:
            NoChart: it could not be drawn, or not in time.
        """
        wanted = await asyncio.to_thread(_as_json, summary)
        async with self._drawing:
            png, complaint = await self._drawn(chart, wanted)
        if not png.startswith(PNG):
            raise NoChart(f"the chart could not be drawn: {complaint or 'it gave no picture'}")
        return png

    async def _drawn(self, chart: str, summary: bytes) -> tuple[bytes, str]:
        try:
            return await ask((*COMMAND, chart), summary, self._patience, environment(os.environ))
        except TimeoutError:
            raise NoChart(f"the chart was not drawn within {self._patience:g} s") from None
        except OSError as error:
            raise NoChart(f"the chart could not be drawn: {error}") from error


def _as_json(summary: Summary) -> bytes:
    return summary_adapter().dump_json(summary)


def environment(of: Mapping[str, str]) -> dict[str, str]:
    """The child's environment; it keeps what it knows of fonts where caches belong."""
    cache = of.get("MPLCONFIGDIR") or str(Path(platformdirs.user_cache_dir("plotobot"), "charts"))
    return {**passed_on(of), "MPLCONFIGDIR": cache}
