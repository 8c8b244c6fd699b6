"""Protected deliveries: the same bytes through every retry, only to confirmed keys, and through every rotation."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client import generate_latest

from gateway.core.errors import Conflict, Transient, Unprocessable
from gateway.core.model import BreakerPolicy, DeliveryState
from gateway.core.protection import GATEWAY, PLAIN, Algorithm, MessageRefused, Profile, Protection, Stage, Use
from gateway.core.size_class import SIZE_CLASS
from gateway.crew import InlineCrew
from gateway.telemetry import Metrics
from gateway.tools import tools
from gateway.work.wire_keeper import WireKeeper, is_warned_of
from tests.contract.wired import PAT, wired
from tests.unit.test_amending import MENDED, agreed, dead, desk
from tests.unit.test_amending import PAT as PAT_AT_HOME
from tests.unit.work_site import CASE, MICHIGAN, OHIO, agreement, partner

PROFILES = tuple(profile for profile in Profile if profile is not Profile.NONE)


def down():
    return Transient("The partner is down.", code="http-503")


@pytest.fixture
async def ends(sqlite_url, tmp_path):
    async with wired(sqlite_url, tmp_path) as ends:
        yield ends


@pytest.mark.parametrize("profile", PROFILES)
async def test_what_leaves_opens_at_the_partner_and_has_the_digest_that_acknowledgements_need(
    profile, sqlite_url, tmp_path
):
    async with wired(sqlite_url, tmp_path, profile) as ends:
        [owed] = await ends.site.owe(1)
        async with ends.site.dispatching():
            await ends.site.come_to_rest()
        [parcel] = ends.site.door.taken
        opened = ends.opened(parcel.body)
        assert b"<CaseTransfer" in opened.plain
        assert b"<CaseTransfer" not in parcel.body
        assert opened.id in (owed.id, None)
        assert (await ends.site.found(owed)).digest == parcel.digest
        assert parcel.name.endswith((".xml.jwe", ".xml.p7m", ".xml.hpke"))


async def test_every_attempt_carries_the_same_bytes_though_encryption_is_random(ends):
    [owed] = await ends.site.owe(1)
    ends.site.door.failure = down
    async with ends.site.dispatching():
        for _ in range(2):
            await ends.site.come_to_rest()
            ends.site.wait(minutes=3)
        ends.site.door.failure = None
        await ends.site.come_to_rest()
    bodies = [parcel.body for parcel in ends.site.door.begun]
    assert len(bodies) == 3
    assert len(set(bodies)) == 1
    assert await ends.site.states([owed]) == [DeliveryState.DELIVERED]


async def test_an_amended_delivery_is_protected_anew_and_keeps_its_new_bytes_from_then_on(ends):
    owed, record = await dead(ends.site)
    amending = desk(ends.site)
    await amending.send(PAT_AT_HOME, (await agreed(amending, owed, record)).id)
    ends.site.door.failure = down
    async with ends.site.dispatching():
        await ends.site.come_to_rest()
        ends.site.wait(minutes=3)
        ends.site.door.failure = None
        await ends.site.come_to_rest()
    before, first, again = [parcel.body for parcel in ends.site.door.begun]
    assert first == again != before
    assert MENDED.encode() in ends.opened(again).plain
    assert MENDED.encode() not in ends.opened(before).plain
    [parcel] = ends.site.door.taken
    assert (await ends.site.found(owed)).digest == parcel.digest


class Forgetful:
    """Keeps nothing."""

    async def kept(self, _delivery):
        return None

    async def keep(self, payload, _instead=None):
        return payload


async def test_control_without_the_kept_payload_each_attempt_would_carry_other_bytes(ends):
    ends.site.crew = replace(ends.site.crew, payloads=Forgetful())
    await ends.site.owe(1)
    ends.site.door.failure = down
    async with ends.site.dispatching():
        await ends.site.come_to_rest()
        ends.site.rows("UPDATE deliveries SET digest = NULL")
        ends.site.wait(minutes=3)
        await ends.site.come_to_rest()
    assert len({parcel.body for parcel in ends.site.door.begun}) == len(ends.site.door.begun) == 2


async def test_a_kept_payload_that_is_another_than_was_sent_is_held(ends):
    [owed] = await ends.site.owe(1)
    ends.site.door.failure = down
    async with ends.site.dispatching():
        await ends.site.come_to_rest()
        ends.site.rows("UPDATE wire_payloads SET digest = 'other'")
        ends.site.wait(minutes=3)
        await ends.site.come_to_rest()
    assert await ends.site.states([owed]) == [DeliveryState.HELD]
    assert len(ends.site.door.begun) == 1


async def test_a_payload_that_was_made_before_its_kind_had_size_classes_is_protected_anew(ends):
    [owed] = await ends.site.owe(1)
    ends.site.door.failure = down
    made, crew = tools(ends.site.speech, ends.site.sealer, ends.site.questions.indexer), ends.site.crew
    classed = InlineCrew(made.examiner, replace(made.composer, classed=frozenset({CASE})))
    async with ends.site.dispatching():
        await ends.site.come_to_rest()
    ends.site.crew = replace(crew, crew=replace(crew.crew, crew=classed))
    ends.site.wait(minutes=3)
    ends.site.door.failure = None
    async with ends.site.dispatching():
        await ends.site.come_to_rest()
    assert await ends.site.states([owed]) == [DeliveryState.DELIVERED]
    before, after = [ends.opened(parcel.body).plain for parcel in ends.site.door.begun]
    assert (before.rstrip(b"\n"), len(after)) == (after.rstrip(b"\n"), SIZE_CLASS)


async def test_a_payload_is_forgotten_when_it_was_taken_and_its_facts_stay(ends):
    [owed] = await ends.site.owe(1)
    async with ends.site.dispatching():
        await ends.site.come_to_rest()
    keeper = WireKeeper(ends.desk, ends.site.stores.wire_payloads, ends.site.clock, lambda *_: None)
    assert (await ends.site.stores.wire_payloads.kept(owed.id)).sealed is not None
    await keeper.forget()
    kept = await ends.site.stores.wire_payloads.kept(owed.id)
    assert kept.sealed is None
    assert kept.digest == (await ends.site.found(owed)).digest


async def test_a_payload_for_a_key_that_was_retired_meanwhile_is_made_anew_under_the_same_delivery(ends):
    [owed] = await ends.site.owe(1)
    ends.site.door.failure = down
    async with ends.site.dispatching():
        await ends.site.come_to_rest()
        [lost] = [key for key in ends.held.values() if key.use is Use.ENCRYPT]
        await ends.give(Use.ENCRYPT, Algorithm.P256)
        await ends.desk.retire(PAT, OHIO, lost.id)
        del ends.held[lost.id]
        await ends.book.reload()
        ends.site.door.failure = None
        ends.site.wait(minutes=3)
        await ends.site.come_to_rest()
    first, second = ends.site.door.begun
    assert first.delivery == second.delivery == owed.id
    assert first.digest != second.digest
    assert ends.opened(second.body).id == owed.id
    assert (await ends.site.found(owed)).digest == second.digest


async def test_nothing_is_encrypted_to_a_key_whose_holder_has_not_proved_it(ends):
    [lost] = [key for key in ends.held.values() if key.use is Use.ENCRYPT]
    await ends.desk.retire(PAT, OHIO, lost.id)
    fresh = ends.pair(Use.ENCRYPT, Algorithm.P256)
    await ends.register(fresh)
    [owed] = await ends.site.owe(1)
    async with ends.site.dispatching():
        await ends.site.come_to_rest()
        waiting = await ends.site.found(owed)
        assert (waiting.state, waiting.cause, waiting.attempts) == (DeliveryState.PENDING, "wire-key-missing", 0)
        with pytest.raises(Unprocessable) as wrong:
            await ends.desk.confirm(PAT, OHIO, fresh.id, "0" * 32)
        assert wrong.value.problem == "wire-test-failed"
        await ends.prove(fresh)
        ends.site.wait(minutes=1)
        await ends.site.come_to_rest()
    assert await ends.site.states([owed]) == [DeliveryState.DELIVERED]
    about = f"wirekey:ohio:{fresh.id}"
    assert await ends.site.actions(about) == ["wirekey.added", "wirekey.tested", "wirekey.confirmed"]


async def test_a_proof_counts_for_a_week_and_once(ends):
    fresh = ends.pair(Use.ENCRYPT, Algorithm.P256)
    await ends.register(fresh)
    message = await ends.desk.test(PAT, OHIO, fresh.id, ends.book, ends.profile)
    proof = ends.opened(message.body).plain.decode()
    ends.site.wait(days=8)
    with pytest.raises(Unprocessable):
        await ends.desk.confirm(PAT, OHIO, fresh.id, proof)
    again = await ends.desk.test(PAT, OHIO, fresh.id, ends.book, ends.profile)
    await ends.desk.confirm(PAT, OHIO, fresh.id, ends.opened(again.body).plain.decode())
    with pytest.raises(Unprocessable):
        await ends.desk.confirm(PAT, OHIO, fresh.id, proof)


@pytest.mark.parametrize("plain", [False, True], ids=["not allowed", "control: allowed"])
async def test_plain_payloads_leave_under_agreements_that_allow_them_alone(ends, plain):
    bare = partner(OHIO, "39", protection=PLAIN)
    ends.site.know(bare, agreements=(agreement(MICHIGAN, OHIO, plain=plain),))
    [owed] = await ends.site.owe(1)
    async with ends.site.dispatching():
        await ends.site.come_to_rest()
    found = await ends.site.found(owed)
    if plain:
        assert found.state is DeliveryState.DELIVERED
    else:
        assert (found.state, found.cause, ends.site.door.begun) == (DeliveryState.PENDING, "plain-not-allowed", [])


async def test_a_payload_beyond_the_partners_limit_is_a_dead_letter(ends):
    ends.site.know(replace(ends.ohio, protection=Protection(Profile.JOSE, 100)))
    [owed] = await ends.site.owe(1)
    async with ends.site.dispatching():
        await ends.site.come_to_rest()
    assert (await ends.site.found(owed)).cause == "message-too-large"


async def test_a_payload_beyond_the_limit_never_left_and_is_no_word_of_a_partner_that_is_away(ends):
    ohio = replace(ends.ohio, concurrency=1, breaker=BreakerPolicy(failures=2))
    ends.site.door.failure = down
    states = []
    async with ends.site.dispatching():
        for serial, limit in enumerate((ohio.protection.limit, 100, ohio.protection.limit), 1):
            ends.site.know(replace(ohio, protection=Protection(Profile.JOSE, limit)))
            owed = await ends.site.owe(serial)
            await ends.site.come_to_rest()
            states += await ends.site.states(owed)
    assert states == [DeliveryState.PENDING, DeliveryState.DEAD, DeliveryState.PENDING]
    (row,) = await ends.site.stores.health.breakers()
    assert (row.state, row.failures) == ("open", 2)


# --- posts ------------------------------------------------------------------------------------------------------------


def keys_of(ends, use=Use.VERIFY):
    return [key for key in ends.held.values() if key.use is use]


def ours(ends, stage=Stage.VALID):
    return next(key for key in ends.known.values() if key.use is Use.ENCRYPT and key.stage is stage)


@pytest.mark.parametrize(
    ("id_", "age", "code"),
    [("k-2", timedelta(), "message-replayed"), ("k-1", timedelta(days=8), "message-stale"),
     ("k-1", timedelta(hours=-1), "message-stale")],
    ids=["another key", "too old", "in the future"],
)  # fmt: skip
async def test_a_message_counts_for_its_own_post_and_its_own_time(ends, id_, age, code):
    message = ends.message(b"<a/>", "k-1", keys_of(ends), ours(ends), ends.site.now - age)
    with pytest.raises(MessageRefused) as refused:
        await ends.open(message, id_)
    assert refused.value.problem == code
    assert ends.seen[-1] == code
    [(_, entry)] = [row for row in await ends.site.stores.audit.about("partner:ohio") if row[1].outcome == code]
    assert entry.action == "message.refused"


async def test_the_first_message_under_a_new_key_confirms_it(ends):
    fresh = await ends.give(Use.VERIFY, Algorithm.P256)
    await ends.open(ends.message(b"<a/>", "k-1", [fresh], ours(ends)), "k-1")
    assert next(key for key in ends.book.of(OHIO) if key.id == fresh.id).stage is Stage.VALID


async def test_a_third_living_key_of_one_kind_is_refused(ends):
    await ends.give(Use.VERIFY, Algorithm.P256)
    third = ends.pair(Use.VERIFY, Algorithm.P256)
    with pytest.raises(Conflict) as refused:
        await ends.register(third)
    assert refused.value.problem == "wire-key-overlap"
    assert third.id not in {key.id for key in await ends.desk.list(OHIO)}


async def test_the_private_side_of_a_retired_key_is_gone(ends):
    key = next(one for one in ends.book.ours if one.use is Use.ENCRYPT)
    message = ends.message(b"<a/>", "k-1", keys_of(ends), ours(ends))
    await ends.desk.renew(PAT, Use.ENCRYPT, Algorithm.P256)
    await ends.desk.retire(PAT, GATEWAY, key.id)
    await ends.book.reload()
    with pytest.raises(MessageRefused) as refused:
        await ends.open(message, "k-1")
    assert refused.value.problem == "wire-key-retired"
    assert ends.site.rows(f"SELECT sealed FROM wire_keys WHERE id = '{key.id}'") == [(None,)]  # noqa: S608 - an id of ours


async def test_keys_are_warned_of_before_they_end(ends):
    told = []
    keeper = WireKeeper(ends.desk, ends.site.stores.wire_payloads, ends.site.clock, told.extend)
    await keeper.measure()
    assert {(owner, days) for owner, _, days in told} == {("gateway", 730), ("ohio", 90)}
    assert [days for days in range(90, -2, -1) if is_warned_of(days)] == [60, 30, 7, 6, 5, 4, 3, 2, 1, 0, -1]


async def test_the_days_of_a_key_that_was_retired_are_no_figure_any_more(ends):
    """The alert `GatewayWireKeyEnds` would go on for a key that was replaced as the runbook says."""
    metrics = Metrics()
    keeper = WireKeeper(ends.desk, ends.site.stores.wire_payloads, ends.site.clock, metrics.wire_keys)

    async def measured():
        await keeper.measure()
        page = generate_latest(metrics.registry).decode()
        return set(re.findall(r'^gateway_wire_key_days\{key="(\w+)",owner="gateway"\}', page, re.MULTILINE))

    old = next(one for one in ends.book.ours if one.use is Use.ENCRYPT)
    before = await measured()
    assert old.id in before
    await ends.desk.renew(PAT, Use.ENCRYPT, Algorithm.P256)
    await ends.desk.retire(PAT, GATEWAY, old.id)
    after = await measured()
    assert old.id not in after
    assert before - {old.id} <= after
