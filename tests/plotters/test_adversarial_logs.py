# ruff: noqa: E501 - lines of logs are as long as they are
"""Logs as farms write them: several plots in one, wrappers, Windows, colours, and long waits.

They are written after the exact words of the programs (chiapos 2.0.12, chia 2.7.5, chia_plot
1.1.8, bladebit 3.1, Gigahorse). Each is read as `plotobot log FILE` reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from plotobot.plotters import guess
from plotobot.plotters.log_report import log_report

A, B, C = "a1" * 32, "b2" * 32, "c3" * 32


def name(plot_id: str, k: int = 32, level: str = "") -> str:
    return f"plot-k{k}{level}-2026-11-23-15-55-{plot_id}"


@dataclass(frozen=True)
class Case:
    """A log, and what must be read out of it."""

    text: str
    expected: dict[str, Any]
    encoding: str = "utf-8"


CHIA_ON_WINDOWS = f"""\
2026-11-23T15:55:00.121  chia.plotting.create_plots       : \x1b[32mINFO    \x1b[0m Creating 1 plots of size 32, pool public key:  {"8a" * 48} farmer public key: {"9b" * 48}\x1b[0m
2026-11-23T15:55:00.122  chia.plotting.create_plots       : \x1b[32mINFO    \x1b[0m Memo: …\x1b[0m
2026-11-23T15:55:00.122  chia.plotting.create_plots       : \x1b[32mINFO    \x1b[0m Starting plot 1/1\x1b[0m

Starting plotting progress into temporary dirs: D:\\Plöts und mehr and E:\\temp 2
ID: {A}
Plot size is: 32
Buffer size is: 3389MiB
Using 128 buckets
Final Directory is: F:\\fertige Plots
Using 2 threads of stripe size 65536
Process ID is: 6080
Starting phase 1/4: Forward Propagation into tmp files... Mon Nov 23 15:55:00 2026
Computing table 1
F1 complete, time: 71.2 seconds. CPU (153.71%) Mon Nov 23 15:56:11 2026
Computing table 2
\tBucket 0 uniform sort. Ram: 3.211GiB, u_sort min: 0.563GiB, qs min: 0.282GiB.
Forward propagation table time: 1201.153 seconds. CPU (93.560%) Mon Nov 23 16:15:55 2026
Time for phase 1 = 9801.250 seconds. CPU (150.010%) Mon Nov 23 18:38:21 2026
Starting phase 2/4: Backpropagation into tmp files... Mon Nov 23 18:38:21 2026
Time for phase 2 = 3100.5 seconds. CPU (98.010%) Mon Nov 23 19:30:01 2026
Wrote: 268
Starting phase 3/4: Compression from tmp files into "E:\\temp 2\\{name(A)}.plot.2.tmp" ... Mon Nov 23 19:30:01 2026
Compressing tables 6 and 7
Time for phase 3 = 6100.5 seconds. CPU (98.010%) Mon Nov 23 21:11:42 2026
Starting phase 4/4: Write Checkpoint tables into "E:\\temp 2\\{name(A)}.plot.2.tmp" ... Mon Nov 23 21:11:42 2026
\tStarting to write C1 and C3 tables
\tFinished writing C1 and C3 tables
\tWriting C2 table
\tFinal table pointers:
Time for phase 4 = 700.1 seconds. CPU (98.010%) Mon Nov 23 21:23:22 2026
Approximate working space used (without final file): 269.3 GiB
Final File size: 101.33 GiB
Total time = 19702.35 seconds. CPU (124.910%) Mon Nov 23 21:23:22 2026
Copied final file from "E:\\temp 2\\{name(A)}.plot.2.tmp" to "F:\\fertige Plots\\{name(A)}.plot.2.tmp"
Copy time = 700.6 seconds. CPU (21.650%) Mon Nov 23 21:35:02 2026
Removed temp2 file "E:\\temp 2\\{name(A)}.plot.2.tmp"? 1
Renamed final file from "F:\\fertige Plots\\{name(A)}.plot.2.tmp" to "F:\\fertige Plots\\{name(A)}.plot"
2026-11-23T21:35:03.001  chia.plotting.create_plots       : \x1b[32mINFO    \x1b[0m Summary:\x1b[0m
2026-11-23T21:35:03.001  chia.plotting.create_plots       : \x1b[32mINFO    \x1b[0m Created a total of 1 new plots\x1b[0m
2026-11-23T21:35:03.001  chia.plotting.create_plots       : \x1b[32mINFO    \x1b[0m {name(A)}.plot\x1b[0m
"""

MADMAX_HEAD = """\
Multi-threaded pipelined Chia k32 plotter - 5b5bd68
Network Port: 8444 [chia]
Final Directory: /farm/yard 1/
Number of Plots: 3
"""


def madmax_plot(number: int, plot_id: str, k: int = 32) -> str:
    """A plot by madMAx up to the line that says it is made; temp and temp2 are two drives."""
    return f"""\
Crafting plot {number} out of 3 (2026/11/23 16:21:03)
Process ID: 15620
Number of Threads: 16
Number of Buckets P1:    2^8 (256)
Number of Buckets P3+P4: 2^8 (256)
Pool Puzzle Hash:  {"0c" * 32}
Farmer Public Key: {"9b" * 48}
Working Directory:   /nvme 1/
Working Directory 2: /mnt/ram/
Plot Name: {name(plot_id, k)}
[P1] Table 1 took 17.2488 sec
[P1] Table 2 took 131.262 sec, found 4294978711 matches
[P1] Table 7 took 118.214 sec, found 4293952033 matches
Phase 1 took 1051.21 sec
[P2] max_table_size = 4295030592
[P2] Table 7 scan took 15.5 sec
[P2] Table 7 rewrite took 41.5 sec, dropped 0 entries (0 %)
[P2] Table 2 rewrite took 40.2 sec, dropped 865561612 entries (20.1532 %)
Phase 2 took 601.5 sec
Wrote plot header with 252 bytes
[P3-1] Table 2 took 50.25 sec, wrote 3429419100 right entries
[P3-2] Table 2 took 49.25 sec, wrote 3429419100 left entries, 3429419100 final
[P3-1] Table 7 took 60.25 sec, wrote 4293952033 right entries
[P3-2] Table 7 took 59.25 sec, wrote 4293952033 left entries, 4293952033 final
Phase 3 took 701.5 sec, wrote 21877306132 entries to final plot
[P4] Starting to write C1 and C3 tables
[P4] Finished writing C1 and C3 tables
[P4] Writing C2 table
[P4] Finished writing C2 table
Phase 4 took 81.5 sec, final plot size is 108836183511 bytes
Total plot creation time was 2435.71 sec (40.5952 min)
"""


def copied(plot_id: str, k: int = 32) -> str:
    return (
        f"Copy to /farm/yard 1/{name(plot_id, k)}.plot finished, took 501.5 sec, 206.9 MB/s avg.\n"
    )


def begins(plot_id: str, k: int = 32) -> str:
    return f"Started copy to /farm/yard 1/{name(plot_id, k)}.plot\n"


SECOND = madmax_plot(2, B).splitlines(keepends=True)
THREE_PIPELINED = (
    MADMAX_HEAD
    + madmax_plot(1, A)
    + begins(A)
    + "".join(SECOND[:13])
    + copied(A)
    + "".join(SECOND[13:])
    + begins(B)
    + "Crafting plot 3 out of 3 (2026/11/23 17:41:03)\n"
    + f"Working Directory:   /nvme 1/\nWorking Directory 2: /mnt/ram/\nPlot Name: {name(C)}\n"
    + "[P1] Table 1 took 17.2488 sec\n"
)
WRAPPED_MADMAX = "".join(
    f"Progress update: 0.{at:02}\n{line}"
    for at, line in enumerate((MADMAX_HEAD + madmax_plot(1, A)).splitlines(keepends=True), 1)
)
BLADEBIT_HEAD = f"""\

Bladebit Chia Plotter
Version      : 3.1.0
Git Commit   : e9836f8bd963321457bc86eb5d61344bfb76dcf0
Compiled With: gcc 9.4.0

[Global Plotting Config]
 Will create 1 plots.
 Thread count          : 32
 Farmer public key     : {"9b" * 48}
 Pool contract address : xch1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0srg6dkm
 Compression Level     : 0
 Benchmark mode        : disabled

[Bladebit Disk Plotter]
 Heap size      : 5.02 GiB ( 5140.62 MiB )
 Cache size     : 192.00 GiB ( 196608.00 MiB )
 Bucket count   : 256
 Alternating I/O: true
 Temp1 path     : /ssd 1/t
 Temp2 path     : /ssd 2/t
Allocating memory

Generating plot 1 / 1: {A}
Plot temporary file: /farm/my.plots/{name(A)}.plot.tmp

Started plot.
Running Phase 1
Table 1: F1 generation
Generating f1...
Finished f1 generation in 40.50 seconds.
Table 2
 Sorting      : Completed in 20.10 seconds.
Completed table 2 in 90.25 seconds with 4294923881 entries.
"""
WAITS = (
    f"No space left in plot output directory for plot '/farm/my.plots/{name(A)}.plot.tmp'. "
    "Waiting 10.0 seconds before trying again...\n"
)
GIGAHORSE = f"""\
Chia k32 next-gen CUDA plotter - 11ba86e
Plot Format: mmx-v2.4
Network Port: 8444 [chia]
No. GPUs: 1
No. Streams: 4
Final Destination: /hdd1/
Final Destination: /hdd2/
Number of Plots: infinite
Initialization took 0.302 sec
Crafting plot 17 out of -1 (2026/02/20 17:22:56)
Working Directory:   /ssd/
Working Directory 2: @RAM
Compression Level: C8 (xbits = 8, final table = 4)
Plot Name: {name(A, level="-c8")}
[P1] Setup took 0.766 sec
Phase 1 took 108.201 sec
Phase 2 took 7.011 sec
[P3] Table 7 NSK took 6.011 sec, 4291310420 entries
Phase 3 took 63.304 sec
[P4] total_p7_parks = 2095367
Phase 4 took 5.208 sec, final plot size is 76557312401 bytes
Total plot creation time was 183.731 sec (3.06218 min)
Crafting plot 18 out of -1 (2026/02/20 17:25:59)
Plot Name: {name(B, level="-c8")}
Flushing to disk took 33.812 sec
Started copy to /hdd1/{name(A, level="-c8")}.plot
[P1] Setup took 0.766 sec
[P1] Table 4 took 19.931 sec, 4294520103 entries, 16786540 max, 66590 tmp, 3.21 GB/s up, 2.75 GB/s down
Copy to /hdd1/{name(A, level="-c8")}.plot finished, took 401.522 sec, 181.84 MB/s
"""

CASES = {
    "chia on Windows": Case(
        CHIA_ON_WINDOWS.replace("\n", "\r\n"),
        {
            "plotter": "chia", "k": 32, "plot_id": A, "status": "Completed", "error": None,
            "temp": "D:\\Plöts und mehr", "temp2": "E:\\temp 2", "out": "F:\\fertige Plots",
            "final_path": f"F:\\fertige Plots\\{name(A)}.plot", "copy_seconds": 700.6,
            "total_seconds": 19702.35, "phase_seconds": [9801.25, 3100.5, 6100.5, 700.1],
        },
    ),
    "chia on Windows, by PowerShell": Case(
        "\ufeff" + CHIA_ON_WINDOWS.replace("\n", "\r\n"),
        {"status": "Completed", "temp": "D:\\Plöts und mehr", "plot_id": A},
        encoding="utf-16-le",
    ),
    "chia, the total time is not the end": Case(
        CHIA_ON_WINDOWS.partition("Copied final")[0],
        {"status": "Copying", "final_path": None, "total_seconds": 19702.35},
    ),
    "chia, the copy finds no room": Case(
        CHIA_ON_WINDOWS.partition("Copied final")[0]
        + 'Could not copy "E:\\temp 2\\x.plot.2.tmp" to "F:\\x.plot.2.tmp". Error No space left on '
        "device. Retrying in five minutes.\n" * 3,
        {"status": "Copying", "error": None, "stuck": "Retrying in five minutes."},
    ),
    "chia, the copy found room after all": Case(
        CHIA_ON_WINDOWS.replace(
            "Copied final",
            'Could not copy "E" to "F". Error 28. Retrying in five minutes.\nCopied final',
        ),
        {"status": "Completed", "stuck": None},
    ),
    "chia, two plots in one log": Case(
        CHIA_ON_WINDOWS
        + CHIA_ON_WINDOWS.partition("Time for phase 2")[0].replace(A, B).replace("32\n", "33\n"),
        {"status": "2.0", "plot_id": B, "k": 33, "final_path": None, "copy_seconds": None},
    ),
    "chia, killed in mid-line": Case(
        CHIA_ON_WINDOWS.partition("Time for phase 2")[0] + "Time for pha",
        {"status": "2.0", "plot_id": A, "error": None},
    ),
    "chia plotters chiapos, coloured throughout": Case(
        "".join(f"\x1b[0m{line}\x1b[0m\n" for line in CHIA_ON_WINDOWS.splitlines()),
        {"status": "Completed", "plot_id": A, "k": 32, "out": "F:\\fertige Plots"},
    ),
    "madMAx, the third of three with a copy on its way": Case(
        THREE_PIPELINED,
        {
            "plotter": "madmax", "plot_id": C, "status": "1.1", "temp": "/nvme 1/",
            "temp2": "/mnt/ram/", "out": "/farm/yard 1/", "stuck": None, "final_path": None,
        },
    ),
    "madMAx, an earlier copy finds no room": Case(
        THREE_PIPELINED
        + f"Copy to /farm/yard 1/{name(B)}.plot failed with: fwrite() failed with: No space left on "
        "device\n[P1] Table 2 took 131.262 sec, found 4294978711 matches\n",
        {"plot_id": C, "status": "1.2", "stuck": "No space left on device"},
    ),
    "madMAx, the head says k32 and the name k34": Case(
        MADMAX_HEAD + madmax_plot(1, A, k=34) + begins(A, 34) + copied(A, 34),
        {"k": 34, "status": "Completed", "copy_seconds": 501.5, "total_seconds": 2435.71},
    ),
    "madMAx made, not yet moved": Case(
        MADMAX_HEAD + madmax_plot(1, A) + begins(A), {"status": "Copying", "final_path": None}
    ),
    "madMAx with Windows line ends": Case(
        (MADMAX_HEAD + madmax_plot(1, A) + begins(A) + copied(A)).replace("\n", "\r\n"),
        {"status": "Completed", "out": "/farm/yard 1/", "temp2": "/mnt/ram/", "plot_id": A},
    ),
    "chia plotters madmax": Case(
        WRAPPED_MADMAX, {"plotter": "madmax", "status": "Copying", "k": 32, "plot_id": A}
    ),
    "chia plotters madmax, its beginning lost": Case(
        "Progress update: 0.52\n" + madmax_plot(1, A).partition("[P3-1] Table 2")[2],
        {"plotter": "madmax", "status": "Copying", "total_seconds": 2435.71},
    ),
    "chia plotters madmax behind chia's own lines": Case(
        CHIA_ON_WINDOWS.splitlines(keepends=True)[0] + MADMAX_HEAD + madmax_plot(1, A),
        {"plotter": "madmax", "status": "Copying"},
    ),
    "chia plotters madmax that dies": Case(
        MADMAX_HEAD
        + madmax_plot(1, A).partition("Phase 2 took")[0]
        + "STDERR: terminate called after throwing an instance of 'std::runtime_error'\n"
        "STDERR:   what():  thread failed with: fwrite() failed with: No space left on device\n",
        {"status": "Error", "error": "No space left on device"},
    ),
    "bladebit on disk with a cache": Case(
        BLADEBIT_HEAD,
        {
            "plotter": "bladebit", "status": "1.2", "plot_id": A, "k": 32, "temp": "/ssd 1/t",
            "temp2": "/ssd 2/t", "out": "/farm/my.plots",
        },
    ),
    "bladebit has no room, and goes on": Case(
        BLADEBIT_HEAD + WAITS * 3 + "Completed table 3 in 90.25 seconds with 4294923881 entries.\n",
        {"status": "1.3", "stuck": None},
    ),
    "bladebit has no room": Case(
        BLADEBIT_HEAD + WAITS, {"status": "1.2", "stuck": "before trying again..."}
    ),
    "bladebit is done": Case(
        BLADEBIT_HEAD + f"/farm/my.plots/{name(A)}.plot.tmp -> /farm/my.plots/{name(A)}.plot\n",
        {"status": "Completed", "final_path": f"/farm/my.plots/{name(A)}.plot"},
    ),
    "bladebit, cut in its last line": Case(
        BLADEBIT_HEAD + f"/farm/my.plots/{name(A)}.plot.tmp -> /farm/my.plot",
        {"status": "1.2", "final_path": None},
    ),
    "bladebit panics": Case(
        BLADEBIT_HEAD + "\n*** Panic!!! ***\nFailed to write to file t1_3.tmp with error 28\n",
        {"status": "Error", "error": "Failed to write to file t1_3.tmp with error 28"},
    ),
    "chia plotters bladebit without its beginning": Case(
        "Progress update: 0.99\n" + BLADEBIT_HEAD,
        {"plotter": "bladebit", "status": "1.2", "plot_id": A},
    ),
    "Gigahorse streams one plot out while it makes the next": Case(
        GIGAHORSE,
        {
            "plotter": "gigahorse", "plot_id": B, "status": "1.4", "k": 32, "final_path": None,
            "copy_seconds": None, "temp": "/ssd/",
        },
    ),
    "Gigahorse has no room on temp": Case(
        GIGAHORSE
        + "FileStore: write('/ssd/cuda_plot_tmp2_7.tmp') failed with: No space left on device\n",
        {"plot_id": B, "stuck": "No space left on device"},
    ),
    "a farm log": Case(
        f"2026-11-23T16:00:07.266 2.7.5 harvester chia.harvester.harvester: INFO     "
        f"challenge_hash: 122c597083 ...3 plots were eligible for farming\n"
        f"2026-11-23T16:00:07.136 2.7.5 harvester chia.plotting.manager   : ERROR    Failed to "
        f"open file /mnt/b/{name(A)}.plot. badbit Traceback (most recent call last):\n"
        '  File "manager.py", line 331, in process_file\nRuntimeError: badbit\n\n',
        {"plotter": None, "status": "Initializing", "error": None, "plot_id": None},
    ),
    "nobody's log": Case("hello\nworld\n", {"plotter": None, "status": "Initializing"}),
    "nothing": Case("", {"plotter": None, "status": "Initializing", "k": None}),
}  # fmt: skip


@pytest.fixture
def report(tmp_path: Path):
    def read(case: Case) -> dict[str, Any]:
        file = tmp_path / "a log.txt"
        file.write_bytes(case.text.encode(case.encoding))
        return log_report(file)

    return read


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_it_is_read_right(report, case):
    found = report(case)
    for key, value in case.expected.items():
        if key in ("stuck", "error") and value is not None:
            assert str(found[key]).endswith(value), key
        else:
            assert found[key] == value, key


@pytest.mark.parametrize(
    ("case", "dialect"),
    [
        ("chia on Windows", "chia"),
        ("madMAx made, not yet moved", "madmax"),
        ("chia plotters madmax behind chia's own lines", "madmax"),
        ("bladebit has no room", "bladebit"),
        ("Gigahorse has no room on temp", "gigahorse"),
    ],
)
def test_a_lost_beginning_does_not_change_who_wrote_it(case, dialect):
    """At every border of a line, as long as something is left that only one program writes."""
    lines = CASES[case].text.encode().splitlines(keepends=True)
    for lost in range(len(lines) - 3):
        found = guess(b"".join(lines[lost:]))
        kin = ("madmax",) if dialect == "gigahorse" else ()  # the reader itself finds that out
        assert found in (dialect, *kin, None), lines[lost]
