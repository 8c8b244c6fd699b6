"""Whoever opens a record that names somebody of the own surname is in the next report; the name itself is nowhere."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest

from gateway.core.own_name import seal_surname
from gateway.core.reading_review import OwnName, readers
from gateway.web import opening
from tests.contract.console_forms import send
from tests.contract.console_site import SEALER, fill, log_in, running
from tests.contract.test_console_second_words import CANARY, CANONICAL, keep

WHY = {"reason": "call of the county"}


@pytest.fixture
async def site(sqlite_url):
    async with running(sqlite_url, canonical=CANONICAL) as site:
        await fill(site)
        site.ids["content"] = await keep(site)
        yield site


async def opens(site, name, surname=None):
    """A steward with the surname opens the record, as shapes."""
    sealed = None if surname is None else seal_surname(SEALER, name, surname)
    await site.operator(name, "data-steward", sealed_surname=sealed)
    async with site.browser() as client:
        assert (await log_in(client, name)).status == 303
        assert CANARY not in await send(client, site.ids["content"], 200, **WHY)


async def report(site):
    """Name -> (records of the own name, records not compared, whether it is a concern)."""
    readings = await site.parts.readings.since(site.clock() - timedelta(days=7))
    found = readers(readings, UTC)
    return {one.actor.name: (one.own_name, one.not_compared, "own-name" in one.concerns) for one in found}


@pytest.mark.claim("L05", control="test_control_without_the_comparison_the_report_says_nothing")
async def test_a_look_up_of_the_own_surname_is_in_the_next_report(site, claim):
    await opens(site, "pat", "Zzýzxová")
    await opens(site, "ann", "Other")
    await opens(site, "kim")
    assert await report(site) == {"pat": (1, 0, True), "ann": (0, 0, False), "kim": (0, 1, False)}
    entries = await site.parts.audit.unsequenced(1000)
    assert not [e for e in entries if CANARY.casefold() in repr(dict(e.details)).casefold()]
    async with site.browser("auditor") as auditor:
        listed = (await (await auditor.get("/audit")).text()).partition("Who read content")[2].partition("</table>")[0]
    assert listed.count("own name") == 1
    claim.measured("1 of 1 look-ups of the own surname in the report, 0 of 2 others")


async def test_control_without_the_comparison_the_report_says_nothing(site, monkeypatch):
    monkeypatch.setattr(opening, "own_name", lambda _contents, _surname: OwnName.UNKNOWN)
    await opens(site, "pat", "Zzýzxová")
    assert await report(site) == {"pat": (0, 1, False)}
