"""What the bot answered to one interaction, and how a test waits for it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tests.loopback.messages import LOADING, File, Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.loopback.pulse import Pulse
    from tests.loopback.world import Channel, User

Json = dict[str, Any]

# What the bot may answer first (Discord's interaction callback types).
MESSAGE, DEFER, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
PATIENCE = 45.0
"""Seconds a person waits for a result, which may be a picture drawn on a busy machine."""
FIRST = 5.0
"""Seconds for the first answer; Discord itself gives three."""


class Answer:
    """One interaction from the person's side: what they see come back.

    `message` is the original reply (for a click that edits its message: that message),
    `followups` are the further ones, `modal` is a form's JSON. `content`, `embeds`,
    `components`, `files` and `text` are those of `message` as it stands now.
    """

    def __init__(
        self,
        pulse: Pulse,
        *,
        id: int,
        token: str,
        kind: int,
        user: User,
        channel: Channel,
        source: Message | None = None,
    ) -> None:
        self.id = id
        self.token = token
        self.kind = kind
        self.user = user
        self.channel = channel
        self.source = source
        self.asked_at = time.monotonic()
        self.answered_at: float | None = None
        self.callback: int | None = None
        self.data: Json = {}
        self.message: Message | None = None
        self.followups: list[Message] = []
        self.modal: Json | None = None
        self.choices: list[Json] | None = None
        self._edits_before = source.edits if source else 0
        self._pulse = pulse

    @property
    def deferred(self) -> bool:
        """Whether the first answer was "wait"."""
        return self.callback in (DEFER, DEFER_UPDATE)

    @property
    def seconds(self) -> float | None:
        """How long the first answer took, in seconds."""
        return None if self.answered_at is None else self.answered_at - self.asked_at

    @property
    def is_settled(self) -> bool:
        """Whether the person sees the result, not only "thinking..."."""
        if self.callback in (MESSAGE, UPDATE, CHOICES, MODAL):
            return True
        if self.callback == DEFER_UPDATE and self.source is not None:
            return self.source.edits > self._edits_before or bool(self.followups)
        return self.message is not None and not self.message.flags & LOADING

    @property
    def ephemeral(self) -> bool:
        """Whether only the asking person sees it."""
        return self._shown.ephemeral

    @property
    def content(self) -> str:
        """The plain text of the reply."""
        return self._shown.content

    @property
    def embeds(self) -> list[Json]:
        """The reply's embeds."""
        return self._shown.embeds

    @property
    def components(self) -> list[Json]:
        """The reply's components."""
        return self._shown.components

    @property
    def files(self) -> list[File]:
        """The reply's files."""
        return self._shown.files

    @property
    def text(self) -> str:
        """All that can be read in the reply and the followups."""
        own = [self.message] if self.message else []
        return "\n".join(message.text for message in [*own, *self.followups])

    async def answered(self, timeout: float = FIRST) -> Answer:
        """Wait for the first answer of any kind, at most `timeout` seconds."""
        await self._pulse.until(lambda: self.callback, timeout, f"answer to {self}")
        return self

    async def settled(self, timeout: float = PATIENCE) -> Answer:
        """Wait until the person sees the result, at most `timeout` seconds."""
        return await self.until(lambda answer: answer.is_settled, timeout)

    async def until(self, ready: Callable[[Answer], bool], timeout: float = PATIENCE) -> Answer:
        """Wait until the answer is as the test wants it, at most `timeout` seconds."""
        await self._pulse.until(lambda: ready(self), timeout, f"such answer to {self}")
        return self

    @property
    def _shown(self) -> Message:
        if self.message is None:
            raise AssertionError(f"{self} has no message (callback type {self.callback})")
        return self.message

    def __repr__(self) -> str:
        return f"<interaction of type {self.kind} by {self.user.name}>"
