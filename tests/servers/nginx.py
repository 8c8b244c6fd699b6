"""A private nginx in front of a gateway: what people put there, with connections to it that are kept."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers.ports import free_port

NGINX = Path("/usr/sbin/nginx")
PATIENCE = 10.0
CONFIG = """
daemon off; master_process off; pid {home}/pid; error_log {home}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/f;
  uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
  upstream gateway {{ server 127.0.0.1:{upstream}; keepalive 4; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://gateway; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header X-Forwarded-Id $request_id; proxy_request_buffering off; proxy_next_upstream off;
      proxy_ignore_client_abort on;
    }}
  }}
}}
"""


@contextmanager
def nginx(upstream: int) -> Iterator[int]:
    """A proxy before the port ``upstream``: its own port. Every request that it sends on has a ``X-Forwarded-Id``."""
    if not NGINX.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("nginx is not installed")
        pytest.skip("nginx is not installed")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="nginx-") as home:
        config = Path(home) / "nginx.conf"
        config.write_text(CONFIG.format(home=home, port=port, upstream=upstream))
        command = [str(NGINX), "-p", home, "-c", str(config), "-e", f"{home}/error.log"]
        server = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            _await(server, port, Path(home))
            yield port
        finally:
            server.terminate()
            server.wait()


def _await(server: subprocess.Popen[bytes], port: int, home: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    log = home / "error.log"
    raise RuntimeError(f"nginx did not start:\n{log.read_text() if log.exists() else ''}")
