"""What the command line does stands in the audit, before and after."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from plotobot.command_line import noted
from plotobot.engine.audit import Audit
from plotobot.engine.store import Store


async def test_a_deed_stands_there_before_it_is_done_and_with_its_result(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "plotobot.db")
    audit = Audit(store, lambda: datetime.now(UTC))
    async with noted(store, "clean") as result:
        (before,) = (await audit.view(None, 9)).entries
        result.append("3 files removed")
    with pytest.raises(OSError, match="broken"):
        async with noted(store, "move"):
            raise OSError("broken")
    after = (await audit.view(None, 9)).entries
    await store.close()

    assert (before.deed.outcome.value, before.deed.door) == ("allowed", "command line")
    told = [(one.deed.what, one.deed.outcome.value, one.deed.result) for one in reversed(after)]
    assert told[1] == ("clean", "done", "3 files removed")
    assert told[3] == ("move", "failed", "OSError")
