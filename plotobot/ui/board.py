"""The live board: one card that shows a machine at a glance. Pure: a scene in, a message out.

It is made of Components V2 and not an embed: on a phone the text takes the whole width, sections
are set off by lines, and the buttons belong to the card. What it cannot do, to show its words in
a notification, an edit cannot do either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import discord

from plotobot.engine.models import (
    UNKNOWN,
    DriveKind,
    DriveView,
    Hold,
    Job,
    JobState,
    Move,
    MoverView,
    MoveState,
    SpawnerView,
)
from plotobot.ui.board_buttons import board_buttons
from plotobot.ui.colours import Colour
from plotobot.ui.jobs import eta_stamp, name, short_id, told_apart
from plotobot.ui.mover import state_words
from plotobot.ui.text import (
    bar,
    clean_line,
    clip,
    code,
    fit,
    gib,
    percent,
    plain,
    plot_file,
    plural,
    stamp,
    tail,
    weight,
)

SPAN = timedelta(days=1)
"""How far back failures and finished plots are shown."""
ROWS = 10
"""Running plots that are shown; the others are counted."""
DRIVES, MOVES, FAILURES = 8, 4, 3
BAR = 12
_KINDS = {
    DriveKind.TEMP: "Temp drives",
    DriveKind.TEMP2: "Temp2 drives",
    DriveKind.OUT: "Out drives",
    DriveKind.REPLOT: "Replot drives",
    DriveKind.DESTINATION: "Destinations",
}
HEAD_ROOM, JOBS_ROOM, DRIVES_ROOM, MOVES_ROOM, FAILURES_ROOM = 700, 1500, 700, 500, 450
"""Characters of each section; with the last line they stay below the 4,000 of a message."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What there is to be shown of a machine."""

    machine: str
    now: datetime
    spawner: SpawnerView
    mover: MoverView
    jobs: Sequence[Job] = ()
    drives: Sequence[DriveView] = ()


@dataclass(frozen=True, slots=True)
class Face:
    """A board's words and colour. Two equal ones look the same, so none replaces the other."""

    machine: str
    colour: Colour
    sections: tuple[str, ...]
    foot: str
    spawning: bool
    stopped: bool = False


def face(scene: Scene, *, stopped: bool = False) -> Face:
    """Put a scene into words.

    Args:
        scene: the machine.
        stopped: whether the bot takes its leave: the last board says so, and has no buttons.
    """
    live = sorted((job for job in scene.jobs if job.state.live), key=_most_done_first)
    sections = (
        _head(scene, stopped),
        _jobs(live, scene.now),
        _drives(scene.drives),
        _moves(scene.mover, scene.now),
        _failures(scene),
    )
    colour = Colour.OFF if stopped else _colour(scene, live)
    shown = tuple(section for section in sections if section)
    return Face(scene.machine, colour, shown, _foot(scene), scene.spawner.running, stopped)


def board_view(shown: Face, updated: datetime) -> discord.ui.LayoutView:
    """The message for a face; when it was made is no part of the face."""
    view = discord.ui.LayoutView(timeout=None)
    card: discord.ui.Container[discord.ui.LayoutView] = discord.ui.Container(
        accent_colour=int(shown.colour)
    )
    for number, section in enumerate(shown.sections):
        if number:
            card.add_item(discord.ui.Separator())
        card.add_item(discord.ui.TextDisplay(section))
    card.add_item(discord.ui.TextDisplay(f"-# {shown.foot} · updated {stamp(updated)}"))
    if not shown.stopped:
        card.add_item(board_buttons(shown.machine, spawning=shown.spawning))
    return view.add_item(card)


def _head(scene: Scene, stopped: bool) -> str:
    title = f"## 🌾 {plain(scene.machine, 60)}"
    if stopped:
        when = f"{stamp(scene.now, 't')} ({stamp(scene.now)})"
        return f"{title}\n⏹️ **Plotobot stopped** at {when}; running plots go on."
    return fit([title, _spawning(scene.spawner), *_why(scene.spawner)], HEAD_ROOM)


def _spawning(view: SpawnerView) -> str:
    started = f"{view.spawned}" + ("" if view.count is None else f" of {view.count}")
    if view.running:
        end = f", until {stamp(view.until, 't')}" if view.until else ""
        return f"▶️ Spawning is **on**{end}: {started} started"
    drain = ", the last plot's end will be told" if view.draining else ""
    return f"⏸️ Spawning is **paused**{drain}: {started} started"


def _why(view: SpawnerView) -> list[str]:
    """What holds the spawner, in one line: the reason that holds most drives."""
    if not view.running or not view.holds:
        return []
    many = Counter(hold.reason for hold in view.holds)
    reason, count = many.most_common(1)[0]
    hold = next(hold for hold in view.holds if hold.reason == reason)
    where = plural(count, "drive") if count > 1 else _where(hold)
    until = f", until {stamp(hold.until, 't')}" if hold.until else ""
    rest = f" (and {plural(len(many) - 1, 'more reason')})" if len(many) > 1 else ""
    return [f"🚧 {where}: {plain(reason, 160)}{until}{rest}"]


def _where(hold: Hold) -> str:
    return code(tail(clean_line(hold.drive))) if hold.drive else "every drive"


def _most_done_first(job: Job) -> tuple[float, str]:
    return -job.fraction, job.id


def _jobs(live: Sequence[Job], now: datetime) -> str:
    if not live:
        return "**No plot is being made**"
    lines = [f"**{plural(len(live), 'plot')} in the making**"]
    lines += [_job(job, now) for job in live[:ROWS]]
    if len(live) > ROWS:
        lines.append(f"… and {len(live) - ROWS} more; `/jobs` lists them")
    return fit(lines, JOBS_ROOM)


def _job(job: Job, now: datetime) -> str:
    """Two lines, narrow enough for a phone: which one and until when, then how far."""
    foreign = " · not ours" if job.foreign else ""
    end = f" · {eta_stamp(calm(job.eta, now), now)}" if job.eta else ""
    sign = "⏳ " if job.stuck else "🐌 " if job.stalled else ""
    share = "?" if job.status == UNKNOWN else percent(job.fraction)
    number, _, rest = name(job).partition(" ")
    top = f"**{plain(number, 12)}** {plain(rest, 40)}{foreign}{end}"
    return f"{top}\n{sign}`{bar(job.fraction, BAR)}` {share} · {_phase(job)}"


def _phase(job: Job) -> str:
    status = plain(job.status, 16)
    return f"phase {status}" if job.status[:1].isdigit() else status.lower()


def calm(moment: datetime, now: datetime) -> datetime:
    """A moment to come, as exact as it is of use, so that its wavering makes no new board."""
    left = (moment - now).total_seconds()
    step = 300 if left > 3600 else 60 if left > 600 else 15
    return datetime.fromtimestamp(round(moment.timestamp() / step) * step, UTC)


def _drives(views: Sequence[DriveView]) -> str:
    """The drives in trouble first, then each kind under its name."""
    ordered = sorted(views, key=lambda view: view.drive.problem is None)[:DRIVES]
    names = told_apart([view.drive.path for view in views])
    lines = []
    for kind in dict.fromkeys(view.drive.kind for view in ordered):
        lines.append(f"**{_KINDS[kind]}**")
        lines += [
            _drive(view, names[view.drive.path]) for view in ordered if view.drive.kind is kind
        ]
    if len(views) > DRIVES:
        lines.append(f"… and {len(views) - DRIVES} more; `/drives` lists them")
    return fit(lines, DRIVES_ROOM)


def _drive(view: DriveView, known_as: str) -> str:
    drive = view.drive
    if drive.problem:
        return f"⚠️ {code(known_as, 16)}: {plain(drive.problem, 60)}"
    step = max(drive.total // 100, 1)  # a hundredth of the drive: what changes less is no news
    used = 1 - drive.free / drive.total if drive.total else 0.0
    takes = str(view.takes) if view.takes < 100 else "99+"  # a phone's line is short
    room = f"room for {takes}" if view.takes else "full"
    free = gib(drive.free // step * step)
    return f"`{bar(used, 6)}` {plain(known_as, 16)} · {free} · {room}"


def _moves(view: MoverView, now: datetime) -> str:
    live = [move for move in view.moves if move.state.live]
    busy = [move for move in live if move.state is not MoveState.WAITING]
    if not live and not view.destinations:  # without a destination nothing is to be moved
        return ""
    lines = [f"**{plural(len(busy), 'move')} on the way**"] * bool(busy)
    lines += [_move(move, now) for move in busy[:MOVES]]
    if len(busy) > MOVES:
        lines.append(f"… and {len(busy) - MOVES} more; `/move status` lists them")
    if view.waiting:
        verb = "waits" if view.waiting == 1 else "wait"
        what = plural(view.waiting, "plot")
        lines.append(f"⏳ {what} {verb} to be moved ({gib(view.waiting_bytes)})")
    return fit(lines, MOVES_ROOM)


def _move(move: Move, now: datetime) -> str:
    share = move.done / move.size if move.size else 0.0
    end = ""
    if move.left is not None and move.left < 30 * 86400:
        end = f" · {stamp(calm(now + timedelta(seconds=move.left), now))}"
    way = f"{code(_short_plot(move), 16)} → {code(tail(clean_line(move.destination)), 16)}"
    return f"`{bar(share, 6)}` {percent(share)} {way} {state_words(move)}{end}"


def _short_plot(move: Move) -> str:
    return move.plot_id[:8] if move.plot_id else clip(plot_file(move.source), 16)


def _failures(scene: Scene) -> str:
    since = scene.now - SPAN
    lines = [*_failed_jobs(scene.jobs, since), *_failed_moves(scene.mover.moves, since)]
    if not lines:
        return ""
    kept = lines[:FAILURES]
    if len(lines) > FAILURES:
        kept.append(f"… and {len(lines) - FAILURES} more")
    return fit([f"**{plural(len(lines), 'failure')} in 24 hours**", *kept], FAILURES_ROOM)


def _failed_jobs(jobs: Sequence[Job], since: datetime) -> Iterable[str]:
    bad = [job for job in jobs if job.state in (JobState.FAILED, JobState.LOST)]
    for job in sorted(
        (j for j in bad if j.ended_at and j.ended_at > since), key=_end, reverse=True
    ):
        reason = (job.reason or "no reason known").strip().partition("\n")[0]
        yield f"❌ {plain(short_id(job), 12)} {stamp(_end(job))}: {plain(reason, 60)}"


def _end(job: Job) -> datetime:
    return job.ended_at or datetime.min.replace(tzinfo=UTC)


def _failed_moves(moves: Sequence[Move], since: datetime) -> Iterable[str]:
    for move in moves:
        if move.state is MoveState.FAILED and move.ended_at and move.ended_at > since:
            why = plain(move.reason or "no reason known", 60)
            yield f"🚧 {code(_short_plot(move), 16)} {stamp(move.ended_at)}: {why}"


def _foot(scene: Scene) -> str:
    since = scene.now - SPAN
    done = [job for job in scene.jobs if job.state is JobState.COMPLETED and _end(job) > since]
    size = sum(job.final_size or 0 for job in done)
    made = f" ({gib(size)})" if size else ""
    return f"✅ {plural(len(done), 'plot')}{made} in 24 hours"


def _colour(scene: Scene, live: Sequence[Job]) -> Colour:
    hangs = any(job.stuck or job.stalled for job in live)
    if hangs or any(view.drive.problem for view in scene.drives):
        return Colour.BAD
    if any(hold.rule == "no_out_drive" for hold in scene.spawner.holds):
        return Colour.BAD
    return Colour.GOOD if live or scene.spawner.running else Colour.WAITING


def size_of(shown: Face) -> int:
    """Characters of all its texts, as Discord may count them; the most is 4,000."""
    return sum(map(weight, (*shown.sections, shown.foot))) + 40
