"""How a message comes about and changes, whichever route it came by."""

from __future__ import annotations

import copy
import itertools
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.loopback.errors import ApiError, invalid
from tests.loopback.limits import check_message
from tests.loopback.messages import COMPONENTS_V2, KEPT_FLAGS, LOADING, File, Message, walk
from tests.loopback.payloads import ATTACHMENT_LIMIT

if TYPE_CHECKING:
    from tests.loopback.traffic import Request
    from tests.loopback.world import Channel, World

Json = dict[str, Any]

TOO_LARGE = 40005
UNKNOWN_FILE = "attachment://"


def post(
    world: World, where: Channel, request: Request, body: Json, *, extra_flags: int = 0
) -> Message:
    """Add a message by the bot; refuse what Discord refuses.

    Args:
        world: Where it goes.
        where: The channel.
        request: Brings the files.
        body: The message's own JSON, inside `request.json`.
        extra_flags: Flags that the circumstances set, e.g. a private deferral's.
    """
    flags = (body.get("flags") or 0) & KEPT_FLAGS | extra_flags
    check_message(body, flags=flags, empty=bool(request.files))
    message = Message(world.snowflake(), where, world.bot, flags=flags)
    _take_files(world, message, request, body)
    _fill(message, body)
    message.nonce = body.get("nonce")
    if reference := body.get("message_reference"):
        message.reply_to = int(reference["message_id"])
    world.messages[message.id] = message
    return message


def edit(world: World, message: Message, request: Request, body: Json) -> None:
    """Change a message: only what the body names, and V2 stays V2."""
    flags = message.flags | (body.get("flags") or 0) & COMPONENTS_V2
    check_message(body, flags=flags, empty=True)
    _take_files(world, message, request, body)
    message.flags = flags & ~LOADING
    _fill(message, body)
    message.edited_at = datetime.now(UTC)
    message.edits += 1


def placeholder(world: World, where: Channel, *, flags: int) -> Message:
    """Add what stands there while a deferred reply is awaited ("thinking...")."""
    message = Message(world.snowflake(), where, world.bot, flags=flags & KEPT_FLAGS | LOADING)
    world.messages[message.id] = message
    return message


def _fill(message: Message, body: Json) -> None:
    if "content" in body:
        message.content = body["content"] or ""
    if "embeds" in body:
        message.embeds = body["embeds"] or []
    if "components" in body:
        message.components = _with_ids(body["components"] or [])
    if "allowed_mentions" in body:
        message.allowed_mentions = body["allowed_mentions"]


def _with_ids(components: list[Json]) -> list[Json]:
    """Return the components with the numbers that Discord gives those which have none."""
    components = copy.deepcopy(components)
    parts = list(walk(components))
    taken = {part["id"] for part in parts if part.get("id")}
    free = (number for number in itertools.count(1) if number not in taken)
    for part in parts:
        part["id"] = part.get("id") or next(free)
    return components


def _take_files(world: World, message: Message, request: Request, body: Json) -> None:
    """Keep the old files that `attachments` lists (all, without one) and add the new."""
    if sum(len(upload.data) for upload in request.files) > ATTACHMENT_LIMIT:
        raise ApiError(413, TOO_LARGE, "Request entity too large")
    listed = body.get("attachments")
    notes = {str(one["id"]): one for one in listed or []}
    kept = [one for one in message.files if listed is None or str(one.id) in notes]
    new = [_stored(world, upload_at, notes) for upload_at in _numbered(request)]
    files = [*kept, *new]
    _check_references(body, {file.name for file in files})
    message.files = files


def _numbered(request: Request) -> list[tuple[str, File]]:
    """Return the uploads with the number that `files[n]` gives them."""
    return [
        (
            upload.field.removeprefix("files[").removesuffix("]"),
            File(0, upload.name, upload.data, upload.content_type),
        )
        for upload in request.files
    ]


def _stored(world: World, numbered: tuple[str, File], notes: dict[str, Json]) -> File:
    number, file = numbered
    note = notes.get(number, {})
    return replace(
        file,
        id=world.snowflake(),
        name=note.get("filename") or file.name,
        description=note.get("description"),
    )


def _check_references(body: Json, names: set[str]) -> None:
    """Refuse a V2 component that shows a file which is not there."""
    for part in walk(body.get("components") or []):
        shown = [part.get("file"), part.get("media")]
        shown += [item.get("media") for item in part.get("items") or []]
        for media in filter(None, shown):
            url = media["url"]
            if url.startswith(UNKNOWN_FILE) and url.removeprefix(UNKNOWN_FILE) not in names:
                raise invalid(
                    "components",
                    "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND",
                    f"The referenced attachment {url} was not found",
                )
