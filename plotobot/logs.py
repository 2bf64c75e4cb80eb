"""Where Plotobot's own log goes: stderr, and a rotating file in the state directory."""

from __future__ import annotations

import logging
import logging.handlers
import os
from pathlib import Path

FILE = "plotobot.log"
MAX_BYTES = 5 * 1024**2
KEPT = 3
_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


def set_up(state_dir: Path | None = None, *, verbose: bool = False, quiet: bool = False) -> None:
    """Begin to log.

    Args:
        state_dir: where the file goes; None logs to stderr only, and so does a folder that cannot
            be written.
        verbose: also what is only of use to find a fault.
        quiet: only what is wrong, unless verbose.
    """
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    trouble = None
    if state_dir:
        try:
            handlers.append(_file(state_dir))
        except OSError as error:
            trouble = error
    level = logging.DEBUG if verbose else logging.WARNING if quiet else logging.INFO
    logging.basicConfig(level=level, format=_FORMAT, handlers=handlers, force=True)
    for name in ("discord", "aiosqlite", "asyncio", "apscheduler"):
        # Their debug lines hold whole requests, which are nobody's business.
        logging.getLogger(name).setLevel(logging.INFO if verbose else logging.WARNING)
    if trouble:
        logging.getLogger(__name__).warning("no log file in %s: %s", state_dir, trouble)


class _Rotating(logging.handlers.RotatingFileHandler):
    """Begins a new file only where the present one stands: not below a bare mount point."""

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802 - logging's name
        return bool(super().shouldRollover(record)) and Path(self.baseFilename).exists()


def _file(state_dir: Path) -> logging.Handler:
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = state_dir / FILE
    os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
    return _Rotating(path, maxBytes=MAX_BYTES, backupCount=KEPT, encoding="utf-8")
