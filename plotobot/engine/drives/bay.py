"""The drives of one machine, looked at again and again."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from plotobot.engine.drives.discovery import (
    Facts,
    Found,
    Specs,
    bare_point,
    candidates,
    learnt,
    resolve,
)
from plotobot.engine.drives.discovery import overlaps as _overlaps
from plotobot.engine.drives.spec import SpecForm
from plotobot.engine.drives.volumes import Space, Volume, VolumeSource
from plotobot.engine.drives.waiting import Patience
from plotobot.engine.models import Drive

PATIENCE = 5.0
"""Seconds a folder gets for its answer before it counts as missing."""


class DriveBay:
    """Looks at the farmer's drives. Blocks on disks: call `look` in a thread, one at a time.

    Args:
        specs: what the farmer wrote, by set.
        source: who tells of this machine's file systems.
        known: what `known` held at the end of the last life.
        patience: seconds a folder gets for its answer; all are asked at once.
    """

    def __init__(
        self,
        specs: Specs,
        source: VolumeSource,
        known: Mapping[str, str] | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self._specs = specs
        self._source = source
        self._known = dict(known or {})
        self._volumes: Sequence[Volume] = ()
        self._found: Sequence[Found] = ()
        # The source bounds its own waits; this bound is for those that do not.
        self._listing: Patience[str, list[Volume]] = Patience(2 * patience)
        self._globbing: Patience[str, list[str]] = Patience(patience)
        self._looking: Patience[str, Space] = Patience(patience)
        self._placing: Patience[str, Space] = Patience(patience)

    @property
    def source(self) -> VolumeSource:
        """Who tells of this machine's file systems."""
        return self._source

    @property
    def known(self) -> Mapping[str, str]:
        """Where the file system of each folder was mounted; worth keeping over restarts.

        By it a drive that is not mounted after a restart is missing, and its bare mount point is
        not taken for a folder of the root file system.
        """
        return dict(self._known)

    def look_for(self, specs: Specs) -> None:
        """Look for other drives from now on; what was learnt of folders stays."""
        self._specs = specs

    def forget(self, folder: str) -> None:
        """Take a folder for what it is now: the farmer moved it off its own drive on purpose."""
        self._known.pop(folder, None)

    @property
    def stuck(self) -> frozenset[str]:
        """The folders that do not answer."""
        return self._looking.stuck

    def look(self) -> Sequence[Drive]:
        """Look at every drive; returns after bounded time, also where mounts hang.

        What does not answer is missing. One thread stays behind for each such folder, and the
        folder is asked again when that thread came back.
        """
        volumes = self._list()
        facts = Facts(globbed=self._glob(), known=self._known, seen=self._found)
        facts = replace(facts, spaces=self._ask(volumes, facts))
        self._found = resolve(self._specs, volumes, facts)
        self._known.update(learnt(self._found))
        return [one.drive for one in self._found]

    def filesystems(self, folders: Iterable[str]) -> dict[str, str]:
        """The file systems of folders that need not be written anywhere, as `Drive.filesystem`.

        Those that do not answer are not in it, nor bare mount points. It returns after bounded
        time.
        """
        answers = self._placing.ask({folder: self._look_at(folder) for folder in folders})
        return {
            folder: space.filesystem
            for folder, space in answers.items()
            if isinstance(space, Space) and not bare_point(space, self._known.get(folder))
        }

    def overlaps(self) -> list[str]:
        """As of the last look, one sentence for each pair of sets that share a folder."""
        return _overlaps(self._found)

    def _list(self) -> Sequence[Volume]:
        answer = self._listing.ask({"": self._source.volumes})[""]
        if not isinstance(answer, OSError):
            self._volumes = answer
        return self._volumes

    def _glob(self) -> dict[str, list[str]]:
        patterns = {
            spec.text
            for entries in self._specs.values()
            for spec in entries
            if spec.form is SpecForm.GLOB
        }
        answers = self._globbing.ask({pattern: _globbing(pattern) for pattern in patterns})
        return {key: paths for key, paths in answers.items() if not isinstance(paths, OSError)}

    def _ask(self, volumes: Sequence[Volume], facts: Facts) -> dict[str, Space]:
        folders = {
            folder
            for entries in self._specs.values()
            for spec in entries
            for folder in candidates(spec, volumes, facts)
        }
        answers = self._looking.ask({folder: self._look_at(folder) for folder in folders})
        return {key: space for key, space in answers.items() if isinstance(space, Space)}

    def _look_at(self, folder: str) -> Callable[[], Space]:
        return lambda: self._source.look(folder)


def _globbing(pattern: str) -> Callable[[], list[str]]:
    return lambda: sorted(glob.glob(pattern))  # noqa: PTH207 - the pattern is absolute
