"""Requests to find somebody need the attestation that their sender agreed to give; what is no request goes on."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gateway.core.attestation import OUTDATED
from gateway.core.model import FormatName, Kind, Page, PartnerKey, RecordState
from gateway.work.intake import IntakeLimits
from tests.unit.work_site import OHIO, agreement, open_site, partner

EXAMPLES = Path(__file__).parents[2] / "examples"
FPLS, TRIBE = PartnerKey("fpls"), PartnerKey("tribe")
ENTRY, LOCATE = Kind("registry-entry"), Kind("locate")
VERSION = "2026-11-29.0a1b2c3d"
MISSING, OLD = "LOCATE-ATTESTATION-MISSING", "LOCATE-ATTESTATION-OUTDATED"
BIG = IntakeLimits(records_at_once=2, piece=700)
REGISTRY = (OHIO, FormatName("fcr-input"), EXAMPLES / "fixed/fcr-input.txt")
BETWEEN_STATES = (TRIBE, FormatName("json"), EXAMPLES / "tribe-locate-request.json")


@pytest.fixture
async def site(sqlite_url, tmp_path):
    async with open_site(sqlite_url, tmp_path) as opened:
        know(opened, attests=True)
        yield opened


def know(site, *, attests):
    year_end = date(2026, 12, 31)
    site.know(
        partner(FPLS, "FPLS", program="FPLS", formats={ENTRY: FormatName("fcr-input")}),
        partner(OHIO, "39", locate_attested_until=year_end, attests_each_locate=attests),
        partner(TRIBE, "90830", attests_each_locate=attests),
        agreements=(
            agreement(OHIO, FPLS, kinds=frozenset({ENTRY})),
            agreement(TRIBE, OHIO, kinds=frozenset({LOCATE})),
        ),
    )


async def judged(site, posted, weighed="", limits=None):
    """Of each record why it was refused, and what the log says was attested with it."""
    sender, name, file = posted
    upload = site.desk(limits).begin(site.directory.partners[sender], site.mint(), name, "request", weighed)
    await upload.feed(file.read_bytes())
    submission = await upload.finish()
    while await site.backlog().step():
        pass
    rows = (await site.stores.submissions.records(submission.id, None, Page(limit=500))).rows
    entries = [[e for _, e in await site.stores.audit.about(f"record:{row.id}")] for row in rows]
    stored = await site.stores.submissions.get(submission.id)
    assert stored.attested == (weighed or None)
    told = [entry.details.get("attested") for (entry,) in entries]
    return [row.reason for row in rows if row.state is RecordState.REFUSED], [one for one in told if one]


@pytest.mark.claim("L09", control="test_of_a_sender_that_need_not_attest_the_same_requests_go_without")
@pytest.mark.parametrize("limits", [None, BIG], ids=["at once", "later"])
async def test_a_request_to_find_somebody_goes_with_the_attestation_alone_and_other_records_go_on(site, limits, claim):
    outcomes = {weighed: await judged(site, REGISTRY, weighed, limits) for weighed in ("", OUTDATED, VERSION)}
    assert outcomes == {"": ([MISSING] * 2, []), OUTDATED: ([OLD] * 2, []), VERSION: ([], [VERSION] * 2)}
    claim.measured("2 requests of 5 records refused without, taken with")


async def test_of_a_sender_that_need_not_attest_the_same_requests_go_without(site):
    """The control."""
    know(site, attests=False)
    outcomes = {weighed: await judged(site, REGISTRY, weighed) for weighed in ("", OUTDATED, VERSION)}
    assert outcomes == {"": ([], []), OUTDATED: ([], []), VERSION: ([], [VERSION] * 2)}


async def test_a_request_between_states_needs_it_as_well(site):
    assert await judged(site, BETWEEN_STATES) == ([MISSING], [])
    assert await judged(site, BETWEEN_STATES, VERSION) == ([], [VERSION])


async def test_a_request_that_is_parked_keeps_what_was_attested(site):
    site.know(partner(TRIBE, "90830", attests_each_locate=True), agreements=())
    assert await judged(site, BETWEEN_STATES, VERSION) == ([], [VERSION])


async def test_a_validation_says_what_a_submission_would(site):
    sender, name, file = BETWEEN_STATES
    found = []
    for weighed in ("", OUTDATED, VERSION):
        validation = site.desk().validation(site.directory.partners[sender], name, weighed)
        await validation.feed(file.read_bytes())
        found.append([one.rule for one in (await validation.finish()).findings if one.severity.blocks])
    assert found == [[MISSING], [OLD], []]
