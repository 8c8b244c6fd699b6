"""Receipts are signed, and checked with the published keys, all through a rotation, while protected posts go on.
Whoever checks keeps the set of keys as long as its Cache-Control allows, and so meets receipts of a newer key."""

import asyncio
import re
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import count, islice

import jwt
import pytest

from gateway.core.protection import Profile
from keys.states import KeyUse
from tests.contract.api_stack import running
from tests.contract.protected_sender import Sender
from tests.unit.work_site import eventually

PROFILES = tuple(profile for profile in Profile if profile is not Profile.NONE)
AT_ONCE = 2


class KeySet:
    """Somebody's copy of the published keys."""

    def __init__(self, stack):
        self.stack, self.keys, self.until = stack, None, stack.watch()

    async def now(self):
        if self.until <= self.stack.watch():
            answer = await self.stack.call(None, "GET", "/.well-known/jwks.json")
            self.keys = jwt.PyJWKSet.from_json(answer.body.decode())
            self.stays = int(re.search(r"max-age=(\d+)", answer.headers["Cache-Control"])[1])
            self.until = self.stack.watch() + timedelta(seconds=self.stays)
        return self.keys


class Posting:
    """Posts in rounds without a pause; the receipt of each is fetched and checked at once, and the first one again."""

    def __init__(self, sender):
        self.sender, self.stack, self.keys = sender, sender.stack, KeySet(sender.stack)
        self.numbers, self.rounds, self.going = count(1), 0, True
        self.first = None
        self.kids, self.lost = [], []

    async def run(self):
        while self.going:
            await asyncio.gather(*(self.post(number) for number in islice(self.numbers, AT_ONCE)))
            self.rounds += 1

    async def post(self, number):
        key, body = f"k-{number}", f"line {number}\n".encode()
        answer = await self.sender.post(self.sender.message(body, key), key)
        assert answer.status == 202, answer.body
        receipt = (await self.stack.call("ohio", "GET", answer.json["links"]["accepted"])).body
        self.first = self.first or receipt
        for one, about in ((receipt, answer.json["submission"]), (self.first, None)):
            await self.check(one, about)

    async def check(self, receipt, submission):
        kid = jwt.get_unverified_header(receipt)["kid"]
        try:
            claims = jwt.decode(receipt, (await self.keys.now())[kid].key, algorithms=["ES256"])
        except KeyError:
            self.lost.append(kid)
            return
        if submission is not None:
            assert claims["sub"] == submission
            self.kids.append(kid)

    async def on(self):
        """Returns when a whole round has passed since."""
        enough = self.rounds + 2
        await eventually(lambda: self.task.done() or self.rounds >= enough)


@asynccontextmanager
async def posting(url, folder, profile=Profile.JOSE):
    async with running(url, folder) as stack:
        sender = Sender(stack, profile)
        await sender.begin()
        posts = Posting(sender)
        posts.task = asyncio.create_task(posts.run())
        try:
            await posts.on()
            yield posts
            await posts.on()
        finally:
            posts.going = False
            await posts.task


async def rotated(posts):
    posts.stack.keys.rotate("receipts", KeyUse.RECEIPT_SIGNING)
    await posts.on()


@pytest.mark.parametrize("profile", PROFILES)
async def test_receipts_are_checked_with_published_keys_all_through_a_rotation_while_posts_go_on(
    profile, sqlite_url, tmp_path
):
    async with posting(sqlite_url, tmp_path, profile) as posts:
        posts.stack.keys.prepare("receipts", KeyUse.RECEIPT_SIGNING)
        posts.stack.watch.forward(posts.keys.stays)
        await posts.on()
        await rotated(posts)
        posts.stack.watch.forward(posts.keys.stays)
    assert posts.lost == []
    assert len(posts.kids) >= 4 * AT_ONCE
    _old, new = dict.fromkeys(posts.kids)
    assert set(posts.kids[-AT_ONCE:]) == {new}


async def test_control_a_key_that_signs_before_it_was_published_loses_receipts(sqlite_url, tmp_path):
    async with posting(sqlite_url, tmp_path) as posts:
        await rotated(posts)
        lost = len(posts.lost)
    assert lost >= AT_ONCE
    assert set(posts.lost).isdisjoint(posts.kids)
