"""Time stamps of checkpoints: made by ``openssl ts``, published as they came, and checked by ``openssl ts`` again."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from gateway.audit.stamp import Asked, roots_of
from gateway.clock import utc_now
from gateway.core.errors import Misconfigured, Transient
from gateway.duties import _stamper
from gateway.settings import Crypto, TimestampSettings
from gateway.stamping import Authority, Stamper
from gateway.store.stamps import StoredStamps
from gateway.telemetry import Metrics
from gateway.web.parts import LogFiles
from tests.contract.api_stack import replace, running
from tests.contract.grown_log import grow, logbook_of
from tests.servers.timestamps import authority, listening, openssl


@pytest.fixture(scope="module")
def tsa(tmp_path_factory):
    return authority(tmp_path_factory.mktemp("tsa") / "authority")


@pytest.fixture
async def stack(sqlite_url, tmp_path):
    def stamped(parts):
        stamps = StoredStamps(parts.audit._database)
        return replace(parts, log=LogFiles(parts.log.checkpoint, parts.log.file, stamps))

    async with running(sqlite_url, tmp_path, change=stamped) as stack:
        yield stack


def stamper(stack, tsa, ask, told, clock=utc_now):
    roots = roots_of(tsa.root.read_bytes())
    return Stamper(stack.parts.audit, stack.parts.log.stamps, ask, roots, timedelta(hours=24), clock, told.append)


async def got(stack, path):
    answer = await stack.call(None, "GET", f"/v1/log/timestamps{path}")
    assert answer.status == 200, path
    return answer


async def test_a_stock_tool_checks_the_published_stamp_of_a_checkpoint_and_sees_a_bent_one(stack, tsa, tmp_path):
    await grow(logbook_of(stack.database), 300)
    told = []
    async with listening(tsa) as url:
        asking = Authority(url, 10)
        await stamper(stack, tsa, asking.ask, told).step()
    (row,) = (await got(stack, "")).json["rows"]
    size = row["size"]
    assert abs(told[0] - utc_now()) < timedelta(minutes=1)
    files = {"token": tmp_path / "token", "checkpoint": tmp_path / "checkpoint"}
    for name, file in files.items():
        file.write_bytes((await got(stack, f"/{size}/{name}")).body)
    assert files["checkpoint"].read_text() == (await stack.parts.audit.head()).note
    check = ("ts", "-verify", "-in", "token", "-data", "checkpoint", "-CAfile", str(tsa.root))
    assert openssl(tmp_path, *check).returncode == 0
    files["checkpoint"].write_text(files["checkpoint"].read_text().replace(f"\n{size}\n", f"\n{size + 1}\n"))
    assert openssl(tmp_path, *check).returncode != 0
    for missing in ("/1/token", "/x/token", "/99999999999999999999/checkpoint"):
        assert (await stack.call(None, "GET", f"/v1/log/timestamps{missing}")).status == 404


async def test_a_checkpoint_is_stamped_once_and_the_next_one_after_a_day(stack, tsa):
    logbook, asked, told, now = logbook_of(stack.database), [], [], utc_now()

    async def ask(query):
        asked.append(query)
        return tsa.reply(query)

    def clock():
        return now

    await grow(logbook, 5)
    one = stamper(stack, tsa, ask, told, clock)
    await one.step()
    now += timedelta(hours=25)
    await one.step()
    assert len(asked) == 1, "the log has not grown"
    await grow(logbook, 5)
    now -= timedelta(hours=2)
    await one.step()
    assert len(asked) == 1, "the stamp is not a day old"
    now += timedelta(hours=2)
    await one.step()
    assert len(asked) == len(told) == 2
    assert len(await stack.parts.log.stamps.newest(10)) == 2


async def test_what_is_no_stamp_of_this_checkpoint_by_a_known_authority_is_not_kept(stack, tsa, tmp_path):
    await grow(logbook_of(stack.database), 5)
    note = (await stack.parts.audit.head()).note.encode()
    stranger = authority(tmp_path / "stranger")
    earlier = tsa.reply(Asked.about(note).body())
    answers = {
        "by a stranger": stranger.reply,
        "of something else": lambda _query: tsa.reply(Asked.about(b"another note").body()),
        "replayed": lambda _query: earlier,
        "garbage": lambda _query: b"\x30\x03\x02\x01\x00",
        "empty": lambda _query: b"",
        "refused": lambda _query: tsa.reply(b"no query"),
    }
    for name, answer in answers.items():

        async def ask(query, answer=answer):
            return answer(query)

        with pytest.raises(Transient) as refused:
            await stamper(stack, tsa, ask, []).step()
        assert refused.value.problem == "timestamp-unfit", name
    assert await stack.parts.log.stamps.newest(1) == ()

    async def honest(query):
        return tsa.reply(query)

    await stamper(stack, tsa, honest, []).step()  # the control
    assert len(await stack.parts.log.stamps.newest(1)) == 1


async def test_an_authority_that_is_away_is_asked_again_later(stack, tsa):
    await grow(logbook_of(stack.database), 5)
    asking = Authority("http://127.0.0.1:9/tsa", 2)
    with pytest.raises(Transient):
        await stamper(stack, tsa, asking.ask, []).step()


def test_roots_that_are_none_are_refused():
    with pytest.raises(Misconfigured):
        roots_of(b"nothing")


async def test_a_log_without_an_authority_publishes_no_stamps(sqlite_url, tmp_path):
    async with running(sqlite_url, tmp_path) as stack:
        assert (await got(stack, "")).json == {"rows": []}
        assert (await stack.call(None, "GET", "/v1/log/timestamps/5/token")).status == 404


async def test_the_settings_of_a_process_make_a_stamper_or_say_what_is_wrong_with_them(tmp_path, tsa):
    chosen = TimestampSettings(url="http://127.0.0.1:9/tsa", roots=tsa.root)
    process = SimpleNamespace(
        base=SimpleNamespace(
            stores=SimpleNamespace(audit=None, stamps=None), clock=utc_now, settings=SimpleNamespace(crypto=Crypto())
        ),
        metrics=Metrics(),
    )
    assert _stamper(process, chosen).every == timedelta(hours=24)
    with pytest.raises(Misconfigured, match="roots"):
        _stamper(process, chosen.model_copy(update={"roots": tmp_path / "absent.pem"}))
