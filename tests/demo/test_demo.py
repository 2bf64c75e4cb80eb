"""`plotobot demo` as a newcomer meets it: the real command, real plots, a real browser."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.async_api import Locator, Page, ViewportSize, async_playwright

pytestmark = pytest.mark.browser

CHROMIUM_ARGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"]
K = 21  # a plot takes long enough to be stopped by hand, also on a fast and idle machine
LIVE = 5.0  # seconds from the event to the eye, for the quickest alert of several
PATIENCE = 45_000  # milliseconds
Size = tuple[ViewportSize, float]
DESK: Size = ({"width": 1160, "height": 790}, 1)
PHONE: Size = ({"width": 412, "height": 1090}, 1.5)
# Notes when each job's alert is first seen, every 50 ms, without touching the page.
WATCH = """() => {
  window.neverReloaded = true; window.opened = Date.now(); window.seen = {};
  setInterval(() => {
    const text = document.querySelector('#channel-message-list')?.innerText ?? '';
    for (const [, what, id] of text.matchAll(/plot (started|finished), #(\\w{4})/g))
      window.seen[what + id] ??= Date.now();
  }, 50);
}"""


@dataclass
class Demo:
    """The command at work, and what a person sees of it."""

    folder: Path
    process: asyncio.subprocess.Process
    tab: Page
    printed: list[str]

    @property
    def messages(self) -> Locator:
        return self.tab.locator("#channel-message-list")

    async def jobs(self) -> dict[str, dict[str, Any]]:
        """What the other command line says, by the last four characters of each id.

        Plots that other tests make on this machine are none of the demo's.
        """
        rows = await plotobot("jobs", "--state", str(self.folder / "state"), "--json")
        return {row["id"][-4:]: row for row in json.loads(rows) if not row["foreign"]}

    async def seen(self, what: str, *others: str) -> str:
        """Wait for an alert of a job other than those; the last four characters of its id."""
        script = "([what, others]) => Object.keys(window.seen).find("
        script += "k => k.startsWith(what) && !others.includes(k.slice(-4)))"
        found = await self.tab.wait_for_function(script, arg=[what, others], timeout=PATIENCE)
        return str(await found.json_value())[-4:]

    async def lateness(self) -> list[float]:
        """Seconds from each event since the page was opened until its alert was seen."""
        jobs, opened = await self.jobs(), await self.tab.evaluate("window.opened / 1000")
        late = []
        for key, seen in (await self.tab.evaluate("window.seen")).items():
            row = jobs[key[-4:]]
            moment = row["ended_at"] if key.startswith("finished") else row["started_at"]
            event = datetime.fromisoformat(moment).timestamp()
            if event > opened:
                late.append(seen / 1000 - event)
        return late

    async def type_command(self, name: str, **options: str) -> None:
        field = self.tab.locator("#channel-composer-input")
        await field.click()
        await field.press_sequentially(f"/{name}", delay=20)
        await self.tab.get_by_role("option").filter(has_text=f"/{name}").first.wait_for()
        await field.press("Enter")
        for option, typed in options.items():
            await self.tab.locator(f".command-option-input[data-option={option}]").fill(typed)
            await self.tab.get_by_role("option").filter(has_text=typed).first.click()
        await self.tab.locator("#send-message").click()

    async def press(self, label: str) -> None:
        button = self.messages.get_by_role("button", name=label, exact=True).last
        await button.click(timeout=PATIENCE)

    async def read(self, pattern: str) -> str:
        """Wait until something is said; the last that was."""
        found = self.messages.get_by_text(re.compile(pattern)).last
        await found.wait_for(timeout=PATIENCE)
        return await found.inner_text()

    async def picture(self, file: Path) -> None:
        """What the channel shows at its end."""
        newest = self.tab.locator("#new-messages")
        if await newest.is_visible():
            await newest.click()
        await self.tab.mouse.move(0, 0)
        await self.tab.locator("#channel-timeline").evaluate("it => it.scrollTop = 1e9")
        await self.tab.locator("#channel-layout").screenshot(path=file)


async def plotobot(*words: str) -> str:
    """Run another command; its output."""
    argv = (sys.executable, "-m", "plotobot", *words)
    process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def at_work_in(folder: Path) -> list[list[str]]:
    """The command lines of all processes that were told of a folder."""
    running = (process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"]))
    return [argv for argv in running if any(str(folder) in word for word in argv)]


@pytest.fixture
def artifacts(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("PLOTOBOT_ARTIFACTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def chromium() -> str:
    found = shutil.which("chromium")
    if found is None:
        why = "no chromium on the PATH"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    return found


@pytest.fixture
async def demo(tmp_path: Path, chromium: str) -> AsyncIterator[Demo]:
    async with demo_at_work(tmp_path / "plotobot-demo", chromium, K, DESK) as running:
        yield running


@pytest.fixture
async def phone(tmp_path: Path, chromium: str) -> AsyncIterator[Demo]:
    """A demo of the smallest plots, whose drives are full within seconds, seen on a phone."""
    async with demo_at_work(tmp_path / "farm", chromium, 18, PHONE) as running:
        yield running


@contextlib.asynccontextmanager
async def demo_at_work(folder: Path, chromium: str, k: int, size: Size) -> AsyncIterator[Demo]:
    port = free_port()
    options = ("--k", str(k), "--port", str(port), "--dir", str(folder))
    argv = (sys.executable, "-m", "plotobot", "demo", *options)
    process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    printed: list[str] = []
    assert process.stdout
    try:
        while not (printed and (found := re.search(r"http://\S+", printed[-1]))):
            line = await asyncio.wait_for(process.stdout.readline(), 30)
            assert line, printed
            printed.append(line.decode())
        assert f":{port}/" in found[0]
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
            tab = await browser.new_page(viewport=size[0], device_scale_factor=size[1])
            await tab.goto(found[0])
            await tab.evaluate(WATCH)
            yield Demo(folder, process, tab, printed)
            await browser.close()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.wait(), 30)


async def test_a_newcomer_watches_looks_stops_and_leaves(demo: Demo, artifacts: Path) -> None:
    first = await demo.seen("finished")
    last = await demo.seen("started", *await started_before(demo))
    await stops(demo, last)
    await demo.picture(artifacts / "alerts.png")
    await looks(demo)
    await demo.picture(artifacts / "jobs.png")
    await demo.read("plots? in the making")  # the board
    await alerts_were_true(demo, first)
    assert await demo.tab.evaluate("window.neverReloaded") is True
    await leaves(demo)


async def test_reports_with_charts_and_a_filling_drive_come_by_themselves(
    phone: Demo, artifacts: Path
) -> None:
    await phone.read(r"Summary 1\b")
    alert = await phone.read(r"out drive .*out[12] is filling: 9\d%")
    await phone.read(r"Summary 2\b")
    charts = phone.messages.locator("img[src*='blob:'], img[src*='overview']")
    await charts.nth(1).wait_for(timeout=PATIENCE)
    assert await charts.evaluate_all("all => all.every(one => one.naturalWidth === 1200)")
    await phone.picture(artifacts / "report-phone.png")

    name = re.search(r"out[12]", alert)
    assert name
    used = sum(file.stat().st_size for file in (phone.folder / name[0]).iterdir())
    size = re.search(rf"{name[0]} (\d+) MiB", "".join(phone.printed))
    assert size
    assert used / (int(size[1]) + 1) / 2**20 > 0.85  # nothing is made up


async def started_before(demo: Demo) -> list[str]:
    """The jobs that had started when the first one finished."""
    keys = await demo.tab.evaluate("Object.keys(window.seen)")
    return [key[-4:] for key in keys if key.startswith("started")]


async def stops(demo: Demo, job: str) -> None:
    await demo.type_command("stop", job=f"#{job}")
    assert f"#{job}" in await demo.read(r"Stopping .* loses")
    await demo.press("Stop it")
    assert f"#{job}" in await demo.read(r"farmer stopped .*: [1-9]\d* process")
    row = (await demo.jobs())[job]
    assert row["status"] == "Stopped"
    assert row["plot_id"]
    assert not [file for file in demo.folder.glob("temp*/*") if row["plot_id"] in file.name]


async def looks(demo: Demo) -> None:
    await demo.type_command("spawn why")
    assert "rule max_parallel" in await demo.read("Spawning is on: .*Looked")
    await demo.read(r"of at most 2 jobs run in all")
    before = await demo.jobs()
    await demo.type_command("jobs")
    table = await demo.read(r"^id +status +% +time +temp")
    for job, row in before.items():
        assert re.search(rf"#{job} .* temp[12]\b", table), (table, row)


async def alerts_were_true(demo: Demo, finished: str) -> None:
    """In time, and with times that are the real ones."""
    jobs = await demo.jobs()
    assert min(await demo.lateness()) < LIVE
    text = await demo.messages.get_by_text(f"plot finished, #{finished}").first.inner_text()
    shown = re.search(r"in (\d+) s", text)
    assert shown
    began, ended = (
        datetime.fromisoformat(jobs[finished][f"{at}_at"]) for at in ("started", "ended")
    )
    assert abs(int(shown[1]) - (ended - began).total_seconds()) <= 2
    # The newest message's own time is the last one that is not ahead, as the end of a plot may be.
    shown_at = "times => times.map(time => time.getAttribute('datetime'))"
    stamps = await demo.messages.locator("time").evaluate_all(shown_at)
    ages = [(datetime.now(UTC) - datetime.fromisoformat(s)).total_seconds() for s in stamps if s]
    assert min(age for age in ages if age > -1) < 20


async def leaves(demo: Demo) -> None:
    demo.process.send_signal(signal.SIGINT)
    output, _ = await asyncio.wait_for(demo.process.communicate(), 30)
    assert demo.process.returncode == 0
    assert at_work_in(demo.folder) == []
    plots = sorted(demo.folder.glob("out*/*.plot"))
    assert plots
    await plotobot("plot", *map(str, plots))
    assert not list(demo.folder.glob("temp*/*"))
    for plot in plots:
        assert str(plot.relative_to(demo.folder)) in output.decode()
