"""A background task that raises is logged, told and begun anew; one that is cancelled ends."""

from __future__ import annotations

import asyncio
import logging

import pytest

from plotobot.engine.models import EventKind
from plotobot.engine.tending import Rest, tended
from tests.engine.farm import Farm, ended, told, until

REST = Rest(first=0.001, longest=0.004)


class Work:
    """Fails as it is told to, then works on."""

    def __init__(self, *failures: BaseException) -> None:
        self.failures = list(failures)
        self.begun = 0
        self.at_work = asyncio.Event()

    async def __call__(self) -> None:
        self.begun += 1
        if self.failures:
            raise self.failures.pop(0)
        self.at_work.set()
        await asyncio.Event().wait()


@pytest.mark.parametrize(
    "failure",
    [RuntimeError("a"), OSError("b"), asyncio.CancelledError(), ExceptionGroup("c", [OSError()])],
    ids=repr,
)
async def test_what_raises_is_logged_told_once_and_begun_anew(
    failure: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    alarms: list[str] = []

    async def alarm(what: str) -> None:
        alarms.append(what)

    work = Work(failure, RuntimeError("again"))
    task = asyncio.create_task(tended("the mover", work, alarm, REST))
    await asyncio.wait_for(work.at_work.wait(), 30)

    assert work.begun == 3
    assert alarms == [
        f"the mover failed ({type(failure).__name__}) and begins anew; the log has the rest"
    ]
    assert len([r for r in caplog.records if r.levelno == logging.ERROR and r.exc_info]) == 2
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_alarm_that_fails_does_not_end_the_task() -> None:
    async def broken(_: str) -> None:
        raise RuntimeError("no store")

    work = Work(OSError())
    task = asyncio.create_task(tended("it", work, broken, REST))
    await asyncio.wait_for(work.at_work.wait(), 30)
    task.cancel()
    await asyncio.wait([task])


async def test_work_that_ends_by_itself_has_ended() -> None:
    async def done() -> None:
        return

    async with asyncio.timeout(30):
        await tended("it", done, lambda _: done(), REST)


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("plotobot.engine.moving.mover.Mover._look", "the mover"),
        ("plotobot.engine.farm.FarmWatch.step", "the watch over the farm's log"),
        ("plotobot.engine.pulse.Pulse._beat", "a step of the engine"),
        ("plotobot.engine.pulse.Pulse.run", "the engine"),
    ],
)
async def test_each_task_of_the_engine_is_begun_anew(
    farm: Farm, part: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    owner, method = part.rsplit(".", 1)
    calls, works = [], pytest.importorskip(owner.rsplit(".", 1)[0])
    real = getattr(getattr(works, owner.rsplit(".", 1)[1]), method)

    async def breaks_once(self: object, *args: object, **how: object) -> object:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("broken")
        return await real(self, *args, **how)

    monkeypatch.setattr(part, breaks_once)
    config = farm.config(count=1)
    config = replace(config, farm=replace(config.farm, watch=True))
    async with farm.running(config) as engine:

        async def again() -> bool:
            return len(calls) > 1 and bool(await told(engine, EventKind.TROUBLE))

        await until(engine, again)
        assert name in (await told(engine, EventKind.TROUBLE))[0].data["what"]
        await ended(engine, 1)


async def test_one_job_that_cannot_be_judged_does_not_keep_the_others(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    from plotobot.engine.endings import Endings

    real, poisoned = Endings._judge, []

    async def judge(self: Endings, job: object, end: object) -> None:
        if not poisoned or job.id in poisoned:  # type: ignore[attr-defined]
            poisoned.append(job.id)  # type: ignore[attr-defined]
            raise ValueError("what a strange log")
        await real(self, job, end)  # type: ignore[arg-type]

    monkeypatch.setattr(Endings, "_judge", judge)
    async with farm.running(count=2) as engine:
        await ended(engine, 1)
        alerts = await told(engine, EventKind.TROUBLE)
        assert len(alerts) == 1
        assert poisoned[0] in alerts[0].data["what"]
