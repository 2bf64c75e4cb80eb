"""The command lines, as values."""

from __future__ import annotations

from pathlib import Path

import pytest

from plotobot.engine.moving.remote.address import parse_address
from plotobot.engine.moving.remote.commands import PART, Access, check, copy, look, room, seed, ssh
from plotobot.engine.moving.remote.program import Rsync, read_version

RSYNC = Rsync("/usr/bin/rsync", (3, 5, 0), preallocate=True)
DAEMON = parse_address("rsync://nas/plots")
SSH = parse_address("farmer@nas:/mnt/it's $(x)")
ACCESS = Access(
    key=Path("/keys/a 'b\" 100%"), known_hosts=Path("/known hosts"), password_file=Path("/secret")
)
PLOT = Path("/temp/-x.plot")


def every(to):
    return {
        "look": look(RSYNC, to, ACCESS, PLOT, 60),
        "seed": seed(RSYNC, to, ACCESS, PLOT, 60),
        "copy": copy(RSYNC, to, ACCESS, PLOT, 60, 5 << 20),
        "check": check(RSYNC, to, ACCESS, PLOT),
    }


@pytest.mark.parametrize("to", [DAEMON, SSH], ids=["daemon", "ssh"])
def test_nothing_ever_removes_or_overwrites(to):
    for line in every(to).values():
        options = line[: line.index("--")]
        assert not [word for word in options if "remove" in word or "delete" in word]
        assert not {"--inplace", "--append", "--force", "--backup"} & set(options)
        assert {"--ignore-existing", "--dry-run"} & set(options)


@pytest.mark.parametrize("to", [DAEMON, SSH], ids=["daemon", "ssh"])
def test_names_come_after_the_options_and_the_target_is_a_folder(to):
    for line in every(to).values():
        first, last = line[line.index("--") + 1 :]
        assert first == str(PLOT)
        assert last.endswith("/")


def test_a_copy_is_durable_resumable_and_no_faster_than_asked():
    line = every(DAEMON)["copy"]

    assert {
        f"--partial-dir={PART}",
        "--fsync",
        "--preallocate",
        "--timeout=60",
        "--no-whole-file",
        "--times",
        "--bwlimit=5120",
    } <= set(line)


@pytest.mark.parametrize(("bandwidth", "limit"), [(1, 1), (1024, 1), (4096, 4)])
def test_a_bandwidth_never_rounds_down_to_none(bandwidth, limit):
    assert f"--bwlimit={limit}" in copy(RSYNC, DAEMON, ACCESS, PLOT, 60, bandwidth)


def test_without_a_bandwidth_there_is_no_limit():
    assert not [word for word in copy(RSYNC, DAEMON, ACCESS, PLOT, 60) if "bwlimit" in word]


def test_the_check_reads_the_contents_and_may_take_its_time():
    line = every(SSH)["check"]

    assert {"--dry-run", "--checksum", "-ii", "--timeout=0"} <= set(line)


def test_ssh_asks_nobody_and_believes_known_hosts_only():
    words = ssh(SSH, ACCESS)

    assert {
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        "ConnectTimeout=10",
        'IdentityFile="/keys/a \'b\\" 100%%"',
        'UserKnownHostsFile="/known hosts"',
    } <= set(words)
    assert "-p" not in words


def test_the_port_of_the_address_goes_before_the_settings():
    access = Access(port=22022)

    assert ssh(parse_address("ssh://nas:2222/x"), access)[2:4] == ["-p", "2222"]
    assert ssh(parse_address("nas:/x"), access)[2:4] == ["-p", "22022"]


def test_the_only_word_a_shell_sees_is_quoted_for_it():
    line = room(SSH, ACCESS)

    assert line[-2] == "farmer@nas"
    assert line[-1].endswith("""-- '/mnt/it'"'"'s $(x)'""")


@pytest.mark.parametrize("to", [DAEMON, SSH], ids=["daemon", "ssh"])
def test_a_password_file_is_named_to_daemons_only(to):
    for line in every(to).values():
        assert ("--password-file=/secret" in line) is to.daemon


DEBIAN_12 = "rsync  version 3.2.7  protocol version 31\nCapabilities:\n  prealloc, stop-at\n"


@pytest.mark.parametrize(
    ("text", "version", "preallocate", "warned"),
    [
        pytest.param(DEBIAN_12, (3, 2, 7), True, True, id="Debian 12"),
        pytest.param(DEBIAN_12.replace("3.2.7", "v3.5.0"), (3, 5, 0), True, False, id="3.5.0"),
        pytest.param(DEBIAN_12.replace("prealloc", "no prealloc"), (3, 2, 7), False, True, id="no"),
        pytest.param("rsync  version 3.10  protocol", (3, 10, 0), False, False, id="short"),
    ],
)
def test_versions(text, version, preallocate, warned):
    rsync = read_version("rsync", text)

    assert (rsync.version, rsync.preallocate) == (version, preallocate)
    assert bool(rsync.warning) is warned
    assert ("--preallocate" in copy(rsync, DAEMON, ACCESS, PLOT, 60)) is preallocate


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(
            "openrsync: protocol version 29\nrsync version 2.6.9", "macOS", id="openrsync"
        ),
        pytest.param("rsync  version 3.1.3  protocol version 31", "install 3.2.4", id="old"),
        pytest.param("", "not the rsync", id="nothing"),
    ],
)
def test_an_rsync_that_cannot_be_used(text, words):
    with pytest.raises(ValueError, match=words):
        read_version("rsync", text)
