from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from plotobot.engine.models import DriveKind


async def test_a_drive_in_three_lines(farm, make_drive):
    farm.engine.all_drives = [make_drive()]

    text = (await farm.slash("viewer", "drives")).response.content

    assert "TEMP /mnt/ssd1" in text
    assert "██████░░░░ 350 GiB of 894 GiB free" in text
    assert "1 plot on it, takes 2 more, 59 GiB reserved" in text
    assert "Samsung 980 PRO · nvme" in text


async def test_a_missing_and_a_read_only_drive_say_so(farm, make_drive):
    farm.engine.all_drives = [make_drive(1, missing=True, total=0), make_drive(2, read_only=True)]

    text = (await farm.slash("viewer", "drives")).response.content

    assert "!! the drive is missing" in text
    assert "!! the drive is read-only" in text


async def test_a_kind_filters(farm, make_drive):
    farm.engine.all_drives = [make_drive(1), make_drive(2, kind=DriveKind.OUT)]

    text = (await farm.slash("viewer", "drives", kind="out")).response.content

    assert "OUT /mnt/ssd2" in text
    assert "ssd1" not in text


async def test_a_hundred_drives_come_in_pages(farm, make_drive):
    names = "/mnt/" + "n" * 200
    farm.engine.all_drives = [
        make_drive(n, path=names, model="m" * 200, label="l" * 90) for n in range(100)
    ]

    shown = await farm.slash("viewer", "drives")
    turned = await farm.viewer.click(shown.response, label="▶")

    assert "page 2 of 13" in turned.response.content
    assert len(turned.response.content) <= 2000


async def test_no_drives_is_an_answer(farm):
    result = await farm.slash("viewer", "drives", kind="replot")

    assert result.response.content == "No such drives are configured."


async def test_drives_with_long_paths_can_be_told_apart(farm, make_drive):
    long = "/media/farmer/a-folder-with-a-rather-long-name"
    farm.engine.all_drives = [make_drive(n, path=f"{long}/ssd{n}") for n in (1, 2)]

    text = (await farm.slash("viewer", "drives")).response.content

    assert "-long-name/ssd1" in text
    assert "-long-name/ssd2" in text


async def test_a_drive_that_fills_says_when_it_will_be_full(farm, make_drive):
    view = make_drive(1, kind=DriveKind.OUT)
    farm.engine.all_drives = [replace(view, full_at=farm.env.now() + timedelta(hours=9, minutes=5))]

    text = (await farm.slash("viewer", "drives")).response.content

    assert "reserved, full in 9 h 05 m" in text
