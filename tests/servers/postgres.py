"""A private PostgreSQL cluster in a temporary directory, for tests and benchmarks, and the fixtures of databases."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gateway.store.migrations import migrate
from tests.servers.ending import await_end
from tests.servers.once import once
from tests.servers.ports import free_port
from tests.servers.server_certificate import write_certificate

ACCOUNT = "postgres"
"""Whom the daemons run as when we are root, which they refuse."""
SUPERUSER = "gateway"
START_SECONDS = 60.0


def binaries() -> Path | None:
    """Where the newest installed server's programs are, or another's that ``POSTGRES_BIN`` names to see whether the
    gateway is right with it too; None when there is none."""
    if named := os.environ.get("POSTGRES_BIN"):
        return Path(named)
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def _installed() -> Path:
    found = binaries()
    if found is None:
        raise FileNotFoundError("no PostgreSQL server is installed")
    return found


class Databases:
    """A running server, whoever began it: databases are made there, used and dropped."""

    def __init__(self, directory: Path, port: int, *, fsync: bool) -> None:
        self.directory, self.port = directory, port
        self._fsync = fsync

    def url(self, name: str) -> str:
        return f"postgresql+asyncpg://{SUPERUSER}@127.0.0.1:{self.port}/{name}"

    def create_database(self, name: str, template: str = "template0") -> str:
        """Returns the URL of the new database."""
        # Copied files cost two checkpoints, which are cheap without fsync; the log of a whole database is not.
        strategy = "WAL_LOG" if self._fsync else "FILE_COPY"
        self.sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY {strategy}')
        return self.url(name)

    def drop_database(self, name: str) -> None:
        self.sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def sql(self, statement: str, database: str = "postgres") -> str:
        """One statement; the first value of its answer, when it has one. Raises RuntimeError."""
        where = f"host=127.0.0.1 port={self.port} user={SUPERUSER} dbname={database} sslmode=disable connect_timeout=60"
        try:
            with psycopg.connect(where, autocommit=True) as connection:
                answer = connection.execute(statement.encode())
                row = answer.fetchone() if answer.description else None
        except psycopg.Error as error:
            raise RuntimeError(str(error)) from None
        return "" if row is None else str(row[0])


class Cluster(Databases):
    """One server of our own: ``start``, ``kill9``, ``restart``, ``stop`` (which removes it).

    Without ``fsync`` it is quicker: what it committed outlives every process, only not the machine.
    ``tls``: for clients that ask for it; a client that takes what there is would be slower for it.
    ``settings`` are further lines of postgresql.conf.
    """

    def __init__(self, *, fsync: bool = True, tls: bool = False, settings: Sequence[str] = ()) -> None:
        self._binaries = _installed()
        super().__init__(Path(tempfile.mkdtemp(prefix="pg-")), free_port(), fsync=fsync)
        self._tls = tls
        self._settings = tuple(settings)
        self._as_root = os.geteuid() == 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The postmaster."""
        assert self._process is not None, "the cluster is not started"
        return self._process.pid

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

    def note(self) -> Mapping[str, Any]:
        """What another process of the run needs to use it, and to end it."""
        return {"pids": [self.pid], "signal": signal.SIGINT, "folder": str(self.directory), "port": self.port}

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
            "max_connections = 300",
            "shared_buffers = '64MB'",
            "dynamic_shared_memory_type = mmap",  # in the directory: a killed server leaves nothing in /dev/shm
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
        await_end(self.directory)


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


def _shared() -> tuple[object, Mapping[str, Any]]:
    """No test cuts the power, so it needs no fsync: what a killed server committed is with the kernel already."""
    cluster = Cluster(fsync=False, tls=True)
    try:
        cluster.start()
        _migrate(cluster.create_database(TEMPLATE))
    except BaseException:
        cluster.stop()
        raise
    return cluster, cluster.note()


def _demand_server() -> None:
    """Without a server: skipped on a laptop, a failure when CI=true."""
    if binaries() is None:
        reason = "no PostgreSQL server is installed"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="session")
def postgres_cluster() -> Databases:
    """One cluster a run, with the migrated :data:`TEMPLATE`. It is everybody's: to stop it, take the breakable one."""
    _demand_server()
    note = once("postgres", _shared)
    return Databases(Path(note["folder"]), note["port"], fsync=False)


@pytest.fixture(scope="module")
def breakable_cluster() -> Iterator[Cluster]:
    """A cluster to kill."""
    _demand_server()
    cluster = Cluster(fsync=False)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def breakable_postgres_url(breakable_cluster: Cluster) -> str:
    """A migrated, empty database on the cluster to kill."""
    url = breakable_cluster.create_database("test_" + os.urandom(6).hex())
    _migrate(url)
    return url


@pytest.fixture(scope="session")
def sqlite_template() -> Path:
    """A migrated database file to copy."""
    return Path(once("sqlite", _template_file)["path"])


def _template_file() -> tuple[object, Mapping[str, Any]]:
    path = Path(tempfile.mkdtemp(prefix="sqlite-")) / "template.db"
    _migrate(f"sqlite+aiosqlite:///{path}")
    return path, {"pids": [], "signal": 0, "folder": str(path.parent), "path": str(path)}


@pytest.fixture
def postgres_url(postgres_cluster: Databases) -> Iterator[str]:
    """A migrated, empty database on PostgreSQL."""
    name = "test_" + os.urandom(6).hex()
    yield postgres_cluster.create_database(name, TEMPLATE)
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
