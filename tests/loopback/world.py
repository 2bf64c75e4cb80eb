"""Who and what there is: guilds, channels, roles, people, messages, commands."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.loopback.errors import UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, ApiError, missing_access

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.loopback.messages import Message

Json = dict[str, Any]

DISCORD_EPOCH_MS = 1_420_070_400_000
NONCE_SECONDS = 180.0  # Discord's documentation says "in the past few minutes"

ADMINISTRATOR = 1 << 3
# View channels, send messages, embed links, attach files, read history, use commands.
ORDINARY = (1 << 10) | (1 << 11) | (1 << 14) | (1 << 15) | (1 << 16) | (1 << 31)
EVERYTHING = (1 << 53) - 1


class Snowflakes:
    """Hands out Discord's ids: they carry the present time and never repeat."""

    def __init__(self) -> None:
        self._last = 0

    def __call__(self) -> int:
        """Return the next id."""
        now = (int(time.time() * 1000) - DISCORD_EPOCH_MS) << 22
        self._last = max(now, self._last + 1)
        return self._last


@dataclass(frozen=True, slots=True)
class User:
    """An account."""

    id: int
    name: str
    bot: bool = False


@dataclass(frozen=True, slots=True)
class Role:
    """A role of one guild."""

    id: int
    name: str
    permissions: int = ORDINARY


@dataclass(frozen=True, slots=True)
class Channel:
    """A text channel of a guild, or with a `recipient` a direct conversation."""

    id: int
    name: str
    guild_id: int | None = None
    recipient: User | None = None


@dataclass(slots=True)
class Member:
    """A user in a guild; `permissions` are what Discord would have computed."""

    user: User
    roles: list[int] = field(default_factory=list)
    permissions: int = ORDINARY


@dataclass(slots=True)
class Guild:
    """A server; people join and leave it, roles come and go."""

    id: int
    name: str
    owner_id: int
    roles: dict[int, Role] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)


class World:
    """Everything the loopback Discord knows, in memory."""

    def __init__(self) -> None:
        self.snowflake = Snowflakes()
        # Application and bot differ on purpose: older applications do, and it shows mix-ups.
        self.application_id = self.snowflake()
        self.bot = User(self.snowflake(), "plotobot", bot=True)
        self.guilds: dict[int, Guild] = {}
        self.joined: set[int] = set()
        self.direct: dict[int, Channel] = {}
        self.messages: dict[int, Message] = {}
        self.commands: dict[int | None, list[Json]] = {None: []}
        self.webhooks: dict[tuple[int, str], Channel] = {}
        self._nonces: dict[tuple[int, str], tuple[float, Message]] = {}

    def user(self, name: str) -> User:
        """Make a new account."""
        return User(self.snowflake(), name)

    def guild(self, name: str, owner: User) -> Guild:
        """Make a guild with its @everyone role, its owner, and no channel yet."""
        guild = Guild(self.snowflake(), name, owner.id)
        guild.roles[guild.id] = Role(guild.id, "@everyone")
        guild.members[owner.id] = Member(owner, permissions=EVERYTHING)
        self.guilds[guild.id] = guild
        return guild

    def role(self, guild: Guild, name: str) -> Role:
        """Add a role to a guild."""
        role = Role(self.snowflake(), name)
        guild.roles[role.id] = role
        return role

    def channel(self, guild: Guild, name: str) -> Channel:
        """Add a text channel to a guild."""
        channel = Channel(self.snowflake(), name, guild.id)
        guild.channels[channel.id] = channel
        return channel

    def webhook(self, channel: Channel) -> tuple[int, str]:
        """Make a channel's webhook: its id and its token."""
        made = self.snowflake(), f"hook-{self.snowflake()}"
        self.webhooks[made] = channel
        return made

    def join(self, guild: Guild, user: User, *roles: Role) -> Member:
        """Make a user a member."""
        member = Member(user, [role.id for role in roles])
        guild.members[user.id] = member
        if user == self.bot:
            self.joined.add(guild.id)
        return member

    def direct_channel(self, user: User) -> Channel:
        """Return the conversation between the bot and a user, new if need be."""
        if user.id not in self.direct:
            self.direct[user.id] = Channel(self.snowflake(), user.name, recipient=user)
        return self.direct[user.id]

    def people(self) -> Iterator[User]:
        """Yield every account once."""
        seen = {self.bot.id: self.bot}
        for guild in self.guilds.values():
            seen |= {member.user.id: member.user for member in guild.members.values()}
        yield from seen.values()

    def find_guild(self, guild_id: int) -> Guild:
        """Return a guild the bot is in; 403/50001 otherwise."""
        if guild_id not in self.joined:
            raise missing_access()
        return self.guilds[guild_id]

    def find_channel(self, channel_id: int) -> Channel:
        """Return a channel the bot can see; 404/10003 for none, 403/50001 for a foreign one."""
        for guild in self.guilds.values():
            if channel_id in guild.channels:
                return self.find_guild(guild.id).channels[channel_id]
        for channel in self.direct.values():
            if channel.id == channel_id:
                return channel
        raise ApiError(404, UNKNOWN_CHANNEL, "Unknown Channel")

    def find_message(self, message_id: int, *, channel_id: int | None = None) -> Message:
        """Return a message; 404/10008 if it is gone, elsewhere, or (by channel) ephemeral."""
        message = self.messages.get(message_id)
        hidden = message is not None and channel_id is not None and message.ephemeral
        if message is None or hidden or channel_id not in (None, message.channel.id):
            raise ApiError(404, UNKNOWN_MESSAGE, "Unknown Message")
        return message

    def in_channel(self, channel_id: int) -> list[Message]:
        """Return what everyone sees in a channel, oldest first."""
        return [
            message
            for message in self.messages.values()
            if message.channel.id == channel_id and message.visible and not message.ephemeral
        ]

    def sent_before(self, channel_id: int, nonce: str) -> Message | None:
        """Return the message that an enforced nonce already made in this channel."""
        sent_at, message = self._nonces.get((channel_id, nonce), (float("-inf"), None))
        return message if time.monotonic() - sent_at < NONCE_SECONDS else None

    def remember_nonce(self, nonce: str, message: Message) -> None:
        """Remember a nonce for a few minutes; Discord keeps none for longer."""
        self._nonces[message.channel.id, nonce] = (time.monotonic(), message)
