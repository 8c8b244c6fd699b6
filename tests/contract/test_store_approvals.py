"""Second words: another person decides, a permission is good for exactly its terms, once, until it expires."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gateway.core.errors import Conflict, Forbidden
from gateway.core.four_eyes import PAIRS, Act, State, check_asker
from gateway.core.model import Actor, Page
from gateway.core.ports.approvals import Word
from gateway.core.roles import Role
from gateway.store.approvals import StoredApprovals
from gateway.store.audit import StoredAuditLog
from gateway.web.approving import Person, SecondWords, Wish
from tests.contract.owed import Town

PAT, SAM = Actor("operator", "pat"), Actor("operator", "sam")
ASKER = Person(PAT, Role.SECURITY_OFFICER)
SHRED = Wish(Act.DESTROY_KEY, "key:kek:general:2026-03:1", {"sealed": 0})
OFFICER = Role.SECURITY_OFFICER


@pytest.fixture
def town():
    return Town()


@pytest.fixture
def words(database, town):
    return SecondWords(StoredApprovals(database), town.scribe, town.clock, town.mint)


async def agreed(words, wish=SHRED):
    asked = await words.ask(ASKER, wish, "end of its life")
    return await words.decide(SAM, OFFICER, asked.id, approved=True, reason="checked")


async def test_two_people_make_a_permission_that_is_good_once(words, database):
    given = await agreed(words)
    assert (given.state, given.asked_by, given.decided_by) == (State.APPROVED, "operator:pat", "operator:sam")
    used = await words.use(PAT, SHRED)
    assert (used.id, used.state, used.used_by) == (given.id, State.USED, "operator:pat")
    with pytest.raises(Conflict) as refused:
        await words.use(PAT, SHRED)
    assert refused.value.problem == "approval-needed"
    log = StoredAuditLog(database)
    assert [entry.action for _, entry in await log.about(f"approval:{given.id}")] == [
        "approval.asked",
        "approval.given",
    ]
    [(_, spent)] = await log.about(SHRED.object)
    assert (spent.action, spent.details["approval"], spent.details["frozen"]) == (
        "approval.used",
        given.id,
        given.frozen,
    )


async def test_nobody_decides_a_request_of_their_own_whatever_their_role(words):
    asked = await words.ask(ASKER, SHRED, "end of its life")
    with pytest.raises(Forbidden) as refused:
        await words.decide(PAT, OFFICER, asked.id, approved=True, reason="me again")
    assert refused.value.problem == "approval-own"
    word = Word(PAT, words.clock(), approved=True, reason="around the use case")
    entry = words.scribe.entry(PAT, "approval.given", f"approval:{asked.id}")
    assert not await words.approvals.decide(asked.id, word, entry), "the store does not take it either"
    with pytest.raises(Conflict):
        await words.use(PAT, SHRED)


async def test_control_the_same_word_of_another_person_is_taken(words):
    asked = await words.ask(ASKER, SHRED, "end of its life")
    word = Word(SAM, words.clock(), approved=True, reason="checked")
    assert await words.approvals.decide(
        asked.id, word, words.scribe.entry(SAM, "approval.given", f"approval:{asked.id}")
    )
    assert await words.use(PAT, SHRED)


@pytest.mark.parametrize("role", sorted(set(Role) - PAIRS[Act.DESTROY_KEY].decides))
async def test_a_role_that_is_not_in_the_pair_decides_nothing(words, role):
    asked = await words.ask(ASKER, SHRED, "end of its life")
    with pytest.raises(Forbidden) as refused:
        await words.decide(SAM, role, asked.id, approved=True, reason="sure")
    assert refused.value.problem == "approval-role"


async def test_a_refusal_is_the_end_of_a_request(words):
    asked = await words.ask(ASKER, SHRED, "end of its life")
    assert (await words.decide(SAM, OFFICER, asked.id, approved=False, reason="still needed")).state is State.REFUSED
    with pytest.raises(Conflict):
        await words.decide(SAM, OFFICER, asked.id, approved=True, reason="on second thought")
    with pytest.raises(Conflict):
        await words.use(PAT, SHRED)


@pytest.mark.parametrize(
    "other",
    [
        Wish(Act.DESTROY_KEY, "key:kek:general:2026-03:2", {"sealed": 0}),
        Wish(Act.DESTROY_KEY, SHRED.object, {"sealed": 1}),
        Wish(Act.EXPORT, SHRED.object, {"sealed": 0}),
    ],
)
async def test_a_permission_does_not_fit_anything_but_what_was_agreed_on(words, other):
    await agreed(words)
    with pytest.raises(Conflict):
        await words.use(PAT, other)
    assert await words.use(PAT, SHRED)


@pytest.mark.parametrize(("late", "good"), [(-1, True), (0, False), (1, False)])
async def test_a_permission_ends_at_its_hour(words, town, late, good):
    given = await agreed(words)
    town.now = given.expires_at + timedelta(seconds=late)
    if good:
        assert await words.use(PAT, SHRED)
    else:
        with pytest.raises(Conflict):
            await words.use(PAT, SHRED)
        assert given.at(town.now) is State.EXPIRED


async def test_of_many_who_use_a_permission_at_once_one_succeeds(words):
    await agreed(words)
    results = await asyncio.gather(*(words.use(PAT, SHRED) for _ in range(5)), return_exceptions=True)
    assert sum(not isinstance(one, Conflict) for one in results) == 1


async def test_requests_are_listed_newest_first(words):
    first = await words.ask(ASKER, SHRED, "one")
    second = await words.ask(ASKER, SHRED, "two")
    await words.decide(SAM, OFFICER, first.id, approved=True, reason="fine")
    assert [one.id for one in (await words.approvals.list(Page(10))).rows] == [second.id, first.id]
    assert [one.id for one in (await words.approvals.list(Page(10), State.ASKED)).rows] == [second.id]


def test_every_act_has_its_pair_and_auditors_and_viewers_are_in_none():
    assert set(PAIRS) == set(Act)
    for pair in PAIRS.values():
        assert pair.asks
        assert pair.decides
        assert not (pair.asks | pair.decides) & {Role.AUDITOR, Role.VIEWER, Role.PARTNER_ADMIN}


def test_somebody_at_the_machine_may_ask_and_a_role_outside_the_pair_may_not():
    check_asker(Act.DESTROY_KEY, None)
    with pytest.raises(Forbidden):
        check_asker(Act.DESTROY_KEY, Role.ADMIN)
