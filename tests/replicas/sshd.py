"""A server of SFTP of the test's own, on loopback."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROGRAM = shutil.which("sshd") or "/usr/sbin/sshd"
SERVERS = ("/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/libexec/sftp-server")


@dataclass
class Server:
    """Where it listens, and what a client needs."""

    url: str
    options: dict[str, object]
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """Ends the server, and with it every connection."""
        group = os.getpgid(self.process.pid)
        os.killpg(group, 9)
        self.process.wait()


def is_here() -> bool:
    """True where a server can be started."""
    return os.access(PROGRAM, os.X_OK) and any(map(os.path.exists, SERVERS)) and shutil.which("ssh-keygen") is not None


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """A server that takes one key, for as long as it is needed."""
    folder.mkdir(mode=0o700)
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    shutil.copy(folder / "user.pub", folder / "allowed")
    os.chmod(folder / "allowed", 0o600)
    port = _free_port()
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/allowed\n"
        f"StrictModes no\nUsePAM no\nPasswordAuthentication no\nPidFile none\n"
        f"Subsystem sftp {next(filter(os.path.exists, SERVERS))}\n"
    )
    host_key = (folder / "host.pub").read_text()
    (folder / "known").write_text(f"[127.0.0.1]:{port} {host_key}")
    if os.geteuid() == 0:
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)  # it wants its folder, and has none before its first start
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            [PROGRAM, "-D", "-e", "-f", str(folder / "config")], stderr=log, stdin=subprocess.DEVNULL, process_group=0
        )
    try:
        _wait_for(port, process)
        yield Server(
            url=f"sftp://{getpass.getuser()}@127.0.0.1:{port}",
            options={"client_keys": [str(folder / "user")], "known_hosts": str(folder / "known"), "config": []},
            process=process,
        )
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
        except ConnectionRefusedError:
            continue
        return
    raise AssertionError("sshd did not start")
