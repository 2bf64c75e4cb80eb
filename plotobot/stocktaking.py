"""Takes stock on the command line: reads the drives' plots itself, without a bot. Blocking.

It never opens the bot's database, which has one connection only; see ARCHITECTURE.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from plotobot.engine.config import EngineConfig
from plotobot.engine.drives import local_volumes
from plotobot.engine.inventory.inventory import KEPT_ON
from plotobot.engine.inventory.overview import overview
from plotobot.engine.inventory.plot import Check, Plot, Stock
from plotobot.engine.inventory.reading import Reading
from plotobot.engine.inventory.walks import Walks
from plotobot.engine.launcher import order_of
from plotobot.engine.models import Drive, DriveKind, Job, JobState
from plotobot.engine.replot.fork import Fork
from plotobot.engine.replot.node import know_fork
from plotobot.engine.replot.plan import Plan, Terms, plan
from plotobot.engine.replot.rate import measured_rate
from plotobot.engine.replot.rule import Rule
from plotobot.engine.replot.wording import explain
from plotobot.engine.shelf import read_jobs
from plotobot.errors import Refusal
from plotobot.plots.sizes import final_need
from plotobot.plotters import plotter
from plotobot.settings import Settings
from plotobot.surroundings import look_at_drives


def folders_as_drives(folders: Sequence[Path]) -> list[Drive]:
    """Folders that somebody named, to be read like drives.

    Raises:
        Refusal: one is no folder, or cannot be looked at.
    """
    source, drives = local_volumes(), []
    for folder in folders:
        path = str(folder.absolute())
        try:
            drives.append(Drive(DriveKind.OUT, path, source.look(path).filesystem))
        except OSError as error:
            raise Refusal(f"{folder} cannot be read: {error.strerror or error}.") from error
    return drives


def take_stock(drives: Sequence[Drive], now: datetime, checks: Sequence[Check] = ()) -> Stock:
    """Read the plots of all drives that keep plots; what does not answer is told as silent.

    Args:
        drives: those to be read.
        now: the time.
        checks: the content checks that are known.
    """
    keeping = {drive.path: drive for drive in drives if drive.kind in KEPT_ON}
    there = [drive for drive in keeping.values() if not drive.missing]
    answers = asyncio.run(Walks(local_volumes().look).read(there, {}))
    silent = {path: "it is missing" for path, drive in keeping.items() if drive.missing}
    found: list[Plot] = []
    for path, answer in sorted(answers.items()):
        if isinstance(answer, Reading):
            found += answer.plots.values()
        else:
            silent[path] = answer.strerror or str(answer)
    return Stock(tuple(found), overview(found), now, silent, checks=tuple(checks))


def lay_plan(
    settings: Settings, now: datetime, by: datetime | None, rate: float | None
) -> tuple[Plan, Rule, Fork, Stock]:
    """Everything `plotobot replot --dry-run` tells.

    Args:
        settings: what the farmer set.
        now: the time.
        by: when all shall be done.
        rate: plots a day; None measures the jobs of the last week.
    """
    config, jobs = settings.engine, read_jobs(settings.state_dir / "jobs")
    drives = look_at_drives(config)
    stock = take_stock(drives, now)
    rule = settings.written.replot.rule(config.plot, own_ids(jobs))
    terms = Terms(
        now=now,
        new_size=new_size(config),
        reserve=config.space.reserve,
        rate=rate or measured_rate(jobs, now),
        by=by,
    )
    written = settings.written.replot
    fork = know_fork(written.fork, written.node.access, now)
    return plan(stock.plots, drives, rule, terms), rule, fork, stock


def own_ids(jobs: Sequence[Job]) -> frozenset[str]:
    """The ids of the plots that were made here."""
    made = (job.plot_id for job in jobs if job.state is JobState.COMPLETED)
    return frozenset(plot_id for plot_id in made if plot_id)


def new_size(config: EngineConfig) -> int:
    """Bytes that one new plot takes where it will lie."""
    usual = plotter(config.plot.plotter).needs(order_of(config.plot, "t", None, "o")).out
    return config.space.out or usual or final_need(config.plot.k)


def plan_document(laid: Plan, rule: Rule, fork: Fork) -> dict[str, Any]:
    """A plan as one JSON object; sizes in bytes, times in ISO 8601."""
    return {
        "rule": explain(rule, laid.terms.now),
        "steps": [
            {
                "number": step.number,
                "path": step.plot.path.encode("utf-8", "backslashreplace").decode(),
                "id": step.plot.id,
                "kind": step.plot.kind,
                "frees": step.frees,
                "modified": step.plot.modified.isoformat(),
            }
            for step in laid.steps
        ],
        "drives": [
            {"drive": d.drive, "old": d.old, "frees": d.frees, "free": d.free, "new": d.new}
            for d in laid.drives
        ],
        "kept": {total.name: total.plots for total in (laid.kept or {}).values()},
        "frees": laid.frees,
        "new": laid.new,
        "new_size": laid.terms.new_size,
        "rate": laid.terms.rate,
        "days": laid.days,
        "done": _iso(laid.done),
        "by": _iso(laid.terms.by),
        "start_by": _iso(laid.start_by),
        "needed_rate": laid.needed_rate
        if laid.terms.by and laid.terms.by > laid.terms.now
        else None,
        "fork": {
            "height": fork.height,
            "source": fork.source or None,
            "peak": fork.peak,
            "date": _iso(fork.date_of(fork.height)),
            "v1_ends": _iso(fork.date_of(fork.last)),
            "v1_share_now": fork.share_on(laid.terms.now),
        },
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
