"""The demo's page in a real Chromium: what a person does there, and what must be seen."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import statistics
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, async_playwright
from playwright.async_api import Page as Tab

from plotobot.demo.page import BotFactory, Page, serve_page

pytestmark = pytest.mark.browser

CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LIVE = 2.0  # seconds from the event to the eye, unless the machine is held up
PATIENCE = 30_000  # milliseconds for what has no promise


@pytest.fixture
def chromium() -> str:
    found = shutil.which("chromium")
    if found is None:
        why = "no chromium on the PATH"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    return found


@pytest.fixture
def artifacts(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("PLOTOBOT_ARTIFACTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.asynccontextmanager
async def opened(page: Page, chromium: str) -> AsyncIterator[Tab]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
        try:
            tab = await browser.new_page(viewport={"width": 1100, "height": 800})
            await tab.goto(page.url)
            await tab.evaluate("window.neverReloaded = true")
            yield tab
        finally:
            await browser.close()


@pytest.fixture
async def page(make_bot: Callable[..., BotFactory]) -> AsyncIterator[Page]:
    async with serve_page(make_bot()) as page:
        yield page


@pytest.fixture
async def tab(page: Page, chromium: str) -> AsyncIterator[Tab]:
    async with opened(page, chromium) as tab:
        yield tab


def said(tab: Tab, text: str | re.Pattern[str]) -> Locator:
    return tab.locator("#channel-message-list").get_by_text(text).first


def stop_button(tab: Tab) -> Locator:
    return tab.locator("#channel-message-list").get_by_role("button", name="Stop", exact=True)


async def alert(page: Page, tab: Tab) -> float:
    """Let the bot send an alert; the seconds until it was seen."""
    bot: Any = page.bot
    bot.alert.set()
    begun = time.perf_counter()
    await said(tab, f"Alert {bot.alerts + 1}:").wait_for(timeout=PATIENCE)
    return time.perf_counter() - begun


async def choose_command(tab: Tab, typed: str) -> Locator:
    """Type the beginning of /job, take it from the picker; its option's field."""
    field = tab.locator("#channel-composer-input")
    await field.click()
    await field.press_sequentially(typed, delay=30)
    await tab.get_by_role("option").filter(has_text="/job").first.wait_for(timeout=PATIENCE)
    await field.press("Enter")
    return tab.locator(".command-option-input[data-option=job]")


async def run_job(tab: Tab) -> None:
    option = await choose_command(tab, "/jo")
    await option.press_sequentially("be", delay=30)
    await tab.get_by_role("option", name="beta").click(timeout=PATIENCE)
    await tab.locator("#send-message").click()
    await said(tab, "Job beta is running.").wait_for(timeout=PATIENCE)


async def test_an_alert_is_seen_within_two_seconds_without_a_reload(page: Page, tab: Tab) -> None:
    assert statistics.median([await alert(page, tab) for _ in range(5)]) < LIVE
    assert await tab.evaluate("window.neverReloaded") is True


async def test_the_times_shown_are_true(page: Page, tab: Tab) -> None:
    await asyncio.sleep(1.5)
    await alert(page, tab)
    shown = tab.locator("#channel-message-list time").first
    stamp = datetime.fromisoformat(str(await shown.get_attribute("datetime")))
    assert abs((datetime.now(UTC) - stamp).total_seconds()) < 5
    assert await said(tab, "in 5 minutes").count() == 1


async def test_a_half_typed_command_outlives_an_alert(page: Page, tab: Tab) -> None:
    option = await choose_command(tab, "/jo")
    await option.press_sequentially("al", delay=30)
    await alert(page, tab)
    assert await option.input_value() == "al"
    await option.press_sequentially("pha", delay=30)
    await tab.get_by_role("option", name="alpha").click(timeout=PATIENCE)
    await tab.locator("#send-message").click()
    await said(tab, "Job alpha is running.").wait_for(timeout=PATIENCE)


async def test_a_button_pressed_right_after_an_alert_counts(page: Page, tab: Tab) -> None:
    await run_job(tab)
    bot: Any = page.bot
    bot.alert.set()
    await asyncio.sleep(0.3)  # sent and published, not yet fetched by the page
    await stop_button(tab).click()
    await said(tab, "Press again to stop beta.").wait_for(timeout=PATIENCE)


async def test_the_second_press_stops_and_alerts_are_seen_meanwhile(
    page: Page, tab: Tab, artifacts: Path
) -> None:
    await run_job(tab)
    await stop_button(tab).click()
    await said(tab, "Press again to stop beta.").wait_for(timeout=PATIENCE)
    await stop_button(tab).click()
    await asyncio.sleep(0.5)
    await alert(page, tab)
    assert await said(tab, "beta is stopped.").count() == 0  # the engine takes six seconds
    await said(tab, "beta is stopped.").wait_for(timeout=PATIENCE)
    assert await stop_button(tab).count() == 0
    await tab.screenshot(path=artifacts / "demo-page.png")


async def test_the_page_can_be_loaded_again(page: Page, tab: Tab) -> None:
    await alert(page, tab)
    await tab.reload()
    await said(tab, "Alert 1:").wait_for(timeout=PATIENCE)
    await alert(page, tab)


async def test_the_engine_works_in_real_time_behind_the_page(
    engine: Any, page: Page, tab: Tab
) -> None:
    engine.beats.clear(), engine.work.clear()
    await run_job(tab)
    await alert(page, tab)
    await asyncio.sleep(1)
    assert len(engine.beats) >= 3
    assert statistics.median(engine.beats) < 1  # each a sleep of 0.2 s
    assert statistics.median(engine.work) < 2  # each a subprocess of 0.1 s and a thread's database


async def test_the_session_can_be_ended_in_the_page(page: Page, tab: Tab) -> None:
    await tab.get_by_text("More", exact=True).click()
    await tab.get_by_role("button", name="End preview session").click()
    await asyncio.wait_for(page.closed(), 30)
