"""Supervision: plots outlive the bot, are found again, counted once, and end as wholes."""

import asyncio
import json
import os
import platform
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from plotobot.engine.processes import native_processes
from plotobot.engine.supervision.ending import NotEnded
from plotobot.engine.supervision.finding import Found, State, inspect
from plotobot.engine.supervision.jobdir import CHILD_LOCK, Spec, create, read_spec, write_record
from plotobot.engine.supervision.launching import LaunchFailed, shim_command
from plotobot.engine.supervision.locks import StateDirInUse, hold_state_dir, is_held
from plotobot.engine.supervision.shim import take_lock
from plotobot.engine.supervision.supervisor import Supervisor
from tests.without_root import without_root

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="supervision on Linux")

Shell = Callable[..., Spec]
HERE = Path(__file__).parent
PLOT = """
import sys, chiapos
temp, name = sys.argv[1:]
plot_id, memo = bytes.fromhex(name.split("-")[-1].split(".")[0]), bytes(128)
chiapos.DiskPlotter().create_plot_disk(
    temp, temp, temp, name, 18, memo, plot_id, 512, 16, 2000, 2, False
)
"""


@pytest.fixture
async def supervisor(jobs: Path) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(jobs)
    yield supervisor
    await supervisor.close()


def ticks_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


# --- one life of the bot ---------------------------------------------------------------------


@pytest.mark.parametrize("code", [0, 1, 3, 127, 255])
async def test_a_job_is_launched_and_its_exit_code_known(
    code: int, supervisor: Supervisor, shell: Shell
) -> None:
    launched = await supervisor.launch("job", shell(f"sleep 0.1; exit {code}"))
    assert launched.found.state is State.RUNNING
    assert launched.pid is not None
    ended = await supervisor.wait("job")
    assert (ended.code, ended.how) == (code, "shim")
    assert await supervisor.wait("job") == ended, "asked again, it says the same"


async def test_many_callers_wait_for_one_job_and_one_of_them_gives_up(
    supervisor: Supervisor, shell: Shell
) -> None:
    await supervisor.launch("job", shell("sleep 0.4; exit 7"))
    waits = [asyncio.create_task(supervisor.wait("job")) for _ in range(3)]
    await asyncio.sleep(0.05)
    waits[0].cancel()
    assert [ended.code for ended in await asyncio.gather(*waits[1:])] == [7, 7]


async def test_a_cancelled_launch_is_a_job_that_runs(
    supervisor: Supervisor, shell: Shell, jobs: Path
) -> None:
    task = asyncio.create_task(supervisor.launch("job", shell("echo run; exit 9")))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await supervisor.relaunch("job")
    assert (await supervisor.wait("job")).code == 9
    assert (jobs / "job" / "out.log").read_text() == "run\n"


async def test_a_job_is_made_once(supervisor: Supervisor, shell: Shell) -> None:
    await supervisor.launch("job", shell("true"))
    with pytest.raises(FileExistsError):
        await supervisor.launch("job", shell("true"))


async def test_a_shim_that_cannot_begin_says_why_and_leaves_the_job_pending(
    jobs: Path, shell: Shell
) -> None:
    def spoiled(directory: Path) -> tuple[str, ...]:
        (directory / "exit.reserve").mkdir()
        return tuple(shim_command(directory))

    supervisor = Supervisor(jobs, command=spoiled)
    with pytest.raises(LaunchFailed, match=r"job job was not started: .*exit\.reserve"):
        await supervisor.launch("job", shell("true"))
    assert (await supervisor.look("job")).state is State.PENDING
    await supervisor.close()


async def test_an_interpreter_that_is_gone_is_a_failed_launch(jobs: Path, shell: Shell) -> None:
    supervisor = Supervisor(jobs, command=lambda _: ("/no/such/python",))
    with pytest.raises(LaunchFailed, match="cannot be started"):
        await supervisor.launch("job", shell("true"))
    await supervisor.close()


async def test_relaunching_a_damaged_job_is_no_loop_but_a_loss(
    supervisor: Supervisor, jobs: Path, shell: Shell
) -> None:
    directory = create(jobs, "job", shell("echo run"))
    (directory / "child.json").write_bytes(b"{")
    found = (await supervisor.relaunch("job")).found
    assert (found.state, found.why) == (State.LOST, "damaged record")
    ended = await supervisor.wait("job")
    assert (ended.code, ended.how, ended.why) == (None, "lost", "damaged record")
    assert not (directory / "out.log").exists()


async def test_jobs_leave_no_zombie_and_no_descriptor(
    jobs: Path, shell: Shell, request: pytest.FixtureRequest
) -> None:
    """Fifty of them; with `--chaos-minutes` a thousand, which takes most of a minute."""
    batches = 200 if request.config.getoption("--chaos-minutes") else 10

    async def run(supervisor: Supervisor, name: str) -> int | None:
        await supervisor.launch(name, shell("exit 4"))
        return (await supervisor.wait(name)).code

    supervisor = Supervisor(jobs)
    await run(supervisor, "warm-up")
    open_before, others = open_descriptors(), psutil.Process().children()
    for batch in range(batches):
        names = [f"job-{batch}-{n}" for n in range(5)]
        assert await asyncio.gather(*(run(supervisor, name) for name in names)) == [4] * 5
    async with asyncio.timeout(30):  # the last shim's end may come a moment after its exit.json
        while set(psutil.Process().children()) - set(others):
            await asyncio.sleep(0.01)
    assert open_descriptors() <= open_before
    await supervisor.close()


async def test_usage_counts_the_whole_tree(supervisor: Supervisor, shell: Shell) -> None:
    launched = await supervisor.launch("job", shell("setsid sleep 60 & sleep 60 & wait"))
    assert launched.found.child is not None
    async with asyncio.timeout(30):
        while (usage := await supervisor.usage(launched.found.child)) is None or (
            usage.processes < 3
        ):
            await asyncio.sleep(0.01)
    assert usage.processes == 3
    assert usage.rss > 100_000
    await supervisor.end("job")
    assert await supervisor.usage(launched.found.child) is None


# --- stopping --------------------------------------------------------------------------------


TREES = {
    "one process": ("exec sleep 60", 1, -15),
    "a group": ("sleep 60 & sleep 60 & wait", 3, -15),
    "grandchildren that left the session": ("setsid sleep 60 & setsid sleep 61 & sleep 62", 4, -15),
    "an orphan in a session of its own": (
        "setsid sh -c 'setsid sleep 60 & exit'; sleep 60",
        3,
        -15,
    ),
    "deaf to SIGTERM": ("trap '' TERM; sh -c 'while :; do sleep 1; done' & wait; wait", 3, -9),
}


@pytest.mark.parametrize(("script", "processes", "code"), TREES.values(), ids=TREES.keys())
async def test_a_stop_ends_the_whole_tree_and_no_stranger(
    script: str,
    processes: int,
    code: int,
    supervisor: Supervisor,
    shell: Shell,
    bystander: subprocess.Popen[bytes],
) -> None:
    launched = await supervisor.launch("job", shell(script))
    assert launched.found.child is not None
    assert launched.found.shim is not None
    below = psutil.Process(launched.found.shim.pid)
    async with asyncio.timeout(30):
        while len(tree := below.children(recursive=True)) < processes:
            await asyncio.sleep(0.01)
    assert await supervisor.end("job", grace=0.5) >= processes
    assert not [member for member in tree if runs(member)]
    assert not is_held(supervisor.directory("job") / CHILD_LOCK)
    ended = await supervisor.wait("job")
    assert (ended.code, ended.how) == (code, "shim")


def runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_a_stop_finds_those_who_lost_leader_shim_and_session(
    supervisor: Supervisor, shell: Shell, bystander: subprocess.Popen[bytes]
) -> None:
    launched = await supervisor.launch("job", shell("setsid sh -c 'setsid sleep 60 &'; exit 0"))
    lock = supervisor.directory("job") / CHILD_LOCK
    await supervisor.wait("job")
    assert is_held(lock), "a descendant lives on"
    with lock.open("rb") as file:  # a stranger looks at the file: no reason to end it
        looker = subprocess.Popen(["/bin/sleep", "60"], stdin=file)
    assert await supervisor.end("job", grace=1) == 1
    assert looker.poll() is None
    looker.kill()
    looker.wait()
    assert launched.pid is not None
    assert not is_held(lock)


async def test_stopping_a_job_that_has_ended_ends_nobody(
    supervisor: Supervisor, shell: Shell, bystander: subprocess.Popen[bytes]
) -> None:
    await supervisor.launch("job", shell("true"))
    await supervisor.wait("job")
    assert await supervisor.end("job") == 0


async def test_a_process_that_resists_is_named(
    supervisor: Supervisor, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    launched = await supervisor.launch("job", shell("exec sleep 60"))
    monkeypatch.setattr(signal, "pidfd_send_signal", lambda fd, number: None)
    monkeypatch.setattr("plotobot.engine.supervision.ending.LIMIT", 0.2)
    monkeypatch.setattr("plotobot.engine.supervision.ending.end_tree.__defaults__", (0.2,))
    with pytest.raises(NotEnded, match=f"{launched.pid} of job job do not end"):
        await supervisor.end("job", grace=0.1)
    monkeypatch.undo()
    assert await supervisor.end("job") == 1


# --- identities ------------------------------------------------------------------------------


class PidGiver:
    """A process whose children get the pids that the test chooses."""

    def __init__(self) -> None:
        command = [sys.executable, "-S", "-E", str(HERE / "pid_giver.py")]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def order(self, what: str, *numbers: int) -> list[int]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(what, *numbers, file=self._process.stdin, flush=True)
        return [int(word) for word in self._process.stdout.readline().split()]

    def close(self) -> None:
        self._process.communicate(timeout=30)


@pytest.fixture
def pids(as_root: Callable[[str], None]) -> Iterator[PidGiver]:
    as_root("choosing the next pid")
    giver = PidGiver()
    yield giver
    giver.close()


async def test_1000_pids_given_out_again_are_neither_adopted_nor_signalled(
    supervisor: Supervisor, shell: Shell, jobs: Path, pids: PidGiver
) -> None:
    directories = [create(jobs, f"job-{n:02}", shell("true")) for n in range(100)]
    given_again = 0
    while given_again < 1000:
        first = dict(zip(pids.order("new", len(directories)), directories, strict=True))
        for pid, directory in first.items():
            who = {"pid": pid, "ticks": ticks_of(pid), "boot_id": boot_id(), "t": time.time()}
            for name in ("child.json", "shim.json"):
                (directory / name).write_text(json.dumps(who))
        alive = await supervisor.adopt()
        assert {job.found.state for job in alive} == {State.RUNNING}, "it is the one while it lives"
        await supervisor.close()  # what is held cannot be mistaken; this is the next life
        pids.order("end", *first)
        time.sleep(0.011)  # a kernel tick: nobody else can start within the one of the first
        second = pids.order("again", *first)
        given_again += len(second)

        found = {job.job_id: job.found for job in await supervisor.adopt()}
        reused = [found[first[pid].name] for pid in second]
        assert {(one.state, one.why) for one in reused} == {(State.LOST, "shim-killed")}
        for one in reused:
            assert one.child is not None
            assert native_processes().hold(one.child) is None
        assert await supervisor.end(first[second[0]].name) == 0
        assert await supervisor.usage(reused[0].child) is None  # type: ignore[arg-type]
        assert pids.order("alive", *second) == second, "a stranger was signalled"
        pids.order("end", *second)


@pytest.mark.parametrize("parent", ["reaps", "waits"])
def test_with_a_killed_shim_the_kernel_still_tells_the_code(parent: str, jobs: Path) -> None:
    command = [sys.executable, str(HERE / "parent.py"), parent, str(jobs)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
    if parent == "waits":
        assert said == "42 zombie None\n"
    elif tuple(map(int, platform.release().split(".")[:2])) >= (6, 15):
        assert said == "42 pidfd None\n"
    else:
        assert said == "None lost shim-killed\n"


# --- several lives of the bot ----------------------------------------------------------------


async def test_adoption_finds_each_job_as_it_stands(
    supervisor: Supervisor, jobs: Path, shell: Shell, until_state: Callable[..., Found]
) -> None:
    first = Supervisor(jobs)
    await first.launch("b-running", shell("sleep 60", k=32))
    await first.launch("a-ended", shell("exit 3"))
    await first.close()
    create(jobs, "c-pending", shell("exit 5"))
    (jobs / "d-void").mkdir()
    (jobs / "not a job").mkdir()
    write_record(jobs / "a-ended", "verdict.json", {"state": "failed"})
    until_state(jobs / "a-ended", State.EXITED)

    adopted = {job.job_id: job for job in await supervisor.adopt()}
    assert {name: job.found.state for name, job in adopted.items()} == {
        "a-ended": State.EXITED,
        "b-running": State.RUNNING,
        "c-pending": State.PENDING,
    }
    assert adopted["a-ended"].verdict == {"state": "failed"}
    assert adopted["b-running"].spec == read_spec(jobs / "b-running")
    assert not (jobs / "d-void").exists()
    assert (jobs / "not a job").exists()
    assert [job.job_id for job in await supervisor.adopt(["a-ended", "b-running"])] == ["c-pending"]
    await supervisor.relaunch("c-pending")
    assert (await supervisor.wait("c-pending")).code == 5
    assert await supervisor.end("b-running") == 2
    assert (await supervisor.wait("b-running")).code == -15


async def test_sixty_four_running_jobs_are_adopted_quickly(
    supervisor: Supervisor, jobs: Path, shell: Shell, bystander: subprocess.Popen[bytes]
) -> None:
    who = {
        "pid": bystander.pid,
        "ticks": ticks_of(bystander.pid),
        "boot_id": boot_id(),
        "t": time.time(),
    }
    for n in range(64):
        write_record(create(jobs, f"job-{n}", shell("true")), "child.json", who)
    start = time.perf_counter()
    adopted = await supervisor.adopt()
    assert time.perf_counter() - start < 10, "the goal is 0.25 s; a loaded machine gets more"
    assert {job.found.state for job in adopted} == {State.RUNNING}


@contextmanager
def bot(jobs: Path, plan: Path, said: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One life of the small bot; it is killed with -9 at the end of the block."""
    with said.open("ab") as out:
        process = subprocess.Popen([sys.executable, HERE / "small_bot.py", jobs, plan], stdout=out)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def heard(said: Path, key: str) -> list[dict[str, Any]]:
    lines = (json.loads(line) for line in said.read_text().splitlines())
    return [line for line in lines if key in line]


def real_plots(folder: Path, count: int) -> list[dict[str, Any]]:
    folder.mkdir()
    names = [f"plot-k18-2026-11-25-14-30-{n:064x}.plot" for n in range(1, count + 1)]
    command = [sys.executable, "-c", PLOT, str(folder)]
    return [
        {"id": f"plot-{n}", "argv": [*command, name], "cwd": "/"} for n, name in enumerate(names)
    ]


def test_real_plots_outlive_a_killed_bot_and_are_adopted(
    jobs: Path, tmp_path: Path, until_state: Callable[..., Found]
) -> None:
    plan, said = tmp_path / "plan.json", tmp_path / "said"
    plots = real_plots(tmp_path / "plots", 3)
    plan.write_text(json.dumps(plots))
    with bot(jobs, plan, said):
        for plot in plots:
            directory = jobs / plot["id"]
            while not directory.exists():
                time.sleep(0.005)
            until_state(directory, State.RUNNING)
    with bot(jobs, plan, said) as second:
        assert second.wait(timeout=60) == 0
    assert len(heard(said, "adopted")) == 3
    assert [(end["code"], end["how"]) for end in heard(said, "ended")] == [(0, "shim")] * 3
    made = list((tmp_path / "plots").iterdir())
    assert len(made) == 3
    assert {file.suffix for file in made} == {".plot"}, "no temp file is left"


def test_plots_that_end_while_the_bot_is_down_have_their_codes(
    jobs: Path, tmp_path: Path, until_state: Callable[..., Found]
) -> None:
    plan, said = tmp_path / "plan.json", tmp_path / "said"
    scripts = [f"sleep 0.8; exit {code}" for code in (0, 42, 255)]
    listed: list[dict[str, Any]] = [
        {"id": f"job-{n}", "argv": ["/bin/sh", "-c", script], "cwd": "/"}
        for n, script in enumerate(scripts)
    ]
    plan.write_text(json.dumps(listed))
    with bot(jobs, plan, said):
        for job in listed:
            while not (jobs / job["id"]).exists():
                time.sleep(0.005)
            until_state(jobs / job["id"], State.RUNNING)
    ends = [until_state(jobs / job["id"], State.EXITED) for job in listed]
    assert [found.code for found in ends] == [0, 42, 255]
    with bot(jobs, plan, said) as second:
        assert second.wait(timeout=30) == 0
    codes = {end["ended"]: (end["code"], end["how"]) for end in heard(said, "ended")}
    assert codes == {"job-0": (0, "shim"), "job-1": (42, "shim"), "job-2": (255, "shim")}


@pytest.mark.parametrize("seed", [1, 2])
def test_a_bot_killed_again_and_again_loses_nothing_and_repeats_nothing(
    seed: int, jobs: Path, tmp_path: Path
) -> None:
    dice = random.Random(seed)
    plan, said, marks = tmp_path / "plan.json", tmp_path / "said", tmp_path / "marks"
    marks.mkdir()
    codes = {f"job-{n:03}": dice.randrange(120) for n in range(40)}
    scripts = {
        name: f"printf x >> {marks / name}; sleep {dice.random():.3f}; exit {code}"
        for name, code in codes.items()
    }
    plan.write_text(
        json.dumps(
            [
                {"id": name, "argv": ["/bin/sh", "-c", script], "cwd": "/"}
                for name, script in scripts.items()
            ]
        )
    )
    kills = 0
    for _ in range(100):
        with bot(jobs, plan, said) as life:
            try:
                # The interpreter's own start takes about 0.3 s; the rest hits launches and waits.
                code = life.wait(timeout=0.25 + dice.random() * 0.6)
            except subprocess.TimeoutExpired:
                kills += 1
                continue
        assert code == 0
        break
    found = {name: inspect(jobs / name) for name in codes}
    assert {name: (what.state, what.code) for name, what in found.items()} == {
        name: (State.EXITED, code) for name, code in codes.items()
    }
    assert Counter((marks / name).read_text() for name in codes) == {"x": len(codes)}
    assert kills >= 8, "too few kills to have shown anything"


# --- one bot for each state directory --------------------------------------------------------


HOLDER = """
import sys, time; from pathlib import Path
from plotobot.engine.supervision.locks import hold_state_dir
lock = hold_state_dir(Path(sys.argv[1])); print("held", flush=True); time.sleep(60)
"""


def test_a_second_bot_is_refused_with_the_first_ones_pid_and_host(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        first.stdout.readline()
        try:
            with pytest.raises(StateDirInUse, match=f"pid {first.pid} on {platform.node()}"):
                hold_state_dir(tmp_path)
        finally:
            first.kill()
    with hold_state_dir(tmp_path):  # the kernel has freed it
        pass
    with hold_state_dir(tmp_path):
        pass


@pytest.mark.parametrize("text", ["", "[" * 3000, '{"pid": null}', "\x00\xff"])
def test_a_holder_that_left_no_name_still_holds(text: str, tmp_path: Path) -> None:
    with hold_state_dir(tmp_path):
        (tmp_path / "bot.lock").write_text(text)
        with pytest.raises(StateDirInUse, match="did not say who it is"):
            hold_state_dir(tmp_path)


def test_a_lock_on_a_disk_that_became_read_only_is_asked_as_well(tmp_path: Path) -> None:
    lock = tmp_path / "child.lock"
    holder = take_lock(str(lock))
    assert holder is not None
    lock.chmod(0o400)
    assert without_root(lambda: is_held(lock))
    os.close(holder)
    assert not without_root(lambda: is_held(lock))


async def test_a_living_shim_does_not_keep_the_state_directory_held(
    tmp_path: Path, jobs: Path, shell: Shell
) -> None:
    supervisor = Supervisor(jobs)
    with hold_state_dir(tmp_path):
        await supervisor.launch("job", shell("sleep 60"))
    with hold_state_dir(tmp_path):
        await supervisor.end("job")
    await supervisor.close()
