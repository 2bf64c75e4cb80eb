"""Discord's own description finds what is wrong with a request, and only that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.loopback.fixtures import OPENAPI_VARIABLE, openapi_document
from tests.loopback.openapi import Checker, excused
from tests.loopback.traffic import Request

if TYPE_CHECKING:
    from pathlib import Path

MULTIPART = "multipart/form-data"
EMBED = {"title": "t", "fields": [{"name": "n", "value": "v"}]}
LONG_LABEL = {"type": 1, "components": [{"type": 2, "style": 1, "label": "x" * 81}]}
COMMAND = {"name": "jobs", "description": "d", "type": 1, "options": []}
COMMANDS = "/applications/1/guilds/2/commands"


@pytest.fixture
def checker(discord_openapi: Checker | None) -> Checker:
    if discord_openapi is None:
        pytest.skip(f"{OPENAPI_VARIABLE} does not name Discord's openapi.json")
    return discord_openapi


def request(
    method: str, path: str, body: Any = None, kind: str = "application/json", **rest: Any
) -> Request:
    return Request(method, path, {}, body, content_type=kind, **rest)


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(request("GET", "/users/@me"), id="no-body"),
        pytest.param(request("POST", "/channels/1/messages", {"content": "x"}), id="text"),
        pytest.param(request("POST", "/channels/1/messages", {"embeds": [EMBED]}), id="embed"),
        pytest.param(
            request("POST", "/channels/1/messages", {"attachments": [{"id": 0}]}, MULTIPART),
            id="attachment-with-a-number",
        ),
        pytest.param(
            request("PUT", COMMANDS, [COMMAND | {"default_member_permissions": "32"}]),
            id="permissions-as-digits",
        ),
        pytest.param(
            request("PATCH", "/webhooks/1/t/messages/@original", {"content": "x"}), id="original"
        ),
        pytest.param(
            request("POST", "/channels/1/messages/bulk-delete", {"messages": ["1", "2"]}),
            id="a-name-where-an-id-may-stand",
        ),
    ],
)
def test_what_is_right_passes(checker: Checker, sent: Request) -> None:
    assert checker.check(sent) == []


@pytest.mark.parametrize(
    ("sent", "where"),
    [
        pytest.param(request("GET", "/nowhere"), "path", id="no-such-path"),
        pytest.param(request("PUT", "/users/@me"), "method", id="no-such-method"),
        pytest.param(request("POST", "/channels/1/messages"), "body", id="body-missing"),
        pytest.param(request("GET", "/users/@me", {}), "body", id="body-too-many"),
        pytest.param(
            request("POST", "/channels/1/messages", {}, "text/plain"), "content type", id="type"
        ),
        pytest.param(
            request("POST", "/channels/1/messages", {"content": 5}), "$.content", id="not-a-text"
        ),
        pytest.param(
            request("POST", "/channels/1/messages", {"content": 5}, MULTIPART),
            "$.content",
            id="beside-files",
        ),
        pytest.param(
            request("POST", "/channels/1/messages", {"components": [LONG_LABEL]}),
            "$.components[0].components[0].label",
            id="deep-in-a-union",
        ),
        pytest.param(
            request("PUT", COMMANDS, [COMMAND | {"name": ""}]), "$[0].name", id="command-name"
        ),
    ],
)
def test_what_is_wrong_is_found_where_it_is(checker: Checker, sent: Request, where: str) -> None:
    assert [one.where for one in checker.check(sent)] == [where]


def test_our_own_answers_are_held_against_it_too(checker: Checker) -> None:
    answered = request("GET", "/gateway", status=200, reply={"url": 5})
    assert [one.where for one in checker.check_answer(answered)] == ["$.url"]
    answered.reply = {"url": "ws://127.0.0.1"}
    assert checker.check_answer(answered) == []


def test_only_the_two_known_spellings_are_excused() -> None:
    body = {"id": 1, "attachments": [{"id": 2}, {"id": True}], "default_member_permissions": "no"}
    tidy = excused({"data": body})["data"]
    assert tidy == body | {"attachments": [{"id": "2"}, {"id": True}]}
    assert body["attachments"] == [{"id": 2}, {"id": True}], "the request itself is left alone"


def test_the_document_is_optional_at_home_but_not_in_ci(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(OPENAPI_VARIABLE, raising=False)
    monkeypatch.delenv("CI", raising=False)
    assert openapi_document() is None
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=OPENAPI_VARIABLE):
        openapi_document()
    monkeypatch.delenv("CI")
    monkeypatch.setenv(OPENAPI_VARIABLE, str(tmp_path / "gone.json"))
    with pytest.raises(pytest.fail.Exception, match=r"gone\.json"):
        openapi_document()
