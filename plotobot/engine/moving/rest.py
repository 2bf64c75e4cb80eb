"""How long a destination that refused a plot is left alone. Pure: no clock, no disk, no await."""

from __future__ import annotations

from dataclasses import dataclass, replace

FIRST_REST = 600.0
LONGEST_REST = 3600.0


@dataclass(frozen=True, slots=True)
class Rest:
    """What a destination refused, remembered until a plot has landed there."""

    reason: str
    full: bool
    size: int
    """Of the plot that was refused."""
    until: float
    """No plot goes there before; by the loop's clock."""
    times: int = 1
    """Refusals in a row."""
    free: int | None = None
    """The least that was free there since, where that is known."""


def rest_after(before: Rest | None, reason: str, size: int, now: float, *, full: bool) -> Rest:
    """The rest after one more refusal: longer each time it comes after a rest.

    Args:
        before: the rest of the refusal before; None where a plot has landed since.
        reason: what was said.
        size: of the plot.
        now: by the loop's clock.
        full: whether there was no room for it.
    """
    if before and before.until > now:  # several plots were on their way there: one refusal
        return replace(before, reason=reason, full=full, size=size)
    times = before.times + 1 if before else 1
    rest = min(FIRST_REST * 2 ** min(times - 1, 10), LONGEST_REST)
    return Rest(reason, full, size, now + rest, times)


def with_free(rest: Rest, free: int | None) -> Rest:
    """The rest once the free space was seen: room for the plot that was made there ends it."""
    if not rest.full or free is None:
        return rest
    least = free if rest.free is None else min(rest.free, free)
    until = 0.0 if free - least >= rest.size else rest.until
    return replace(rest, free=least, until=until)
