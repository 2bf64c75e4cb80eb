"""Checks of new plots, before an old one goes for them."""

from __future__ import annotations

import asyncio

from plotobot.engine.models import Job
from plotobot.errors import NotAPlot, Refusal
from plotobot.plots.proofs import ProofVerdict, check_proofs


class NewPlots:
    """The checks of this life, one for each job; they run beside all else."""

    def __init__(self) -> None:
        self._checks: dict[str, asyncio.Task[str | None]] = {}

    def sound(self, job: Job) -> bool:
        """Whether the job's plot was checked and is sound."""
        check = self._checks.get(job.id)
        return check is not None and check.done() and not check.cancelled() and not check.result()

    def fault(self, job: Job, challenges: int) -> str | None:
        """What is wrong with the job's plot; None also while it is being checked, which begins."""
        if job.id not in self._checks:
            check = _fault(job, challenges)
            self._checks[job.id] = asyncio.create_task(check, name=f"check of {job.id}")
        done = self._checks[job.id]
        return done.result() if done.done() and not done.cancelled() else None

    def forget(self) -> None:
        """Check anew what did not stand, once it is asked for again."""
        self._checks = {
            job: check
            for job, check in self._checks.items()
            if not check.done() or (not check.cancelled() and check.result() is None)
        }

    async def close(self) -> None:
        """End those that are under way."""
        for check in self._checks.values():
            check.cancel()
        await asyncio.gather(*self._checks.values(), return_exceptions=True)


async def _fault(job: Job, challenges: int) -> str | None:
    """What is wrong with a plot: header, size, content, or that it is another one."""
    if job.final_path is None or job.plot_id is None:
        return "nobody knows where it stands."
    try:
        found = await check_proofs(job.final_path, challenges)
    except (NotAPlot, Refusal) as refusal:
        return str(refusal)
    except OSError as problem:
        return f"it cannot be read ({problem.strerror or problem})."
    if found.id != job.plot_id:
        return "another plot stands in its place."
    return None if found.verdict is ProofVerdict.SOUND else found.words
