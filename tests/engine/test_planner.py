"""Where plots start, and why not. Sizes in the tables are GiB."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plotobot.engine.case import Kind, Rules, World, starts_of
from plotobot.engine.config import DriveLimits, Limits, Profile
from plotobot.engine.models import GIB, Drive, DriveKind, Job, JobState
from plotobot.engine.planner import Plan, plan
from plotobot.engine.space import Ledger
from plotobot.plotters.base import Needs

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
K32 = Needs(temp=239 * GIB, temp2=110 * GIB, out=102 * GIB)


def drive(path: str, free: float, kind: DriveKind = DriveKind.TEMP, **changes: object) -> Drive:
    values: dict[str, object] = {"total": int(free * GIB), "filesystem": path}
    return Drive(kind, path, free=int(free * GIB), **(values | changes))  # type: ignore[arg-type]


def out(path: str, free: float, **changes: object) -> Drive:
    return drive(path, free, DriveKind.OUT, **changes)


def job(
    temp: str, *, to: str = "/out", used: float = 0, out_used: float = 0, status: str = "1.0"
) -> Job:
    return Job(
        id=f"{temp}-{used}",
        plotter="chia",
        k=32,
        temp=temp,
        out=to,
        state=JobState.RUNNING,
        status=status,
        temp_need=K32.temp,
        out_need=K32.out,
        temp_used=int(used * GIB),
        out_used=int(out_used * GIB),
    )


def rules(max_parallel: int = 20, per_drive: int = 20, **changes: object) -> Rules:
    limits = Limits(max_parallel=max_parallel, max_parallel_per_drive=per_drive, **changes)  # type: ignore[arg-type]
    return Rules(limits, [Kind(Profile(), K32)])


def decide(drives: list[Drive], jobs: list[Job] | None = None, **changes: object) -> Plan:
    spawned, spawning = changes.pop("spawned", 0), changes.pop("spawning", True)
    starts, failing = changes.pop("starts", ()), changes.pop("failing", {})
    changes["drives"] = changes.pop("own", ())
    world = World(
        NOW,
        drives,
        jobs or [],
        spawned,  # type: ignore[arg-type]
        spawning=spawning,  # type: ignore[arg-type]
        starts=starts,  # type: ignore[arg-type]
        failing=failing,  # type: ignore[arg-type]
    )
    return plan(world, rules(**changes))  # type: ignore[arg-type]


def temps(decided: Plan) -> dict[str, int]:
    return dict(Counter(start.temp for start in decided.starts))


def held(decided: Plan) -> dict[str, str]:
    return {hold.drive: hold.rule for hold in decided.holds}


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


BIG_OUT = out("/out", 10_000)
A, B = drive("/a", 3000), drive("/b", 2000)


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
            [drive("/a", 300), BIG_OUT],
            [],
            {"failing": {"default": "3 plots failed in a row"}},
            {},
            {"/a": "failing"},
            id="plots-that-keep-failing",
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


@pytest.mark.parametrize(
    ("statuses", "starts"),
    [
        pytest.param(["1.6", "1.0"], 0, id="two-in-phase-1"),
        pytest.param(["1.6", "Initializing"], 0, id="one-just-started-counts"),
        pytest.param(["1.6", "2.0"], 1, id="phase-2-does-not-count"),
        pytest.param(["4.1", "Copying"], 2, id="starts-of-this-pass-count"),
    ],
)
def test_max_phase_1(statuses: list[str], starts: int) -> None:
    jobs = [job(path, status=status) for path, status in zip("xy", statuses, strict=True)]
    decided = decide([A, BIG_OUT], jobs, max_in_phase={1: 2})
    assert temps(decided).get("/a", 0) == starts
    assert held(decided) == {"/a": "max_in_phase"}
    assert decided.holds[0].reason == "2 of at most 2 jobs are in phase 1 in all"


def test_max_phase_1_per_drive() -> None:
    jobs = [job("/a", status="Initializing"), job("/b", status="2.0")]
    decided = decide([A, B, BIG_OUT], jobs, max_in_phase_per_drive={1: 1})
    assert temps(decided) == {"/b": 1}
    assert set(held(decided).values()) == {"max_in_phase_per_drive"}
    assert decided.holds[0].reason == "1 of at most 1 jobs are in phase 1 on this drive"


@pytest.mark.parametrize(
    ("early", "status", "starts"),
    [
        pytest.param(0, "Copying", 0, id="off"),
        pytest.param(3, "3.6", 0, id="still-in-the-phase"),
        pytest.param(3, "4.0", 1, id="past-the-phase"),
        pytest.param(4, "4.2", 0, id="the-last-phase-ends-with-the-copy"),
        pytest.param(4, "Copying", 1, id="copying"),
        pytest.param(1, "Initializing", 0, id="not-begun"),
    ],
)
@pytest.mark.parametrize("cap", ["max_parallel", "per_drive"])
def test_start_early_phase(cap: str, early: int, status: str, starts: int) -> None:
    jobs = [job("/a", status=status)]
    decided = decide([A, BIG_OUT], jobs, start_early_phase=early, **{cap: 1})
    assert len(decided.starts) == starts
    where, rule = {
        "max_parallel": ("in all", "max_parallel"),
        "per_drive": ("on this drive", "max_parallel_per_drive"),
    }[cap]
    past = f", beside 1 past phase {early}" if starts else ""
    assert held(decided) == {"/a": rule}
    assert decided.holds[0].reason == f"1 of at most 1 jobs run {where}{past}"


def test_an_early_start_needs_room_beside_what_the_old_job_still_takes() -> None:
    small, early = drive("/a", 290), {"start_early_phase": 3, "per_drive": 1}
    assert held(decide([small, BIG_OUT], [job("/a", status="4.0", used=100)], **early)) == {
        "/a": "temp_space"
    }
    assert temps(decide([small, BIG_OUT], [job("/a", status="4.0", used=239)], **early)) == {
        "/a": 1
    }


def test_wait_same_drive() -> None:
    """A drive just started on waits by itself; the other gets its plot, and then waits as well."""
    starts = [("/a", ago(100)), ("/a", ago(12))]
    decided = decide([A, B, BIG_OUT], starts=starts, wait_same_drive=30 * 60)
    assert temps(decided) == {"/b": 1}
    assert held(decided) == {"/a": "wait_same_drive", "/b": "wait_same_drive"}
    assert [hold.until for hold in decided.holds] == [ago(-18), ago(-30)]
    assert decided.holds[0].reason == (
        "a plot was started on /a 12.0 min ago; 30.0 min must pass between starts on one drive"
    )


def test_wait_between_drives() -> None:
    """Other drives wait for the last start anywhere else; that drive itself may go on."""
    starts = [("/gone", ago(60)), ("/a", ago(5))]
    decided = decide([A, B, BIG_OUT], starts=starts, wait_between_drives=15 * 60, max_parallel=1)
    assert temps(decided) == {"/a": 1}
    held_up = decide([B, BIG_OUT], starts=starts, wait_between_drives=15 * 60)
    (hold,) = held_up.holds
    assert (held_up.starts, hold.rule, hold.until) == ((), "wait_between_drives", ago(-10))
    assert hold.reason == (
        "a plot was started on /a 5.0 min ago; "
        "15.0 min must pass between starts on different drives"
    )


@pytest.mark.parametrize(
    ("minutes", "starts"),
    [
        pytest.param(14.9, 0, id="before-its-end"),
        pytest.param(15, 1, id="at-its-end"),
        pytest.param(-1, 0, id="the-clock-was-set-back-a-little"),
        pytest.param(-9_999, 1, id="the-clock-was-far-ahead"),
    ],
)
def test_a_wait_ends_by_the_clock(minutes: float, starts: int) -> None:
    limits = {"wait_same_drive": 900, "max_parallel": 1}
    decided = decide([A, BIG_OUT], starts=[("/a", ago(minutes))], **limits)
    assert len(decided.starts) == starts


def test_starts_of_a_pass_keep_their_distance() -> None:
    one_each = decide([A, B, BIG_OUT], wait_same_drive=60)
    assert temps(one_each) == {"/a": 1, "/b": 1}
    one_drive = decide([A, B, BIG_OUT], wait_between_drives=60, per_drive=2)
    assert temps(one_drive) == {"/a": 2}
    one = decide([A, B, BIG_OUT], wait_between_drives=60, wait_same_drive=60)
    assert temps(one) == {"/a": 1}


def test_starts_are_known_from_jobs_that_ended_too() -> None:
    """One that could not be started at all is none; one that is being started is."""
    starting = replace(job("/a"), created_at=ago(1))
    running = replace(job("/b"), created_at=ago(3), started_at=ago(2))
    ended = replace(running, temp="/c", state=JobState.FAILED)
    refused = replace(starting, temp="/d", state=JobState.FAILED)
    assert starts_of([starting, running, ended, refused]) == [
        ("/a", ago(1)),
        ("/b", ago(2)),
        ("/c", ago(2)),
    ]


@pytest.mark.parametrize(
    ("drives", "jobs", "first"),
    [
        pytest.param({"/a": "SATA", "/b": "NVMe"}, [], "/b", id="nvme-before-the-rest"),
        pytest.param({"/a": "NVMe", "/b": "RAM"}, [], "/b", id="ram-before-nvme"),
        pytest.param({"/a": None, "/b": "nvme"}, [], "/b", id="unknown-last"),
        pytest.param({"/a": "SATA", "/b": None}, [], "/a", id="the-rest-by-room"),
        pytest.param({"/a": "SATA", "/b": "RAM"}, ["/b"], "/a", id="fewest-jobs-first"),
    ],
)
def test_fast_temp_drives_first(drives: dict[str, str | None], jobs: list[str], first: str) -> None:
    """/a has the most room of them."""
    sizes = {"/a": 3000, "/b": 2000}
    temp = [drive(path, sizes[path], bus=bus) for path, bus in drives.items()]
    limits = {"max_parallel": len(jobs) + 1}
    decided = decide([*temp, BIG_OUT], [job(path) for path in jobs], **limits)
    assert [start.temp for start in decided.starts] == [first]


@pytest.mark.parametrize(
    ("outs", "going", "chosen"),
    [
        pytest.param([out("/x", 900), out("/y", 850)], [], ["/x", "/y", "/x"], id="in-turns"),
        pytest.param(
            [out("/x", 1050), out("/y", 850)], ["/x"], ["/y", "/x", "/y"], id="fewest-plots-to-it"
        ),
        pytest.param(
            [out("/x", 2000), out("/y", 850)], ["/x"], ["/x", "/x", "/x"], id="far-more-room-wins"
        ),
        pytest.param([out("/x", 180), out("/y", 90)], [], ["/x"], id="never-where-none-fits"),
    ],
)
def test_out_drives_take_turns(outs: list[Drive], going: list[str], chosen: list[str]) -> None:
    """So that the copies of plots that end together do not meet on one drive."""
    jobs = [job("/elsewhere", to=path) for path in going]
    limits = {"max_parallel": len(jobs) + 3}
    decided = decide([A, *outs], jobs, **limits)
    assert [start.out for start in decided.starts] == chosen


def test_two_out_folders_on_one_drive_count_as_one() -> None:
    outs = [
        out("/x/1", 1100, filesystem="sdx"),
        out("/x/2", 1100, filesystem="sdx"),
        out("/y", 950),
    ]
    decided = decide([A, *outs], [job("/elsewhere", to="/x/1")], max_parallel=2)
    assert [start.out for start in decided.starts] == ["/y"]


def test_an_out_folder_on_the_temp_drive_serves_where_bigger_drives_are_full() -> None:
    outs = [out("/full", 90), out("/a/plots", 300, filesystem="/a")]
    decided = decide([drive("/a", 300), *outs])
    assert [start.out for start in decided.starts] == ["/a/plots"]


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
    tight = Rules(
        Limits(max_parallel=9, max_parallel_per_drive=9), [Kind(Profile(), K32)], reserve=10 * GIB
    )
    assert plan(world, tight).starts == ()


STATUSES = st.sampled_from(["Initializing", "1.3", "2.0", "3.6", "4.0", "Copying"])
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
    running=st.lists(st.tuples(PATHS, PATHS, st.integers(0, 239), STATUSES), max_size=6),
    most=st.integers(1, 9),
    per_drive=st.integers(1, 4),
    count=st.none() | st.integers(0, 12),
    spawned=st.integers(0, 12),
    phase_1=st.none() | st.integers(1, 4),
    phase_1_per_drive=st.none() | st.integers(1, 2),
    early=st.integers(0, 4),
    between=st.sampled_from([0, 600, 3600]),
    same=st.sampled_from([0, 600, 3600]),
    started=st.lists(st.tuples(PATHS, st.integers(0, 90)), max_size=4),
)
def test_no_byte_is_promised_twice_and_no_cap_is_passed(
    drives: list[Drive],
    running: list[tuple[str, str, int, str]],
    most: int,
    per_drive: int,
    count: int | None,
    spawned: int,
    phase_1: int | None,
    phase_1_per_drive: int | None,
    early: int,
    between: int,
    same: int,
    started: list[tuple[str, int]],
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
    jobs = [job(f"{t}/temp", to=f"{o}/out", used=u, status=s) for t, o, u, s in running]
    past = [(f"{path}/temp", ago(minutes)) for path, minutes in started]
    decided = decide(
        drives,
        jobs,
        max_parallel=most,
        per_drive=per_drive,
        count=count,
        spawned=spawned,
        max_in_phase={} if phase_1 is None else {1: phase_1},
        max_in_phase_per_drive={} if phase_1_per_drive is None else {1: phase_1_per_drive},
        start_early_phase=early,
        wait_between_drives=between,
        wait_same_drive=same,
        starts=past,
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
    counted = [j for j in jobs if not early or j.phase <= early]
    assert len(starts) <= max(0, most - len(counted))
    assert count is None or len(starts) <= max(0, count - spawned)
    for path, number in Counter(start.temp for start in decided.starts).items():
        assert number + sum(j.temp == path for j in counted) <= per_drive
        in_phase_1 = sum(j.temp == path and j.phase <= 1 for j in jobs)
        assert phase_1_per_drive is None or number + in_phase_1 <= phase_1_per_drive
    if starts and phase_1 is not None:
        assert len(starts) + sum(j.phase <= 1 for j in jobs) <= phase_1
    for number, start in enumerate(decided.starts):
        for temp, moment in [*past, *((s.temp, NOW) for s in decided.starts[:number])]:
            wait = same if temp == start.temp else between
            assert NOW - moment >= timedelta(seconds=wait)
    paths = {d.path: d for d in drives}
    assert not any(paths[p].missing for s in decided.starts for p in (s.temp, s.out))
    named = {d.path for d in drives if d.kind is DriveKind.TEMP}
    assert {hold.drive for hold in decided.holds} == (named or {""})


# --- several kinds of plot -----------------------------------------------------------------------


def kind(name: str, needs: Needs = K32, **changes: object) -> Kind:
    return Kind(Profile(name, **changes), needs)  # type: ignore[arg-type]


def decide_kinds(drives: list[Drive], kinds: list[Kind], **world: object) -> Plan:
    limits = Limits(max_parallel=20, max_parallel_per_drive=20)
    jobs = world.pop("jobs", [])
    return plan(World(NOW, drives, jobs, **world), Rules(limits, kinds))  # type: ignore[arg-type]


def kinds_started(decided: Plan) -> dict[str, int]:
    return dict(Counter(start.kind.name for start in decided.starts))


def test_the_first_kind_goes_first_and_the_next_takes_what_it_leaves() -> None:
    kinds = [kind("pool", max_parallel=3), kind("big")]
    decided = decide_kinds([drive("/a", 239 * 5), BIG_OUT], kinds)

    assert kinds_started(decided) == {"pool": 3, "big": 2}
    assert {(hold.profile, hold.rule) for hold in decided.holds} == {
        ("pool", "profile_max_parallel"),
        ("big", "temp_space"),
    }


def test_a_kind_keeps_to_its_own_drives() -> None:
    outs = [out("/x", 1000), out("/y", 1000, label="POOL-1")]
    kinds = [kind("pool", temp=("/a",), out=("label:pool",), max_parallel=2)]
    decided = decide_kinds([A, B, *outs], kinds)

    assert [(start.temp, start.out) for start in decided.starts] == [("/a", "/y")] * 2
    assert held(decided)["/b"] == "profile_drives"


def test_each_kind_has_a_quota_of_its_own() -> None:
    kinds = [kind("pool", count=3), kind("solo", count=1)]
    decided = decide_kinds([A, BIG_OUT], kinds, spawned_of={"pool": 1})

    assert kinds_started(decided) == {"pool": 2, "solo": 1}
    assert {hold.rule for hold in decided.holds} == {"profile_quota"}


@pytest.mark.parametrize(
    ("others", "how"),
    [(1, "`/spawn start` opens new ones"), (None, "`/spawn start` with a count opens new ones")],
)
def test_what_opens_a_kind_s_quota_anew_depends_on_the_others(others: int | None, how: str) -> None:
    kinds = [kind("pool", count=1, temp=("/a",)), kind("solo", count=others, temp=("/b",))]
    decided = decide_kinds([A, BIG_OUT], kinds, spawned_of={"pool": 1, "solo": 1})

    said = {hold.profile: hold.reason for hold in decided.holds}
    assert said["pool"] == f"all 1 plots of pool are started; {how}"


def test_a_kind_has_a_cap_on_each_drive() -> None:
    decided = decide_kinds([A, B, BIG_OUT], [kind("pool", max_parallel_per_drive=1)])

    assert temps(decided) == {"/a": 1, "/b": 1}


def test_a_missing_plotter_holds_its_own_kind_only() -> None:
    kinds = [kind("gpu"), kind("cpu", max_parallel=1)]
    decided = decide_kinds([A, BIG_OUT], kinds, missing={"gpu": "cuda_plot_k32 is not there"})

    assert kinds_started(decided) == {"cpu": 1}
    assert ("gpu", "cuda_plot_k32 is not there") in {(h.profile, h.reason) for h in decided.holds}


def test_what_holds_every_kind_alike_is_said_once() -> None:
    decided = decide_kinds([A, BIG_OUT], [kind("a"), kind("b")], spawning=False)

    assert [(hold.drive, hold.rule, hold.profile) for hold in decided.holds] == [
        ("/a", "paused", "")
    ]


def test_a_smaller_kind_starts_where_a_large_one_has_no_room() -> None:
    small = Needs(temp=2 * GIB, temp2=GIB, out=GIB)
    decided = decide_kinds([drive("/a", 5), BIG_OUT], [kind("big"), kind("small", small)])

    assert kinds_started(decided) == {"small": 2}


# --- drives that differ, and other rules ---------------------------------------------------------


def test_a_drive_has_its_own_cap() -> None:
    own = (DriveLimits("/a", max_parallel=3), DriveLimits("label:slow", max_parallel=0))
    slow = drive("/s", 3000, label="Slow-1")

    decided = decide([A, B, slow, BIG_OUT], per_drive=1, own=own)

    assert temps(decided) == {"/a": 3, "/b": 1}


def test_a_drive_has_its_own_caps_on_phases_and_its_own_wait() -> None:
    own = (DriveLimits("/a", max_in_phase={1: 1}), DriveLimits("/b", wait=3600.0))
    decided = decide([A, B, BIG_OUT], own=own, starts=[("/b", ago(30))], wait_same_drive=60.0)

    assert temps(decided) == {"/a": 1}
    assert held(decided) == {"/a": "max_in_phase_per_drive", "/b": "wait_same_drive"}


@pytest.mark.parametrize(
    ("statuses", "starts"),
    [
        pytest.param(["2.1", "2.4"], 0, id="full"),
        pytest.param(["1.1", "2.4"], 0, id="one-on-its-way"),
        pytest.param(["3.1", "2.4"], 1, id="one-past-it"),
    ],
)
def test_max_in_phase_2(statuses: list[str], starts: int) -> None:
    jobs = [job("/x", status=status) for status in statuses]
    decided = decide([A, BIG_OUT], jobs, max_in_phase={2: 2})

    assert len(decided.starts) == starts
    assert held(decided) == {"/a": "max_in_phase"}


def test_nothing_starts_once_the_time_is_over() -> None:
    over = decide_kinds([A, BIG_OUT], [kind("default")], until=ago(0))
    before = decide_kinds([A, BIG_OUT], [kind("default", max_parallel=1)], until=ago(-1))

    assert held(over) == {"/a": "until"}
    assert len(before.starts) == 1


def test_replot_drives_serve_once_no_out_drive_has_room() -> None:
    old = drive("/old", 250, DriveKind.REPLOT)
    drives = [drive("/a", 239 * 3), out("/out", 110), old]

    assert [start.out for start in decide(drives).starts] == ["/out"]
    used = decide(drives, use_replot_drives=True)
    assert [start.out for start in used.starts] == ["/out", "/old", "/old"]
    assert "/old" in used.holds[0].reason or used.holds[0].rule == "temp_space"


def test_a_start_says_why() -> None:
    [start] = decide([drive("/a", 240), out("/out", 500)], max_parallel=4, per_drive=2).starts

    assert start.why == (
        "0 of 2 jobs on the drive, 0 of 4 in all, 240.0 GiB free there after promises, "
        "500.0 GiB on /out"
    )
