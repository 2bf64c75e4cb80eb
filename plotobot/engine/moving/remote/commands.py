"""The command lines of the remote half, and nothing else. Pure.

The plot's name reaches the other host within rsync's protocol only, never on a command line there.
The folder does reach the host's shell over SSH: rsync escapes it since 3.2.4 (man rsync,
--old-args), which `program` asks for, and `address` lets through nothing that it leaves out. `-s`
would do the same, but rrsync, by which farmers fence a key in, refuses it (source of 3.5.0).
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from plotobot.engine.moving.remote.address import RsyncAddress
from plotobot.engine.moving.remote.program import Rsync

PART = ".plotobot-part"
"""The folder beside the plots where what is not whole stays. No name in it is a final one."""
CONNECT = 10
"""Seconds to wait for a connection."""
_COMPARE = ("--dry-run", "-ii", "--out-format=%i")


@dataclass(frozen=True, slots=True)
class Access:
    """How to get in: file names only, so that no secret is on a command line."""

    key: Path | None = None
    """The private key for SSH; None is the user's own ones."""
    known_hosts: Path | None = None
    """The hosts' public keys; None is the user's own file. An unknown host is refused."""
    port: int | None = None
    """SSH's port, where the address has none."""
    password_file: Path | None = None
    """An rsync daemon's password; readable for its owner only."""


def look(rsync: Rsync, to: RsyncAddress, access: Access, source: Path, timeout: int) -> list[str]:
    """Ask what stands under a plot's name there, by its size. Reads no contents."""
    options = (*_COMPARE, "--size-only", f"--timeout={timeout}")
    return [rsync.program, *options, *reach(to, access), "--", str(source), to.target]


def seed(rsync: Rsync, to: RsyncAddress, access: Access, start: Path, timeout: int) -> list[str]:
    """Put a file's first byte into the part folder, unless there is more already.

    With a part file there rsync writes into it. Without one it writes to `.NAME.XXXXXX`, which a
    receiver that is killed leaves behind for ever, useless (measured with 3.5.0).
    It fails where the folder itself is missing: rsync makes one level of folders, not two.
    """
    options = ("--ignore-existing", f"--timeout={timeout}")
    part = f"{to.target}{PART}/"
    return [rsync.program, *options, *reach(to, access), "--", str(start), part]


def copy(
    rsync: Rsync,
    to: RsyncAddress,
    access: Access,
    source: Path,
    timeout: int,
    bandwidth: int | None = None,
) -> list[str]:
    """Copy a plot; what has its name already is left as it is.

    Args:
        rsync: the program here.
        to: where.
        access: how to get in.
        source: the plot.
        timeout: seconds without a byte after which rsync gives up.
        bandwidth: bytes a second at most.
    """
    options = [
        "--times",
        "--ignore-existing",
        f"--partial-dir={PART}",
        "--no-whole-file",
        "--fsync",
        *(("--preallocate",) if rsync.preallocate else ()),
        f"--timeout={timeout}",
        *(() if bandwidth is None else (f"--bwlimit={max(1, bandwidth // 1024)}",)),
        *("--info=progress2", "--no-human-readable", "--stats", "--outbuf=N"),
    ]
    return [rsync.program, *options, *reach(to, access), "--", str(source), to.target]


def check(rsync: Rsync, to: RsyncAddress, access: Access, source: Path) -> list[str]:
    """Compare a plot with what stands there, byte for byte by checksum.

    Without --timeout: both ends are silent while they read a file, and 100 GiB take minutes
    (measured: a timeout shorter than the reading ends it with 30 there and 12 here).
    """
    options = (*_COMPARE, "--checksum", "--timeout=0")
    return [rsync.program, *options, *reach(to, access), "--", str(source), to.target]


def room(to: RsyncAddress, access: Access) -> list[str]:
    """Ask a host over SSH for the bytes of the file system under the folder, and the free ones."""
    ask = f"LC_ALL=C df -B1 --output=size,avail -- {shlex.quote(to.path)}"
    return [*ssh(to, access), "--", to.login.replace("[", "").replace("]", ""), ask]


def reach(to: RsyncAddress, access: Access) -> list[str]:
    """The options of rsync by which it gets to an address."""
    if not to.daemon:
        return [f"--rsh={' '.join(map(_word, ssh(to, access)))}"]
    password = () if access.password_file is None else (f"--password-file={access.password_file}",)
    return [f"--contimeout={CONNECT}", *password]


def ssh(to: RsyncAddress, access: Access) -> list[str]:
    """SSH so that it never asks anybody anything, and notices a host that is gone."""
    options = [
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        f"ConnectTimeout={CONNECT}",
        "ServerAliveInterval=15",
        "ServerAliveCountMax=4",
        "ControlMaster=no",
        "ControlPath=none",
        "ForwardAgent=no",
        "ForwardX11=no",
        "ClearAllForwardings=yes",
    ]
    if access.key is not None:
        options += ["IdentitiesOnly=yes", f"IdentityFile={_file(access.key)}"]
    if access.known_hosts is not None:
        known = _file(access.known_hosts)
        options += [f"UserKnownHostsFile={known}", "GlobalKnownHostsFile=none"]
    port = access.port if to.port is None else to.port
    words = ["ssh", "-T", *(() if port is None else ("-p", str(port)))]
    return words + [word for option in options for word in ("-o", option)]


def _file(path: Path) -> str:
    """A file name as ssh_config takes it: several words may be meant there, and % means more."""
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%") + '"'


def _word(text: str) -> str:
    """One word of --rsh, which rsync splits itself; a quote is doubled within quotes."""
    return "'" + text.replace("'", "''") + "'"
