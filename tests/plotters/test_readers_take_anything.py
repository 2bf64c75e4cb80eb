"""No log, however damaged or cut, makes a reader raise or go back."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable, Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from plotobot.plotters.base import Progress
from plotobot.plotters.bladebit_log import BladebitLog
from plotobot.plotters.chiapos_log import ChiaposLog
from plotobot.plotters.dialects import reader_for
from plotobot.plotters.madmax_log import MadmaxLog
from plotobot.plotters.record import RANK

LOGS = [
    "chia-2.7.5-k25",
    "chiapos-k18-dst-full",
    "madmax-k25",
    "madmax-k22-n2",
    "bladebit3-ramplot-SYNTH",
    "bladebit3-diskplot-SYNTH",
    "bladebit3-cudaplot-c7-n2-SYNTH",
    "bladebit3-diskplot-start-killed-after-40s",
    "bladebit3-ramplot-start-then-ENOMEM",
    "gigahorse-k32-c8-SYNTH",
]
READERS = [ChiaposLog, MadmaxLog, BladebitLog]
Reader = ChiaposLog | MadmaxLog | BladebitLog


NAMED = rb"plot-k\d\d-[0-9a-zA-Z-]*([0-9a-f]{64})\.plot"
PROOF = re.compile(
    rb"^Renamed final file from \".*\" to \".*" + NAMED + rb"\""
    rb"|^Renamed final plot to .*" + NAMED + rb"\r?$"
    rb"|^Copy to .*" + NAMED + rb" finished, took "
    rb"|\.plot\.tmp -> .*" + NAMED + rb"\r?$",
    re.MULTILINE,
)
"""The lines that say a plot stands under its final name, in whatever dialect."""


def walk(reader: Reader, lines: list[bytes], step: int) -> None:
    """Feed piece by piece and hold the promises at every piece."""
    plots, rank, fraction = 0, 0, 0.0
    proven: set[str] = set()
    for at in range(0, len(lines), step):
        reader.feed(lines[at : at + step])
        progress = reader.progress
        for found in PROOF.finditer(b"\n".join(lines[at : at + step])):
            proven.add((found[1] or found[2] or found[3] or found[4]).decode())
        if progress.status == "Completed" or progress.final_path:
            assert progress.plot_id in proven, "completed without a proof"
        if reader.plots != plots:
            plots, rank, fraction = reader.plots, 0, 0.0
        if progress.status != "Error":
            assert RANK[progress.status] >= rank, "the phase went back"
            rank = RANK[progress.status]
        assert 1 >= progress.fraction >= fraction, "the fraction went back"
        fraction = progress.fraction
        assert (progress.error is not None) == (progress.status == "Error")


@pytest.mark.parametrize("name", LOGS)
def test_every_prefix_is_read_and_never_ahead_of_the_whole(log, name):
    content = log(name)
    chance = random.Random(name)
    whole = reader_for(content)
    whole.feed(content.split(b"\n"))
    for _ in range(300):
        cut = chance.randrange(len(content) + 1)
        reader = type(whole)()
        walk(reader, content[:cut].split(b"\n"), 200)
        if reader.plots == whole.plots:
            assert reader.progress.fraction <= whole.progress.fraction
            assert reader.progress.plot_id in (None, whole.progress.plot_id)


@pytest.mark.parametrize("name", LOGS)
def test_a_log_cut_at_any_byte_is_never_ahead_of_its_whole_line(log, name):
    content = log(name)
    often = max(1, len(content) // 8000)  # every byte, of long logs every so many
    reader = reader_for(content)
    at = 0
    for line in content.split(b"\n"):
        cuts = [line[:cut] for cut in range(1, len(line)) if (at + cut) % often == 0]
        partials = [after(reader, cut) for cut in cuts]
        reader.feed([line])
        at += len(line) + 1
        whole = reader.progress
        for progress in partials:
            if progress.plot_id == whole.plot_id:
                assert order(progress) <= order(whole)
                assert progress.fraction <= whole.fraction
                assert progress.final_path in (None, whole.final_path)
                assert progress.k in (None, whole.k)


def after(reader: Reader, line: bytes) -> Progress:
    """What a reader tells after one more line; the reader itself stays where it is."""
    other = copy.deepcopy(reader)
    other.feed([line])
    return other.progress


def order(progress: Progress) -> int:
    return RANK.get(progress.status, 0)


@pytest.mark.parametrize("name", LOGS)
def test_pieces_of_any_size_give_what_the_whole_gives(log, name):
    lines = log(name).split(b"\n")
    chance = random.Random(name)
    for _ in range(10):
        whole = reader_for(log(name))
        pieces = type(whole)()
        whole.feed(lines)
        rest = list(lines)
        while rest:
            size = chance.randrange(1, 60)
            pieces.feed(iter(rest[:size]))
            del rest[:size]
        assert pieces.progress == whole.progress


def mutants(content: bytes, count: int) -> Iterator[bytes]:
    """Damaged logs, one kind of damage each."""
    chance = random.Random(1)
    kinds: list[Callable[[random.Random, bytes], bytes]] = [
        lambda chance, log: log[: chance.randrange(len(log))],
        overwrite,
        lambda chance, log: b"\n".join(chance.sample(log.split(b"\n"), log.count(b"\n") + 1)),
        lambda chance, log: each_line(chance, log, 0.2, lambda _: None),
        lambda chance, log: each_line(chance, log, 0.1, misdate),
        lambda chance, log: each_line(chance, log, 0.1, lambda _: chance.randbytes(40)),
        lambda chance, log: each_line(chance, log, 0.3, translate),
    ]
    for _ in range(count):
        yield chance.choice(kinds)(chance, content)


def overwrite(chance: random.Random, log: bytes) -> bytes:
    damaged = bytearray(log)
    for _ in range(chance.randrange(1, 200)):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    return bytes(damaged)


def each_line(
    chance: random.Random, log: bytes, share: float, change: Callable[[bytes], bytes | None]
) -> bytes:
    changed = [change(one) if chance.random() < share else one for one in log.split(b"\n")]
    return b"\n".join(one for one in changed if one is not None)


def misdate(line: bytes) -> bytes:
    line = line.replace(b"2026", b"99999").replace(b"Nov", b"Foo")
    return re.sub(rb"Plot size is: \d+", b"Plot size is: x", line)


def translate(line: bytes) -> bytes:
    return line.replace(b"seconds", b"sekunden").replace(b".", b",")


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("chiapos-k18-dst-full", 3000),
        ("chia-2.7.5-k25", 200),
        ("madmax-k22-n2", 3000),
        ("bladebit3-ramplot-SYNTH", 1000),
        ("bladebit3-diskplot-SYNTH", 1000),
        ("bladebit3-cudaplot-c7-n2-SYNTH", 1000),
        ("gigahorse-k32-c8-SYNTH", 3000),
    ],
)
def test_damaged_logs_neither_raise_nor_go_back(log, name, count):
    content = log(name)
    reader = type(reader_for(content))
    for damaged in mutants(content, count):
        walk(reader(), damaged.split(b"\n"), 40)


WORDS = [
    b"Starting plotting progress into temporary dirs: ",
    *(b"ID: " + b"a" * 64, b"ID: " + b"b" * 64, b"Time for phase 9", b"Traceback (most recent"),
    *(b"Time for phase 4 = 1e9 seconds", b"Renamed final file from ", b'"x" to "y"', b"\x1b[0m"),
    *(b"Copy to ", b"Started copy to ", b"Crafting plot 1 out of 2", b"Plot Name: plot-k32-"),
    *(b"Fatal Error:", b".plot.tmp -> ", b".plot", b"Generating plot 1 / 2: " + b"c" * 64),
    *(b"\n", b"\r", b"\t", b" ", b"Retrying in five minutes", b"Phase 1 took 3 sec", b" and "),
    *(b"Total plot creation time was 1 sec", b"Final Directory: ", b"Stage Directory: "),
]


@pytest.mark.parametrize("reader", READERS)
@given(pieces=st.lists(st.one_of(st.sampled_from(WORDS), st.binary(max_size=20)), max_size=40))
@example(pieces=[b"\x00", b"\n\n", b"\xff\xfe"])
def test_any_bytes_are_taken(reader, pieces):
    walk(reader(), b"".join(pieces).split(b"\n"), 1)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    "piece",
    [
        *(
            b" and ",
            b' into "',
            b'" to "',
            b".plot.tmp -> ",
            b"plot-k32-",
            b"\x1b[0",
            b" finished, took ",
        ),
        *(b"Waiting ", b"Starting phase 3/4 ", b"Copy to ", b"a" * 63 + b"-", b"0123456789."),
    ],
)
def test_a_long_line_of_repeats_takes_no_time_worth_naming(reader, piece):
    """A pattern that grows with the square would take minutes here, not moments."""
    for start in (
        *(b"", b"Starting plotting progress into temporary dirs: ", b"Starting phase 1/4"),
        *(b"Renamed final file from ", b"Plot Name: plot-", b"Copy to ", b"Started copy to "),
    ):
        reader().feed([start + piece * (200_000 // len(piece))])
