"""Fixtures for end-to-end tests: `loopback`, and how an in-process bot is pointed at it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import discord.gateway
import discord.http
import pytest
import yarl

from tests.loopback.openapi import Checker
from tests.loopback.server import LoopbackDiscord

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

OPENAPI_VARIABLE = "PLOTOBOT_DISCORD_OPENAPI"


def openapi_document() -> Path | None:
    """Return Discord's description, if the environment names it; in CI it must be there."""
    named = os.environ.get(OPENAPI_VARIABLE)
    document = Path(named) if named else None
    if document is not None and document.is_file():
        return document
    if named or os.environ.get("CI"):
        pytest.fail(f"{OPENAPI_VARIABLE} must name Discord's openapi.json; it is {named!r}")
    return None


@pytest.fixture(scope="session")
def discord_openapi() -> Checker | None:
    """The checker of requests, or None where Discord's description is not at hand."""
    document = openapi_document()
    return Checker(document) if document else None


@pytest.fixture
async def loopback(discord_openapi: Checker | None) -> AsyncIterator[LoopbackDiscord]:
    """A Discord of its own for the test; every request is held against the description.

    A test that sends what Discord refuses ends with `loopback.findings.clear()`.
    """
    async with LoopbackDiscord(checker=discord_openapi) as server:
        yield server
    assert not server.mistakes, "\n".join(server.mistakes)
    assert not server.findings, "\n".join(map(str, server.findings))


@pytest.fixture
def point_at_loopback(monkeypatch: pytest.MonkeyPatch, loopback: LoopbackDiscord) -> None:
    """Point discord.py in this process at `loopback`: its only two seams."""
    monkeypatch.setattr(discord.http.Route, "BASE", loopback.api_base)
    gateway = yarl.URL(loopback.gateway_url)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", gateway)
