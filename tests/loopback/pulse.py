"""Lets tests wait for a change instead of sleeping."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Pulse:
    """Beats whenever anything changed; waiters look again."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def beat(self) -> None:
        """Wake all who wait now."""
        self._event.set()
        self._event = asyncio.Event()

    async def until(
        self, look: Callable[[], T | None], timeout: float, what: str | Callable[[], str]
    ) -> T:
        """Wait until `look` finds something and return it.

        Args:
            look: Returns what was found, or None (or False) for not yet.
            timeout: Seconds after which an `AssertionError` names `what`.
            what: What is waited for, in words; or what says it, when it is too late.
        """
        try:
            async with asyncio.timeout(timeout):
                while True:
                    event = self._event
                    found = look()
                    if found is not None and found is not False:
                        return found
                    await event.wait()
        except TimeoutError:
            what = what if isinstance(what, str) else what()
            raise AssertionError(f"within {timeout} s: no {what}") from None
