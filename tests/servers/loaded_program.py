"""Starts of ``gateway`` without loading it, which takes longer than most commands: forks of a process that did.

A fork is a process of its own, with session, folder, environment, files and limits as ``subprocess.Popen`` gives them.
``test_command_line.py`` and ``test_canaries.py`` start the program itself.
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import pytest

GATEWAY = Path(sys.executable).with_name("gateway")
ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
"""Seconds: loading takes two."""


def bare_environment() -> dict[str, str]:
    """Our environment without settings of another gateway."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}


class Fork:
    """One started process, as ``subprocess.Popen`` shows it. Its parent is another one, so it is known by a handle."""

    def __init__(self, program: LoadedProgram, pid: int, handle: int) -> None:
        self.pid = pid
        self._program = program
        self._handle: int | None = handle
        self._code: int | None = None
        self._end = threading.Lock()

    def poll(self) -> int | None:
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, negative after a signal. Raises subprocess.TimeoutExpired."""
        with self._end:
            if self._handle is not None:
                ending = select.poll()
                ending.register(self._handle, select.POLLIN)
                if not ending.poll(None if timeout is None else timeout * 1000):
                    raise subprocess.TimeoutExpired([str(GATEWAY)], timeout or 0)
                self._code = self._program.ended(self.pid)
                os.close(self._handle)
                self._handle = None
        assert self._code is not None
        return self._code


class LoadedProgram:
    """``start`` is ``subprocess.Popen`` of the program; ``limits`` are those of the operating system by name."""

    def __init__(self) -> None:
        self._link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._link.settimeout(PATIENCE)
        self._one_at_a_time = threading.Lock()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.servers.forking", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                cwd=ROOT,
                env=bare_environment(),
                pass_fds=[theirs.fileno()],
            )

    def start(
        self,
        arguments: Sequence[object],
        cwd: Path,
        env: Mapping[str, str],
        out: IO[bytes],
        err: IO[bytes],
        limits: Mapping[str, tuple[int, int]] | None = None,
    ) -> Fork:
        words = [str(one) for one in (GATEWAY, *arguments)]
        wish = {"arguments": words, "cwd": str(cwd), "env": dict(env), "limits": dict(limits or {})}
        with self._one_at_a_time:
            socket.send_fds(self._link, [json.dumps(wish).encode()], [out.fileno(), err.fileno()])
            told, handles, _, _ = socket.recv_fds(self._link, 32, 1)
        return Fork(self, int(told), handles[0])

    def ended(self, pid: int) -> int:
        """The exit code of a fork that has ended."""
        return int(self._ask({"ended": pid}))

    def _ask(self, wish: Mapping[str, Any]) -> bytes:
        with self._one_at_a_time:
            self._link.send(json.dumps(wish).encode())
            return self._link.recv(32)

    def close(self) -> None:
        """Forks that still run go on."""
        self._link.close()
        self._process.wait(PATIENCE)


@pytest.fixture(scope="session")
def loaded_program() -> Iterator[LoadedProgram]:
    program = LoadedProgram()
    yield program
    program.close()
