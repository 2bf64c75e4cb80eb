"""The whole bot as its own process, on little folders and a loopback Discord."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.loopback import LoopbackDiscord

SETTINGS = """
machine = "testfarm"

[drives]
temp = ["{root}/temp1", "{root}/temp2"]
out = ["{root}/out"]

[plot]
plotter = "chiapos"
k = {k}
buckets = 16
buffer_mib = 512

[spawn]
enabled = {enabled}
count = {count}
interval_minutes = 0.1
max_parallel = {parallel}
max_parallel_per_drive = 2

[space]
reserve_gib = 0

[discord]
guild = "{guild}"
channel = "{channel}"

[discord.owners]
users = ["{owner}"]
[discord.operators]
roles = ["{operators}"]
[discord.viewers]
roles = ["{viewers}"]
"""


@dataclass
class BotProcess:
    """`plotobot run` for one farm; it can be killed and started again."""

    root: Path
    loopback: LoopbackDiscord
    token: str = ""
    process: asyncio.subprocess.Process | None = field(default=None, repr=False)

    def configure(
        self, *, count: int = 0, enabled: bool = True, parallel: int = 2, k: int = 18
    ) -> None:
        """Write the settings, with the loopback's guild and people in them."""
        for name in ("temp1", "temp2", "out"):
            (self.root / name).mkdir(exist_ok=True)
        there = self.loopback
        self.settings.write_text(
            SETTINGS.format(
                root=self.root,
                k=k,
                count=count,
                parallel=parallel,
                enabled=str(enabled).lower(),
                guild=there.guild.id,
                channel=there.channel.id,
                owner=there.owner.id,
                operators=there.operator_role.id,
                viewers=there.viewer_role.id,
            )
        )

    @property
    def settings(self) -> Path:
        """Its settings file."""
        return self.root / "plotobot.toml"

    @property
    def state(self) -> Path:
        """Its state directory."""
        return self.root / "state"

    async def start(self, *options: str, **env: str) -> None:
        """Start it; returns at once."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("DISCORD_", "PLOTOBOT_"))}
        token = {"DISCORD_TOKEN": self.token or self.loopback.token}
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "plotobot", "run"),
            *("--settings", str(self.settings), "--state", str(self.state), *options),
            env=clean | token | self.loopback.environment | env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def ended(self, seconds: float = 20) -> tuple[int, str]:
        """Wait for its end; its exit code and what it said on stderr."""
        assert self.process is not None
        async with asyncio.timeout(seconds):
            _, said = await self.process.communicate()
        return self.process.returncode or 0, said.decode()

    async def kill(self) -> None:
        """End it as a power cut of the bot alone would."""
        await self._signal(signal.SIGKILL)

    async def stop(self) -> tuple[int, str]:
        """End it as systemd does."""
        assert self.process is not None
        self.process.terminate()
        return await self.ended()

    async def close(self) -> None:
        """End what is left: the bot, then its plotters, through their jobs."""
        if self.process is not None and self.process.returncode is None:
            await self._signal(signal.SIGKILL)
        for job in await self.jobs():
            if job["pid"]:
                os.kill(job["pid"], signal.SIGKILL)

    async def jobs(self) -> list[dict[str, Any]]:
        """What `plotobot jobs --json` says, newest first."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "plotobot", "jobs", "--json", "--state", str(self.state)),
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await process.communicate()
        jobs: list[dict[str, Any]] = json.loads(said)
        return jobs

    async def jobs_when(self, statuses: set[str], number: int, seconds: float = 90) -> list[Any]:
        """Wait until so many jobs have one of these statuses; returns them."""
        async with asyncio.timeout(seconds):
            while True:
                found = [job for job in await self.jobs() if job["status"] in statuses]
                if len(found) >= number:
                    return found
                await asyncio.sleep(0.3)

    async def _signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        await self.process.communicate()
