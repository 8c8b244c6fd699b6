"""Why something was not sent: a sentence for every reason, and nothing of the record in it."""

from dataclasses import replace

import pytest

from gateway.core.bridge import Stuck
from gateway.core.disclosure import Withheld
from gateway.core.model import DeliveryState, RecordState
from gateway.core.routing import Reason
from gateway.core.why import why_delivery, why_record
from tests.unit.guarding import POLICY
from tests.unit.test_work_protection import MARK, case, owed
from tests.unit.work_site import MICHIGAN, OHIO, agreement, open_site, partner

REASONS = [*Withheld, *Reason, *Stuck]


@pytest.fixture
async def site(sqlite_url, tmp_path):
    async with open_site(sqlite_url, tmp_path) as opened:
        opened.know(partner(OHIO, "39", program="IV-A"), agreements=(agreement(MICHIGAN, OHIO),))
        yield opened


async def withheld(site):
    await owed(site, case(1, MARK))
    ((record,),) = site.rows("SELECT id FROM records")
    return await site.stores.records.get(record)


async def test_a_withheld_record_says_rule_sentence_source_and_what_would_have_to_change(site):
    found = why_record(await withheld(site), POLICY)
    assert (found.code, found.rule, found.policy) == (Withheld.FAMILY_VIOLENCE, "V01", POLICY.version)
    assert found.title
    assert found.change
    assert "42 USC 653(b)(2)" in found.source


@pytest.mark.parametrize("reason", REASONS)
async def test_every_reason_has_its_words(site, reason):
    found = why_record(replace(await withheld(site), reason=str(reason)), POLICY)
    assert found.code == reason
    assert all((found.rule, found.title, found.change, found.source))


@pytest.mark.parametrize("state", [RecordState.ROUTED, RecordState.REFUSED])
async def test_what_went_or_was_refused_is_not_the_guards_to_explain(site, state):
    assert why_record(replace(await withheld(site), state=state), POLICY) is None


async def test_only_a_held_delivery_is_explained(site):
    (made,), _ = await owed(site, case(1))
    held = replace(made, state=DeliveryState.HELD, cause=str(Withheld.AGREEMENT))
    assert why_delivery(held, POLICY).rule == "L01"
    assert why_delivery(replace(held, cause="payload-changed"), POLICY) is None
    assert why_delivery(made, POLICY) is None
