"""Job directories: what is on disk about one run of a plotter.

    <jobs root>/<job id>/
      spec.json      what to run, by the bot, durable before anything runs
      shim.lock      held by the shim       shim.json    who the shim is
      child.lock     held by the tree       child.json   who the plotter is
      exit.reserve   room for exit.json     exit.json    how the plotter ended
      out.log        the plotter's output   verdict.json the engine's judgement, for ever

The records are written by other processes that may die at any moment, and by disks that lie: every
one of them is read as if a stranger had written it.
"""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

Record = dict[str, Any]

FORMAT = 1
RECORD_LIMIT = 64 * 1024
SPEC, SHIM, CHILD, EXIT, VERDICT = (
    "spec.json",
    "shim.json",
    "child.json",
    "exit.json",
    "verdict.json",
)
SHIM_LOCK, CHILD_LOCK, LOG = "shim.lock", "child.lock", "out.log"
OURS = frozenset((SPEC, SHIM, CHILD, EXIT, VERDICT, SHIM_LOCK, CHILD_LOCK, LOG, "exit.reserve"))
JOB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Spec:
    """What a job runs. Its environment is the whole one: the caller leaves out what is secret."""

    argv: tuple[str, ...] = field(repr=False)
    """It holds the farmer's keys, so it stays out of every log."""
    cwd: str
    env: Mapping[str, str]
    job: Mapping[str, Any] = field(default_factory=dict)
    """The engine's own description; the shim does not look at it."""
    format: int = FORMAT
    window: str = "hidden"
    """How the plotter's window opens, on Windows only."""


def new_job_id() -> str:
    """A fresh job id: the time in nanoseconds and randomness, in hex; ids sort by age."""
    return f"{time.time_ns():016x}{secrets.token_hex(4)}"


def job_directory(jobs_root: Path, job_id: str) -> Path:
    """Where a job's directory is.

    Raises:
        ValueError: this is no job id.
    """
    if not JOB_ID.fullmatch(job_id):
        raise ValueError(f"{job_id!r} is no job id")
    return jobs_root / job_id


def create(jobs_root: Path, job_id: str, spec: Spec) -> Path:
    """Make a job's directory with its spec, durably: once this returns, a crash loses nothing.

    Raises:
        ValueError: the id is none, or the spec is larger than 64 KiB.
        FileExistsError: the job exists already.
        OSError: the disk refuses.
    """
    directory = job_directory(jobs_root, job_id)
    record = asdict(spec)
    if len(_encode(record)) > RECORD_LIMIT:
        raise ValueError(f"the spec of job {job_id} is larger than {RECORD_LIMIT} bytes")
    jobs_root.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.mkdir(mode=0o700)
    write_record(directory, SPEC, record)
    _sync(jobs_root)
    return directory


def write_record(directory: Path, name: str, record: Mapping[str, Any]) -> None:
    """Put a record into a job's directory, whole or not at all, and durably. Blocks."""
    temp = directory / f"{name}.new"
    fd = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(_encode(record))
        file.flush()
        os.fsync(fd)
    temp.replace(directory / name)
    _sync(directory)


def read_record(directory: Path, name: str) -> Record | None:
    """A record, or None where it is missing or damaged. Blocks.

    Raises:
        OSError: the disk refuses, which is not the same as a missing record.
    """
    try:
        data = _read(directory / name)
        record = json.loads(data) if len(data) <= RECORD_LIMIT else None
    except (FileNotFoundError, IsADirectoryError, ValueError, RecursionError):
        return None
    except OSError as problem:
        if problem.errno == errno.ELOOP:  # a symbolic link, which we never make
            return None
        raise
    return record if isinstance(record, dict) else None


def read_spec(directory: Path) -> Spec | None:
    """A job's spec, or None where it is missing, damaged or of another format. Blocks."""
    record = read_record(directory, SPEC)
    if record is None or record.get("format") != FORMAT:
        return None
    argv, cwd, env, job = (record.get(key) for key in ("argv", "cwd", "env", "job"))
    if not (isinstance(argv, list) and argv and isinstance(env, dict) and isinstance(job, dict)):
        return None
    words = [*argv, *env.values(), cwd]
    if not isinstance(cwd, str) or not all(isinstance(word, str) for word in words):
        return None
    return Spec(tuple(argv), cwd, env, job)


def read_verdict(directory: Path) -> Record | None:
    """The engine's judgement on a job, or None. Blocks."""
    return read_record(directory, VERDICT)


def remove(directory: Path) -> None:
    """Remove a job's directory: our own files in it, then itself. Blocks.

    Raises:
        OSError: something else is in there, which stays.
    """
    for entry in directory.iterdir():
        if entry.name.removesuffix(".new") in OURS:
            entry.unlink()
    directory.rmdir()


def _read(path: Path) -> bytes:
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    fd = os.open(path, flags)
    try:
        data = b""
        while len(data) <= RECORD_LIMIT and (more := os.read(fd, RECORD_LIMIT + 1)):
            data += more
        return data
    finally:
        os.close(fd)


def _encode(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, default=dict).encode() + b"\n"


def _sync(directory: Path) -> None:
    if sys.platform == "win32":
        return
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
