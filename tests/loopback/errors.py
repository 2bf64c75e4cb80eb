"""How Discord says no."""

from __future__ import annotations

from typing import Any

MISSING_ACCESS = 50001
INVALID_FORM = 50035
UNKNOWN_CHANNEL = 10003
UNKNOWN_MESSAGE = 10008
UNKNOWN_WEBHOOK = 10015
UNKNOWN_INTERACTION = 10062
ALREADY_ACKNOWLEDGED = 40060


class ApiError(Exception):
    """An answer other than 2xx, with Discord's own code."""

    def __init__(
        self, status: int, code: int, message: str, *, errors: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"message": message, "code": code}
        if errors:
            self.body["errors"] = errors


def missing_access() -> ApiError:
    """Return the 403 for a guild or channel the bot is not in."""
    return ApiError(403, MISSING_ACCESS, "Missing Access")


def invalid(path: str, code: str, message: str) -> ApiError:
    """Return a 400/50035 that blames one field.

    Args:
        path: Where, with dots: `data.embeds.0.title`.
        code: Discord's name for the fault, e.g. `BASE_TYPE_MAX_LENGTH`.
        message: The sentence for people.
    """
    errors: dict[str, Any] = {"_errors": [{"code": code, "message": message}]}
    for part in reversed(path.split(".")):
        errors = {part: errors}
    return ApiError(400, INVALID_FORM, "Invalid Form Body", errors=errors)
