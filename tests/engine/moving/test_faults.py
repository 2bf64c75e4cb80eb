"""A move on two real drives, with a fault at every point of it.

After each fault, and after the fault that comes while it recovers, both drives are unmounted and
mounted, so that only what is on the disks counts. Then must hold:

I1  a whole copy exists
I2  nothing that a harvester would take is less than whole
I3  giving the move again ends with one copy, at the destination, and no part file
I4  nothing that is not the mover's was changed or removed
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from plotobot.engine.moving.base import Verify
from plotobot.engine.moving.errand import Errand, Pace, to_plain
from plotobot.engine.moving.marker import mark_drive
from plotobot.engine.moving.source import ident_of
from tests.engine.drives.conftest import impossible
from tests.engine.moving.faulty_carrier import POINTS
from tests.little_plots import RealPlot

pytestmark = pytest.mark.mounts

FAULTS = (
    "kill", "power_cut", "target_yanked", "source_yanked", "target_read_only", "target_unmounted",
    "target_filled", "other_drive", "clock_back",
)  # fmt: skip
MOMENTS = 15
"""More of them by hand, after a change of the protocol."""
BYSTANDER = ("plot-of-somebody-else.plot.bak", b"not the mover's" * 999)
HARVESTED = (".plot", ".plot2", ".gplot")
PACE = Pace(block=1 << 16, window=1 << 19, chunk=1 << 20)


def run(*command: object) -> None:
    subprocess.run(list(map(str, command)), check=True, capture_output=True, timeout=60)


@dataclass
class Bench:
    """Two drives as images, their templates, and what is on them."""

    root: Path
    plot: RealPlot
    whole: bytes = b""
    name: str = ""

    def __post_init__(self) -> None:
        self.whole, self.name = self.plot.path.read_bytes(), self.plot.path.name
        self.source, self.target = self.root / "source", self.root / "target"
        self.out, self.near = self.source / "out" / self.name, self.source / "near"
        self.templates, self.images = self.root / "templates", self.root / "images"
        for folder in (self.source, self.target, self.templates, self.images):
            folder.mkdir()
        script = Path(__file__).with_name("faulty_carrier.py")
        self.carrier = subprocess.Popen(
            [sys.executable, "-I", script],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def close(self) -> None:
        with self.carrier:
            assert self.carrier.stdin
            self.carrier.stdin.close()
        self.unmount()

    def prepare(self) -> None:
        """Make the templates once; a case begins with copies of them."""
        for drive in ("target", "other", "source"):
            image = self.templates / drive
            with image.open("wb") as file:
                file.truncate(48 << 20)
            run("mkfs.ext4", "-q", "-m", "0", "-E", "lazy_itable_init=1", image)
            point = self.source if drive == "source" else self.target
            self.mount(drive, point, self.templates)
            (point / BYSTANDER[0]).write_bytes(BYSTANDER[1])
            if drive == "source":
                (point / "out").mkdir()
                shutil.copyfile(self.plot.path, self.out)
                self.near.mkdir()
                mark_drive(self.near, self.templates / "state")
                shutil.copytree(self.templates / "state", point / "state")
            else:
                state = "state" if drive == "target" else "state-of-other"
                mark_drive(self.target, self.templates / state)
            self.unmount()

    def fresh(self, state_on_source: bool) -> None:
        self.unmount()
        self.other_was_there = False
        shutil.rmtree(self.images)
        run("cp", "-r", "--sparse=always", self.templates, self.images)
        self.remount()
        self.state = (self.source if state_on_source else self.images) / "state"

    def mount(self, drive: str, point: Path, images: Path) -> None:
        run("mount", "-o", "loop", images / drive, point)

    def unmount(self) -> None:
        for point in (self.target, self.source):
            while subprocess.run(["umount", "-l", point], capture_output=True).returncode == 0:
                pass

    def remount(self) -> None:
        self.unmount()
        self.mount("source", self.source, self.images)
        self.mount("target", self.target, self.images)

    def errand(self, verify: Verify, folder: Path | None = None) -> dict:
        return to_plain(
            Errand(
                id="move", source=self.out, ident=ident_of(self.out.lstat()),
                folder=folder or self.target, state_dir=self.state, verify=verify, pace=PACE,
            )
        )  # fmt: skip

    def move(self, errand: dict, point: str, fault: str, **more: object) -> str:
        case = {
            "errand": errand, "point": point, "fault": fault, "source": str(self.source),
            "target": str(self.target), "other": str(self.images / "other"), **more,
        }  # fmt: skip
        self.other_was_there |= fault == "other_drive"
        assert self.carrier.stdin
        assert self.carrier.stdout
        self.carrier.stdin.write(json.dumps(case) + "\n")
        self.carrier.stdin.flush()
        answer = json.loads(self.carrier.stdout.readline())
        if answer["code"] == -9:
            return "killed"
        assert answer["code"] == 0, answer["said"]
        return answer["said"]

    # What must hold.

    def harvested(self) -> list[Path]:
        """What a harvester would take from the destinations."""
        places = (*self.target.rglob("*"), *self.near.rglob("*"))
        return [path for path in places if path.suffix in HARVESTED]

    def violations(self) -> list[str]:
        """Which of I1, I2 and I4 do not hold, on drives that were taken away and brought back."""
        self.unmount()
        broken = [f"I4: {path.name} under the mount point" for path in self.target.iterdir()]
        if self.other_was_there:
            broken += self.strays_on_other()
        self.remount()
        places = [self.out, *self.harvested()]
        if not any(path.exists() and path.read_bytes() == self.whole for path in places):
            broken.append("I1: no whole copy is left")
        for path in self.harvested():
            if path.read_bytes() != self.whole:
                broken.append(f"I2: {path.name} is not whole")
        for drive in (self.source, self.target):
            if (drive / BYSTANDER[0]).read_bytes() != BYSTANDER[1]:
                broken.append(f"I4: a bystander in {drive.name} changed")
        return broken

    def strays_on_other(self) -> list[str]:
        self.mount("other", self.target, self.images)
        names = {path.name for path in self.target.iterdir()}
        self.unmount()
        strays = names - {"lost+found", BYSTANDER[0], ".plotobot-drive"}
        return [f"I4: {name} on another drive" for name in strays]

    def one_copy(self, folder: Path | None = None) -> bool:
        """Whether the plot is at its destination alone, with nothing else of the mover."""
        folder = folder or self.target
        names = {path.name for path in folder.iterdir()} - {"lost+found", BYSTANDER[0]}
        landed = folder / self.name
        return (
            not self.out.exists()
            and names == {".plotobot-drive", self.name}
            and landed.read_bytes() == self.whole
        )


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, pool_plot: RealPlot) -> Iterator[Bench]:
    bench = Bench(tmp_path_factory.mktemp("bench"), pool_plot)
    try:
        bench.prepare()
    except (OSError, subprocess.SubprocessError) as error:
        bench.close()
        impossible(error)
    try:
        yield bench
    finally:
        bench.close()


def expected(fault: str, point: str) -> str:
    """How a move ends that meets a fault at a point."""
    passed = POINTS.index(point)
    unneeded = {
        "source_yanked": "done",
        "target_read_only": "dir_synced",
        "target_filled": "part_created",
    }
    if fault in ("kill", "power_cut"):
        return "killed"
    if fault == "clock_back" or passed >= POINTS.index(unneeded.get(fault, "src_unlinked")):
        return "moved"
    gone = ("target_yanked", "target_unmounted", "other_drive")
    return "DestinationAway" if fault in gone else "MoveRefused"


CASES = [(fault, point) for fault in FAULTS for point in POINTS]


@pytest.mark.parametrize(
    ("number", "fault", "point"),
    [(number, *case) for number, case in enumerate(CASES)],
    ids=[f"{fault}-{point}" for fault, point in CASES],
)
def test_no_fault_loses_or_halves_a_plot(bench: Bench, number: int, fault: str, point: str) -> None:
    chance = random.Random(number)
    bench.fresh(state_on_source=fault in ("kill", "power_cut") or number % 2 == 0)
    errand = bench.errand(list(Verify)[number % 3])

    outcome = bench.move(errand, point, fault)
    assert outcome.partition(":")[0] == expected(fault, point), outcome
    assert bench.violations() == []

    if number % 3 == 0:  # and another one while it recovers
        bench.move(errand, chance.choice(POINTS), chance.choice(FAULTS))
        assert bench.violations() == []

    (bench.target / "filler").unlink(missing_ok=True)
    assert bench.move(errand, "done", "nothing") == "moved"
    assert bench.violations() == []
    assert bench.one_copy()


@pytest.mark.parametrize("seed", range(MOMENTS))
def test_no_moment_is_one_at_which_a_plot_is_lost(bench: Bench, seed: int) -> None:
    """Faults between the points, up to three in a row."""
    chance = random.Random(seed)
    bench.fresh(state_on_source=True)
    errand = bench.errand(chance.choice(list(Verify)))

    for _ in range(chance.randint(1, 3)):
        fault = chance.choice(["kill", "power_cut", "target_yanked", "source_yanked"])
        bench.move(errand, "done", fault, after=chance.uniform(0.001, 0.15))
        assert bench.violations() == []

    assert bench.move(errand, "done", "nothing") == "moved"
    assert bench.violations() == []
    assert bench.one_copy()


RENAMING = ("planned", "renamed", "dir_synced", "journaled", "src_dir_synced", "done")


@pytest.mark.parametrize("fault", ["power_cut", "source_yanked"])
@pytest.mark.parametrize("point", RENAMING)
def test_no_fault_loses_a_plot_that_is_renamed(bench: Bench, fault: str, point: str) -> None:
    bench.fresh(state_on_source=True)
    errand = bench.errand(Verify.FULL, bench.near)

    outcome = bench.move(errand, point, fault)
    assert outcome == "killed" or fault == "source_yanked"
    assert bench.violations() == []

    assert bench.move(errand, "done", "nothing") == "moved"
    assert bench.violations() == []
    assert bench.one_copy(bench.near)


def test_the_matrix_sees_a_mover_that_loses_plots(bench: Bench) -> None:
    bench.fresh(state_on_source=False)
    outcome = bench.move(bench.errand(Verify.OFF), "src_dir_synced", "power_cut", naive=True)
    assert outcome == "killed"
    assert "I1: no whole copy is left" in bench.violations()
