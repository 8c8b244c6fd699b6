"""Deliveries over SFTP to a real server, into a folder, and in calendar windows."""

from __future__ import annotations

import asyncio
import functools
from datetime import UTC, datetime, timedelta

import gateway.app
from gateway.foundation import foundation
from tests.journeys import samples
from tests.journeys.partner_files import everybody, https, partner
from tests.journeys.partner_server import partner_server
from tests.journeys.site import running, until, whole
from tests.servers.gateway_process import install
from tests.servers.proxy import proxy

WINDOW = """
[partner.batching.case-transfer]
mode = "window"
cron = "0 6 * * *"
timezone = "America/New_York"
"""


def sftp(sshd, directory, *, port=None, host_key=None):
    """Michigan's table: an endpoint at the server, or at what stands before it on another port."""
    endpoint = (
        f'adapter = "sftp"\nhost = "127.0.0.1"\nport = {port or sshd.port}\nusername = "{sshd.username}"\n'
        f'directory = "{directory}"\nkey_secret = "michigan-sftp"\nhost_key = "{host_key or sshd.fingerprint}"\n'
        "allow_private = true\ntimeout_seconds = 3\nconnect_timeout_seconds = 3"
    )
    return {"michigan": partner("michigan", endpoint)}


def lay_key(folder, sshd):
    secret = folder / "secrets" / "michigan-sftp"
    secret.write_bytes(sshd.key)
    secret.chmod(0o600)


async def test_a_file_arrives_on_the_partners_sftp_server(sqlite_url, tmp_path, sshd):
    directory = sshd.fresh_directory()
    async with whole(tmp_path, sqlite_url, changed=lambda _: sftp(sshd, directory)) as site:
        lay_key(tmp_path, sshd)
        receipt = await site.api.accepted("ohio", "csenet", samples.csenet(1, samples.ENFORCEMENT))

        async def delivered():
            found = await site.api.delivery(receipt)
            return found if found["state"] == "delivered" else None

        found = await until(delivered, "it is delivered")
        (file,) = directory.iterdir()
        assert found["id"] in file.name
        assert file.read_bytes()[samples.SERIAL] == samples.serial(1)
        assert file.stat().st_size == found["size"]


async def test_a_server_with_another_host_key_gets_nothing(sqlite_url, tmp_path, sshd):
    directory = sshd.fresh_directory()
    wrong = "SHA256:" + "A" * 43
    async with whole(tmp_path, sqlite_url, changed=lambda _: sftp(sshd, directory, host_key=wrong)) as site:
        lay_key(tmp_path, sshd)
        receipt = await site.api.accepted("ohio", "csenet", samples.csenet(1))

        async def failed():
            return (await site.api.delivery(receipt))["cause"]

        await until(failed, "the delivery fails")
        assert list(directory.iterdir()) == []


async def test_a_gateway_that_ends_leaves_no_connection_to_a_partner(sqlite_url, tmp_path, sshd):
    async with proxy(sshd.port) as files, partner_server() as partners, proxy(partners.port) as web:
        changed = sftp(sshd, sshd.fresh_directory(), port=files.port)
        changed["texas"] = partner("texas", https(web.port, "texas"))
        installed = await install(tmp_path, sqlite_url, everybody(partners.port, **changed))
        lay_key(tmp_path, sshd)
        async with running(installed, partners) as site:
            for number, to in enumerate(("michigan", "texas"), 1):
                await site.api.accepted("ohio", "csenet", samples.csenet(number, to=to))
            await until(lambda: files.busy and web.busy, "both are connected")
        await until(lambda: not files.busy and not web.busy, "both connections end", patience=2)


async def test_a_file_appears_in_a_partners_folder_complete(sqlite_url, tmp_path):
    folder = tmp_path / "exchange" / "michigan"
    endpoint = f'adapter = "folder"\ndirectory = "{folder}"'
    async with whole(tmp_path, sqlite_url, changed=lambda _: {"michigan": partner("michigan", endpoint)}) as site:
        folder.mkdir(mode=0o700)
        await site.api.accepted("ohio", "csenet", samples.csenet(1))

        def there():
            return [path for path in folder.iterdir() if not path.name.startswith(".")]

        (file,) = await until(there, "the file is there")
        assert file.read_bytes()[samples.SERIAL] == samples.serial(1)


async def test_records_wait_for_the_window_and_leave_together(sqlite_url, tmp_path, monkeypatch):
    shift = [timedelta()]
    now = datetime.now(UTC)
    # Noon in New York today: the window of 6 o'clock is 18 hours away.
    shift[0] = now.replace(hour=17, minute=0, second=0) - now

    def clock():
        return datetime.now(UTC) + shift[0]

    monkeypatch.setattr(gateway.app, "foundation", functools.partial(foundation, clock=clock))

    def changed(port):
        return {"michigan": partner("michigan", https(port, "michigan"), WINDOW)}

    async with whole(tmp_path, sqlite_url, changed=changed) as site:
        for number in range(3):
            await site.api.accepted("ohio", "csenet", samples.csenet(number))
        await asyncio.sleep(2.5)  # the gatherer has looked at least once
        assert site.partners.to("michigan") == []
        shift[0] += timedelta(hours=18, minutes=1)
        (batch,) = await until(lambda: site.partners.to("michigan"), "the window opens")
        assert all(samples.serial(number) in batch.body for number in range(3))
