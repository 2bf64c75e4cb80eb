from __future__ import annotations

import pytest

from plotobot.plotters.base import Progress
from plotobot.plotters.bladebit_log import BladebitLog


def feed(*lines: str) -> Progress:
    reader = BladebitLog()
    reader.feed(line.encode() for line in lines)
    return reader.progress


def plot(digits: str, level: str = "", at: str = "12-00") -> str:
    return f"/plots/plot-k32-{level}2026-11-23-{at}-{digits * 32}.plot"


@pytest.mark.parametrize(
    ("name", "plot_id", "final", "phases", "total", "copy", "temps"),
    [
        (
            "bladebit3-ramplot-SYNTH",
            *("a1" * 32, plot("a1"), (313.98, 6.12, 113.47, 1.61), 458.21, 21.3, (None, None)),
        ),
        (
            "bladebit3-diskplot-SYNTH",
            *("b2" * 32, plot("b2"), (702.49, 107.88, 561.04, None), 1375.72, 4.31),
            ("/tmp1", "/tmp2"),
        ),
        (
            "bladebit3-cudaplot-c7-n2-SYNTH",
            *("d4" * 32, plot("d4", "c07-", "12-02"), (68.0, 8.66, 86.85, None), 163.51, 5.74),
            (None, None),
        ),
    ],
    ids=["ram", "disk", "cuda, two plots"],
)
def test_whole_logs_are_read_to_the_last_figure(
    read, name, plot_id, final, phases, total, copy, temps
):
    progress = read(name)
    assert (progress.plotter, progress.k, progress.plot_id) == ("bladebit", 32, plot_id)
    assert (progress.status, progress.fraction) == ("Completed", 1.0)
    assert (progress.final_path, progress.out) == (final, "/plots")
    assert (progress.phase_seconds, progress.total_seconds) == (phases, total)
    assert (progress.copy_seconds, progress.temp, progress.temp2) == (copy, *temps)


def test_a_killed_diskplot_stays_where_it_was(read):
    progress = read("bladebit3-diskplot-start-killed-after-40s")
    assert (progress.status, progress.k, progress.out, progress.temp) == ("1.1", 32, "d", "t")


def test_a_fatal_error_is_told_with_its_reason(read):
    progress = read("bladebit3-ramplot-start-then-ENOMEM")
    assert progress.status == "Error"
    assert progress.error == "Error: Failed to allocate required buffers."


def test_a_fatal_error_on_one_line_is_told_whole():
    line = "Fatal Error:  diskplot is currently disabled for compressed plotting due to a bug."
    assert feed("", line).error == line


def test_a_panic_is_an_error():
    assert feed("*** Panic!!! ***", "  bad buffer").error == "bad buffer"


P1 = ("1.1", "1.2", "1.3", "1.4", "1.5", "1.6")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "bladebit3-ramplot-SYNTH",
            [
                *("Initializing", "1.0", *P1, "2.0", "2.2", "2.3", "2.4", "2.5", "2.6", "3.0"),
                *("3.1", "3.2", "3.3", "3.4", "3.5", "3.6", "4.0", "4.1", "4.2"),
                *("Copying", "Completed"),
            ],
        ),
        (
            "bladebit3-diskplot-SYNTH",
            [
                *("Initializing", "1.0", *P1, "2.0", "2.2", "2.3", "2.4", "2.5", "2.6", "3.0"),
                *("3.1", "3.2", "3.3", "3.4", "3.5", "3.6", "4.0", "Copying", "Completed"),
            ],
        ),
        (
            "bladebit3-cudaplot-c7-n2-SYNTH",
            [
                *("Initializing", *P1, "2.0", "2.2", "2.3", "2.4", "2.5", "3.0"),
                *("3.2", "3.3", "3.4", "3.5", "3.6", "4.0", "Copying", "Completed"),
            ]
            * 2,
        ),
    ],
)
def test_statuses_come_in_order(log, statuses, name, expected):
    assert statuses(BladebitLog(), log(name)) == expected


def test_a_full_out_drive_is_stuck_until_the_rename():
    stuck = (
        "No space left in plot output directory for plot 'x'. "
        "Waiting 10.0 seconds before trying again..."
    )
    start = (f"Generating plot 1 / 1: {'a1' * 32}", f"Plot temporary file: {plot('a1')}.tmp", stuck)
    assert feed(*start).stuck == stuck
    done = feed(*start, f"{plot('a1')}.tmp -> {plot('a1')}")
    assert (done.status, done.stuck, done.final_path) == ("Completed", None, plot("a1"))
