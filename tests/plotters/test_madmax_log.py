from __future__ import annotations

import pytest

from plotobot.plotters.base import Progress
from plotobot.plotters.madmax_log import MadmaxLog

FIRST, SECOND = "1" * 64, "2" * 64


def plot(plot_id: str, k: int = 32) -> str:
    return f"plot-k{k}-2026-11-23-16-21-{plot_id}"


def feed(*lines: str, reader: MadmaxLog | None = None) -> Progress:
    reader = reader or MadmaxLog()
    reader.feed(line.encode() for line in lines)
    return reader.progress


def test_a_whole_log_is_read_and_k_comes_from_the_plot_s_name(read):
    plot_id = "90ec68bce8bc5a6eb13c03470a2d5359f3d1ffad2d5633779d6e4f3df09ea840"
    assert read("madmax-k25") == Progress(
        plotter="madmax",
        k=25,
        plot_id=plot_id,
        status="Completed",
        fraction=1.0,
        temp="/mnt/temp1/",
        temp2="/mnt/temp1/",
        out="/mnt/out1/",
        final_path=f"/mnt/out1/plot-k25-2026-11-23-15-47-{plot_id}.plot",
        phase_seconds=(101.688, 20.9903, 70.8334, 10.0477),
        total_seconds=203.564,
    )


def test_of_two_plots_the_second_shows(read):
    progress = read("madmax-k22-n2")
    assert (progress.status, progress.k, progress.total_seconds) == ("Completed", 22, 13.4706)
    assert progress.plot_id == "1f98ac44c1d14763e6cec47a6514a985f7f1a22c833c01069575a263b9953f8e"
    assert progress.phase_seconds == (7.87396, 0.683943, 4.54476, 0.365233)


def test_statuses_rise_and_fall_back_only_with_a_new_plot(log, statuses):
    one = [
        *("1.1", "1.2", "1.3", "1.4", "1.5", "1.6"),
        *("2.0", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6"),
        *("3.0", "3.1", "3.2", "3.3", "3.4", "3.5", "3.6"),
        *("4.0", "4.1", "4.2", "Copying", "Completed"),
    ]
    assert statuses(MadmaxLog(), log("madmax-k25")) == ["Initializing", *one]
    assert statuses(MadmaxLog(), log("madmax-k22-n2")) == [
        *("Initializing", *one),
        *("Initializing", *one),
    ]


START = (
    "Final Directory: /out/",
    "Stage Directory: /ssd/",
    "Crafting plot 1 out of 2 (2026/11/23 16:21:03)",
    "Working Directory:   /ssd/",
    f"Plot Name: {plot(FIRST)}",
)
MADE = "Total plot creation time was 100 sec (1.6 min)"
NEXT = ("Crafting plot 2 out of 2 (x)", f"Plot Name: {plot(SECOND)}", "[P1] Table 1 took 9 sec")


def test_a_copy_that_ends_while_the_next_plot_is_made_does_not_move_it():
    progress = feed(
        *START,
        *(MADE, f"Started copy to /out/{plot(FIRST)}.plot"),
        *NEXT,
        f"Copy to /out/{plot(FIRST)}.plot finished, took 60.5 sec, 1 MB/s avg.",
    )
    assert (progress.plot_id, progress.status) == (SECOND, "1.1")
    assert progress.final_path is progress.copy_seconds is None


def test_a_copy_that_ends_before_the_next_plot_has_a_name_does_not_name_it():
    progress = feed(*START, MADE, NEXT[0], f"Renamed final plot to /out/{plot(FIRST)}.plot")
    assert (progress.plot_id, progress.status) == (None, "Initializing")


def test_a_copy_that_fails_is_stuck_until_it_ends():
    fails = f"Copy to /out/{plot(FIRST)}.plot failed with: fwrite (No space left on device)"
    ends = f"Copy to /out/{plot(FIRST)}.plot finished, took 60.5 sec, 1 MB/s avg."
    reader = MadmaxLog()
    progress = feed(*START, MADE, fails, reader=reader)
    assert (progress.status, progress.stuck) == ("Copying", fails)
    assert feed(*NEXT, reader=reader).stuck == fails
    assert feed(ends, reader=reader).stuck is None

    alone = feed(*START, MADE, fails, ends)
    assert (alone.status, alone.copy_seconds, alone.stuck) == ("Completed", 60.5, None)


@pytest.mark.parametrize("out", ["/ssd/", "/ssd"])
def test_without_a_copy_the_plot_is_done_where_it_was_made(out):
    progress = feed(f"Final Directory: {out}", *START[1:], MADE)
    assert (progress.status, progress.final_path) == ("Completed", f"/ssd/{plot(FIRST)}.plot")


def test_a_full_temp_drive_is_an_error():
    what = "  what():  fwrite() failed with: No space left on device"
    progress = feed(*START, "terminate called after throwing an instance of 'x'", what)
    assert (progress.status, progress.error) == ("Error", what.strip())


GIGAHORSE = (
    "Chia k32 next-gen CUDA plotter - 11ba86e",
    "Plot Format: v2.4",
    "Final Destination: /hdd/",
    "Crafting plot 1 out of 1 (2026/02/20 17:25:56)",
    "Working Directory:   /ssd/",
    "Working Directory 2: @RAM",
    "Compression Level: C8 (xbits = 9)",
    f"Plot Name: plot-k32-c8-2026-02-20-17-25-{FIRST}",
)


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ((), "1.1"),
        (("[P1] Setup took 0.7 sec", "[P1] Table 5 took 10.7 sec, 4294 entries"), "1.5"),
        (("[P2] Table 6 took 2 sec",), "2.2"),
        (("[P3] Table 5 LPSK took 3 sec",), "1.1"),
        (("[P3] Table 5 NSK took 3 sec",), "3.4"),
        ((MADE, "Flushing to disk took 3 sec"), "Copying"),
        (
            (f"Copy to /hdd/plot-k32-c8-2026-{FIRST}.plot finished, took 5 sec, 9 MB/s",),
            "Completed",
        ),
    ],
)
def test_gigahorse_is_read_by_the_same_rules(lines, status):
    progress = feed(*GIGAHORSE, *lines)
    assert (progress.plotter, progress.k, progress.status) == ("gigahorse", 32, status)
    assert (progress.temp, progress.temp2, progress.out) == ("/ssd/", None, "/hdd/")


def test_a_plot_for_mmx_is_named_too():
    assert feed(f"Plot Name: plot-mmx-k33-c7-2026-02-20-17-25-{FIRST}").k == 33
