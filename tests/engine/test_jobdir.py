"""Job directories: durable records, read as if a stranger had written them."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plotobot.engine.supervision.finding import State, inspect
from plotobot.engine.supervision.jobdir import (
    JOB_ID,
    RECORD_LIMIT,
    Spec,
    create,
    job_directory,
    new_job_id,
    read_record,
    read_spec,
    read_verdict,
    remove,
    write_record,
)

SPEC = Spec(("/bin/true", "Bücher\udcff\n"), "/", {"A": "b"}, {"k": 32, "temp": "/mnt/ssd 1"})


def test_a_spec_comes_back_as_it_was(jobs: Path) -> None:
    assert read_spec(create(jobs, "job", SPEC)) == SPEC


def test_a_directory_and_its_records_are_for_the_owner_only(jobs: Path) -> None:
    directory = create(jobs, "job", SPEC)
    assert directory.stat().st_mode & 0o777 == 0o700
    assert (directory / "spec.json").stat().st_mode & 0o777 == 0o600


def test_records_are_synced_before_their_rename_and_the_folders_after(
    jobs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acts: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def synced(fd: int) -> None:
        acts.append(Path(f"/proc/self/fd/{fd}").readlink().name)
        fsync(fd)

    def replaced(path: Path, target: Path) -> Path:
        acts.append(f"-> {target.name}")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    create(jobs, "job", SPEC)
    assert acts == ["spec.json.new", "-> spec.json", "job", "jobs"]


def test_a_job_is_made_once(jobs: Path) -> None:
    create(jobs, "job", SPEC)
    with pytest.raises(FileExistsError):
        create(jobs, "job", SPEC)


def test_a_spec_that_its_reader_would_refuse_is_refused_at_once(jobs: Path) -> None:
    with pytest.raises(ValueError, match="larger than"):
        create(jobs, "job", Spec(("/bin/true",), "/", {"A": "x" * RECORD_LIMIT}))
    assert not (jobs / "job").exists()


@pytest.mark.parametrize("name", ["", "..", "a/b", "/etc", "a\n", ".new", "a" * 65])
def test_an_id_that_leaves_the_jobs_folder_is_none(name: str, jobs: Path) -> None:
    with pytest.raises(ValueError, match="no job id"):
        job_directory(jobs, name)


def test_job_ids_differ_and_sort_by_age() -> None:
    ids = [new_job_id() for _ in range(1000)]
    assert len({name[-4:] for name in ids}) > 900, "people are shown the last four"
    assert sorted(ids, key=lambda name: name[:16]) == ids
    assert all(JOB_ID.fullmatch(name) for name in ids)


def test_a_verdict_is_kept(jobs: Path) -> None:
    directory = create(jobs, "job", SPEC)
    assert read_verdict(directory) is None
    write_record(directory, "verdict.json", {"state": "completed"})
    assert read_verdict(directory) == {"state": "completed"}


def test_removing_a_job_leaves_what_is_not_ours(jobs: Path) -> None:
    directory = create(jobs, "job", SPEC)
    (directory / "notes.txt").touch()
    with pytest.raises(OSError, match="not empty"):
        remove(directory)
    assert [file.name for file in directory.iterdir()] == ["notes.txt"]


DAMAGES = {
    "empty": b"",
    "truncated": b'{"pid": 12, "code": 0, "ti',
    "noise": bytes(range(56, 256)),
    "deep": b"[" * 100_000,
    "deep-but-short": b"[" * 60_000,
    "list": b"[1, 2]",
    "huge": b'{"a": "' + b"x" * RECORD_LIMIT + b'"}',
    "huge-number": b'{"code": 1' + b"0" * 4000 + b', "pid": 1' + b"0" * 400 + b', "t": 1e999}',
    "wrong-types": b'{"code": "0", "pid": true, "ticks": "1", "boot_id": 7, "t": null, "argv": 3}',
    "not-utf-8": b'{"code": 0, "boot_id": "\xff"}',
}
EXPECTED = {
    # What is damaged, in a job that has ended: what must be found.
    ("child.json",): (State.EXITED, None),
    ("spec.json",): (State.EXITED, None),
    ("shim.json",): (State.EXITED, None),
    ("exit.json",): (State.LOST, "shim-killed"),
    ("child.json", "exit.json"): (State.LOST, "damaged record"),
    ("child.json", "exit.json", "spec.json"): (State.LOST, "damaged record"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
@pytest.mark.parametrize("names", EXPECTED, ids="+".join)
def test_damaged_records_of_an_ended_job(
    names: tuple[str, ...], damage: bytes, run_shim: Callable[..., tuple[int, Path]]
) -> None:
    _, directory = run_shim(Spec(("/bin/false",), "/", {}))
    for name in names:
        (directory / name).write_bytes(damage)
    found = inspect(directory)
    assert (found.state, found.why) == EXPECTED[names]
    assert found.code == (1 if found.state is State.EXITED else None)


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_spec_is_void_and_never_started(damage: bytes, jobs: Path) -> None:
    directory = create(jobs, "job", SPEC)
    assert inspect(directory).state is State.PENDING
    (directory / "spec.json").write_bytes(damage)
    assert read_spec(directory) is None
    assert inspect(directory).state in (State.VOID, State.LOST)


@pytest.mark.parametrize("kind", ["symlink", "fifo", "folder", "dangling"])
def test_a_record_that_is_no_file_is_damaged(kind: str, jobs: Path, tmp_path: Path) -> None:
    directory = create(jobs, "job", SPEC)
    record = directory / "exit.json"
    good = tmp_path / "good"
    good.write_text('{"code": 0}')
    match kind:
        case "symlink":
            record.symlink_to(good)
        case "fifo":
            os.mkfifo(record)
        case "folder":
            record.mkdir()
        case _:
            record.symlink_to(tmp_path / "nothing")
    assert read_record(directory, "exit.json") is None
    assert inspect(directory).state is State.LOST


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    records=st.dictionaries(
        st.sampled_from(["spec", "child", "shim", "exit"]), st.binary(max_size=80)
    )
)
def test_any_bytes_in_any_record_only_give_a_finding(
    records: dict[str, bytes], tmp_path: Path
) -> None:
    directory = tmp_path / new_job_id()
    directory.mkdir()
    for name, data in records.items():
        (directory / f"{name}.json").write_bytes(data)
    inspect(directory)


TEXT = st.text("ab/\0é\ud800", max_size=5)
SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
JSON = SCALAR | st.lists(SCALAR, max_size=3) | st.dictionaries(TEXT, SCALAR, max_size=3)
KEYS = st.sampled_from(["pid", "ticks", "boot_id", "t", "code", "argv", "env", "cwd", "format"])


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(st.dictionaries(KEYS, JSON), min_size=4, max_size=4))
def test_any_values_in_any_record_never_run_and_never_raise(
    records: list[dict[str, object]], tmp_path: Path
) -> None:
    directory = tmp_path / new_job_id()
    directory.mkdir()
    for name, record in zip(("spec", "child", "shim", "exit"), records, strict=True):
        (directory / f"{name}.json").write_text(json.dumps(record))
    assert inspect(directory).state not in (State.RUNNING, State.ENDING, State.STARTING)


@pytest.mark.parametrize("pid", [-1, 0, 1, 2**31, 10**30, True, "12", None])
def test_a_pid_that_can_be_no_plotter_is_refused(pid: object, jobs: Path) -> None:
    directory = create(jobs, "job", SPEC)
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    ticks = int(Path("/proc/1/stat").read_text().rpartition(")")[2].split()[19])
    record = {"pid": pid, "ticks": ticks, "boot_id": boot_id, "t": 1.0}
    write_record(directory, "child.json", record)
    assert inspect(directory).why == "damaged record"


def test_a_living_process_with_other_ticks_is_a_stranger(
    jobs: Path, bystander: subprocess.Popen[bytes]
) -> None:
    directory = create(jobs, "job", SPEC)
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    record = {"pid": bystander.pid, "ticks": 1, "boot_id": boot_id, "t": 1.0}
    write_record(directory, "child.json", record)
    assert inspect(directory).why == "shim-killed"


def test_the_same_pid_and_ticks_of_another_boot_were_lost_in_a_reboot(
    jobs: Path, bystander: subprocess.Popen[bytes]
) -> None:
    directory = create(jobs, "job", SPEC)
    stat = Path(f"/proc/{bystander.pid}/stat").read_text()
    ticks = int(stat.rpartition(")")[2].split()[19])
    record = {"pid": bystander.pid, "ticks": ticks, "boot_id": "another", "t": 1.0}
    write_record(directory, "child.json", record)
    found = inspect(directory)
    assert (found.state, found.why) == (State.LOST, "reboot")


def test_a_spec_of_another_format_is_neither_started_nor_removed(jobs: Path) -> None:
    directory = create(jobs, "job", SPEC)
    write_record(directory, "spec.json", {"format": 2, "what": "who knows"})
    found = inspect(directory)
    assert found.state is State.LOST
    assert found.why == "it was made by another version of Plotobot"


def test_a_job_directory_of_the_first_format_is_still_understood(jobs: Path) -> None:
    """A fixture by hand: what a shim of 0.1 left behind. It must be read for ever."""
    directory = jobs / "0018eb5028ca34cb0f9494d34b"
    directory.mkdir(parents=True)
    (directory / "spec.json").write_text(
        '{"argv": ["/bin/false"], "cwd": "/", "env": {"PATH": "/bin"}, "job": {"k": 32},'
        ' "format": 1}\n'
    )
    who = '"ticks": 368512, "boot_id": "3f0c0d3e-0000-4000-8000-000000000000", "t": 1795617000.25'
    (directory / "shim.json").write_text(f'{{"pid": 4242, {who}}}\n')
    (directory / "child.json").write_text(f'{{"pid": 4243, {who}}}\n')
    ended = (
        '{"pid": 4243, "code": 1, "t": 1795617001.5, "maxrss_kb": 3, "utime": 0.0, "stime": 0.0}'
    )
    (directory / "exit.json").write_text(ended.ljust(512) + "\n")
    found = inspect(directory)
    assert (found.state, found.code, found.how) == (State.EXITED, 1, "shim")
    assert found.at is not None
    assert found.at.isoformat() == "2026-11-25T14:30:01.500000+00:00"
    assert found.child is not None
    assert found.child.pid == 4243
