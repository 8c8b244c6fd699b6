"""An upload that breaks off leaves nothing: no submission, no record, no spooled piece."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from gateway.core.model import Page
from tests.journeys import samples
from tests.journeys.site import until, whole

RECORDS = 2_500


async def cut_upload(site, body, sent):
    """Announce the whole body, send a part of it and vanish."""
    where = urlsplit(site.api.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    head = (
        "POST /v1/submissions?format=csenet HTTP/1.1\r\nHost: gateway\r\nIdempotency-Key: cut\r\n"
        f"Authorization: Bearer {site.api.tokens['ohio']}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body[:sent])
    await writer.drain()
    return reader, writer


async def pieces(site):
    """How many pieces are spooled."""
    async with site.process.base.stores.database.read() as connection:
        return (await connection.exec_driver_sql("SELECT count(*) FROM spool")).scalar_one()


async def test_a_cut_upload_leaves_nothing_and_its_repeat_is_accepted(sqlite_url, tmp_path):
    body = b"".join(samples.csenet(number, samples.LOCATE) for number in range(RECORDS))
    async with whole(tmp_path, sqlite_url) as site:
        _, writer = await cut_upload(site, body, len(body) - 100)

        async def spooled():
            return await pieces(site)

        await until(spooled, "the body is spooled while it streams in")
        writer.transport.abort()

        async def gone():
            return not await pieces(site)

        await until(gone, "its pieces are discarded")
        assert (await site.process.base.stores.submissions.list(None, Page())).rows == ()
        again = await site.api.submit("ohio", "csenet", samples.csenet(1), "cut")
        assert again.status == 202, "the key is not used up"
        assert "Idempotent-Replayed" not in again.headers


async def test_a_small_body_that_ends_early_is_refused_and_not_kept(sqlite_url, tmp_path):
    async with whole(tmp_path, sqlite_url) as site:
        body = samples.csenet(1)
        reader, writer = await cut_upload(site, body, len(body) - 5)
        writer.write_eof()
        await asyncio.wait_for(reader.read(), 10)
        writer.close()
        assert (await site.process.base.stores.submissions.list(None, Page())).rows == ()
