"""What a partner's format cannot carry: found when the payload is composed, kept on the delivery, without a value."""

from collections.abc import Callable

import pytest

from gateway.core.errors import Transient
from gateway.core.loss import MOST, kept
from gateway.core.model import Actor, DeliveryState, Finding, FormatName, RuleCode, Severity
from tests.unit.work_site import CASE, OHIO, Site, open_site, partner, transfers

LINE_3 = b"SYNTHETIC THIRD LINE"
LOST = "LocateInformation/ResidentialAddress/Address/AddressLine3Text"
Change = Callable[[bytes], bytes]


def with_third_line(body: bytes) -> bytes:
    """An element that the canonical form has and CSENet has not."""
    end = b"<AddressLine1Text>12 Invented Street</AddressLine1Text>"
    assert end in body
    return body.replace(end, end + b"<AddressLine3Text>" + LINE_3 + b"</AddressLine3Text>")


def in_danger(body: bytes) -> bytes:
    """A mark that protects a person; CSENet has no place for it."""
    head, participant = body.split(b"<Participant>", 1)
    before, after = participant.split(b"</Participant>", 1)
    return (
        head + b"<Participant>" + before + b"<FamilyViolenceIndicator>Y</FamilyViolenceIndicator></Participant>" + after
    )


@pytest.fixture
async def site(sqlite_url, tmp_path):
    async with open_site(sqlite_url, tmp_path) as opened:
        opened.know(partner(OHIO, "39", formats={CASE: FormatName("csenet")}))
        yield opened


async def owed_after(site: Site, change: Change, serial: int = 1):
    await site.post(f"key-{serial}", change(transfers(serial)))
    (owed,) = site.told
    return owed


async def test_an_element_that_the_format_cannot_carry_is_a_notice_on_the_delivery(site):
    owed = await owed_after(site, with_third_line)
    async with site.dispatching():
        await site.come_to_rest()
    assert (await site.found(owed)).state is DeliveryState.DELIVERED
    (finding,) = await site.stores.desk.findings(owed.id)
    assert (finding.rule, finding.severity, finding.path) == ("FIX-NOT-CARRIED", Severity.NOTICE, LOST)
    assert LINE_3.decode() not in repr(finding)
    assert site.door.taken[0].body.count(LINE_3) == 0


async def test_the_trace_of_the_record_tells_what_was_not_carried_and_to_whom(site):
    owed = await owed_after(site, with_third_line)
    async with site.dispatching():
        await site.come_to_rest()
    ((record,),) = site.rows("SELECT id FROM records")
    steps = [step for step in await site.stores.records.trace(str(record)) if step.action == "finding"]
    assert [(step.object, step.outcome) for step in steps] == [(f"delivery:{owed.id}", "FIX-NOT-CARRIED")]
    assert steps[0].details == {"severity": "notice", "path": LOST, "note": "1 times"}


async def test_a_payload_without_loss_leaves_no_finding(site):
    owed = await owed_after(site, lambda body: body)
    async with site.dispatching():
        await site.come_to_rest()
    assert await site.stores.desk.findings(owed.id) == ()


async def test_a_retry_keeps_what_was_found_when_the_payload_was_first_composed(site):
    site.door.failure = lambda: Transient("The partner is away.", code="http-503", answer="503")
    owed = await owed_after(site, with_third_line)
    async with site.dispatching():
        await site.come_to_rest()
        first = site.rows("SELECT at, number, rule FROM delivery_findings")
        site.door.failure = None
        site.wait(seconds=30)
        await site.come_to_rest()
    assert (await site.found(owed)).attempts == 2
    assert site.rows("SELECT at, number, rule FROM delivery_findings") == first


async def test_a_payload_that_must_not_be_sent_tells_every_reason(site):
    owed = await owed_after(site, lambda body: with_third_line(in_danger(body)))
    async with site.dispatching():
        await site.come_to_rest()
    found = await site.found(owed)
    assert (found.state, found.cause) == (DeliveryState.DEAD, "FIX-MARK-LOST")
    rules = {finding.rule: finding.severity for finding in await site.stores.desk.findings(owed.id)}
    assert rules == {"FIX-MARK-LOST": Severity.ERROR, "FIX-NOT-CARRIED": Severity.NOTICE}


async def test_a_payload_composed_anew_after_a_repair_has_the_findings_of_the_last_time(site):
    owed = await owed_after(site, in_danger)
    async with site.dispatching():
        await site.come_to_rest()
        entry = site.scribe.entry(Actor("operator", "pat"), "delivery.retried", f"delivery:{owed.id}")
        assert await site.stores.desk.retry(owed.id, site.now, entry)
        await site.come_to_rest()
    assert [finding.rule for finding in await site.stores.desk.findings(owed.id)] == ["FIX-MARK-LOST"]


def test_of_many_findings_the_gravest_are_kept_and_the_rest_is_counted():
    notices = [Finding(RuleCode("FIX-NOT-CARRIED"), Severity.NOTICE, path=f"Element{n}") for n in range(MOST + 10)]
    mark = Finding(RuleCode("FIX-MARK-LOST"), Severity.ERROR)
    found = kept([*notices, mark])
    assert len(found) == MOST
    assert found[0] == mark
    assert (found[-1].rule, found[-1].note) == ("LOSS-MORE", f"{MOST + 11 - (MOST - 1)} more")
    assert kept(notices[:MOST]) == tuple(notices[:MOST])
