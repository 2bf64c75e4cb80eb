"""The shim: at most one start, an exit code that is known, whatever dies when."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from plotobot.engine.supervision import launching
from plotobot.engine.supervision.finding import Found, State, inspect
from plotobot.engine.supervision.jobdir import Spec, create

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the Linux shim")

Shell = Callable[..., Spec]
Run = Callable[..., tuple[int, Path]]
CRASHING = Path(__file__).with_name("crashing_shim.py")


def crash(point: str, directory: Path) -> int:
    return subprocess.run(
        [sys.executable, CRASHING, point, directory], timeout=30, start_new_session=True
    ).returncode


@pytest.mark.parametrize("code", [0, 1, 3, 127, 255])
def test_an_exit_code_is_kept(code: int, run_shim: Run, shell: Shell) -> None:
    shim, directory = run_shim(shell(f"exit {code}"))
    found = inspect(directory)
    assert (shim, found.state, found.code, found.how) == (0, State.EXITED, code, "shim")


def test_a_killed_plotter_has_minus_nine(run_shim: Run, shell: Shell) -> None:
    _, directory = run_shim(shell("kill -9 $$"))
    assert inspect(directory).code == -9


@pytest.mark.parametrize(
    ("argv", "cwd", "text"),
    [
        (("/no/such/plotter",), "/", "No such file or directory: '/no/such/plotter'"),
        (("/etc/passwd",), "/", "Permission denied: '/etc/passwd'"),
        (("/bin/true",), "/no/such/folder", "No such file or directory: '/no/such/folder'"),
    ],
    ids=["missing", "not-executable", "no-folder"],
)
def test_a_plotter_that_cannot_start_says_why_in_its_log(
    argv: tuple[str, ...], cwd: str, text: str, run_shim: Run
) -> None:
    _, directory = run_shim(Spec(argv, cwd, {}))
    assert inspect(directory).code == 127
    assert text in (directory / "out.log").read_text()


def test_output_and_errors_go_to_the_log_and_nothing_comes_in(run_shim: Run, shell: Shell) -> None:
    _, directory = run_shim(shell("echo out; cat; echo err >&2; pwd; echo $HOME,$PATH"))
    assert (directory / "out.log").read_text() == "out\nerr\n/\n,/usr/bin:/bin\n"


def test_the_plotter_starts_with_default_signals_in_its_own_session(
    run_shim: Run, shell: Shell
) -> None:
    _, directory = run_shim(shell("cat /proc/self/status; cut -d' ' -f6 /proc/$$/stat; echo $$"))
    lines = (directory / "out.log").read_text().splitlines()
    masks = {line.split(":")[0]: line.split()[-1] for line in lines if line.startswith("Sig")}
    assert int(masks["SigIgn"], 16) == int(masks["SigBlk"], 16) == 0
    assert lines[-1] == lines[-2], "the plotter leads its session"


def test_a_shim_has_nothing_secret_in_its_environment(
    jobs: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch, until_state: Callable[..., Found]
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "do-not-tell")
    directory = create(jobs, "job", shell("sleep 30"))
    process = launching.start_shim(launching.shim_command(directory), directory)
    found = until_state(directory, State.RUNNING)
    assert found.child is not None
    try:
        for pid in (process.pid, found.child.pid):
            assert b"do-not-tell" not in Path(f"/proc/{pid}/environ").read_bytes()
    finally:
        os.kill(found.child.pid, 9)
        process.wait(timeout=30)


def test_all_files_are_for_the_owner_only(run_shim: Run, shell: Shell) -> None:
    _, directory = run_shim(shell("true"))
    assert directory.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in directory.iterdir()} == {0o600}


def test_a_job_is_never_started_twice(
    run_shim: Run, shell: Shell, rerun: Callable[..., int]
) -> None:
    _, directory = run_shim(shell("echo run"))
    assert rerun(directory) == 4
    (directory / "exit.json").unlink()
    assert rerun(directory) == 4
    (directory / "child.json").write_bytes(b"")
    assert rerun(directory) == 4, "a damaged record is a start, too"
    assert (directory / "out.log").read_text() == "run\n"


def test_six_shims_on_one_job_run_it_once(
    jobs: Path, shell: Shell, rerun: Callable[..., int]
) -> None:
    directory = create(jobs, "job", shell("echo run; sleep 0.3; exit 5"))
    with ThreadPoolExecutor(6) as pool:
        codes = sorted(pool.map(rerun, [directory] * 6))
    assert codes[0] == 0
    assert set(codes[1:]) <= {3, 4}
    assert (directory / "out.log").read_text() == "run\n"
    assert inspect(directory).code == 5


def test_a_damaged_spec_starts_nothing(jobs: Path, shell: Shell, rerun: Callable[..., int]) -> None:
    directory = create(jobs, "job", shell("echo run"))
    (directory / "spec.json").write_bytes(b"[" * 60_000)
    assert rerun(directory) == 5
    assert "could not be started" in (directory / "out.log").read_text()
    assert not (directory / "child.json").exists()


@pytest.mark.parametrize("point", ["lock-taken", "before-fork"])
def test_a_shim_killed_before_its_plotter_can_be_repeated(
    point: str, jobs: Path, shell: Shell, rerun: Callable[..., int]
) -> None:
    directory = create(jobs, "job", shell("echo run; exit 42"))
    assert crash(point, directory) == -9
    assert inspect(directory).state is State.PENDING
    assert rerun(directory) == 0
    assert inspect(directory).code == 42
    assert (directory / "out.log").read_text() == "run\n"


def test_a_child_killed_before_its_exec_has_run_nothing(
    jobs: Path, shell: Shell, rerun: Callable[..., int]
) -> None:
    directory = create(jobs, "job", shell("echo run"))
    assert crash("before-exec", directory) == 0
    found = inspect(directory)
    assert (found.state, found.code, found.how) == (State.EXITED, -9, "shim")
    assert rerun(directory) == 4
    assert (directory / "out.log").read_text() == ""


def test_a_plotter_outlives_its_killed_shim(
    jobs: Path, shell: Shell, rerun: Callable[..., int], until_state: Callable[..., Found]
) -> None:
    directory = create(jobs, "job", shell("echo run; sleep 0.5; exit 42"))
    assert crash("after-fork", directory) == -9
    assert inspect(directory).state is State.RUNNING
    assert rerun(directory) == 4
    found = until_state(directory, State.EXITED, State.LOST)
    assert (found.code, found.how or found.why) in [(42, "zombie"), (None, "shim-killed")]
    assert (directory / "out.log").read_text() == "run\n"


def test_an_exit_code_that_was_not_written_is_unknown_and_never_zero(
    jobs: Path, shell: Shell, rerun: Callable[..., int]
) -> None:
    directory = create(jobs, "job", shell("echo run; exit 0"))
    assert crash("before-exit-json", directory) == -9
    found = inspect(directory)
    assert (found.state, found.code, found.why) == (State.LOST, None, "shim-killed")
    assert rerun(directory) == 4
    assert (directory / "out.log").read_text() == "run\n"


def test_the_shim_keeps_its_terms_with_signals_that_mean_the_bot(
    jobs: Path, shell: Shell, until_state: Callable[..., Found]
) -> None:
    directory = create(jobs, "job", shell("sleep 0.4; exit 6"))
    process = launching.start_shim(launching.shim_command(directory), directory)
    until_state(directory, State.RUNNING)
    for number in (1, 2, 15):
        process.send_signal(number)
    assert process.wait(timeout=30) == 0
    assert inspect(directory).code == 6


def test_the_shim_imports_nothing_of_ours_or_of_others() -> None:
    source = Path(launching.__file__).with_name("shim.py")
    listing = "import sys, runpy; sys.argv[1:] = ['/nowhere']\n"
    listing += f"try: runpy.run_path({str(source)!r}, run_name='shim')\n"
    listing += "finally: print(*sys.modules)"
    command = [sys.executable, "-S", "-E", "-P", "-c", listing]
    modules = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    tops = {name.split(".")[0] for name in modules}
    assert tops <= sys.stdlib_module_names | {"sitecustomize", "__main__"}


def test_a_shim_whose_job_directory_is_gone_ends_with_its_plotter(
    jobs: Path, shell: Shell, until_state: Callable[..., Found]
) -> None:
    directory = create(jobs, "job", shell("sleep 0.3"))
    process = launching.start_shim(launching.shim_command(directory), directory)
    until_state(directory, State.RUNNING)
    shutil.rmtree(directory)
    assert process.wait(timeout=30) == 5


def test_a_disk_that_refuses_the_exit_code_is_asked_again(
    jobs: Path, shell: Shell, until_state: Callable[..., Found]
) -> None:
    directory = create(jobs, "job", shell("sleep 0.3; exit 8"))
    process = launching.start_shim(launching.shim_command(directory), directory)
    until_state(directory, State.RUNNING)
    (directory / "exit.reserve").unlink()
    (directory / "exit.reserve").mkdir()
    until_state(directory, State.ENDING)
    time.sleep(0.2)
    assert inspect(directory).state is State.ENDING
    (directory / "exit.reserve").rmdir()
    assert process.wait(timeout=30) == 0
    assert inspect(directory).code == 8


@pytest.mark.mounts
def test_an_exit_code_is_kept_on_a_full_disk(
    tmp_path: Path,
    shell: Shell,
    as_root: Callable[[str], None],
    until_state: Callable[..., Found],
) -> None:
    as_root("mounting a tmpfs")
    disk, go = tmp_path / "disk", tmp_path / "go"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], check=True)
    try:
        script = f"until test -e {go}; do sleep 0.02; done; exit 42"
        directory = create(disk / "jobs", "job", shell(script))
        process = launching.start_shim(launching.shim_command(directory), directory)
        until_state(directory, State.RUNNING)
        fill = subprocess.run(["dd", "if=/dev/zero", f"of={disk / 'ballast'}"], capture_output=True)
        assert b"No space left" in fill.stderr
        go.touch()
        assert process.wait(timeout=30) == 0
        assert inspect(directory).code == 42
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_records_tell_when_the_plotter_started_and_ended(run_shim: Run, shell: Shell) -> None:
    before = time.time()
    _, directory = run_shim(shell("sleep 0.1"))
    found = inspect(directory)
    assert found.child is not None
    assert found.at is not None
    assert before <= found.child.at <= found.at.timestamp() - 0.1 <= time.time()
    assert len((directory / "exit.json").read_bytes()) == 513
    assert json.loads((directory / "exit.json").read_bytes())["maxrss_kb"] > 0
