"""Each rule by its name: the plainest case in which it holds, and the same without its cause."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from plotobot.engine.case import Kind, Rules, World
from plotobot.engine.config import Limits, Profile
from plotobot.engine.models import GIB, Drive, DriveKind, Job, JobState
from plotobot.engine.planner import plan
from plotobot.engine.rules import RULES
from plotobot.plotters.base import Needs

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
TEMP = Drive(DriveKind.TEMP, "/a", filesystem="a", free=1000 * GIB)
OTHER = Drive(DriveKind.TEMP, "/b", filesystem="b", missing=True)
OUT = Drive(DriveKind.OUT, "/out", filesystem="out", free=1000 * GIB)
POOL = Profile("pool")
ROOMY = Limits(max_parallel=9, max_parallel_per_drive=9)
RUNNING = Job("1", "chia", 32, "/a", "/out", state=JobState.RUNNING, status="1.1")


@dataclass(frozen=True)
class Scene:
    """A drive that gets a plot, until something holds it."""

    profile: Profile = POOL
    limits: Limits = ROOMY
    drives: tuple[Drive, ...] = (TEMP, OTHER, OUT)
    world: Mapping[str, object] | None = None
    jobs: tuple[Job, ...] = ()

    def held_by(self) -> set[str]:
        """The rules that hold `/a` before its first start."""
        kinds = [Kind(self.profile, Needs(239 * GIB, 110 * GIB, 102 * GIB))]
        world = World(NOW, self.drives, self.jobs, **(self.world or {}))  # type: ignore[arg-type]
        decided = plan(world, Rules(self.limits, kinds))
        return set() if decided.starts else {h.rule for h in decided.holds if h.drive == "/a"}


def limited(**changes: object) -> Limits:
    return replace(ROOMY, **changes)  # type: ignore[arg-type]


def of_pool(job: Job) -> tuple[Job, ...]:
    return (replace(job, profile="pool"),)


JUST_NOW = {"starts": [("/a", NOW - timedelta(minutes=1))]}
ELSEWHERE = {"starts": [("/b", NOW - timedelta(minutes=1))]}
SCENES: Mapping[str, tuple[Scene, Callable[[Scene], Scene]]] = {
    "paused": (Scene(world={"spawning": False}), lambda s: replace(s, world=None)),
    "until": (Scene(world={"until": NOW}), lambda s: replace(s, world=None)),
    "quota": (
        Scene(limits=limited(count=3), world={"spawned": 3}),
        lambda s: replace(s, world={"spawned": 2}),
    ),
    "profile_drives": (
        Scene(Profile("pool", temp=("/b",))),
        lambda s: replace(s, profile=Profile("pool", temp=("/a",))),
    ),
    "profile_quota": (
        Scene(Profile("pool", count=1), world={"spawned_of": {"pool": 1}}),
        lambda s: replace(s, world={"spawned_of": {"solo": 1}}),
    ),
    "state_disk": (
        Scene(world={"state_disk": "the state folder cannot be written"}),
        lambda s: replace(s, world=None),
    ),
    "plotter_missing": (
        Scene(world={"missing": {"pool": "chia is not there"}}),
        lambda s: replace(s, world={"missing": {"solo": "chia is not there"}}),
    ),
    "drive_problem": (
        Scene(drives=(replace(TEMP, read_only=True), OUT)),
        lambda s: replace(s, drives=(TEMP, OUT)),
    ),
    "failing": (
        Scene(world={"failing": {"pool": "3 plots failed in a row"}}),
        lambda s: replace(s, world={"failing": {"solo": "3 plots failed in a row"}}),
    ),
    "resting": (
        Scene(world={"resting": {"/a": NOW + timedelta(minutes=1)}}),
        lambda s: replace(s, world={"resting": {"/b": NOW + timedelta(minutes=1)}}),
    ),
    "max_parallel": (
        Scene(limits=limited(max_parallel=1), jobs=(replace(RUNNING, temp="/b"),)),
        lambda s: replace(s, jobs=()),
    ),
    "max_parallel_per_drive": (
        Scene(limits=limited(max_parallel_per_drive=1), jobs=(RUNNING,)),
        lambda s: replace(s, jobs=(replace(RUNNING, temp="/b"),)),
    ),
    "profile_max_parallel": (
        Scene(Profile("pool", max_parallel=1), jobs=of_pool(replace(RUNNING, temp="/b"))),
        lambda s: replace(s, jobs=(RUNNING,)),
    ),
    "profile_max_parallel_per_drive": (
        Scene(Profile("pool", max_parallel_per_drive=1), jobs=of_pool(RUNNING)),
        lambda s: replace(s, jobs=of_pool(replace(RUNNING, temp="/b"))),
    ),
    "max_in_phase": (
        Scene(limits=limited(max_in_phase={1: 1}), jobs=(replace(RUNNING, temp="/b"),)),
        lambda s: replace(s, jobs=(replace(RUNNING, temp="/b", status="2.1"),)),
    ),
    "max_in_phase_per_drive": (
        Scene(limits=limited(max_in_phase_per_drive={1: 1}), jobs=(RUNNING,)),
        lambda s: replace(s, jobs=(replace(RUNNING, temp="/b"),)),
    ),
    "wait_between_drives": (
        Scene(limits=limited(wait_between_drives=600.0), world=ELSEWHERE),
        lambda s: replace(s, world=JUST_NOW),
    ),
    "wait_same_drive": (
        Scene(limits=limited(wait_same_drive=600.0), world=JUST_NOW),
        lambda s: replace(s, world=ELSEWHERE),
    ),
    "temp_space": (
        Scene(drives=(replace(TEMP, free=238 * GIB), OUT)),
        lambda s: replace(s, drives=(replace(TEMP, free=239 * GIB), OUT)),
    ),
    "replot_halted": (
        Scene(drives=(TEMP,), world={"replot_halted": "it was stopped"}),
        lambda s: replace(s, drives=(TEMP, OUT)),
    ),
    "no_out_drive": (
        Scene(drives=(TEMP, replace(OUT, free=101 * GIB))),
        lambda s: replace(s, drives=(TEMP, replace(OUT, free=102 * GIB))),
    ),
}


def test_every_rule_has_its_scene() -> None:
    assert set(SCENES) == {name for name, _ in RULES}


@pytest.mark.parametrize("rule", SCENES)
def test_rule(rule: str) -> None:
    scene, without_cause = SCENES[rule]

    assert scene.held_by() == {rule}
    assert without_cause(scene).held_by() == set()
