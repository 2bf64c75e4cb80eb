"""The whole bot as a process of its own, on real k18 plots, linked to the loopback Discord."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import psutil

from plotobot.alerts import SINGLY, digest_nonce
from plotobot.engine.models import Job
from plotobot.engine.shelf import read_jobs
from tests.loopback import LoopbackDiscord, Message

PATIENCE = 60.0
"""Seconds; a bot starts in two and a k18 plot takes one, on a busy machine several."""
POSTS = r"/channels/\d+/messages"
"""Where alerts go, as a pattern of paths."""
PUTS = r"/applications/\d+/guilds/\d+/commands"
"""Where commands are published."""


@dataclass
class Bot:
    """One life of `plotobot run`."""

    process: asyncio.subprocess.Process
    stderr: Path

    async def ended(self) -> tuple[int, str]:
        """Wait for its end; the exit code, and what it said on stderr."""
        async with asyncio.timeout(PATIENCE):
            code = await self.process.wait()
        return code, self.stderr.read_text()

    async def terminate(self) -> tuple[int, str]:
        """What a service manager does."""
        self.process.send_signal(signal.SIGTERM)
        return await self.ended()

    async def kill(self) -> None:
        """What the kernel does to a process that is in its way."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


@dataclass
class LiveFarm:
    """Two temp folders, an out folder, a settings file and a state folder below `root`."""

    root: Path
    discord: LoopbackDiscord
    bots: list[Bot] = field(default_factory=list)

    @property
    def state(self) -> Path:
        """The state folder."""
        return self.root / "state"

    @property
    def settings(self) -> Path:
        """The settings file."""
        return self.root / "plotobot.toml"

    def set_up(
        self,
        *,
        k: int = 18,
        count: int = 2,
        enabled: bool = True,
        destinations: Sequence[Path] = (),
        more: str = "",
        board: bool = False,
    ) -> None:
        """Write the settings: one plot a drive, the loopback's people, and more tables."""
        for name in ("temp1", "temp2", "out"):
            (self.root / name).mkdir(exist_ok=True)
        world = self.discord
        self.settings.write_text(
            f"""
machine = "testfarm"
[drives]
temp = ["{self.root}/temp1", "{self.root}/temp2"]
out = ["{self.root}/out"]
destination = {json.dumps([str(folder) for folder in destinations])}
[plot]
plotter = "chiapos"
k = {k}
buckets = 16
buffer_mib = 512
[spawn]
enabled = {str(enabled).lower()}
count = {count}
interval_minutes = 0.1
count_foreign = false
[space]
reserve_gib = 0.001
[discord]
guild = "{world.guild.id}"
channel = "{world.channel.id}"
board = {str(board).lower()}
board_channel = "{world.other_channel.id}"
[discord.owners]
users = ["{world.owner.id}"]
[discord.operators]
roles = ["{world.operator_role.id}"]
[discord.viewers]
roles = ["{world.viewer_role.id}"]
{more}
""",
            encoding="utf-8",
        )

    async def start(self, *options: str, **changes: str | None) -> Bot:
        """Start a bot; `changes` are variables of its environment, None takes one away."""
        wanted = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root),
            "DISCORD_TOKEN": self.discord.token,
            **self.discord.environment,
            **changes,
        }
        stderr = self.root / f"stderr.{len(self.bots)}"
        with stderr.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "plotobot", "run"),
                *("--settings", str(self.settings), "--state", str(self.state), *options),
                cwd=self.root,
                env={name: value for name, value in wanted.items() if value is not None},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )
        self.bots.append(Bot(process, stderr))
        return self.bots[-1]

    async def clear(self) -> None:
        """End all that was started here, bots first."""
        for bot in self.bots:
            await bot.kill()
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()

    def processes(self) -> list[psutil.Process]:
        """The processes that this farm's paths lead to: bots, shims and plotters."""
        mine, own = [], os.getpid()
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                words = [process.cwd(), *process.cmdline()]
                zombie = process.status() == psutil.STATUS_ZOMBIE
                if process.pid != own and not zombie and any(str(self.root) in w for w in words):
                    mine.append(process)
        return mine

    def jobs(self) -> list[Job]:
        """The jobs as their directories tell, oldest first."""
        return sorted(read_jobs(self.state / "jobs"), key=lambda job: job.id)

    async def plotting(self, number: int) -> list[Job]:
        """Wait until so many jobs run and have named their plots, then let them stand still."""

        def all_named() -> bool:
            return sum(bool(job.state.live and job.plot_id) for job in self.jobs()) >= number

        await eventually(all_named)
        live = [job for job in self.jobs() if job.state.live]
        self.signal_plotters(live, signal.SIGSTOP)
        return live

    def signal_plotters(self, jobs: list[Job], number: signal.Signals) -> None:
        """Hold plotters (SIGSTOP), or let them go on (SIGCONT)."""
        for job in jobs:
            if job.pid:  # 0 would mean this test itself
                os.kill(job.pid, number)

    async def made(self, number: int) -> list[Job]:
        """Wait until so many jobs have ended; returns them."""
        await eventually(lambda: sum(not job.state.live for job in self.jobs()) >= number)
        return [job for job in self.jobs() if not job.state.live]

    def finished_on_out(self) -> list[Path]:
        """The plots that stand on the out drive under their final names."""
        return list((self.root / "out").glob("*.plot"))

    def alerts(self) -> list[Message]:
        """What the bot told the channel of its own accord, oldest first."""
        return [one for one in self.discord.messages if one.nonce and one.content]

    def about(self, job: Job, words: str) -> list[Message]:
        """The alerts on one job with these words; one for each time it is told."""
        name = f"#{job.id[-4:]} "
        return self._telling(words, name)

    async def told(self, words: str, times: int = 1) -> list[Message]:
        """Wait until these words were told so often; the alerts, one for each time."""
        await eventually(lambda: len(self._telling(words)) >= times)
        return self._telling(words)

    def _telling(self, *words: str) -> list[Message]:
        """The alerts with a line that has all these words; a digest has several such."""
        lines = [(one, line) for one in self.alerts() for line in one.content.splitlines()]
        return [one for one, line in lines if all(some in line for some in words)]

    async def all_told(self) -> None:
        """Wait until the bot has nothing left to tell, then see each told once, in order."""
        await eventually(lambda: None not in self.events().values())
        assert [one.nonce for one in self.alerts()] == self._letters()

    def _letters(self) -> list[str]:
        """The nonce of each letter that the events went in: alone, or many in one digest."""
        told = (list(rows) for _, rows in groupby(self.events().items(), itemgetter(1)))
        nonces = [[nonce for nonce, _ in rows] for rows in told]
        assert all(len(some) == 1 or len(some) > SINGLY for some in nonces)
        return [some[0] if len(some) == 1 else digest_nonce(some) for some in nonces]

    def events(self) -> dict[str, str | None]:
        """When each event was told, by its nonce, in order; a second writer could do harm."""
        return dict(self._rows("SELECT nonce, delivered_at FROM events ORDER BY id"))

    def noted(self, key: str) -> str:
        """What the bot has noted under a key; empty where it has not."""
        return dict(self._rows("SELECT key, value FROM notes")).get(key) or ""

    def _rows(self, query: str) -> list[tuple[str, str | None]]:
        database = sqlite3.connect(f"file:{self.state}/plotobot.db?mode=ro", uri=True)
        with contextlib.closing(database):
            return database.execute(query).fetchall()


async def eventually(true: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.05)
