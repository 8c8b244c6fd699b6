"""A private RabbitMQ node: free ports, a temporary directory, an unprivileged user, nothing left behind.

The daemons are called themselves, not through the distribution's service, which root may not use and which has but one
data directory.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.servers.once import next_number, once
from tests.servers.ports import free_port
from tests.servers.server_certificate import write_certificate

BIN = Path(os.environ.get("RABBITMQ_BIN", "/usr/lib/rabbitmq/bin"))
"""Where the programs of the server are; another version's, to see whether the gateway is right with it too."""
USER, PASSWORD = "gateway", "synthetic"
PROTOCOL_HEADER = b"AMQP\x00\x00\x09\x01"


def available() -> bool:
    return (BIN / "rabbitmq-server").exists() and shutil.which("epmd") is not None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node is, as another process finds it."""

    home: str
    port: int
    tls_port: int
    distribution: int
    epmd_port: int

    @property
    def name(self) -> str:
        return f"gateway{self.port}@localhost"

    def environment(self) -> dict[str, str]:
        """What the programs of the server go by."""
        return {
            "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": self.home,
            "LANG": "C.UTF-8",
            "ERL_EPMD_PORT": str(self.epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": self.name,
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self.distribution),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": f"{self.home}/rabbitmq.conf",
            "RABBITMQ_ADVANCED_CONFIG_FILE": f"{self.home}/advanced.config",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{self.home}/enabled_plugins",
            "RABBITMQ_MNESIA_BASE": f"{self.home}/mnesia",
            "RABBITMQ_LOG_BASE": f"{self.home}/log",
            "RABBITMQ_PID_FILE": f"{self.home}/pid",
            # Erlang's schedulers spin while they wait; the machine is shared with what is tested.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none",
        }


class VirtualHosts:
    """A running node, whoever began it: virtual hosts are made there and used."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._hosts: list[str] = []

    @property
    def home(self) -> Path:
        """Everything that it writes: data, logs, settings."""
        return Path(self.place.home)

    @property
    def port(self) -> int:
        return self.place.port

    @property
    def tls_port(self) -> int:
        return self.place.tls_port

    def virtual_host(self, name: str) -> str:
        """Make a virtual host if there is none of that name, which takes a second; its AMQP URL."""
        if name not in self._hosts:
            self._hosts.append(name)
            self.eval(
                f'rabbit_vhost:add(<<"{name}">>, <<"test">>), '
                f'rabbit_auth_backend_internal:set_permissions(<<"{USER}">>, <<"{name}">>, '
                '<<".*">>, <<".*">>, <<".*">>, <<"test">>).'
            )
        return self.url(name)

    def url(self, name: str) -> str:
        return f"amqp://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{name}"

    def eval(self, expression: str) -> str:
        """Run an Erlang expression on the node; its printed value."""
        return subprocess.run(
            [*_as_user(), str(BIN / "rabbitmqctl"), "-q", "eval", expression],
            env=self.place.environment(),
            cwd=self.home,
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        ).stdout


def _as_user() -> list[str]:
    if os.geteuid() != 0:
        return []
    account = pwd.getpwnam("rabbitmq")
    return ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]


class Node(VirtualHosts):
    """One broker of our own. ``begin`` and ``wait`` are apart because a start takes about 11 seconds.

    The virtual hosts ``born`` are there from the start and cost nothing.
    """

    def __init__(self, *, born: Sequence[str] = ()) -> None:
        super().__init__(Place(tempfile.mkdtemp(prefix="rabbitmq-"), *(free_port() for _ in range(4))))
        self._hosts.extend(born)
        self._server: subprocess.Popen[bytes] | None = None
        self._epmd: subprocess.Popen[bytes] | None = None
        self._prepare_home()

    # --- life --------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Start it without waiting."""
        self._write("definitions.json", json.dumps(self._definitions()))
        self._own()
        if self._epmd is None:
            # In the foreground, as our own child: an epmd that the node starts would outlive it.
            self._epmd = self._spawn("epmd", "-port", str(self.place.epmd_port), "-address", "127.0.0.1")
            self._await_port(self.place.epmd_port, time.monotonic() + 10)
        self._server = self._spawn(str(BIN / "rabbitmq-server"))

    def wait(self, timeout: float = 90) -> None:
        """Return when it greets AMQP clients. Raises RuntimeError with the end of its log when it does not."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self._server is None or self._server.poll() is not None:
                break
            if self._greets():
                return
            time.sleep(0.1)
        raise RuntimeError(f"RabbitMQ did not start:\n{self._last_words()}")

    def start(self) -> None:
        self.begin()
        self.wait()

    def kill9(self) -> None:
        """What a crash does: no flush, no farewell."""
        self._signal(signal.SIGKILL)

    def restart(self) -> None:
        """Kill it if it runs, and start it on the same ports and data."""
        self.kill9()
        self.start()

    def wipe(self) -> None:
        """Lose all data, and come back with empty virtual hosts."""
        self.kill9()
        shutil.rmtree(self.home / "mnesia", ignore_errors=True)
        self.start()

    def note(self) -> Mapping[str, Any]:
        """What another process of the run needs to use it, and to end it."""
        running = [one.pid for one in (self._server, self._epmd) if one is not None]
        return {"pids": running, "signal": signal.SIGKILL, "folder": str(self.home), "place": asdict(self.place)}

    def stop(self) -> None:
        """End it and remove its directory."""
        self._signal(signal.SIGKILL)
        epmd, self._epmd = self._epmd, None
        if epmd is not None:
            epmd.kill()
            epmd.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _prepare_home(self) -> None:
        cookie = self._write(".erlang.cookie", base64.b32encode(os.urandom(20)).decode())
        cookie.chmod(0o400)
        self._write("enabled_plugins", "[].")
        certificate, key = write_certificate(self.home)
        self._write(
            "rabbitmq.conf",
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\n"
            f"listeners.ssl.1 = 127.0.0.1:{self.tls_port}\n"
            f"ssl_options.certfile = {certificate}\n"
            f"ssl_options.keyfile = {key}\n"
            f"load_definitions = {self.home}/definitions.json\n"
            "disk_free_limit.absolute = 50MB\n"
            "log.file.level = warning\n"
            "log.console = false\n",
        )

    def _write(self, name: str, text: str) -> Path:
        path = self.home / name
        path.write_text(text)
        return path

    def _own(self) -> None:
        if os.geteuid() == 0:
            account = pwd.getpwnam("rabbitmq")
            for path in (self.home, *self.home.iterdir()):
                os.chown(path, account.pw_uid, account.pw_gid)

    def _spawn(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.home / "console").open("ab") as console:
            return subprocess.Popen(
                [*_as_user(), *command],
                env=self.place.environment(),
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )

    def _signal(self, number: signal.Signals) -> None:
        server, self._server = self._server, None
        if server is not None:
            if server.poll() is None:
                os.killpg(server.pid, number)
            server.wait()
            self._await_silence()

    def _await_silence(self) -> None:
        """The port is free again and epmd has forgotten the name."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            names = subprocess.run(
                ["epmd", "-port", str(self.place.epmd_port), "-names"], check=False, capture_output=True, text=True
            ).stdout
            if f"gateway{self.port} " not in names:
                return
            time.sleep(0.1)

    def _greets(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(PROTOCOL_HEADER)
                return connection.recv(1) == b"\x01"
        except OSError:
            return False

    def _await_port(self, port: int, deadline: float) -> None:
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.02)

    def _definitions(self) -> dict[str, object]:
        salt = os.urandom(4)
        digest = base64.b64encode(salt + hashlib.sha256(salt + PASSWORD.encode()).digest()).decode()
        return {
            "users": [
                {
                    "name": USER,
                    "password_hash": digest,
                    "hashing_algorithm": "rabbit_password_hashing_sha256",
                    "tags": "administrator",
                }
            ],
            "vhosts": [{"name": name} for name in self._hosts],
            "permissions": [
                {"user": USER, "vhost": name, "configure": ".*", "write": ".*", "read": ".*"} for name in self._hosts
            ],
        }

    def _last_words(self) -> str:
        files = [self.home / "console", *sorted((self.home / "log").glob("*.log"))]
        return "\n".join(path.read_text(errors="replace")[-2000:] for path in files if path.exists())


POOL = 24
"""Virtual hosts that the node of a test run is born with; later ones cost a second each."""


def _shared() -> tuple[object, Mapping[str, Any]]:
    node = Node(born=[f"test{number}" for number in range(1, POOL + 1)])
    try:
        node.start()
    except BaseException:
        node.stop()
        raise
    return node, node.note()


def _demand_server() -> None:
    """Without a server: skipped on a laptop, a failure when CI=true."""
    if not available():
        if os.environ.get("CI") == "true":
            pytest.fail("rabbitmq-server is not installed")
        pytest.skip("rabbitmq-server is not installed")


class Hosts:
    """Hands out virtual hosts, each once in the run."""

    def __init__(self, node: VirtualHosts) -> None:
        self._node = node

    def take(self) -> str:
        number = next_number("host")
        name = f"test{number}"
        return self._node.url(name) if number <= POOL else self._node.virtual_host(name)


@pytest.fixture(scope="session")
def rabbitmq_node() -> VirtualHosts:
    """One node for the whole run. It is everybody's: to stop it, take the breakable one."""
    _demand_server()
    return VirtualHosts(Place(**once("rabbitmq", _shared)["place"]))


@pytest.fixture(scope="session")
def rabbitmq_hosts(rabbitmq_node: VirtualHosts) -> Hosts:
    return Hosts(rabbitmq_node)


@pytest.fixture
def amqp_url(rabbitmq_hosts: Hosts) -> str:
    """An empty virtual host of the shared node, for one test."""
    return rabbitmq_hosts.take()


BREAKABLE = 8
"""Virtual hosts that a node to break is born with."""


@pytest.fixture(scope="module")
def breakable_node() -> Iterator[Node]:
    """A node to kill, to wipe and to alarm."""
    _demand_server()
    node = Node(born=[f"broken{number}" for number in range(BREAKABLE)])
    try:
        node.start()
        yield node
    finally:
        node.stop()


@pytest.fixture
def breakable_amqp_url(breakable_node: Node) -> str:
    """An empty virtual host of the node to break, for one test."""
    return breakable_node.virtual_host(f"broken{next_number('broken') - 1}")
