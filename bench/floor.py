"""The hand-written server as a process of its own: the floor of what serves."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.ports import free_port
from tests.servers.postgres import Cluster
from tests.servers.rabbitmq import Node


@contextmanager
def handwritten(cluster: Cluster, node: Node, partner_port: int) -> Iterator[tuple[str, int]]:
    """``handwritten.py``, listening; its address and process id."""
    port = free_port()
    database = cluster.create_database("handwritten").replace("postgresql+asyncpg", "postgresql")
    environment = {**os.environ, "PGURL": database, "AMQP": node.virtual_host("handwritten")}
    script = str(Path(__file__).with_name("handwritten.py"))
    command = [sys.executable, script, str(port), f"http://127.0.0.1:{partner_port}/"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout is None or not process.stdout.readline():
                raise RuntimeError("the handwritten server did not start")
            yield f"http://127.0.0.1:{port}/in", process.pid
        finally:
            process.terminate()
