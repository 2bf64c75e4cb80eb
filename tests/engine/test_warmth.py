"""Heat is told once, and again only after it went; whatever the sensors and smartctl say."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import namedtuple
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from plotobot.engine import warmth
from plotobot.engine.models import Event, EventKind
from plotobot.engine.store import Store
from plotobot.engine.warmth import Reading, Warmth, news

NOW = datetime(2026, 1, 1, tzinfo=UTC)
Sensor = namedtuple("Sensor", "label current high critical")


@pytest.mark.parametrize(
    ("heats", "told"),
    [
        pytest.param([60, 64.9], [], id="warm"),
        pytest.param([65, 70, 66], ["too_hot"], id="once"),
        pytest.param([70, 61, 70], ["too_hot"], id="not-cool-yet"),
        pytest.param([70, 60, 70], ["too_hot", "cool_again", "too_hot"], id="again"),
        pytest.param([60, 50], [], id="cool"),
    ],
)
def test_it_is_told_once_and_again_only_after_five_degrees(heats, told):
    hot, events = frozenset(), []
    for heat in heats:
        hot, new = news(hot, [Reading("/dev/sda", heat, 65)], NOW)
        events += new

    assert [event.kind.value for event in events] == told


def test_what_is_not_read_stays_as_it_was_and_no_limit_forgets():
    hot, _ = news(frozenset(), [Reading("a", 99, 65)], NOW)

    assert news(hot, [], NOW) == (hot, [])
    assert news(hot, [Reading("a", 99, 0)], NOW) == (frozenset(), [])


class Machine:
    """A store, sensors and a stand-in for smartctl, all set by the test."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.folder = store, folder
        self.limits = (90.0, 65.0)
        self.events: list[Event] = []
        self.chips: dict[str, list[Any]] = {}

    async def put(self, events: Any) -> None:
        self.events += events

    def watch(self) -> Warmth:
        return Warmth(self.store, self.put, lambda: NOW, lambda: self.limits)

    def smartctl(self, drives: dict[str, object], *, lasts: float = 0) -> None:
        """Put a program of that name there which answers so for each drive."""
        scan = {"devices": [{"name": name} for name in drives]}
        (self.folder / "answers.json").write_text(json.dumps({"--scan": scan, **drives}))
        program = self.folder / "smartctl"
        program.write_text(
            f"#!{sys.executable}\n"
            "import json, pathlib, sys, time\n"
            f"time.sleep({lasts})\n"
            "here = pathlib.Path(__file__).parent\n"
            "with (here / 'asked').open('a') as file: print(*sys.argv[1:], file=file)\n"
            "answer = json.loads((here / 'answers.json').read_text())[sys.argv[-1]]\n"
            "print(answer if isinstance(answer, str) else json.dumps(answer))\n"
        )
        program.chmod(0o755)

    def told(self) -> list[tuple[EventKind, str, int]]:
        return [(one.kind, one.data["what"], one.data["celsius"]) for one in self.events]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(tmp_path / "plotobot.db")
    yield store
    await store.close()


@pytest.fixture
async def machine(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(store, tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(psutil, "sensors_temperatures", lambda: machine.chips, raising=False)
    return machine


def disk(celsius: object, model: str = "WDC") -> dict[str, object]:
    return {"model_name": model, "temperature": {"current": celsius}}


async def test_the_processors_hottest_core_counts_and_other_chips_do_not(machine):
    machine.chips = {
        "coretemp": [Sensor("Core 0", 60.0, 100, 100), Sensor("Core 1", 91.0, 100, 100)],
        "acpitz": [Sensor("", 99.0, 0, 0)],
    }
    await machine.watch().look()

    assert machine.told() == [(EventKind.TOO_HOT, "the processor (coretemp)", 91)]


@pytest.mark.skipif(os.name != "posix", reason="the stand-in is a script with a #!")
async def test_drives_are_asked_by_smartctl_which_lets_them_sleep(machine):
    machine.smartctl({"/dev/sda": disk(66), "/dev/sdb": disk(40), "/dev/nvme0": disk(80, "980")})
    await machine.watch().look()

    assert machine.told() == [
        (EventKind.TOO_HOT, "/dev/sda WDC", 66),
        (EventKind.TOO_HOT, "/dev/nvme0 980", 80),
    ]
    asked = (machine.folder / "asked").read_text().splitlines()
    assert all("-n standby" in line for line in asked if "--scan" not in line)


@pytest.mark.skipif(os.name != "posix", reason="the stand-in is a script with a #!")
@pytest.mark.parametrize(
    "answer",
    ["", "no json", "[]", {}, {"temperature": 70}, disk(None), disk(0), disk(255), disk("70")],
    ids=str,
)
async def test_an_answer_of_no_use_tells_nothing(machine, answer):
    machine.smartctl({"/dev/sda": answer})
    await machine.watch().look()

    assert machine.told() == []


@pytest.mark.skipif(os.name != "posix", reason="the stand-in is a script with a #!")
async def test_a_smartctl_that_hangs_is_not_waited_for(machine, monkeypatch):
    monkeypatch.setattr(warmth, "PATIENCE", 0.2)
    machine.smartctl({"/dev/sda": disk(70)}, lasts=60)
    async with asyncio.timeout(30):
        await machine.watch().look()

    assert machine.told() == []


async def test_without_smartctl_the_kernels_sensors_count_and_the_log_says_so_once(machine, caplog):
    caplog.set_level("INFO")
    machine.chips = {"nvme": [Sensor("Composite", 70.0, 80, 90)]}
    watch = machine.watch()
    await watch.look()
    await watch.look()

    assert machine.told() == [(EventKind.TOO_HOT, "a drive (nvme)", 70)]
    assert caplog.text.count("smartctl is not there") == 1


async def test_after_a_restart_nothing_is_told_twice(machine):
    machine.chips = {"k10temp": [Sensor("Tctl", 95.0, 0, 0)]}
    await machine.watch().look()
    again = machine.watch()
    task = asyncio.create_task(again.run())
    await asyncio.sleep(0.3)
    task.cancel()

    assert len(machine.events) == 1


@pytest.mark.parametrize("limits", [(0.0, 0.0), (0.0, 65.0)])
async def test_a_limit_of_none_tells_nothing(machine, limits):
    machine.limits = limits
    machine.chips = {"coretemp": [Sensor("", 99.0, 0, 0)]}
    await machine.watch().look()

    assert machine.told() == []


async def test_a_system_that_cannot_be_asked_tells_nothing(machine, monkeypatch):
    monkeypatch.delattr(psutil, "sensors_temperatures")
    await machine.watch().look()

    assert machine.told() == []
