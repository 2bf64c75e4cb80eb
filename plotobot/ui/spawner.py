"""What the spawner does, and why it does no more."""

from __future__ import annotations

from collections.abc import Sequence

from plotobot.engine.models import Hold, Job, SpawnerView
from plotobot.ui.jobs import name
from plotobot.ui.text import MESSAGE_LIMIT, code, fit, plain, plural, stamp, tail


def state_text(view: SpawnerView) -> str:
    """Whether plots are being started, in a sentence."""
    quota = "" if view.count is None else f" of {plural(view.count, 'plot')}"
    if view.running:
        end = f", until {stamp(view.until, 'f')}" if view.until else ""
        return f"▶️ Spawning is **on**{end}: {view.spawned}{quota} started."
    drain = " The end of the last one will be told." if view.draining else ""
    return f"⏸️ Spawning is **paused**; running plots go on.{drain} {view.spawned}{quota} started."


def why_text(view: SpawnerView) -> str:
    """For each drive that gets nothing: the rule, the reason, and until when."""
    head = state_text(view)
    if view.looked_at:
        head += f" Looked {stamp(view.looked_at)}."
    if view.next_look:
        head += f" Next look {stamp(view.next_look)}."
    several = len({hold.profile for hold in view.holds}) > 1
    lines = [_hold_line(hold, several=several) for hold in view.holds] or ["Nothing holds a drive."]
    return fit([head, *lines], MESSAGE_LIMIT)


def _hold_line(hold: Hold, *, several: bool) -> str:
    where = code(tail(hold.drive)) if hold.drive else "every drive"
    until = f", until {stamp(hold.until)}" if hold.until else ""
    kind = f" [{plain(hold.profile)}]" if hold.profile and several else ""
    return f"• {where}{kind}: {plain(hold.reason)} (rule {code(hold.rule, 40)}{until})"


def once_text(jobs: Sequence[Job]) -> str:
    """What one pass started."""
    if not jobs:
        return "One pass made, nothing started. `/spawn why` tells what holds each drive."
    names = [f"• {plain(name(job))} to {code(tail(job.out))}" for job in jobs]
    return fit([f"🌱 One pass made, {plural(len(jobs), 'plot')} started.", *names], MESSAGE_LIMIT)
