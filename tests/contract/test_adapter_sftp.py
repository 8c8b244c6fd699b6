"""The channel sftp: the pinned key, the connection that comes and goes, and servers that break off or offer less."""

import asyncio
import gc
import io
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncssh
import pytest
import pytest_asyncio
from aiohttp.abc import ResolveResult

from adapters.sftp import SftpAdapter
from gateway.core.errors import DeliveryFailed, Permanent, Transient, Unavailable
from gateway.core.model import AdapterName, Endpoint, Partner
from tests.contract.name_server import Names
from tests.contract.test_adapter_contract import NamedSecrets, files_of, hidden_files, parcel, partner, sftp_options
from tests.journeys.site import until
from tests.servers.sshd import Sshd

OTHER = asyncssh.generate_private_key("ssh-ed25519")


@pytest_asyncio.fixture
async def adapter(sshd: Sshd) -> AsyncIterator[SftpAdapter]:
    secrets = {"our-key": sshd.key, "other-key": OTHER.export_private_key(), "no-key": b"synthetic"}
    made = SftpAdapter(NamedSecrets(secrets), os.urandom)
    yield made
    await made.close()


def to(server: Sshd, directory: Path, **options: str | int | bool) -> Partner:
    return partner(Endpoint(AdapterName.SFTP, {**sftp_options(server, directory), **options}))


async def refused(adapter: SftpAdapter, target: Partner) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as failed:
        await adapter.hand_over(parcel(), target)
    return failed.value


async def test_another_host_key_than_the_pinned_one_is_permanent(sshd: Sshd, adapter: SftpAdapter) -> None:
    directory = sshd.fresh_directory()
    for host_key in (OTHER.export_public_key().decode().strip(), OTHER.get_fingerprint("sha256")):
        failure = await refused(adapter, to(sshd, directory, host_key=host_key))
        assert (type(failure), failure.problem) == (Permanent, "host-key-mismatch")
    assert list(directory.iterdir()) == []


async def test_the_host_key_may_be_pinned_by_its_fingerprint(sshd: Sshd, adapter: SftpAdapter) -> None:
    directory = sshd.fresh_directory()
    await adapter.hand_over(parcel(), to(sshd, directory, host_key=sshd.fingerprint))
    assert len(files_of(directory)) == 1


async def test_a_key_that_the_server_does_not_know_is_permanent(sshd: Sshd, adapter: SftpAdapter) -> None:
    failure = await refused(adapter, to(sshd, sshd.fresh_directory(), key_secret="other-key"))
    assert (type(failure), failure.problem) == (Permanent, "login-refused")


async def test_a_secret_that_is_no_key_is_our_fault(sshd: Sshd, adapter: SftpAdapter) -> None:
    with pytest.raises(Unavailable, match="key_secret"):
        await adapter.hand_over(parcel(), to(sshd, sshd.fresh_directory(), key_secret="no-key"))


async def test_a_directory_that_may_not_be_written_is_permanent(sshd: Sshd, adapter: SftpAdapter) -> None:
    failure = await refused(adapter, to(sshd, Path("/")))
    assert (type(failure), failure.problem) == (Permanent, "sftp-denied")


async def test_a_server_that_is_not_there_is_transient(sshd: Sshd, adapter: SftpAdapter, unused_tcp_port: int) -> None:
    failure = await refused(adapter, to(sshd, Path("/tmp"), port=unused_tcp_port))  # noqa: S108 - never reached
    assert (type(failure), failure.problem) == (Transient, "connect-failed")


async def test_one_connection_serves_many_deliveries_and_is_opened_again_when_it_is_gone(
    sshd: Sshd, adapter: SftpAdapter
) -> None:
    directory = sshd.fresh_directory()
    target = to(sshd, directory)
    await adapter.hand_over(parcel(number=1), target)
    first = adapter._sessions[target.key].connection
    await adapter.hand_over(parcel(number=2), target)
    assert adapter._sessions[target.key].connection is first
    # As a firewall does: the connection is dead, and we have not heard of it yet.
    first._transport.abort()
    await adapter.hand_over(parcel(number=3), target)
    assert adapter._sessions[target.key].connection is not first
    assert len(files_of(directory)) == 3


async def test_after_the_server_restarts_deliveries_go_on(sshd: Sshd, adapter: SftpAdapter) -> None:
    directory = sshd.fresh_directory()
    await adapter.hand_over(parcel(number=1), to(sshd, directory))
    sshd.stop()
    assert isinstance(await refused(adapter, to(sshd, directory, username="x")), Transient)
    sshd.start()
    await adapter.hand_over(parcel(number=2), to(sshd, directory))
    assert len(files_of(directory)) == 2


async def test_a_resend_replaces_the_file_and_leaves_no_temporary_name(sshd: Sshd, adapter: SftpAdapter) -> None:
    directory = sshd.fresh_directory()
    one = parcel()
    (directory / one.name).write_bytes(b"half of an older attempt")
    os.chown(directory / one.name, directory.stat().st_uid, directory.stat().st_gid)
    await adapter.hand_over(one, to(sshd, directory))
    assert files_of(directory) == {one.name: one.body}
    assert hidden_files(directory) == []


# --- servers that break off or offer less ---------------------------------------------------------------------------


class Plain(asyncssh.SFTPServer):
    """A server in a directory."""


class FullDisk(Plain):
    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        if offset > 100_000:
            raise asyncssh.SFTPFailure("no space")
        return super().write(file_obj, offset, data)  # type: ignore[return-value] # not awaited in this server


class Cutting(Plain):
    def __init__(self, channel: asyncssh.SSHServerChannel, root: bytes) -> None:
        super().__init__(channel, chroot=root)
        self._connection = channel.get_connection()

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        if offset > 100_000:
            self._connection.abort()
        return super().write(file_obj, offset, data)  # type: ignore[return-value] # not awaited in this server


class CuttingShort(Plain):
    """Says that it wrote what it did not."""

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        if offset <= 100_000:
            super().write(file_obj, offset, data)
        return len(data)


class Slow(Plain):
    def open(self, _path: bytes, _flags: int, _attributes: asyncssh.SFTPAttrs) -> object:
        return io.BytesIO()

    async def write(self, _file: object, _offset: int, data: bytes) -> int:
        await asyncio.sleep(4)
        return len(data)


async def test_a_server_hears_that_the_gateway_goes(sshd: Sshd) -> None:
    adapter = SftpAdapter(NamedSecrets({"our-key": sshd.key}), os.urandom)
    await adapter.hand_over(parcel(), to(sshd, sshd.fresh_directory()))
    before = sshd.said().count("Received disconnect")
    await adapter.close()
    await until(lambda: sshd.said().count("Received disconnect") > before, "the server was told")


Make = Callable[[asyncssh.SSHServerChannel, bytes], asyncssh.SFTPServer]


@pytest.mark.parametrize(
    "answers", [["127.0.0.1"], ["10.1.2.3"], ["169.254.169.254"], ["::1"], ["93.184.216.34", "127.0.0.1"]]
)
async def test_a_server_whose_name_has_a_private_address_is_refused(sshd: Sshd, answers: list[str]) -> None:
    adapter = SftpAdapter(NamedSecrets({"our-key": sshd.key}), os.urandom, lambda: Names(answers))
    directory = sshd.fresh_directory()
    failure = await refused(adapter, to(sshd, directory, host="partner.example", allow_private=False))
    assert (type(failure), failure.problem) == (Permanent, "address-refused")
    assert files_of(directory) == {}


async def test_a_server_with_a_private_address_is_reached_when_that_is_allowed(sshd: Sshd) -> None:
    """The control of the test above: the same name server, the guard off."""
    adapter = SftpAdapter(NamedSecrets({"our-key": sshd.key}), os.urandom, lambda: Names(["127.0.0.1"]))
    directory = sshd.fresh_directory()
    await adapter.hand_over(parcel(), to(sshd, directory, host="partner.example"))
    await adapter.close()
    assert len(files_of(directory)) == 1


async def test_a_second_look_up_of_a_server_with_another_answer_is_refused_as_well(sshd: Sshd) -> None:
    """DNS rebinding: public at first, ours later. The first one fails because nobody is there."""
    names = Names(["192.0.0.9"], ["127.0.0.1"])
    adapter = SftpAdapter(NamedSecrets({"our-key": sshd.key}), os.urandom, lambda: names)
    target = to(sshd, sshd.fresh_directory(), host="partner.example", allow_private=False, connect_timeout_seconds=1)
    assert [(await refused(adapter, target)).problem for _ in range(2)][1] == "address-refused"


async def test_a_server_whose_name_nobody_knows_is_tried_again_later(sshd: Sshd) -> None:
    class Nobody(Names):
        async def resolve(self, *_: object, **__: object) -> list[ResolveResult]:
            raise socket.gaierror

    adapter = SftpAdapter(NamedSecrets({"our-key": sshd.key}), os.urandom, Nobody)
    failure = await refused(adapter, to(sshd, sshd.fresh_directory(), host="partner.example"))
    assert (type(failure), failure.problem) == (Transient, "dns-failed")


@asynccontextmanager
async def serving(make: Make, root: Path) -> AsyncIterator[Partner]:
    host, client = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
    authorized = asyncssh.import_authorized_keys(client.export_public_key().decode())
    callers: list[asyncssh.SSHServerConnection] = []
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[host],
        authorized_client_keys=authorized,
        sftp_factory=lambda channel: make(channel, str(root).encode()),
        acceptor=callers.append,
    )
    options = {
        "host": "127.0.0.1",
        "port": server.get_port(),
        "allow_private": True,
        "username": "iowa",
        "directory": "/",
        "key_secret": "key",
        "host_key": host.export_public_key().decode().strip(),
        "timeout_seconds": 2,
    }
    try:
        yield partner(Endpoint(AdapterName.SFTP, options)), client.export_private_key()
    finally:
        server.close()
        for caller in callers:  # the server waits for none that is still at work
            caller.abort()
            await caller.wait_closed()


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda channel, root: FullDisk(channel, chroot=root), "sftp-failed"),
        (Cutting, "sftp-closed"),
        (lambda channel, root: CuttingShort(channel, chroot=root), "sftp-size"),
        (lambda channel, root: Slow(channel, chroot=root), "sftp-timeout"),
    ],
    ids=["full-disk", "cut-off", "cut-short", "slow"],
)
async def test_a_file_that_is_cut_off_midway_never_gets_its_final_name(
    tmp_path: Path, make: Make, problem: str
) -> None:
    one = parcel(os.urandom(1_000_000))
    said: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, trouble: said.append(trouble["message"]))
    async with serving(make, tmp_path) as (target, key):
        adapter = SftpAdapter(NamedSecrets({"key": key}), os.urandom)
        with pytest.raises(Transient) as failed:
            await adapter.hand_over(one, target)
        await adapter.close()
    assert failed.value.problem == problem
    assert files_of(tmp_path) == {}
    del failed
    await asyncio.sleep(0.1)
    gc.collect()
    assert said == [], "nothing was left to itself, which would be a traceback in the log"


async def test_a_server_without_fsync_and_atomic_rename_is_served_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What RFC drafts before OpenSSH's extensions offer: a rename that refuses to replace."""
    one = parcel(os.urandom(200_000))

    monkeypatch.setattr(asyncssh.sftp.SFTPServerHandler, "_extensions", [])
    async with serving(lambda channel, root: Plain(channel, chroot=root), tmp_path) as (target, key):
        adapter = SftpAdapter(NamedSecrets({"key": key}), os.urandom)
        for _ in range(2):
            await adapter.hand_over(one, target)
        session = adapter._sessions[target.key]
        assert not session.files._handler._supports_posix_rename
        assert not session.files._handler._supports_fsync
        await adapter.close()
    assert files_of(tmp_path) == {one.name: one.body}
    assert hidden_files(tmp_path) == []
