from __future__ import annotations

from dataclasses import replace

import pytest

from plotobot.errors import Refusal
from plotobot.plotters import PLOTTERS, plotter
from plotobot.plotters.base import PlotOrder, Program
from plotobot.plotters.chiapos import SCRIPT

FARMER, POOL, CONTRACT = "f" * 96, "e" * 96, "xch1contract"
PLAIN = PlotOrder(k=32, temp="/ssd/t", out="/hdd/d")
FULL = replace(
    PLAIN,
    temp2="/ram",
    threads=4,
    buffer_mib=4000,
    buckets=64,
    bitfield=False,
    farmer_key=FARMER,
    contract=CONTRACT,
)
POOLED = replace(PLAIN, farmer_key=FARMER, pool_key=POOL)
CHIA = Program(("/opt/chia",), "2.7.5")
PYTHON = Program(("/venv/python", "-I", str(SCRIPT)), "2.0.12")

GOLDEN = {
    "chia, nothing asked": (
        *("chia", CHIA, PLAIN),
        "/opt/chia plots create -k 32 -n 1 -b 3390 -r 2 -u 128 -t /ssd/t -d /hdd/d -x",
    ),
    "chia, everything asked": (
        *("chia", CHIA, FULL),
        (
            "/opt/chia plots create -k 32 -n 1 -b 4000 -r 4 -u 64 -t /ssd/t -2 /ram -d /hdd/d "
            f"-f {FARMER} -c {CONTRACT} -e -x"
        ),
    ),
    "chia, pool key": (
        *("chia", CHIA, POOLED),
        (
            "/opt/chia plots create -k 32 -n 1 -b 3390 -r 2 -u 128 -t /ssd/t -d /hdd/d "
            f"-f {FARMER} -p {POOL} -x"
        ),
    ),
    "chia, small k": (
        *("chia", CHIA, replace(PLAIN, k=25)),
        "/opt/chia plots create -k 25 -n 1 -b 3390 -r 2 -u 128 -t /ssd/t -d /hdd/d -x --override-k",
    ),
    "chiapos, small k": (
        *("chiapos", PYTHON, replace(FULL, k=18)),
        (
            f"/venv/python -I {SCRIPT} -k 18 -b 4000 -r 4 -u 16 -t /ssd/t -2 /ram -d /hdd/d "
            f"-f {FARMER} -c {CONTRACT} -e"
        ),
    ),
    "chiapos, k32": (
        *("chiapos", PYTHON, PLAIN),
        f"/venv/python -I {SCRIPT} -k 32 -b 3390 -r 2 -u 128 -t /ssd/t -d /hdd/d",
    ),
    "madmax": (
        *("madmax", Program(("/opt/chia_plot",), "1.1.8"), FULL),
        (
            f"/opt/chia_plot -k 32 -n 1 -r 4 -u 64 -t /ssd/t/ -2 /ram/ -d /hdd/d/ -f {FARMER} "
            f"-c {CONTRACT}"
        ),
    ),
    "madmax, k34": (
        *("madmax", Program(("/opt/chia_plot",), "1.1.8"), replace(POOLED, k=34)),
        f"/opt/chia_plot_k34 -k 34 -n 1 -r 2 -u 128 -t /ssd/t/ -d /hdd/d/ -f {FARMER} -p {POOL}",
    ),
    "bladebit in memory": (
        *("bladebit_ram", Program(("/opt/bladebit",), "3.1.0"), replace(FULL, compression=7)),
        f"/opt/bladebit -t 4 -n 1 -f {FARMER} -c {CONTRACT} -z 7 ramplot /hdd/d",
    ),
    "bladebit on disk": (
        *("bladebit_disk", Program(("/opt/bladebit",), "3.1.0"), FULL),
        (
            f"/opt/bladebit -t 4 -n 1 -f {FARMER} -c {CONTRACT} -z 0 diskplot -t1 /ssd/t -t2 /ram "
            "-b 64 /hdd/d"
        ),
    ),
    "bladebit on the GPU": (
        *(
            "bladebit_cuda",
            Program(("/opt/bladebit_cuda",), "3.1.0"),
            replace(POOLED, compression=9),
        ),
        f"/opt/bladebit_cuda -t 2 -n 1 -f {FARMER} -p {POOL} -z 9 cudaplot /hdd/d",
    ),
    "gigahorse, k33": (
        *("gigahorse", Program(("/opt/cuda_plot_k32",), "3.0"), replace(FULL, k=33, compression=8)),
        f"/opt/cuda_plot_k33 -n 1 -C 8 -t /ssd/t/ -2 /ram/ -d /hdd/d/ -f {FARMER} -c {CONTRACT}",
    ),
}


@pytest.mark.parametrize(("name", "program", "order", "words"), GOLDEN.values(), ids=GOLDEN)
def test_the_command_line_is_exactly_this(name, program, order, words):
    assert list(plotter(name).command(program, order)) == words.split(" ")


def test_folders_with_blanks_stay_one_word():
    order = replace(PLAIN, temp="/my ssd/t", out="/my hdd/d")
    argv = plotter("chia").command(CHIA, order)
    assert "/my ssd/t" in argv
    assert "/my hdd/d" in argv


@pytest.mark.parametrize(
    "name", ["madmax", "bladebit_ram", "bladebit_disk", "bladebit_cuda", "gigahorse"]
)
@pytest.mark.parametrize(
    ("order", "lacks"),
    [
        (replace(PLAIN, contract=CONTRACT), "a farmer key"),
        (replace(PLAIN, farmer_key=FARMER), "a pool contract or a pool key"),
    ],
)
def test_plotters_without_chia_s_keys_refuse_to_guess(name, order, lacks):
    level = 5 if name == "gigahorse" else 0
    with pytest.raises(Refusal, match=lacks):
        plotter(name).command(Program(("/opt/x",), "1"), replace(order, compression=level))


@pytest.mark.parametrize(
    ("name", "level"),
    [("bladebit_disk", 1), ("bladebit_ram", 8), ("bladebit_cuda", 8), ("gigahorse", 10)],
)
def test_levels_that_end_the_plotter_at_once_are_refused(name, level):
    with pytest.raises(Refusal, match="level"):
        plotter(name).command(Program(("/opt/x",), "1"), replace(FULL, compression=level))


GIB = 1024**3


@pytest.mark.parametrize(
    ("name", "order", "temp", "temp2", "out"),
    [
        ("chia", PLAIN, 239, 0, 101.4),
        ("chia", FULL, 239 * 1.4, 101.4, 101.4),
        ("chia", replace(PLAIN, k=36), 2175 * 2.06, 0, 886.08 * 2.06),
        ("chia", replace(PLAIN, k=25), 1.8, 0, 0.622),
        ("chia", replace(PLAIN, k=33), 521, 0, 209.04),
        ("chiapos", replace(PLAIN, k=22), 0.199, 0, 0.0754),
        ("madmax", PLAIN, 256, 0, 101.4),
        ("madmax", FULL, 220, 110, 101.4),
        ("bladebit_ram", PLAIN, 0, 0, 101.4),
        ("bladebit_disk", PLAIN, 480, 0, 101.4),
        ("bladebit_cuda", replace(PLAIN, compression=7), 0, 0, 78.0),
        ("gigahorse", replace(PLAIN, compression=7), 74.6, 0, 74.6),
        ("gigahorse", replace(FULL, compression=7), 74.6, 180, 74.6),
    ],
)
def test_needs_are_those_of_the_docs(name, order, temp, temp2, out):
    needs = plotter(name).needs(order)
    found = [needs.temp / GIB, needs.temp2 / GIB, needs.out / GIB]
    assert found == pytest.approx([temp, temp2, out], rel=0.02)


BLADEBIT = {0: 101.4, 1: 87.5, 2: 86.0, 3: 84.5, 4: 82.9, 5: 81.3, 6: 79.6, 7: 78.0, 9: 75.2}
HORSE = {1: 84.2, 2: 82.6, 3: 81.0, 4: 79.4, 5: 77.8, 6: 76.2, 7: 74.6, 8: 71.3, 9: 68.1, 11: 101.4}


@pytest.mark.parametrize(
    ("name", "level", "gib"),
    [
        *(("bladebit_ram", level, gib) for level, gib in BLADEBIT.items() if level < 8),
        *(("bladebit_cuda", level, gib) for level, gib in BLADEBIT.items()),
        *(("gigahorse", level, gib) for level, gib in HORSE.items()),
    ],
)
def test_a_finished_k32_takes_its_level_s_size_and_little_more(name, level, gib):
    """GiB of chia's GUI (plotSizes.ts) and of xch.farm; a level nobody measured counts as none."""
    needs = plotter(name).needs(replace(PLAIN, compression=level))
    assert gib <= needs.out / GIB <= gib * 1.01


@pytest.mark.parametrize(
    ("k", "gib"),
    [(25, 0.622), (28, 5.558), (30, 23.79), (32, 101.40), (33, 209.04), (34, 430.56)],
)
@pytest.mark.parametrize("name", ["chia", "madmax"])
def test_an_uncompressed_plot_takes_what_chia_s_formula_says(name, k, gib):
    needs = plotter(name).needs(replace(PLAIN, k=k))
    assert gib <= needs.out / GIB <= gib * 1.01


@pytest.mark.parametrize(
    ("name", "k", "kind"),
    [("bladebit_disk", 32, ("temp", "temp2")), ("gigahorse", 32, ("temp2",)), ("madmax", 32, ())],
)
def test_which_temp_files_do_not_say_whose_they_are(name, k, kind):
    assert plotter(name).nameless == kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *((name, "temp2") for name in ("chia", "chiapos")),
        *((name, "temp") for name in ("madmax", "gigahorse")),
        *((name, "out") for name in ("bladebit_ram", "bladebit_disk", "bladebit_cuda")),
    ],
)
def test_where_a_plot_grows_until_it_is_finished(name, kind):
    assert plotter(name).grows_in == kind


def test_every_plotter_stands_under_its_own_name():
    assert {name: one.name for name, one in PLOTTERS.items()} == {name: name for name in PLOTTERS}
    assert all(32 in one.k_range for one in PLOTTERS.values())


def test_an_unknown_plotter_is_refused_with_the_known_ones():
    with pytest.raises(
        Refusal, match=r'no plotter "madmx"\. Did you mean madmax\? Known are: chia, '
    ):
        plotter("madmx")
