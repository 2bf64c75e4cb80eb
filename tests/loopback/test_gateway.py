"""The gateway on the wire: what it sends, what it closes for, what it replays."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from tests.loopback.gateway import HEARTBEAT, IDENTIFY, RESUME, encoder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.loopback import LoopbackDiscord

Json = dict[str, Any]
Socket = aiohttp.ClientWebSocketResponse
PATIENCE = aiohttp.ClientWSTimeout(ws_receive=30, ws_close=30)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


async def hello(session: aiohttp.ClientSession, loopback: LoopbackDiscord) -> Socket:
    socket = await session.ws_connect(
        f"{loopback.gateway_url}?v=10&encoding=json", timeout=PATIENCE
    )
    assert (await socket.receive_json())["op"] == 10
    return socket


async def identify(socket: Socket, loopback: LoopbackDiscord, intents: int = 1) -> Json:
    data = {"token": loopback.token, "intents": intents, "properties": {}}
    await socket.send_json({"op": IDENTIFY, "d": data})
    ready: Json = await socket.receive_json()
    return ready


async def test_ready_then_the_guild_numbered_from_one(
    session: aiohttp.ClientSession, loopback: LoopbackDiscord
) -> None:
    socket = await hello(session, loopback)
    ready = await identify(socket, loopback)
    guild = await socket.receive_json()
    assert [(one["t"], one["s"]) for one in (ready, guild)] == [("READY", 1), ("GUILD_CREATE", 2)]
    assert ready["d"]["resume_gateway_url"] == loopback.gateway_url
    assert len(guild["d"]["members"]) == 1


async def test_resume_replays_what_was_missed_with_its_old_numbers(
    session: aiohttp.ClientSession, loopback: LoopbackDiscord
) -> None:
    ready = await identify(await hello(session, loopback), loopback)
    await loopback.drop_gateway()
    loopback.gateway.dispatch("NEWS", {"n": 1})
    socket = await hello(session, loopback)
    data = {"token": loopback.token, "session_id": ready["d"]["session_id"], "seq": 1}
    await socket.send_json({"op": RESUME, "d": data})
    frames = [await socket.receive_json() for _ in range(3)]
    assert [(one["t"], one["s"]) for one in frames] == [
        ("GUILD_CREATE", 2),
        ("NEWS", 3),
        ("RESUMED", 4),
    ]


async def test_an_unknown_session_is_invalid(
    session: aiohttp.ClientSession, loopback: LoopbackDiscord
) -> None:
    socket = await hello(session, loopback)
    data = {"token": loopback.token, "session_id": "gone", "seq": 7}
    await socket.send_json({"op": RESUME, "d": data})
    assert await socket.receive_json() == {"op": 9, "d": False}


async def test_heartbeats_can_be_left_without_an_answer(
    session: aiohttp.ClientSession, loopback: LoopbackDiscord
) -> None:
    socket = await hello(session, loopback)
    await socket.send_json({"op": HEARTBEAT, "d": None})
    assert await socket.receive_json() == {"op": 11}
    loopback.gateway.answers_heartbeats = False
    await socket.send_json({"op": HEARTBEAT, "d": None})
    assert "READY" in (await identify(socket, loopback)).values(), "no second ACK before it"


async def test_privileged_intents_close_the_door(
    session: aiohttp.ClientSession, loopback: LoopbackDiscord
) -> None:
    socket = await hello(session, loopback)
    data = {"token": loopback.token, "intents": 1 << 15, "properties": {}}
    await socket.send_json({"op": IDENTIFY, "d": data})
    await socket.receive()
    assert socket.close_code == 4014


async def test_a_new_session_forgets_the_lost_one(
    session: aiohttp.ClientSession, loopback: LoopbackDiscord
) -> None:
    await identify(await hello(session, loopback), loopback)
    await loopback.drop_gateway()
    await identify(await hello(session, loopback), loopback)
    assert len(loopback.gateway.sessions) == 1


def test_zlib_frames_are_one_stream() -> None:
    encode, stream = encoder("zlib-stream"), zlib.decompressobj()
    for number in range(3):
        packed = encode(json.dumps({"n": number}))
        assert isinstance(packed, bytes)
        assert packed.endswith(b"\x00\x00\xff\xff")
        assert json.loads(stream.decompress(packed)) == {"n": number}


def test_zstd_frames_are_one_stream() -> None:
    zstandard = pytest.importorskip("zstandard", reason="discord.py then asks for zlib instead")
    encode, stream = encoder("zstd-stream"), zstandard.ZstdDecompressor().decompressobj()
    for number in range(3):
        assert json.loads(stream.decompress(encode(json.dumps({"n": number})))) == {"n": number}
