"""Lists orphans, and removes or rescues what was listed; for the engine and the command line."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import psutil

from plotobot.engine.cleanup import DeleteEntry, Removed, remove_temp_files
from plotobot.engine.drives.waiting import apart
from plotobot.engine.models import (
    CleanResult,
    Drive,
    Job,
    Orphan,
    OrphanFile,
    RescueResult,
)
from plotobot.engine.orphans import KINDS, Knowledge, look, sort_out
from plotobot.engine.rescue import rescue
from plotobot.engine.stranger import LONG_AGO, Tenant, open_plots
from plotobot.errors import Refusal

Journal = Callable[[str, Sequence[DeleteEntry]], Awaitable[None]]
"""Is told a plot's id and its files before they are removed."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What an engine knows at one moment: its drives, and who is at work."""

    drives: Sequence[Drive]
    knowledge: Knowledge

    def orphans(self) -> list[Orphan]:
        """The plots nobody works on. Blocks."""
        files = look(self.drives)
        if not files:
            return []
        opened = open_plots(psutil.pids())
        return sort_out(files, replace(self.knowledge, opened=opened))

    @property
    def folders(self) -> list[Path]:
        """Where anything may be removed at all."""
        drives = [drive for drive in self.drives if drive.kind in KINDS and not drive.missing]
        return list(dict.fromkeys(Path(drive.path) for drive in drives))


def claim_of(job: Job) -> Tenant:
    """What one of our own live jobs has a claim to."""
    folders = tuple(folder for folder in (job.temp, job.temp2, job.out) if folder)
    since = job.started_at or job.created_at
    plot_ids = frozenset({job.plot_id} if job.plot_id else ())
    return Tenant(job.label, since or LONG_AGO, plot_ids, folders, sure=bool(plot_ids))


async def clean(listed: Sequence[Orphan], scene: Scene, journal: Journal) -> CleanResult:
    """Remove exactly what was listed, as far as it may still go and has not changed."""
    now = {orphan.plot_id: orphan for orphan in await apart(scene.orphans)}
    removed = [
        await _clean_plot(orphan, now.get(orphan.plot_id), scene, journal) for orphan in listed
    ]
    return CleanResult(
        plots=sum(one.files > 0 for one in removed),
        files=sum(one.files for one in removed),
        bytes=sum(one.bytes for one in removed),
        left=tuple(left for one in removed for left in one.left),
    )


async def _clean_plot(
    listed: Orphan, now: Orphan | None, scene: Scene, journal: Journal
) -> Removed:
    what = f"plot {listed.plot_id[:8]}…"
    if now is None:
        return Removed(left=(f"{what}: a plotter works on it, or it is gone",))
    if now.kept:
        return Removed(left=(f"{what}: {now.kept}",))
    may_go = {entry_of(now, file) for file in now.removable}
    entries = [entry_of(listed, file) for file in listed.removable]
    left = [
        f"{Path(e.folder, e.name)}: it has changed since it was listed"
        for e in entries
        if e not in may_go
    ]
    parts = [Removed(left=tuple(left))]
    for folder in sorted({entry.folder for entry in entries}):
        here = [entry for entry in entries if entry.folder == folder and entry in may_go]
        if here:
            parts.append(await _clean_folder(Path(folder), here, scene, journal))
    return Removed(
        sum(part.files for part in parts),
        sum(part.bytes for part in parts),
        tuple(reason for part in parts for reason in part.left),
    )


async def _clean_folder(
    folder: Path, entries: Sequence[DeleteEntry], scene: Scene, journal: Journal
) -> Removed:
    plot_id = entries[0].plot_id
    try:
        return await remove_temp_files(
            folder, plot_id, scene.folders, partial(journal, plot_id), entries
        )
    except (Refusal, OSError, sqlite3.Error) as problem:  # one drive's trouble is not another's
        return Removed(left=(f"{folder}: {problem}",))


async def save(plot_ids: Iterable[str], scene: Scene) -> RescueResult:
    """Give these plots' whole files their final names."""
    wanted = set(plot_ids)
    found = await apart(scene.orphans)
    results = []
    for orphan in found:
        if orphan.plot_id not in wanted or not orphan.whole:
            continue
        if orphan.kept:
            results.append(
                RescueResult(left=(f"plot {orphan.plot_id[:8]}… stays: {orphan.kept}.",))
            )
        else:
            results.append(await apart(rescue, orphan.plot_id, orphan.whole, scene.drives))
    return RescueResult(
        tuple(path for one in results for path in one.saved),
        tuple(words for one in results for words in one.left),
    )


def entry_of(orphan: Orphan, file: OrphanFile) -> DeleteEntry:
    """A file as the journal has it."""
    return DeleteEntry(
        file.folder, file.name, file.size, file.device, file.inode, file.modified_ns,
        orphan.plot_id,
    )  # fmt: skip
