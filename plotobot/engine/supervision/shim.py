"""Own one plotter: start it at most once, outlive the bot, keep the exit code.

Run by path with a bare interpreter, never imported by the bot, standard library only:

    python -S -E -P shim.py JOBDIR

On Linux the shim is the plotter's parent and the subreaper of its tree. The kernel frees its locks
when it dies, so they tell the truth whatever happened: `shim.lock` is held by the shim,
`child.lock` by everybody of the plotter's tree. `child.json` is written by the forked child before
its exec, so that no plotter ever runs without a durable identity.

The branch for Windows and macOS is not run by us. There the plotter is started with
`subprocess`, `child.lock` does not exist, and `child.json` is written twice: with pid 0 before the
start (so that a second start is refused) and with the real pid after it. A shim that dies between
the two leaves a job that is lost, never one that runs twice.

The shim's own exit codes: 0 exit.json stands, 3 another shim has the job, 4 it was started before,
5 it could not be started (the reason stands in out.log).
"""

# pathlib would cost a fifth of the start-up time.
# ruff: noqa: PTH105, PTH123

from __future__ import annotations

import json
import os
import signal
import struct
import sys
import time

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Record = dict[str, Any]

DONE, HELD, STARTED_BEFORE, FAILED = 0, 3, 4, 5
NO_EXEC = 127
EXIT_SIZE = 513  # 512 bytes and a newline: one disk block, allocated before it is needed
SPEC_LIMIT = 64 * 1024
PR_SET_CHILD_SUBREAPER = 36
# The values of ShowWindow (learn.microsoft.com); hidden is 0.
WINDOWS = {"normal": 1, "minimized": 7, "maximized": 3}
NEW = os.O_WRONLY | os.O_CREAT


def sync_folder() -> None:
    """Make the names in the job directory durable; Windows does so by itself."""
    if sys.platform == "win32":
        return
    fd = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_new(name: str, data: bytes) -> None:
    """Write a whole file and wait until it is on the disk."""
    fd = os.open(name, NEW | os.O_TRUNC, 0o600)
    try:
        while data:
            data = data[os.write(fd, data) :]
        os.fsync(fd)
    finally:
        os.close(fd)


def write_record(name: str, record: Record) -> None:
    """Put a record under its name, whole or not at all, and durably."""
    write_new(f"{name}.new", json.dumps(record).encode() + b"\n")
    os.replace(f"{name}.new", name)
    sync_folder()


def read_spec() -> Record:
    """What to run.

    Raises:
        ValueError: the record is damaged.
    """
    with open("spec.json", "rb") as file:
        spec = json.loads(file.read(SPEC_LIMIT))
    if not isinstance(spec, dict) or spec.get("format") != 1:
        raise ValueError("spec.json is no spec of format 1")
    argv, env, cwd = spec.get("argv"), spec.get("env"), spec.get("cwd")
    words = [*argv, *env, *env.values(), cwd] if isinstance(env, dict) and argv else [None]
    if not isinstance(argv, list) or not all(isinstance(word, str) for word in words):
        raise ValueError("spec.json needs argv, env and cwd")
    return spec


def take_lock(name: str) -> int | None:
    """Take a lock that lives as long as its descriptor; None when somebody holds it."""
    fd = os.open(name, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform == "linux":
            whole = struct.pack("hh4xqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
            fcntl.fcntl(fd, fcntl.F_OFD_SETLK, whole)
        elif sys.platform == "win32":
            os.write(fd, b"\n")
            os.lseek(fd, 0, os.SEEK_SET)
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        os.close(fd)
        return None
    return fd


def reserve_exit() -> None:
    """Allocate the block of exit.json now: the disk may be full when the plot ends."""
    write_new("exit.reserve", b" " * (EXIT_SIZE - 1) + b"\n")
    sync_folder()


def write_exit(record: Record) -> None:
    """Keep the exit code; a disk that refuses is asked again, for ever.

    Raises:
        FileNotFoundError: the job directory was removed, so nobody will ever ask.
    """
    data = json.dumps(record).encode().ljust(EXIT_SIZE - 1) + b"\n"
    pause = 0.1
    while True:
        try:
            fd = os.open("exit.reserve", NEW, 0o600)  # in place: no O_TRUNC, no new block
            try:
                if os.write(fd, data) != len(data):
                    raise OSError("half an exit.json was written")
                os.fsync(fd)
            finally:
                os.close(fd)
            os.replace("exit.reserve", "exit.json")
            sync_folder()
        except FileNotFoundError:
            raise
        except OSError:
            time.sleep(pause)
            pause = min(pause * 2, 30.0)
        else:
            return


def say(log: int, problem: BaseException) -> None:
    """Leave a line in the plotter's log."""
    line = f"plotobot: the plotter could not be started: {problem}\n"
    os.write(log, line.encode("utf-8", "replace"))


if sys.platform == "linux":

    def identity() -> Record:
        """Who this process is, in a way that no later process can be."""
        with open("/proc/self/stat", "rb") as file:
            ticks = int(file.read().rpartition(b")")[2].split()[19])
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot_id = file.read().strip()
        return {"pid": os.getpid(), "ticks": ticks, "boot_id": boot_id, "t": time.time()}

    def adopt_orphans() -> None:
        """Become the parent of every process of the tree that loses its own."""
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")

    def become_plotter(spec: Record, log: int, lock: int) -> None:
        """Turn the forked child into the plotter; never returns."""
        try:
            os.setsid()
            # Ignored signals and blocked ones survive an exec; Python itself ignores the last two.
            for number in ("SIGHUP", "SIGINT", "SIGTERM", "SIGPIPE", "SIGXFSZ"):
                signal.signal(getattr(signal, number), signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            write_record("child.json", identity())
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(log, 1)
            os.dup2(log, 2)
            os.set_inheritable(lock, True)
            os.chdir(spec["cwd"])
            os.execvpe(spec["argv"][0], spec["argv"], spec["env"])  # noqa: S606 - no shell is meant
        except BaseException as problem:  # the child's last frame: it must not go on as a shim
            say(log, problem)
        finally:
            os._exit(NO_EXEC)

    def reap(pid: int) -> Record:
        """Reap whatever ends until the plotter does, and tell how it ended."""
        while True:
            reaped, status, usage = os.wait4(-1, 0)
            if reaped == pid:
                break
        return {
            "pid": pid,
            "code": os.waitstatus_to_exitcode(status),
            "t": time.time(),
            "maxrss_kb": usage.ru_maxrss,
            "utime": usage.ru_utime,
            "stime": usage.ru_stime,
        }

    def run(spec: Record, log: int) -> Record:
        """Run the plotter to its end."""
        adopt_orphans()
        lock = take_lock("child.lock")
        if lock is None:
            raise OSError("child.lock is held: a process of this plot is alive")
        pid = os.fork()
        if pid == 0:
            become_plotter(spec, log, lock)
        os.close(lock)  # the lock lives on in the plotter's copy
        os.close(log)
        return reap(pid)

else:

    def identity(pid: int | None = None) -> Record:
        """Who a process is; without ticks, which the standard library cannot tell here."""
        pid = os.getpid() if pid is None else pid
        return {"pid": pid, "ticks": 0, "boot_id": "", "t": time.time()}

    def run(spec: Record, log: int) -> Record:
        """Run the plotter to its end; not run by us on these systems."""
        import subprocess

        flags, window = 0, None
        if sys.platform == "win32":
            style = WINDOWS.get(str(spec.get("window")), 0)
            flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NEW_CONSOLE
            window = subprocess.STARTUPINFO(
                dwFlags=subprocess.STARTF_USESHOWWINDOW, wShowWindow=style
            )
        write_record("child.json", identity(0))
        try:
            child = subprocess.Popen(
                spec["argv"],
                cwd=spec["cwd"],
                env=spec["env"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                creationflags=flags,
                startupinfo=window,
            )
        except OSError as problem:
            say(log, problem)
            return {"pid": 0, "code": NO_EXEC, "t": time.time()}
        write_record("child.json", identity(child.pid))
        os.close(log)
        return {"pid": child.pid, "code": child.wait(), "t": time.time()}


def own(folder: str) -> int:
    """Own the job in a directory from start to end; returns the shim's exit code."""
    os.chdir(folder)
    if take_lock("shim.lock") is None:
        return HELD
    if os.path.lexists("child.json") or os.path.lexists("exit.json"):
        return STARTED_BEFORE
    log = os.open("out.log", NEW | os.O_APPEND, 0o600)
    try:
        write_record("shim.json", identity())
        spec = read_spec()
        for number in ("SIGHUP", "SIGINT", "SIGTERM"):
            if hasattr(signal, number):
                signal.signal(getattr(signal, number), signal.SIG_IGN)
        reserve_exit()
        ended = run(spec, log)
    except (OSError, ValueError, RecursionError) as problem:
        say(log, problem)
        return FAILED
    try:
        write_exit(ended)
    except FileNotFoundError:
        return FAILED
    return DONE


if __name__ == "__main__":
    os._exit(own(sys.argv[1]))
