"""oidc-provider (npm) as a private process, with a page of one field for its login."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from pathlib import Path

from tests.servers.node import NODE

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_suffix(".mjs")
PACKAGE = ROOT / "node_modules" / "oidc-provider"
CLIENT, SECRET = "gateway-console", "a secret of the tests"


@asynccontextmanager
async def provider(port, back, accounts, amr=("pwd", "mfa")):
    """Runs until the end of the block. ``accounts``: id -> claims; ``amr``: what every login there says of itself."""
    client = {"client_id": CLIENT, "client_secret": SECRET, "redirect_uris": [back]}
    told = json.dumps({"port": port, "client": client, "accounts": accounts, "amr": list(amr)})
    process = await asyncio.create_subprocess_exec(
        NODE, str(SCRIPT), told, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(30):
            while (line := await process.stdout.readline()).strip() != b"ready":
                assert line, "the provider did not start"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        await process.wait()
