"""A machine on paper, a farmer with a list of answers, and the real command on a real terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pexpect
import pytest

from plotobot.engine.drives import Volume
from plotobot.engine.models import GIB
from plotobot.plotters.base import Program
from plotobot.setting_up.machine import Machine, offers

TOKEN = "canary.token-of.the_bot"


def nvme(path: str = "/mnt/ssd1", free: int = 900, **more: object) -> Volume:
    return Volume(path, path, free=free * GIB, total=1000 * GIB, bus="NVMe", **more)  # type: ignore[arg-type]


def sata(path: str = "/mnt/hdd1", free: int = 9000, **more: object) -> Volume:
    return Volume(path, path, free=free * GIB, total=10000 * GIB, bus="SATA", **more)  # type: ignore[arg-type]


def machine(*volumes: Volume, cores: int = 16, memory: int = 64, plotter: str = "chia") -> Machine:
    return Machine(
        "barn", cores, memory * GIB, offers(volumes), {plotter: Program(("/x",), "1.2.3")}
    )


@dataclass
class Farmer:
    """Gives the answers in their order, and breaks off when they are used up."""

    answers: list[str]
    broken_off: type[BaseException] = EOFError
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        self.said += text.split("\n")

    def show(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        self.said += ["  ".join(row) for row in rows]

    def ask(self, question: str) -> str:
        self.asked.append(question)
        if not self.answers:
            raise self.broken_off
        return self.answers.pop(0)

    ask_hidden = ask


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings of the one who runs the tests."""
    for name in [name for name in os.environ if name.startswith(("DISCORD_", "PLOTOBOT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@dataclass(frozen=True)
class Place:
    """A folder with two drives in it."""

    root: Path

    @property
    def file(self) -> Path:
        return self.root / "plotobot.toml"

    @property
    def env(self) -> Path:
        return self.root / ".env"

    @property
    def temp(self) -> str:
        return str(self.root / "temp")

    @property
    def out(self) -> str:
        return str(self.root / "out")

    @property
    def files(self) -> set[str]:
        return {path.name for path in self.root.iterdir() if path.is_file()}

    @property
    def words(self) -> list[str]:
        """Every answer that a script has to give."""
        token = self.root / "token"
        token.write_text(f"{TOKEN}\n", encoding="utf-8")
        return [
            *("--temp", self.temp, "--out", self.out, "--plotter", "chiapos"),
            *("--guild", "11", "--channel", "12", "--owner", "13"),
            *("--token-file", str(token), "--yes"),
        ]

    def terminal(self, *words: str) -> pexpect.spawn:
        """The command on a terminal of its own."""
        return pexpect.spawn(
            sys.executable,
            ["-m", "plotobot", "init", *words],
            cwd=str(self.root),
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "TERM": "dumb"},
            encoding="utf-8",
            timeout=60,
            dimensions=(60, 200),
        )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    root = tmp_path / "farm"
    for name in ("temp", "out"):
        (root / name).mkdir(parents=True)
    return Place(root)
