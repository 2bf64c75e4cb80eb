"""Messages without what changes from one to the next, and without what is nobody's business."""

from __future__ import annotations

import re

SHAPED = 200
"""Characters of a shape."""
_LOOKED_AT = 2000
"""Characters of a message that a shape is made of: folded first and cut then, or what is cut off
would tell apart what is the same."""

_KEYS = re.compile(r"\b(?:0x)?([0-9a-fA-F]{6})[0-9a-fA-F]{58,}\b")
_ADDRESS = re.compile(r"\b(t?xch1)[02-9ac-hj-np-z]{20,}\b")
_LOGIN = re.compile(r"(\b[a-z]+://)[^\s/@]+@")
_SECRET = re.compile(
    r"(?i)\b((?:authentication[_-]?|access[_-]?)?(?:token|secret|password|signature|api[_-]?key))"
    r"(['\"]?\s*[:=]\s*['\"]?)[^\s'\",&}]+"
)
_FOLDED = re.compile(
    r"(?P<path>(?:(?<![\w/])/|\b[A-Za-z]:\\|\\\\)[^\s'\",:;()\[\]]+)"
    r"|(?P<file>\bplot-[\w-]+\.\w+)"
    r"|(?P<hex>\b(?:0x)?(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{8,}\b)"
    r"|(?P<number>\d+(?:\.\d+)*)"
)


def shape(message: str) -> str:
    """A message's first line, with a sign in place of each path, id and number."""
    line = message.partition("\n")[0]
    return _FOLDED.sub(lambda found: f"<{found.lastgroup}>", line[:_LOOKED_AT])[:SHAPED]


def masked(message: str) -> str:
    """A message with keys, ids, addresses, logins and tokens cut short."""
    text = _KEYS.sub(r"\1…", message)
    text = _ADDRESS.sub(r"\1…", text)
    text = _LOGIN.sub(r"\1…@", text)
    return _SECRET.sub(r"\1\2…", text)
