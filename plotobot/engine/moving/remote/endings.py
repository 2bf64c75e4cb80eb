"""How rsync and ssh ended, in one sentence: what, where, what to do. Pure.

The codes are those of rsync(1), EXIT VALUES, and ssh(1): 255. What the other host printed says more
than its code where it is known, so it is asked first. It is a stranger's text: cleaned, cut, and
only ever quoted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from plotobot.engine.moving.base import DestinationAway, MoveRefused
from plotobot.engine.moving.remote.running import Ended

_LONGEST = 200
_PASSWORD = re.compile(r"(//|\s|^)([^\s/:@]+):[^\s/@]+@")


@dataclass(frozen=True, slots=True)
class _Meaning:
    words: str
    """What goes after the destination's name."""
    away: bool = False
    """Whether the same order may simply be given again."""
    full: bool = False
    by_place: bool = True
    """Whether any other plot would be refused as well."""


def _again(words: str) -> _Meaning:
    return _Meaning(words, away=True)


_FULL = _Meaning("has no room for it: free some, or take another destination", full=True)
_GONE = _again("closed the connection: it goes on from what is there when the host answers again")

# By what was printed; the first that fits. Texts of rsync 3.2.7 to 3.5.0 and OpenSSH 9.
_PRINTED: tuple[tuple[str, _Meaning], ...] = (
    (
        r"\[sender\].*(?:Permission denied|Operation not permitted|Input/output error)",
        _Meaning("did not get it: the plot cannot be read here, look at its drive", by_place=False),
    ),
    (
        r"\brrsync error",
        _Meaning("is fenced in by rrsync too tightly: use `rrsync -wo -no-del FOLDER`"),
    ),
    (r"No space left on device|\(28\)", _FULL),
    (r"Disk quota exceeded|\(122\)", _Meaning("has used up its quota: raise it", full=True)),
    (
        r"Read-only file system|module is read only",
        _Meaning("is read-only: let it be written to, or take another destination"),
    ),
    (
        r"auth failed on module",
        _Meaning("does not take the password: compare the password file with the daemon's secrets"),
    ),
    (r"Unknown module", _Meaning("has no such module: compare it with the host's rsyncd.conf")),
    (
        r"did not see server greeting|didn't get server startup line",
        _again("hangs up at once: see whether the rsync daemon is up"),
    ),
    (r"max connections .* reached", _again("has too many connections: it is tried again")),
    (
        r"@ERROR: (?:chdir|chroot) failed",
        _again("has its module's folder not there: mount its drive"),
    ),
    (r"@ERROR", _Meaning("did not let us in: look at the daemon's log")),
    (
        r"Host key verification failed|HOST IDENTIFICATION HAS CHANGED|host key is known",
        _Meaning(
            "is not known by its host key, or is another host: compare the key over there with"
            " ssh-keyscan's, then put it into known_hosts"
        ),
    ),
    (
        r"Permission denied \([a-z,-]+\)|Too many authentication failures",
        _Meaning("does not take the key: put its public half into authorized_keys over there"),
    ),
    (
        r"Load key .*:|bad permissions|UNPROTECTED PRIVATE KEY",
        _Meaning("was not reached: the private key here cannot be used, look at its file"),
    ),
    (
        r"password file must|could not open password file|secrets? file",
        _Meaning("was not reached: the password file must be there and readable for you alone"),
    ),
    (
        r"Could not resolve|Name or service not known",
        _again("is not found by its name: look at DNS"),
    ),
    (
        r"Connection refused|No route to host|Network is unreachable|timed out|Connection reset",
        _again("does not answer: see whether the host is on and the service runs"),
    ),
    (
        r"(?:[Cc]ommand|rsync:?) not found|No such file or directory: .*rsync",
        _Meaning("has no rsync: install it there"),
    ),
    (
        r"on-the-fly|unknown option|unrecognized option|configured to refuse|not supported",
        _Meaning(
            "does not take an option that keeps plots safe: install rsync 3.5.0 there and allow it"
        ),
    ),
    (
        r"Permission denied|Operation not permitted",
        _Meaning("may not be written to: look at its owner and rights"),
    ),
    (
        r"Input/output error|Stale file handle",
        _Meaning("has a disk that fails: look at its kernel log"),
    ),
)

_CODES: dict[int, _Meaning] = {
    1: _Meaning("does not take rsync's options: install rsync 3.5.0 there"),
    2: _Meaning("speaks another rsync protocol: install rsync 3.5.0 there"),
    3: _Meaning("has no such folder: make it there, or mount its drive"),
    4: _Meaning("refuses an option: look for `refuse options` in its rsyncd.conf"),
    5: _again("hangs up before it begins: see whether the rsync daemon is well"),
    6: _Meaning("cannot write its log: look at that host's disk"),
    10: _again("does not answer: see whether the host is on and the service runs"),
    11: _Meaning("cannot write the file: look at that host's disk and rights"),
    12: _GONE,
    13: _GONE,
    14: _GONE,
    20: _again("was left because rsync was told to stop: it goes on from what is there"),
    21: _again("was left because rsync lost its child process: it goes on from what is there"),
    22: _Meaning("was not reached: too little memory for rsync"),
    23: _Meaning("did not take it: read its last words", by_place=False),
    24: _Meaning("did not get it: the plot went away meanwhile", by_place=False),
    25: _Meaning(
        "stopped at a limit of deletions, which we never ask for: look at its rsyncd.conf"
    ),
    30: _again("took no byte for a minute: it goes on when the host answers again"),
    35: _again("does not answer the connection: see whether the host is on and the service runs"),
    125: _again("was left because Plotobot itself was going down"),
    126: _Meaning("was not reached: rsync or ssh cannot be run here, install it"),
    127: _Meaning("has no rsync: install it there"),
    255: _again("is not reached by SSH: try `ssh` to it by hand"),
}


def told(ended: Ended, name: str) -> MoveRefused | DestinationAway:
    """A failure as the error to raise.

    Args:
        ended: with a code other than 0.
        name: the destination, as people name it.
    """
    meaning, line = _meaning(ended)
    quote = clean(line)
    code = f"code {ended.code}" if ended.code > 0 else f"signal {-ended.code}"
    text = f"{name} {meaning.words} ({code}{': ' if quote else ''}{quote})"
    if meaning.away:
        return DestinationAway(text)
    return MoveRefused(text, full=meaning.full, by_place=meaning.by_place)


def clean(text: str) -> str:
    """A stranger's text: one line, printable, short, without passwords."""
    line = "".join(char if char.isprintable() else "?" for char in text.strip())
    line = _PASSWORD.sub(r"\1\2:***@", line)
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _meaning(ended: Ended) -> tuple[_Meaning, str]:
    """What it means, and the printed line that says most."""
    for pattern, meaning in _PRINTED:
        for line in ended.errors:
            if re.search(pattern, line):
                return meaning, line
    if ended.code < 0:
        return _again("was left because rsync was killed: it goes on from what is there"), ""
    # rsync's closing line only repeats the code.
    said = [line for line in ended.errors if not line.startswith("rsync error:")]
    unknown = _Meaning("did not take it: read its last words", by_place=False)
    return _CODES.get(ended.code, unknown), (said or [*ended.errors, ""])[-1]
