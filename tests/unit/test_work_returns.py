"""What goes back to the sender of a CSENet transaction: error returns on refusals, MSC P REJCT on unknown cases."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.model import Finding, FormatName, Kind, Page, RuleCode, Severity
from gateway.core.ports.records import RecordQuery
from gateway.work.intake import IntakeLimits
from gateway.work.rejections import Rejections
from gateway.work.returns import Returns
from tests.unit.work_site import CASE, MICHIGAN, OHIO, SPEECH, agreement, open_site, partner
from transforms.csenet_answers import Stamp, rejection
from transforms.csenet_errors import ErrorReturns

EXAMPLES = Path(__file__).parents[2] / "examples"
ERROR, LOCATE, CSENET = Kind("transaction-error"), Kind("locate"), FormatName("csenet")
CASES = frozenset({CASE, LOCATE})
TO_ITSELF = agreement(OHIO, OHIO, kinds=frozenset({ERROR}))
THERE, BACK = agreement(OHIO, MICHIGAN, kinds=CASES), agreement(MICHIGAN, OHIO, kinds=CASES)
RECORD = 145
RETURNS = ErrorReturns(SPEECH().catalog)
TINY = IntakeLimits(records_at_once=2, bytes_at_once=10**9, piece=20_000)


def know(site, *agreements):
    taken = {CASE: CSENET, LOCATE: CSENET, ERROR: FormatName("csenet-errors")}
    site.know(
        partner(OHIO, "39", formats=taken),
        partner(MICHIGAN, "26", formats=taken),
        agreements=(THERE, BACK, *agreements),
    )


@pytest.fixture
async def site(sqlite_url, tmp_path):
    async with open_site(sqlite_url, tmp_path) as opened:
        know(opened, TO_ITSELF)
        yield opened


def returns(site):
    return Returns(site.originator(), site.stores.submissions, RETURNS.of_bytes, frozenset({CSENET}))


async def post(site, body, key="key", limits=None):
    desk = replace(site.desk(limits), returns=returns(site))
    upload = desk.begin(site.directory.partners[OHIO], key, CSENET, "request")
    await upload.feed(body)
    return await upload.finish()


async def reports(site):
    """The error reports that Ohio has got, each as its records."""
    async with site.dispatching():
        await site.come_to_rest()
    bodies = [parcel.body for parcel in site.door.taken if parcel.kind == ERROR]
    assert all(len(line) == RECORD for body in bodies for line in body.rstrip(b"\r").split(b"\r"))
    return [line.decode() for body in bodies for line in body.rstrip(b"\r").split(b"\r")]


FAULTS = ["CSE-LENGTH", "CSE-LENGTH", "CSE-SERIAL-DUPLICATE", "CSE-TRIPLE-UNKNOWN", "FIX-CHARACTER"]


def codes(lines):
    return sorted(line[103:].split()[0] for line in lines)


@pytest.mark.parametrize("limits", [None, TINY], ids=["at once", "in the background"])
async def test_every_error_of_a_refused_transaction_comes_back_as_a_record_of_145_bytes(site, limits):
    for _ in range(2):  # a repeat of the submission makes no second returns
        await post(site, (EXAMPLES / "faulty.csenet").read_bytes(), limits=limits)
    if limits:
        await replace(site.backlog(chunk=100), returns=returns(site)).step()
    lines = await reports(site)
    assert codes(lines) == FAULTS
    assert {line[7:14] for line in lines} == {"3904900"}
    ((record,),) = site.rows("SELECT id FROM records WHERE kind = 'transaction-error' LIMIT 1")
    ((_, entry),) = await site.stores.audit.about(f"record:{record}")
    assert (str(entry.actor), entry.action) == ("gateway:originator", "record.accepted")


class Killed(BaseException):
    """The process ends here."""


def dying(site, *, told):
    """Returns whose process ends before they are made, or right after they are committed."""
    whole = returns(site)

    def end(*_):
        raise Killed

    return replace(whole, originator=replace(whole.originator, announce=end)) if told else replace(whole, make=end)


async def killed_after_its_verdict(site, *, told):
    """A body in the background whose process ended when its first chunk was committed."""
    await post(site, (EXAMPLES / "faulty.csenet").read_bytes(), limits=TINY)
    with pytest.raises(Killed):
        await replace(site.backlog(chunk=100), returns=dying(site, told=told)).step()
    assert site.rows("SELECT progress > told FROM submissions WHERE state = 'received'") == [(1,)]
    site.wait(minutes=5)


@pytest.mark.parametrize("told", [False, True], ids=["before they are made", "after they are made"])
async def test_a_process_that_ends_behind_a_verdict_costs_no_error_return_and_makes_none_twice(
    site, sqlite_url, tmp_path, told
):
    await killed_after_its_verdict(site, told=told)
    async with open_site(sqlite_url, tmp_path / "other") as other:
        know(other, TO_ITSELF)
        other.now, other.sealer, other.questions = site.now, site.sealer, site.questions
        backlog = replace(other.backlog("b", chunk=3), returns=returns(other))
        assert await backlog.step()
    assert codes(await reports(site)) == FAULTS


async def test_the_control_without_the_mark_in_the_verdicts_transaction_they_are_lost(site):
    await killed_after_its_verdict(site, told=False)
    site.rows("UPDATE submissions SET told = progress")
    assert await replace(site.backlog("b"), returns=returns(site)).step()
    assert await reports(site) == []


async def test_a_sender_that_asks_for_no_error_returns_gets_none(site):
    know(site)
    await post(site, (EXAMPLES / "faulty.csenet").read_bytes())
    assert await reports(site) == []


# --- rejections ------------------------------------------------------------------------------------------------------


async def delivered(site):
    """A transaction of Ohio that Michigan has got, and that names a case of Michigan."""
    line = next(
        one
        for one in (EXAMPLES / "ohio-to-michigan.csenet").read_bytes().split(b"\r")
        if one[34:37] == b"ENF" and one[33:34] == b"R"
    )
    await post(site, line[:60] + b"MI77          ".ljust(15) + line[75:] + b"\r")
    async with site.dispatching():
        await site.come_to_rest()
    (delivery,) = site.told
    return await site.found(delivery)


def rejections(site):
    return Rejections(site.stores.desk, site.originator(), lambda c, serial, day: rejection(c, Stamp(serial, day)))


async def test_a_partner_that_has_no_such_case_answers_with_msc_p_rejct(site):
    delivery = await delivered(site)
    for _ in range(2):
        await rejections(site).case_unknown(delivery)
    async with site.dispatching():
        await site.come_to_rest()
    asked, answer = (parcel.body for parcel in site.door.taken)
    assert answer[:14] == asked[7:14] + asked[:7], "Ohio is Local, Michigan is Other"
    assert answer[33:37] + answer[75:80] == b"PMSCREJCT"
    assert answer[45:60].rstrip() == asked[60:75].rstrip(), "Ohio's case"
    assert asked[17:29] + b"RENF" in answer, "the rejected transaction is named"
    found = await site.stores.records.search(RecordQuery(sender=MICHIGAN), Page())
    assert [record.transaction for record in found.rows] == ["MSC P REJCT"], "a repeat says nothing twice"


async def test_a_rejection_is_never_rejected_and_a_transaction_without_a_case_of_ours_neither(site):
    await rejections(site).case_unknown(await delivered(site))
    (_, answer) = site.told
    await rejections(site).case_unknown(await site.found(answer))
    assert len(site.told) == 2


LINE = (EXAMPLES / "ohio-to-michigan.csenet").read_bytes().split(b"\r")[0]


@given(st.dictionaries(st.integers(0, 130), st.integers(0, 255), max_size=6), st.integers(0, len(LINE)))
def test_whatever_the_bytes_were_the_error_returns_keep_to_their_schema(changes, length):
    body = bytearray(LINE)
    for place, byte in changes.items():
        body[place] = byte
    canonical = SPEECH().canonical
    (made,) = RETURNS.of_bytes(bytes(body[:length]), [Finding(RuleCode("CSE-LENGTH"), Severity.ERROR, 1)], 1)
    assert canonical.validate(canonical.write(made), 1) == ()
