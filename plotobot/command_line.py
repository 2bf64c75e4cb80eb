"""What the command line does to a farm is put down in its audit, as what is asked on Discord is."""

from __future__ import annotations

import contextlib
import getpass
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from plotobot.engine.audit import Audit
from plotobot.engine.models import Deed, Outcome
from plotobot.engine.store import Store

DOOR = "command line"


@contextlib.asynccontextmanager
async def noted(store: Store, what: str) -> AsyncIterator[list[str]]:
    """Put a deed down before it is done, and afterwards what came of it.

    Gives a list, for sentences about what came of it.
    """
    audit = Audit(store, lambda: datetime.now(UTC))
    who = _user()
    await audit.note(Deed(who, what, Outcome.ALLOWED, DOOR))
    result: list[str] = []
    try:
        yield result
    except BaseException as error:
        await audit.note(Deed(who, what, Outcome.FAILED, DOOR, type(error).__name__))
        raise
    await audit.note(Deed(who, what, Outcome.DONE, DOOR, "; ".join(result)))


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an id without a name, as in containers
        return "?"
