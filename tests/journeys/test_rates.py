"""Rates as the other side measures them: what a partner gets in a second, and what a caller is let do in one."""

from __future__ import annotations

import asyncio
import time

from tests.journeys import samples
from tests.journeys.partner_files import https, partner
from tests.journeys.site import until, whole

RATE = 20
CALLS, BURST = 50, 30


def densest(moments, seconds=1.0):
    """Most arrivals within any so many seconds."""
    return max(sum(begin <= one <= begin + seconds for one in moments) for begin in moments)


async def arrivals(folder, url, top, owed):
    """When each of the deliveries came to Michigan."""
    moments = []

    async def note(_request, _body):
        moments.append(time.monotonic())

    def changed(port):
        return {"michigan": partner("michigan", https(port, "michigan"), top=top)}

    async with whole(folder, url, changed=changed) as site:
        site.partners.behaviours["michigan"] = note
        body = b"".join(samples.csenet(number) for number in range(owed))
        await site.api.accepted("ohio", "csenet", body)
        await until(lambda: len(site.partners.deliveries("michigan")) == owed, "all arrive")
    return moments


async def test_a_partner_gets_no_more_in_a_second_than_it_asked_for(sqlite_url, tmp_path):
    moments = await arrivals(tmp_path, sqlite_url, f"rate_per_second = {RATE}", 50)
    assert densest(moments) <= 2 * RATE, "a second's worth may have been saved up"
    assert moments[-1] - moments[0] >= (50 - 2 * RATE) / RATE


async def test_a_partner_that_hung_gets_no_more_in_a_second_than_it_asked_for_when_it_goes_on(sqlite_url, tmp_path):
    begun, go_on, rate, at_once = [], asyncio.Event(), 2, 4

    async def hang(_request, _body):
        begun.append(time.monotonic())
        await go_on.wait()

    def changed(port):
        top = f"rate_per_second = {rate}\nconcurrency = {at_once}"
        return {"michigan": partner("michigan", https(port, "michigan", timeout=30), top=top)}

    async with whole(tmp_path, sqlite_url, changed=changed) as site:
        site.partners.behaviours["michigan"] = hang
        await site.api.accepted("ohio", "csenet", b"".join(samples.csenet(number) for number in range(12)))
        await until(lambda: len(begun) == at_once, "all that may go at once are under way")
        await asyncio.sleep(2 * at_once / rate)  # others could be claimed ahead meanwhile
        go_on.set()
        await until(lambda: len(begun) == 12, "all arrive")
    assert densest(begun[at_once:]) <= 2 * rate, "a second's worth may have been saved up"


async def test_control_without_a_rate_it_gets_all_at_once(sqlite_url, tmp_path):
    moments = await arrivals(tmp_path, sqlite_url, "", 120)
    assert densest(moments) > 2 * RATE


async def taken(site, caller, number):
    """Statuses of so many calls at once, the seconds they took, and what those turned away were told."""
    begun = time.monotonic()
    answers = await asyncio.gather(*(site.api.send(caller, "GET", "/v1/submissions?limit=1") for _ in range(number)))
    waits = {answer.headers.get("Retry-After") for answer in answers if answer.status == 429}
    return [answer.status for answer in answers], time.monotonic() - begun, waits


async def test_a_caller_is_let_do_no_more_than_its_rate_and_another_one_is_not_held_up(sqlite_url, tmp_path):
    async with whole(tmp_path, sqlite_url, api={"port": 0, "rate_per_second": CALLS, "burst": BURST}) as site:
        statuses, seconds, waits = await taken(site, "ohio", 10 * BURST)
        assert set(statuses) == {200, 429}
        assert statuses.count(200) <= BURST + CALLS * seconds + 1
        assert waits == {"1"}
        others, _, _ = await taken(site, "michigan", BURST - 5)
        assert set(others) == {200}
        await asyncio.sleep(1)
        assert (await taken(site, "ohio", 5))[0] == [200] * 5


async def test_control_without_a_rate_the_caller_is_let_do_everything(sqlite_url, tmp_path):
    async with whole(tmp_path, sqlite_url, api={"port": 0, "rate_per_second": 0}) as site:
        statuses, _, _ = await taken(site, "ohio", 10 * BURST)
        assert set(statuses) == {200}
