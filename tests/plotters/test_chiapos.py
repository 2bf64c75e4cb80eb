"""Real plots by the real chiapos, k18: a second each."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from plotobot.errors import PlotterMissing
from plotobot.plotters import plotter
from plotobot.plotters.base import PlotOrder
from plotobot.plotters.chiapos_plot import contract

CONTRACT = "xch1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0srg6dkm"

BURN = "xch1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqm6ks6e8mvy"
"""The well-known address of nobody: a puzzle hash of zeros that ends in dead."""


@pytest.fixture
def order(tmp_path: Path) -> PlotOrder:
    for name in ("t", "t2", "d"):
        (tmp_path / name).mkdir()
    return PlotOrder(
        k=18, temp=str(tmp_path / "t"), out=str(tmp_path / "d"), buffer_mib=512, threads=2
    )


def run(order: PlotOrder) -> tuple[int, list[bytes]]:
    chiapos = plotter("chiapos")
    done = subprocess.run(
        chiapos.command(chiapos.find(), order),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout.split(b"\n")


def memo_size(plot: Path) -> int:
    with plot.open("rb") as file:
        head = file.read(60)
    return int.from_bytes(head[58:60], "big")


def test_a_plot_is_made_read_and_stands_under_its_name(order):
    code, lines = run(order)
    reader = plotter("chiapos").reader()
    reader.feed(lines)
    progress = reader.progress

    assert code == 0
    assert (progress.status, progress.fraction, progress.k) == ("Completed", 1.0, 18)
    assert (progress.temp, progress.out) == (order.temp, order.out)
    assert None not in progress.phase_seconds
    assert progress.unknown_lines == 0
    (plot,) = Path(order.out).iterdir()
    assert progress.final_path == str(plot)
    assert plot.name.startswith("plot-k18-20")
    assert plot.name.endswith(f"-{progress.plot_id}.plot")
    assert plot.read_bytes()[19:51].hex() == progress.plot_id
    assert list(Path(order.temp).iterdir()) == []
    assert plot.stat().st_size <= plotter("chiapos").needs(order).out


def test_temp2_and_keys_are_honoured(order):
    pooled = replace(
        order,
        temp2=str(Path(order.temp).with_name("t2")),
        farmer_key="ab" * 48,
        contract=CONTRACT,
        bitfield=False,
    )
    code, lines = run(pooled)
    reader = plotter("chiapos").reader()
    reader.feed(lines)
    (plot,) = Path(order.out).iterdir()

    assert code == 0
    assert reader.progress.temp2 == pooled.temp2
    assert memo_size(plot) == 112
    assert plot.read_bytes()[60:140] == bytes(range(32)) + b"\xab" * 48


def test_a_missing_folder_ends_with_the_reason(order):
    code, lines = run(replace(order, out=order.out + "-gone"))
    reader = plotter("chiapos").reader()
    reader.feed(lines)
    assert code == 1
    assert reader.progress.status == "Error"
    assert reader.progress.error == (
        f"Caught plotting error: Final directory {order.out}-gone does not exist"
    )


def test_a_contract_address_is_read_with_its_checksum():
    assert contract(CONTRACT) == bytes(range(32))
    assert contract(BURN) == bytes(30) + b"\xde\xad"
    for wrong in (CONTRACT.replace("q5rq", "q5rp"), "xch1", "", CONTRACT[:-1], "xch1ü"):
        with pytest.raises(ValueError, match=r"."):
            contract(wrong)


def test_a_python_without_chiapos_is_no_plotter(tmp_path):
    python = tmp_path / "python3"
    python.write_text(
        "#!/bin/sh\necho \"ModuleNotFoundError: No module named 'chiapos'\" >&2\nexit 1\n"
    )
    python.chmod(0o755)
    with pytest.raises(PlotterMissing, match="No module named 'chiapos'"):
        plotter("chiapos").find(python)
