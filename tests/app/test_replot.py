"""A farm of 24 real plots is replotted by the running bot, which is killed twice meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from plotobot.plots.address import encode_address
from plotobot.plots.headers import Header, Unreadable, read_header
from tests.app.live import LiveFarm, eventually
from tests.engine.drives.conftest import Disks, disks  # noqa: F401
from tests.engine.replot.farm import FARMER, KEPT, NEW, OLD_CONTRACT, OLD_KEY, make_old, put
from tests.little_plots import RealPlot
from tests.loopback import LoopbackDiscord
from tests.proofs import prove

pytestmark = pytest.mark.mounts

EACH = 8
ROOM = 8_100_000
"""Bytes free on each drive: a new plot fits beside the old ones and the reserve, and no second one,
whatever the sizes of the plots come to be."""
SETTINGS = f"""
[replot]
enabled = true
contracts = "{encode_address(OLD_CONTRACT)}"
pool_keys = "{OLD_KEY.hex()}"
per_hour = 1000
"""


@pytest.fixture(scope="module")
def plots(tmp_path_factory: pytest.TempPathFactory) -> list[RealPlot]:
    """Eight for a key, eight for a contract, eight that are to stay."""
    folder = tmp_path_factory.mktemp("plots")
    wanted = [(owner, n) for owner in (OLD_KEY, OLD_CONTRACT, KEPT) for n in range(EACH)]
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda one: make_old(folder, *one), wanted))


@pytest.fixture
def drives(disks: Disks, plots: list[RealPlot]) -> Iterator[list[Path]]:  # noqa: F811
    """Three drives, with plots of every owner on each."""
    made = []
    for number in range(3):
        here = plots[number::3]
        size = sum(plot.path.stat().st_size for plot in here) + ROOM
        point = disks.folder / f"old{number}"
        point.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", point], check=True)
        disks.mounted.append(point)
        put(here, point)
        made.append(point)
    return made


def standing(drives: list[Path]) -> list[Header]:
    found = []
    for path in sorted(path for drive in drives for path in drive.glob("*.plot")):
        with contextlib.suppress(Unreadable):  # it has just gone
            found.append(read_header(path))
    return found


def for_owner(drives: list[Path], owner: bytes) -> set[str]:
    name = owner.hex() if len(owner) == 48 else encode_address(owner)
    return {h.id for h in standing(drives) if name in (h.pool_pk, h.contract_address)}


async def test_exactly_the_old_plots_are_replaced(
    farm: LiveFarm, loopback: LoopbackDiscord, drives: list[Path], plots: list[RealPlot]
) -> None:
    farm.set_up(count=0, more=SETTINGS)
    text = farm.settings.read_text()
    text = text.replace(f'out = ["{farm.root}/out"]', f"replot = {[str(d) for d in drives]}")
    text = text.replace("buffer_mib = 512", f'buffer_mib = 512\nfarmer_key = "{FARMER.hex()}"\n'
                        f'contract = "{encode_address(NEW)}"')  # fmt: skip
    farm.settings.write_text(text)
    old = {plot.id for plot in plots[: 2 * EACH]}

    bot = await farm.start()
    await loopback.connected()
    question = await (await loopback.slash("replot arm", user=loopback.owner)).settled()
    assert "Up to 16 plots on 3 drives" in question.content
    await loopback.click(question, "Arm it", user=loopback.owner)
    for kill in (2, 5):
        await eventually(lambda: len(for_owner(drives, NEW)) >= kill)  # noqa: B023
        await bot.kill()
        bot = await farm.start()
        await loopback.connected()
    await eventually(lambda: len(for_owner(drives, NEW)) == 16, 240)
    await farm.told("replotting is done")

    assert for_owner(drives, OLD_KEY) == for_owner(drives, OLD_CONTRACT) == set()
    assert for_owner(drives, KEPT) == {plot.id for plot in plots[2 * EACH :]}
    for plot in standing(drives):
        prove(Path(plot.path))
    before = {plot.path for plot in standing(drives)}
    await bot.terminate()
    told, gone = journal(farm)
    assert set(told) == set(gone) == old
    assert len(gone) == len(old), "a plot went twice"

    await farm.start()  # once more, which deletes nothing
    await loopback.connected()
    await asyncio.sleep(5)
    assert {plot.path for plot in standing(drives)} == before
    await farm.clear()
    assert journal(farm) == (told, gone)


def journal(farm: LiveFarm) -> tuple[list[str], list[str]]:
    """The ids among all deletions, and those of the plots that went."""
    database = sqlite3.connect(f"file:{farm.state}/plotobot.db?mode=ro", uri=True)
    with contextlib.closing(database):
        told = [row[0] for row in database.execute("SELECT plot_id FROM deletions")]
        gone = database.execute("SELECT plot_id FROM replaced WHERE fate = 'gone'")
        return told, [row[0] for row in gone]
