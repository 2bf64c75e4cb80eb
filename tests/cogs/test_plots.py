from __future__ import annotations

import csv
import gzip
import io
import json
from dataclasses import replace

import pytest

from plotobot.engine.inventory.plot import Check, Condition, Progress, Stock
from plotobot.plots.proofs import ProofCheck, ProofVerdict
from plotobot.ui import plots as ui
from tests.engine.plot_files import FARMER, NOW, OTHER_CONTRACT, for_contract, make_plot

LONG = "/media/farmer/" + "a-folder-with-a-rather-long-name" * 8


def many(count, **changes):
    return [make_plot(n, drive=f"/mnt/hdd{n % 30:02}", **changes) for n in range(count)]


async def pages_of(farm, shown):
    """All pages of a list, by turning it from the first to the last."""
    texts = [shown.response.content]
    while '"label": "▶"' in json.dumps(shown.response.components, ensure_ascii=False):
        shown = await farm.viewer.click(shown.response, label="▶")
        texts.append(shown.response.content)
        assert len(texts) < 500
    return texts


@pytest.mark.parametrize("count", [0, 1, 11, 200])
async def test_any_number_of_plots_fits_on_pages(farm, count):
    farm.engine.stocked(*many(count))

    texts = await pages_of(farm, await farm.slash("viewer", "plots show"))

    assert len(texts) == 1 + -(-count // ui.ROWS)
    assert all(len(text) <= 2000 for text in texts)
    assert f"**{count} plot{'' if count == 1 else 's'}**" in texts[0]
    everything = "".join(texts)
    assert all(plot.id[:8] in everything for plot in many(count))


async def test_the_overview_by_kind_and_drive(farm):
    farm.engine.stocked(
        make_plot(1),
        make_plot(2, drive="/mnt/old2"),
        make_plot(3, **for_contract()),
        make_plot(4, **for_contract(OTHER_CONTRACT), compression=7),
    )

    text = (await farm.slash("viewer", "plots show")).response.content

    assert "**4 plots** · 404 GiB" in text
    assert "k32 OG" in text
    assert "C7 for xch1" in text
    assert "/mnt/old2" in text
    assert for_contract()["contract"] not in text


async def test_what_is_odd_and_what_is_silent_is_told(farm):
    farm.engine.stocked(make_plot(1, condition=Condition.TRUNCATED, problem="It is cut short."))
    farm.engine.stock = replace(
        farm.engine.stock, silent={"/mnt/`dead`": "it does not answer"}, scanning=Progress(5, 90)
    )

    shown = await farm.slash("viewer", "plots show")
    text = shown.response.content
    second = (await farm.viewer.click(shown.response, label="▶")).response.content

    assert "⚠️ truncated: 1" in text
    assert "it does not answer" in text
    assert "5 of 90" in text
    assert "!! truncated" in second


async def test_the_first_scan_is_told(farm):
    farm.engine.stock = Stock(scanning=Progress(1200, 20000))

    text = (await farm.slash("viewer", "plots show")).response.content

    assert "for the first time: 1,200 of 20,000" in text


async def test_one_drive_only_and_its_pages_stay_with_it(farm):
    farm.engine.stocked(*many(200), *(make_plot(n, drive="/mnt/x") for n in range(500, 515)))

    (choice,) = await farm.viewer.autocomplete(farm.channel, "plots show", "drive", "nt/X")
    texts = await pages_of(farm, await farm.slash("viewer", "plots show", drive=choice["value"]))
    typed = await farm.slash("viewer", "plots show", drive="/mnt/x")

    assert len(texts) == 3
    assert "**15 plots**" in texts[0]
    assert all("hdd" not in text for text in texts)
    assert typed.response.content == texts[0]


async def test_a_drive_that_nobody_knows_is_refused(farm):
    result = await farm.slash("viewer", "plots show", drive="/mnt/nowhere")

    assert "No such drive has plots" in result.response.content


async def test_choices_stay_within_discords_limits(farm):
    farm.engine.stocked(*(make_plot(n, drive=f"{LONG}{n}") for n in range(40)))

    drives = await farm.viewer.autocomplete(farm.channel, "plots show", "drive", "")
    plots = await farm.viewer.autocomplete(farm.channel, "plots check", "plot", "")

    for choices in (drives, plots):
        assert len(choices) == 25
        assert all(0 < len(c["name"]) <= 100 and len(c["value"]) <= 100 for c in choices)
        assert len({c["value"] for c in choices}) == 25
    assert len({c["name"] for c in drives}) == 25


async def test_hostile_names_stay_in_their_lines(farm):
    farm.engine.stocked(
        make_plot(1, id=None, k=None, path="/mnt/x/`@everyone`\n**a**\u202e\udcff.plot",
                  condition=Condition.NO_PLOT, problem="It is none."),
        make_plot(2, drive="/mnt/```\n# big"),
        make_plot(3, drive=LONG),
    )  # fmt: skip

    texts = await pages_of(farm, await farm.slash("viewer", "plots show"))

    for text in texts:
        assert text.count("```") % 2 == 0
        assert "\u202e" not in text
        assert "\n# big" not in text
        assert len(text) <= 2000


async def test_the_file_has_all_plots_and_no_whole_key(farm):
    farm.engine.stocked(*many(200))

    result = await farm.slash("viewer", "plots csv")
    (file,) = result.response.attachments
    rows = list(csv.DictReader(io.StringIO((await file.read()).decode())))

    assert file.filename == "plots.csv"
    assert [row["id"] for row in rows] == [plot.id for plot in many(200)]
    assert FARMER.hex() not in str(rows)
    assert result.ephemeral


def test_a_file_that_is_too_large_is_packed():
    name, content = ui.plots_file(Stock(tuple(many(30_000))))

    assert name == "plots.csv.gz"
    assert len(content) <= ui.LARGEST_FILE
    assert gzip.decompress(content).count(b"\n") == 30_001


async def test_rescan_scans_and_tells(farm):
    farm.engine.stocked(make_plot(1))

    text = (await farm.slash("viewer", "plots rescan")).response.content

    assert farm.engine.deeds == [("rescan",)]
    assert "**1 plot**" in text


async def test_a_check_by_the_beginning_of_its_id(farm):
    plot = make_plot(1)
    farm.engine.stocked(*many(20))

    text = (await farm.slash("viewer", "plots check", plot=plot.id[:10])).response.content

    checked = next(known for known in many(20) if known.id == plot.id)
    assert farm.engine.deeds == [("check", checked.path, 30)]
    assert text.startswith("✅")
    assert "Sound: 28 valid proofs" in text


async def test_a_check_of_one_of_two_files_of_a_plot(farm):
    farm.engine.stocked(make_plot(1, drive="/mnt/a"), make_plot(1, drive="/mnt/b"))
    choices = await farm.viewer.autocomplete(farm.channel, "plots check", "plot", "/mnt/b")

    await farm.slash("viewer", "plots check", plot=choices[0]["value"], challenges=40)
    both = await farm.slash("viewer", "plots check", plot=make_plot(1).id)

    assert farm.engine.deeds == [("check", make_plot(1, drive="/mnt/b").path, 40)]
    assert "2 plots are like that" in both.response.content


@pytest.mark.parametrize("text", ["zzz", "", "   ", "-", "*"])
async def test_a_check_of_no_plot_is_refused(farm, text):
    farm.engine.stocked(*many(20))

    result = await farm.slash("viewer", "plots check", plot=text)

    assert "pick one from the list" in result.response.content
    assert farm.engine.deeds == []


@pytest.mark.parametrize(
    ("verdict", "sign"),
    [
        (ProofVerdict.DAMAGED, "❌"),
        (ProofVerdict.CRASHED, "❌"),
        (ProofVerdict.UNSURE, "❔"),
        (ProofVerdict.UNKNOWN, "❔"),
    ],
)
async def test_every_verdict_has_its_sign(farm, verdict, sign):
    farm.engine.stocked(make_plot(1))
    farm.engine.proofs = ProofCheck(30, 0, 0, verdict, "Words.", 1)

    text = (await farm.slash("viewer", "plots check", plot=make_plot(1).id)).response.content

    assert text.startswith(sign)


async def test_a_page_of_a_drive_that_has_no_plots_any_more_is_empty(farm):
    farm.engine.stocked(*many(200))
    shown = await farm.slash("viewer", "plots show", drive="/mnt/hdd01")
    farm.engine.stocked()

    turned = await farm.viewer.click(shown.response, label="▶")

    assert "**0 plots**" in turned.response.content


async def test_the_share_that_was_checked_and_the_bad_ones_are_shown(farm):
    farm.engine.stocked(*many(200))
    sound = ProofCheck(30, 28, 0, ProofVerdict.SOUND, "Sound.")
    bad = ProofCheck(30, 9, 20, ProofVerdict.DAMAGED, "Damaged: 20 wrong `ones`.")
    checks = [Check(plot.path, plot.id, NOW, sound) for plot in many(50)]
    checks[:9] = [replace(check, result=bad) for check in checks[:9]]
    farm.engine.stock = replace(farm.engine.stock, checks=tuple(checks))

    shown = await farm.slash("viewer", "plots show")
    text = shown.response.content
    second = (await farm.viewer.click(shown.response, label="▶")).response.content

    assert "Content checked: 50 of 200 (25%), last <t:" in text
    assert text.count("❌ `plot-k32") == 4
    assert "❌ … and 5 more" in text
    assert second.count("!! damaged, says its content check") == 9
