"""The driver presses, chooses and fills only what a person could."""

from __future__ import annotations

from typing import Any

import pytest

from tests.loopback import components

Json = dict[str, Any]

PAUSE = {"type": 2, "style": 1, "label": "Pause", "custom_id": "job:1:pause"}
SORT = {
    "type": 3,
    "custom_id": "sort",
    "placeholder": "Sort by",
    "options": [{"label": "Age", "value": "age"}, {"label": "Size", "value": "size"}],
}
NAME = {"type": 4, "custom_id": "name", "style": 1, "max_length": 5}
NOTE = {"type": 4, "custom_id": "note", "label": "Note", "style": 2, "required": False}
FORM = {
    "title": "t",
    "custom_id": "f",
    "components": [
        {"type": 18, "label": "Name", "component": NAME},
        {"type": 18, "label": "Order", "component": SORT},
        {"type": 1, "components": [NOTE]},
    ],
}


def in_section(button: Json) -> list[Json]:
    text = {"type": 10, "content": "t"}
    section = {"type": 9, "components": [text], "accessory": button}
    return [{"type": 17, "components": [section]}]


@pytest.mark.parametrize("name", ["Pause", "job:1:pause"])
def test_a_button_is_found_wherever_it_is(name: str) -> None:
    assert components.button(in_section(PAUSE), name) is PAUSE


@pytest.mark.parametrize(
    ("shown", "why"),
    [
        pytest.param(in_section(PAUSE | {"disabled": True}), "greyed out", id="disabled"),
        pytest.param(in_section(PAUSE | {"style": 5}), "is a link", id="link"),
        pytest.param(in_section(PAUSE | {"label": "Stop"}), r"there are \['Stop'\]", id="none"),
        pytest.param(in_section(PAUSE) * 2, "2 buttons", id="twins"),
    ],
)
def test_a_button_that_cannot_be_pressed(shown: list[Json], why: str) -> None:
    with pytest.raises(AssertionError, match=why):
        components.button(shown, "Pause")


def test_a_menu_offers_what_it_offers() -> None:
    row = [{"type": 1, "components": [SORT]}]
    assert components.menu(row, "Sort by", ["age"]) is SORT
    for values in (["weight"], ["age", "size"], []):
        with pytest.raises(AssertionError):
            components.menu(row, "sort", values)


def test_a_form_is_sent_as_discord_sends_it() -> None:
    rows = components.filled(FORM, {"Name": "gamma", "sort": ["size"]})
    assert rows == [
        {
            "type": 18,
            "id": 0,
            "component": {"type": 4, "id": 0, "custom_id": "name", "value": "gamma"},
        },
        {
            "type": 18,
            "id": 0,
            "component": {"type": 3, "id": 0, "custom_id": "sort", "values": ["size"]},
        },
        {
            "type": 1,
            "id": 0,
            "components": [{"type": 4, "id": 0, "custom_id": "note", "value": ""}],
        },
    ]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        pytest.param({"sort": ["age"]}, "must be filled", id="required"),
        pytest.param({"Name": "x" * 6, "sort": ["age"]}, "0 to 5", id="too-long"),
        pytest.param({"Name": "x", "sort": ["age"], "Z": "z"}, r"no \['Z'\]", id="no-such-field"),
        pytest.param({"Name": "x"}, "takes 1 to 1", id="nothing-chosen"),
    ],
)
def test_a_form_that_cannot_be_sent(values: dict[str, Any], why: str) -> None:
    with pytest.raises(AssertionError, match=why):
        components.filled(FORM, values)
