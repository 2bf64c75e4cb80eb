"""`LoopbackDiscord`: the whole of it, on one port of 127.0.0.1."""

from __future__ import annotations

import secrets
import socket
from typing import TYPE_CHECKING, Any, Self

from aiohttp import web

from tests.loopback.driver import Driver
from tests.loopback.gateway import Gateway
from tests.loopback.interactions import Desk
from tests.loopback.pulse import Pulse
from tests.loopback.rest import API, LARGEST_BODY, Rest
from tests.loopback.routes import Routes
from tests.loopback.traffic import Fault, Request
from tests.loopback.world import World

if TYPE_CHECKING:
    from types import TracebackType

    from tests.loopback.openapi import Checker, Finding
    from tests.loopback.world import Channel, Guild, Role, User

Json = dict[str, Any]

HOST = "127.0.0.1"


class LoopbackDiscord(Driver):
    """A Discord for one test: a guild, four people, and a bot's token.

    `owner`, `operator` and `viewer` are members of `guild`, the latter two with the role
    `operator_role` or `viewer_role`; `stranger` has no role there, but one *named* like the
    operators' in `elsewhere`, a guild the bot is not in (`invite_to` changes that). `channel`
    and `other_channel` are text channels of `guild`.

    Point the bot at it with `environment`, or see `fixtures.py`.

    Args:
        checker: Checks each request against Discord's description; see `findings`.
        heartbeat_interval: Seconds between the bot's heartbeats.
        patience: Seconds in which a first answer must come.
    """

    def __init__(
        self,
        *,
        checker: Checker | None = None,
        heartbeat_interval: float = 41.25,
        patience: float = 3.0,
    ) -> None:
        self.token = f"loopback.{secrets.token_urlsafe(24)}"
        self.world = World()
        self._people()
        pulse = Pulse()
        self.gateway = Gateway(
            self.world, pulse, token=self.token, heartbeat_interval=heartbeat_interval
        )
        self._desk = Desk(self.world, self.gateway, pulse)
        self._desk.patience = patience
        self._rest = Rest(pulse, token=self.token, checker=checker)
        self._routes = Routes(self.world, self.owner, self.gateway.dispatch)
        super().__init__(
            self.world, self.gateway, self._desk, pulse, user=self.owner, home=self.channel
        )
        self._holder = socket.socket()
        self._runner: web.AppRunner | None = None
        self._site: web.SockSite | None = None
        self.port = 0

    async def __aenter__(self) -> Self:
        # Bound for life but never listening: nobody else gets the port while we are "down".
        self._holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._holder.bind((HOST, 0))
        self.port = self._holder.getsockname()[1]
        self.gateway.url = self._routes.gateway_url = self.gateway_url
        self._desk.files_url = self._routes.files_url = f"http://{HOST}:{self.port}/attachments"
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await self.listen_again()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.refuse_connections()
        assert self._runner is not None
        await self._runner.cleanup()
        self._holder.close()

    @property
    def api_base(self) -> str:
        """Where the HTTP API is."""
        return f"http://{HOST}:{self.port}{API}"

    @property
    def gateway_url(self) -> str:
        """Where the gateway is."""
        return f"ws://{HOST}:{self.port}/gateway"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point Plotobot here."""
        return {"DISCORD_API_BASE": self.api_base, "DISCORD_GATEWAY_URL": self.gateway_url}

    @property
    def requests(self) -> list[Request]:
        """All HTTP requests so far, in order of arrival."""
        return self._rest.requests

    @property
    def findings(self) -> list[Finding]:
        """What Discord's description says against the requests (needs a checker)."""
        return self._rest.findings

    @property
    def mistakes(self) -> list[str]:
        """The loopback's own: tracebacks, and answers that Discord would not give."""
        return [*self._rest.crashes, *map(str, self._rest.own_findings)]

    @property
    def invalid_requests(self) -> list[Request]:
        """The requests that count towards Discord's ban of an address: 401, 403, 429."""
        return [one for one in self.requests if one.status in (401, 403, 429)]

    @property
    def frames(self) -> list[Json]:
        """All gateway frames the bot sent, in order."""
        return self.gateway.frames

    @property
    def commands(self) -> list[Json]:
        """The commands the bot has published to the home guild."""
        return self.world.commands.get(self.guild.id, [])

    def asked(self, method: str, pattern: str) -> list[Request]:
        """Return the requests with this method (`*`: any) whose path fits the regex."""
        return [one for one in self.requests if one.matches(method, pattern)]

    def fail_next(self, method: str, pattern: str, *, times: int = 1, **what: Any) -> None:
        r"""Let the next `times` requests like this go wrong.

        Args:
            method: `POST` and so on, or `*`.
            pattern: A regex for the whole path behind `/api/v10`: `r"/channels/\d+/messages"`.
            times: How many; 0 for all from now on, until `heal()`.
            what: `status` (with `code` for the body's own code, or a whole `body`: a dict, or
                bytes that are sent as HTML); `headers`; for 429 `retry_after` seconds and
                `via=False` for one that does not come from Discord itself; `reset=True` cuts
                the connection instead; `after=True` does the deed first and loses only the
                answer; `delay` seconds before anything. Only `delay` or `headers`: the request
                succeeds, slowly or with these headers.
        """
        self._rest.faults.add(Fault(method, pattern, times=times, **what))

    def heal(self) -> None:
        """Forget the faults that have not happened yet."""
        self._rest.faults.clear()

    async def refuse_connections(self) -> None:
        """Go down: the port refuses, and all open connections are cut."""
        if self._site is not None:
            await self._site.stop()
            self._site = None
        await self.gateway.drop()
        assert self._runner is not None
        server = self._runner.server
        for handler in list(server.connections) if server is not None else []:
            if handler.transport is not None:
                handler.transport.abort()

    async def listen_again(self) -> None:
        """Come up (again), on the same port and with the same world."""
        assert self._runner is not None
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, self.port))
        self._site = web.SockSite(self._runner, listener)
        await self._site.start()

    async def drop_gateway(self, code: int | None = None) -> None:
        """Cut the gateway's sockets, or close them with a code; the session can be resumed."""
        await self.gateway.drop(code)

    def reconnect(self) -> None:
        """Ask the bot to reconnect (op 7)."""
        self.gateway.ask_to_reconnect()

    def invalidate_session(self, *, resumable: bool) -> None:
        """Tell the bot that its session is no good (op 9)."""
        self.gateway.invalidate(resumable=resumable)

    async def resumed(self, times: int = 1, timeout: float = 10.0) -> None:
        """Wait until the bot has resumed its session this many times in all."""
        await self._pulse.until(
            lambda: self.gateway.resumed >= times, timeout, f"RESUME number {times}"
        )

    async def identified(self, times: int = 1, timeout: float = 15.0) -> None:
        """Wait until the bot has identified itself this many times in all."""
        await self._pulse.until(
            lambda: self.gateway.identified >= times, timeout, f"IDENTIFY number {times}"
        )

    async def asked_for(self, method: str, pattern: str, timeout: float = 5.0) -> Request:
        """Wait until such a request has been answered, and return the last one."""

        def look() -> Request | None:
            done = [one for one in self.asked(method, pattern) if one.status is not None]
            return done[-1] if done else None

        return await self._pulse.until(look, timeout, f"request {method} {pattern}")

    async def disconnected(self, timeout: float = 10.0) -> None:
        """Wait until no bot is on the gateway."""
        await self._pulse.until(
            lambda: self.gateway.session() is None, timeout, "end of the connection"
        )

    def invite_to(self, guild: Guild) -> None:
        """Add the bot to another guild; it is told at once."""
        self.world.join(guild, self.world.bot)
        for session in self.gateway.sessions.values():
            self.gateway.show_guild(session, guild, new=True)

    def grant(self, user: User, role: Role) -> None:
        """Give a member of the home guild a role."""
        self.guild.members[user.id].roles.append(role.id)

    def revoke(self, user: User, role: Role) -> None:
        """Take a role from a member of the home guild."""
        self.guild.members[user.id].roles.remove(role.id)

    def kick(self, user: User) -> None:
        """Remove a member from the home guild."""
        del self.guild.members[user.id]

    def _people(self) -> None:
        world = self.world
        self.owner, self.operator = world.user("owner"), world.user("operator")
        self.viewer, self.stranger = world.user("viewer"), world.user("stranger")
        self.guild: Guild = world.guild("Farm", self.owner)
        self.operator_role: Role = world.role(self.guild, "Operator")
        self.viewer_role: Role = world.role(self.guild, "Viewer")
        self.channel: Channel = world.channel(self.guild, "farm")
        self.other_channel: Channel = world.channel(self.guild, "alerts")
        world.join(self.guild, world.bot)
        world.join(self.guild, self.operator, self.operator_role)
        world.join(self.guild, self.viewer, self.viewer_role)
        world.join(self.guild, self.stranger)
        self.elsewhere: Guild = world.guild("Elsewhere", self.stranger)
        self.foreign_channel: Channel = world.channel(self.elsewhere, "farm")
        foreign_role = world.role(self.elsewhere, "Operator")
        self.elsewhere.members[self.stranger.id].roles.append(foreign_role.id)

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_get("/gateway", self.gateway.handle)
        app.router.add_get("/attachments/{channel}/{file}/{name}", self._file)
        for method, path, handler in self._routes.table():
            self._rest.route(app, method, path, handler)
        desk, webhook = self._desk, "/webhooks/{app}/{token}"
        self._rest.route(app, "POST", "/interactions/{id}/{token}/callback", desk.respond)
        self._rest.route(app, "POST", webhook, desk.create)
        self._rest.route(app, "GET", f"{webhook}/messages/{{message}}", desk.show)
        self._rest.route(app, "PATCH", f"{webhook}/messages/{{message}}", desk.change)
        self._rest.route(app, "DELETE", f"{webhook}/messages/{{message}}", desk.remove)
        self._rest.route_rest(app)
        return app

    async def _file(self, request: web.Request) -> web.Response:
        wanted = request.match_info["file"]
        for message in self.world.messages.values():
            for file in message.files:
                if str(file.id) == wanted:
                    return web.Response(body=file.data, content_type=file.content_type)
        raise web.HTTPNotFound
