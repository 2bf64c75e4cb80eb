from __future__ import annotations

from datetime import timedelta

import pytest

from plotobot.errors import Refusal
from plotobot.farmlog.records import Record
from plotobot.farmlog.report import FarmLog, Kind
from plotobot.farmlog.statistics import FarmStats, Fault, Gap, LookupTimes, PlotChange


def record(moment, number, message="Failed to open file"):
    time = moment - timedelta(minutes=number)
    text = f"{message} {number}\nTraceback (most recent call last):\n  File x"
    return Record(time, "2.7.5", "harvester", "chia.plotting.manager", "ERROR", text)


@pytest.fixture
def now(make_event):
    return make_event().at


@pytest.fixture
def some(farm, now):
    """Fills the log with so many records, the newest being number 0."""

    def fill(count, message="Failed to open file", **stats):
        figures = FarmStats(**{"begin": now, "end": now, "info": True, **stats})
        records = tuple(record(now, n, message) for n in reversed(range(count)))
        farm.engine.farm = FarmLog(figures, records)

    return fill


@pytest.mark.parametrize(
    ("count", "pages"), [(0, 1), (1, 1), (11, 2), (200, 25)], ids=lambda value: str(value)
)
async def test_records_come_in_pages_the_newest_first(farm, some, count, pages):
    some(count)

    shown = (await farm.slash("viewer", "farmlog", level="Error")).response
    seen = shown.content
    for number in range(1, pages):
        shown = (await farm.viewer.click(shown, label="▶")).response
        assert f"page {number + 1} of {pages}" in shown.content
        assert len(shown.content) <= 2000
        seen += "\n" + shown.content

    told = [line for line in seen.splitlines() if line.startswith("<t:")]
    assert [int(line.rstrip("`").rpartition(" ")[2]) for line in told] == list(range(count))
    assert farm.engine.farm_asked == [Kind.ERROR] * pages
    assert "Traceback" not in seen
    assert count or "No errors." in seen


async def test_the_figures_stand_on_top(farm, some, now):
    some(
        1,
        challenges=9216,
        eligible=10213,
        proofs=3,
        lookups=LookupTimes(0.81, 2.13, 31.4, 12, 4, 1),
        plots=4777,
        plot_changes=(PlotChange(now, 4778, 4777),),
        gaps=(Gap(now, 75.0),),
        signage_skipped=2,
        errors=1,
        warnings=14,
        faults=(Fault("chia.a", "ERROR", "x", 1, now, now, "**bad** @everyone"),),
    )

    text = (await farm.slash("viewer", "farmlog", level="Error")).response.content

    assert text.startswith("**The farm in the last 24 hours**\n10,213 plots eligible in 9,216")
    assert "p50 0.81 s, p99 2.13 s, max 31.4 s" in text
    assert "over 5 s: 12, over 8 s: 4, over 28 s: 1" in text
    assert "4,777 plots, changed 1 time, last from 4,778 to 4,777" in text
    assert "1 gap without signage points, the longest 1 m 15 s" in text
    assert "1 error, 14 warnings" in text
    assert "\\*\\*bad\\*\\* \\@everyone" in text


async def test_whatever_the_log_holds_the_message_fits(farm, some, now):
    evil = "`*_~|@everyone 🌱\u202e" * 400
    faults = tuple(Fault(evil, "ERROR", evil, 10**9, now, now, evil) for _ in range(200))
    some(200, evil, challenges=10**9, eligible=10**12, plots=10**9, faults=faults, info=False)

    text = (await farm.slash("viewer", "farmlog", level="Warning")).response.content

    assert len(text.encode("utf-16-le")) // 2 <= 2000
    assert text.count("<t:") == 8
    assert "**The last 200 warnings** · page 1 of 25" in text
    assert "\u202e" not in text


async def test_an_eligible_line_is_told_in_few_words(farm, now):
    message = (
        "challenge_hash: 122c597083 ...11 plots were eligible for farming challengeFound 1 V1 "
        "proofs and 0 V2 qualities. Time: 0.85744 s. Total 4777 plots"
    )
    one = Record(now, "2.7.5", "harvester", "chia.harvester.harvester", "INFO", message)
    farm.engine.farm = FarmLog(FarmStats(begin=now, end=now, info=True), (one,))

    text = (await farm.slash("viewer", "farmlog", level="EligiblePlots")).response.content

    assert text.endswith(":T> `11 eligible, 1 proof, 0.86 s, 4,777 plots`")


async def test_a_log_without_info_lines_says_how_to_have_them(farm, some):
    some(0, info=False)

    text = (await farm.slash("viewer", "farmlog", level="EligiblePlots")).response.content

    assert "chia configure --set-log-level INFO" in text.replace("\\", "")


async def test_a_missing_log_is_a_sentence(farm):
    farm.engine.broken = Refusal("There is no log /x/debug.log.")

    result = await farm.slash("viewer", "farmlog", level="Error")

    assert "There is no log /x/debug.log." in result.response.content
