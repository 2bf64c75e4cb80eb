from __future__ import annotations

from datetime import timedelta

import pytest

from plotobot.engine.replot.fork import Fork, decided, fork_sentences
from tests.engine.plot_files import NOW

FORK = Fork(height=9_900_000, source="your settings", peak=9_624_000, peak_at=NOW)
DAY = 4608


@pytest.mark.parametrize(
    ("days", "share"),
    # Measured with chia 2.7.5's is_v1_phased_out on 20,000 random proofs, so within 1 %.
    [(0, 0.996), (30, 0.879), (64, 0.748), (128, 0.493), (192, 0.239), (254, 0.004), (255, 0.0)],
)
def test_the_share_of_old_proofs_that_counts(days: int, share: float) -> None:
    assert FORK.share_at(9_900_000 + days * DAY) == pytest.approx(share, abs=0.01)


def test_before_the_fork_all_count_and_in_the_end_none() -> None:
    assert FORK.last == 9_900_000 + 1_175_040
    assert FORK.share_at(9_899_999) == 1.0
    assert FORK.share_at(FORK.last - 1) == pytest.approx(1 / 256)
    assert FORK.share_at(FORK.last) == 0.0
    assert FORK.share_at(2**32) == 0.0


def test_another_number_of_steps() -> None:
    assert Fork(height=100, epoch_bits=7).last == 100 + 127 * DAY


def test_heights_become_dates_and_dates_heights() -> None:
    date = NOW + timedelta(days=(9_900_000 - 9_624_000) / DAY)

    assert FORK.date_of(FORK.height) == date
    assert FORK.height_on(date) == FORK.height
    assert FORK.share_on(NOW) == 1.0
    assert FORK.share_on(date + timedelta(days=128)) == pytest.approx(0.496, abs=0.001)


@pytest.mark.parametrize(
    ("told", "height"),
    [(None, None), (0xFFFFFFFA, None), (2**32 - 1, None), (0, None), (9_562_000, 9_562_000)],
)
def test_a_placeholder_is_no_height(told: int | None, height: int | None) -> None:
    assert decided(told) == height


def test_while_nothing_is_known_nothing_is_claimed() -> None:
    fork = Fork()

    assert fork.last is fork.share_at(5) is fork.share_on(NOW) is fork.height_on(NOW) is None
    assert fork.date_of(9_562_000) is None
    (sentence,) = fork_sentences(fork, NOW)
    assert "no height is known" in sentence


@pytest.mark.parametrize(
    ("fork", "words"),
    [
        (FORK, ["at height 9,900,000, says your settings.", "about 60 days, 2027-01-24."]),
        (Fork(9_900_000, "your settings"), ["cannot be told without a full node"]),
        (Fork(9_000_000, "your full node", peak=9_624_000, peak_at=NOW), ["past: 46.9% of v1"]),
        (Fork(8_000_000, "your full node", peak=9_624_000, peak_at=NOW), ["past: 0.0% of v1"]),
        (Fork(trouble="The node is silent."), ["no height is known", "The node is silent."]),
    ],
)
def test_what_is_known_in_words(fork: Fork, words: list[str]) -> None:
    text = " ".join(fork_sentences(fork, NOW))

    assert all(word in text for word in words)


def test_an_absurd_height_is_never() -> None:
    assert Fork(height=10**12, peak=1, peak_at=NOW).date_of(10**12) is None
