"""A gateway under test: a state directory of its own, set up and run through its command line as an operator would."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.servers.ports import free_port
from tests.servers.postgres import Cluster
from tests.servers.rabbitmq import Node

ROOT = Path(__file__).parent.parent
READY_SECONDS = 60.0
STOP_SECONDS = 30.0
ALL = "api,relay,dispatcher,scheduler,console,integrator"


@contextmanager
def servers() -> Iterator[tuple[Cluster, Node]]:
    """A PostgreSQL cluster (durable, as in production) and a RabbitMQ node, both private and removed afterwards."""
    node = Node()
    cluster = Cluster()
    try:
        node.begin()
        cluster.start()
        node.wait()
        yield cluster, node
    finally:
        node.stop()
        cluster.stop()


class Site:
    """One installation. ``partners`` is the text of its partner file; ``{home}`` stands for its directory."""

    def __init__(self, cluster: Cluster, node: Node, name: str, partners: str) -> None:
        self.home = Path(tempfile.mkdtemp(prefix=f"bench-{name}-"))
        self.port = free_port()
        self.database = f"bench_{name}"
        self._cluster = cluster
        self._partners = partners.replace("{home}", str(self.home))
        self._processes: list[subprocess.Popen[bytes]] = []
        self._config = self.home / "gateway.toml"
        self._configure(cluster.create_database(self.database), node.virtual_host(name))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pids(self) -> Sequence[int]:
        return [process.pid for process in self._processes]

    def _configure(self, database: str, broker: str) -> None:
        for folder in ("secrets", "out"):
            (self.home / folder).mkdir()
        self._config.write_text(
            f'log_name = "gateway.example/bench"\nsecrets = "{self.home}/secrets"\n'
            f'[db]\nurl = "{database}"\n[broker]\nurl = "{broker}"\n[keys]\ndirectory = "{self.home}/keys"\n'
            f"[api]\nport = {self.port}\n[console]\nport = 0\n[metrics]\nport = 0\n"
        )

    def prepare(self) -> None:
        """Keys, schema, partners and agreements."""
        file = self.home / "partners.toml"
        file.write_text(self._partners)
        self.command("init")
        self.command("partner", "apply", str(file))

    def key(self, partner: str) -> str:
        """A new API key of the partner."""
        return self.command("partner", "key", partner).strip()

    def command(self, *arguments: str) -> str:
        """Run one command of the gateway; its standard output. Raises RuntimeError with its complaint."""
        done = subprocess.run([*self._program(), *arguments], capture_output=True, text=True, check=False, env=_bare())
        if done.returncode != 0:
            raise RuntimeError(f"gateway {arguments[0]}: {done.stderr.strip()}")
        return done.stdout

    def _program(self) -> list[str]:
        return [str(Path(sys.executable).with_name("gateway")), "--config", str(self._config)]

    def start(self, *roles: str, environment: Mapping[str, str] | None = None, program: Sequence[str] = ()) -> None:
        """One process for each set of roles, or one with all of them; returns when the API is ready. ``program``:
        another one than the gateway's command, with the same options."""
        for number, chosen in enumerate(roles or (ALL,)):
            with (self.home / f"log-{number}").open("ab") as log:
                process = subprocess.Popen(
                    [*(program or self._program()[:1]), *self._program()[1:], "serve", "--role", chosen],
                    stdout=log,
                    stderr=log,
                    cwd=self.home,
                    env={**_bare(), "PYTHONPATH": str(ROOT), **(environment or {})},
                )
            self._processes.append(process)
        self._await_ready()

    def _await_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and all(process.poll() is None for process in self._processes):
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:  # noqa: S310 - our own loopback
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise RuntimeError(f"the gateway did not get ready:\n{self.log()}")

    def log(self) -> str:
        """The end of what its processes said."""
        return "\n".join(path.read_text(errors="replace")[-3000:] for path in sorted(self.home.glob("log-*")))

    def query(self, statement: str) -> str:
        return self._cluster.sql(statement, self.database)

    def stop(self) -> None:
        """Tell the processes to stop, and kill what does not."""
        processes, self._processes = self._processes, []
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)


@contextmanager
def site(cluster: Cluster, node: Node, name: str, partners: str) -> Iterator[Site]:
    """A prepared site, removed in the end."""
    made = Site(cluster, node, name, partners)
    try:
        made.prepare()
        yield made
    finally:
        made.remove()


def _bare() -> dict[str, str]:
    """Our environment without settings of another gateway."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
