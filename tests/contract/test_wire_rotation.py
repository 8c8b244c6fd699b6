"""Rotations while messages go on, under every profile that uses keys: with overlap nothing is lost, without it the same
checks find what is. Deliveries: keys that we encrypt to and sign with. Posts: keys that we open and verify with."""

import asyncio
from contextlib import asynccontextmanager
from itertools import count, islice
from typing import NamedTuple

import pytest

from gateway.core.model import DeliveryState
from gateway.core.protection import GATEWAY, Algorithm, MessageRefused, Profile, Stage, Use
from tests.contract.wired import PAT, wired
from tests.unit.work_site import OHIO, Doorstep, eventually

PROFILES = tuple(profile for profile in Profile if profile is not Profile.NONE)
AT_ONCE = 2
"""Messages a round."""
BIG = b"<a/>" * 5_000
"""Opened in a thread; smaller ones on the event loop."""


class Traffic:
    """Messages in rounds, without a pause, and what became of them."""

    def __init__(self, ends):
        self.ends, self.numbers, self.rounds = ends, count(1), 0
        self.seen = []
        """What opened, in order."""
        self.lost = []
        """Codes of what did not."""
        self._going = True
        self._task = None

    def next(self):
        return list(islice(self.numbers, AT_ONCE))

    async def run(self):
        while self._going:
            await self.go()
            self.rounds += 1

    async def on(self):
        """Returns when a whole round has passed since."""
        enough = self.rounds + 2
        await eventually(lambda: self._task.done() or self.rounds >= enough)

    @asynccontextmanager
    async def going(self):
        self._task = asyncio.create_task(self.run())
        try:
            await self.on()
            yield
            await self.on()
        finally:
            self._going = False
            await self._task

    def used(self, use):
        """Keys that what opened was encrypted to, or signed with, in order; each once."""
        each = [(one.opener,) if use is Use.ENCRYPT else one.signers for one in self.seen]
        return list(dict.fromkeys(key for keys in each for key in keys))


class Reading(Doorstep):
    """Ohio reads each parcel when it comes, with the keys that it has then."""

    def __init__(self, read):
        super().__init__()
        self.read = read

    async def hand_over(self, parcel, partner):
        handover = await super().hand_over(parcel, partner)
        self.read(parcel.body)
        return handover


class Deliveries(Traffic):
    def __init__(self, ends):
        super().__init__(ends)
        ends.site.door = Reading(self.read)

    def read(self, body):
        try:
            self.seen.append(self.ends.opened(body))
        except MessageRefused as refused:
            self.lost.append(refused.problem)

    async def go(self):
        owed = await self.ends.site.owe(*self.next())
        await self.ends.site.come_to_rest()
        found = [await self.ends.site.found(one) for one in owed]
        self.lost += [one.cause for one in found if one.state is not DeliveryState.DELIVERED]


class Posts(Traffic):
    """Ohio's, by turns with each set of keys that it uses."""

    def __init__(self, ends):
        super().__init__(ends)
        self.to, self.by = ours(ends, Use.ENCRYPT), [theirs(ends, Use.VERIFY)]

    async def go(self):
        await asyncio.gather(*(self.post(number) for number in self.next()))

    async def post(self, number):
        to, by = (keys[number // 2 % len(keys)] for keys in (self.to, self.by))
        message = self.ends.message(BIG if number % 2 else b"<a/>", f"k-{number}", by, to)
        await asyncio.sleep(0)
        try:
            self.seen.append(await self.ends.open(message, f"k-{number}"))
        except MessageRefused as refused:
            self.lost.append(refused.problem)


def ours(ends, use):
    """Keys of the gateway that Ohio has been given and that are in use."""
    return in_order(key for key in ends.known.values() if key.use is use and key.stage is Stage.VALID)


def theirs(ends, use):
    living = (key for key in ends.book.of(OHIO) if key.use is use and key.stage is not Stage.RETIRED)
    return in_order(ends.held[key.id] for key in living)


def in_order(keys):
    """As messages with two signatures name them."""
    return sorted(keys, key=lambda key: list(Algorithm).index(key.algorithm))


def new_pairs(ends, old):
    return [ends.pair(key.use, key.algorithm) for key in old]


async def renewed(ends, old):
    made = [await ends.desk.renew(PAT, key.use, key.algorithm) for key in old]
    await ends.book.reload()
    return made


async def activated(ends, keys):
    ends.site.wait(seconds=1)
    for key in keys:
        await ends.desk.activate(PAT, key.id)
    await ends.book.reload()


async def retired(ends, owner, keys):
    for key in keys:
        await ends.desk.retire(PAT, owner, key.id)
    await ends.book.reload()


# Each rotation as docs/wire.md has it, with messages after every step.


class Turned(NamedTuple):
    old: list
    new: list


def ids(old, new):
    return [key.id for key in (*old, *new)]


async def encrypting(ends, deliveries):
    """Ohio registers another key, proves it, and lets the old one go."""
    old = theirs(ends, Use.ENCRYPT)
    new = new_pairs(ends, old)
    for key in new:
        await ends.register(key)
    await deliveries.on()
    ends.site.wait(seconds=1)
    for key in new:
        await ends.prove(key)
    await deliveries.on()
    await retired(ends, OHIO, old)
    await deliveries.on()
    for key in old:
        del ends.held[key.id]
    return Turned(old, new)


async def signing(ends, deliveries):
    """We publish another key, sign with it when Ohio knows it, and let the old one go."""
    old = ours(ends, Use.VERIFY)
    new = await renewed(ends, old)
    await deliveries.on()
    await ends.learn()
    await activated(ends, new)
    await deliveries.on()
    await retired(ends, GATEWAY, old)
    await ends.learn()
    return Turned(old, new)


async def decrypting(ends, posts):
    """We publish another key; Ohio encrypts to either, then to the new one; we let the old one go."""
    old = ours(ends, Use.ENCRYPT)
    new = await renewed(ends, old)
    await posts.on()
    posts.to = [*old, *new]
    await posts.on()
    posts.to = new
    await activated(ends, new)
    await posts.on()
    await retired(ends, GATEWAY, old)
    await ends.learn()
    return Turned(old, new)


async def verifying(ends, posts):
    """Ohio registers another key, signs with either, then with the new one, and lets the old one go."""
    old = theirs(ends, Use.VERIFY)
    new = new_pairs(ends, old)
    for key in new:
        await ends.register(key)
    await posts.on()
    posts.by = [old, new]
    await posts.on()
    posts.by = [new]
    await posts.on()
    await retired(ends, OHIO, old)
    return Turned(old, new)


@pytest.mark.parametrize("profile", PROFILES)
async def test_deliveries_leave_and_open_all_through_rotations(profile, sqlite_url, tmp_path):
    async with wired(sqlite_url, tmp_path, profile) as ends:
        deliveries = Deliveries(ends)
        async with ends.site.dispatching(), deliveries.going():
            encrypt, sign = await encrypting(ends, deliveries), await signing(ends, deliveries)
        assert deliveries.lost == []
        assert deliveries.used(Use.ENCRYPT) == ids(*encrypt)
        assert deliveries.used(Use.VERIFY) == ids(*sign)


@pytest.mark.parametrize("profile", PROFILES)
async def test_posts_are_opened_all_through_rotations(profile, sqlite_url, tmp_path):
    async with wired(sqlite_url, tmp_path, profile) as ends:
        posts = Posts(ends)
        async with posts.going():
            decrypt, verify = await decrypting(ends, posts), await verifying(ends, posts)
        assert posts.lost == []
        assert posts.used(Use.ENCRYPT) == ids(*decrypt)
        assert posts.used(Use.VERIFY) == ids(*verify)
        for to, by in ((decrypt.old, verify.new), (decrypt.new, verify.old)):
            posts.to, posts.by, posts.lost = to, [by], []
            await posts.go()
            assert posts.lost == ["wire-key-retired"] * AT_ONCE


# The same without overlap: the new key is used, or the old one gone, before the other side is ready.


async def encrypting_at_once(ends, deliveries):
    old = theirs(ends, Use.ENCRYPT)
    await retired(ends, OHIO, old)
    await deliveries.on()
    for key in new_pairs(ends, old):
        await ends.register(key)
        await ends.prove(key)


async def signing_at_once(ends, deliveries):
    await activated(ends, await renewed(ends, ours(ends, Use.VERIFY)))
    await deliveries.on()
    await ends.learn()


async def decrypting_at_once(ends, posts):
    old = ours(ends, Use.ENCRYPT)
    new = await renewed(ends, old)
    await retired(ends, GATEWAY, old)
    await posts.on()
    posts.to = new


async def verifying_at_once(ends, posts):
    new = new_pairs(ends, theirs(ends, Use.VERIFY))
    posts.by = [new]
    await posts.on()
    for key in new:
        await ends.register(key)


@pytest.mark.parametrize(
    ("traffic", "rotated", "code"),
    [(Deliveries, encrypting_at_once, "wire-key-missing"), (Deliveries, signing_at_once, "wire-key-unknown"),
     (Posts, decrypting_at_once, "wire-key-retired"), (Posts, verifying_at_once, "wire-key-unknown")],
    ids=["encrypt", "sign", "decrypt", "verify"],
)  # fmt: skip
async def test_control_a_rotation_without_overlap_loses_messages(traffic, rotated, code, sqlite_url, tmp_path):
    async with wired(sqlite_url, tmp_path) as ends:
        messages = traffic(ends)
        async with ends.site.dispatching(), messages.going():
            await rotated(ends, messages)
            lost = len(messages.lost)
        assert set(messages.lost) == {code}
        assert lost >= AT_ONCE
        assert messages.seen, "before and after it they open"
