"""Commands of the gateway, each in a process of its own that has loaded the program already."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from tests.servers.gateway_process import Installation
from tests.servers.loaded_program import LoadedProgram, bare_environment

PATIENCE = 60.0
"""Seconds that a command may take."""


class CommandLine:
    """Runs commands; none sees anything of the one before but files."""

    def __init__(self, program: LoadedProgram) -> None:
        self._program = program

    def run(
        self,
        arguments: Sequence[object],
        cwd: Path,
        settings: Mapping[str, str],
        *,
        binary: bool = False,
        patience: float = PATIENCE,
    ) -> subprocess.CompletedProcess[str] | subprocess.CompletedProcess[bytes]:
        words = [str(one) for one in arguments]
        with TemporaryFile() as out, TemporaryFile() as err:
            started = self._program.start(words, cwd, {**bare_environment(), **settings}, out, err)
            code = started.wait(patience)
            said, warned = _written(out), _written(err)
        if binary:
            return subprocess.CompletedProcess(words, code, said, warned)
        return subprocess.CompletedProcess(words, code, said.decode(), warned.decode())

    def on(self, installed: Installation, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run one command on an installation."""
        return self.run(["--config", installed.config, *arguments], installed.home, {})


def _written(file) -> bytes:
    file.seek(0)
    return file.read()


@pytest.fixture(scope="session")
def command_line(loaded_program: LoadedProgram) -> CommandLine:
    return CommandLine(loaded_program)
