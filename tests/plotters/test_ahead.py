"""What a plot may still take, against real plots."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from plotobot.engine.models import Job
from plotobot.engine.usage import measure
from plotobot.plotters import plotter
from plotobot.plotters.ahead import peak_ahead
from plotobot.plotters.base import PlotOrder
from plotobot.plotters.record import CODES


def test_the_share_never_grows_and_is_whole_up_to_the_peak() -> None:
    shares = [peak_ahead("chia", code) for code in CODES]

    assert shares == sorted(shares, reverse=True)
    assert shares[: CODES.index("3.1") + 1] == [1.0] * (CODES.index("3.1") + 1)
    assert shares[-1] < 0.5


@pytest.mark.parametrize("status", ["Error", "Failed", "", "9.9"])
def test_what_is_unknown_counts_as_the_beginning(status: str) -> None:
    assert peak_ahead("chia", status) == 1.0


def test_of_other_plotters_nothing_is_assumed() -> None:
    assert {peak_ahead("madmax", code) for code in CODES} == {1.0}


@pytest.mark.parametrize("k", [19, 20])
async def test_a_real_plot_stays_below_what_is_set_aside_for_it(tmp_path: Path, k: int) -> None:
    for name in ("temp", "out"):
        (tmp_path / name).mkdir()
    chiapos = plotter("chiapos")
    order = PlotOrder(k, str(tmp_path / "temp"), str(tmp_path / "out"), buckets=16, buffer_mib=512)
    argv = chiapos.command(chiapos.find(), order)
    need, reader, seen = chiapos.needs(order).temp, chiapos.reader(), []
    process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    assert process.stdout
    async for line in process.stdout:
        # The size first: it may belong to the step before, which was allowed more.
        reader.feed([line.rstrip()])
        at = reader.progress
        job = Job("1", "chiapos", k, order.temp, order.out, plot_id=at.plot_id, status=at.status)
        used = measure([job])["1"].temp_used
        seen.append((at.status, used))
        assert used <= need * peak_ahead("chiapos", at.status), at.status
    assert await process.wait() == 0
    assert max(used for _, used in seen) > need * 0.3
    assert {status[0] for status, _ in seen} >= {"1", "2", "3", "4"}
