"""`/clean` lists, and a second press by the same person removes or rescues what was listed."""

from __future__ import annotations

from dataclasses import replace

import discord
import pytest

from plotobot.ui.clean_buttons import ConfirmClean, ConfirmRescue


async def ask(farm, person="operator"):
    result = await farm.slash(person, "clean")
    assert result.ephemeral
    return result.response


def buttons(message):
    return [item["label"] for row in message.components for item in row["components"]]


async def test_nothing_left_is_said_and_offers_nothing(farm):
    told = await ask(farm)

    assert told.content.startswith("Nothing is left over")
    assert buttons(told) == []


async def test_the_list_tells_plots_sizes_and_ages_and_removes_nothing(farm, make_orphan):
    farm.engine.all_orphans = [make_orphan(1), make_orphan(0xABC)]

    told = await ask(farm)

    assert "**6 temp files of 2 plots, 60 GiB**" in told.content
    assert "00000001" in told.content
    assert "00000abc" in told.content
    assert "2d0h" in told.content
    assert "30 GiB" in told.content
    assert buttons(told) == ["Remove"]
    assert farm.engine.deeds == []


async def test_the_second_press_removes_exactly_what_was_listed(farm, make_orphan):
    listed = [make_orphan(1), make_orphan(2)]
    farm.engine.all_orphans = listed
    farm.engine.stays = ("/mnt/ssd1/x.tmp: it has changed since it was listed",)
    asked = await ask(farm)
    farm.engine.all_orphans = [*listed, make_orphan(3)]  # came after the list

    done = await farm.operator.click(asked, label="Remove")

    ((deed, plots, by),) = farm.engine.deeds
    assert (deed, plots) == ("clean", [orphan.plot_id for orphan in listed])
    assert str(farm.operator.id) in by
    told = done.followups[-1]
    assert "6 temp files of 2 plots removed (60 GiB)" in told.content
    assert "changed since it was listed" in told.content
    assert not told.ephemeral


async def test_what_does_not_fit_into_the_list_is_not_removed_with_it(farm, make_orphan):
    farm.engine.all_orphans = [in_long_folders(make_orphan(n)) for n in range(1, 40)]
    asked = await ask(farm)
    shown = asked.content

    await farm.operator.click(asked, label="Remove")

    assert len(shown) <= 2000
    assert "27 more plots left" in shown
    ((_, plots, _),) = farm.engine.deeds
    assert len(plots) == 12
    assert all(plot_id[:8] in shown for plot_id in plots)


async def test_what_is_kept_is_told_with_the_reason_and_not_offered(farm, make_orphan):
    farm.engine.all_orphans = [make_orphan(1, kept="pid 7 may be at work on it")]

    told = await ask(farm)

    assert "Nothing may be removed now" in told.content
    assert "00000001 k32: pid 7 may be at work on it" in told.content
    assert buttons(told) == []


async def test_a_whole_plot_is_offered_for_rescue_only(farm, make_orphan):
    farm.engine.all_orphans = [make_orphan(1, whole=True)]
    asked = await ask(farm)
    assert buttons(asked) == ["Rescue"]
    assert "1 whole plot" in asked.content

    done = await farm.operator.click(asked, label="Rescue")

    ((deed, plots, _),) = farm.engine.deeds
    assert (deed, plots) == ("rescue", ["00000001" * 8])
    assert "rescued 1 plot" in done.followups[-1].content


async def test_a_minute_later_is_too_late(farm, make_orphan):
    farm.engine.all_orphans = [make_orphan()]
    asked = await ask(farm)
    await farm.env.advance_time(61)

    result = await farm.operator.click(asked, label="Remove")

    assert "Too late" in result.response.content
    assert "/clean" in result.response.content
    assert farm.engine.deeds == []


@pytest.mark.parametrize("button", [ConfirmClean, ConfirmRescue])
async def test_another_person_cannot_confirm(farm, make_orphan, button):
    listed = farm.bot.listings.keep([make_orphan()])
    message = await send(farm, button(seal(farm, listed)))

    result = await farm.owner.click(message)

    assert "Only the person who asked" in result.response.content
    assert farm.engine.deeds == []


async def test_a_press_counts_once(farm, make_orphan):
    ticket = seal(farm, farm.bot.listings.keep([make_orphan()]))
    first, second = [await send(farm, ConfirmClean(ticket)) for _ in range(2)]
    await farm.operator.click(first)

    result = await farm.operator.click(second)

    assert "used already" in result.response.content
    assert len(farm.engine.deeds) == 1


@pytest.mark.parametrize("name", ["20260101-0001", "0" * 16])
async def test_a_seal_for_something_else_removes_nothing(farm, name):
    message = await send(farm, ConfirmClean(seal(farm, name)))

    result = await farm.operator.click(message)

    assert "not known any more" in result.response.content
    assert farm.engine.deeds == []


async def test_lists_are_forgotten_in_order(farm, make_orphan):
    names = [farm.bot.listings.keep([make_orphan(number)]) for number in range(60)]

    assert farm.bot.listings.take(names[-1])[0].plot_id == "0000003b" * 8
    with pytest.raises(Exception, match="not known any more"):
        farm.bot.listings.take(names[0])


def in_long_folders(orphan):
    folders = ("/mnt/" + "very-long" * 9, "/mnt/" + "and-longer" * 9)
    files = [replace(file, folder=folder) for file in orphan.files for folder in folders]
    return replace(orphan, files=tuple(replace(file, size=10**14) for file in files))


def seal(farm, name):
    return farm.bot.seals.issue(name, farm.operator.id, farm.env.now())


async def send(farm, item):
    view = discord.ui.View(timeout=None)
    view.add_item(item)
    return await farm.bot.get_channel(farm.channel.id).send("look", view=view)
