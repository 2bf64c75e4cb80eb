from __future__ import annotations

from dataclasses import replace

import discord

from plotobot.engine.inventory.plot import Plot
from plotobot.engine.models import GIB, Event, EventKind
from plotobot.engine.replot.arming import Armed
from plotobot.engine.replot.journal import Entry, Fate, Target
from plotobot.engine.replot.plan import DrivePlan, Plan, Step, Terms
from plotobot.engine.replot.views import ReplotStatus
from plotobot.ui.alerts import CRITICAL, alert_text
from plotobot.ui.replot_buttons import ConfirmArm
from tests.cogs.scripted import NOW
from tests.engine.plot_files import make_plot


def planned(plots: int, drives: int) -> Plan:
    steps = tuple(Step(n, _on(make_plot(n), n % drives)) for n in range(1, plots + 1))
    each = tuple(DrivePlan(f"/mnt/old{n}", 1, 101 * GIB, 0, 1) for n in range(drives))
    return Plan(Terms(NOW, 101 * GIB), steps, each, {})


def _on(plot: Plot, number: int) -> Plot:
    return replace(plot, drive=f"/mnt/old{number}")


async def test_arming_takes_a_second_press_that_names_the_numbers(farm):
    farm.engine.replot = replace(farm.engine.replot, plan=planned(412, 9))

    asked = await farm.slash("owner", "replot arm")
    question = asked.response
    assert "Up to 412 plots on 9 drives" in question.content
    assert "41,612 GiB" in question.content
    assert farm.engine.deeds == []

    done = await farm.owner.click(question, label="Arm it")
    assert farm.engine.deeds == [("arm", "feed" * 4, f"owner ({farm.owner.id})")]
    assert "**armed** replotting: up to 412 plots" in done.followups[-1].content


async def test_the_second_press_is_for_owners_and_for_the_one_who_asked(farm):
    view = discord.ui.View(timeout=None)
    view.add_item(ConfirmArm(farm.bot.seals.issue("replot-1", farm.owner.id, farm.env.now())))
    message = await farm.bot.get_channel(farm.channel.id).send("look", view=view)

    refused = await farm.operator.click(message)

    assert refused.response.content == "Only the farm's owners may do that."
    assert farm.engine.deeds == []


async def test_a_press_that_comes_late_arms_nothing(farm):
    question = (await farm.slash("owner", "replot arm")).response
    await farm.env.advance_time(61)

    late = await farm.owner.click(question, label="Arm it")

    assert "Too late" in late.response.content
    assert farm.engine.deeds == []


async def test_a_ticket_for_something_else_arms_nothing(farm):
    view = discord.ui.View(timeout=None)
    view.add_item(ConfirmArm(farm.bot.seals.issue("1234", farm.owner.id, farm.env.now())))
    message = await farm.bot.get_channel(farm.channel.id).send("look", view=view)

    done = await farm.owner.click(message)

    assert "is not one for replotting" in done.response.content
    assert farm.engine.deeds == []


async def test_a_plan_that_may_not_be_carried_out_has_no_button(farm):
    farm.engine.replot = replace(farm.engine.replot, refusal="No plot is old by this rule.")

    asked = await farm.slash("owner", "replot arm")

    assert "No plot is old by this rule." in asked.response.content
    assert farm.engine.deeds == []


async def test_an_operator_may_disarm_and_everybody_sees_it(farm):
    done = await farm.slash("operator", "replot disarm")

    assert farm.engine.deeds == [("disarm", f"op ({farm.operator.id})")]
    assert "nothing more goes" in done.response.content
    assert not done.ephemeral


async def test_the_status_tells_how_far_it_is_and_what_it_waits_for(farm):
    target = Target("/mnt/old1/p.plot", "/mnt/old1", "ab" * 32, 101 * GIB, 1, 2, 3)
    farm.engine.replotting = ReplotStatus(
        enabled=True,
        armed=Armed("olga", NOW, "", 412),
        replaced=103,
        replaced_bytes=103 * 101 * GIB,
        left=309,
        left_bytes=309 * 101 * GIB,
        days=15.45,
        aside=1,
        aside_bytes=101 * GIB,
        waits=("its new plot is being checked",),
        latest=(Entry(1, NOW, target, Fate.GONE, "job", verified=True, by="olga"),),
    )

    text = (await farm.slash("viewer", "replot status")).response.content

    assert "**armed** by olga" in text
    assert "**25%**: 103 of 412 plots" in text
    assert "309 old plots left" in text
    assert "15.4 days" in text or "15.5 days" in text
    assert "1 plot in quarantine" in text
    assert "being checked" in text
    assert "abababab…abab" in text
    assert "ab" * 32 not in text


async def test_a_halt_is_shown_without_markup_of_strangers(farm):
    farm.engine.replotting = ReplotStatus(enabled=True, halted="@everyone **look**")

    text = (await farm.slash("viewer", "replot status")).response.content

    assert "not armed" in text
    assert "**look**" not in text


def told(kind: EventKind, **data: object) -> str:
    return alert_text(Event(kind, NOW, None, data), "rig1", NOW)


def test_what_is_told_of_a_replaced_plot():
    text = told(
        EventKind.PLOT_REPLACED, old="ab" * 32, new="cd" * 32, old_bytes=101 * GIB,
        new_bytes=78 * GIB, drive="/mnt/old1", verified=True, quarantine=False, done=3, of=412,
    )  # fmt: skip

    for words in ("abababab…abab", "cdcdcdcd…cdcd", "101 GiB", "78 GiB", "3 of 412", "checked"):
        assert words in text


def test_a_halt_is_critical_and_says_why():
    text = told(EventKind.REPLOT_HALTED, reason="Another drive is at /mnt/old1.")

    assert "Another drive is at /mnt/old1." in text
    assert EventKind.REPLOT_HALTED in CRITICAL
    assert "12 plots" in told(EventKind.REPLOT_DONE, plots=12, bytes=12 * GIB)
