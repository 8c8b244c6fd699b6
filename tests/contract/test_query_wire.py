"""Queries under wire protection: the partner is asked and answers in messages, and so does the caller."""

import os
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import web

from gateway.core.model import Actor
from gateway.core.ports.protection import Expected
from gateway.core.protection import Ends, Note, Profile, Protection, Stage, Use, WireKey, recipient_key, signing_keys
from gateway.core.size_class import SIZE_CLASS
from gateway.work.wire_desk import Wanted
from tests.contract.query_stack import asking
from tests.unit.status_records import BOTH_WAYS, IOWA, OHIO, answer, party, question

PAT = Actor("operator", "pat")
LIMIT = 2**20
PROFILES = tuple(profile for profile in Profile if profile is not Profile.NONE)
TOLD = answer().replace("<Noncust", "<FamilyViolenceIndicator>N</FamilyViolenceIndicator><Noncust", 1)


class End:
    """A partner under a profile, with keys of its own."""

    def __init__(self, made, key, profile):
        self.made, self.key, self.profile = made, key, profile
        keys = made.stack.parts.partner_keys
        self.desk, self.book, self.wire = keys.desk, keys.book, keys.desk.wire
        self.held = []

    async def begin(self):
        for ours in [key for key in self.book.ours if key.stage is Stage.VALID]:
            now = self.made.stack.watch()
            material, private = self.wire.make(
                ours.algorithm, self.key, now - timedelta(minutes=1), now + timedelta(days=9)
            )
            own = WireKey(self.key, ours.use, material, Stage.VALID, now, now, private)
            self.held.append(own)
            await self.desk.add(PAT, [Wanted(self.key, own.use, own.material)])
            await self.book.reload()
            if own.use is Use.ENCRYPT:
                test = await self.desk.test(PAT, self.key, own.id, self.book, self.profile)
                await self.desk.confirm(PAT, self.key, own.id, self.opened(test.body).plain.decode())
        await self.book.reload()

    def public(self):
        return [replace(key, private=b"") for key in self.book.ours]

    def opened(self, body):
        ends = Ends(self.desk.name, self.key)
        expected = Expected(ends, self.made.stack.watch(), LIMIT, self.held, self.public())
        return self.wire.unprotect(self.profile, body, expected)

    def message(self, plain, id_, at=None):
        now = self.made.stack.watch()
        to, by = recipient_key(self.profile, self.public(), now), signing_keys(self.profile, self.held, now)
        note = Note(Ends(self.key, self.desk.name), id_, at or self.made.stack.watch(), "application/xml")
        return self.wire.protect(self.profile, plain.encode(), note, to, by)

    def answers(self, said, **note):
        """Let it open each query and answer in a message."""
        self.asked = []

        async def reply(request, body):
            opened = self.opened(body)
            self.asked.append((body, opened.plain, request.headers["Accept"]))
            message = self.message(said, note.get("id") or request.headers["Gateway-Query"], note.get("at"))
            return web.Response(body=message.body, headers={"Content-Type": message.media_type})

        self.made.answers(reply)


async def protected(made, profile=Profile.JOSE):
    """Ohio asks and Iowa answers under a profile, by agreements that allow nothing else."""
    await made.stack.parts.partner_keys.desk.make(PAT, profile)
    await made.stack.parts.partner_keys.book.reload()
    ohio, iowa = End(made, OHIO, profile), End(made, IOWA, profile)
    for end in (ohio, iowa):
        await end.begin()
    know(made, profile)
    return ohio, iowa


def know(made, profile=Profile.JOSE, **caller):
    protection = Protection(profile, LIMIT)
    made.know(agreements=tuple(replace(one, plain=False) for one in BOTH_WAYS), iowa=made.iowa(protection=protection))
    asker = party(OHIO, "39", **{"protection": protection, **caller})
    made.present.directory = replace_party(made.present.directory, asker)


def replace_party(directory, asker):
    others = tuple(one for key, one in directory.partners.items() if key != asker.key)
    return type(directory)((asker, *others), tuple(directory.agreements))


@pytest.fixture
async def made(sqlite_url, tmp_path):
    async with asking(sqlite_url, tmp_path) as one:
        yield one


async def ask(ohio, **changes):
    """Ohio's query in a message, and its answer, opened."""
    message = ohio.message(question(), "q-" + os.urandom(4).hex())
    return await ohio.made.ask(message.body, media_type=message.media_type, **changes)


@pytest.mark.parametrize("profile", PROFILES)
async def test_a_query_and_its_answer_go_in_messages_both_ways(profile, made):
    ohio, iowa = await protected(made, profile)
    iowa.answers(TOLD)
    found = await ask(ohio)
    assert found.status == 200, found.body
    opened = ohio.opened(found.body)
    assert b"CANARY" in opened.plain
    assert b"CANARY" not in found.body
    assert opened.id in (None, found.headers["Gateway-Query"])
    [(sent, plain, accept)] = iowa.asked
    assert b"<CaseStatus" in plain
    assert b"<CaseStatus" not in sent
    assert accept == iowa.wire.media_type(profile)


async def test_a_partner_that_has_to_be_protected_is_never_asked_in_the_clear(made):
    _, iowa = await protected(made)
    iowa.answers(TOLD)
    refused = await made.ask(question())
    assert (refused.status, refused.json["code"]) == (422, "protection-required")
    know(made, protection=Protection())
    bare = await made.ask(question())
    assert (bare.status, bare.json["code"]) == (403, "plain-not-allowed")
    assert iowa.asked == []


async def test_control_where_the_agreements_allow_it_the_same_query_goes_in_the_clear(made):
    seen = []

    async def reply(_request, body):
        seen.append(body)
        return web.Response(text=TOLD, content_type="application/xml")

    made.answers(reply)
    assert (await made.ask(question())).status == 200
    assert b"<CaseStatus" in seen[0]


async def test_while_a_key_is_missing_nobody_is_asked(made):
    ohio, iowa = await protected(made)
    iowa.answers(TOLD)
    for key in [key for key in ohio.held if key.use is Use.ENCRYPT]:
        await ohio.desk.retire(PAT, OHIO, key.id)
    await ohio.book.reload()
    found = await ask(ohio)
    assert (found.status, found.json["code"]) == (503, "wire-key-missing")
    assert iowa.asked == []
    assert (await made.written())[-1] == ("query.failed", "wire-key-missing")


@pytest.mark.parametrize(
    ("note", "code"),
    [({"id": "another-query"}, "answer-protection"), ({"at": timedelta(minutes=-6)}, "answer-stale")],
    ids=["of another query", "older than the query"],
)
async def test_an_answer_that_is_not_to_this_query_is_not_told(note, code, made):
    ohio, iowa = await protected(made)
    at = note.get("at")
    iowa.answers(TOLD, **{**note, "at": made.stack.watch() + at if at else None})
    found = await ask(ohio)
    assert (found.status, found.json["code"]) == (502, code)
    assert b"CANARY" not in found.body


async def test_a_plain_answer_of_a_protected_partner_is_not_told(made):
    ohio, _ = await protected(made)
    made.says(TOLD)
    found = await ask(ohio)
    assert (found.status, found.json["code"]) == (502, "answer-protection")


async def test_a_prohibited_answer_is_as_long_in_its_message_as_another(made):
    """V03 beyond TLS."""
    ohio, iowa = await protected(made)
    sizes = {}
    for said in (TOLD, TOLD.replace("Indicator>N<", "Indicator>Y<", 1)):
        iowa.answers(said)
        found = await ask(ohio)
        opened = ohio.opened(found.body).plain
        sizes[b"CANARY" in opened] = (len(found.body), len(opened))
    assert sizes[True] == sizes[False]
    assert sizes[True][1] == SIZE_CLASS
