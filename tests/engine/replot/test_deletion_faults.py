"""A deletion on a real drive, with a fault at every step of it.

After each fault the drives are unmounted and mounted, so that only what is on the disks counts, and
the journal is settled as at the next start. Then must hold:

J1  the journal and the disk agree on the plot: kept, in quarantine or gone
J2  a plot that is not there has a row; one without a row is there, whole
J3  nothing else was changed or removed, not on another drive, not below the mount point
J4  giving the deletion again ends with the plot gone
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from plotobot.engine.drives import local_volumes
from plotobot.engine.models import Drive, DriveKind
from plotobot.engine.replot.folders import QUARANTINE
from plotobot.engine.replot.journal import Entry, Fate, Journal
from plotobot.engine.replot.settling import settle
from plotobot.engine.store import Store
from plotobot.plots.address import encode_address
from tests.engine.drives.conftest import impossible
from tests.engine.replot.faulty_deletion import POINTS
from tests.little_plots import CONTRACT, FARMER_PK, POOL_PK, RealPlot

pytestmark = pytest.mark.mounts

KILLING = ("kill", "power_cut")
FAULTS = (*KILLING, "drive_yanked", "state_yanked", "read_only", "unmounted", "other_drive",
          "disarm")  # fmt: skip
WAYS = ("delete", "quarantine", "purge")


def run(*command: object) -> None:
    subprocess.run(list(map(str, command)), check=True, capture_output=True, timeout=60)


@dataclass
class Rig:
    """A replot drive with two plots and a drive for the state, as images with templates."""

    root: Path
    old: RealPlot
    new: RealPlot

    def __post_init__(self) -> None:
        self.drive, self.state = self.root / "old", self.root / "state"
        self.templates, self.images = self.root / "templates", self.root / "images"
        for folder in (self.drive, self.state, self.templates, self.images):
            folder.mkdir()
        self.path = self.drive / self.old.path.name
        self.aside = self.drive / QUARANTINE / self.path.name
        script = Path(__file__).with_name("faulty_deletion.py")
        self.worker = subprocess.Popen(
            [sys.executable, "-I", script],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def close(self) -> None:
        with self.worker:
            assert self.worker.stdin
            self.worker.stdin.close()
        self.unmount()

    def prepare(self) -> None:
        for name, mib in (("old", 24), ("other", 24), ("state", 8)):
            image = self.templates / name
            with image.open("wb") as file:
                file.truncate(mib << 20)
            run("mkfs.ext4", "-q", "-m", "0", "-E", "lazy_itable_init=1", image)
            point = self.state if name == "state" else self.drive
            run("mount", "-o", "loop", image, point)
            if name != "state":
                shutil.copyfile(self.old.path, self.path)
                shutil.copyfile(self.new.path, self.drive / self.new.path.name)
            self.unmount()

    def fresh(self) -> None:
        self.unmount()
        shutil.rmtree(self.images)
        run("cp", "-r", "--sparse=always", self.templates, self.images)
        self.remount()

    def unmount(self) -> None:
        for point in (self.drive, self.state):
            while subprocess.run(["umount", "-l", point], capture_output=True).returncode == 0:
                pass

    def remount(self) -> None:
        self.unmount()
        run("mount", "-o", "loop", self.images / "old", self.drive)
        run("mount", "-o", "loop", self.images / "state", self.state)

    def act(self, way: str, point: str, fault: str) -> str:
        case = {
            "drive": str(self.drive), "state": str(self.state), "point": point, "fault": fault,
            "other": str(self.images / "other"), "name": self.path.name,
            "old": POOL_PK.hex(), "farmer": FARMER_PK.hex(), "new": encode_address(CONTRACT),
            "quarantine": way == "quarantine", "purge": way == "purge",
        }  # fmt: skip
        assert self.worker.stdin
        assert self.worker.stdout
        self.worker.stdin.write(json.dumps(case) + "\n")
        self.worker.stdin.flush()
        answer = json.loads(self.worker.stdout.readline())
        if answer["code"] == -9:
            return "killed"
        assert answer["code"] == 0, answer["said"]
        return answer["said"]

    async def restart(self) -> list[Entry]:
        """What the next start does; returns the journal after it."""
        store = await Store.open(self.state / "plotobot.db")
        try:
            assert store.recovered is None
            journal, look = Journal(store), local_volumes().look
            drive = Drive(DriveKind.REPLOT, str(self.drive), look(str(self.drive)).filesystem)
            entries = await journal.entries()
            await settle(journal, entries, [drive], look, lambda: datetime.now(UTC))
            return list(await journal.entries())
        finally:
            await store.close()

    async def violations(self, fault: str) -> list[str]:
        self.unmount()
        broken = [f"J3: {path.name} below the mount point" for path in self.drive.iterdir()]
        if fault in ("unmounted", "other_drive"):
            broken += self.changes_of_other()
        self.remount()
        entries = await self.restart()
        there = self.fate_on_disk()
        if any(entry.fate.open for entry in entries):
            broken.append("J1: a row has no end")
        if entries and entries[-1].fate is not there:
            broken.append(f"J1: the journal says {entries[-1].fate}, the disk {there}")
        if not entries and there is not Fate.KEPT:
            broken.append(f"J2: {there} without a row")
        if (self.drive / self.new.path.name).read_bytes() != self.new.path.read_bytes():
            broken.append("J3: the other plot changed")
        return broken

    def changes_of_other(self) -> list[str]:
        run("mount", "-o", "loop", self.images / "other", self.drive)
        names = {path.name for path in self.drive.iterdir()} - {"lost+found"}
        self.unmount()
        wanted = {self.path.name, self.new.path.name}
        return [] if names == wanted else [f"J3: the other drive has {names}"]

    def fate_on_disk(self) -> Fate | str:
        places = {Fate.KEPT: self.path, Fate.QUARANTINED: self.aside}
        there = [fate for fate, path in places.items() if path.exists()]
        for fate in there:
            if places[fate].read_bytes() != self.old.path.read_bytes():
                return f"{fate}, and not whole"
        return f"{there}" if len(there) > 1 else there[0] if there else Fate.GONE


@pytest.fixture(scope="module")
def rig(
    tmp_path_factory: pytest.TempPathFactory, pool_plot: RealPlot, contract_plot: RealPlot
) -> Iterator[Rig]:
    rig = Rig(tmp_path_factory.mktemp("rig"), pool_plot, contract_plot)
    try:
        rig.prepare()
    except (OSError, subprocess.SubprocessError) as error:
        rig.close()
        impossible(error)
    try:
        yield rig
    finally:
        rig.close()


CASES = [
    (way, fault, point)
    for way in WAYS
    for fault in FAULTS
    for point in POINTS
    # What does not kill is tried where it can matter, to save the time of so many mounts.
    if fault in KILLING or point in ("journaled", "gone", "examined_again")[way != "delete" :]
]


@pytest.mark.parametrize(
    ("way", "fault", "point"), CASES, ids=[f"{way}-{fault}-{point}" for way, fault, point in CASES]
)
async def test_journal_and_disk_agree_after_every_fault(
    rig: Rig, way: str, fault: str, point: str
) -> None:
    rig.fresh()
    if way == "purge":
        assert rig.act("quarantine", "", "nothing") == "deleted"

    outcome = rig.act(way, point, fault)
    assert (outcome == "killed") is (fault in KILLING), outcome
    assert outcome != "unreached"
    if fault == "disarm" and POINTS.index(point) <= POINTS.index("examined_again"):
        assert outcome == "Odd: Disarmed."
        assert rig.fate_on_disk() is (Fate.QUARANTINED if way == "purge" else Fate.KEPT)
    assert await rig.violations(fault) == []

    again = rig.act(way, "", "nothing")
    assert again in ("deleted", f"nothing to {'purge' if way == 'purge' else 'delete'}")
    assert rig.fate_on_disk() is (Fate.QUARANTINED if way == "quarantine" else Fate.GONE)
