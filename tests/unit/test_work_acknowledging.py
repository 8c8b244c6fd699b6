"""Who posts X12 gets its acknowledgements by itself, if it wants them: once, whatever was wrong with the file."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.core.errors import Unreadable
from gateway.core.model import FormatName, Kind, PartnerKey
from gateway.work.acknowledging import Acknowledging
from gateway.work.intake import IntakeLimits
from tests.unit.work_site import OHIO, agreement, open_site, partner
from transforms.x12_answers import acknowledge

ENROLLMENT = (Path(__file__).parents[2] / "examples/x12/enrollment.834.x12").read_bytes()
MEDICAID = PartnerKey("medicaid")
MEDICAL, ANSWER = Kind("medical-support"), Kind("interchange-answer")
X12_834, X12_999 = FormatName("x12-834"), FormatName("x12-999")
THERE = agreement(OHIO, MEDICAID, kinds=frozenset({MEDICAL}))
TO_ITSELF = agreement(OHIO, OHIO, kinds=frozenset({ANSWER}))
TINY = IntakeLimits(records_at_once=1, bytes_at_once=200, piece=500)


def know(site, *agreements):
    site.know(
        partner(OHIO, "39", formats={ANSWER: X12_999}, locators=frozenset({"39", "99000001"})),
        partner(MEDICAID, "KS-MEDICAID", program="XIX", formats={MEDICAL: X12_834}),
        agreements=(THERE, *agreements),
    )


@pytest.fixture
async def site(sqlite_url, tmp_path):
    async with open_site(sqlite_url, tmp_path) as opened:
        know(opened, TO_ITSELF)
        yield opened


def acknowledging(site):
    sets = site.speech.catalog.x12
    make = lambda name, body, findings: acknowledge(body, findings, sets[name])  # noqa: E731 - as the wiring has it
    return Acknowledging(site.originator(), site.stores.submissions, make, frozenset(sets))


async def post(site, body, limits=None, key="key"):
    desk = replace(site.desk(limits), acknowledging=acknowledging(site))
    upload = desk.begin(site.directory.partners[OHIO], key, X12_834, "request")
    await upload.feed(body)
    return await upload.finish()


async def got(site):
    """What Ohio got, as the segments of each payload."""
    async with site.dispatching():
        await site.come_to_rest()
    return [parcel.body.decode().split("~") for parcel in site.door.taken if parcel.kind == ANSWER]


def said(payloads):
    """The codes that say what became of the interchange, its groups and its sets."""
    rows = [line.strip().split("*") for lines in payloads for line in lines]
    places = {"TA1": 4, "AK9": 1, "IK5": 1}
    return sorted((row[0], row[places[row[0]]]) for row in rows if row[0] in places)


@pytest.mark.parametrize("limits", [None, TINY], ids=["at once", "in the background"])
async def test_an_interchange_is_acknowledged_once_however_often_it_is_posted(site, limits):
    for _ in range(2):
        await post(site, ENROLLMENT, limits)
    if limits:
        await replace(site.backlog(), acknowledging=acknowledging(site)).step()
    assert said(await got(site)) == [("AK9", "A"), ("IK5", "A"), ("TA1", "A")]


@pytest.mark.parametrize("limits", [None, TINY], ids=["at once", "in the background"])
async def test_a_set_at_fault_is_told_where(site, limits):
    await post(site, ENROLLMENT.replace(b"DMG*D8*", b"DMG*D9*"), limits)
    if limits:
        await replace(site.backlog(), acknowledging=acknowledging(site)).step()
    payloads = await got(site)
    assert ("AK9", "R") in said(payloads)
    assert any(line.strip().startswith("IK3*DMG*") for lines in payloads for line in lines)


async def test_a_file_that_is_refused_as_a_whole_is_told_so_once(site):
    cut = ENROLLMENT.replace(b"IEA*1*", b"IEA*7*")
    for key in ("one", "two"):
        with pytest.raises(Unreadable):
            await post(site, cut, key=key)
    assert ("TA1", "R") in said(await got(site))
    assert len([code for code in said(await got(site)) if code[0] == "TA1"]) == 1


async def test_who_asks_for_no_acknowledgements_gets_none(site):
    know(site)
    await post(site, ENROLLMENT)
    assert await got(site) == []


async def test_an_acknowledgement_that_is_posted_is_not_acknowledged(site):
    answer = (Path(__file__).parents[2] / "examples/x12/acknowledgement.999.x12").read_bytes()
    desk = replace(site.desk(), acknowledging=acknowledging(site))
    upload = desk.begin(site.directory.partners[OHIO], "key", X12_999, "request")
    await upload.feed(answer)
    await upload.finish()
    assert site.rows("SELECT count(*) FROM submissions") == [(1,)], "what was posted, and nothing about it"
