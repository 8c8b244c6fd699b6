"""Programs of others that check what we publish: Go's ``x/mod/sumdb`` from Debian, ``@sigstore/verify`` from npm."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

from tests.servers.node import NODE

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
GO_SOURCES = Path("/usr/share/gocode")
SIGSTORE = ROOT / "node_modules" / "@sigstore" / "verify"
Ask = Callable[[Iterable[Mapping[str, object]]], list[str]]
"""Questions -> ``ok`` or why not, one for each."""


def missing(what: str) -> None:
    """Skips on a laptop, fails where all must run."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing")
    pytest.skip(f"{what} is missing: make test installs it")


def go(folder: Path) -> Ask:
    """The checker in Go, compiled into the folder."""
    if shutil.which("go") is None or not (GO_SOURCES / "src/golang.org/x/mod/sumdb").exists():
        missing("Go or golang-golang-x-mod-dev")
    places = {"GO111MODULE": "off", "GOPATH": str(GO_SOURCES), "GOCACHE": str(folder / "cache"), "CGO_ENABLED": "0"}
    program = folder / "tlog"
    source = HERE / "tlog.go"
    subprocess.run(["go", "build", "-o", program, source], env={**os.environ, **places}, check=True, cwd=folder)
    return lambda questions: _answers([str(program)], questions)


def sigstore() -> Ask:
    if NODE is None or not SIGSTORE.exists():
        missing("Node or @sigstore/verify")
    return lambda questions: _answers([NODE, str(HERE / "merkle.cjs")], questions)


def _answers(command: list[str], questions: Iterable[Mapping[str, object]]) -> list[str]:
    asked = "".join(f"{json.dumps(one)}\n" for one in questions)
    done = subprocess.run(command, input=asked.encode(), capture_output=True, check=True, cwd=ROOT)
    return done.stdout.decode().splitlines()


def inclusion(index: int, size: int, leaf: bytes, root: bytes, path: Iterable[bytes]) -> dict[str, object]:
    return {
        "Kind": "inclusion",
        "Index": index,
        "Size": size,
        "Leaf": text(leaf),
        "Root": text(root),
        "Path": [text(one) for one in path],
    }


def consistency(old: int, new: int, old_root: bytes, root: bytes, path: Iterable[bytes]) -> dict[str, object]:
    return {
        "Kind": "consistency",
        "Old": old,
        "Size": new,
        "OldRoot": text(old_root),
        "Root": text(root),
        "Path": [text(one) for one in path],
    }


def text(data: bytes) -> str:
    return b64encode(data).decode()
