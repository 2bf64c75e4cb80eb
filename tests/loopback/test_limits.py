"""What Discord refuses is refused, and what stands just within its limits is not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.loopback.command_limits import check_commands
from tests.loopback.errors import ApiError
from tests.loopback.limits import check_choices, check_message, check_modal
from tests.loopback.messages import COMPONENTS_V2

Json = dict[str, Any]


def button(number: int = 0, **changes: Any) -> Json:
    return {"type": 2, "style": 1, "label": "b", "custom_id": f"b{number}"} | changes


def row(*parts: Json) -> Json:
    return {"type": 1, "components": list(parts)}


def text(content: str = "t") -> Json:
    return {"type": 10, "content": content}


def section(*texts: Json, number: int = 0) -> Json:
    return {"type": 9, "components": list(texts), "accessory": button(number)}


def select(options: int) -> Json:
    offered = [{"label": str(one), "value": str(one)} for one in range(options)]
    return {"type": 3, "custom_id": "s", "options": offered}


def embed(fields: int = 0, /, **changes: Any) -> Json:
    return {"fields": [{"name": "n", "value": "v"}] * fields} | changes


def command(name: str = "jobs", **changes: Any) -> Json:
    return {"name": name, "description": "d", "type": 1} | changes


def option(name: str, *, required: bool = False, **changes: Any) -> Json:
    return {"name": name, "description": "d", "type": 3, "required": required} | changes


CHOICE = {"name": "n", "value": "v"}
LONG_CHOICE = {"name": "x" * 100, "value": "y" * 100}

GOOD_MESSAGES = [
    pytest.param({"content": "x" * 2000}, id="content"),
    pytest.param({"embeds": [embed(25, title="x" * 256)]}, id="embed"),
    pytest.param({"embeds": [embed(description="x" * 4096), embed(description="x" * 1904)]}),
    pytest.param({"components": [row(*map(button, range(5)))]}, id="row"),
    pytest.param({"components": [row(select(25))]}, id="select"),
]
BAD_MESSAGES = [
    pytest.param({"content": "x" * 2001}, "content", id="content"),
    pytest.param({"embeds": [embed(title="t")] * 11}, "embeds", id="embeds"),
    pytest.param({"embeds": [embed(title="x" * 257)]}, "embeds.0.title", id="title"),
    pytest.param({"embeds": [embed(26)]}, "embeds.0.fields", id="fields"),
    pytest.param({"embeds": [embed(footer={"text": "x" * 2049})]}, "embeds.0.footer", id="footer"),
    pytest.param({"embeds": [embed(author={"name": "x" * 257})]}, "embeds.0.author", id="author"),
    pytest.param(
        {"embeds": [embed(fields=[{"name": "n", "value": ""}])]}, "embeds.0.fields", id="empty"
    ),
    pytest.param(
        {"embeds": [embed(description="x" * 4096), embed(description="x" * 1905)]},
        "embeds.1",
        id="6000-over-all",
    ),
    pytest.param({"embeds": [embed(image={"url": "file:x"})]}, "embeds.0.image", id="url"),
    pytest.param({"content": "x", "nonce": "x" * 26}, "nonce", id="nonce"),
    pytest.param({"components": [row(button(one)) for one in range(6)]}, "components", id="rows"),
    pytest.param({"components": [row(*map(button, range(6)))]}, "components", id="buttons"),
    pytest.param({"components": [row(button(), button())]}, "components", id="twin-ids"),
    pytest.param({"components": [row(button(label="x" * 81))]}, "components", id="label"),
    pytest.param({"components": [row(button(label=None))]}, "components", id="no-label"),
    pytest.param({"components": [row(button(custom_id="x" * 101))]}, "components", id="id"),
    pytest.param({"components": [row(select(26))]}, "components", id="select-options"),
    pytest.param({"components": [text()]}, "components", id="v2-without-flag"),
]
BAD_V2 = [
    pytest.param({"content": "x", "components": [text()]}, "content", id="content"),
    pytest.param({"embeds": [embed()], "components": [text()]}, "embeds", id="embeds"),
    pytest.param({"components": [text()] * 41}, "components", id="41-components"),
    pytest.param(
        {"components": [section(text(), number=one) for one in range(14)]},
        "components",
        id="accessories-count",
    ),
    pytest.param({"components": [text("x" * 2001)] * 2}, "components", id="4000-characters"),
    pytest.param({"components": [section()]}, "components", id="section-without-text"),
]
BAD_COMMANDS = [
    pytest.param([command(f"c{one}") for one in range(101)], id="101"),
    pytest.param([command(), command()], id="twins"),
    pytest.param([command("Jobs")], id="capitals"),
    pytest.param([command("a b")], id="space"),
    pytest.param([command(description="")], id="no-description"),
    pytest.param([command(description="x" * 101)], id="long-description"),
    pytest.param([command(options=[option(f"o{n}") for n in range(26)])], id="26-options"),
    pytest.param([command(options=[option("o", choices=[CHOICE] * 26)])], id="26-choices"),
    pytest.param([command(options=[option("a"), option("b", required=True)])], id="order"),
    pytest.param([command(options=[option("a"), option("a")])], id="twin-options"),
    pytest.param(
        [command(options=[option(f"o{n}", choices=[LONG_CHOICE] * 2) for n in range(25)])],
        id="8000-characters",
    ),
]
INPUT = {"type": 18, "label": "l", "component": {"type": 4, "custom_id": "c", "style": 1}}
FORM = {"title": "t", "custom_id": "c", "components": [INPUT]}
BAD_FORMS = [
    pytest.param(FORM | {"title": "x" * 46}, id="title"),
    pytest.param(FORM | {"components": []}, id="nothing"),
    pytest.param(FORM | {"components": [INPUT] * 6}, id="six"),
    pytest.param(FORM | {"components": [INPUT | {"label": "x" * 46}]}, id="label"),
]


def blamed(error: ApiError) -> str:
    """Return the path of the blamed field."""
    path, errors = [], error.body["errors"]
    while "_errors" not in errors:
        key = next(iter(errors))
        path.append(key)
        errors = errors[key]
    return ".".join(path)


@pytest.mark.parametrize("message", GOOD_MESSAGES)
def test_what_just_fits_is_taken(message: Json) -> None:
    check_message(message, flags=0)


def test_forty_components_just_fit() -> None:
    parts = [section(text(), number=one) for one in range(13)] + [text()]
    check_message({"components": parts}, flags=COMPONENTS_V2)


@pytest.mark.parametrize(("message", "field"), BAD_MESSAGES)
def test_a_bad_message_is_refused(message: Json, field: str) -> None:
    with pytest.raises(ApiError) as caught:
        check_message(message, flags=0)
    assert (caught.value.status, caught.value.body["code"]) == (400, 50035)
    assert blamed(caught.value).startswith(field)


@pytest.mark.parametrize(("message", "field"), BAD_V2)
def test_a_bad_v2_message_is_refused(message: Json, field: str) -> None:
    with pytest.raises(ApiError) as caught:
        check_message(message, flags=COMPONENTS_V2)
    assert blamed(caught.value).startswith(field)


@pytest.mark.parametrize("commands", BAD_COMMANDS)
def test_bad_commands_are_refused(commands: list[Json]) -> None:
    with pytest.raises(ApiError) as caught:
        check_commands(commands)
    assert caught.value.body["code"] == 50035


def test_a_hundred_commands_with_25_options_are_taken() -> None:
    options = [option(f"o{one}", choices=[CHOICE] * 25) for one in range(25)]
    check_commands([command(f"c{one}", options=options) for one in range(100)])


@pytest.mark.parametrize("form", BAD_FORMS)
def test_bad_forms_are_refused(form: Json) -> None:
    check_modal(FORM)
    with pytest.raises(ApiError):
        check_modal(form)


@pytest.mark.parametrize(
    "choices",
    [
        pytest.param([CHOICE] * 26, id="26"),
        pytest.param([{"name": "x" * 101, "value": "v"}], id="name"),
        pytest.param([{"name": "", "value": "v"}], id="no-name"),
        pytest.param([{"name": "n", "value": "x" * 101}], id="value"),
    ],
)
def test_bad_choices_are_refused(choices: list[Json]) -> None:
    check_choices([CHOICE] * 25)
    with pytest.raises(ApiError):
        check_choices(choices)
