"""The index key is replaced while records come and go: cases stay whole, and no protected person is lost."""

import os
from datetime import timedelta

import pytest

from gateway.core.erasure import Erasure
from gateway.core.errors import Conflict
from gateway.core.model import Actor, DeliveryState, Ordering, Page, PartnerKey, RecordId
from gateway.core.people import renewed, under, unpacked
from gateway.core.ports.records import RecordQuery
from gateway.core.retention import Hold, HoldScope
from gateway.key_rounds import COOLED, Ending, KeyEnd, index_keys
from gateway.key_rows import KeyRows
from gateway.store.erasing import erase
from gateway.work.protection import RegisterWatch
from gateway.work.reindex import IndexPace, Reindexer
from keys.files import FileKeys
from keys.ring import KNOWN
from keys.states import KeyState, KeyUse
from tests.unit.test_work_protection import ASSISTANCE, MARK, case, of_texas, owed
from tests.unit.work_site import MICHIGAN, OHIO, TEXAS, agreement, open_site, partner

INDEX = KeyUse.INDEX, "search"
ONE, TWO = Actor("operator", "one"), Actor("operator", "two")


@pytest.fixture
async def site(sqlite_url, tmp_path):
    async with open_site(sqlite_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def guarded(site):
    """Another program, which gets nothing about protected persons."""
    site.know(ASSISTANCE, agreements=(agreement(MICHIGAN, OHIO), agreement(TEXAS, OHIO)))
    return site


def indexer(site):
    return site.questions.indexer


def rotate(site):
    """As an operator does it: prepare, wait until everybody knows, rotate. Returns the old key's id."""
    site.keys.prepare("search", KeyUse.INDEX)
    indexer(site).refresh()
    site.now += KNOWN
    site.keys.rotate("search", KeyUse.INDEX)
    indexer(site).refresh()
    return site.keys.ring.found(*INDEX, KeyState.DECRYPT_ONLY).facts.id


def job(site, page=50):
    return Reindexer(
        site.stores.indexed,
        indexer(site),
        site.sealer,
        site.speech.canonical,
        lambda: index_keys(site.keys.reload()),
        site.scribe,
        site.clock,
        IndexPace(page, 10**9, timedelta()),
    )


async def indexed_anew(site):
    reindexer = job(site)
    while await reindexer.step():
        pass
    return reindexer


def rows(site):
    return KeyRows(site.keys, site.stores.sealed, site.stores.callers, site.stores.indexed)


async def end(site, key):
    site.now += COOLED
    await Ending(site.keys, rows(site), site.stores.extracts, site.stores.audit, site.scribe, site.clock).destroy(
        KeyEnd(key, ONE, TWO)
    )
    indexer(site).refresh()


def tokens(site, number="MI10000001"):
    return indexer(site).tokens(f"case:{MICHIGAN}", number)


async def filed(site, *cases):
    return len((await site.stores.records.search(RecordQuery(cases=cases), Page(100))).rows)


async def erased(site, record):
    wanted = Erasure(record, "rule", "policy", "run", site.now, site.now)
    async with site.database.write() as connection:
        assert await erase(connection, [wanted], [], []) == (record,)


def ids(site):
    return [RecordId(one) for (one,) in site.rows("SELECT id FROM records ORDER BY id")]


async def restarted(site):
    """What another process knows of the register."""
    watch = RegisterWatch(site.stores.notices, site.stores.overrides)
    await watch.refresh()
    site.router.register._placers = watch.register._placers
    site.router.register._fresh.clear()


# --- cases -----------------------------------------------------------------------------------------------------------


async def test_a_case_is_found_as_a_whole_before_during_and_after_a_rotation(site):
    await site.owe(1, 2)
    await site.owe(3, case="MI10000002")
    old = rotate(site)
    assert await filed(site, *tokens(site)) == 2, "asked under both keys"
    await site.owe(4)
    assert await filed(site, tokens(site)[0]) == 3, "a new record moves its case"
    assert (await rows(site).counts())[old] == 3
    done = await indexed_anew(site)
    assert (done.moved, done.broken, (await rows(site).counts())[old]) == (3, 0, 0)
    assert await filed(site, tokens(site, "MI10000002")[0]) == 1
    await end(site, old)
    assert len(tokens(site)) == 1
    assert (await filed(site, *tokens(site)), await filed(site, *tokens(site, "MI10000002"))) == (3, 1)
    assert await site.actions(f"key:{old}") == ["key.destroyed"]
    assert await site.actions("index") == ["key.reindexed"]


async def test_control_without_the_job_the_case_is_lost_to_the_new_key_and_the_old_one_is_kept(site):
    await site.owe(1, 2)
    old = rotate(site)
    assert await filed(site, tokens(site)[0]) == 0
    with pytest.raises(Conflict, match="2 rows") as caught:
        await end(site, old)
    assert caught.value.problem == "key-in-use"


async def test_a_job_cut_off_after_any_page_goes_on_and_repeats_nothing(site):
    await site.owe(*range(1, 8))
    old, moved = rotate(site), 0
    while (await rows(site).counts())[old]:
        cut = job(site, page=2)
        await cut.step()
        moved += cut.moved
    assert moved == 7
    assert await filed(site, tokens(site)[0]) == 7


async def test_records_of_a_case_keep_their_order_across_a_rotation(site):
    site.know(partner(OHIO, "39", ordering=Ordering.CASE))
    first = await site.owe(1)
    rotate(site)
    second = await site.owe(2)
    assert len({one for (one,) in site.rows("SELECT lane FROM deliveries")}) == 1
    assert await site.states([*first, *second]) == [DeliveryState.PENDING] * 2


async def test_a_hold_on_a_case_holds_on_and_blocks_the_old_keys_end_until_it_is_moved(site):
    await site.owe(1)
    hold = Hold("h", HoldScope.CASE, tokens(site)[0].hex(), "synthetic", "one", site.now)
    await site.stores.holds.add(hold, site.scribe.entry(ONE, "hold.set", "hold:h"))
    old = rotate(site)
    assert (await rows(site).counts())[old] == 2
    await indexed_anew(site)
    assert (await site.stores.holds.list())[0].what == tokens(site)[0].hex()
    assert (await rows(site).counts())[old] == 0


async def test_a_key_that_nobody_knows_yet_is_not_made_the_active_one(site):
    with pytest.raises(Conflict) as caught:
        site.keys.rotate("search", KeyUse.INDEX)
    assert caught.value.problem == "key-not-prepared"


# --- protected persons -----------------------------------------------------------------------------------------------


async def test_a_protected_person_stays_protected_through_the_rotation_and_after_the_old_keys_end(guarded):
    site = guarded
    await owed(site, case(1, MARK))
    old = rotate(site)
    for _ in range(2):
        await restarted(site)
        made, counts = await owed(site, case(2 + len(ids(site)), case=f"MI100000{10 + len(ids(site))}"))
        assert (made, counts.withheld) == ([], 1)
    await indexed_anew(site)
    await end(site, old)
    await restarted(site)
    made, counts = await owed(site, of_texas(case(9)), TEXAS)
    assert (made, counts.withheld) == ([], 1)


async def test_a_notice_whose_record_is_erased_outlives_the_rotation_or_keeps_the_old_key(guarded):
    site = guarded
    await owed(site, case(1, MARK))
    await erased(site, ids(site)[0])
    old = rotate(site)
    await indexed_anew(site)
    with pytest.raises(Conflict, match="1 rows"):
        await end(site, old)
    await restarted(site)
    made, counts = await owed(site, of_texas(case(2)), TEXAS)
    assert (made, counts.withheld) == ([], 1), "asked under the old key too"
    await end(site, old)  # A record of the person showed the index under both keys, and the notice is renewed.
    await restarted(site)
    made, counts = await owed(site, of_texas(case(3)), TEXAS)
    assert (made, counts.withheld) == ([], 1)


async def test_control_under_the_new_key_alone_the_notice_is_not_seen(guarded):
    site = guarded
    await owed(site, case(1, MARK))
    rotate(site)
    await restarted(site)
    persons = b"".join(indexer(site).tokens("person", "900100002"))
    keys = indexer(site).keys
    assert site.router.register.held(persons)
    assert not site.router.register.held(under(persons, keys))


async def test_a_notice_placed_during_the_rotation_protects_in_old_records_and_is_taken_back_once(guarded):
    site = guarded
    await owed(site, of_texas(case(1)), TEXAS)
    persons = site.rows("SELECT persons FROM records")[0][0]
    old = rotate(site)
    await owed(site, case(2, MARK))
    await restarted(site)
    assert site.router.register.held(persons), "the old record's persons are indexed under the old key"
    entry = site.scribe.entry(Actor("partner", MICHIGAN), "notice.lifted", f"record:{ids(site)[1]}")
    assert await site.stores.notices.lift(ids(site)[1], PartnerKey(MICHIGAN), entry) == 1
    await restarted(site)
    assert not site.router.register.held(persons)
    await indexed_anew(site)
    await end(site, old)


async def test_processes_that_differ_for_a_moment_protect_alike(guarded, tmp_path):
    """One has rotated, the other still thinks that the new key waits: both know both."""
    site = guarded
    late = FileKeys.load(tmp_path / "keys", None, clock=site.clock, random=os.urandom)
    site.keys.prepare("search", KeyUse.INDEX)
    waiting = late.indexer()
    waiting.refresh()
    site.now += KNOWN
    site.keys.rotate("search", KeyUse.INDEX)
    indexer(site).refresh()
    ours, theirs = indexer(site).tokens("person", "900100002"), waiting.tokens("person", "900100002")
    assert ours == theirs[::-1]


def test_indexes_under_several_keys_are_told_apart():
    a1, a2, b1, b2 = (bytes([n]) * 16 for n in range(4))
    both = a1 + a2 + b1 + b2
    assert (under(both, "k1 k2"), under(both, "k1 k2", 1)) == (a1 + b1, a2 + b2)
    assert renewed(both, "k1 k2") == ((a2, a1), (b2, b1))
    assert (under(both, "k1"), renewed(both, "k1")) == (both, ())
    assert list(unpacked(under(None, "k1 k2"))) == []
