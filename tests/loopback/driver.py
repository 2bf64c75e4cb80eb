"""What people do on Discord, for tests: type commands, press buttons, fill forms, read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.loopback import components
from tests.loopback.answers import PATIENCE, Answer
from tests.loopback.interactions import AUTOCOMPLETE, COMMAND, COMPONENT, FORM, Desk
from tests.loopback.messages import BUTTON, Message
from tests.loopback.options import command_data

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.loopback.gateway import Gateway, Session
    from tests.loopback.pulse import Pulse
    from tests.loopback.world import Channel, User, World

Json = dict[str, Any]

START_UP = 15.0  # seconds a test waits for a bot to connect


class Driver:
    """Acts as the people of a world; all waits are at most `timeout` seconds.

    What Discord's own client would not let a person do (an unknown command, a greyed-out
    button, a missing option) is an `AssertionError`.
    """

    def __init__(
        self, world: World, gateway: Gateway, desk: Desk, pulse: Pulse, *, user: User, home: Channel
    ) -> None:
        self._world = world
        self._gateway = gateway
        self._desk = desk
        self._pulse = pulse
        self._user = user
        self._home = home

    async def connected(self, timeout: float = START_UP) -> Session:
        """Wait until a bot is connected and past READY."""
        return await self._pulse.until(self._gateway.session, timeout, "bot on the gateway")

    async def slash(
        self,
        command: str,
        *,
        user: User | None = None,
        options: Mapping[str, Any] | None = None,
        channel: Channel | None = None,
        wait: bool = True,
    ) -> Answer:
        """Run a command, `"jobs"` or `"spawn limits"`, as `user` (the owner if not said).

        Permissions hints (`default_member_permissions`) hold nobody back here: tests want to
        see the bot's own wall. For the same reason a channel elsewhere, where the bot has
        published nothing, offers what it published at home.

        Without `wait` it is sent even if no bot is connected: one that resumes its session
        gets it then, one that begins anew never does.
        """
        where = channel or self._home
        if wait:
            await self.connected()
            await self.published(where)
        data = command_data(self._commands(where), command, options or {}, world=self._world)
        return self._desk.ask(COMMAND, data, user=user or self._user, channel=where)

    async def autocomplete(
        self,
        command: str,
        *,
        option: str,
        value: str = "",
        user: User | None = None,
        options: Mapping[str, Any] | None = None,
        channel: Channel | None = None,
        timeout: float = PATIENCE,
    ) -> list[Json]:
        """Type `value` into an option and return the choices offered: name and value each."""
        where = channel or self._home
        await self.connected()
        await self.published(where)
        data = command_data(
            self._commands(where),
            command,
            {**(options or {}), option: value},
            world=self._world,
            focused=option,
        )
        answer = self._desk.ask(AUTOCOMPLETE, data, user=user or self._user, channel=where)
        await answer.answered(timeout)
        return answer.choices or []

    async def click(self, on: Message | Answer, button: str, *, user: User | None = None) -> Answer:
        """Press a button, named by its label or `custom_id`."""
        message, user = self._clickable(on, user)
        found = components.button(message.components, button)
        return await self._component(message, found, user, {})

    async def select(
        self, on: Message | Answer, menu: str, values: list[str], *, user: User | None = None
    ) -> Answer:
        """Choose from a menu, named by its placeholder or `custom_id`."""
        message, user = self._clickable(on, user)
        found = components.menu(message.components, menu, values)
        return await self._component(message, found, user, {"values": values})

    async def submit(
        self, form: Answer, values: Mapping[str, str | list[str]], *, user: User | None = None
    ) -> Answer:
        """Fill and send the form that an answer opened; fields by label or `custom_id`."""
        await form.answered()
        assert form.modal is not None, f"{form} opened no form"
        rows = components.filled(form.modal, values)
        data = {"custom_id": form.modal["custom_id"], "components": rows}
        await self.connected()
        return self._desk.ask(
            FORM, data, user=user or form.user, channel=form.channel, source=form.source
        )

    async def published(
        self, channel: Channel | None = None, timeout: float = START_UP
    ) -> list[Json]:
        """Wait until the bot has published its commands, and return them."""
        where = channel or self._home
        await self._pulse.until(lambda: bool(self._commands(where)), timeout, "commands")
        return self._commands(where)

    @property
    def messages(self) -> list[Message]:
        """What everyone can read, in all channels, oldest first."""
        return [one for one in self._readable() if not one.ephemeral]

    @property
    def ephemeral_messages(self) -> list[Message]:
        """What only one person could read, oldest first."""
        return [one for one in self._readable() if one.ephemeral]

    async def message(
        self,
        where: Callable[[Message], bool] = lambda _: True,
        *,
        timeout: float = PATIENCE,
    ) -> Message:
        """Wait for a message in a channel that fits, and return the newest such.

        One that is there already, or that an edit makes fit, counts as well.
        """

        def look() -> Message | None:
            return next((one for one in reversed(self.messages) if where(one)), None)

        def missing() -> str:
            return f"such message; the last were {[one.text[:60] for one in self.messages[-5:]]}"

        return await self._pulse.until(look, timeout, missing)

    def say(
        self, text: str, *, user: User | None = None, channel: Channel | None = None
    ) -> Message:
        """Put a person's message into a channel; the bot finds it in the history."""
        message = Message(
            self._world.snowflake(), channel or self._home, user or self._user, content=text
        )
        self._world.messages[message.id] = message
        self._pulse.beat()
        return message

    def direct(self, user: User) -> Channel:
        """Return the direct conversation of a user with the bot."""
        return self._world.direct_channel(user)

    def _commands(self, where: Channel) -> list[Json]:
        shelves = self._world.commands
        own = shelves.get(where.guild_id) if where.guild_id is not None else None
        return [*shelves[None], *(own or shelves.get(self._home.guild_id, []))]

    def _readable(self) -> list[Message]:
        return [one for one in self._world.messages.values() if one.visible]

    def _clickable(self, on: Message | Answer, user: User | None) -> tuple[Message, User]:
        if isinstance(on, Message):
            return on, user or self._user
        assert on.message is not None, f"{on} has no message to click on"
        assert not on.ephemeral or user in (None, on.user), "nobody else sees that message"
        return on.message, user or on.user

    async def _component(self, message: Message, found: Json, user: User, extra: Json) -> Answer:
        assert not message.deleted, "that message is gone"
        await self.connected()
        data = {
            "custom_id": found["custom_id"],
            "component_type": found.get("type", BUTTON),
            "id": found.get("id", 0),
            **extra,
        }
        return self._desk.ask(COMPONENT, data, user=user, channel=message.channel, source=message)
