from dataclasses import replace


async def test_the_advice_is_told_with_its_numbers(farm):
    result = await farm.slash("viewer", "spawn advise")

    assert "**21.4** plots a day; auto mode: **31.8**" in result.response.content
    assert "33.6 here (CPU binds)" in result.response.content


async def test_the_change_takes_a_second_press_by_an_owner(farm):
    shown = await farm.slash("owner", "spawn advise")

    done = await farm.owner.click(shown.response, label="Switch to auto")

    assert farm.engine.deeds[-1] == ("auto",)
    assert "switched spawning to auto mode" in done.response.content


async def test_an_operator_may_not_change_it(farm):
    shown = await farm.slash("operator", "spawn advise")

    done = await farm.operator.click(shown.response, label="Switch to auto")

    assert done.response.content == "Only the farm's owners may do that."
    assert ("auto",) not in farm.engine.deeds


async def test_nothing_is_offered_where_it_brings_nothing(farm):
    farm.engine.advice = replace(farm.engine.advice, auto=21.5)

    shown = await farm.slash("viewer", "spawn advise")

    assert shown.response.components == []
    assert "not worth it" in shown.response.content
