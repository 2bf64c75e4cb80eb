"""Challenges are counted a few dozen at once, with the same outcome as one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from plotobot.farmlog.facts import ELIGIBLE, LookupWords, lookup_of
from plotobot.farmlog.records import heads
from plotobot.farmlog.statistics import Statistics

START = datetime(2026, 11, 25, 11, 40, tzinfo=UTC)

apart = st.sampled_from([9.375] * 20 + [0.0, -20.0, 30.0, 31.0, 2000.0])
totals = st.sampled_from([b"4777"] * 30 + [b"4776", b"04777"])
words = st.tuples(
    st.sampled_from([b"0", b"2"]), st.sampled_from([b"0", b"1"]), st.sampled_from([b"", b"1"]),
    st.sampled_from([b"0.12345", b"6", b"29.5"]), totals,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(apart, words), max_size=300), st.integers(0, 300))
def test_at_once_is_as_one_by_one(story: list[tuple[float, LookupWords]], cut: int) -> None:
    times, moment = [], START
    for seconds, _ in story:
        moment += timedelta(seconds=seconds)
        times.append(moment)
    said = [one for _, one in story]
    together, singly = Statistics(), Statistics()

    together.lookups(times[:cut], said[:cut])
    together.lookups(times[cut:], said[cut:])
    for time, one in zip(times, said, strict=True):
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
