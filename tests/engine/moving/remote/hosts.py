"""Other hosts on loopback: a real rsync daemon, a real sshd, and a cable that can be cut."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from plotobot.engine.moving.remote.commands import Access

LOOPBACK = "127.0.0.1"
ME = pwd.getpwuid(os.geteuid()).pw_name


def free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as server:
        port: int = server.getsockname()[1]
    return port


class Service:
    """A program that listens, in a group of its own, so that its whole host can die."""

    def __init__(self, argv: list[str], port: int, log: Path) -> None:
        self.argv, self.port, self.log = argv, port, log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + 20
        while True:
            with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, self.port), 1):
                return
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, "it does not listen"
            time.sleep(0.02)

    def die(self) -> None:
        """As in a power cut: nobody of it says goodbye."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@dataclass
class Host:
    """Another host with a folder for plots, and how to get there."""

    service: Service
    folder: Path
    scheme: str
    path: str
    access: Access = field(default_factory=Access)

    def address(self, path: str | None = None, port: int | None = None) -> str:
        user = "" if self.scheme == "rsync" else f"{ME}@"
        return f"{self.scheme}://{user}{LOOPBACK}:{port or self.service.port}{path or self.path}"


def rsync_daemon(base: Path, folder: Path) -> Host:
    """A daemon with the modules plots, locked (read-only) and secret (farmer / hunter2hunter2)."""
    base.mkdir(parents=True)
    secrets = base / "secrets"
    secrets.write_text("farmer:hunter2hunter2\n")
    secrets.chmod(0o600)
    port = free_port()
    as_root = "uid = root\ngid = root\n" if os.geteuid() == 0 else ""
    config = base / "rsyncd.conf"
    config.write_text(
        f"{as_root}use chroot = no\nread only = no\nreverse lookup = no\n"
        f"log file = {base}/rsyncd.log\n"
        "refuse options = delete remove-source-files\n"
        f"[plots]\npath = {folder}\n"
        f"[locked]\npath = {folder}\nread only = yes\n"
        f"[crowded]\npath = {folder}\nmax connections = -1\n"
        f"[secret]\npath = {folder}\nauth users = farmer\nsecrets file = {secrets}\n"
    )
    argv = ["rsync", "--daemon", "--no-detach", f"--config={config}", f"--address={LOOPBACK}"]
    service = Service([*argv, f"--port={port}"], port, base / "log")
    return Host(service, folder, "rsync", "/plots")


def ssh_host(base: Path, folder: Path, forced: str = "") -> Host:
    """An sshd with throwaway keys; `forced` goes before the key in authorized_keys."""
    base.mkdir(parents=True)
    key, host_key = base / "it's a key", base / "host key"
    for file in (key, host_key):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file], check=True, timeout=30
        )
    port = free_port()
    public = host_key.with_name("host key.pub").read_text()
    known = base / "known 100% hosts"
    known.write_text(f"[{LOOPBACK}]:{port} {public}")
    authorized = base / "authorized"
    authorized.write_text(f"{forced} {key.with_name(key.name + '.pub').read_text()}".lstrip())
    config = base / "sshd_config"
    config.write_text(
        f'Port {port}\nListenAddress {LOOPBACK}\nHostKey "{host_key}"\nPidFile none\n'
        f"AuthorizedKeysFile {authorized}\nStrictModes no\nUsePAM no\nUseDNS no\n"
        "PermitRootLogin prohibit-password\nPasswordAuthentication no\n"
        "KbdInteractiveAuthentication no\nMaxStartups 100\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True, mode=0o755)
    sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin") or "sshd"
    service = Service([sshd, "-D", "-e", "-f", str(config)], port, base / "log")
    return Host(service, folder, "ssh", str(folder), Access(key=key, known_hosts=known))


class Cable:
    """A TCP proxy before a host: it counts, hangs, and can be cut."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._open: set[asyncio.StreamWriter] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self.sent = 0
        """Bytes that went to the host."""
        self.mute_after: int | None = None
        """Bytes to the host after which its next answer is swallowed, and its line cut, once."""
        self.port = 0

    async def __aenter__(self) -> Cable:
        self._server = await asyncio.start_server(self._plug, LOOPBACK, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self._flows.set()
        self.cut()
        await asyncio.sleep(0.02)

    def cut(self) -> None:
        for writer in self._open:
            writer.transport.abort()

    def hang(self) -> None:
        self._flows.clear()

    async def _plug(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, to_there = await asyncio.open_connection(LOOPBACK, self._to)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, to_there}
        self._open |= ends
        try:
            await asyncio.gather(self._pump(reader, to_there, 1), self._pump(there, writer, 0))
        finally:
            self._open -= ends
            for end in ends:
                end.transport.abort()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counts: int
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self._flows.wait()
                if not counts and self.mute_after is not None and self.sent >= self.mute_after:
                    self.mute_after = None
                    await asyncio.sleep(0.3)
                    self.cut()
                    return
                self.sent += counts * len(data)
                writer.write(data)
                await writer.drain()
            writer.write_eof()
