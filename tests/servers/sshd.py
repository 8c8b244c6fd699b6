"""A private sshd that offers nothing but SFTP: generated keys, a temporary directory, an unprivileged user."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest

from tests.servers.ports import free_port

SSHD = Path("/usr/sbin/sshd")


def available() -> bool:
    return SSHD.exists()


class Sshd:
    """One server. ``key`` logs in as ``username``; files land in ``directory``."""

    def __init__(self) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="sshd-"))
        self._account = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        self._server: subprocess.Popen[bytes] | None = None
        host, client = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
        self.host_key = host.export_public_key().decode().strip()
        self.fingerprint = host.get_fingerprint("sha256")
        self.key = client.export_private_key()
        self.username = self._account.pw_name
        self.directory = self._home / "files"
        self.port = free_port()
        self._prepare(host, client)

    def start(self) -> None:
        command = [str(SSHD), "-D", "-e", "-f", str(self._home / "sshd_config")]
        if os.geteuid() == 0:
            who = [f"--reuid={self._account.pw_uid}", f"--regid={self._account.pw_gid}"]
            command = ["setpriv", *who, "--clear-groups", *command]
        with (self._home / "log").open("ab") as log:
            self._server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._home)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self._server.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"sshd did not start:\n{self.said()[-2000:]}")

    def stop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.terminate()
            server.wait()

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._home, ignore_errors=True)

    def said(self) -> str:
        """What it has logged."""
        return (self._home / "log").read_text(errors="replace")

    def fresh_directory(self) -> Path:
        """An empty directory that the account may write, for one test."""
        path = Path(tempfile.mkdtemp(dir=self.directory))
        self._give(path)
        return path

    def _prepare(self, host: asyncssh.SSHKey, client: asyncssh.SSHKey) -> None:
        # Without PAM an unprivileged sshd takes every account whose shadow entry it cannot read for a locked one.
        self.directory.mkdir()
        host.write_private_key(self._home / "host_key")
        client.write_public_key(self._home / "authorized_keys")
        (self._home / "sshd_config").write_text(
            f"ListenAddress 127.0.0.1\nPort {self.port}\n"
            f"HostKey {self._home}/host_key\nAuthorizedKeysFile {self._home}/authorized_keys\n"
            "PidFile none\nStrictModes no\nUsePAM yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
            "PermitRootLogin no\nSubsystem sftp internal-sftp\nForceCommand internal-sftp\n"
            "DisableForwarding yes\nMaxStartups 50\n"
        )
        for path in (self._home, *self._home.iterdir()):
            self._give(path)
        (self._home / "host_key").chmod(0o600)

    def _give(self, path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, self._account.pw_uid, self._account.pw_gid)


@pytest.fixture(scope="session")
def sshd() -> Iterator[Sshd]:
    """One server for the whole run; tests take a directory each."""
    if not available():
        if os.environ.get("CI") == "true":
            pytest.fail("openssh-server is not installed")
        pytest.skip("openssh-server is not installed")
    server = Sshd()
    try:
        server.start()
        yield server
    finally:
        server.remove()
