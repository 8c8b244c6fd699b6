"""What all processes of a test run share: whoever asks first makes it, the process that began the run ends it.

A run of several processes would otherwise start as many brokers and clusters, at seconds of processor time each.
"""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.servers.ending import end_all, guard

FOLDER = "GATEWAY_TEST_RUN"
"""Variable that tells the processes of a run where its notes are."""

_kept: list[object] = []
_guards: list[subprocess.Popen[bytes]] = []


def once(name: str, make: Callable[[], tuple[object, Mapping[str, Any]]]) -> Mapping[str, Any]:
    """The note, as JSON keeps it, of what the first caller of the run made; the others wait for it.

    ``make`` returns what was made, too: it is kept as long as this process lives, for a handle that is let go while its
    server runs complains. The note says how it ends (:mod:`tests.servers.ending`).
    """
    note = _folder() / f"{name}.json"
    with (_folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not note.exists():
            made, telling = make()
            _kept.append(made)
            note.write_text(json.dumps(telling))
        noted: Mapping[str, Any] = json.loads(note.read_text())
        return noted


def next_number(name: str) -> int:
    """1, 2, 3 and so on, each to one caller of the run."""
    for number in itertools.count(1):
        try:
            (_folder() / f"{name}-{number}").mkdir()
        except FileExistsError:
            continue
        return number
    raise AssertionError("numbers do not end")


def _folder() -> Path:
    return Path(os.environ[FOLDER])


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        folder = tempfile.mkdtemp(prefix="run-")
        os.environ[FOLDER] = folder
        _guards.append(guard(Path(folder)))


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    end_all(Path(os.environ.pop(FOLDER)))
    _guards.pop().communicate()
