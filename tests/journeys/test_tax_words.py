"""A partner file alone lets nobody have federal tax information."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from gateway.core.four_eyes import State
from gateway.core.model import Actor, TaxApproval
from gateway.core.ports.approvals import Word
from gateway.foundation import foundation
from gateway.partner_files import Applied
from gateway.partner_store import apply
from gateway.tax_words import agreed
from tests.journeys.partner_files import everybody
from tests.servers.gateway_process import install

ROOT, SAM = Actor("operator", "root@cli"), Actor("operator", "sam")
GIVEN = TaxApproval(date(2026, 1, 1), date(2027, 1, 1), "REF-A")


@pytest.fixture
async def base(sqlite_url, tmp_path):
    installed = await install(tmp_path, sqlite_url, everybody(1))
    async with foundation(installed.settings) as base:
        yield base


async def applied(base, approval):
    """Apply the file with this approval; what the partner has then, and what waits."""
    partner = (await base.stores.partners.directory()).partners["ohio"]
    now = await agreed(base, ROOT, Applied((replace(partner, tax_approval=approval),), ()))
    await apply(base, ROOT, now.applied)
    return (await base.stores.partners.directory()).partners["ohio"].tax_approval, now.waiting


async def agree(base, request):
    word = Word(SAM, base.clock(), approved=True, reason="letter seen")
    return await base.stores.approvals.decide(
        request, word, base.scribe.entry(SAM, "approval.given", f"approval:{request}")
    )


async def test_an_approval_is_set_once_somebody_else_agreed_to_exactly_it(base):
    before, [(partner, request)] = await applied(base, GIVEN)
    assert (before, partner) == (TaxApproval(), "ohio")
    assert await applied(base, GIVEN) == (TaxApproval(), ((partner, request),)), "asking again asks nothing new"
    assert await agree(base, request)
    longer, waiting = await applied(base, replace(GIVEN, until=date(2028, 1, 1)))
    assert longer == TaxApproval(), "another end is another approval"
    assert len(waiting) == 1
    assert await applied(base, GIVEN) == (GIVEN, ())
    assert (await base.stores.approvals.get(request)).state is State.USED


async def test_an_approval_that_stays_or_goes_needs_nobody(base):
    _, [(_, request)] = await applied(base, GIVEN)
    await agree(base, request)
    assert (await applied(base, GIVEN))[0] == GIVEN
    assert await applied(base, GIVEN) == (GIVEN, ())
    assert await applied(base, TaxApproval()) == (TaxApproval(), ())
