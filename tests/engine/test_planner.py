"""Where plots start, and why not. Sizes in the tables are GiB."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plotobot.engine.config import Limits
from plotobot.engine.models import GIB, Drive, DriveKind, Job, JobState
from plotobot.engine.planner import Plan, Rules, World, plan
from plotobot.engine.space import Ledger
from plotobot.plotters.base import Needs

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
K32 = Needs(temp=239 * GIB, temp2=110 * GIB, out=102 * GIB)


def drive(path: str, free: float, kind: DriveKind = DriveKind.TEMP, **changes: object) -> Drive:
    values: dict[str, object] = {"total": int(free * GIB), "filesystem": path}
    return Drive(kind, path, free=int(free * GIB), **(values | changes))  # type: ignore[arg-type]


def out(path: str, free: float, **changes: object) -> Drive:
    return drive(path, free, DriveKind.OUT, **changes)


def job(temp: str, *, to: str = "/out", used: float = 0, out_used: float = 0) -> Job:
    return Job(
        id=f"{temp}-{used}",
        plotter="chia",
        k=32,
        temp=temp,
        out=to,
        state=JobState.RUNNING,
        temp_need=K32.temp,
        out_need=K32.out,
        temp_used=int(used * GIB),
        out_used=int(out_used * GIB),
    )


def rules(max_parallel: int = 20, per_drive: int = 20, **changes: object) -> Rules:
    limits = Limits(max_parallel=max_parallel, max_parallel_per_drive=per_drive, **changes)  # type: ignore[arg-type]
    return Rules(limits, K32, k=32)


def decide(drives: list[Drive], jobs: list[Job] | None = None, **changes: object) -> Plan:
    spawned, spawning = changes.pop("spawned", 0), changes.pop("spawning", True)
    world = World(NOW, drives, jobs or [], spawned, spawning)  # type: ignore[arg-type]
    return plan(world, rules(**changes))  # type: ignore[arg-type]


def temps(decided: Plan) -> dict[str, int]:
    return dict(Counter(start.temp for start in decided.starts))


def held(decided: Plan) -> dict[str, str]:
    return {hold.drive: hold.rule for hold in decided.holds}


BIG_OUT = out("/out", 10_000)


def test_the_readme_example_of_ploto() -> None:
    """Seven jobs in all, three a disk, five disks: 1+1+1+3+1."""
    sizes = {"/a": 465, "/b": 465, "/c": 465, "/d": 1810, "/e": 465}
    decided = decide(
        [*(drive(path, size) for path, size in sizes.items()), BIG_OUT], max_parallel=7, per_drive=3
    )
    assert temps(decided) == {"/a": 1, "/b": 1, "/c": 1, "/d": 3, "/e": 1}


@pytest.mark.parametrize(
    ("drives", "jobs", "options", "starts", "holds"),
    [
        pytest.param([], [], {}, {}, {"": "no_temp_drive"}, id="no-temp-drive-at-all"),
        pytest.param(
            [drive("/a", 300), BIG_OUT], [], {}, {"/a": 1}, {"/a": "temp_space"}, id="one-fits"
        ),
        pytest.param([drive("/a", 200), BIG_OUT], [], {}, {}, {"/a": "temp_space"}, id="none-fits"),
        pytest.param(
            [drive("/a", 300), drive("/b", 300), BIG_OUT],
            [job("/a", used=200)],
            {"max_parallel": 2},
            {"/b": 1},
            {"/a": "max_parallel", "/b": "max_parallel"},
            id="the-idle-drive-first",
        ),
        pytest.param(
            [drive("/a", 1000), BIG_OUT],
            [job("/a", used=239)],
            {"per_drive": 1},
            {},
            {"/a": "max_parallel_per_drive"},
            id="cap-per-drive",
        ),
        pytest.param(
            [drive("/a", 400), BIG_OUT],
            [job("/a", used=0)],
            {},
            {},
            {"/a": "temp_space"},
            id="a-job-just-started-has-its-room-promised",
        ),
        pytest.param(
            [drive("/a", 400), BIG_OUT],
            [job("/a", used=239)],
            {},
            {"/a": 1},
            {"/a": "temp_space"},
            id="a-job-at-its-peak-needs-no-more",
        ),
        pytest.param(
            [drive("/a", 2000), out("/out", 250)],
            [],
            {},
            {"/a": 2},
            {"/a": "no_out_drive"},
            id="out-space-is-promised-to-jobs-of-this-pass",
        ),
        pytest.param(
            [drive("/a", 500), out("/out", 150)],
            [job("/a", used=239)],
            {},
            {},
            {"/a": "no_out_drive"},
            id="out-space-is-promised-to-running-jobs",
        ),
        pytest.param(
            [drive("/a", 500)], [], {}, {}, {"/a": "no_out_drive"}, id="no-out-drive-configured"
        ),
        pytest.param(
            [drive("/a", 500), out("/out", 500, missing=True)],
            [],
            {},
            {},
            {"/a": "no_out_drive"},
            id="the-out-drive-is-missing",
        ),
        pytest.param(
            [drive("/a", 300, missing=True), drive("/b", 300, read_only=True), BIG_OUT],
            [],
            {},
            {},
            {"/a": "drive_problem", "/b": "drive_problem"},
            id="a-missing-and-a-read-only-drive",
        ),
        pytest.param(
            [drive("/a", 300), BIG_OUT],
            [],
            {"spawning": False},
            {},
            {"/a": "paused"},
            id="paused",
        ),
        pytest.param(
            [drive("/a", 3000), BIG_OUT],
            [],
            {"count": 5, "spawned": 3},
            {"/a": 2},
            {"/a": "quota"},
            id="quota",
        ),
        pytest.param(
            [drive("/a/x", 300, filesystem="sda"), drive("/a/y", 300, filesystem="sda"), BIG_OUT],
            [],
            {},
            {"/a/x": 1},
            {"/a/x": "temp_space", "/a/y": "temp_space"},
            id="two-folders-on-one-drive-share-its-room",
        ),
        pytest.param(
            [drive("/a", 300, filesystem="sda"), out("/a/plots", 300, filesystem="sda")],
            [],
            {},
            {"/a": 1},
            {"/a": "temp_space"},
            id="out-on-the-same-file-system-takes-no-second-space",
        ),
    ],
)
def test_plan(
    drives: list[Drive],
    jobs: list[Job],
    options: dict[str, object],
    starts: dict[str, int],
    holds: dict[str, str],
) -> None:
    decided = decide(drives, jobs, **options)
    assert temps(decided) == starts
    assert held(decided) == holds


def test_the_out_drive_with_most_room_after_promises_is_taken() -> None:
    """The bigger one has its room promised to running jobs, so the smaller wins."""
    outs = [out("/big", 400), out("/small", 250)]
    jobs = [job("/x", to="/big"), job("/y", to="/big")]
    decided = decide([drive("/a", 300), *outs], jobs)
    assert [start.out for start in decided.starts] == ["/small"]


def test_temp2_is_the_roomiest_and_without_room_the_job_does_without() -> None:
    temp2s = [drive("/t2", 150, DriveKind.TEMP2), drive("/t3", 120, DriveKind.TEMP2)]
    decided = decide([drive("/a", 1000), BIG_OUT, *temp2s], per_drive=3)
    assert [start.temp2 for start in decided.starts] == ["/t2", "/t3", None]


def test_a_reason_names_the_numbers() -> None:
    (hold,) = decide([drive("/a", 200), BIG_OUT]).holds
    assert hold.reason == (
        "200.0 GiB are left after running jobs and the reserve; a k32 plot takes 239.0 GiB"
    )


def test_the_reserve_stays_free() -> None:
    world = World(NOW, [drive("/a", 245), BIG_OUT], [])
    tight = Rules(Limits(max_parallel=9, max_parallel_per_drive=9), K32, 32, reserve=10 * GIB)
    assert plan(world, tight).starts == ()


PATHS = st.sampled_from(["/a", "/b", "/c", "/d"])
DRIVES = st.builds(
    lambda path, free, kind, fs, missing: Drive(
        kind, f"{path}/{kind}", filesystem=fs, total=free, free=free, missing=missing
    ),
    PATHS,
    st.integers(0, 2000 * GIB),
    st.sampled_from([DriveKind.TEMP, DriveKind.TEMP2, DriveKind.OUT]),
    st.sampled_from(["sda", "sdb", "sdc"]),
    st.booleans(),
)


@given(
    drives=st.lists(DRIVES, max_size=8, unique_by=lambda d: d.path),
    running=st.lists(st.tuples(PATHS, PATHS, st.integers(0, 239)), max_size=6),
    most=st.integers(1, 9),
    per_drive=st.integers(1, 4),
    count=st.none() | st.integers(0, 12),
    spawned=st.integers(0, 12),
)
def test_no_byte_is_promised_twice_and_no_cap_is_passed(
    drives: list[Drive],
    running: list[tuple[str, str, int]],
    most: int,
    per_drive: int,
    count: int | None,
    spawned: int,
) -> None:
    free: dict[str, int] = {}
    drives = [  # one file system has one amount of free space
        Drive(
            d.kind,
            d.path,
            d.filesystem,
            d.total,
            free.setdefault(d.filesystem, d.free),
            missing=d.missing,
        )
        for d in drives
    ]
    jobs = [job(f"{t}/temp", to=f"{o}/out", used=used) for t, o, used in running]
    decided = decide(
        drives, jobs, max_parallel=most, per_drive=per_drive, count=count, spawned=spawned
    )

    starts = [
        Job(
            "",
            "",
            32,
            s.temp,
            s.out,
            s.temp2,
            temp_need=K32.temp,
            temp2_need=K32.temp2 if s.temp2 else 0,
            out_need=K32.out,
        )
        for s in decided.starts
    ]
    before, after = Ledger.of(drives, jobs), Ledger.of(drives, [*jobs, *starts])
    for place in drives:
        if after.promised[place.filesystem] != before.promised[place.filesystem]:
            assert after.promised[place.filesystem] <= place.free
    assert len(starts) <= max(0, most - len(jobs))
    assert count is None or len(starts) <= max(0, count - spawned)
    for path, number in Counter(start.temp for start in decided.starts).items():
        assert number + sum(j.temp == path for j in jobs) <= per_drive
    paths = {d.path: d for d in drives}
    assert not any(paths[p].missing for s in decided.starts for p in (s.temp, s.out))
    named = {d.path for d in drives if d.kind is DriveKind.TEMP}
    assert {hold.drive for hold in decided.holds} == (named or {""})
