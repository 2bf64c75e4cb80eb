"""Addresses on other hosts, as farmers write them.

rsync://[user@]host[:port]/module[/folder]   an rsync daemon
ssh://[user@]host[:port]/folder              rsync over SSH
[user@]host:/folder                          the same, as scp writes it
"""

from __future__ import annotations

import re
from dataclasses import dataclass

FORMS = "rsync://host/module/folder, ssh://user@host/folder or user@host:/folder"
_HOST = r"(?P<host>\[[0-9A-Fa-f:.]+(?:%[\w.]+)?\]|[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?)"
_USER = r"(?:(?P<user>[A-Za-z0-9_][A-Za-z0-9_.+-]*)@)?"
_URL = re.compile(rf"(?P<scheme>rsync|ssh)://{_USER}{_HOST}(?::(?P<port>\d{{1,5}}))?(?P<path>/.*)")
_SCP = re.compile(rf"{_USER}{_HOST}:(?P<path>/(?!/).*)")
_REMOTE = re.compile(r"(?:rsync|ssh)://|[^/\\:]{2,}:/|[^/\\]*@[^/\\]*:|[^/\\]{2,}::", re.IGNORECASE)
_PASSWORD = re.compile(r"^(?:[a-z]+://)?[^/@]*:[^/]*@", re.IGNORECASE)
# rsync on the other host expands these itself, whatever is quoted (man rsync, --secluded-args); a
# backtick goes to the host's shell as it is (measured with 3.2.7).
_EXPANDED = "*?[]\\`"


@dataclass(frozen=True, slots=True)
class RsyncAddress:
    """A folder on another host."""

    host: str
    path: str
    """From `/`: of the host, of the folder that rrsync fences the key into, or of the daemon, where
    the first part is the module."""
    user: str | None = None
    port: int | None = None
    daemon: bool = False

    @property
    def name(self) -> str:
        """As people write it; there is never a secret in it."""
        if not self.daemon and self.port is None:
            return f"{self.login}:{self.path}"
        port = "" if self.port is None else f":{self.port}"
        return f"{'rsync' if self.daemon else 'ssh'}://{self.login}{port}{self.path}"

    @property
    def login(self) -> str:
        """The host, with the user where one was given."""
        return self.host if self.user is None else f"{self.user}@{self.host}"

    @property
    def target(self) -> str:
        """As rsync takes it; it ends with a slash, so that it can only mean a folder."""
        name = self.name if self.daemon else f"{self.login}:{self.path}"
        return name.rstrip("/") + "/"


def is_address(text: str) -> bool:
    """Whether a farmer's words mean another host rather than a folder here."""
    return _REMOTE.match(text) is not None


def parse_address(text: str) -> RsyncAddress:
    """Read an address.

    Raises:
        ValueError: it cannot be used; the text is one sentence, without the address if a password
            may be in it.
    """
    text = text.strip()
    if _PASSWORD.match(text):
        raise ValueError(
            "an rsync address has a password in it, where every log would show it:"
            " put it alone into a file that only you can read, and name that file"
        )
    found = _URL.fullmatch(text) or _SCP.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no rsync address: write {FORMS}")
    parts = found.groupdict()
    port = _port(text, parts.get("port"))
    daemon = parts.get("scheme") == "rsync"
    path = _path(text, parts["path"])
    if daemon and path == "/":
        raise ValueError(f"{text!r} names no module: write {FORMS}")
    return RsyncAddress(parts["host"], path, parts["user"], port, daemon)


def _port(text: str, port: str | None) -> int | None:
    if port is None:
        return None
    if not 0 < int(port) < 65536:
        raise ValueError(f"{text!r} has no such port: it is 1 to 65535")
    return int(port)


def _path(text: str, path: str) -> str:
    parts = [part for part in path.split("/") if part]
    if ".." in parts:
        raise ValueError(f"{text!r} goes up by '..': write the folder itself")
    if any(char in _EXPANDED or not char.isprintable() for char in path):
        raise ValueError(f"{text!r} has one of {' '.join(_EXPANDED)} or a control character in it")
    return "/" + "/".join(parts)
