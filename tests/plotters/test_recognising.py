"""Whose command line is it: real forms of every plotter, and everything that is none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plotobot.plotters import PLOTTERS, recognise
from plotobot.plotters.base import PlotOrder, Program
from plotobot.plotters.chiapos import SCRIPT
from plotobot.plotters.recognising import ForeignOrder

FROZEN = "/opt/chia/resources/app.asar.unpacked/daemon/chia"
KEYS = "-f aa -c xch1qq"


def order(plotter: str, temp=None, temp2=None, out=None, **more) -> ForeignOrder:
    return ForeignOrder(plotter, temp=temp, temp2=temp2, out=out, **more)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(
            f"chia plots create -k 32 -n 1 -b 3389 -r 2 -u 128 -t /t -2 /t2 -d /d {KEYS}",
            order("chia", "/t", "/t2", "/d"),
            id="chia",
        ),
        pytest.param("chia plots create", order("chia", ".", None, "."), id="chia-defaults"),
        pytest.param("chia plots create -t", order("chia", ".", None, "."), id="chia-cut-short"),
        pytest.param(
            "chia plots create -t -d /d", order("chia", ".", None, "/d"), id="chia-no-value"
        ),
        pytest.param(
            "chia plots create -k33 -t/t -d=/d -n5 -e -x",
            order("chia", "/t", None, "/d", k=33, plots=5, bitfield=False),
            id="chia-glued",
        ),
        pytest.param(
            "chia plots create --size=25 --override-k --tmp_dir a/b --tmp2_dir=c --final_dir ../d",
            order("chia", "a/b", "c", "../d", k=25),
            id="chia-long-and-relative",
        ),
        pytest.param(
            "/usr/bin/python3.11 /home/me/chia/venv/bin/chia --root-path /r plots create -t /t",
            order("chia", "/t", None, "."),
            id="chia-in-python",
        ),
        pytest.param(
            "python -m chia plots create -d /d", order("chia", ".", None, "/d"), id="chia-module"
        ),
        pytest.param(
            f"{FROZEN} plots create -k 32 -n 3 -t /t -2 /t -d /d -r 2 -u 128 -x",
            order("chia", "/t", "/t", "/d", plots=3),
            id="chia-by-the-gui",
        ),
        pytest.param(
            r"C:\Chia\daemon\chia.exe plots create -t D:\temp -d E:\plots",
            order("chia", r"D:\temp", None, r"E:\plots"),
            id="chia-on-windows",
        ),
        pytest.param(
            "chia plots create -k 99 -t /t --new-option x -d /d --odd",
            order("chia", "/t", None, "/d"),
            id="chia-unknown-options",
        ),
        pytest.param(
            "chia plotters chiapos -k 32 -t /t -d /d",
            order("chiapos", "/t", None, "/d"),
            id="chia-plotters-chiapos",
        ),
        pytest.param(
            f"{sys.executable} -I {SCRIPT} -k 18 -t t -d d",
            order("chiapos", "t", None, "d", k=18),
            id="our-script-by-hand",
        ),
        pytest.param(
            f"chia_plot -k 32 -n -1 -r 4 -u 256 -t /t/ -2 /ram/ -d /d/ {KEYS} -x 8444",
            order("madmax", "/t/", "/ram/", "/d/", plots=None),
            id="madmax",
        ),
        pytest.param(
            "./build/chia_plot_k34 -k 34 -t /t/",
            order("madmax", "/t/", None, "/t/", k=34),
            id="madmax-k34-without-out",
        ),
        pytest.param(
            "chia_plot --tmpdir /t/ --tmpdir2=/r/ --finaldir /d/ -n 2",
            order("madmax", "/t/", "/r/", "/d/", plots=2),
            id="madmax-long",
        ),
        pytest.param(
            "python3 /usr/bin/chia plotters madmax -k 32 -t /t -2 /t2 -d /d -w -G",
            order("madmax", "/t", "/t2", "/d"),
            id="chia-plotters-madmax",
        ),
        pytest.param(
            f"bladebit -t 16 -n 2 {KEYS} -z 7 ramplot /out1 /out2",
            order("bladebit_ram", out="/out2", compression=7, plots=2),
            id="bladebit-ram",
        ),
        pytest.param(
            f"bladebit -t 16 {KEYS} diskplot -b 256 -t1 /t -t2 /t2 --cache 32G -a /out",
            order("bladebit_disk", "/t", "/t2", "/out"),
            id="bladebit-disk",
        ),
        pytest.param(
            f"bladebit_cuda -t 16 -n 0 {KEYS} -z 5 cudaplot -d 0 --disk-128 -t1 /t -t2 /t /out",
            order("bladebit_cuda", "/t", "/t", "/out", compression=5, plots=None),
            id="bladebit-cuda",
        ),
        pytest.param(
            "bladebit_cuda --threads 8 --count 1 --farmer-key F --compress 7 ramplot /d",
            order("bladebit_ram", out="/d", compression=7),
            id="bladebit-as-chia-starts-it",
        ),
        pytest.param(
            "chia plotters bladebit diskplot -t /t -2 /t2 -d /d --compress 0",
            order("bladebit_disk", "/t", "/t2", "/d"),
            id="chia-plotters-bladebit",
        ),
        pytest.param(
            "chia plotters bladebit cudaplot -d /d",
            order("bladebit_cuda", out="/d", compression=1),
            id="chia-plotters-cudaplot",
        ),
        pytest.param(
            f"cuda_plot_k32 -n -1 -C 7 -t /t/ -2 @RAM -3 /t3/ -d @nas {KEYS}",
            order("gigahorse", "/t/", None, None, compression=7, plots=None),
            id="gigahorse",
        ),
        pytest.param(
            "cuda_plot_k33_v3 -C 33 -t /t/ -d /a/ -d /b/",
            order("gigahorse", "/t/", None, "/b/", k=33, compression=33),
            id="gigahorse-v3",
        ),
        pytest.param(
            "chia_plot -C 7 -t /t/ -d /d/",
            order("madmax", "/t/", None, "/d/", compression=7),
            id="gigahorse-on-the-cpu",
        ),
    ],
)
def test_the_forms_of_every_plotter(line: str, expected: ForeignOrder) -> None:
    assert recognise(line.split()) == expected


@pytest.mark.parametrize(
    "line",
    [
        "",
        "chia",
        "chia run_daemon --wait-for-unlock",
        "chia_daemon",
        "chia_harvester",
        "chia plots check -n 30",
        "chia plots create2 -t /t",
        "chia start farmer",
        "chia plotters install madmax",
        "chia plotters version",
        "tail -f /logs/chia_plot",
        "grep chia plots create",
        "vim chia_plot",
        "python3",
        "python3 -c import chia_plot -t /t",
        "python3 -m",
        "bash -c chia plots create -t /t",
        "bladebit --version",
        "bladebit check /plots/x.plot",
        "bladebit_cuda simulate -t 4",
        "/usr/bin/chia_plot_sink -- /d",
        "cuda_plot_k3 -t /t",
    ],
)
def test_what_plots_nothing(line: str) -> None:
    assert recognise(line.split()) is None


@pytest.mark.parametrize("name", sorted(PLOTTERS))
def test_every_plotter_recognises_what_it_would_start_itself(name: str) -> None:
    plotter = PLOTTERS[name]
    wish = PlotOrder(
        32, "/t", "/d", "/t2", compression=1 if name == "gigahorse" else 0,
        farmer_key="ab" * 48, contract="xch1qq", bitfield=True,
    )  # fmt: skip
    programs = {"gigahorse": "cuda_plot_k32", "madmax": "chia_plot", "chia": "chia"}
    first = (
        (sys.executable, "-I", str(SCRIPT))
        if name == "chiapos"
        else (f"/usr/bin/{programs.get(name, 'bladebit_cuda')}",)
    )
    told = recognise(plotter.command(Program(first, "1"), wish))

    assert told is not None
    assert (told.plotter, told.k, told.plots) == (name, 32, 1)
    assert (told.out or "").rstrip("/") == "/d"
    if name not in ("bladebit_ram", "bladebit_cuda"):
        assert ((told.temp or "").rstrip("/"), (told.temp2 or "").rstrip("/")) == ("/t", "/t2")


def test_a_hundred_thousand_words_take_no_time_and_are_cut() -> None:
    words = ["chia", "plots", "create", *["--x"] * 100_000, "-t", "/t"]
    assert recognise(words) == order("chia", ".", None, ".")


WORDS = st.sampled_from(
    ["chia", "plots", "create", "plotters", "madmax", "bladebit", "ramplot", "chia_plot", "-t",
     "-k", "-n", "-d=", "-t=", "-2", "--tmp_dir", "", "-", "--", "@", "python3", "-m", "sh",
     "cuda_plot_k32", "diskplot", "-z", "\udcff", "\0"]
)  # fmt: skip


@given(st.lists(WORDS | st.text(max_size=20), max_size=30))
def test_no_words_make_it_raise(words: list[str]) -> None:
    told = recognise(words)
    assert told is None or (told.plotter in PLOTTERS and 16 <= told.k <= 50)


def test_the_script_is_named_as_it_is_looked_for() -> None:
    assert Path(SCRIPT).name == "chiapos_plot.py"
