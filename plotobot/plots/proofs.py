"""The content check: does a plot answer challenges with valid proofs?

A header and a size can be right where the content is not. So chiapos is asked, as `chia plots
check` does, for the proofs of N challenges. That happens in a child process with a limit of time
and of memory: a damaged file can make the library abort, and a drive can hang.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from dataclasses import dataclass
from enum import StrEnum
from importlib import util
from pathlib import Path
from typing import Any

from plotobot.errors import NotAPlot, Refusal
from plotobot.plots.headers import Header, PlotFormat, read_header

SCRIPT = Path(__file__).with_name("proofs_child.py")
USUAL_CHALLENGES = 30
MAX_CHALLENGES = 10_000
MEMORY = 4 * 1024**3
"""Bytes of address space for the child; a compressed plot needs more than one that is not."""
CHECKABLE = frozenset({PlotFormat.V1, PlotFormat.V1C})
CURE = 'Install it with: pip install "plotobot[check]".'

_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "VIRTUAL_ENV")
_FRUGAL = {"MALLOC_ARENA_MAX": "2"}
"""The library's many threads would each reserve address space of their own, and meet the limit."""
_KILLED = -9
_START_SECONDS, _CHALLENGE_SECONDS = 60, 20
# A proof of a k32 takes up to 1 s on a hard disk, of a compressed one a few seconds more.
_SURE_FROM = 10  # a whole plot has no proof for ten challenges once in 22,000 times


class ProofVerdict(StrEnum):
    """What a content check says of a plot."""

    SOUND = "sound"
    """It has proofs, and all are valid."""
    DAMAGED = "damaged"
    UNSURE = "unsure"
    """No proof for so few challenges: that can be chance."""
    CRASHED = "crashed"
    """It made the checker abort: damaged beyond what the library stands."""
    UNKNOWN = "unknown"
    """The check took too long or had too little memory, which says nothing of the plot."""


@dataclass(frozen=True, slots=True)
class ProofCheck:
    """A content check's outcome."""

    challenges: int
    """How many were asked."""
    proofs: int
    """Valid proofs found; a plot has about one a challenge."""
    bad: int
    """Proofs that are wrong or cannot be read."""
    verdict: ProofVerdict
    words: str
    """The verdict in one sentence."""
    seconds: float = 0.0
    id: str = ""
    """The plot that was in the file."""


async def check_proofs(
    path: str | Path,
    challenges: int = USUAL_CHALLENGES,
    *,
    seconds: float | None = None,
    memory: int = MEMORY,
) -> ProofCheck:
    """Check a plot's content; returns within the time limit.

    Args:
        path: the file; a symbolic link stands for what it leads to.
        challenges: 1 to MAX_CHALLENGES.
        seconds: the time limit; None gives one minute and 20 s for each challenge.
        memory: bytes of address space the child may take, where the system can limit it.

    Raises:
        NotAPlot: it is none, or cannot be read.
        Refusal: chiapos is not installed, or does not know this format, or the number is wrong.
    """
    place = os.path.abspath(path)  # noqa: ASYNC240, PTH100 - it may be no text, and asks no disk
    header = await asyncio.to_thread(_ready, place, challenges)
    if header.truncated:
        words = "Damaged: the file is cut short."
        return ProofCheck(0, 0, 0, ProofVerdict.DAMAGED, words, id=header.id)
    limit = seconds or _START_SECONDS + _CHALLENGE_SECONDS * challenges
    began = time.monotonic()
    command = [sys.executable, "-I", str(SCRIPT), place, str(challenges), str(memory)]
    code, answer = await _run(command, limit)
    return _judged(header, challenges, code, answer, time.monotonic() - began)


def can_check() -> bool:
    """Whether plots can be checked here at all."""
    return util.find_spec("chiapos") is not None


def _ready(path: str, challenges: int) -> Header:
    if not 1 <= challenges <= MAX_CHALLENGES:
        raise Refusal(f"A check takes 1 to {MAX_CHALLENGES} challenges, not {challenges}.")
    header = read_header(path)
    if header.format not in CHECKABLE:
        raise Refusal(f"The content of {header.format} plots cannot be checked yet.")
    if not can_check():
        raise Refusal(f"The Python package chiapos, which checks plots, is not installed. {CURE}")
    return header


async def _run(command: list[str], limit: float) -> tuple[int | None, bytes]:
    """Run the child; its exit code is None where it had to be killed."""
    child = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ} | _FRUGAL,
    )
    try:
        async with asyncio.timeout(limit):
            answer, _ = await child.communicate()
    except TimeoutError:
        return None, b""
    else:
        return child.returncode, answer
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            with contextlib.suppress(TimeoutError):  # on a hung mount even SIGKILL waits
                async with asyncio.timeout(5):
                    await child.wait()


def _judged(
    header: Header, challenges: int, code: int | None, answer: bytes, seconds: float
) -> ProofCheck:
    def outcome(verdict: ProofVerdict, words: str, proofs: int = 0, bad: int = 0) -> ProofCheck:
        return ProofCheck(challenges, proofs, bad, verdict, words, round(seconds, 3), header.id)

    if code is None:
        late = f"Unknown: the check was ended after {seconds:.0f} s."
        return outcome(ProofVerdict.UNKNOWN, late)
    if code == _KILLED:
        killed = "Unknown: the check was killed; is the machine out of memory?"
        return outcome(ProofVerdict.UNKNOWN, killed)
    told = _told(answer) if code == 0 else None
    if told is None:
        how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
        return outcome(ProofVerdict.CRASHED, f"The plot crashed the checker ({how}).")
    if "failed" in told:
        return outcome(ProofVerdict.UNKNOWN, f"Unknown: the check failed ({told['failed']}).")
    if told.get("id", header.id) != header.id:
        return outcome(ProofVerdict.DAMAGED, "It changed while it was checked.")
    return outcome(*_verdict(challenges, told), told["proofs"], told["bad"])


def _told(answer: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(answer)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _verdict(challenges: int, told: dict[str, Any]) -> tuple[ProofVerdict, str]:
    proofs, bad, error = told["proofs"], told["bad"], told["error"]
    found = f"{proofs} valid proofs for {challenges} challenges"
    if told["opened"] is False:
        return ProofVerdict.DAMAGED, f"Damaged: its tables cannot be opened ({error})."
    if bad:
        return ProofVerdict.DAMAGED, f"Damaged: {bad} wrong or unreadable beside {found} ({error})."
    if proofs:
        return ProofVerdict.SOUND, f"Sound: {found}, about {challenges} are usual."
    if challenges < _SURE_FROM:
        return ProofVerdict.UNSURE, f"Unsure: {found}; ask at least {_SURE_FROM}."
    return ProofVerdict.DAMAGED, f"Damaged: {found}, about {challenges} are usual."


__all__ = ["NotAPlot", "ProofCheck", "ProofVerdict", "check_proofs"]
