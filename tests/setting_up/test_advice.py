"""What is suggested, and why."""

from __future__ import annotations

import pytest

from plotobot.engine.config import PlotSettings
from plotobot.engine.models import GIB
from plotobot.plotters import PLOTTERS
from plotobot.plotters.base import Needs
from plotobot.setting_up.advice import (
    k_advice,
    levels,
    out_advice,
    pace_advice,
    plotter_advice,
    takes_own_keys,
    temp_advice,
)
from tests.setting_up.conftest import machine, nvme, sata

K32 = Needs(temp=239 * GIB, temp2=0, out=102 * GIB)


def test_fast_drives_with_room_are_for_temp_the_one_with_most_room_first() -> None:
    here = machine(nvme("/a", 500), nvme("/b", 900), nvme("/c", 100), sata("/d"))

    advice = temp_advice(here, K32.temp)

    assert advice.value == ("/b", "/a")
    assert "5 at once" in advice.because


def test_large_slow_drives_are_for_out_and_fast_ones_only_where_nothing_else_is() -> None:
    here = machine(nvme("/a"), nvme("/b"), sata("/c"), sata("/d", 50))

    assert out_advice(here, K32.out, {"/a"}).value == ("/c",)
    assert out_advice(machine(nvme("/a"), nvme("/b")), K32.out, {"/a"}).value == ("/b",)


def test_nothing_is_suggested_where_nothing_fits() -> None:
    here = machine(sata("/c"), nvme("/a", 100))
    assert temp_advice(here, K32.temp).value == ()
    assert "239 GiB" in temp_advice(here, K32.temp).because
    assert out_advice(here, K32.out, {"/c"}).value == ()


@pytest.mark.parametrize(
    ("cores", "memory", "free", "parallel", "limit"),
    [
        pytest.param(16, 64, [2000, 2000], 4, "16 cores", id="cores"),
        pytest.param(64, 10, [9000], 2, "10 GiB of memory", id="memory"),
        pytest.param(64, 999, [500, 500], 4, "room on the temp", id="room"),
        pytest.param(1, 1, [0], 1, "", id="never-none"),
    ],
)
def test_how_many_plots_at_once(
    cores: int, memory: int, free: list[int], parallel: int, limit: str
) -> None:
    here = machine(cores=cores, memory=memory)

    plan = pace_advice(here, PLOTTERS["chia"], K32, [each * GIB for each in free])

    assert plan["spawn.max_parallel"].value == parallel
    assert limit in plan["spawn.max_parallel"].because
    assert plan["spawn.max_parallel_per_drive"].value == -(-parallel // len(free))


def test_little_memory_gives_a_small_buffer() -> None:
    plan = pace_advice(machine(memory=2), PLOTTERS["chia"], K32, [])
    assert plan["plot.buffer_mib"].value == 1024


@pytest.mark.parametrize("name", ["madmax", "bladebit_ram", "gigahorse"])
def test_some_plotters_take_the_whole_machine(name: str) -> None:
    plan = pace_advice(machine(cores=12), PLOTTERS[name], K32, [9000 * GIB])
    assert plan["plot.threads"].value == 12
    assert plan["spawn.max_parallel"].value == 1


def test_a_plotter_whose_plots_earn_nothing_is_not_suggested() -> None:
    assert plotter_advice(machine(plotter="chiapos"), PLOTTERS).value == "chia"
    assert plotter_advice(machine(plotter="madmax"), PLOTTERS).value == "madmax"


@pytest.mark.parametrize(("name", "k"), [("chia", 32), ("bladebit_ram", 32), ("chiapos", 32)])
def test_k(name: str, k: int) -> None:
    assert k_advice(PLOTTERS[name]).value == k


def test_levels_and_keys_are_asked_of_the_plotter_itself() -> None:
    assert levels(PLOTTERS["gigahorse"], PlotSettings())[0] == 1
    assert levels(PLOTTERS["bladebit_ram"], PlotSettings()) == list(range(8))
    own = {name for name in PLOTTERS if takes_own_keys(PLOTTERS[name], PlotSettings())}
    assert own == {"chia", "chiapos"}
