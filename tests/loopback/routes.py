"""The plain routes: who am I, guilds, channels, messages, commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.loopback import payloads, posting
from tests.loopback.command_limits import check_command, check_commands
from tests.loopback.errors import ApiError
from tests.loopback.rest import id_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.loopback.messages import Message
    from tests.loopback.rest import Handler, Params
    from tests.loopback.traffic import Request
    from tests.loopback.world import User, World

Json = dict[str, Any]

UNKNOWN_GUILD, UNKNOWN_MEMBER, UNKNOWN_USER, UNKNOWN_COMMAND = 10004, 10007, 10013, 10063
NOT_THE_AUTHOR = 50005
PAGE = 50


class Routes:
    """Serves the bot's requests that are not about one interaction."""

    def __init__(self, world: World, owner: User, dispatch: Callable[[str, Json], None]) -> None:
        self.files_url = ""
        self.gateway_url = ""
        self._world = world
        self._owner = owner
        self._dispatch = dispatch

    def table(self) -> Iterator[tuple[str, str, Handler]]:
        """Yield method, path and handler of each route."""
        yield "GET", "/gateway", self._gateway
        yield "GET", "/gateway/bot", self._gateway_bot
        yield "GET", "/users/@me", self._me
        yield "GET", "/users/{user}", self._user
        yield "POST", "/users/@me/channels", self._direct
        yield "DELETE", "/users/@me/guilds/{guild}", self._leave
        yield "GET", "/oauth2/applications/@me", self._application
        yield "GET", "/guilds/{guild}", self._guild
        yield "GET", "/guilds/{guild}/channels", self._channels
        yield "GET", "/guilds/{guild}/roles", self._roles
        yield "GET", "/guilds/{guild}/members/{user}", self._member
        yield "GET", "/channels/{channel}", self._channel
        yield "POST", "/channels/{channel}/typing", self._nothing
        yield "PUT", "/channels/{channel}/messages/pins/{message}", self._nothing
        yield "GET", "/channels/{channel}/messages", self._history
        yield "POST", "/channels/{channel}/messages", self._send
        yield "GET", "/channels/{channel}/messages/{message}", self._message
        yield "PATCH", "/channels/{channel}/messages/{message}", self._edit
        yield "DELETE", "/channels/{channel}/messages/{message}", self._delete
        for place in ("", "/guilds/{guild}"):
            commands = f"/applications/{{app}}{place}/commands"
            yield "GET", commands, self._commands
            yield "PUT", commands, self._overwrite
            yield "POST", commands, self._upsert
            yield "GET", f"{commands}/{{command}}", self._command
            yield "PATCH", f"{commands}/{{command}}", self._edit_command
            yield "DELETE", f"{commands}/{{command}}", self._delete_command

    async def _gateway(self, _: Request, __: Params) -> Json:
        return {"url": self.gateway_url}

    async def _gateway_bot(self, _: Request, __: Params) -> Json:
        limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
        return {"url": self.gateway_url, "shards": 1, "session_start_limit": limit}

    async def _me(self, _: Request, __: Params) -> Json:
        return payloads.own_user(self._world.bot)

    async def _user(self, _: Request, params: Params) -> Json:
        return payloads.user(self._find_user(params["user"]))

    async def _direct(self, request: Request, _: Params) -> Json:
        user = self._find_user(str(request.json["recipient_id"]))
        return payloads.channel(self._world.direct_channel(user))

    async def _leave(self, _: Request, params: Params) -> None:
        guild_id = id_of(params["guild"])
        if guild_id not in self._world.joined:
            raise ApiError(404, UNKNOWN_GUILD, "Unknown Guild")
        self._world.joined.discard(guild_id)
        self._dispatch("GUILD_DELETE", {"id": str(guild_id)})

    async def _application(self, _: Request, __: Params) -> Json:
        return payloads.application(self._world, self._owner)

    async def _guild(self, _: Request, params: Params) -> Json:
        return payloads.guild(self._world.find_guild(id_of(params["guild"])), members=[])

    async def _channels(self, _: Request, params: Params) -> list[Json]:
        guild = self._world.find_guild(id_of(params["guild"]))
        return [payloads.channel(channel) for channel in guild.channels.values()]

    async def _roles(self, _: Request, params: Params) -> list[Json]:
        guild = self._world.find_guild(id_of(params["guild"]))
        return [payloads.role(role, place) for place, role in enumerate(guild.roles.values())]

    async def _member(self, _: Request, params: Params) -> Json:
        guild = self._world.find_guild(id_of(params["guild"]))
        member = guild.members.get(id_of(params["user"]))
        if member is None:
            raise ApiError(404, UNKNOWN_MEMBER, "Unknown Member")
        return payloads.member(member)

    async def _channel(self, _: Request, params: Params) -> Json:
        return payloads.channel(self._world.find_channel(id_of(params["channel"])))

    async def _nothing(self, _: Request, params: Params) -> None:
        self._world.find_channel(id_of(params["channel"]))

    async def _history(self, request: Request, params: Params) -> list[Json]:
        channel = self._world.find_channel(id_of(params["channel"]))
        found = _page(self._world.in_channel(channel.id), request.query)
        return [self._shown(message) for message in found]

    async def _send(self, request: Request, params: Params) -> Json:
        channel = self._world.find_channel(id_of(params["channel"]))
        body = request.json or {}
        nonce = str(body.get("nonce") or "") if body.get("enforce_nonce") else ""
        if nonce and (before := self._world.sent_before(channel.id, nonce)):
            return self._shown(before)
        message = posting.post(self._world, channel, request, body)
        if nonce:
            self._world.remember_nonce(nonce, message)
        return self._shown(message)

    async def _message(self, _: Request, params: Params) -> Json:
        return self._shown(self._find_message(params))

    async def _edit(self, request: Request, params: Params) -> Json:
        message = self._find_message(params)
        if message.author != self._world.bot:
            raise ApiError(403, NOT_THE_AUTHOR, "Cannot edit a message authored by another user")
        posting.edit(self._world, message, request, request.json or {})
        return self._shown(message)

    async def _delete(self, _: Request, params: Params) -> None:
        message = self._find_message(params)
        message.deleted = True
        del self._world.messages[message.id]

    async def _commands(self, _: Request, params: Params) -> list[Json]:
        return self._shelf(params)

    async def _overwrite(self, request: Request, params: Params) -> list[Json]:
        shelf = self._shelf(params)
        check_commands(request.json)
        shelf[:] = [self._defined(one, shelf, params) for one in request.json]
        return shelf

    async def _upsert(self, request: Request, params: Params) -> Json:
        shelf = self._shelf(params)
        check_command(request.json, path="command")
        command = self._defined(request.json, shelf, params)
        shelf[:] = [*(one for one in shelf if one["id"] != command["id"]), command]
        return command

    async def _command(self, _: Request, params: Params) -> Json:
        return self._find_command(params)

    async def _edit_command(self, request: Request, params: Params) -> Json:
        command = self._find_command(params)
        check_command(command | request.json, path="command")
        command.update(_as_answered(request.json))
        return command

    async def _delete_command(self, _: Request, params: Params) -> None:
        self._shelf(params).remove(self._find_command(params))

    def _find_user(self, text: str) -> User:
        for user in self._world.people():
            if user.id == id_of(text):
                return user
        raise ApiError(404, UNKNOWN_USER, "Unknown User")

    def _find_message(self, params: Params) -> Message:
        channel = self._world.find_channel(id_of(params["channel"]))
        return self._world.find_message(id_of(params["message"]), channel_id=channel.id)

    def _shelf(self, params: Params) -> list[Json]:
        """Return the list of a guild's commands, or of the global ones."""
        if id_of(params["app"]) != self._world.application_id:
            raise ApiError(403, 20012, "You are not authorized to perform this action")
        guild_id = id_of(params["guild"]) if "guild" in params else None
        if guild_id is not None:
            self._world.find_guild(guild_id)
        return self._world.commands.setdefault(guild_id, [])

    def _find_command(self, params: Params) -> Json:
        for command in self._shelf(params):
            if command["id"] == params["command"]:
                return command
        raise ApiError(404, UNKNOWN_COMMAND, "Unknown application command")

    def _defined(self, sent: Json, shelf: list[Json], params: Params) -> Json:
        """Return the stored form of a command; its id is kept by name and type."""
        kind = sent.get("type", 1)
        known = {(one["name"], one["type"]): one["id"] for one in shelf}
        fresh = str(self._world.snowflake())
        command = _as_answered(sent) | {
            "id": known.get((sent["name"], kind), fresh),
            "type": kind,
            "application_id": str(self._world.application_id),
            "version": fresh,
            "integration_types": sent.get("integration_types") or [0],
        }
        return command | ({"guild_id": params["guild"]} if "guild" in params else {})

    def _shown(self, message: Message) -> Json:
        return payloads.message(message, self.files_url)


def _as_answered(command: Json) -> Json:
    """Return a definition with its permissions as Discord tells them: digits in a string."""
    hint = command.get("default_member_permissions")
    return command if hint is None else command | {"default_member_permissions": str(hint)}


def _page(messages: list[Message], query: dict[str, str]) -> list[Message]:
    """Return at most `limit` messages, newest first, as `before`, `after` and `around` say."""
    limit = int(query.get("limit", PAGE))
    if "before" in query:
        messages = [one for one in messages if one.id < int(query["before"])]
    if "after" in query:
        messages = [one for one in messages if one.id > int(query["after"])][:limit]
    if "around" in query:
        middle = int(query["around"])
        older = [one for one in messages if one.id <= middle][-(limit // 2 + 1) :]
        messages = older + [one for one in messages if one.id > middle][: limit // 2]
    return messages[::-1][:limit]
