"""Hostile XML: every document is refused, soon, in little memory, and nothing is opened for it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.hostile_documents import BAIT, CLASSES
from tests.faults.xml_reader import BEGIN, END

ROOT = Path(__file__).parents[2]
CPU_SECONDS, MEMORY = 0.4, 32 * 2**20
HARMLESS = re.compile(r'"/(?:proc|sys)/|/(?:__pycache__|site-packages)/|\.(?:py|pyc|so)"|"/etc/(?:localtime|ld\.so)')
"""What Python itself may open at any moment."""


def read(folder, how, seed, number):
    """What the reader says, and the system calls by which it opened files or connections meanwhile."""
    strace = shutil.which("strace")
    if strace is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("strace is not installed")
    trace = folder / f"trace-{how}"
    traced = [strace, "-f", "-qq", "--seccomp-bpf", "-e", "trace=open,openat,openat2,connect,socket", "-o", str(trace)]
    run = subprocess.run(
        [*traced, sys.executable, "-m", "tests.faults.xml_reader", how, str(seed), str(number)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    calls = trace.read_text(errors="replace").splitlines()
    begun = next(n for n, call in enumerate(calls) if BEGIN in call)
    ended = next(n for n, call in enumerate(calls) if END in call)
    assert begun < ended
    return json.loads(run.stdout), [call for call in calls[begun + 1 : ended] if not HARMLESS.search(call)]


@pytest.mark.claim("A32", control="test_control_without_the_gate_documents_come_through_and_files_are_opened")
def test_every_hostile_document_is_refused_and_opens_nothing(tmp_path, claim):
    told, calls = read(tmp_path, "gate", claim.seed, claim.size(push=500, night=10_000))
    assert told["let"] == {}
    assert calls == []
    assert told["slowest"] <= CPU_SECONDS, told["worst"]
    assert told["grown"] - told["largest"] <= MEMORY
    claim.measured(
        f"0 of {told['number']} accepted in {len(CLASSES)} classes, at most {1000 * told['slowest']:.0f} ms of "
        f"processor time ({told['worst']}), +{told['grown'] / 2**20:.0f} MiB with the document, no file or connection"
    )


def test_control_without_the_gate_documents_come_through_and_files_are_opened(tmp_path):
    told, calls = read(tmp_path, "bare", 1, 150)
    assert {"entity", "deep", "attributes"} <= set(told["let"])
    assert any(BAIT in call for call in calls)
