"""Signals to plotters, and to nobody else: a process id of 0 would mean this very test."""

from __future__ import annotations

import os
import signal

from plotobot.engine.models import Job


def signal_job(job: Job, number: signal.Signals) -> None:
    """Signal a job's plotter."""
    assert job.pid, "it has no process yet"
    os.kill(job.pid, number)
