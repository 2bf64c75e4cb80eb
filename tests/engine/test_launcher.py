"""What a plotter is given, and what of the bot's own it is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plotobot.engine.config import PlotSettings
from plotobot.engine.launcher import environment, order_of
from plotobot.engine.models import EventKind, JobState
from plotobot.errors import Refusal
from plotobot.plots.address import encode_address
from plotobot.plotters.base import PlotOrder
from tests.engine.farm import Farm, ended, told

KEY, CONTRACT = "8a" * 48, encode_address(bytes(range(32)))
SECRETS = ("DISCORD_TOKEN", "DISCORD_API_BASE", "PLOTOBOT_STATE", "AWS_SECRET_ACCESS_KEY", "token")


def test_a_plotter_gets_what_it_needs_and_no_secret() -> None:
    needed = {"PATH": "/bin", "HOME": "/root", "CHIA_ROOT": "/c", "LD_LIBRARY_PATH": "/l"}
    assert environment(dict.fromkeys(SECRETS, "canary") | needed) == needed


def test_the_bots_own_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.setenv(name, "canary")
    monkeypatch.setenv("CHIA_ROOT", "/c")
    passed = environment()
    assert passed["CHIA_ROOT"] == "/c"
    assert "canary" not in passed.values()


def test_an_order_has_everything_that_was_set() -> None:
    wish = PlotSettings(
        k=33, threads=7, buffer_mib=99, buckets=64, bitfield=False, compression=3, farmer_key=KEY,
        contract=CONTRACT,
    )  # fmt: skip
    assert order_of(wish, "/t", "/t2", "/o") == PlotOrder(
        k=33, temp="/t", temp2="/t2", out="/o", threads=7, buffer_mib=99, buckets=64,
        bitfield=False, compression=3, farmer_key=KEY, contract=CONTRACT,
    )  # fmt: skip


async def test_an_order_that_the_plotter_refuses_is_told_with_its_reason(farm: Farm) -> None:
    program = farm.root / "chia_plot"
    program.write_text("#!/bin/sh\necho 1.1.8\n")
    program.chmod(0o755)
    plot = PlotSettings(plotter="madmax", k=18, program=program)
    async with farm.running(replace(farm.config(interval=600.0), plot=plot)) as engine:
        job = (await ended(engine, 1))[0]
        event = (await told(engine, EventKind.JOB_NOT_SPAWNED))[0]
        assert await told(engine, EventKind.TROUBLE) == []
    assert job.state is JobState.FAILED
    assert "set a farmer key" in (job.reason or "")
    assert "set a farmer key" in event.data["what"]


@pytest.mark.parametrize(
    ("keys", "what"),
    [
        ({"contract": CONTRACT[:-1] + "q"}, "plot.contract will not do: The address has a wrong"),
        ({"farmer_key": KEY[:-1]}, "plot.farmer_key will not do: it has 95 digits instead of 96"),
        ({"pool_key": "1" + KEY[1:]}, "plot.pool_key will not do: a public key begins with 8"),
        ({"pool_key": KEY, "contract": CONTRACT}, "plot.pool_key and plot.contract exclude"),
    ],
)
async def test_no_engine_starts_for_plots_that_nobody_could_farm(
    farm: Farm, keys: dict[str, str], what: str
) -> None:
    config = farm.config()
    plot = replace(config.plot, **keys)  # type: ignore[arg-type]
    with pytest.raises(Refusal) as refused:
        async with farm.running(replace(config, plot=plot)):
            pass
    assert str(refused.value).startswith(what)
    assert KEY[6:90] not in str(refused.value)
    assert not farm.jobs.exists() or not list(farm.jobs.iterdir())
