"""The background work of ``tests.unit.work_site`` with wire protection: Ohio gets messages, and posts them."""

import os
from contextlib import asynccontextmanager
from datetime import timedelta

from gateway.core.model import Actor
from gateway.core.ports.protection import Expected
from gateway.core.protection import GATEWAY, Ends, Note, Profile, Protection, Stage, Use, WireKey
from gateway.work.messages import MessageDesk
from gateway.work.protecting import ProtectingCrew
from gateway.work.wire_book import WireBook
from gateway.work.wire_desk import Wanted, WireDesk
from keys.wire.protection import WireProtection
from tests.unit.work_site import OHIO, open_site, partner

NAME = "gateway.example/audit"
PAT = Actor("operator", "pat")
LIMIT = 2**20


class Wired:
    """A site, the gateway's side of the wire, and Ohio's."""

    def __init__(self, site, profile=Profile.JOSE):
        self.site, self.profile, self.wire = site, profile, WireProtection()
        stored = site.stores
        self.desk = WireDesk(stored.wire_keys, self.wire, site.sealer, site.scribe, site.clock, os.urandom, NAME)
        self.book = WireBook(stored.wire_keys, site.sealer)
        self.seen: list[str] = []
        self.messages = MessageDesk(self.wire, self.book, self.desk, stored.audit, site.scribe, site.clock, self.note)
        self.plain_crew = site.crew
        site.crew = ProtectingCrew(
            site.crew, self.wire, self.book, stored.wire_payloads, site.sealer, lambda: site.directory, site.clock, NAME
        )
        self.ohio = partner(OHIO, "39", protection=Protection(profile, LIMIT))
        self.held: dict[str, WireKey] = {}
        """Ohio's key pairs by id."""
        self.known: dict[str, WireKey] = {}
        """The gateway's public keys that Ohio has been given."""
        site.know(self.ohio)

    def note(self, _profile, outcome):
        self.seen.append(outcome)

    async def begin(self):
        """Both sides have one key of each kind."""
        await self.desk.make(PAT, self.profile)
        await self.book.reload()
        for key in self.needed():
            await self.give(key.use, key.algorithm)
        await self.learn()

    def needed(self):
        return [key for key in self.book.ours if key.stage is Stage.VALID]

    def pair(self, use, algorithm):
        """A new pair of Ohio's, not registered yet."""
        now = self.site.now
        material, private = self.wire.make(algorithm, "ohio", now - timedelta(minutes=1), now + timedelta(days=90))
        key = WireKey(OHIO, use, material, Stage.PENDING, now, None, private)
        self.held[key.id] = key
        return key

    async def register(self, key):
        await self.desk.add(PAT, [Wanted(OHIO, key.use, key.material)])
        await self.book.reload()

    async def prove(self, key):
        """Ohio reads the test message and sends what it says."""
        message = await self.desk.test(PAT, OHIO, key.id, self.book, self.profile)
        await self.learn()
        proof = self.opened(message.body).plain.decode()
        await self.desk.confirm(PAT, OHIO, key.id, proof)
        await self.book.reload()

    async def give(self, use, algorithm):
        """Another key of Ohio's, registered, and proved when it is one to encrypt to."""
        key = self.pair(use, algorithm)
        await self.register(key)
        if use is Use.ENCRYPT:
            await self.prove(key)
        return key

    async def learn(self):
        """Ohio is given the gateway's public keys."""
        self.known = {key.id: key for key in await self.desk.list(GATEWAY)}

    def opened(self, body, profile=None):
        """What Ohio reads. Raises MessageRefused."""
        theirs = [key for key in self.known.values() if key.stage is not Stage.RETIRED]
        expected = Expected(Ends(NAME, OHIO), self.site.now, LIMIT, list(self.held.values()), theirs)
        return self.wire.unprotect(profile or self.profile, body, expected)

    def message(self, plain, id_, signers, to, at=None):
        """A message of Ohio's."""
        note = Note(Ends(OHIO, NAME), id_, at or self.site.now, "application/xml")
        return self.wire.protect(self.profile, plain, note, to, signers).body

    async def open(self, message, id_):
        """The gateway takes a post of Ohio's. Raises MessageRefused."""
        return await self.messages.open(self.ohio, self.wire.media_type(self.profile), message, id_)


@asynccontextmanager
async def wired(url, folder, profile=Profile.JOSE):
    async with open_site(url, folder) as site:
        one = Wired(site, profile)
        await one.begin()
        yield one
