"""What a content check finds that no header shows, on real plots."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import Callable
from importlib import util
from pathlib import Path

import pytest

from plotobot.errors import NotAPlot, Refusal
from plotobot.plots import proofs
from plotobot.plots.headers import read_header
from plotobot.plots.proofs import ProofVerdict, check_proofs
from plotobot.plots.report import checked
from tests.little_plots import RealPlot

Damage = Callable[[bytearray], None]


def zeros_from_the_middle(data: bytearray) -> None:
    half = len(data) // 2
    data[half:] = bytes(len(data) - half)


def hole(data: bytearray) -> None:
    start, length = len(data) // 3, len(data) // 100
    data[start : start + length] = bytes(length)


def flipped(data: bytearray) -> None:
    chance = random.Random(1)
    for _ in range(50):
        data[chance.randrange(300, len(data))] ^= 0xFF


def child(body: str) -> str:
    """A checker that ends in some way of its own."""
    return f"import os, sys, time\n{body}\n"


@pytest.fixture
def checker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts another child in the checker's place."""

    def put(body: str) -> None:
        script = tmp_path / "child.py"
        script.write_text(child(body))
        monkeypatch.setattr(proofs, "SCRIPT", script)

    return put


async def test_a_whole_plot_is_sound(real_plot: RealPlot) -> None:
    found = await check_proofs(real_plot.path, 30)

    assert found.verdict is ProofVerdict.SOUND
    assert found.bad == 0
    assert 10 <= found.proofs <= 60
    assert "about 30 are usual" in found.words


@pytest.mark.parametrize("damage", [zeros_from_the_middle, hole, flipped])
async def test_damage_that_no_header_shows_is_found(
    tmp_path: Path, pool_plot: RealPlot, damage: Damage
) -> None:
    data = bytearray(pool_plot.path.read_bytes())
    damage(data)
    path = tmp_path / "a.plot"
    path.write_bytes(data)
    assert not read_header(path).truncated

    found = await check_proofs(path, 30)

    assert found.verdict is ProofVerdict.DAMAGED
    assert found.bad
    assert found.words.startswith("Damaged: ")


async def test_a_cut_plot_is_damaged_before_anybody_asks(
    tmp_path: Path, pool_plot: RealPlot
) -> None:
    """The library opens it, and it even has proofs."""
    path = tmp_path / "a.plot"
    path.write_bytes(pool_plot.path.read_bytes()[:-5000])

    assert (await check_proofs(path, 30)).words == "Damaged: the file is cut short."


async def test_what_is_no_plot_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.plot"
    path.write_bytes(b"text")

    with pytest.raises(NotAPlot):
        await check_proofs(path, 30)


@pytest.mark.parametrize("challenges", [0, -1, 10_001])
async def test_a_silly_number_is_refused(pool_plot: RealPlot, challenges: int) -> None:
    with pytest.raises(Refusal, match="1 to 10000"):
        await check_proofs(pool_plot.path, challenges)


async def test_without_chiapos_it_says_what_to_install(
    pool_plot: RealPlot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(util, "find_spec", lambda _: None)

    with pytest.raises(Refusal, match=r'not installed. Install it with: pip install "plotobot'):
        await check_proofs(pool_plot.path, 30)


@pytest.mark.parametrize(
    ("body", "verdict", "words"),
    [
        ("os.abort()", ProofVerdict.CRASHED, "crashed the checker (killed by signal 6)"),
        ("os.kill(os.getpid(), 11)", ProofVerdict.CRASHED, "crashed the checker (killed by sig"),
        ("sys.exit(1)", ProofVerdict.CRASHED, "crashed the checker (exit code 1)"),
        ("print('goodbit, failbit')", ProofVerdict.CRASHED, "crashed the checker (exit code 0)"),
        ("os.kill(os.getpid(), 9)", ProofVerdict.UNKNOWN, "out of memory"),
        ("time.sleep(60)", ProofVerdict.UNKNOWN, "ended after"),
        ('print(\'{"failed": "no threads"}\')', ProofVerdict.UNKNOWN, "(no threads)"),
    ],
)
async def test_however_the_child_ends_there_is_an_answer(
    pool_plot: RealPlot,
    checker: Callable[[str], None],
    body: str,
    verdict: ProofVerdict,
    words: str,
) -> None:
    checker(body)

    found = await check_proofs(pool_plot.path, 5, seconds=5 if "sleep" not in body else 0.5)

    assert found.verdict is verdict
    assert words in found.words


@pytest.mark.parametrize(
    ("proofs", "challenges", "verdict"),
    [
        (0, 5, ProofVerdict.UNSURE),
        (0, 9, ProofVerdict.UNSURE),
        (0, 10, ProofVerdict.DAMAGED),
        (1, 30, ProofVerdict.SOUND),
    ],
)
async def test_no_proof_means_damage_only_where_that_is_no_chance(
    pool_plot: RealPlot,
    checker: Callable[[str], None],
    proofs: int,
    challenges: int,
    verdict: ProofVerdict,
) -> None:
    checker(f"""print('{{"opened": true, "proofs": {proofs}, "bad": 0, "error": ""}}')""")

    assert (await check_proofs(pool_plot.path, challenges)).verdict is verdict


async def test_too_little_memory_says_nothing_of_the_plot(pool_plot: RealPlot) -> None:
    found = await check_proofs(pool_plot.path, 30, memory=150 * 1024**2)

    assert found.verdict is ProofVerdict.UNKNOWN


async def test_the_child_knows_no_secrets(
    pool_plot: RealPlot, checker: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "canary")
    checker("sys.exit(7 if 'canary' in str(dict(os.environ)) + str(sys.argv) else 8)")

    assert "exit code 8" in (await check_proofs(pool_plot.path, 5)).words


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_who_gives_up_leaves_no_child_behind(
    pool_plot: RealPlot, checker: Callable[[str], None], tmp_path: Path
) -> None:
    mark = tmp_path / "pid"
    checker(f"open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(60)")
    task = asyncio.create_task(check_proofs(pool_plot.path, 5))
    deadline = time.monotonic() + 20
    while not (mark.exists() and mark.read_text()) and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert not Path("/proc", mark.read_text()).exists()


def test_the_report_of_a_checked_plot(pool_plot: RealPlot, tmp_path: Path) -> None:
    report = checked(pool_plot.path, 20)

    assert report["id"] == pool_plot.id
    assert (report["challenges"], report["bad"], report["damaged"]) == (20, 0, False)
    assert report["verdict"].startswith("Sound: ")
    assert set(checked(tmp_path / "none.plot", 20)) == {"path", "error"}
