"""The gateway: real websockets, sessions that can be resumed, and ways to lose them."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import secrets
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from tests.loopback import payloads

if TYPE_CHECKING:
    from tests.loopback.pulse import Pulse
    from tests.loopback.world import Guild, World

Json = dict[str, Any]
Encode = Callable[[str], str | bytes]

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, RESUME = 0, 1, 2, 3, 6
RECONNECT, INVALID_SESSION, HELLO, ACK = 7, 9, 10, 11
BAD_TOKEN, BAD_INTENTS = 4004, 4014
GUILDS_INTENT = 1 << 0
PRIVILEGED_INTENTS = (1 << 1) | (1 << 8) | (1 << 15)


def encoder(compress: str | None) -> Encode:
    """Return what turns one frame's text into bytes; one per connection.

    discord.py asks for `zstd-stream` if the package `zstandard` is there, else `zlib-stream`.
    """
    if compress == "zlib-stream":
        stream = zlib.compressobj()
        return lambda text: stream.compress(text.encode()) + stream.flush(zlib.Z_SYNC_FLUSH)
    if compress == "zstd-stream":
        zstandard = importlib.import_module("zstandard")
        packer, block = zstandard.ZstdCompressor().compressobj(), zstandard.COMPRESSOBJ_FLUSH_BLOCK
        return lambda text: packer.compress(text.encode()) + packer.flush(block)
    return lambda text: text


@dataclass(slots=True, eq=False)
class Session:
    """What survives a lost connection: the number of the last event, and all events."""

    id: str
    intents: int
    log: list[Json] = field(default_factory=list)
    connection: Connection | None = None


class Connection:
    """One websocket; frames leave in the order in which they were given."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        compress: str | None,
    ) -> None:
        self.socket = socket
        self._transport = transport
        self.compress = compress
        self.session: Session | None = None
        self._encode = encoder(compress)
        self._frames: asyncio.Queue[Json] = asyncio.Queue()

    def send(self, frame: Json) -> None:
        """Queue a frame."""
        self._frames.put_nowait(frame)

    async def write(self) -> None:
        """Send what is queued, for as long as the socket lives."""
        with contextlib.suppress(ConnectionError):
            while True:
                packed = self._encode(json.dumps(await self._frames.get()))
                if isinstance(packed, bytes):
                    await self.socket.send_bytes(packed)
                else:
                    await self.socket.send_str(packed)

    def cut(self) -> None:
        """Let the socket vanish, without a close frame."""
        if self._transport is not None:
            self._transport.abort()


class Gateway:
    """Accepts the bot's websocket and tells it what happens."""

    def __init__(
        self, world: World, pulse: Pulse, *, token: str, heartbeat_interval: float
    ) -> None:
        self.token = token
        self.url = ""
        self.heartbeat_interval = heartbeat_interval
        self.answers_heartbeats = True
        self.allows_privileged_intents = False
        self.frames: list[Json] = []
        self.identified = 0
        self.resumed = 0
        self.connections: list[Connection] = []
        self.sessions: dict[str, Session] = {}
        self._world = world
        self._pulse = pulse

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one websocket to its end."""
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        connection = Connection(socket, request.transport, request.query.get("compress"))
        self.connections.append(connection)
        writer = asyncio.create_task(connection.write())
        connection.send(
            {"op": HELLO, "d": {"heartbeat_interval": int(self.heartbeat_interval * 1000)}}
        )
        try:
            await self._read(connection)
        finally:
            writer.cancel()
            self._forget(connection)
        return socket

    def dispatch(self, event: str, data: Json) -> None:
        """Tell every session; a session without a connection gets it when it resumes."""
        for session in self.sessions.values():
            self._tell(session, event, data)

    def session(self) -> Session | None:
        """Return a session that is connected and past READY, if there is one."""
        for session in self.sessions.values():
            if session.connection is not None:
                return session
        return None

    def show_guild(self, session: Session, guild: Guild, *, new: bool = False) -> None:
        """Send GUILD_CREATE, if the bot wants to know of guilds; `new`: it just joined."""
        if not session.intents & GUILDS_INTENT:
            return
        payload = payloads.guild(guild, members=[guild.members[self._world.bot.id]])
        if new:
            del payload["unavailable"]  # by this discord.py tells a join from a start
        self._tell(session, "GUILD_CREATE", payload)

    async def drop(self, code: int | None = None) -> None:
        """End every connection: with a close code, or by cutting the wire.

        When it returns the sessions are without a connection: what is dispatched now is
        kept for RESUME.
        """
        for connection in list(self.connections):
            if code is None:
                connection.cut()
            else:
                await connection.socket.close(code=code)
            self._forget(connection)

    def ask_to_reconnect(self) -> None:
        """Send op 7 to all."""
        for connection in self.connections:
            connection.send({"op": RECONNECT, "d": None})

    def invalidate(self, *, resumable: bool) -> None:
        """Send op 9 to all; what is not resumable is forgotten."""
        for connection in self.connections:
            connection.send({"op": INVALID_SESSION, "d": resumable})
        if not resumable:
            self.sessions.clear()

    async def _read(self, connection: Connection) -> None:
        async for message in connection.socket:
            if message.type is not WSMsgType.TEXT:
                continue
            frame = json.loads(message.data)
            self.frames.append(frame)
            await self._answer(connection, frame)
            self._pulse.beat()

    async def _answer(self, connection: Connection, frame: Json) -> None:
        if frame["op"] == HEARTBEAT and self.answers_heartbeats:
            connection.send({"op": ACK})
        elif frame["op"] in (IDENTIFY, RESUME) and frame["d"]["token"] != self.token:
            await connection.socket.close(code=BAD_TOKEN, message=b"Authentication failed.")
        elif frame["op"] == IDENTIFY:
            await self._identify(connection, frame["d"])
        elif frame["op"] == RESUME:
            self._resume(connection, frame["d"])

    async def _identify(self, connection: Connection, data: Json) -> None:
        if data["intents"] & PRIVILEGED_INTENTS and not self.allows_privileged_intents:
            await connection.socket.close(code=BAD_INTENTS, message=b"Disallowed intent(s).")
            return
        self.identified += 1
        self.sessions = {known.id: known for known in self.sessions.values() if known.connection}
        session = Session(secrets.token_hex(16), data["intents"])
        self.sessions[session.id] = session
        self._attach(connection, session)
        self._tell(session, "READY", self._ready(session))
        for guild_id in sorted(self._world.joined):
            self.show_guild(session, self._world.guilds[guild_id])

    def _ready(self, session: Session) -> Json:
        return {
            "v": 10,
            "user": payloads.own_user(self._world.bot),
            "guilds": [
                {"id": str(guild_id), "unavailable": True} for guild_id in self._world.joined
            ],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "application": {"id": str(self._world.application_id), "flags": 0},
            "shard": [0, 1],
        }

    def _resume(self, connection: Connection, data: Json) -> None:
        session = self.sessions.get(data["session_id"])
        if session is None or data["seq"] is None:
            connection.send({"op": INVALID_SESSION, "d": False})
            return
        self.resumed += 1
        self._attach(connection, session)
        for frame in session.log[data["seq"] :]:
            connection.send(frame)
        self._tell(session, "RESUMED", {})

    def _attach(self, connection: Connection, session: Session) -> None:
        connection.session = session
        session.connection = connection

    def _tell(self, session: Session, event: str, data: Json) -> None:
        frame = {"op": DISPATCH, "t": event, "s": len(session.log) + 1, "d": data}
        session.log.append(frame)
        if session.connection is not None:
            session.connection.send(frame)

    def _forget(self, connection: Connection) -> None:
        if connection in self.connections:
            self.connections.remove(connection)
        session = connection.session
        if session is not None and session.connection is connection:
            session.connection = None
        self._pulse.beat()
