import pytest

from plotobot.engine.auto.profile import Stage, StageProfile, plot_scale, profile_for
from plotobot.plotters.record import CODES
from tests.engine.auto.plots import CHIA


def test_the_built_in_profile_is_the_measured_one():
    assert CHIA.total == pytest.approx(18_985, abs=1)
    assert CHIA.work == pytest.approx(25_745, abs=1)
    assert CHIA.traffic == pytest.approx(2.969e12, rel=1e-3)
    assert CHIA.room / CHIA.total * 239 == pytest.approx(157, abs=0.5)


@pytest.mark.parametrize(
    ("status", "stages"),
    [
        ("Initializing", (0, 2)),
        ("1.1", (0, 2)),
        ("2.2", (7, 8)),
        ("4.2", (15, 16)),
        ("Copying", (16, 17)),
    ],
)
def test_a_status_names_the_stages_a_plot_may_be_in(status, stages):
    assert CHIA.spans[status] == stages


def test_every_status_has_a_stage():
    assert set(CHIA.spans) == set(CODES)


def test_the_peak_ahead_never_grows_and_ends_at_nothing():
    assert list(CHIA.peaks) == sorted(CHIA.peaks, reverse=True)
    assert CHIA.peaks[0] == 1.0
    assert CHIA.peaks[-1] == 0.0


def test_a_smaller_k_takes_less_time_and_the_same_shape():
    small = profile_for({"chia": CHIA}, "chiapos", 25)

    assert small.total == pytest.approx(CHIA.total * plot_scale(25))
    assert small.course == pytest.approx(CHIA.course)


def test_nothing_is_known_of_a_plotter_without_a_profile():
    assert profile_for({"chia": CHIA}, "madmax", 32) is None


def test_a_plot_without_a_phase_1_opens_with_its_first_stage():
    stages = (Stage("3.1", 100.0, 2.0, 500.0, 1.0, 1.0), Stage("Copying", 10.0, 0.2, 5.0, 0.4, 0.4))

    assert StageProfile(stages, "a test").opening == (2.0, 5.0)
