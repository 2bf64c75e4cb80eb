"""Challenges are counted a few dozen at once, with the same outcome as one by one."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plotobot.farmlog.facts import ELIGIBLE, LookupWords, lookup_of
from plotobot.farmlog.records import heads
from plotobot.farmlog.statistics import Statistics

START = datetime(2026, 11, 25, 11, 40, tzinfo=UTC)


def story(seed: int) -> tuple[list[datetime], list[LookupWords]]:
    """A day of challenges; now and then one comes late, out of order, or with another farm."""
    chance, moment = random.Random(seed), START
    times, words = [], list[LookupWords]()
    for _ in range(1000):
        usual = chance.random() < 0.99
        apart = 9.375 if usual else chance.choice([0.0, -20.0, 30.0, 31.0, 4000.0])
        moment += timedelta(seconds=apart)
        times.append(moment)
        total = b"4777" if chance.random() < 0.995 else chance.choice([b"4776", b"04777"])
        seconds = chance.choice([b"0.12345", b"6", b"29.5"])
        found = chance.choice([b"0", b"2"]), chance.choice([b"0", b"1"])
        words.append((*found, chance.choice([b"", b"1"]), seconds, total))
    return times, words


@pytest.mark.parametrize("seed", range(12))
def test_at_once_is_as_one_by_one(seed: int) -> None:
    times, words = story(seed)
    together, singly = Statistics(), Statistics()

    for start in range(0, len(times), 170):
        together.lookups(times[start : start + 170], words[start : start + 170])
    for time, one in zip(times, words, strict=True):
        singly.lookup(time, lookup_of(one))

    assert together.result() == singly.result()


HEAD = "2026-11-25T11:40:0{}.000 2.7.5 harvester chia.harvester.harvester: INFO     "
LINES = (
    HEAD + "challenge_hash: a0 ...0 plots were eligible for farming challengeFound 0 V1 proofs and "
    "0 V2 qualities. Time: 0.1 s. Total 1 plots\n",
    HEAD + "1 plots were eligible for farming a0... Found 0 proofs. Time: 0.1 s. Total 1 plots\n",
    HEAD + "some plots were eligible for farming \n",
    HEAD + "nothing of interest\n",
    HEAD.replace("INFO ", "ERROR") + "of no interest here\n",
    "  plots were eligible for farming , in a line that has no head\n",
)


@given(st.lists(st.sampled_from(LINES), max_size=12), st.sampled_from([0, 20_000]))
def test_lines_of_interest_are_the_same_where_they_are_many_and_few(
    lines: list[str], between: int
) -> None:
    """Where they are many each line is looked at, else those alone that hold the needle."""
    text = "".join(line.format(number % 10) for number, line in enumerate(lines))
    block = (text + ("x" * 99 + "\n") * (between // 100)).encode()

    found = [head[0] for head in heads(block, [ELIGIBLE])]

    assert found == [head[0] for head in heads(block) if ELIGIBLE in head[0]]
