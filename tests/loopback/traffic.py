"""What the bot asked over HTTP, and which of it shall go wrong."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Upload:
    """One file part of a multipart request."""

    field: str
    name: str
    data: bytes
    content_type: str


@dataclass(slots=True)
class Request:
    """One HTTP request as it arrived; `status` is what it was answered with.

    `path` starts behind `/api/v10`. `status` 0 means the connection was cut.
    `reply` is the JSON of an answer that no fault spoiled.
    """

    method: str
    path: str
    query: dict[str, str]
    json: Any = None
    files: list[Upload] = field(default_factory=list)
    auth: str | None = None
    content_type: str = ""
    status: int | None = None
    reply: Any = None

    def matches(self, method: str, pattern: str) -> bool:
        """Whether method (`*` for any) and the whole path (a regex) are these."""
        return method in ("*", self.method) and bool(re.fullmatch(pattern, self.path))


@dataclass(slots=True)
class Fault:
    """What goes wrong with the next `times` requests like this."""

    method: str
    pattern: str
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | Json | None = None
    retry_after: float | None = None
    via: bool = True
    code: int = 0
    reset: bool = False
    after: bool = False
    delay: float = 0.0
    times: int = 1

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body."""
        status = self.status or 500
        headers = {"Content-Type": "application/json"}
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            headers["Retry-After"] = str(self.retry_after or 0)
            headers |= {"Via": "1.1 google"} if self.via else {}
        if isinstance(self.body, bytes):
            headers["Content-Type"] = "text/html"
        return status, headers | self.headers, self._bytes(status)

    def _bytes(self, status: int) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        body = self.body
        if body is None and status == HTTPStatus.TOO_MANY_REQUESTS:
            body = {
                "message": "You are being rate limited.",
                "retry_after": self.retry_after or 0.0,
                "global": False,
            }
        if body is None:
            body = {"message": HTTPStatus(status).phrase, "code": self.code}
        return json.dumps(body).encode()


class Faults:
    """A queue: the first fault that fits a request is the one that happens."""

    def __init__(self) -> None:
        self._queue: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Put a fault at the end of the queue."""
        self._queue.append(fault)

    def take(self, request: Request) -> Fault | None:
        """Return the fault that befalls this request, and use it up."""
        for fault in self._queue:
            if request.matches(fault.method, fault.pattern):
                fault.times -= 1
                if not fault.times:
                    self._queue.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        """Forget all that is left; requests go through again."""
        self._queue.clear()
