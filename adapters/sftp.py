"""The channel ``sftp``: one file a delivery, with a key as the only credential and the server's key pinned.

The file appears under its final name complete: temporary name in the same directory, fsync where the server offers it,
size compared, renamed over whatever an earlier attempt left. Nothing that the server names is ever used.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import asyncssh

from adapters.approved import refuse_key, ssh_options
from adapters.kit import Kit
from adapters.options import Option, Options, complete, ours, wrong
from adapters.reach import (
    ALLOW_PRIVATE,
    DEFAULT_RESOLVER,
    NewResolver,
    check_host,
    guarded,
    reached,
)
from adapters.sftp_failures import translated
from adapters.sftp_files import quietly, replace, write
from gateway.core.errors import DeliveryFailed, Misconfigured, Transient
from gateway.core.ids import Random
from gateway.core.model import Endpoint, Partner, PartnerKey
from gateway.core.ports.adapters import Handover, Parcel, Secrets

KEEPALIVE_SECONDS = 30

OPTIONS: Mapping[str, Option] = {
    "host": Option(str, "name or address of the server"),
    "port": Option(int, "its port", default=22, most=65_535),
    "allow_private": ALLOW_PRIVATE,
    "username": Option(str, "the account that the partner gave us"),
    "directory": Option(str, "where files are laid down, seen from the account", default="."),
    "key_secret": Option(str, "name of the secret that is our private key"),
    "host_key": Option(str, "the server's public key in OpenSSH's form, or its SHA256: fingerprint"),
    "timeout_seconds": Option(int, "for one file", default=120, most=7_200),
    "connect_timeout_seconds": Option(int, "for the connection and the login", default=15, most=300),
}

_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")


@dataclass(frozen=True, slots=True)
class Route:
    """A partner's endpoint, read."""

    host: str
    port: int
    private: bool
    username: str
    directory: str
    key_secret: str
    host_key: str = field(repr=False)
    timeout: int
    connect_timeout: int

    def path(self, name: str) -> str:
        return f"{self.directory.rstrip('/')}/{name}" if self.directory != "/" else f"/{name}"


@dataclass(frozen=True, slots=True)
class Session:
    """An open connection of a partner, and the endpoint that it was opened for."""

    endpoint: Endpoint
    connection: asyncssh.SSHClientConnection
    files: asyncssh.SFTPClient


class PinnedClient(asyncssh.SSHClient):
    """Accepts one host key, known by its fingerprint."""

    def __init__(self, fingerprint: str) -> None:
        self._fingerprint = fingerprint

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002 - asyncssh's signature
        return key.get_fingerprint("sha256") == self._fingerprint


def check(options: Options) -> None:
    """Raises Misconfigured for a host that must not be reached, a host key that is none, or a directory that climbs."""
    found = complete(options, OPTIONS)
    check_host("host", str(found["host"]), private=bool(found["allow_private"]))
    if ".." in str(found["directory"]).split("/"):
        raise wrong("directory", "must not contain ..")
    host_key = str(found["host_key"])
    if not _FINGERPRINT.fullmatch(host_key):
        _public_key(host_key)


def _public_key(line: str) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_public_key(line)
    except (asyncssh.KeyImportError, ValueError):
        raise wrong("host_key", "must be an OpenSSH public key or a SHA256: fingerprint") from None


class SftpAdapter:
    """The port ``Adapter`` over SFTP. One connection a partner, opened when needed and again when it is gone."""

    def __init__(
        self, secrets: Secrets, random: Random, resolver: NewResolver = DEFAULT_RESOLVER, *, restricted: bool = False
    ) -> None:
        self._secrets, self._resolver, self._restricted = secrets, resolver, restricted
        # In temporary names: another process that still writes the same delivery must not have its file renamed by us.
        self._mark = random(4).hex()
        self._sessions: dict[PartnerKey, Session] = {}
        self._opening: dict[PartnerKey, asyncio.Lock] = {}

    @classmethod
    def of(cls, kit: Kit) -> SftpAdapter:
        return cls(kit.secrets, kit.random, restricted=kit.restricted)

    async def hand_over(self, parcel: Parcel, partner: Partner) -> Handover:
        try:
            route = _route(partner.endpoint)
            try:
                return await self._upload(parcel, partner, route, reused=self._open_session(partner) is not None)
            except (asyncssh.Error, OSError) as error:
                raise translated(error) from error
        except Misconfigured as error:
            raise ours(error) from error

    async def close(self) -> None:
        sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
            session.connection.close()  # says so, without waiting whether anybody listens
            await session.connection.wait_closed()

    async def _upload(self, parcel: Parcel, partner: Partner, route: Route, *, reused: bool) -> Handover:
        session = await self._session(partner, route)
        try:
            async with asyncio.timeout(route.timeout):
                await self._place(session.files, route, parcel)
        except (asyncssh.DisconnectError, asyncssh.SFTPNoConnection, asyncssh.SFTPConnectionLost, OSError) as error:
            self._drop(partner.key, session)
            if reused and not isinstance(error, TimeoutError):
                # The server hung up while nobody looked: that is no failed attempt yet.
                return await self._upload(parcel, partner, route, reused=False)
            raise
        return Handover(answer=parcel.name)

    async def _place(self, files: asyncssh.SFTPClient, route: Route, parcel: Parcel) -> None:
        temporary = route.path(f".{parcel.name}.{self._mark}.part")
        try:
            size = await write(files, temporary, parcel.body)
            if size is not None and size != len(parcel.body):
                raise Transient("the server holds another number of bytes than we sent", code="sftp-size")
            await replace(files, temporary, route.path(parcel.name))
        except (asyncssh.SFTPError, DeliveryFailed):
            await quietly(files.remove(temporary))
            raise

    async def _session(self, partner: Partner, route: Route) -> Session:
        async with self._opening.setdefault(partner.key, asyncio.Lock()):
            session = self._open_session(partner)
            if session is None:
                if (stale := self._sessions.get(partner.key)) is not None:
                    self._drop(partner.key, stale)
                session = self._sessions[partner.key] = await self._connect(partner.endpoint, route)
            return session

    def _open_session(self, partner: Partner) -> Session | None:
        session = self._sessions.get(partner.key)
        if session is None or session.endpoint != partner.endpoint or session.connection.is_closed():
            return None
        return session

    def _drop(self, partner: PartnerKey, session: Session) -> None:
        session.connection.abort()
        if self._sessions.get(partner) is session:
            del self._sessions[partner]

    async def _connect(self, endpoint: Endpoint, route: Route) -> Session:
        key = _private_key(self._secrets.secret(route.key_secret))
        by_fingerprint = _FINGERPRINT.fullmatch(route.host_key) is not None
        pinned = None if by_fingerprint else _public_key(route.host_key)
        if self._restricted:
            refuse_key(key, "endpoint.key_secret")
        connection = await self._logged_in(route, pinned, key)
        try:
            if self._restricted and (shown := connection.get_server_host_key()) is not None:
                refuse_key(shown, "endpoint.host_key")
            async with asyncio.timeout(route.connect_timeout):
                return Session(endpoint, connection, await connection.start_sftp_client())
        except BaseException:
            connection.abort()
            raise

    async def _logged_in(
        self, route: Route, pinned: asyncssh.SSHKey | None, key: asyncssh.SSHKey
    ) -> asyncssh.SSHClientConnection:
        """A connection to an address that was judged, to whoever holds the pinned host key."""
        async with asyncio.timeout(route.connect_timeout):
            joined = await reached(route.host, route.port, guarded(self._resolver(), private=route.private))
        try:
            return await asyncssh.connect(
                route.host,
                route.port,
                sock=joined,
                username=route.username,
                client_keys=[key],
                known_hosts=([] if pinned is None else [pinned], [], []),
                client_factory=lambda: PinnedClient(route.host_key if pinned is None else ""),
                preferred_auth=["publickey"],
                agent_path=None,
                config=None,
                connect_timeout=route.connect_timeout,
                login_timeout=route.connect_timeout,
                keepalive_interval=KEEPALIVE_SECONDS,
                **(ssh_options(pinned) if self._restricted else {}),
            )
        except BaseException:
            joined.close()
            raise


def _route(endpoint: Endpoint) -> Route:
    check(endpoint.options)
    found = complete(endpoint.options, OPTIONS)
    return Route(
        str(found["host"]),
        int(found["port"]),
        bool(found["allow_private"]),
        str(found["username"]),
        str(found["directory"]),
        str(found["key_secret"]),
        str(found["host_key"]),
        int(found["timeout_seconds"]),
        int(found["connect_timeout_seconds"]),
    )


def _private_key(secret: bytes) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_private_key(secret)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError):
        raise wrong("key_secret", "must name a private key without a passphrase") from None
