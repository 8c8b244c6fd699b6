"""The console's own files and the vendor folder, from a list made at start: no path of a request reaches the disk."""

from __future__ import annotations

import mimetypes
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from gateway.web.console.pages import STATIC

FOREVER = "public, max-age=31536000, immutable"
"""Every address holds a version (vendor) or a fingerprint (own), so a browser never needs to ask again."""


def static_files(folder: Path = STATIC) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A view that serves the files below the folder, as they are listed now."""
    listed = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    types = {name: mimetypes.guess_type(name)[0] or "application/octet-stream" for name in listed}

    async def serve(request: web.Request) -> web.StreamResponse:
        name = request.match_info["path"]
        if name not in listed:
            raise web.HTTPNotFound
        return web.FileResponse(listed[name], headers={"Cache-Control": FOREVER, "Content-Type": types[name]})

    return serve
