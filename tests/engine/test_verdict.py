"""What became of plots that ended in every way, judged on real k18 plots."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from plotobot.engine.models import Job, JobState
from plotobot.engine.verdict import Ending, OutAway, exit_in_words, judge
from plotobot.plots.sizes import GIGAHORSE_K32_GIB, expected_final_size
from plotobot.plots.v1 import c3_park_size
from tests.little_plots import RealPlot

AT = datetime(2026, 1, 2, 3, tzinfo=UTC)
DONE = Ending(AT, 0)


@pytest.fixture
def job(tmp_path: Path, pool_plot: RealPlot) -> Job:
    """A running job whose finished plot stands in its out folder."""
    out = tmp_path / "out"
    out.mkdir()
    shutil.copy(pool_plot.path, out)
    return Job(
        id="1", plotter="chiapos", k=18, temp=str(tmp_path), out=str(out), pid=77,
        state=JobState.RUNNING, status="4.1", plot_id=pool_plot.id, stuck="Retrying",
    )  # fmt: skip


@pytest.fixture
def plot(job: Job, pool_plot: RealPlot) -> Path:
    return Path(job.out, pool_plot.path.name)


def test_a_whole_plot_after_a_clean_exit_is_completed(job: Job, plot: Path) -> None:
    judged = judge(job, DONE)

    assert judged == replace(
        job, state=JobState.COMPLETED, status="Completed", fraction=1.0, ended_at=AT, exit_code=0,
        pid=None, stuck=None, final_path=str(plot), final_size=plot.stat().st_size, reason=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("ending", "how"),
    [
        (Ending(AT, None, lost="reboot"), "exit code unknown"),
        (Ending(AT, 1), "exit code 1"),
        (Ending(AT, -9), "killed by SIGKILL"),
        (Ending(AT, -15, stopped_by="farmer"), "killed by SIGTERM"),
    ],
    ids=["unknown", "failed", "killed", "stopped"],
)
def test_a_whole_plot_counts_whatever_its_plotter_came_to(
    job: Job, ending: Ending, how: str
) -> None:
    judged = judge(job, ending)

    assert judged.state is JobState.COMPLETED
    assert judged.exit_code == ending.exit_code
    assert judged.reason == f"the plot is whole, though: {how}"


def test_the_log_may_name_the_plot_elsewhere(job: Job, plot: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "moved.plot"
    plot.rename(elsewhere)
    assert judge(replace(job, final_path=str(elsewhere)), DONE).final_path == str(elsewhere)


def test_a_damaged_file_beside_the_whole_plot_does_not_hide_it(job: Job, plot: Path) -> None:
    other = Path(job.out, plot.name.replace("2026-11-23", "2026-11-22"))
    other.write_bytes(b"rubbish")
    assert judge(replace(job, final_path=str(other)), DONE).final_path == str(plot)


Spoil = Callable[[Path], object]


def _cut(size: int) -> Spoil:
    return lambda plot: plot.write_bytes(plot.read_bytes()[:-size])


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        pytest.param(_cut(1), "its header calls for", id="one-byte-short"),
        pytest.param(lambda plot: plot.write_bytes(b""), "it is empty", id="empty"),
        pytest.param(lambda plot: plot.write_text("x" * 999), "is not a plot", id="no-plot"),
        pytest.param(Path.unlink, "no finished plot of it stands in", id="missing"),
        pytest.param(
            lambda plot: plot.rename(f"{plot}.tmp"), "no finished plot of it", id="unfinished-name"
        ),
        pytest.param(
            lambda plot: plot.rename(plot.with_name("other.plot")), "no finished plot", id="renamed"
        ),
    ],
)
def test_an_exit_code_alone_proves_nothing(job: Job, plot: Path, spoil: Spoil, why: str) -> None:
    spoil(plot)

    judged = judge(job, Ending(AT, 0, tail=("Total time", "the end")))

    assert (judged.state, judged.status) == (JobState.FAILED, "Failed")
    first, *tail = (judged.reason or "").splitlines()
    assert first.startswith("exit code 0; ")
    assert why in first
    assert tail == ["Total time", "the end"]
    assert (judged.final_size, judged.pid, judged.stuck) == (None, None, None)


def _unplug(job: Job, *, bare_mount_point: bool) -> bool:
    """Take the out drive away; whether only the drives' look can tell that."""
    out = Path(job.out)
    out.rename(f"{job.out} elsewhere")
    if bare_mount_point:
        out.mkdir()
    return bare_mount_point


@pytest.mark.parametrize("bare_mount_point", [True, False])
@pytest.mark.parametrize(
    ("ending", "said_so"),
    [(DONE, False), (Ending(AT, None, lost="reboot"), True), (Ending(AT, -1), True)],
    ids=["clean exit", "reboot", "killed after its last line"],
)
def test_a_plot_that_should_be_made_waits_for_its_out_drive(
    job: Job, plot: Path, ending: Ending, said_so: bool, bare_mount_point: bool
) -> None:
    job = replace(job, final_path=str(plot) if said_so else None)
    away = _unplug(job, bare_mount_point=bare_mount_point)

    with pytest.raises(OutAway, match=f"its out drive {job.out} is away"):
        judge(job, replace(ending, out_away=away, can_wait=True))
    judged = judge(job, replace(ending, out_away=away))  # the time is over
    assert judged.state in (JobState.FAILED, JobState.LOST)
    assert "its out drive was away" in (judged.reason or "")


@pytest.mark.parametrize(
    ("ending", "state"),
    [
        (Ending(AT, 1), JobState.FAILED),
        (Ending(AT, None, lost="reboot"), JobState.LOST),
        (Ending(AT, 0, stopped_by="farmer"), JobState.STOPPED),
    ],
    ids=["failed", "reboot", "stopped"],
)
def test_nobody_waits_for_a_plot_that_was_given_up(
    job: Job, ending: Ending, state: JobState
) -> None:
    _unplug(job, bare_mount_point=False)
    assert judge(job, replace(ending, can_wait=True)).state is state


def test_a_plot_that_was_found_needs_no_out_drive(job: Job, plot: Path, tmp_path: Path) -> None:
    elsewhere = plot.rename(tmp_path / "moved.plot")
    _unplug(job, bare_mount_point=False)
    judged = judge(replace(job, final_path=str(elsewhere)), replace(DONE, can_wait=True))
    assert judged.state is JobState.COMPLETED


def test_another_plots_id_in_the_header_is_no_proof(
    job: Job, plot: Path, contract_plot: RealPlot
) -> None:
    shutil.copy(contract_plot.path, plot)
    judged = judge(job, DONE)
    assert judged.state is JobState.FAILED
    assert f"holds another plot ({contract_plot.id[:8]}…)" in (judged.reason or "")


@pytest.mark.parametrize(("code", "state"), [(0, "completed"), (1, "failed"), (None, "failed")])
def test_a_missing_last_park_is_believed_of_a_clean_exit_only(
    job: Job, plot: Path, code: int | None, state: str
) -> None:
    """chiapos leaves the last park out when it is empty, which the header cannot tell."""
    _cut(c3_park_size(18))(plot)
    assert judge(job, Ending(AT, code)).state == state


@pytest.mark.parametrize("where", ["folder-gone", "name-too-long", "folder"])
def test_a_place_that_cannot_be_looked_at_is_no_plot_and_no_error(
    job: Job, plot: Path, where: str
) -> None:
    plot.unlink()
    if where == "folder-gone":
        plot.parent.rmdir()
    if where == "folder":
        plot.mkdir()
    path = str(plot) if where != "name-too-long" else "/" + "a" * 300
    assert judge(replace(job, final_path=path), DONE).state is JobState.FAILED


def test_a_job_that_never_named_a_plot_failed(job: Job) -> None:
    """Also where somebody else's plot stands in its out folder."""
    judged = judge(replace(job, plot_id=None), Ending(AT, 1))
    assert (judged.state, judged.reason) == (JobState.FAILED, "exit code 1; it never named a plot")


def test_a_stopped_job_says_who_did_it_and_no_more(job: Job, plot: Path) -> None:
    plot.unlink()
    judged = judge(job, Ending(AT, -15, stopped_by="farmer (1)", tail=("x",)))
    assert (judged.state, judged.status) == (JobState.STOPPED, "Stopped")
    assert judged.reason == "stopped by farmer (1)"


def test_a_job_lost_by_a_reboot_says_so_with_its_last_words(job: Job, plot: Path) -> None:
    plot.unlink()
    judged = judge(job, Ending(AT, None, lost="reboot", tail=tuple("abcdefgh")))
    assert (judged.state, judged.exit_code) == (JobState.LOST, None)
    first, *tail = (judged.reason or "").splitlines()
    assert first.startswith("nobody saw how it ended (reboot); no finished plot")
    assert tail == list("cdefgh")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "exit code 0"),
        (127, "exit code 127"),
        (None, "exit code unknown"),
        (-9, "killed by SIGKILL"),
        (-200, "killed by signal 200"),
    ],
)
def test_exit_codes_in_words(code: int | None, words: str) -> None:
    assert exit_in_words(code) == words


@pytest.fixture
def gigahorse(tmp_path: Path) -> tuple[Job, Path]:
    """A job of Gigahorse whose plot has a header that nobody else knows."""
    out = tmp_path / "out"
    out.mkdir()
    plot = out / f"plot-k29-c7-2026-11-23-15-55-{'a' * 64}.plot"
    with plot.open("wb") as file:
        file.write(b"its own container")
        file.truncate(expected_final_size(29, 7, GIGAHORSE_K32_GIB))
    job = Job(
        id="1", plotter="gigahorse", k=29, temp=str(tmp_path), out=str(out),
        state=JobState.RUNNING, plot_id="a" * 64, final_path=str(plot),
    )  # fmt: skip
    return job, plot


def test_a_header_of_the_plotter_s_own_is_judged_by_log_name_and_size(gigahorse) -> None:
    job, _ = gigahorse
    judged = judge(job, DONE)
    assert judged.state is JobState.COMPLETED
    assert "its header is its own" in (judged.reason or "")


def test_such_a_plot_must_be_named_by_the_log(gigahorse) -> None:
    job, _ = gigahorse
    judged = judge(replace(job, final_path=None), DONE)
    assert judged.state is JobState.FAILED
    assert "the log does not say it is done" in (judged.reason or "")


@pytest.mark.parametrize("plotter", ["madmax", "chia", "bladebit_cuda"])
def test_other_plotters_get_no_such_trust(gigahorse, plotter: str) -> None:
    job, _ = gigahorse
    judged = judge(replace(job, plotter=plotter), DONE)
    assert judged.state is JobState.FAILED
    assert "does not begin like one" in (judged.reason or "")


def test_such_a_plot_that_is_far_too_small_is_none(gigahorse) -> None:
    job, plot = gigahorse
    os.truncate(plot, plot.stat().st_size * 9 // 10)
    judged = judge(job, DONE)
    assert judged.state is JobState.FAILED
    assert "and such plots have" in (judged.reason or "")
