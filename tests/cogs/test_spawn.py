import pytest


async def test_start_opens_a_quota_and_tells_the_channel(farm):
    result = await farm.slash("operator", "spawn start", count=5)

    assert farm.engine.deeds == [("start", 5)]
    assert result.response.content == "▶️ Spawning is **on**: 0 of 5 plots started."
    assert not result.ephemeral


async def test_start_without_count_goes_on_without_end(farm):
    await farm.slash("operator", "spawn start")

    assert farm.engine.deeds == [("start", None)]


async def test_pause_says_that_running_plots_go_on(farm):
    result = await farm.slash("owner", "spawn pause")

    assert "paused" in result.response.content
    assert "running plots go on" in result.response.content


async def test_once_names_what_it_started(farm):
    result = await farm.slash("operator", "spawn once")

    assert farm.engine.deeds == [("once",)]
    assert "1 plot started" in result.response.content
    assert not result.ephemeral


@pytest.mark.parametrize("command", ["spawn start", "spawn pause", "spawn once"])
async def test_a_viewer_only_looks(farm, command):
    result = await farm.slash("viewer", command)

    assert result.response.content == "Only the farm's operators may do that."
    assert result.ephemeral
    assert farm.engine.deeds == []
