import pytest
from hypothesis import given
from hypothesis import strategies as st

from plotobot.engine.auto.bankers import guarded, held_still, is_safe
from plotobot.engine.auto.profile import built_in
from plotobot.engine.auto.standing import standing
from tests.engine.auto.plots import NOW, PEAK, auto, drives, job

CHIA = built_in()["chia"]


@pytest.mark.parametrize(
    ("holds", "peaks", "size", "safe"),
    [
        pytest.param([], [], 10, True, id="an empty drive"),
        pytest.param([5, 5], [10, 10], 15, True, id="the older first, then the younger"),
        pytest.param([5, 6], [10, 10], 15, False, id="the older cannot reach its peak"),
        pytest.param([9, 1], [9, 10], 11, True, id="one past its peak frees its room"),
        pytest.param([6, 6], [6, 6], 11, False, id="more is held than there is"),
    ],
)
def test_safe_is_what_can_be_finished_one_after_the_other(holds, peaks, size, safe):
    assert is_safe(holds, peaks, size) is safe


def test_a_plot_that_stays_on_its_drive_leaves_no_room_to_the_next():
    assert is_safe([5, 5], [10, 10], 15, [0, 0])
    assert not is_safe([5, 5], [10, 10], 15, [6, 6])


@given(
    st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), max_size=6), st.integers(1, 400)
)
def test_whatever_is_safe_can_really_be_finished(plots, size):
    holds = [float(hold) for hold, _ in plots]
    peaks = [float(max(plot)) for plot in plots]
    if not is_safe(holds, peaks, size):
        return
    for number in range(len(plots)):
        assert sum(holds) <= size
        assert sum(holds) - holds[number] + peaks[number] <= size
        holds[number] = 0.0


def test_the_youngest_is_held_still_and_the_oldest_never():
    jobs = [job(1, "2.3", share=0.95), job(2, "1.2", share=0.5), job(3, "1.1", share=0.3)]
    room = sum(one.temp_used for one in jobs) + 0.06 * PEAK

    assert guarded(auto(tick=75), drives(room, jobs), jobs, NOW, 0) == {"0002", "0003"}


def test_nobody_is_held_where_there_is_room_for_all():
    jobs = [job(1, "2.3", share=0.9), job(2, "1.2", share=0.5)]

    assert guarded(auto(), drives(2.1 * PEAK, jobs), jobs, NOW, 0) == frozenset()


def test_a_plot_that_no_longer_grows_goes_on_in_any_case():
    jobs = [job(1, "3.3", share=0.8), job(2, "3.2", share=0.85)]
    full = sum(one.temp_used for one in jobs)

    assert guarded(auto(), drives(full, jobs), jobs, NOW, 0) == frozenset()


def test_a_foreign_plot_is_counted_and_never_held():
    jobs = [job(1, "1.1", share=0.2, foreign=True), job(2, "1.1", share=0.2)]
    room = sum(one.temp_used for one in jobs) + 1.0

    assert guarded(auto(), drives(room, jobs), jobs, NOW, 0) == {"0002"}


def test_a_paused_plot_goes_on_only_if_it_can_for_a_while():
    profile = CHIA
    plots = [standing(job(1, "1.2", share=0.5, paused=NOW), profile, NOW)]
    grows = plots[0].ahead(120) + 1

    assert held_still(plots, grows, 120, 120) == {"0001"}  # its own peak is not to be had
    assert held_still(plots, PEAK * 1.01, 120, 600) == frozenset()
