"""A private PostgreSQL cluster in a temporary directory, for tests and benchmarks, and the fixtures of databases."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from gateway.store.migrations import migrate
from tests.servers.server_certificate import write_certificate

ACCOUNT = "postgres"
"""Whom the daemons run as when we are root, which they refuse."""
SUPERUSER = "gateway"
START_SECONDS = 60.0


def binaries() -> Path | None:
    """The folder of the newest installed server; None when there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


class Cluster:
    """One server of our own: ``start``, ``create_database``, ``kill9``, ``restart``, ``stop`` (which removes it).

    Without ``fsync`` it is quicker: what it committed outlives every process, only not the machine.
    ``tls``: for clients that ask for it; a client that takes what there is would be slower for it.
    ``settings`` are further lines of postgresql.conf.
    """

    def __init__(self, *, fsync: bool = True, tls: bool = False, settings: Sequence[str] = ()) -> None:
        found = binaries()
        if found is None:
            raise FileNotFoundError("no PostgreSQL server is installed")
        self._binaries = found
        self._fsync, self._tls = fsync, tls
        self._settings = tuple(settings)
        self._as_root = os.geteuid() == 0
        self._process: subprocess.Popen[bytes] | None = None
        self.directory = Path(tempfile.mkdtemp(prefix="pg-"))
        self.port = _free_port()

    @property
    def pid(self) -> int:
        """The postmaster."""
        assert self._process is not None, "the cluster is not started"
        return self._process.pid

    def url(self, name: str) -> str:
        return f"postgresql+asyncpg://{SUPERUSER}@127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        """Make the cluster if there is none yet, start the server and wait until it answers."""
        if not (self.directory / "data").exists():
            self._initialise()
        log = (self.directory / "server.log").open("ab")
        self._process = subprocess.Popen(
            self._command("postgres", "-D", str(self.directory / "data")),
            stdout=log,
            stderr=log,
            cwd=self.directory,
            start_new_session=True,
        )
        log.close()
        self._await_answer()

    def stop(self) -> None:
        """Stop the server (its clients are cut off) and remove everything."""
        self._end(signal.SIGINT)
        shutil.rmtree(self.directory, ignore_errors=True)

    def kill9(self) -> None:
        """The postmaster dies at once; its children notice and follow."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """A fast, clean restart on the same port, or a recovery after :meth:`kill9`."""
        self._end(signal.SIGINT)
        (self.directory / "data" / "postmaster.pid").unlink(missing_ok=True)
        self.start()

    def create_database(self, name: str, template: str = "template0") -> str:
        """Returns the URL of the new database."""
        # Copied files cost two checkpoints, which are cheap without fsync; the log of a whole database is not.
        strategy = "WAL_LOG" if self._fsync else "FILE_COPY"
        self.sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY {strategy}')
        return self.url(name)

    def drop_database(self, name: str) -> None:
        self.sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def sql(self, statement: str, database: str = "postgres") -> str:
        """One statement through psql; returns its unadorned output."""
        command = [
            str(self._binaries / "psql"),
            *("-h", "127.0.0.1", "-p", str(self.port), "-U", SUPERUSER, "-d", database),
            *("-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement),
        ]
        plain = {**os.environ, "PGSSLMODE": "disable"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=plain)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        return done.stdout.strip()

    def _initialise(self) -> None:
        if self._as_root:
            account = pwd.getpwnam(ACCOUNT)
            os.chown(self.directory, account.pw_uid, account.pw_gid)
        data = self.directory / "data"
        options = ("--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C", f"--username={SUPERUSER}")
        command = self._command("initdb", "-D", str(data), *options)
        subprocess.run(command, check=True, capture_output=True, cwd=self.directory, timeout=120)
        for path in write_certificate(self.directory) if self._tls else ():
            if self._as_root:
                os.chown(path, account.pw_uid, account.pw_gid)
        with (data / "postgresql.conf").open("a") as conf:
            conf.write("\n".join(self._configuration()) + "\n")

    def _configuration(self) -> Sequence[str]:
        return (
            "listen_addresses = '127.0.0.1'",
            f"port = {self.port}",
            f"unix_socket_directories = '{self.directory}'",
            f"fsync = {'on' if self._fsync else 'off'}",
            f"ssl = {'on' if self._tls else 'off'}",
            f"ssl_cert_file = '{self.directory}/certificate.pem'",
            f"ssl_key_file = '{self.directory}/key.pem'",
            "max_connections = 100",
            "shared_buffers = '64MB'",
            *self._settings,
        )

    def _command(self, program: str, *arguments: str) -> list[str]:
        """The daemons are called themselves, as an unprivileged user where we are root."""
        command = [str(self._binaries / program), *arguments]
        if not self._as_root:
            return command
        account = pwd.getpwnam(ACCOUNT)
        return ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups", *command]

    def _await_answer(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self.sql("SELECT 1")
            except RuntimeError:
                assert self._process is not None
                if self._process.poll() is not None or time.monotonic() > deadline:
                    log = (self.directory / "server.log").read_text(errors="replace")
                    raise RuntimeError(f"PostgreSQL did not start:\n{log[-2000:]}") from None
                time.sleep(0.1)
            else:
                return

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        process.wait(timeout=60)
        # After SIGKILL the children need a moment to notice; the next server would refuse their shared memory.
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and _at_work_in(self.directory / "data"):
            time.sleep(0.05)


def _at_work_in(data: Path) -> bool:
    """Whether a process of the server lives: each of them works in the data directory."""
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if link.readlink() == data:
                return True
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# --- fixtures --------------------------------------------------------------------------------------------------------

TEMPLATE = "gateway_template"


def _migrate(url: str) -> None:
    """In a thread of its own: the event loop of the tests is not ours to touch."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(migrate(url))
        except BaseException as error:  # noqa: BLE001 - handed to the waiting thread below
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """One cluster a run. Without a server: skipped on a laptop, a failure when CI=true.

    No test cuts the power, so it needs no fsync: what a killed server committed is with the kernel already.
    """
    if binaries() is None:
        reason = "no PostgreSQL server is installed"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    cluster = Cluster(fsync=False, tls=True)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="session")
def postgres_template(postgres_cluster: Cluster) -> str:
    """The name of a migrated database to clone."""
    _migrate(postgres_cluster.create_database(TEMPLATE))
    return TEMPLATE


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    _migrate(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture
def postgres_url(postgres_cluster: Cluster, postgres_template: str) -> Iterator[str]:
    """A migrated, empty database on PostgreSQL."""
    name = "test_" + os.urandom(6).hex()
    yield postgres_cluster.create_database(name, postgres_template)
    postgres_cluster.drop_database(name)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated, empty database file."""
    path = tmp_path / "gateway.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated, empty database on each of the two."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url
