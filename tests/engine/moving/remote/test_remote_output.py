"""What rsync prints, and how it ends, as values and sentences."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plotobot.engine.moving.base import DestinationAway, Ident, MoveOrder, MoveRefused, Space, Step
from plotobot.engine.moving.remote.endings import clean, told
from plotobot.engine.moving.remote.journal import Journal
from plotobot.engine.moving.remote.output import (
    Standing,
    read_matched,
    read_progress,
    read_room,
    read_standing,
)
from plotobot.engine.moving.remote.progress import Progress
from plotobot.engine.moving.remote.running import Ended


@pytest.mark.parametrize(
    ("lines", "standing"),
    [
        pytest.param([".f         "], Standing.SAME, id="same"),
        pytest.param(["<f+++++++++"], Standing.NOTHING, id="nothing"),
        pytest.param(["<fc.T......"], Standing.OTHER, id="other contents"),
        pytest.param(["<f.sT......"], Standing.OTHER, id="other size"),
        pytest.param([".f...p....."], Standing.OTHER, id="other rights"),
        pytest.param(["created directory x", "<f+++++++++"], Standing.NO_FOLDER, id="no folder"),
        pytest.param(["cannot delete non-empty directory: x"], Standing.OTHER, id="folder"),
        pytest.param([], Standing.UNTOLD, id="silence"),
        pytest.param(["Welcome to the NAS!"], Standing.UNTOLD, id="message of the day"),
        pytest.param(["<fc.T......", ".f         "], Standing.OTHER, id="two answers"),
    ],
)
def test_only_a_word_that_it_is_the_same_is_proof(lines, standing):
    assert read_standing(lines) is standing


@pytest.mark.parametrize(
    ("line", "done"),
    [
        ("       10649600  35%    9.80MB/s    0:00:01  ", 10649600),
        ("     1,064,960  35%    9.80MB/s    0:00:01 (xfr#1, to-chk=0/1)", 1064960),
        ("Literal data: 30000000 bytes", None),
        ("", None),
    ],
)
def test_progress(line, done):
    assert read_progress(line) == done


def test_steps_go_forward_only_and_give_more_time():
    steps: list[Step] = []
    progress = Progress(100, steps.append, 60, 3600)

    given = [progress.heard(f"  {done}  1%  1kB/s") for done in (10, 10, 5, 40, 100, 120)]

    assert [step.done for step in steps] == [10, 40, 100, 100]
    assert given == [60, None, None, 60, 3600, 3600]


def test_what_was_there_already_is_read_from_the_statistics():
    assert read_matched(["x", "Matched data: 1,234 bytes"]) == 1234
    assert read_matched([]) == 0


def test_room_is_read_from_df():
    lines = ["   1B-blocks        Avail", " 1000 200"]

    assert read_room(lines) == Space(free=200, total=1000)
    assert read_room(["this key may only run rsync"]) is None


CASES = [
    (5, "@ERROR: auth failed on module x", MoveRefused, "password"),
    (5, "@ERROR: Unknown module 'x'", MoveRefused, "no such module"),
    (5, "@ERROR: max connections (2) reached -- try again later", DestinationAway, "too many"),
    (5, "@ERROR: chdir failed", DestinationAway, "mount its drive"),
    (5, "rsync: didn't get server startup line", DestinationAway, "hangs up"),
    (10, "rsync: failed to connect to x: Connection refused (111)", DestinationAway, "answer"),
    (11, 'rsync: write failed on "x": No space left on device (28)', MoveRefused, "no room"),
    (11, "rsync: mkdir failed: Read-only file system (30)", MoveRefused, "read-only"),
    (12, "rsync: connection unexpectedly closed", DestinationAway, "closed the connection"),
    (12, "bash: line 1: rsync: command not found", MoveRefused, "no rsync"),
    (12, "rsync: on remote machine: --fsync: unknown option", MoveRefused, "option"),
    (12, "/usr/bin/rrsync error: option -x has been disabled", MoveRefused, "rrsync"),
    (23, 'rsync: mkstemp "x" failed: Permission denied (13)', MoveRefused, "owner"),
    (30, "rsync error: timeout in data send/receive", DestinationAway, "took no byte"),
    (35, "rsync error: timeout waiting for daemon connection", DestinationAway, "answer"),
    (255, "Host key verification failed.", MoveRefused, "host key"),
    (255, "farmer@nas: Permission denied (publickey).", MoveRefused, "authorized_keys"),
    (255, "ssh: Could not resolve hostname nas", DestinationAway, "DNS"),
    (255, "kex_exchange_identification: closed", DestinationAway, "SSH"),
    (-9, "", DestinationAway, "killed"),
    (99, "", MoveRefused, "code 99"),
]


@pytest.mark.parametrize(
    ("code", "line", "kind", "words"), CASES, ids=[f"{c[0]} {c[3]}" for c in CASES]
)
def test_an_ending_is_one_sentence(code, line, kind, words):
    error = told(Ended(code, (), ("motd", line, f"rsync error: (code {code})")), "nas:/plots")

    assert type(error) is kind
    assert words in str(error)
    assert str(error).startswith("nas:/plots ")
    assert getattr(error, "full", False) is ("(28)" in line)


@pytest.mark.parametrize(
    ("code", "line", "by_place"),
    [
        (1, "ERROR: module is read only", True),
        (5, "@ERROR: auth failed on module x", True),
        (11, 'rsync: [receiver] write failed on "x": No space left on device (28)', True),
        (11, 'rsync: [receiver] mkstemp "x" failed: Input/output error (5)', True),
        (23, 'rsync: [sender] send_files failed to open "x": Permission denied (13)', False),
        (23, 'rsync: [sender] read errors mapping "x": Input/output error (5)', False),
        (24, "", False),
        (99, "", False),
    ],
)
def test_what_any_plot_would_meet_is_told_from_what_this_one_met(code, line, by_place):
    error = told(Ended(code, (), (line,)), "nas:/plots")

    assert isinstance(error, MoveRefused)
    assert error.by_place is by_place


@pytest.mark.parametrize("code", [*range(1, 36), 125, 126, 127, 255])
def test_every_code_has_a_sentence(code):
    assert f"(code {code}" in str(told(Ended(code, (), ()), "nas:/plots"))


@given(st.text())
def test_a_strangers_text_is_one_short_printable_line(text):
    cleaned = clean(text)

    assert len(cleaned) <= 200
    assert cleaned.isprintable()


def test_passwords_in_a_strangers_text_are_masked():
    assert "hunter2" not in clean("cannot open rsync://farmer:hunter2@nas/plots")
    assert "hunter2" not in clean("farmer:hunter2@nas refused")


@pytest.fixture
def move(tmp_path):
    return MoveOrder("m1", tmp_path / "p.plot", Ident(1, 2, 3))


def test_the_journal_keeps_a_state_across_a_restart(tmp_path, move):
    Journal(tmp_path, move, "nas:/x").write("landed")

    assert Journal(tmp_path, move, "nas:/x").state() == "landed"
    assert json.loads((tmp_path / "moves" / "m1.json").read_text()) == {
        "source": str(move.source),
        "ident": {"size": 1, "mtime_ns": 2, "inode": 3},
        "destination": "nas:/x",
        "state": "landed",
    }


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"state": "landed"}', "\x00" * 100, '{"state": []}'],
)
def test_a_broken_record_counts_as_none(tmp_path, move, text):
    journal = Journal(tmp_path, move, "nas:/x")
    journal.write("landed")
    (tmp_path / "moves" / "m1.json").write_text(text)

    assert journal.state() is None


def test_a_record_of_another_place_counts_as_none(tmp_path, move):
    Journal(tmp_path, move, "nas:/x").write("landed")

    assert Journal(tmp_path, move, "nas:/y").state() is None


@pytest.mark.parametrize("id", ["", "../x", "a/b", "a" * 65])
def test_an_id_never_leads_out_of_the_state_folder(tmp_path, id):
    with pytest.raises(MoveRefused, match="no move's id"):
        Journal(tmp_path, MoveOrder(id, tmp_path, Ident(1, 2, 3)), "nas:/x")
