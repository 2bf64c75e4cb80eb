"""Finding a button to press, a menu to choose from, a form's fields to fill. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.loopback.messages import BUTTON, walk

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = dict[str, Any]

SELECT, TEXT_INPUT, LABEL = 3, 4, 18
SELECTS = {3, 5, 6, 7, 8}
LINK = 5
DEFAULT_LONGEST = 4_000  # characters, where a text input names no limit


def button(components: list[Json], name: str) -> Json:
    """Return the button with this label or `custom_id`.

    Raises:
        AssertionError: There is none, several, or a person could not press it.
    """
    buttons = [one for one in walk(components) if one["type"] == BUTTON]
    found = [one for one in buttons if name in (one.get("label"), one.get("custom_id"))]
    there = [one.get("label") or one.get("custom_id") for one in buttons]
    assert found, f"no button {name!r}; there are {there}"
    assert len(found) == 1, f"{len(found)} buttons {name!r}: use the custom_id"
    assert not found[0].get("disabled"), f"button {name!r} is greyed out"
    assert found[0]["style"] != LINK, f"button {name!r} is a link"
    return found[0]


def menu(components: list[Json], name: str, values: list[str]) -> Json:
    """Return the select menu with this placeholder or `custom_id` that offers these values.

    Raises:
        AssertionError: There is none, or it does not offer them.
    """
    menus = [one for one in walk(components) if one["type"] in SELECTS]
    found = [one for one in menus if name in (one.get("placeholder"), one["custom_id"])]
    assert found, f"no menu {name!r}; there are {[one['custom_id'] for one in menus]}"
    _check_chosen(found[0], values)
    return found[0]


def filled(modal: Json, values: Mapping[str, str | list[str]]) -> list[Json]:
    """Return a form's components as submitted.

    Args:
        modal: The form as the bot sent it.
        values: Texts (or lists, for a menu) by label or `custom_id`; what is left out
            keeps the value the form came with.

    Raises:
        AssertionError: The client would not let a person send this.
    """
    used: set[str] = set()
    rows = [_row(part, values, used) for part in modal["components"]]
    assert used == set(values), f"the form has no {sorted(set(values) - used)}"
    return rows


def _row(part: Json, values: Mapping[str, str | list[str]], used: set[str]) -> Json:
    if part["type"] == LABEL:
        inner = _field(part["component"], part["label"], values, used)
        return {"type": LABEL, "id": part.get("id", 0), "component": inner}
    row: Json = {"type": part["type"], "id": part.get("id", 0)}
    if "components" in part:
        row["components"] = [
            _field(one, one.get("label"), values, used) for one in part["components"]
        ]
    return row


def _field(
    field: Json, label: str | None, values: Mapping[str, str | list[str]], used: set[str]
) -> Json:
    names = {label, field["custom_id"]} & set(values)
    used |= {name for name in names if name}
    given = values[names.pop()] if names else None
    shown = {"type": field["type"], "id": field.get("id", 0), "custom_id": field["custom_id"]}
    if field["type"] == TEXT_INPUT:
        text = field.get("value", "") if given is None else str(given)
        _check_text(field, label, text)
        return shown | {"value": text}
    chosen = list(given or [])
    _check_chosen(field, chosen)
    return shown | {"values": chosen}


def _check_text(field: Json, label: str | None, text: str) -> None:
    assert text or not field.get("required", True), f"{label!r} must be filled"
    if text:
        low, high = field.get("min_length") or 0, field.get("max_length") or DEFAULT_LONGEST
        assert low <= len(text) <= high, f"{label!r} takes {low} to {high} characters"


def _check_chosen(menu: Json, values: list[str]) -> None:
    assert not menu.get("disabled"), f"menu {menu['custom_id']!r} is greyed out"
    if menu["type"] == SELECT:
        offered = [one["value"] for one in menu["options"]]
        assert set(values) <= set(offered), f"{values} are not among {offered}"
    low, high = menu.get("min_values", 1), menu.get("max_values", 1)
    assert low <= len(values) <= high, f"takes {low} to {high} values, not {len(values)}"
