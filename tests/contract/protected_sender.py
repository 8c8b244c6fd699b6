"""Ohio as a caller of the API that posts messages, under any profile that uses keys."""

from dataclasses import replace
from datetime import timedelta

from gateway.core.model import Actor
from gateway.core.protection import NEEDS, Algorithm, Ends, Note, Profile, Protection, Stage, Use, WireKey
from gateway.work.wire_desk import Wanted
from tests.contract.api_stack import OHIO, XML, partner

BODY = b"one\n!two\nthree\n"
SETUP = Actor("operator", "setup")
LIMIT = 2_000


class Sender:
    """Ohio, whose file says the profile, with its keys."""

    def __init__(self, stack, profile=Profile.JOSE):
        self.stack, self.profile = stack, profile
        self.desk, self.book = stack.parts.partner_keys.desk, stack.parts.partner_keys.book
        self.wire, self.name = self.desk.wire, self.desk.name

    def pair(self, use, algorithm=Algorithm.P256):
        now = self.stack.watch()
        material, private = self.wire.make(algorithm, "ohio", now - timedelta(minutes=1), now + timedelta(days=90))
        return WireKey(OHIO, use, material, Stage.PENDING, now, None, private)

    async def register(self, key):
        await self.desk.add(SETUP, [Wanted(OHIO, key.use, key.material)])
        await self.book.reload()

    async def begin(self):
        plain = partner(OHIO, accepts=frozenset({XML}))
        ohio = replace(plain, protection=Protection(self.profile, LIMIT))
        entry = self.stack.parts.scribe.entry(SETUP, "partner.applied", "partner:ohio")
        await self.stack.parts.partners.apply([ohio], [], [entry])
        await self.desk.make(SETUP, self.profile)
        self.signing = [self.pair(Use.VERIFY, _quickest(group)) for group in NEEDS[self.profile].sign]
        for key in self.signing:
            await self.register(key)

    def message(self, body=BODY, id_="k-1", **changes):
        wanted = NEEDS[self.profile].encrypt
        to = next(key for key in self.book.ours if key.use is Use.ENCRYPT and key.algorithm in wanted)
        note = Note(Ends(OHIO, self.name), id_, self.stack.watch(), "application/xml")
        signers = changes.pop("signers", self.signing)
        return self.wire.protect(self.profile, body, replace(note, **changes), replace(to, private=b""), signers).body

    async def post(self, message, key="k-1", **more):
        return await self.stack.post(message, key=key, Content_Type=self.wire.media_type(self.profile), **more)


def _quickest(group):
    """An RSA key takes a quarter of a second to make."""
    return Algorithm.P256 if Algorithm.P256 in group else group[0]
