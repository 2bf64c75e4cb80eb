from __future__ import annotations

import threading
import time

from plotobot.engine.drives.waiting import Patience


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
