"""A message as it stands on Discord, with the files that belong to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.loopback.world import Channel, User

Json = dict[str, Any]

EPHEMERAL = 1 << 6
LOADING = 1 << 7
COMPONENTS_V2 = 1 << 15
KEPT_FLAGS = (1 << 2) | EPHEMERAL | (1 << 12) | COMPONENTS_V2  # the ones a sender may set

BUTTON = 2
TEXT_DISPLAY = 10


def walk(components: list[Json]) -> Iterator[Json]:
    """Yield each component and all that it contains, accessories too, top to bottom."""
    for component in components:
        yield component
        yield from walk(component.get("components") or [])
        for key in ("accessory", "component"):
            if inner := component.get(key):
                yield from walk([inner])


@dataclass(frozen=True, slots=True)
class File:
    """An uploaded file; `data` are its bytes."""

    id: int
    name: str
    data: bytes
    content_type: str
    description: str | None = None


@dataclass(slots=True, eq=False)
class Message:
    """One message; edits change it in place and are counted."""

    id: int
    channel: Channel
    author: User
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    flags: int = 0
    nonce: str | int | None = None
    allowed_mentions: Json | None = None
    reply_to: int | None = None
    sent_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    edited_at: datetime | None = None
    edits: int = 0
    deleted: bool = False

    @property
    def ephemeral(self) -> bool:
        """Whether only one person sees it."""
        return bool(self.flags & EPHEMERAL)

    @property
    def visible(self) -> bool:
        """Whether there is something to read: a deferred reply counts once it is filled."""
        return not self.deleted and not self.flags & LOADING

    @property
    def text(self) -> str:
        """All that a person can read in it, one piece a line: for `in` in a test."""
        return "\n".join(part for part in self._parts() if part)

    @property
    def buttons(self) -> list[str]:
        """The labels of its buttons, top to bottom."""
        return [
            part.get("label") or "" for part in walk(self.components) if part.get("type") == BUTTON
        ]

    def file(self, name: str) -> File:
        """Return an attached file by its name."""
        for file in self.files:
            if file.name == name:
                return file
        raise AssertionError(f"no file {name!r}; there are {[file.name for file in self.files]}")

    def _parts(self) -> Iterator[str]:
        yield self.content
        for embed in self.embeds:
            yield embed.get("author", {}).get("name", "")
            yield embed.get("title", "")
            yield embed.get("description", "")
            for one in embed.get("fields", []):
                yield from (one["name"], one["value"])
            yield embed.get("footer", {}).get("text", "")
        for component in walk(self.components):
            yield component.get("content", "")
