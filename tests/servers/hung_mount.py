"""A mounted file system whose server never answers."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@pytest.fixture
def hung_mount(tmp_path: Path) -> Iterator[tuple[Path, Callable[[], None]]]:
    """Where it is, and what ends it: then everything on it is an error."""
    place = tmp_path / "hung"
    place.mkdir()
    try:
        server = Path("/dev/fuse").open("r+b", buffering=0)  # noqa: SIM115 - closed by the test, or below
    except OSError:
        pytest.skip("this machine does not let us serve a file system")
    options = f"fd={server.fileno()},rootmode=40000,user_id=0,group_id=0"
    mount = ["mount", "-i", "-t", "fuse", "-o", options, "synthetic", str(place)]
    try:
        if subprocess.run(mount, check=False, capture_output=True, pass_fds=[server.fileno()]).returncode:
            pytest.skip("this machine does not let us mount a file system")
        yield place, server.close
    finally:
        server.close()
        subprocess.run(["umount", "-l", str(place)], check=False, capture_output=True)
