from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from plotobot.engine.drives.waiting import Patience, apart


def _raise() -> int:
    raise FileNotFoundError("nothing here")


def test_answers_and_errors_come_back() -> None:
    patience: Patience[str, int] = Patience(30)
    answers = patience.ask({"a": lambda: 1, "b": _raise})
    assert answers["a"] == 1
    assert isinstance(answers["b"], FileNotFoundError)


def test_a_stuck_question_holds_one_thread_and_none_of_the_others() -> None:
    patience: Patience[str, int] = Patience(0.05)
    free, entered = threading.Event(), []

    def stuck() -> int:
        entered.append(1)
        free.wait(30)
        return 2

    for _ in range(5):
        answers = patience.ask({"stuck": stuck, "well": lambda: 1})
        assert isinstance(answers["stuck"], TimeoutError)
        assert answers["well"] == 1
    assert len(entered) == 1
    assert patience.stuck == {"stuck"}

    free.set()
    for _ in range(1000):
        if not patience.stuck:
            break
        time.sleep(0.01)
    assert patience.ask({"stuck": lambda: 3}) == {"stuck": 3}


async def test_what_is_asked_apart_comes_back_with_its_errors() -> None:
    assert await apart(int, "2a", base=16) == 42
    with pytest.raises(FileNotFoundError):
        await apart(_raise)


async def test_any_number_of_hung_drives_leaves_room_to_ask_another() -> None:
    free = threading.Event()
    waiting = [asyncio.create_task(apart(free.wait, 60)) for _ in range(80)]
    async with asyncio.timeout(30):
        assert await apart(int, "7") == 7
    free.set()
    assert all(await asyncio.gather(*waiting))


def test_a_drive_that_hangs_does_not_keep_the_process_from_its_end() -> None:
    script = """
        import asyncio, threading
        from plotobot.engine.drives.waiting import apart

        async def main():
            asking = asyncio.create_task(apart(threading.Event().wait))
            await asyncio.sleep(0.1)
            asking.cancel()
        asyncio.run(main())
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True, timeout=60)
