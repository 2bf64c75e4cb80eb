"""The HTTP side: one way in for every request, and the plain routes."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import traceback
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aiohttp import BodyPartReader, hdrs, web

from tests.loopback.errors import ApiError
from tests.loopback.traffic import Fault, Faults, Request, Upload

if TYPE_CHECKING:
    from tests.loopback.openapi import Checker, Finding
    from tests.loopback.pulse import Pulse

Json = dict[str, Any]
Params = dict[str, str]
Handler = Callable[[Request, Params], Awaitable[Any]]

API = "/api/v10"
LARGEST_BODY = 110 * 1024**2
# These two carry their secret in the path.
WITHOUT_TOKEN = r"/interactions/.*|/webhooks/\d+/.+|/gateway"


def id_of(text: str) -> int:
    """Return a path's id as a number; 400/50035 if it is none."""
    if not text.isdecimal():
        raise ApiError(400, 50035, f"Value {text!r} is not snowflake.")
    return int(text)


class Rest:
    """Reads a request, logs it, checks it, lets it fail on demand, and answers it."""

    def __init__(self, pulse: Pulse, *, token: str, checker: Checker | None) -> None:
        self.requests: list[Request] = []
        self.findings: list[Finding] = []
        self.faults = Faults()
        self.crashes: list[str] = []
        self.own_findings: list[Finding] = []
        self._pulse = pulse
        self._token = token
        self._checker = checker

    def route(self, app: web.Application, method: str, path: str, handler: Handler) -> None:
        """Serve `path` (as in Discord's documentation, with `{names}`) by a handler.

        The handler returns what becomes the JSON of a 200, or None for a 204.
        """
        app.router.add_route(method, API + path, self._served(handler))

    def route_rest(self, app: web.Application) -> None:
        """Serve all other paths: a clear no, logged and checked like the others."""
        app.router.add_route("*", "/{unmodelled:.*}", self._served(_unmodelled))

    def _served(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(raw: web.Request) -> web.StreamResponse:
            try:
                request = await _read(raw)
                self.requests.append(request)
                if self._checker is not None:
                    self.findings += self._checker.check(request)
                return await self._respond(raw, request, handler)
            except Exception:
                # The last frame: aiohttp would answer 500, and the bot would just try again.
                self.crashes.append(traceback.format_exc())
                raise
            finally:
                self._pulse.beat()

        return serve

    async def _respond(
        self, raw: web.Request, request: Request, handler: Handler
    ) -> web.StreamResponse:
        fault = self.faults.take(request)
        if fault is not None:
            await asyncio.sleep(fault.delay)
        if fault is None or fault.after or (fault.status is None and not fault.reset):
            response = await self._answer(request, dict(raw.match_info), handler)
            if fault is None:
                return response
            if fault.status is None and not fault.reset:
                response.headers.update(fault.headers)
                return response
        return _failed(raw, request, fault)

    async def _answer(self, request: Request, params: Params, handler: Handler) -> web.Response:
        try:
            self._authorise(request)
            body = await handler(request, params)
        except ApiError as refused:
            return _json(request, refused.status, refused.body)
        response = _json(request, 204 if body is None else 200, body)
        if self._checker is not None:
            self.own_findings += self._checker.check_answer(request)
        return response

    def _authorise(self, request: Request) -> None:
        if request.matches("*", WITHOUT_TOKEN) or request.auth == f"Bot {self._token}":
            return
        raise ApiError(401, 0, "401: Unauthorized")


async def _unmodelled(request: Request, _: Params) -> None:
    message = f"the loopback Discord has no {request.method} {request.path}"
    raise ApiError(404, 0, message)


def _json(request: Request, status: int, body: Any) -> web.Response:
    request.status, request.reply = status, body
    if status == HTTPStatus.NO_CONTENT:
        return web.Response(status=status)
    # Not `web.json_response`: discord.py wants the content type without a charset (http.py:113).
    return web.Response(
        status=status, body=json.dumps(body).encode(), content_type="application/json"
    )


def _failed(raw: web.Request, request: Request, fault: Fault) -> web.Response:
    if fault.reset:
        request.status = 0
        _reset(raw)
        return web.Response()
    status, headers, body = fault.answer()
    request.status = status
    return web.Response(status=status, headers=headers, body=body)


def _reset(raw: web.Request) -> None:
    """End the connection with a TCP reset, as a dying proxy does."""
    assert raw.transport is not None
    wire = raw.transport.get_extra_info("socket")
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raw.transport.abort()


async def _read(raw: web.Request) -> Request:
    request = Request(
        raw.method,
        raw.path.removeprefix(API),
        dict(raw.query),
        auth=raw.headers.get(hdrs.AUTHORIZATION),
        content_type=raw.content_type,
    )
    if raw.content_type.startswith("multipart/"):
        await _read_parts(raw, request)
    elif body := await raw.read():
        request.json = json.loads(body)
    return request


async def _read_parts(raw: web.Request, request: Request) -> None:
    async for part in await raw.multipart():
        assert isinstance(part, BodyPartReader)
        data = bytes(await part.read())
        if part.name == "payload_json":
            request.json = json.loads(data)
            continue
        kind = part.headers.get(hdrs.CONTENT_TYPE, "application/octet-stream")
        request.files.append(Upload(part.name or "", part.filename or "", data, kind))
