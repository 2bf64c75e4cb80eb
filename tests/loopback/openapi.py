"""Checks each request against Discord's own OpenAPI description.

The document is `specs/openapi.json` of discord/discord-api-spec (OpenAPI 3.1). It is not
part of this repository; tests find it by the environment variable in `fixtures.py`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

if TYPE_CHECKING:
    from pathlib import Path

    from jsonschema.exceptions import ValidationError

    from tests.loopback.traffic import Request

Json = dict[str, Any]

DOCUMENT = "urn:discord:openapi"


@dataclass(frozen=True, slots=True)
class Finding:
    """A request that Discord's description does not allow."""

    method: str
    path: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}: {self.where}: {self.message}"


@dataclass(frozen=True, slots=True)
class _Path:
    template: str
    pattern: re.Pattern[str]
    placeholders: int
    operations: Json


class Checker:
    """Holds the document; compiles the validator of an operation when it is first met."""

    def __init__(self, document: Path) -> None:
        contents = json.loads(document.read_text(encoding="utf-8"), object_hook=_as_json_schema)
        resource = DRAFT202012.create_resource(contents)
        self._registry: Registry[Any] = Registry().with_resource(DOCUMENT, resource)
        paths = [_path(template, found) for template, found in contents["paths"].items()]
        # `/messages/@original` also fits `/messages/{message_id}`: the plainest one first.
        self._paths = sorted(paths, key=lambda path: path.placeholders)
        self._validators: dict[str, Draft202012Validator] = {}

    def check(self, request: Request) -> list[Finding]:
        """Return what Discord's description says against a request."""
        path = self._find(request.path)
        if path is None:
            return [_finding(request, "path", "no such path")]
        operation = path.operations.get(request.method.lower())
        if operation is None:
            return [_finding(request, "method", f"not for {path.template}")]
        return self._check_body(request, path, operation)

    def check_answer(self, request: Request) -> list[Finding]:
        """Return what the description says against our own answer: a fake agrees with itself."""
        path = self._find(request.path)
        if path is None or request.reply is None or request.status is None:
            return []
        operation = path.operations.get(request.method.lower(), {})
        answers = operation.get("responses", {})
        name = str(request.status)
        name = name if name in answers else f"{name[0]}XX"
        if "application/json" not in answers.get(name, {}).get("content", {}):
            return []
        where = ("responses", name, "content", "application/json")
        return _complaints(request, self._validator(path, request, *where), request.reply)

    def _find(self, path: str) -> _Path | None:
        return next((one for one in self._paths if one.pattern.fullmatch(path)), None)

    def _check_body(self, request: Request, path: _Path, operation: Json) -> list[Finding]:
        described = operation.get("requestBody")
        if request.json is None and not request.files:
            missing = described is not None and described.get("required")
            return [_finding(request, "body", "is required")] if missing else []
        if described is None:
            return [_finding(request, "body", "none is described here")]
        if request.content_type not in described["content"]:
            return [_finding(request, "content type", f"{request.content_type} is not offered")]
        validator = self._validator(path, request, "requestBody", "content", request.content_type)
        return _complaints(request, validator, excused(request.json))

    def _validator(self, path: _Path, request: Request, *where: str) -> Draft202012Validator:
        parts = ("paths", path.template, request.method.lower(), *where, "schema")
        pointer = "/".join(part.replace("~", "~0").replace("/", "~1") for part in parts)
        if pointer not in self._validators:
            schema = {"$ref": f"{DOCUMENT}#/{pointer.replace('{', '%7B').replace('}', '%7D')}"}
            self._validators[pointer] = Draft202012Validator(schema, registry=self._registry)
        return self._validators[pointer]


def excused(value: Any) -> Any:
    """Return a body with discord.py's two other spellings put as the document wants them.

    `default_member_permissions` may be digits in a string, and an attachment's `id` a number;
    Discord takes both.
    """
    if isinstance(value, list):
        return [excused(item) for item in value]
    if not isinstance(value, dict):
        return value
    tidy = {key: excused(item) for key, item in value.items()}
    allowed = tidy.get("default_member_permissions")
    if isinstance(allowed, str) and allowed.isdecimal():
        tidy["default_member_permissions"] = int(allowed)
    if isinstance(tidy.get("attachments"), list):
        tidy["attachments"] = [_with_text_id(item) for item in tidy["attachments"]]
    return tidy


def _with_text_id(attachment: Any) -> Any:
    if isinstance(attachment, dict) and type(attachment.get("id")) is int:
        return attachment | {"id": str(attachment["id"])}
    return attachment


def _sharpest(error: ValidationError) -> ValidationError:
    """Follow a union's error into the branch that was meant: the one whose `type` fits."""
    while error.context:
        branches: dict[object, list[ValidationError]] = {}
        for inner in error.context:
            branches.setdefault(inner.schema_path[0], []).append(inner)
        meant = [found for found in branches.values() if not any(map(_is_tag, found))]
        candidates = meant or list(branches.values())
        error = max((found[0] for found in candidates), key=lambda one: len(one.path))
    return error


def _is_tag(error: ValidationError) -> bool:
    return list(error.path) == ["type"] and error.validator in ("enum", "const")


def _as_json_schema(node: Json) -> Json:
    """Drop OpenAPI's own keyword; a property of that name is kept, it has no `propertyName`."""
    keyword = node.get("discriminator")
    if isinstance(keyword, dict) and "propertyName" in keyword:
        del node["discriminator"]
    return node


def _path(template: str, operations: Json) -> _Path:
    pieces = re.split(r"\{[^}]+\}", template)
    pattern = "[^/]+".join(re.escape(piece) for piece in pieces)
    return _Path(template, re.compile(pattern), len(pieces) - 1, operations)


def _complaints(request: Request, validator: Draft202012Validator, body: Any) -> list[Finding]:
    return [
        _finding(request, error.json_path, error.message[:300])
        for error in map(_sharpest, validator.iter_errors(body))
    ]


def _finding(request: Request, where: str, message: str) -> Finding:
    return Finding(request.method, request.path, where, message)
