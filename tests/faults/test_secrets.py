"""Secrets that can be recognised go through a whole day of the bot; afterwards they are nowhere."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.app.live import LiveFarm, eventually
from tests.faults.signals import signal_job
from tests.loopback import LoopbackDiscord

WEBHOOK = "https://discord.com/api/webhooks/123456789012345678/CANARYwebhookCANARYwebhookCANARY"
FARMER, POOL = "a1" * 24 + "5e" * 24, "b2" * 24 + "7f" * 24
OTHER_TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.CANARY.CANARYcanaryCANARYcanaryCANARYcan"
OF_THE_PLOTTER = {"spec.json", "out.log"}
"""What may hold keys, and nothing but keys: the plotter's command line, and what it says."""


def found_in(data: bytes, secrets: dict[str, str]) -> list[str]:
    return [name for name, secret in secrets.items() if secret.encode() in data]


def processes(farm: LiveFarm, secrets: dict[str, str], bot: int) -> list[str]:
    """Secrets that anybody on this machine could read of our processes."""
    hits = []
    for process in farm.processes():
        try:
            command = "\0".join(process.cmdline())
            environment = "\0".join(f"{k}={v}" for k, v in process.environ().items())
        except psutil.Error:
            continue
        ours = process.pid == bot or "shim.py" in command
        public = secrets if ours else {k: v for k, v in secrets.items() if "key" not in k}
        hits += [f"cmdline of {process.pid}: {n}" for n in found_in(command.encode(), public)]
        if process.pid != bot:
            hits += [
                f"environ of {process.pid}: {n}" for n in found_in(environment.encode(), secrets)
            ]
    return hits


def files(root: Path, secrets: dict[str, str]) -> list[str]:
    hits = []
    for path in root.rglob("*"):
        if path.is_file():
            names = found_in(path.read_bytes(), secrets)
            keys_may_stand_here = path.name in OF_THE_PLOTTER
            hits += [f"{path.name}: {n}" for n in names if not (keys_may_stand_here and "key" in n)]
    return hits


@pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")
async def test_no_secret_is_left_anywhere(live_farm: LiveFarm, loopback: LoopbackDiscord) -> None:
    secrets = {
        "token": loopback.token,
        "webhook": WEBHOOK.rpartition("/")[2],
        "other token": OTHER_TOKEN,
        "farmer key": FARMER,
        "pool key": POOL,
    }
    live_farm.set_up(count=3)
    text = live_farm.settings.read_text()
    text = text.replace(
        "buckets = 16", f'buckets = 16\nfarmer_key = "{FARMER}"\npool_key = "{POOL}"'
    )
    live_farm.settings.write_text(text)
    bot = await live_farm.start("--verbose", WEBHOOK=WEBHOOK, DISCORD_WEBHOOK_URL=WEBHOOK)
    await loopback.connected()
    live = await live_farm.plotting(1)
    hits = processes(live_farm, secrets, bot.process.pid)
    assert any(FARMER in word for word in psutil.Process(live[0].pid).cmdline()), "not used at all"

    signal_job(live[0], signal.SIGKILL)  # fails, with the end of its log
    live_farm.signal_plotters(live[1:], signal.SIGCONT)
    await live_farm.told("plot **Failed**")
    for command, options in (("jobs", {}), ("job", {"job": live[0].id}), ("audit", {})):
        answer = await loopback.slash(command, user=loopback.owner, options=options)
        await answer.settled()
    shown = await loopback.slash("job", user=loopback.owner, options={"job": live[0].id})
    await (await loopback.click(await shown.settled(), "Log")).settled()
    # Settings that will not do, with secrets where none belong.
    bad = f'webhook = "{WEBHOOK}"\ntoken = "{OTHER_TOKEN}"\n{text}'
    live_farm.settings.write_text(bad.replace(FARMER, FARMER[:-1] + "zz"))
    await live_farm.told("will not do")
    live_farm.settings.write_text(text)
    await eventually(lambda: len(live_farm.finished_on_out()) >= 2)
    hits += processes(live_farm, secrets, bot.process.pid)
    await live_farm.all_told()

    out = [await command_line(live_farm, *words) for words in COMMANDS]
    modes = {
        p: stat.S_IMODE(p.stat().st_mode) for p in (live_farm.state, *live_farm.state.rglob("*"))
    }
    await bot.kill()
    hits += files(live_farm.state, secrets)
    hits += [f"stderr: {name}" for name in found_in(bot.stderr.read_bytes(), secrets)]
    hits += [f"command line: {name}" for said in out for name in found_in(said, secrets)]
    everything = "\n".join(m.text for m in (*loopback.messages, *loopback.ephemeral_messages))
    hits += [f"messages: {name}" for name in found_in(everything.encode(), secrets)]
    spec = (live_farm.state / "jobs" / live[0].id / "spec.json").read_bytes()
    assert found_in(spec, secrets) == ["farmer key", "pool key"], "the canaries were not used"
    assert hits == []
    assert {p.name: oct(m) for p, m in modes.items() if m & 0o077} == {}


COMMANDS = (("check",), ("jobs", "--json"), ("why",), ("drives",), ("log",))


async def command_line(farm: LiveFarm, *words: str) -> bytes:
    """What a command says, on either stream."""
    options = ["--settings", str(farm.settings), "--state", str(farm.state)]
    if words == ("log",):
        options = [str(next((farm.state / "jobs").glob("*/out.log")))]
    command = [sys.executable, "-m", "plotobot", *words, *options]
    environment = {"PATH": os.environ["PATH"], "DISCORD_TOKEN": farm.discord.token}
    done = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, timeout=60, cwd=farm.root, env=environment
    )
    assert b"Traceback" not in done.stderr
    return done.stdout + done.stderr
