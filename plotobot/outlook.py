"""Tells why no plot starts, also where no Plotobot runs: what `plotobot why` asks. Blocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from plotobot.app import specs_of
from plotobot.engine import notice
from plotobot.engine.auto.knowing import auto_of
from plotobot.engine.auto.learning import learned_of
from plotobot.engine.backoff import resting
from plotobot.engine.case import Rules, World, starts_of
from plotobot.engine.config import EngineConfig
from plotobot.engine.drives import DriveBay, local_volumes
from plotobot.engine.former import former_folders, on_present_drives
from plotobot.engine.models import SpawnerView
from plotobot.engine.planner import plan
from plotobot.engine.shelf import read_jobs
from plotobot.engine.spawner import kinds_of
from plotobot.engine.supervision.locks import StateDirInUse, hold_state_dir
from plotobot.engine.usage import measure


@dataclass(frozen=True, slots=True)
class Outlook:
    """What holds each drive, and what would start."""

    running: bool
    """Whether a Plotobot runs on this state folder; else nothing starts, whatever is below."""
    view: SpawnerView | None
    """None: it runs, and has not made a pass yet."""
    starts: tuple[str, ...] = ()
    """Only where none runs: the plots that would start at once, in words."""


def outlook(config: EngineConfig) -> Outlook:
    """Ask the running Plotobot's note, else judge as it would.

    Raises:
        SettingsError: a written drive cannot be read as one.
    """
    if _in_use(config.state_dir):
        return Outlook(True, notice.read(config.state_dir))
    now = datetime.now(UTC)
    jobs = read_jobs(config.jobs_root)
    live = [job for job in jobs if job.state.live]
    bay, kinds = DriveBay(specs_of(config), local_volumes()), kinds_of(config)
    drives = bay.look()
    where = bay.filesystems(former_folders(live, drives))
    auto = auto_of(kinds, drives, learned_of(jobs)) if config.mode == "auto" else None
    world = World(
        now=now,
        drives=drives,
        jobs=[on_present_drives(job, drives, where) for job in measure(live).values()],
        resting=resting(jobs, now),
        starts=starts_of(jobs),
    )
    decided = plan(world, Rules(config.limits, kinds, config.space.reserve, auto))
    starts = tuple(f"{s.kind.name} on {s.temp} to {s.out}: {s.why}" for s in decided.starts)
    view = SpawnerView(False, 0, config.limits.count, decided.holds, looked_at=now)
    return Outlook(False, view, starts)


def _in_use(state_dir: Path) -> bool:
    try:
        hold_state_dir(state_dir).release()
    except StateDirInUse:
        return True
    except OSError:  # there is none, or it may not be written to: nobody uses it
        return False
    return False
