"""A plot file as plain values: the JSON object of `plotobot plot --json`."""

from __future__ import annotations

import asyncio
import os
from dataclasses import asdict
from typing import Any

from plotobot.errors import NotAPlot
from plotobot.plots.headers import read_header
from plotobot.plots.proofs import ProofVerdict, check_proofs


def describe(path: str | os.PathLike[str]) -> dict[str, Any]:
    """All that the header tells, ready for JSON; `path` and `error` where it is no plot.

    Never raises for what a path or a file may be. Blocks for a few small reads.
    """
    try:
        header = asdict(read_header(path))
    except NotAPlot as error:
        return {"path": os.fspath(path), "error": str(error)}
    return header | {"format": str(header["format"]), "memo": str(header["memo"])}


def checked(path: str | os.PathLike[str], challenges: int) -> dict[str, Any]:
    """The same with a content check: `challenges`, `proofs`, `bad`, `verdict` and `damaged`.

    Blocks until it is done; must not be called within an event loop.

    Raises:
        Refusal: the content cannot be checked here; see `check_proofs`.
    """
    report = describe(path)
    if "error" in report:
        return report
    found = asyncio.run(check_proofs(os.fspath(path), challenges))
    damaged = found.verdict in (ProofVerdict.DAMAGED, ProofVerdict.CRASHED)
    told = {"challenges": found.challenges, "proofs": found.proofs, "bad": found.bad}
    return report | told | {"verdict": found.words, "damaged": damaged}
