"""Asking disks that may never answer.

A hung mount blocks the thread that asks it until the mount goes away, and nothing can stop that
thread (docs of the kernel: state D). So each question gets a thread of its own, the asker
waits a bounded time, and while an old question is open no new one is put. What has to be done
however long it takes waits in `apart`.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from functools import partial
from typing import Generic, ParamSpec, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
P = ParamSpec("P")


class Patience(Generic[K, T]):
    """Puts questions to threads and waits a bounded time for the answers.

    Not for several threads at once, apart from those it starts.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._open: dict[K, _Question[T]] = {}

    @property
    def stuck(self) -> frozenset[K]:
        """The questions without an answer; each holds one thread."""
        return frozenset(key for key, question in self._open.items() if question.is_alive())

    def ask(self, questions: Mapping[K, Callable[[], T]]) -> dict[K, T | OSError]:
        """Put all questions at once and wait for them together.

        Returns:
            For each key the answer, or the OSError it raised; a TimeoutError where none came.
        """
        asked = {key: self._put(key, call) for key, call in questions.items()}
        deadline = time.monotonic() + self._seconds
        answers: dict[K, T | OSError] = {}
        for key, question in asked.items():
            answers[key] = self._answer(question, deadline)
        self._open = {key: question for key, question in self._open.items() if question.is_alive()}
        return answers

    def _put(self, key: K, call: Callable[[], T]) -> _Question[T] | None:
        """Start a thread, unless the last one for this key is still waiting."""
        old = self._open.get(key)
        if old is not None and old.is_alive():
            return None
        question = self._open[key] = _Question(call)
        question.start()
        return question

    @staticmethod
    def _answer(question: _Question[T] | None, deadline: float) -> T | OSError:
        if question is None:
            return TimeoutError("it has not answered since the last time")
        question.join(max(0.0, deadline - time.monotonic()))
        return TimeoutError("it does not answer") if question.is_alive() else question.answer


class _Question(threading.Thread, Generic[T]):
    """One call in a thread that the interpreter does not wait for at its end."""

    def __init__(self, call: Callable[[], T]) -> None:
        super().__init__(name="plotobot-look", daemon=True)
        self._call = call
        self.answer: T | OSError = TimeoutError("it does not answer")

    def run(self) -> None:
        try:
            self.answer = self._call()
        except OSError as error:
            self.answer = error


async def apart(call: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
    """Await what a disk is asked, in a thread of its own.

    Unlike in `asyncio.to_thread`, one that hangs takes no place in a pool that others need, and
    neither the loop nor the interpreter waits for it at its end.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def ask() -> None:
        give: Callable[[], None]
        try:
            give = partial(answer.set_result, call(*args, **named))
        except Exception as error:  # the asker's, whatever it is
            give = partial(answer.set_exception, error)
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(lambda: None if answer.done() else give())

    threading.Thread(target=ask, name="plotobot-disk", daemon=True).start()
    return await answer
