"""Refuses the messages and choices that Discord refuses, with its codes. Pure."""

from __future__ import annotations

from typing import Any

from tests.loopback.errors import ApiError, invalid
from tests.loopback.messages import COMPONENTS_V2, walk

Json = dict[str, Any]

EMBED_TOTAL = 6_000
V2_TOTAL = 40
V2_TEXT = 4_000
EMPTY_MESSAGE = 50006
ROW, BUTTON, SELECT, TEXT_INPUT, SECTION, TEXT_DISPLAY = 1, 2, 3, 4, 9, 10
SELECTS = {3, 5, 6, 7, 8}
V2_ONLY = {9, 10, 11, 12, 13, 14, 17}
LINK_BUTTON, PREMIUM_BUTTON = 5, 6
MIN_LENGTH = "BASE_TYPE_MIN_LENGTH"
MAX_LENGTH = "BASE_TYPE_MAX_LENGTH"
BAD_LENGTH = "BASE_TYPE_BAD_LENGTH"
REQUIRED = "BASE_TYPE_REQUIRED"


def text(path: str, value: Any, high: int, *, low: int = 1) -> None:
    """Refuse a text that is missing, shorter than `low` or longer than `high` characters."""
    if value is None or not isinstance(value, str):
        raise invalid(path, REQUIRED, "This field is required")
    if not low <= len(value) <= high:
        raise invalid(path, BAD_LENGTH, f"Must be between {low} and {high} in length.")


def at_most(path: str, value: str | list[Any] | None, high: int) -> None:
    """Refuse a text or a list that is longer than `high`; none at all is fine."""
    if value is not None and len(value) > high:
        raise invalid(path, MAX_LENGTH, f"Must be {high} or fewer in length.")


def check_message(body: Json, *, flags: int, path: str = "", empty: bool = False) -> None:
    """Refuse a message, or the changed parts of one.

    Args:
        body: The JSON as sent.
        flags: The message's flags after the change; they decide whether V2's rules hold.
        path: Where `body` stands in the request, e.g. `data.`.
        empty: Whether a message without anything in it is fine (an edit, or files).
    """
    v2 = bool(flags & COMPONENTS_V2)
    at_most(f"{path}content", body.get("content"), 2_000)
    _check_embeds(f"{path}embeds", body.get("embeds") or [])
    _check_nonce(f"{path}nonce", body.get("nonce"))
    at_most(f"{path}attachments", body.get("attachments"), 10)
    if v2:
        _check_v2(path, body)
    else:
        _check_rows(f"{path}components", body.get("components") or [])
    if not empty and not any(body.get(key) for key in ("content", "embeds", "components")):
        raise ApiError(400, EMPTY_MESSAGE, "Cannot send an empty message")


def _check_nonce(path: str, nonce: Any) -> None:
    if isinstance(nonce, str):
        at_most(path, nonce, 25)


def _check_embeds(path: str, embeds: list[Json]) -> None:
    at_most(path, embeds, 10)
    for place, embed in enumerate(embeds):
        _check_embed(f"{path}.{place}", embed)
    total = sum(len(piece) for embed in embeds for piece in _embed_texts(embed))
    if total > EMBED_TOTAL:
        raise invalid(
            f"{path}.{len(embeds) - 1}",
            "MAX_EMBED_SIZE_EXCEEDED",
            f"Embed size exceeds maximum size of {EMBED_TOTAL}",
        )


def _check_embed(path: str, embed: Json) -> None:
    at_most(f"{path}.title", embed.get("title"), 256)
    at_most(f"{path}.description", embed.get("description"), 4_096)
    at_most(f"{path}.footer.text", embed.get("footer", {}).get("text"), 2_048)
    at_most(f"{path}.author.name", embed.get("author", {}).get("name"), 256)
    at_most(f"{path}.fields", embed.get("fields"), 25)
    for place, one in enumerate(embed.get("fields") or []):
        text(f"{path}.fields.{place}.name", one.get("name"), 256)
        text(f"{path}.fields.{place}.value", one.get("value"), 1_024)
    for key in ("image", "thumbnail"):
        url = embed.get(key, {}).get("url", "https:")
        if not url.startswith(("http:", "https:", "attachment:")):
            raise invalid(f"{path}.{key}.url", "URL_TYPE_INVALID_SCHEME", f'Scheme of "{url}"')


def _embed_texts(embed: Json) -> list[str]:
    pieces = [embed.get("title"), embed.get("description")]
    pieces += [embed.get("footer", {}).get("text"), embed.get("author", {}).get("name")]
    for one in embed.get("fields") or []:
        pieces += [one["name"], one["value"]]
    return [piece for piece in pieces if piece]


def _check_v2(path: str, body: Json) -> None:
    for legacy in ("content", "embeds", "poll", "sticker_ids"):
        if body.get(legacy):
            raise invalid(
                f"{path}{legacy}",
                "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                f"The '{legacy}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
            )
    parts = list(walk(body.get("components") or []))
    if len(parts) > V2_TOTAL:
        raise invalid(
            f"{path}components",
            "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
            f"Must be {V2_TOTAL} or fewer components in all.",
        )
    shown = sum(len(part.get("content", "")) for part in parts if part["type"] == TEXT_DISPLAY)
    if shown > V2_TEXT:
        raise invalid(
            f"{path}components",
            "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
            f"The text displays exceed {V2_TEXT} characters in all.",
        )
    _check_parts(f"{path}components", parts)


def _check_rows(path: str, rows: list[Json]) -> None:
    at_most(path, rows, 5)
    for place, row in enumerate(rows):
        if row.get("type") in V2_ONLY:
            raise invalid(
                f"{path}.{place}.type", "UNION_TYPE_CHOICES", "Value of field 'type' must be 1."
            )
    _check_parts(path, list(walk(rows)))


def _check_parts(path: str, parts: list[Json]) -> None:
    """Check each component by itself, and that no `custom_id` is there twice."""
    seen: set[str] = set()
    for place, part in enumerate(parts):
        where = f"{path}.{place}"
        _check_part(where, part)
        name = part.get("custom_id")
        if name is None:
            continue
        if name in seen:
            raise invalid(
                f"{where}.custom_id",
                "COMPONENT_CUSTOM_ID_DUPLICATED",
                "Component custom id cannot be duplicated",
            )
        seen.add(name)


def _check_part(path: str, part: Json) -> None:
    kind = part.get("type")
    if kind == ROW:
        _check_row(path, part)
    elif kind == BUTTON:
        _check_button(path, part)
    elif kind in SELECTS:
        _check_select(path, part)
    elif kind == SECTION:
        texts = part.get("components") or []
        if not 1 <= len(texts) <= 3 or not part.get("accessory"):
            raise invalid(path, BAD_LENGTH, "A section takes 1 to 3 texts and an accessory.")
    elif kind == TEXT_DISPLAY:
        text(f"{path}.content", part.get("content"), V2_TEXT)


def _check_row(path: str, row: Json) -> None:
    inner = row.get("components") or []
    wide = any(part.get("type") in SELECTS for part in inner)
    if not 1 <= len(inner) <= (1 if wide else 5):
        raise invalid(f"{path}.components", BAD_LENGTH, "Must be between 1 and 5 in length.")


def _check_button(path: str, button: Json) -> None:
    at_most(f"{path}.label", button.get("label"), 80)
    if not (button.get("label") or button.get("emoji")) and button["style"] != PREMIUM_BUTTON:
        raise invalid(path, "BUTTON_COMPONENT_MISSING_LABEL", "A button needs a label or emoji")
    if button.get("style") == LINK_BUTTON:
        text(f"{path}.url", button.get("url"), 512)
    elif button.get("style") != PREMIUM_BUTTON:
        text(f"{path}.custom_id", button.get("custom_id"), 100)


def _check_select(path: str, select: Json) -> None:
    text(f"{path}.custom_id", select.get("custom_id"), 100)
    at_most(f"{path}.placeholder", select.get("placeholder"), 150)
    if select["type"] != SELECT:
        return
    options = select.get("options") or []
    if not 1 <= len(options) <= 25:
        raise invalid(f"{path}.options", BAD_LENGTH, "Must be between 1 and 25 in length.")
    for place, option in enumerate(options):
        text(f"{path}.options.{place}.label", option.get("label"), 100)
        text(f"{path}.options.{place}.value", option.get("value"), 100)
        at_most(f"{path}.options.{place}.description", option.get("description"), 100)


def check_modal(body: Json) -> None:
    """Refuse a form: title 1-45, 1-5 inputs, labels up to 45 characters."""
    text("data.title", body.get("title"), 45)
    text("data.custom_id", body.get("custom_id"), 100)
    parts = body.get("components") or []
    if not 1 <= len(parts) <= 5:
        raise invalid("data.components", BAD_LENGTH, "Must be between 1 and 5 in length.")
    for place, part in enumerate(walk(parts)):
        path = f"data.components.{place}"
        if part["type"] == TEXT_INPUT:
            text(f"{path}.custom_id", part.get("custom_id"), 100)
            at_most(f"{path}.placeholder", part.get("placeholder"), 100)
        at_most(f"{path}.label", part.get("label"), 45)
        at_most(f"{path}.description", part.get("description"), 100)


def check_choices(choices: list[Json], path: str = "data.choices") -> None:
    """Refuse more than 25 choices, or one whose name or text is not 1-100 characters."""
    at_most(path, choices, 25)
    for place, choice in enumerate(choices):
        text(f"{path}.{place}.name", choice.get("name"), 100)
        if isinstance(choice.get("value"), str):
            text(f"{path}.{place}.value", choice["value"], 100, low=0)
