"""Tokens of SoftHSM in a folder of this process's own, made ready before the library is loaded for the first time."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from keys.token import TokenAddress

MODULES = [Path("/usr/lib/softhsm/libsofthsm2.so"), *Path("/usr/lib").glob("*-linux-gnu/softhsm/libsofthsm2.so")]
PIN = "synthetic-pin"
TOKENS = 10
"""The library sees those only that are there when it is loaded."""


def token() -> TokenAddress:
    """A fresh token. Skips where SoftHSM is missing; in CI that is a failure."""
    return next(_tokens())


@functools.cache
def shared() -> TokenAddress:
    """One token for all tests of this process that make all their keys themselves: a key that is made takes the place
    of the one that an earlier test left under its id."""
    return token()


@pytest.fixture(params=["file", "token"])
def token_address(request: pytest.FixtureRequest) -> TokenAddress | None:
    """Where the keys that seal lie: None, in the key file."""
    return shared() if request.param == "token" else None


@functools.cache
def _tokens() -> Iterator[TokenAddress]:
    return _made()


def _made() -> Iterator[TokenAddress]:
    tool, module = shutil.which("softhsm2-util"), next((path for path in MODULES if path.exists()), None)
    if tool is None or module is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("softhsm2 is not installed")
    with tempfile.TemporaryDirectory(prefix="gateway-softhsm-") as name:
        folder = Path(name)
        (folder / "tokens").mkdir(mode=0o700)
        conf = folder / "softhsm2.conf"
        conf.write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n")
        os.environ["SOFTHSM2_CONF"] = str(conf)
        for number in range(TOKENS):
            words = ["--init-token", "--free", "--label", f"gateway-{number}", "--so-pin", PIN, "--pin", PIN]
            subprocess.run([tool, *words], check=True, capture_output=True)
        for number in range(TOKENS):
            yield TokenAddress(module, f"gateway-{number}", PIN)
        pytest.fail("more tokens are needed than were made ready")
