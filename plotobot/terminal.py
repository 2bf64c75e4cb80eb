"""Prints values on a terminal: tables for people, JSON for scripts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from plotobot.check import Finding
from plotobot.engine.models import GIB, Drive, Job
from plotobot.engine.store import JOB
from plotobot.ui.text import tail

JOB_FIELDS = (
    "id", "plot_id", "plotter", "k", "status", "pid", "temp", "temp2", "out",
    "started_at", "ended_at", "exit_code", "phase_seconds",
)  # fmt: skip
_MARK = {"ok": "[green]ok[/]     ", "warning": "[yellow]warning[/]", "problem": "[red]problem[/]"}


def show_json(document: object) -> None:
    """Print one JSON document."""
    print(json.dumps(document, indent=2))  # noqa: T201 - this is what the module is for


def job_rows(jobs: Iterable[Job]) -> list[dict[str, Any]]:
    """Jobs as `--json` gives them."""
    plain = (JOB.dump_python(job, mode="json") for job in jobs)
    return [{field: job[field] for field in JOB_FIELDS} for job in plain]


def drive_rows(drives: Iterable[Drive]) -> list[dict[str, Any]]:
    """Drives as `--json` gives them; sizes in bytes."""
    return [
        {
            "kind": drive.kind.value,
            "path": drive.path,
            "label": drive.label,
            "free": drive.free,
            "total": drive.total,
            "fs_type": drive.fs_type,
            "device": drive.device,
            "model": drive.model,
            "bus": drive.bus,
            "problem": drive.problem,
        }
        for drive in drives
    ]


def show_jobs(jobs: Sequence[Job]) -> None:
    """Print the table of jobs."""
    rows = [
        (
            job.id[-6:],
            job.plotter,
            f"k{job.k}",
            job.status,
            f"{job.fraction:.0%}",
            tail(job.temp),
            tail(job.out),
            f"{job.started_at:%Y-%m-%d %H:%M}" if job.started_at else "",
        )
        for job in jobs
    ]
    _table(("job", "plotter", "k", "status", "done", "temp", "out", "started (UTC)"), rows)


def show_drives(drives: Sequence[Drive]) -> None:
    """Print the table of drives."""
    rows = [
        (
            drive.kind.value,
            drive.path,
            drive.label or "",
            f"{drive.free / GIB:.1f}",
            f"{drive.total / GIB:.1f}",
            drive.fs_type or "",
            " ".join(filter(None, (drive.model, drive.bus))),
            drive.problem or "",
        )
        for drive in drives
    ]
    _table(("kind", "path", "label", "free GiB", "of", "type", "model", "problem"), rows)


def show_findings(findings: Iterable[Finding]) -> None:
    """Print what `check` found, a line each, with the cure below."""
    console = _console()
    for finding in findings:
        console.print(f"{_MARK[finding.level]} {escape(finding.what)}")
        if finding.cure:
            console.print(f"        → {escape(finding.cure)}")


def show_fields(fields: Mapping[str, Any]) -> None:
    """Print one thing's fields, those that are known."""
    console = _console()
    width = max(len(name) for name in fields)
    for name, value in fields.items():
        if value is not None:
            console.print(f"{name:<{width}}  {escape(str(value))}", highlight=False)
    console.print()


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(escape(_visible(cell)) for cell in row))
    _console().print(table)


def _visible(text: str) -> str:
    """A file name may hold control characters; none of them reaches the terminal."""
    return "".join(char if char.isprintable() else "�" for char in text)


def _console() -> Console:
    return Console(soft_wrap=True)
