"""A gateway of its own: an installation in a temporary directory, and ``gateway serve`` on it as a real process."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway.callers import new_operator_key, new_partner_key
from gateway.clock import utc_now
from gateway.core.model import Actor, PartnerKey
from gateway.foundation import Foundation, foundation
from gateway.partner_files import read
from gateway.partner_store import apply, known
from gateway.settings import Settings, load
from keys.files import FileKeys
from tests.servers.loaded_program import GATEWAY, Fork, LoadedProgram, bare_environment

TESTER = Actor("operator", "tester")
SCOPES = frozenset({"submit", "read", "mailbox", "acknowledge", "query"})
OPERATOR = "operator"
READY_SECONDS = 60.0
STOP_SECONDS = 15.0
SECTIONS: Mapping[str, Mapping[str, Any]] = {
    "api": {"port": 0, "sandbox": True},
    "console": {"port": 0, "environment": "TEST"},
    "metrics": {"port": 0},
    # Machines are shared: a slow moment of the disk closes no door here but where a test is about it.
    "admission": {"commit_seconds": 60, "store_seconds": 60},
    # A killed process must not keep its claims for minutes, nor a lost announcement wait for one.
    "work": {"processes": 1, "lease_seconds": 4, "announce_again_seconds": 2, "shutdown_seconds": 1},
}


@dataclass(frozen=True, slots=True)
class Installation:
    """Keys, partners and callers on a migrated database. ``tokens`` are API keys by partner, and the operator's."""

    home: Path
    settings: Settings
    tokens: Mapping[str, str]

    @property
    def config(self) -> Path:
        return self.home / "gateway.toml"

    def command(self, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run one command of the gateway on this installation."""
        return subprocess.run(
            [str(GATEWAY), "--config", str(self.config), *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.home,
            env=bare_environment(),
            timeout=timeout,
        )

    async def apply(self, partners: str) -> int:
        """Set partners and agreements, as ``gateway partner apply`` does; how many changed."""
        async with foundation(self.settings) as base:
            return await _apply(base, partners)


async def install(
    home: Path, database: str, partners: str, *, broker: str | None = None, **sections: Mapping[str, Any]
) -> Installation:
    """A new installation on a migrated, empty database. ``sections`` are further settings by section."""
    await asyncio.to_thread(_lay_out, home, database, broker, sections)
    settings = load(home / "gateway.toml")
    await asyncio.to_thread(FileKeys.create, home / "keys", utc_now, secrets.token_bytes)
    async with foundation(settings) as base:
        await _apply(base, partners)
        directory = await base.stores.partners.directory()
        day = timedelta(days=1)
        tokens = {key: await new_partner_key(base, TESTER, key, SCOPES, day) for key in directory.partners}
        tokens[PartnerKey(OPERATOR)] = await new_operator_key(base, TESTER, OPERATOR, day)
    return Installation(home, settings, dict(tokens))


def _lay_out(home: Path, database: str, broker: str | None, sections: Mapping[str, Mapping[str, Any]]) -> None:
    for name in ("secrets", "exchange"):
        (home / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    lines = ['log_name = "gateway.example/test"', f"secrets = {json.dumps(str(home / 'secrets'))}"]
    tables: dict[str, dict[str, Any]] = {
        "db": {"url": database},
        "keys": {"directory": str(home / "keys")},
        **{name: dict(values) for name, values in SECTIONS.items()},
    }
    if broker is not None:
        tables["broker"] = {"url": broker}
    for name, values in sections.items():
        tables.setdefault(name, {}).update(values)
    for name, values in tables.items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    (home / "gateway.toml").write_text("\n".join(lines) + "\n")


async def _apply(base: Foundation, partners: str) -> int:
    wanted = read({"partners.toml": partners}, await base.stores.partners.directory(), known(base.speech))
    return await apply(base, TESTER, wanted)


class GatewayProcess:
    """``gateway serve`` on an installation whose API has a fixed port. What it says is kept in ``log``.

    It starts as a fork of ``program``; without one as people start it, which takes two seconds of computing longer.
    """

    def __init__(
        self,
        installed: Installation,
        program: LoadedProgram | None = None,
        *,
        roles: str | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._installed = installed
        self._program = program
        self._arguments = ["--role", roles] if roles else []
        self._settings = dict(settings or {})
        self._process: subprocess.Popen[bytes] | Fork | None = None
        port = self._settings.get("GATEWAY__API__PORT", installed.settings.api.port)
        self.url = f"http://127.0.0.1:{port}"
        self.log = installed.home / f"log-{port}"

    @property
    def pid(self) -> int:
        assert self._process is not None, "the process is not started"
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def begin(self) -> None:
        """Start it without waiting."""
        arguments = ["--config", str(self._installed.config), "serve", *self._arguments]
        home, env = self._installed.home, {**bare_environment(), **self._settings}
        with self.log.open("ab") as log:
            if self._program is not None:
                self._process = self._program.start(arguments, home, env, log, log)
                return
            self._process = subprocess.Popen(
                [str(GATEWAY), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=home,
                env=env,
                start_new_session=True,
            )

    def wait_ready(self, path: str = "/readyz") -> None:
        """Return when it answers 200. Raises RuntimeError with the end of its log when it does not."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and self.running:
            try:
                with urllib.request.urlopen(self.url + path, timeout=2):  # noqa: S310 - our own loopback address
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise RuntimeError(f"the gateway did not get ready:\n{self.log.read_text(errors='replace')[-3000:]}")

    async def start(self, path: str = "/readyz") -> None:
        self.begin()
        await asyncio.to_thread(self.wait_ready, path)

    def kill9(self) -> None:
        """What a crash does: the process and its workers end at once."""
        self._signal(signal.SIGKILL)

    async def restart(self) -> None:
        self.kill9()
        await self.start()

    def stop(self) -> None:
        """Tell it to stop; kill it when it does not."""
        self._signal(signal.SIGTERM)

    def hang_up(self) -> int | None:
        """Close its terminal; with what it ended."""
        process = self._process
        self._signal(signal.SIGHUP)
        return None if process is None else process.poll()

    def _signal(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        try:
            os.killpg(process.pid, number)
            process.wait(STOP_SECONDS)
        except ProcessLookupError:
            process.wait()
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
