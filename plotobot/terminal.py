"""Prints values on a terminal: tables for people, JSON for scripts."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from plotobot.check import Finding
from plotobot.engine.models import GIB, Drive, Job
from plotobot.engine.store import job_adapter
from plotobot.ui.text import tail

if TYPE_CHECKING:
    from pathlib import Path

    from plotobot.ploto import Imported

JOB_FIELDS = (
    "id", "plot_id", "plotter", "k", "status", "pid", "temp", "temp2", "out",
    "started_at", "ended_at", "exit_code", "phase_seconds",
)  # fmt: skip
_WIDEST = 10_000
_MARK = {"ok": "[green]ok[/]     ", "warning": "[yellow]warning[/]", "problem": "[red]problem[/]"}


def show_json(document: object) -> None:
    """Print one JSON document."""
    print(json.dumps(document, indent=2))  # noqa: T201 - this is what the module is for


def job_rows(jobs: Iterable[Job]) -> list[dict[str, Any]]:
    """Jobs as `--json` gives them."""
    plain = (job_adapter().dump_python(job, mode="json") for job in jobs)
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
    show_table(("job", "plotter", "k", "status", "done", "temp", "out", "started (UTC)"), rows)


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
    show_table(("kind", "path", "label", "free GiB", "of", "type", "model", "problem"), rows)


def show_findings(findings: Sequence[Finding]) -> None:
    """Print what `check` found, a line each, with the cure below, and what to do next."""
    console = _console()
    for finding in findings:
        console.print(f"{_MARK[finding.level]} {escape(visible(finding.what))}", highlight=False)
        if finding.cure:
            console.print(f"        → {escape(visible(finding.cure))}", highlight=False)
    console.print(f"\n{_closing(findings)}", highlight=False)


def show_imported(imported: Imported, files: Iterable[Path]) -> None:
    """Print what became of a configuration of Ploto, and what to do next."""
    dropped = [f"{key}: {because}." for key, because in imported.dropped]
    for title, sentences in (
        ("Taken", imported.took),
        ("Dropped", dropped),
        ("Not in the file", imported.defaults),
        ("Mind", imported.warnings),
        ("Written", map(str, files)),
    ):
        show_section(title, sentences)
    show_section(
        "Next",
        (
            "Put the bot's token behind DISCORD_TOKEN= in .env, and the ids into [discord].",
            "Then: plotobot check",
        ),
    )


def show_section(title: str, sentences: Iterable[str]) -> None:
    """Print sentences below a title; nothing where there are none."""
    console = _console()
    for number, sentence in enumerate(sentences):
        if number == 0:
            console.print(f"[bold]{title}[/]")
        console.print(f"  {escape(visible(sentence))}", highlight=False)


def show_fields(fields: Mapping[str, Any]) -> None:
    """Print one thing's fields, those that are known."""
    console = _console()
    width = max(len(name) for name in fields)
    for name, value in fields.items():
        if value is not None:
            console.print(f"{name:<{width}}  {escape(visible(str(value)))}", highlight=False)
    console.print()


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows below their heads."""
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(escape(visible(cell)) for cell in row))
    _console().print(table)


def visible(text: str) -> str:
    """Text fit for a terminal: a file name may hold control characters, which can do harm there."""
    return "".join(char if char.isprintable() else "�" for char in text)


def _closing(findings: Iterable[Finding]) -> str:
    levels = Counter(finding.level for finding in findings)
    counted = [
        f"{levels[level]} {level}{'s' if levels[level] > 1 else ''}"
        for level in ("problem", "warning")
        if levels[level]
    ]
    found = " and ".join(counted)
    if levels["problem"]:
        return f"{found.capitalize()}. Follow the arrows, then check again."
    return f"Ready{f', with {found}' if found else ''}: plotobot run"


def _console() -> Console:
    # Into a pipe or a file nothing is wrapped: a line there is read by a program.
    width = None if sys.stdout and sys.stdout.isatty() else _WIDEST
    return Console(soft_wrap=True, width=width)
