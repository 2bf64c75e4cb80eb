"""What Plotobot adds to the start of the libraries it stands on, and what it weighs when idle.

    python benchmarks/start_up.py

Every import runs in a fresh interpreter, the two in turns. The memory is the resident set of a
whole `plotobot run` that plots nothing and has been linked to a Discord on this machine (the one
the tests use) for ten seconds.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from tests.loopback import LoopbackDiscord

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the tests are no installed package

GOAL_RATIO, GOAL_MB = 1.3, 110.0
ROUNDS = 9
REST = 10.0
CORE = (
    "import discord, discord.ext.commands, aiosqlite, pydantic, psutil; "
    "from apscheduler.schedulers.asyncio import AsyncIOScheduler"
)
OURS = "import plotobot.app"
NEEDLESS = ("typer", "rich", "chiapos", "simcord", "matplotlib", "numpy", "PIL")
SETTINGS = """
[drives]
temp = ["{root}/temp"]
out = ["{root}/out"]
[plot]
plotter = "chiapos"
k = 18
[spawn]
enabled = false
[discord]
guild = "{guild}"
channel = "{channel}"
owners.users = ["{owner}"]
"""


def environment() -> dict[str, str]:
    """Ours, with stored bytecode: compiling all anew at each start would hide everything else."""
    dropped = ("PYTHONDONTWRITEBYTECODE", "PYTHONPROFILEIMPORTTIME")
    return {name: value for name, value in os.environ.items() if name not in dropped}


def seconds(code: str) -> tuple[float, float]:
    """Wall time and CPU time of a fresh interpreter that runs this code."""
    before, used = time.perf_counter(), cpu_of_children()
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env=environment())
    return time.perf_counter() - before, cpu_of_children() - used


def cpu_of_children() -> float:
    """CPU seconds of all children that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def needless() -> list[str]:
    """Heavy packages that `plotobot.app` imports without need."""
    code = f"{OURS}, sys; print(*(name for name in {NEEDLESS} if name in sys.modules))"
    told = subprocess.check_output(
        [sys.executable, "-c", code], text=True, cwd=ROOT, env=environment()
    )
    return told.split()


def imports() -> bool:
    """Measure the imports and print them."""
    for code in (CORE, OURS):  # the first time writes the bytecode
        seconds(code)
    rounds = [(seconds(CORE), seconds(OURS)) for _ in range(ROUNDS)]
    ratios = []
    for number, time_of in enumerate(("wall", "CPU")):
        pairs = [(core[number], ours[number]) for core, ours in rounds]
        core, ours = (statistics.median(column) * 1e3 for column in zip(*pairs, strict=True))
        ratios.append(statistics.median(ours / core for core, ours in pairs))
        print(
            f"{time_of} time: libraries {core:5.0f} ms, plotobot.app {ours:5.0f} ms, "
            f"ratio {ratios[-1]:.2f}   goal {GOAL_RATIO}"
        )
    print(f"imported without need: {' '.join(needless()) or 'nothing'}")
    return min(ratios) <= GOAL_RATIO  # other work on the machine only spoils them


async def idle(root: Path) -> float:
    """Megabytes of a bot that is linked and has nothing to do."""
    from tests.loopback import LoopbackDiscord

    async with LoopbackDiscord() as discord:
        process = await start_bot(root, discord)
        try:
            async with asyncio.timeout(30):
                await discord.connected()
            await asyncio.sleep(REST)
            return float(psutil.Process(process.pid).memory_info().rss) / 1e6
        finally:
            process.terminate()
            await process.wait()


async def start_bot(root: Path, discord: LoopbackDiscord) -> asyncio.subprocess.Process:
    """Start `plotobot run` with settings of its own against that Discord."""
    for name in ("temp", "out"):
        (root / name).mkdir()
    settings = root / "plotobot.toml"
    ids = {"guild": discord.guild.id, "channel": discord.channel.id, "owner": discord.owner.id}
    settings.write_text(SETTINGS.format(root=root, **ids))
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "plotobot", "run", "--settings", str(settings)),
        *("--state", str(root / "state")),
        env={**environment(), **discord.environment, "DISCORD_TOKEN": discord.token},
        cwd=ROOT,
        stderr=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
    )


def main() -> int:
    """Print the figures; 1 if a goal is missed."""
    quick = imports()
    with tempfile.TemporaryDirectory() as folder:
        megabytes = asyncio.run(idle(Path(folder)))
    print(f"idle and linked: {megabytes:.0f} MB   goal {GOAL_MB:.0f}")
    return 0 if quick and megabytes <= GOAL_MB else 1


if __name__ == "__main__":
    sys.exit(main())
