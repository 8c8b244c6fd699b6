"""A test run that is killed leaves no server behind: whoever works on the project would collect them for days."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
RUN = """
import os, subprocess, sys, time
from pathlib import Path
from types import SimpleNamespace
from tests.servers import once

once.pytest_configure(SimpleNamespace())
folder = Path(sys.argv[1])

def server():
    running = subprocess.Popen(["sleep", "1000"], cwd=folder, start_new_session=True)
    return running, {"pids": [running.pid], "signal": 2, "folder": str(folder), "pid": running.pid}

print(once.once("server", server)["pid"], flush=True)
time.sleep(1000)
"""
"""A run whose only test asks for a server."""


def runs(pid):
    return Path(f"/proc/{pid}/cwd").exists()


def test_a_run_that_is_killed_leaves_no_server_and_no_folder(tmp_path):
    folder = tmp_path / "server"
    folder.mkdir()
    with subprocess.Popen([sys.executable, "-c", RUN, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
        server = int(run.stdout.readline())
        assert runs(server)
        run.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and (runs(server) or folder.exists()):
        time.sleep(0.05)
    assert not runs(server)
    assert not folder.exists()
