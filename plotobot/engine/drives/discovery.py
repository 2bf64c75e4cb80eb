"""From what the farmer wrote and what the machine shows to drives: pure decisions.

A folder on a bare mount point is the trap here: after a drive went away its folder still exists, on
the root file system, and has free space. Nothing may be plotted there.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import PurePath

from plotobot.engine.drives.spec import DriveSpec, SpecForm
from plotobot.engine.drives.volumes import Space, Volume, is_within
from plotobot.engine.models import Drive, DriveKind


@dataclass(frozen=True, slots=True)
class Found:
    """A drive with the entry that means it."""

    drive: Drive
    spec: DriveSpec
    real: str
    """The folder without symbolic links; what was written where nothing was found."""
    mount_point: str | None = None
    uuid: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What was seen of the folders in question. Folders are texts as `candidates` gives them."""

    spaces: Mapping[str, Space] = field(default_factory=dict)
    """Folders that answered; others are not there, are no folders or hang."""
    globbed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """For each pattern the paths that fit it."""
    known: Mapping[str, str] = field(default_factory=dict)
    """For each folder where its file system was mounted when it was last seen well."""
    seen: Sequence[Found] = ()
    """What the look before found, also drives that were missing then."""


Specs = Mapping[DriveKind, Sequence[DriveSpec]]


def resolve(specs: Specs, volumes: Sequence[Volume], facts: Facts) -> list[Found]:
    """Turn written entries into drives, in the order of the entries.

    An entry that means nothing present gives one drive that is missing. A drive that a label or a
    glob meant before and that went away stays in the list as missing, with all that was known of
    it. Within a set each folder stands once, under the entry that came first.
    """
    return [
        found
        for kind, entries in specs.items()
        for found in _once([_of_entry(kind, spec, volumes, facts) for spec in entries])
    ]


def candidates(spec: DriveSpec, volumes: Sequence[Volume], facts: Facts) -> list[str]:
    """The folders an entry may mean, present or not; each is worth a look."""
    if spec.form is SpecForm.LABEL:
        return list(_labelled(spec, volumes))
    if spec.form is SpecForm.GLOB:
        before = [one.drive.path for one in facts.seen if one.spec == spec and one.mount_point]
        return list(dict.fromkeys([*facts.globbed.get(spec.text, ()), *before]))
    return [spec.text]


def overlaps(found: Sequence[Found]) -> list[str]:
    """One sentence for each pair of sets that mean the same folder, naming both entries."""
    sentences: dict[tuple[DriveKind, DriveKind], str] = {}
    for one, other in combinations(found, 2):
        pair = (one.drive.kind, other.drive.kind)
        if one.drive.kind != other.drive.kind and _place(one) == _place(other):
            sentences.setdefault(
                pair,
                f'"{one.spec.written}" ({pair[0]}) and "{other.spec.written}" ({pair[1]}) both mean'
                f" {one.drive.path}; give each set folders of its own.",
            )
    return list(sentences.values())


def learnt(found: Iterable[Found]) -> dict[str, str]:
    """Where the file system of each folder that is well is mounted; see `Facts.known`."""
    return {
        one.drive.path: one.mount_point
        for one in found
        if one.mount_point and not one.drive.missing and one.spec.form is not SpecForm.LABEL
    }


def _once(entries: Sequence[Sequence[Found]]) -> list[Found]:
    """Each folder once, in order; one that is there goes before one that was."""
    best: dict[str, Found] = {}
    for found in (each for entry in entries for each in entry):
        key = os.path.normcase(found.real)
        if key not in best or (best[key].drive.missing and not found.drive.missing):
            best[key] = found
    return list(best.values())


def _of_entry(
    kind: DriveKind, spec: DriveSpec, volumes: Sequence[Volume], facts: Facts
) -> list[Found]:
    before = {
        one.drive.path: one
        for one in facts.seen
        if one.spec == spec and one.drive.kind == kind and one.mount_point is not None
    }
    homes = _labelled(spec, volumes)
    now = [
        _at(kind, spec, path, homes.get(path), volumes, facts, before.get(path))
        for path in candidates(spec, volumes, facts)
    ]
    listed = {one.drive.path for one in now}
    now += [_gone(old) for path, old in before.items() if path not in listed]
    if spec.form in (SpecForm.LABEL, SpecForm.GLOB):
        here = {one.uuid for one in now if not one.drive.missing and one.uuid}
        now = [
            one for one in now if one.mount_point and not (one.drive.missing and one.uuid in here)
        ]
    return now or [Found(Drive(kind, spec.written, missing=True), spec, spec.written)]


def _labelled(spec: DriveSpec, volumes: Sequence[Volume]) -> dict[str, Volume]:
    """The folders on volumes whose label fits; of several mounts of one file system the best."""
    best: dict[str, Volume] = {}
    for volume in sorted(volumes, key=lambda one: (not one.whole, len(one.mount_point))):
        if spec.matches(volume.label):
            best.setdefault(volume.filesystem, volume)
    homes = sorted(best.values(), key=lambda one: one.mount_point)
    return {str(PurePath(home.mount_point, spec.folder)): home for home in homes}


def _at(
    kind: DriveKind,
    spec: DriveSpec,
    path: str,
    home: Volume | None,
    volumes: Sequence[Volume],
    facts: Facts,
    before: Found | None,
) -> Found:
    """The drive at one folder."""
    space = facts.spaces.get(path)
    bare = bare_point(space, facts.known.get(path)) if space else None
    if space is None or bare or _is_elsewhere(space, home):
        if before is not None:
            return _gone(before)
        mount_point = home.mount_point if home else bare
        return Found(_dressed(Drive(kind, path, missing=True), home), spec, path, mount_point)
    volume = home or _volume(space, volumes)
    drive = Drive(
        kind,
        path,
        filesystem=space.filesystem,
        total=space.total,
        free=space.free,
        read_only=space.read_only,
    )
    uuid = volume.uuid if volume else None
    return Found(_dressed(drive, volume), spec, space.real, space.mount_point, uuid)


def _is_elsewhere(space: Space, home: Volume | None) -> bool:
    """A labelled drive that went away between the two looks leaves its folder to another."""
    return home is not None and space.filesystem != home.filesystem


def bare_point(space: Space, known: str | None) -> str | None:
    """The mount point whose file system is gone, so that the folder now belongs to the one above.

    A drive that was exchanged for another at the same place is well, and so is a symbolic link
    that was turned elsewhere.
    """
    gone = (
        known is not None
        and known != space.mount_point
        and is_within(known, space.mount_point)
        and is_within(space.real, known)
    )
    return known if gone else space.unmounted


def _gone(old: Found) -> Found:
    return replace(old, drive=replace(old.drive, missing=True, free=0))


def _volume(space: Space, volumes: Sequence[Volume]) -> Volume | None:
    same = [volume for volume in volumes if volume.filesystem == space.filesystem]
    exact = [volume for volume in same if volume.mount_point == space.mount_point]
    return next(iter(exact or same), None)


def _dressed(drive: Drive, volume: Volume | None) -> Drive:
    if volume is None:
        return drive
    return replace(
        drive,
        filesystem=volume.filesystem,
        total=drive.total or volume.total,
        label=volume.label,
        device=volume.device,
        fs_type=volume.fs_type,
        model=volume.model,
        bus=volume.bus,
    )


def _place(one: Found) -> str:
    """The same for two entries that mean the same folder, or are the same words for nothing."""
    if one.drive.missing and one.spec.form is SpecForm.LABEL:
        return one.spec.written.casefold()
    return os.path.normcase(one.real)
