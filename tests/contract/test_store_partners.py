"""Partners and agreements: documents that round-trip, versions that grow only by real changes, pauses."""

import asyncio
import json
from dataclasses import replace
from datetime import date, timedelta
from string import ascii_lowercase, digits

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from gateway.core.caller import KEYS_ONLY, Caller, Tier
from gateway.core.model import (
    AdapterName,
    Agreement,
    AgreementKey,
    AgreementMode,
    Batching,
    BatchMode,
    BreakerPolicy,
    Contact,
    Endpoint,
    Follow,
    FormatName,
    Kind,
    Ordering,
    Partner,
    PartnerKey,
    RetrySchedule,
    Role,
    TaxApproval,
)
from gateway.core.protection import PLAIN, Profile, Protection
from gateway.store.audit import StoredAuditLog
from gateway.store.partner_documents import decode_agreement, decode_partner, encode_agreement, encode_partner
from gateway.store.partners import StoredPartners
from gateway.store.tables import partners as partner_versions
from tests.contract.owed import Town

unhurried = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
"""Partners have many members; a busy machine needs its time to invent them."""
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
keys = st.builds(str.__add__, st.sampled_from(ascii_lowercase), st.text(f"{ascii_lowercase}{digits}-", max_size=20))
durations = st.timedeltas(timedelta(0), timedelta(days=400))
counts = st.integers(0, 2**40)
kinds = keys.map(Kind)
formats = keys.map(FormatName)
batchings = st.builds(
    Batching,
    mode=st.sampled_from(BatchMode),
    count=counts,
    age=durations,
    cron=st.none() | words,
    timezone=words,
    working_days=st.booleans(),
    limit=counts,
)
endpoints = st.builds(
    Endpoint,
    adapter=st.sampled_from(AdapterName),
    options=st.dictionaries(keys, words | st.integers(-(2**50), 2**50) | st.booleans()),
)
partners = st.builds(
    Partner,
    key=keys.map(PartnerKey),
    name=words,
    role=st.sampled_from(Role),
    program=words,
    locators=st.frozensets(words),
    endpoint=endpoints,
    formats=st.dictionaries(kinds, formats),
    accepts=st.frozensets(formats),
    file_order=st.dictionaries(formats, st.sampled_from(Follow), max_size=3),
    batching=st.dictionaries(kinds, batchings),
    retry=st.builds(
        RetrySchedule,
        waits=st.lists(durations, max_size=9).map(tuple),
        jitter=st.floats(0, 0.5),
        longest_retry_after=durations,
    ),
    breaker=st.builds(BreakerPolicy, failures=counts, rest=durations, longest_rest=durations),
    ordering=st.sampled_from(Ordering),
    rate_per_second=st.none() | st.floats(0, 1e6),
    concurrency=counts,
    body_limit=counts,
    contacts=st.lists(st.builds(Contact, words, words, words), max_size=3).map(tuple),
    queries=st.none() | endpoints,
    tax_approval=st.builds(TaxApproval, st.none() | st.dates(), st.none() | st.dates(), words),
    locate_attested_until=st.none() | st.dates(),
    attests_each_locate=st.booleans(),
    caller=st.sampled_from((KEYS_ONLY, Caller(Tier.TOKEN, ("192.0.2.0/24",)))),
    protection=st.builds(Protection, st.sampled_from(Profile), counts),
    paused=st.booleans(),
    version=st.integers(1, 10**6),
)
agreements = st.builds(
    Agreement,
    key=keys.map(AgreementKey),
    mode=st.sampled_from(AgreementMode),
    senders=st.frozensets(keys.map(PartnerKey)),
    recipient=keys.map(PartnerKey),
    kinds=st.frozensets(kinds),
    legal_basis=words,
    valid_from=st.dates(),
    valid_until=st.none() | st.dates(),
    filters=st.dictionaries(keys, st.frozensets(words)),
    purpose=words,
    requester=st.just("agency") | words,
    tier=st.sampled_from(Tier),
    plain=st.booleans(),
    version=st.integers(1, 10**6),
)


@unhurried
@given(partners)
def test_a_partner_survives_its_document(partner):
    document = encode_partner(partner)
    assert decode_partner(document, partner.version, paused=partner.paused) == partner
    left_out = {"version", "paused"} | (set() if partner.queries else {"queries"})
    left_out |= set() if partner.file_order else {"file_order"}
    left_out |= set() if partner.tax_approval != TaxApproval() else {"tax_approval"}
    left_out |= set() if partner.locate_attested_until else {"locate_attested_until"}
    left_out |= set() if partner.attests_each_locate else {"attests_each_locate"}
    left_out |= set() if partner.caller != KEYS_ONLY else {"caller"}
    left_out |= set() if partner.protection != PLAIN else {"protection"}
    assert json.loads(document).keys() == set(Partner.__dataclass_fields__) - left_out


@unhurried
@given(agreements)
def test_an_agreement_survives_its_document(agreement):
    document = encode_agreement(agreement)
    assert decode_agreement(document, agreement.version) == agreement
    left_out = {"version"} | (set() if agreement.purpose else {"purpose"})
    left_out |= set() if agreement.requester != "agency" else {"requester"}
    left_out |= set() if agreement.tier is not Tier.API_KEY else {"tier"}
    left_out |= set() if not agreement.plain else {"plain"}
    assert json.loads(document).keys() == set(Agreement.__dataclass_fields__) - left_out


@unhurried
@given(partners, st.integers(1, 9))
def test_equal_partners_have_equal_documents_whatever_their_version(partner, version):
    shuffled = replace(partner, version=version, formats=dict(reversed(partner.formats.items())))
    assert encode_partner(shuffled) == encode_partner(partner)


OHIO = Partner(
    key=PartnerKey("ohio"),
    name="Ohio",
    role=Role.STATE,
    program="IV-D",
    locators=frozenset({"39"}),
    endpoint=Endpoint(AdapterName.HTTPS, {"url": "https://ohio.example/in", "timeout": 30, "verify": True}),
)
INDIANA = replace(OHIO, key=PartnerKey("indiana"), name="Indiana", locators=frozenset({"18"}))
BETWEEN = Agreement(
    key=AgreementKey("states-locate"),
    mode=AgreementMode.DIRECT,
    senders=frozenset({OHIO.key, INDIANA.key}),
    recipient=INDIANA.key,
    kinds=frozenset({Kind("locate")}),
    legal_basis="45 CFR 303.7",
    valid_from=date(2026, 1, 1),
)


@pytest.fixture
def town():
    return Town()


@pytest.fixture
def store(database, town):
    return StoredPartners(database, town.clock)


async def apply(store, town, *values):
    chosen = [v for v in values if isinstance(v, Partner)]
    between = [v for v in values if isinstance(v, Agreement)]
    entries = [
        *(town.entry("partner.applied", f"partner:{p.key}") for p in chosen),
        *(town.entry("partner.applied", f"agreement:{a.key}") for a in between),
    ]
    return await store.apply(chosen, between, entries)


async def test_an_empty_store_has_an_empty_directory(store):
    directory = await store.directory()
    assert (directory.partners, directory.agreements, directory.version) == ({}, (), 0)
    assert await store.version() == 0


async def test_what_is_applied_is_in_the_directory(store, town):
    assert await apply(store, town, OHIO, INDIANA, BETWEEN) == 3
    directory = await store.directory()
    assert directory.partners == {OHIO.key: OHIO, INDIANA.key: INDIANA}
    assert directory.agreements == (BETWEEN,)
    assert directory.version == await store.version() == 1


async def test_applying_the_same_again_changes_nothing_and_writes_no_entry(store, town, database):
    await apply(store, town, OHIO, BETWEEN)
    assert await apply(store, town, OHIO, BETWEEN) == 0
    assert await store.version() == 1
    assert len(await StoredAuditLog(database).unsequenced(10)) == 2


async def test_only_what_differs_gets_its_next_version_and_its_entry(store, town, database):
    await apply(store, town, OHIO, INDIANA, BETWEEN)
    renamed = replace(OHIO, name="State of Ohio")
    ended = replace(BETWEEN, valid_until=date(2026, 6, 30))
    assert await apply(store, town, renamed, INDIANA, ended) == 2
    directory = await store.directory()
    assert directory.partners[OHIO.key] == replace(renamed, version=2)
    assert directory.partners[INDIANA.key].version == 1
    assert directory.agreements == (replace(ended, version=2),)
    assert directory.version == 2
    objects = [entry.object for entry in await StoredAuditLog(database).unsequenced(10)]
    assert sorted(objects) == sorted(
        ["partner:ohio", "partner:indiana", "agreement:states-locate", "partner:ohio", "agreement:states-locate"]
    )


async def test_old_versions_are_kept(store, town, database):
    await apply(store, town, OHIO)
    await apply(store, town, replace(OHIO, name="State of Ohio"))
    await apply(store, town, OHIO)
    async with database.read() as connection:
        rows = (await connection.execute(select(partner_versions).order_by(partner_versions.c.version))).all()
    assert [(row.version, json.loads(row.document)["name"]) for row in rows] == [
        (1, "Ohio"),
        (2, "State of Ohio"),
        (3, "Ohio"),
    ]


async def test_operators_who_apply_at_the_same_time_get_versions_of_their_own(store, town):
    names = [f"Ohio {number}" for number in range(5)]
    changed = await asyncio.gather(*(apply(store, town, replace(OHIO, name=name)) for name in names))
    assert changed == [1] * 5
    assert (await store.directory()).partners[OHIO.key].version == 5
    assert await store.version() == 5


async def pause(store, town, key, *, paused=True):
    return await store.pause(key, town.entry("partner.applied", f"partner:{key}"), paused=paused)


async def test_a_paused_partner_is_shown_as_paused_until_it_is_resumed(store, town):
    await apply(store, town, OHIO, INDIANA)
    assert await pause(store, town, OHIO.key)
    assert (await store.directory()).partners == {OHIO.key: replace(OHIO, paused=True), INDIANA.key: INDIANA}
    assert await store.version() == 2
    assert await pause(store, town, OHIO.key, paused=False)
    assert (await store.directory()).partners[OHIO.key] == OHIO
    assert await store.version() == 3


async def test_a_pause_survives_a_new_version_of_the_partner(store, town):
    await apply(store, town, OHIO)
    await pause(store, town, OHIO.key)
    await apply(store, town, replace(OHIO, name="State of Ohio"))
    assert (await store.directory()).partners[OHIO.key].paused


async def test_pausing_what_is_paused_or_unknown_changes_nothing(store, town, database):
    await apply(store, town, OHIO)
    assert await pause(store, town, OHIO.key)
    assert not await pause(store, town, OHIO.key)
    assert not await pause(store, town, INDIANA.key)
    assert not await pause(store, town, INDIANA.key, paused=False)
    assert await store.version() == 2
    assert len(await StoredAuditLog(database).unsequenced(10)) == 2
