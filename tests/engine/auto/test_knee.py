import random

from plotobot.engine.auto.knee import ENOUGH, Sample, knee


def samples(speed, most=12, count=40, noise=0.05):
    luck = random.Random(1)
    return [
        Sample(n, speed(n) * luck.gauss(1, noise), 1000.0)
        for n in range(3, most + 1)
        for _ in range(count)
    ]


def test_a_drive_that_gets_slower_with_each_plot_has_a_knee():
    found = knee(samples(lambda n: min(1.0, 8.0 / n / (1 + 0.08 * (n - 2)) * 1.4)))

    assert found is not None
    assert 6 <= found <= 9


def test_where_nothing_saturates_there_is_none():
    assert knee(samples(lambda n: 1.0)) is None


def test_where_cores_or_a_drive_are_shared_fairly_there_is_none():
    assert knee(samples(lambda n: min(1.0, 6.0 / n), count=200, noise=0.03)) is None


def test_few_samples_tell_nothing():
    assert knee(samples(lambda n: 3.0 / n**2, count=ENOUGH - 1)) is None
