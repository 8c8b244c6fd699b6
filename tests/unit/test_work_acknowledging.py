"""Who posts X12 gets its acknowledgements by itself, if it wants them: once, whatever was wrong with the file."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.core.errors import Unreadable
from gateway.core.model import Follow, FormatName, Kind, PartnerKey
from gateway.core.succession import FILE_REPEATED, Successions
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


def know(site, *agreements, follow=Follow.ANY):
    locators = frozenset({"39", "99000001"})
    site.know(
        partner(OHIO, "39", formats={ANSWER: X12_999}, locators=locators, file_order={X12_834: follow}),
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
    desk = replace(site.desk(limits), acknowledging=acknowledging(site), successions=successions(site))
    upload = desk.begin(site.directory.partners[OHIO], key, X12_834, "request")
    await upload.feed(body)
    return await upload.finish()


def successions(site):
    return Successions(site.speech.catalog.successions)


async def step(site):
    await replace(site.backlog(), acknowledging=acknowledging(site), successions=successions(site)).step()


def interchanges(*numbers):
    """One enrollment for each number, one after the other in one file."""
    return b"".join(ENROLLMENT.replace(b"000001001", str(number).zfill(9).encode()) for number in numbers)


def records(site):
    return site.rows(
        "SELECT count(*) FROM records r JOIN submissions s ON s.id = r.submission WHERE s.format = 'x12-834'"
    )[0][0]


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
        await step(site)
    assert said(await got(site)) == [("AK9", "A"), ("IK5", "A"), ("TA1", "A")]


@pytest.mark.parametrize("limits", [None, TINY], ids=["at once", "in the background"])
async def test_a_set_at_fault_is_told_where(site, limits):
    await post(site, ENROLLMENT.replace(b"DMG*D8*", b"DMG*D9*"), limits)
    if limits:
        await step(site)
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


def interchanges_told(payloads):
    """Number of an interchange, and what its TA1 says and why."""
    rows = [line.strip().split("*") for lines in payloads for line in lines]
    return sorted((int(row[1]), row[4], row[5]) for row in rows if row[0] == "TA1")


@pytest.mark.parametrize("limits", [None, TINY], ids=["at once", "in the background"])
async def test_of_a_file_with_one_repeated_interchange_nothing_is_taken_and_its_own_ta1_says_which(site, limits):
    know(site, TO_ITSELF, follow=Follow.ONCE)
    await post(site, ENROLLMENT)
    taken = records(site)
    mixed = interchanges(1002, 1001, 1003)
    if limits is None:
        with pytest.raises(Unreadable) as refused:
            await post(site, mixed, key="mixed")
        (finding,) = refused.value.findings
        assert (finding.rule, finding.field, finding.line) == (FILE_REPEATED, "ISA13", 42)
    else:
        await post(site, mixed, limits, key="mixed")
        await step(site)
    assert records(site) == taken
    answers = await got(site)
    before, again = (1001, "A", "000"), (1001, "R", "025")
    assert interchanges_told(answers) == [before, again, (1002, "A", "000"), (1003, "A", "000")]
    assert [code for row, code in said(answers) if row == "AK9"] == ["A", "R", "R", "R"]
    await post(site, interchanges(1002, 1003), key="without")
    assert records(site) == taken * 3


async def test_an_interchange_twice_in_one_file_is_a_repeat_too(site):
    know(site, TO_ITSELF, follow=Follow.ONCE)
    with pytest.raises(Unreadable) as refused:
        await post(site, interchanges(1001, 1001))
    assert [one.line for one in refused.value.findings] == [42]
    assert interchanges_told(await got(site)) == [(1001, "A", "000"), (1001, "R", "025")]
    await post(site, ENROLLMENT, key="alone")


async def test_the_control_of_a_partner_file_that_asks_nothing_an_interchange_is_taken_twice(site):
    await post(site, ENROLLMENT)
    taken = records(site)
    await post(site, interchanges(1002, 1001), key="again")
    assert records(site) == taken * 3
