"""A full node of our own, over mutual TLS, that answers as chia 2.7.5 does."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from plotobot.engine.replot.node import NodeAccess, NodeSilent, ask_node
from tests.engine.plot_files import NOW

CONSTANTS: dict[str, Any] = {
    "success": True,
    "HARD_FORK2_HEIGHT": 0xFFFFFFFA,
    "PLOT_V1_PHASE_OUT_EPOCH_BITS": 8,
    "GENESIS_CHALLENGE": "0xccd5bb71183532bff220ba46c268991a3ff07eb358e8255a65c30a2dce0e5fbb",
}
STATE: dict[str, Any] = {
    "success": True,
    "blockchain_state": {"peak": {"height": 9_624_123}, "sync": {"synced": True}},
}


class Node(BaseHTTPRequestHandler):
    """Answers what its server was told to."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        status, body = self.server.answers.get(self.path, (404, b"404: Not Found"))  # type: ignore[attr-defined]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Be quiet."""


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node's certificate and its client's from one authority, and a stranger's from another."""
    folder = tmp_path_factory.mktemp("tls")
    for authority, names in (("ca", ("node", "client")), ("stranger_ca", ("stranger",))):
        issuer = trustme.CA()
        issuer.cert_pem.write_to_path(folder / f"{authority}.crt")
        for name in names:
            made = issuer.issue_cert("127.0.0.1", common_name="Chia")
            made.cert_chain_pems[0].write_to_path(folder / f"{name}.crt")
            made.private_key_pem.write_to_path(folder / f"{name}.key")
    (folder / "README.md").write_text("no certificate")
    return folder


class Farm:
    """The node, and how to reach it."""

    def __init__(self, server: ThreadingHTTPServer, tls: Path) -> None:
        self.tls = tls
        self.answers: dict[str, tuple[int, bytes]] = {}
        server.answers = self.answers  # type: ignore[attr-defined]
        self.says(get_constants=CONSTANTS, get_blockchain_state=STATE)
        files = (tls / "client.crt", tls / "client.key", tls / "ca.crt")
        self.access = NodeAccess(*files, port=server.server_address[1], seconds=5)

    def says(self, status: int = 200, **answers: Any) -> None:
        for method, answer in answers.items():
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.answers[f"/{method}"] = (status, body)


@pytest.fixture
def node(tls: Path) -> Iterator[Farm]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Node)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls / "node.crt", tls / "node.key")
    context.load_verify_locations(tls / "ca.crt")
    context.verify_mode = ssl.CERT_REQUIRED
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield Farm(server, tls)
    server.shutdown()
    thread.join()
    server.server_close()


def test_todays_node_knows_the_chains_height_and_no_forks(node: Farm) -> None:
    fork = ask_node(node.access, NOW)

    assert (fork.height, fork.peak, fork.peak_at) == (None, 9_624_123, NOW)
    assert (fork.epoch_bits, fork.source) == (8, "your full node")


@pytest.mark.parametrize("within", [False, True], ids=["flat", "in an object"])
def test_a_node_that_knows_the_height(node: Farm, within: bool) -> None:
    known = CONSTANTS | {"HARD_FORK2_HEIGHT": 10_000_000, "PLOT_V1_PHASE_OUT_EPOCH_BITS": 7}
    node.says(get_constants={"success": True, "constants": known} if within else known)

    fork = ask_node(node.access, NOW)

    assert (fork.height, fork.epoch_bits) == (10_000_000, 7)


def test_a_node_without_a_chain_yet(node: Farm) -> None:
    node.says(get_blockchain_state={"success": True, "blockchain_state": {"peak": None}})

    assert ask_node(node.access, NOW).peak is None


@pytest.mark.parametrize(
    "odd",
    [
        {"HARD_FORK2_HEIGHT": "soon", "PLOT_V1_PHASE_OUT_EPOCH_BITS": None},
        {"HARD_FORK2_HEIGHT": -5, "PLOT_V1_PHASE_OUT_EPOCH_BITS": 10**9},
        {"HARD_FORK2_HEIGHT": True, "PLOT_V1_PHASE_OUT_EPOCH_BITS": -1},
        {"HARD_FORK2_HEIGHT": 1e300},
        {},
    ],
    ids=str,
)
def test_odd_numbers_are_no_knowledge(node: Farm, odd: dict[str, Any]) -> None:
    node.says(get_constants={"success": True, **odd}, get_blockchain_state={"success": True})

    fork = ask_node(node.access, NOW)

    assert (fork.height, fork.epoch_bits, fork.peak) == (None, 8, None)


@pytest.mark.parametrize(
    ("status", "answer", "words"),
    [
        (404, b"404: Not Found", "older than Chia 2.7.2"),
        (200, {"success": False, "error": "x", "traceback": "y"}, "refuses get_constants"),
        (500, {"success": True}, "something else (status 500)"),
        (200, b"<html>", "something else"),
        (200, b"[" * 100_000, "something else"),
        (200, b"\xff\xfe", "something else"),
        (200, [1], "something else"),
    ],
    ids=["old", "refusal", "500", "html", "deep", "no text", "list"],
)
def test_any_other_answer_is_told_in_a_sentence(
    node: Farm, status: int, answer: Any, words: str
) -> None:
    node.says(status, get_constants=answer)

    with pytest.raises(NodeSilent, match=r"^The full node at 127\.0\.0\.1:\d+ .*\.$") as told:
        ask_node(node.access, NOW)
    assert words in str(told.value)


def test_a_node_that_is_not_there(node: Farm) -> None:
    with pytest.raises(NodeSilent, match="cannot be asked: Connection refused"):
        ask_node(replace(node.access, port=1), NOW)


def test_a_node_that_never_answers(node: Farm) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as mute:
        access = replace(node.access, port=mute.getsockname()[1], seconds=0.2)
        with pytest.raises(NodeSilent, match="cannot be asked"):
            ask_node(access, NOW)


@pytest.mark.parametrize(
    "files",
    [
        {"cert": "stranger.crt", "key": "stranger.key"},
        {"ca": "stranger_ca.crt"},
        {"key": "stranger.key"},
        {"cert": "README.md"},
    ],
    ids=["not its client", "not its authority", "another key", "no certificate"],
)
def test_who_cannot_prove_himself_gets_nothing_and_gives_nothing(
    node: Farm, files: dict[str, str]
) -> None:
    with pytest.raises(NodeSilent, match="cannot be asked"):
        ask_node(replace(node.access, **{what: node.tls / one for what, one in files.items()}), NOW)


def test_a_file_that_is_not_there_is_named(node: Farm, tmp_path: Path) -> None:
    missing = tmp_path / "private_full_node.crt"

    with pytest.raises(NodeSilent, match=f"there is no file {missing}"):
        ask_node(replace(node.access, cert=missing), NOW)
