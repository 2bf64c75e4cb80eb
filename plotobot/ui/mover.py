"""What the mover does, in words."""

from __future__ import annotations

from plotobot.engine.models import DestinationView, Move, MoverView, MoveState
from plotobot.ui.text import (
    MESSAGE_LIMIT,
    bar,
    code,
    duration,
    fit,
    gib,
    percent,
    plain,
    plot_file,
    plural,
    stamp,
    tail,
)

LATEST = 5
"""Ended moves that are shown."""
_DOES = {
    MoveState.WAITING: "waits",
    MoveState.COPYING: "copying",
    MoveState.VERIFYING: "reading back",
    MoveState.DONE: "moved",
    MoveState.FAILED: "not moved",
}


def mover_text(view: MoverView) -> str:
    """The whole state: what is on its way, what waits and why, the destinations, the latest."""
    live = [move for move in view.moves if move.state.live]
    ended = [move for move in view.moves if not move.state.live]
    lines = [state_text(view)]
    lines += [live_line(move) for move in live]
    lines += [f"⏳ {plain(hold, 400)}" for hold in view.holds]
    lines += ["**Destinations**"] * bool(view.destinations)
    lines += [destination_line(place) for place in view.destinations]
    latest = sorted(ended, key=lambda move: move.id, reverse=True)[:LATEST]
    lines += ["**Lately**"] * bool(latest) + [ended_line(move) for move in latest]
    return fit(lines, MESSAGE_LIMIT)


def state_text(view: MoverView) -> str:
    """Whether plots are moved as they come, and how many wait, in a sentence."""
    mode = (
        "▶️ Moving is **on**: finished plots go as they come."
        if view.running
        else "⏸️ Moving is **off**; `/move start` and `/move once` move plots."
    )
    if not view.waiting:
        return f"{mode} No plot waits."
    verb = "waits" if view.waiting == 1 else "wait"
    return f"{mode} {plural(view.waiting, 'plot')} {verb} ({gib(view.waiting_bytes)})."


def live_line(move: Move) -> str:
    """A move on its way, with its bar, its rate and the time left."""
    way = f"{code(plot_file(move.source))} → {code(tail(move.destination))}"
    if move.state is MoveState.WAITING:
        return f"⏳ {way}: waits" + (f" ({plain(move.reason, 200)})" if move.reason else "")
    share = move.done / move.size if move.size else 0.0
    rate = f", {move.rate / 1e6:.0f} MB/s" if move.rate else ""
    left = f", {duration(move.left)} left" if move.left is not None else ""
    does = state_words(move)
    return f"🚚 {way}: {does} {bar(share)} {percent(share)} of {gib(move.size)}{rate}{left}"


def state_words(move: Move) -> str:
    """What is being done with a plot, in a word or two."""
    return _DOES[move.state]


def ended_line(move: Move) -> str:
    """A move that has ended, with its rate or its reason."""
    way = f"{code(plot_file(move.source))} → {code(tail(move.destination))}"
    when = f" {stamp(move.ended_at)}" if move.ended_at else ""
    if move.state is MoveState.DONE:
        rate = f" at {move.rate / 1e6:.0f} MB/s" if move.rate else ""
        return f"✅ {way}{when}: {gib(move.size)}{rate}"
    return f"🚧 {way}{when}: {plain(move.reason or 'no reason known', 300)}"


def destination_line(place: DestinationView) -> str:
    """A destination with its room, or with why nothing goes there."""
    room = "room unknown" if place.free is None else f"{gib(place.free)} free"
    problem = f" ⚠️ {plain(place.problem, 200)}" if place.problem else ""
    return f"• {code(tail(place.name, 40))}: {room}, {plural(place.moves, 'move')}{problem}"
