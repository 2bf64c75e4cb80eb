"""Asks a Chia full node for the fork's height. Blocking; call it in a thread.

A node answers at https://127.0.0.1:8555 to those who show a certificate of its own authority
(the files below `config/ssl` of Chia's folder). The host's name is not part of these certificates.
"""

from __future__ import annotations

import http.client
import json
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from plotobot.engine.replot.fork import USUAL_EPOCH_BITS, Fork, decided
from plotobot.errors import PlotobotError

_LARGEST_ANSWER = 1_000_000
_EPOCH_BITS = range(1, 25)


class NodeSilent(PlotobotError):  # noqa: N818 - it reads as what it is
    """The full node gives no answer that can be used; one sentence says why."""


@dataclass(frozen=True, slots=True)
class NodeAccess:
    """Where a full node listens, and what to show it."""

    cert: Path
    """`ssl/full_node/private_full_node.crt`, and so on."""
    key: Path
    ca: Path
    """`ssl/ca/private_ca.crt`."""
    host: str = "127.0.0.1"
    port: int = 8555
    seconds: float = 10.0
    """How long to wait for each answer."""


def ask_node(access: NodeAccess, now: datetime) -> Fork:
    """What the node knows of the fork: its height, the phase-out's steps, the chain's height.

    Raises:
        NodeSilent: it cannot be reached, refuses, or says something else.
    """
    constants = _constants(_ask(access, "get_constants"))
    state = _ask(access, "get_blockchain_state").get("blockchain_state")
    peak = state.get("peak") if isinstance(state, Mapping) else None
    bits = _number(constants, "PLOT_V1_PHASE_OUT_EPOCH_BITS")
    return Fork(
        height=decided(_number(constants, "HARD_FORK2_HEIGHT")),
        source="your full node",
        epoch_bits=bits if bits and bits in _EPOCH_BITS else USUAL_EPOCH_BITS,
        peak=_number(peak, "height") if isinstance(peak, Mapping) else None,
        peak_at=now,
    )


def know_fork(by_hand: Fork, access: NodeAccess | None, now: datetime) -> Fork:
    """What is known of the fork: a height set by hand goes before what a full node says."""
    if access is None:
        return by_hand
    try:
        told = ask_node(access, now)
    except NodeSilent as silent:
        return replace(by_hand, trouble=str(silent))
    if by_hand.height is None:
        return told
    return replace(told, height=by_hand.height, source=by_hand.source)


def _ask(access: NodeAccess, method: str) -> Mapping[str, Any]:
    where = f"The full node at {access.host}:{access.port}"
    for file in (access.cert, access.key, access.ca):
        if not os.path.isfile(file):  # noqa: PTH113 - Path.is_file raises where a folder is closed
            raise NodeSilent(f"{where} cannot be asked: there is no file {file}.")
    try:
        status, body = _post(access, method)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise NodeSilent(f"{where} cannot be asked: {reason}.") from error
    answer = _object(body)
    if status == http.HTTPStatus.NOT_FOUND:
        raise NodeSilent(f"{where} does not know {method}; it is older than Chia 2.7.2.")
    if status != http.HTTPStatus.OK or answer is None:
        raise NodeSilent(f"{where} answers {method} with something else (status {status}).")
    if answer.get("success") is not True:
        raise NodeSilent(f"{where} refuses {method}.")
    return answer


def _post(access: NodeAccess, method: str) -> tuple[int, bytes]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(access.ca)
    context.load_cert_chain(access.cert, access.key)
    link = http.client.HTTPSConnection(
        access.host, access.port, context=context, timeout=access.seconds
    )
    try:
        link.request("POST", f"/{method}", b"{}", {"Content-Type": "application/json"})
        answer = link.getresponse()
        return answer.status, answer.read(_LARGEST_ANSWER)
    finally:
        link.close()


def _object(body: bytes) -> Mapping[str, Any] | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _constants(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The constants, which may stand in the answer itself or in an object within it."""
    inner = answer.get("constants")
    return inner if isinstance(inner, Mapping) else answer


def _number(values: Mapping[str, Any], name: str) -> int | None:
    value = values.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
