"""How long a destination that refused a plot is left alone."""

from __future__ import annotations

from plotobot.engine.moving.rest import FIRST_REST, LONGEST_REST, Rest, rest_after, with_free

SIZE = 100


def refused(before: Rest | None, now: float, *, full: bool = False) -> Rest:
    return rest_after(before, "it is read-only", SIZE, now, full=full)


def test_each_rest_is_longer_up_to_an_hour() -> None:
    rest, now, rests = None, 5.0, []
    for _ in range(5):
        rest = refused(rest, now)
        rests.append(rest.until - now)
        now = rest.until
    assert rests == [FIRST_REST, 2 * FIRST_REST, 4 * FIRST_REST, LONGEST_REST, LONGEST_REST]


def test_plots_that_were_on_their_way_together_count_once() -> None:
    first = refused(None, 5.0)
    assert refused(first, 9.0) == first


def test_room_for_the_plot_ends_it_and_less_does_not() -> None:
    rest = with_free(with_free(refused(None, 5.0, full=True), 900), 30)
    assert with_free(rest, 30 + SIZE - 1).until == rest.until
    assert with_free(with_free(rest, 30 + SIZE), 30 + SIZE - 1).until == 0.0


def test_room_that_nobody_tells_ends_it_in_time_alone() -> None:
    rest = refused(None, 5.0, full=True)
    assert with_free(rest, None) == rest


def test_room_ends_no_other_rest() -> None:
    rest = refused(None, 5.0)
    assert with_free(with_free(rest, 0), 10 * SIZE) == rest
