"""Plots that somebody else started: found, shown, counted, left alone; stopped when told to."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from plotobot.engine.drives.waiting import Patience
from plotobot.engine.foreign import ForeignPlots, top_plotters
from plotobot.engine.foreign_end import end_foreign
from plotobot.engine.models import UNKNOWN, Drive, DriveKind, Job, JobState
from plotobot.engine.placing import on_drives
from plotobot.engine.processes import Identity, Row, native_processes
from plotobot.engine.processes.commands import Command, CommandLines, split
from plotobot.engine.space import Ledger
from plotobot.engine.stranger import as_job, resolved
from plotobot.errors import Refusal
from plotobot.plotters.recognising import ForeignOrder
from tests.engine.farm import Farm, ended
from tests.engine.farm import until as until_in
from tests.engine.strangers import NAME, PLOT_ID, Strangers, found, kill_session, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
OPENS = f"exec 9> {NAME}.p1.table1.tmp; sleep 120 & wait"


@pytest.fixture
def foreign(tmp_path: Path) -> ForeignPlots:
    return ForeignPlots(tmp_path / "state" / "jobs")


def drive(kind: DriveKind, path: Path, filesystem: str, free: int = 10**12) -> Drive:
    return Drive(kind, str(path), filesystem, total=2 * 10**12, free=free)


# --- finding --------------------------------------------------------------------------------------


def test_a_real_plot_made_by_hand_is_followed_by_its_log(
    strangers: Strangers, foreign: ForeignPlots, tmp_path: Path
) -> None:
    plotter = strangers.chiapos()

    def told() -> bool:
        foreign.look_now((), ())
        return any(job.plot_id and job.phase >= 1 and job.temp_used for job in foreign.jobs)

    until(told)
    (job,) = foreign.jobs
    assert (job.plotter, job.k, job.foreign, job.state) == ("chiapos", 21, True, JobState.RUNNING)
    assert (job.temp, job.out) == (str(tmp_path / "temp"), str(tmp_path / "out"))
    assert job.id.startswith(f"pid-{plotter.pid}-")
    assert job.pid == plotter.pid
    assert job.temp_need > job.temp_used > 0
    assert job.started_at
    assert abs((datetime.now(UTC) - job.started_at).total_seconds()) < 60

    kill_session(plotter)
    foreign.look_now((), ())

    assert foreign.jobs == ()
    assert foreign.gone == {job.plot_id}


@pytest.mark.parametrize("stdout", ["pipe", "named pipe", "terminal", "null"])
def test_what_is_no_file_is_never_opened_as_a_log(
    stdout: str, strangers: Strangers, foreign: ForeignPlots, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "fifo")
    ends = os.openpty() if stdout == "terminal" else (os.open(tmp_path / "fifo", os.O_RDWR),)
    to = {"pipe": subprocess.PIPE, "null": subprocess.DEVNULL}.get(stdout, ends[-1])
    strangers.script("chia_plot", "-t", f"{tmp_path}/", body=OPENS, stdout=to)
    until(lambda: (tmp_path / f"{NAME}.p1.table1.tmp").exists())

    (job,) = found(foreign)

    assert job.status == UNKNOWN
    assert job.phase == 0
    assert job.plot_id == PLOT_ID  # from the file it holds open
    for end in ends:
        os.close(end)


def test_a_wrapper_and_its_plotter_count_once(
    strangers: Strangers, foreign: ForeignPlots, tmp_path: Path
) -> None:
    inner = f"{strangers.write('chia_plot')} -t {tmp_path}/ & wait"
    outer = strangers.script("chia", "plotters", "madmax", "-t", f"{tmp_path}/", body=inner)
    until(lambda: len(psutil.Process(outer.pid).children(recursive=True)) >= 2)

    jobs = found(foreign, 1)

    assert jobs[0].pid == outer.pid
    foreign.look_now((), ())
    assert len(foreign.jobs) == 1


def test_a_folder_that_is_gone_is_not_guessed(
    strangers: Strangers, foreign: ForeignPlots, tmp_path: Path
) -> None:
    cwd = tmp_path / "cwd"
    cwd.mkdir()
    strangers.script("chia", "plots", "create", "-t", "x", "-d", f"{tmp_path}", cwd=cwd)
    cwd.rmdir()

    (job,) = found(foreign)

    assert (job.temp, job.out) == (str(tmp_path), str(tmp_path))
    (tenant,) = foreign.tenants
    assert tenant.folders is None


@pytest.mark.parametrize("words", [["-t"] * 1000, ["\udcff\udcfe", "-k", "9" * 50], ["-t", "a\nb"]])
def test_odd_words_hurt_nobody(
    words: list[str], strangers: Strangers, foreign: ForeignPlots, tmp_path: Path
) -> None:
    strangers.script("chia_plot", *words, "-d", f"{tmp_path}/")
    (job,) = found(foreign)
    assert job.k == 32


def test_processes_that_vanish_amid_a_look_are_not_there(
    strangers: Strangers, foreign: ForeignPlots, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strangers.script("chia_plot", "-t", f"{tmp_path}/")
    found(foreign)
    listed = os.listdir
    monkeypatch.setattr(os, "listdir", lambda path: [*listed(path), "99999999", "4194305"])
    monkeypatch.setattr("plotobot.engine.stranger._started", lambda pid: None)

    ForeignPlots(tmp_path / "jobs").look_now((), ())
    foreign.look_now((), ())

    assert len(foreign.jobs) == 1


def test_a_table_that_cannot_be_read_leaves_all_in_doubt(
    foreign: ForeignPlots, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise PermissionError("no")

    monkeypatch.setattr("plotobot.engine.processes.commands._rows", refuse)
    foreign.look_now((), ())
    assert foreign.blind


def test_a_look_that_hangs_holds_nobody_and_is_told_once(
    foreign: ForeignPlots, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    answers = threading.Event()
    monkeypatch.setattr(foreign, "_patience", Patience(0.05))
    monkeypatch.setattr("plotobot.engine.foreign.measure", lambda jobs: answers.wait(30) and {})
    for _ in range(3):
        foreign.look_now((), ())
        assert foreign.blind
    assert caplog.text.count("cannot be looked for") == 1
    answers.set()
    until(lambda: foreign.look_now((), ()) is None and not foreign.blind)


def test_a_process_that_becomes_a_plotter_is_noticed(
    strangers: Strangers, foreign: ForeignPlots, tmp_path: Path
) -> None:
    plotter = strangers.write("chia_plot")
    process = strangers.script("waits", body=f"read line; exec {plotter} -t {tmp_path}/", stdin=-1)
    foreign.look_now((), ())
    foreign.look_now((), ())
    assert process.stdin
    process.stdin.close()

    assert found(foreign)[0].pid == process.pid


def test_a_zombie_is_no_plotter() -> None:
    rows = {7: Command(Row(7, 1, 7, 100, zombie=True), ("chia_plot",))}
    assert top_plotters(rows) == []


def test_a_command_line_is_read_no_more_than_twice(strangers: Strangers, tmp_path: Path) -> None:
    asked: list[str] = []
    lines = CommandLines(lambda argv: bool(asked.append(" ".join(argv))))
    strangers.script("chia_plot", "-t", f"{tmp_path}/", body="read line", stdin=-1)
    until(lambda: bool(lines.look()) and any("chia_plot" in words for words in asked))
    for _ in range(4):
        lines.look()
    assert sum(f"chia_plot -t {tmp_path}/" in words for words in asked) <= 2


def test_words_as_the_kernel_gives_them() -> None:
    assert split(b"a\0b c\0\0") == ("a", "b c", "")
    assert split(b"renamed by itself") == ("renamed by itself",)
    assert split(b"") == ()


@pytest.mark.parametrize(
    ("folder", "cwd", "expected"),
    [
        ("/t/", None, "/t"),
        ("t", "/home/me", "/home/me/t"),
        ("../t", "/home/me", "/home/t"),
        (".", "/home/me", "/home/me"),
        ("t", None, ""),
        ("", "/home/me", ""),
        (None, "/home/me", ""),
        ("a\0b", "/home/me", ""),
        ("/a\nb", "/home/me", ""),
        ("/a\udcff", "/home/me", ""),
    ],
)
def test_folders_are_resolved_by_the_process_own(
    folder: str | None, cwd: str | None, expected: str
) -> None:
    assert resolved(folder, cwd) == expected


# --- counting -------------------------------------------------------------------------------------


def foreign_job(temp: str, out: str, plotter: str = "madmax") -> Job:
    order = ForeignOrder(plotter, 32, temp, None, out)
    return as_job("pid-1-1", 1, datetime.now(UTC), order, (temp, "", out))


def test_a_plot_in_a_folder_below_a_drive_takes_that_drives_room(tmp_path: Path) -> None:
    temp, out = (
        drive(DriveKind.TEMP, tmp_path / "ssd", "a"),
        drive(DriveKind.OUT, tmp_path / "hdd", "b"),
    )
    job = foreign_job(f"{temp.path}/plot1", f"{out.path}/plots")

    counted = on_drives(job, [out, temp])
    ledger = Ledger.of([temp, out], [counted])

    assert (counted.temp, counted.out) == (temp.path, out.path)
    assert ledger.room(temp) == temp.free - job.temp_need
    assert ledger.room(out) == out.free - job.out_need


def test_a_plot_beside_a_drives_folder_counts_on_its_file_system(tmp_path: Path) -> None:
    (tmp_path / "ssd").mkdir()
    (tmp_path / "elsewhere").mkdir()
    temp = drive(DriveKind.TEMP, tmp_path / "ssd", "a")
    counted = on_drives(foreign_job(str(tmp_path / "elsewhere"), "/proc"), [temp])
    assert (counted.temp, counted.out) == (temp.path, "/proc")


@pytest.mark.parametrize("plotter", ["bladebit_ram", "chia"])
def test_a_plot_without_a_temp_folder_is_made_in_out(plotter: str) -> None:
    job = foreign_job("", "/d", plotter=plotter)
    out = Drive(DriveKind.OUT, "/d", "a", total=10**12, free=10**12)
    assert job.temp == job.out == "/d"
    promised = out.free - Ledger.of([out], [job]).room(out)
    assert promised == (job.out_need if plotter == "bladebit_ram" else job.temp_need) > 0


async def test_a_foreign_plot_takes_a_place_until_it_ends(
    farm: Farm, strangers: Strangers, tmp_path: Path
) -> None:
    config = replace(farm.config(count=1, max_parallel=1), foreign=True)
    plotter = strangers.script("chia_plot", "-t", f"{tmp_path}/temp1/", "-d", f"{tmp_path}/out/")
    async with farm.running(config) as engine:

        async def held() -> bool:
            return {hold.rule for hold in (await engine.spawner()).holds} == {"max_parallel"}

        await until_in(engine, held)
        (job,) = await engine.jobs()
        assert job.foreign
        assert (await engine.job(job.id)).pid == plotter.pid
        assert await engine.log_tail(job.id) == []
        (view,) = [v for v in await engine.drives(DriveKind.TEMP) if v.drive.path == job.temp]
        assert (view.jobs, view.reserved) == (1, job.temp_need)

        kill_session(plotter)
        done = await ended(engine, 1)

    assert [one.foreign for one in done] == [False]


async def test_our_own_plotters_are_never_foreign(
    farm: Farm, strangers: Strangers, tmp_path: Path
) -> None:
    config = replace(farm.config(count=2), foreign=True)
    async with farm.running(config) as engine:

        async def over() -> bool:
            jobs = await engine.jobs()
            assert not any(job.foreign for job in jobs)
            await engine._parts.spawner.look()
            return sum(not job.state.live for job in jobs) == 2

        await until_in(engine, over)


async def test_where_they_are_not_to_be_counted_they_are_not_shown(
    farm: Farm, strangers: Strangers, tmp_path: Path
) -> None:
    strangers.script("chia_plot", "-t", f"{tmp_path}/temp1/")
    async with farm.running(count=1, max_parallel=1) as engine:
        done = await ended(engine, 1)
        await engine.orphans()
        assert await engine.jobs() == done


# --- stopping -------------------------------------------------------------------------------------


async def test_a_stop_ends_that_tree_and_nobody_else(
    farm: Farm, strangers: Strangers, tmp_path: Path, bystander: subprocess.Popen[bytes]
) -> None:
    config = replace(farm.config(), foreign=True, spawn_on_start=False)
    plotter = strangers.script("chia_plot", "-t", f"{tmp_path}/temp1/", body=OPENS)
    until((tmp_path / f"{NAME}.p1.table1.tmp").exists)
    other = strangers.script("chia_plot_k34", "-t", f"{tmp_path}/temp2/")
    async with farm.running(config) as engine:
        await until_in(engine, lambda: _counts(engine, 2))
        (job,) = [job for job in await engine.jobs() if job.pid == plotter.pid]

        result = await engine.stop(job.id, by="somebody")

        assert plotter.wait(5) != 0
        assert result.processes == 2
        assert (result.files, result.job.state) == (0, JobState.STOPPED)
        assert other.poll() is None
        assert [left.pid for left in await engine.jobs()] == [other.pid]
        assert (tmp_path / f"{NAME}.p1.table1.tmp").exists()
        with pytest.raises(Refusal):
            await engine.stop(job.id, by="somebody")


async def _counts(engine: object, number: int) -> bool:
    await engine._parts.spawner.look()  # type: ignore[attr-defined]
    return len(await engine.jobs()) == number  # type: ignore[attr-defined]


async def test_a_pid_that_was_given_out_again_is_nobody(
    bystander: subprocess.Popen[bytes],
) -> None:
    processes = native_processes()
    row = processes.table()[bystander.pid]
    stale = Identity(processes.boot_id(), bystander.pid, row.ticks - 1)
    assert await end_foreign(processes, stale) == 0


async def test_one_that_ignores_sigterm_is_killed(strangers: Strangers, tmp_path: Path) -> None:
    body = "trap '' TERM; touch ready; while :; do sleep 0.1; done"
    plotter = strangers.script("chia_plot", body=body)
    until((tmp_path / "ready").exists)
    processes = native_processes()
    ticks = processes.table()[plotter.pid].ticks
    root = Identity(processes.boot_id(), plotter.pid, ticks)
    assert await end_foreign(processes, root, grace=0.3) >= 1
    assert plotter.wait(5) == -9
