"""Prints values on a terminal: tables for people, JSON for scripts."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from plotobot.check import Finding
from plotobot.engine.models import GIB, UNKNOWN, CleanResult, Drive, Job, Orphan, OrphanFile
from plotobot.engine.store import job_adapter
from plotobot.farmlog.records import Record
from plotobot.farmlog.report import FarmLog
from plotobot.farmlog.statistics import FarmStats
from plotobot.ui.farm import figures

if TYPE_CHECKING:
    from pathlib import Path

    from plotobot.outlook import Outlook
from plotobot.ui.text import gib, plural, short_duration, tail

if TYPE_CHECKING:
    from plotobot.ploto import Imported

JOB_FIELDS = (
    "id", "plot_id", "plotter", "k", "status", "pid", "temp", "temp2", "out",
    "started_at", "ended_at", "exit_code", "phase_seconds", "eta", "eta_basis", "foreign",
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
            f"{job.plotter} (foreign)" if job.foreign else job.plotter,
            f"k{job.k}",
            job.status,
            "?" if job.status == UNKNOWN else f"{job.fraction:.0%}",
            _left(job, datetime.now(UTC)),
            tail(job.temp),
            tail(job.out),
            f"{job.started_at:%Y-%m-%d %H:%M}" if job.started_at else "",
        )
        for job in jobs
    ]
    show_table(
        ("job", "plotter", "k", "status", "done", "left", "temp", "out", "started (UTC)"), rows
    )


def _left(job: Job, now: datetime) -> str:
    if job.eta is None or not job.state.live:
        return ""
    return short_duration((job.eta - now) / timedelta(seconds=1))


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


def why_document(found: Outlook) -> dict[str, Any]:
    """Why nothing starts, as `--json` gives it."""
    view = found.view
    return {
        "running": found.running,
        "spawning": found.running and bool(view and view.running),
        "looked_at": _moment(view.looked_at) if view else None,
        "holds": [
            {
                "drive": hold.drive or None,
                "profile": hold.profile or None,
                "rule": hold.rule,
                "reason": hold.reason,
                "until": _moment(hold.until),
            }
            for hold in (view.holds if view else ())
        ],
        "would_start": list(found.starts),
    }


def show_why(found: Outlook) -> None:
    """Print what holds each drive, and what would start."""
    console = _console()
    view = found.view
    if not found.running:
        console.print("No Plotobot runs on this state folder, so nothing starts: plotobot run")
    elif view is None:
        console.print("Plotobot has just been started; ask again in a few seconds.")
    elif view.looked_at:
        console.print(f"As of {view.looked_at:%Y-%m-%d %H:%M:%S} UTC:", highlight=False)
    for start in found.starts:
        console.print(f"  would start: {escape(visible(start))}", highlight=False)
    holds = view.holds if view else ()
    show_table(
        ("drive", "kind", "rule", "why", "until (UTC)"),
        [
            (
                hold.drive or "every drive",
                hold.profile or "every kind",
                hold.rule,
                hold.reason,
                f"{hold.until:%Y-%m-%d %H:%M}" if hold.until else "",
            )
            for hold in holds
        ],
    )


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def clean_document(orphans: Iterable[Orphan], result: CleanResult | None) -> dict[str, Any]:
    """Orphans, and what was removed of them if anything was, as `--json` gives it."""
    document: dict[str, Any] = {"orphans": [_orphan_row(orphan) for orphan in orphans]}
    return document | {"removed": asdict(result) if result else None}


def _orphan_row(orphan: Orphan) -> dict[str, Any]:
    return {
        "plot_id": orphan.plot_id,
        "k": orphan.k,
        "modified_at": orphan.modified_at.isoformat(),
        "kept": orphan.kept,
        "bytes": sum(file.size for file in orphan.removable),
        "removable": [str(_path(file)) for file in orphan.removable],
        "whole": [str(_path(file)) for file in orphan.whole],
    }


def show_orphans(orphans: Sequence[Orphan]) -> None:
    """Print what is left of plots, and what may not be removed of it."""
    if not orphans:
        _say("Nothing is left over: every temp file belongs to a plot in the making.")
        return
    rows = [
        (
            orphan.plot_id[:12],
            f"k{orphan.k}",
            str(len(orphan.removable)),
            gib(sum(file.size for file in orphan.removable)),
            f"{orphan.modified_at:%Y-%m-%d %H:%M}",
            orphan.kept or " ".join(dict.fromkeys(tail(file.folder) for file in orphan.files)),
        )
        for orphan in orphans
    ]
    show_table(("plot", "k", "files to remove", "size", "written (UTC)", "where, or why not"), rows)
    files = [file for orphan in orphans for file in orphan.removable]
    _say(f"In all: {plural(len(files), 'file')}, {gib(sum(file.size for file in files))}.")
    whole = (str(_path(file)) for orphan in orphans for file in orphan.whole)
    show_section("Whole plots, never removed (/clean of the running bot rescues them)", whole)


def show_cleaned(result: CleanResult) -> None:
    """Print what was removed."""
    of = f"{plural(result.files, 'file')} of {plural(result.plots, 'plot')}"
    _say(f"{of} removed, {gib(result.bytes)}.", *(f"Still there: {one}" for one in result.left))


def _path(file: OrphanFile) -> Path:
    return Path(file.folder, file.name)


def _say(*sentences: str) -> None:
    for sentence in sentences:
        _console().print(escape(visible(sentence)), highlight=False)


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


def farm_document(found: FarmLog) -> dict[str, Any]:
    """A farm's log as `--json` gives it; times are UTC."""
    from pydantic import TypeAdapter

    stats = TypeAdapter(FarmStats).dump_python(found.stats, mode="json")
    return {
        "records": [_record_row(one) for one in found.records],
        "stats": stats,
        "hint": found.hint,
    }


def _record_row(one: Record) -> dict[str, Any]:
    return {
        "time": one.time.isoformat(timespec="milliseconds"),
        "version": one.version,
        "service": one.service,
        "logger": one.logger,
        "level": one.level,
        "message": one.message,
    }


def show_farm_log(found: FarmLog) -> None:
    """Print a farm's figures, then its records with this machine's times."""
    console = _console()
    stats = found.stats
    if stats.begin and stats.end:
        begin, end = (f"{one.astimezone():%Y-%m-%d %H:%M:%S}" for one in (stats.begin, stats.end))
        console.print(f"[bold]{begin} to {end}[/]", highlight=False)
    for line in (*figures(stats), *([found.hint] if found.hint else ())):
        console.print(f"  {escape(visible(line))}", highlight=False)
    for one in found.records:
        for number, line in enumerate(one.message.split("\n")):
            head = f"{one.time.astimezone():%m-%d %H:%M:%S} {one.level} " if not number else ""
            console.print(f"{head}{escape(visible(line))}", highlight=False)


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
