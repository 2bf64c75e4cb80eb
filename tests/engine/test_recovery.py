"""What is done with every job found after a stop."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from plotobot.engine.models import Job, JobState
from plotobot.engine.processes import Identity
from plotobot.engine.recovery import GONE, read_job, recover
from plotobot.engine.store import job_adapter
from plotobot.engine.supervision.finding import Found, State
from plotobot.engine.supervision.jobdir import Spec
from plotobot.engine.supervision.supervisor import Adopted

NOW = datetime(2026, 1, 2, tzinfo=UTC)
STARTED = datetime(2026, 1, 1, tzinfo=UTC)
JOB_1 = Job(id="1", plotter="chia", k=32, temp="/t", out="/o", created_at=STARTED)
ENDED = replace(JOB_1, state=JobState.FAILED, status="Failed", ended_at=STARTED)
CHILD = Identity("boot", 4711, 5, STARTED.timestamp())
FOUND = {
    "pending": Found(State.PENDING),
    "running": Found(State.RUNNING, child=CHILD),
    "exited": Found(State.EXITED, 0, "shim", STARTED, child=CHILD),
    "lost": Found(State.LOST, why="reboot", child=CHILD),
}
STORED = {"unknown": None, "live": replace(JOB_1, status="2.1"), "ended": ENDED}


def plain(job: Job) -> dict[str, Any]:
    dumped: dict[str, Any] = job_adapter().dump_python(job, mode="json")
    return dumped


def adopted(found: str, verdict: dict[str, Any] | None, spec: bool = True) -> Adopted:
    described = Spec(("x",), "/", {}, plain(JOB_1)) if spec else None
    return Adopted("1", FOUND[found], described, verdict)


def outcome(one: Adopted, stored: Job | None) -> str:
    """The one list that the job was sorted into, or "" for none."""
    sorted_ = recover([one], {"1": stored} if stored else {}, NOW)
    names = ("watch", "relaunch", "judged", "unknown", "lost")
    hit = [name for name in names if getattr(sorted_, name)]
    assert len(hit) <= 1
    assert sum(len(getattr(sorted_, name)) for name in names) == len(hit)
    return "".join(hit)


@pytest.mark.parametrize("found", FOUND)
@pytest.mark.parametrize(
    ("stored", "outcomes"), [("unknown", "unknown"), ("live", "judged"), ("ended", "")]
)
def test_with_a_verdict(found: str, stored: str, outcomes: str) -> None:
    """It was judged: nothing is started, watched or judged again, whatever else is there."""
    assert outcome(adopted(found, plain(ENDED)), STORED[stored]) == outcomes


@pytest.mark.parametrize(
    "verdict",
    [
        None,
        {},
        {"format": 99, "words": ["of another version"]},
        plain(ENDED) | {"state": "exploded"},
        plain(ENDED) | {"k": "many"},
        plain(JOB_1),
    ],
    ids=["none", "empty", "another-version", "unknown-state", "damaged", "live"],
)
@pytest.mark.parametrize("stored", ["unknown", "live"])
@pytest.mark.parametrize("found", FOUND)
def test_without_a_verdict_that_counts(
    found: str, stored: str, verdict: dict[str, Any] | None
) -> None:
    expected = "relaunch" if found == "pending" else "watch"
    assert outcome(adopted(found, verdict), STORED[stored]) == expected


@pytest.mark.parametrize("found", FOUND)
def test_what_the_store_knows_as_ended_is_never_started_or_told_again(found: str) -> None:
    assert outcome(adopted(found, None), ENDED) == ""


@pytest.mark.parametrize("found", FOUND)
def test_a_job_without_a_readable_spec_lives_by_the_store(found: str) -> None:
    one = adopted(found, None, spec=False)
    assert outcome(one, None) == ""
    assert outcome(one, STORED["live"]) == ("relaunch" if found == "pending" else "watch")


def test_a_watched_job_has_its_pid_and_start_from_the_directory_and_the_rest_from_the_store() -> (
    None
):
    known = replace(JOB_1, status="2.1", plot_id="ab", pid=1)
    (job,) = recover([adopted("running", None)], {"1": known}, NOW).watch
    assert job == replace(known, state=JobState.RUNNING, pid=4711, started_at=STARTED)


def test_a_live_job_whose_directory_is_gone_is_lost_and_an_ended_one_stays() -> None:
    ended = replace(ENDED, id="2")
    found = recover([], {"1": replace(JOB_1, pid=5), "2": ended}, NOW)
    (lost,) = found.lost
    assert (lost.state, lost.status, lost.ended_at, lost.pid) == (JobState.LOST, "Lost", NOW, None)
    assert lost.reason == GONE
    assert [*found.watch, *found.relaunch, *found.judged, *found.unknown] == []


def test_a_record_goes_out_and_in_again() -> None:
    assert read_job(plain(ENDED)) == ENDED
    assert read_job(None) is None
    assert read_job([1]) is None
