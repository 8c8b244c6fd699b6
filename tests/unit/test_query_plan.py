"""What may be asked, and what of an answer may be told: each refusal beside the case that just passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from time import process_time

import pytest

from gateway.core.attestation import OUTDATED
from gateway.core.disclosure import Withheld
from gateway.core.model import AdapterName, Endpoint, FormatName
from gateway.core.ports.queries import QueryId, Reply
from gateway.core.query_errors import AnswerUnfit, QueryInvalid, QueryRefused
from gateway.core.routing import Directory
from gateway.core.rules import BusinessRules
from gateway.work.query_plan import Planner
from gateway.work.query_reading import JSON, XML, StatusReader
from tests.unit.contents import CATALOG
from tests.unit.guarding import GUARD
from tests.unit.status_records import BOTH_WAYS, IOWA, OHIO, SWAPPED, agreed, answer, party, question
from transforms import canonical, formats

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
YESTERDAY, TODAY, TOMORROW = date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)
READER = StatusReader(formats(CATALOG), canonical(CATALOG), BusinessRules(CATALOG))
ENDPOINT = Endpoint(AdapterName.HTTPS, {"url": "https://iowa.example/queries"})
ASKING, ANSWERING = party(OHIO, "39"), party(IOWA, "19", ENDPOINT)
DOCTYPE = '<!DOCTYPE a [<!ENTITY b "900-55-1234">]><a>&b;</a>'
DAYS = "<StartDate>2025-01-01</StartDate><EndDate>2025-12-31</EndDate>"
PAID = "<PaymentDate>{}</PaymentDate><PaymentAmount>1.00</PaymentAmount>"
PERSON = "<ParticipantRoleCode>CH</ParticipantRoleCode><FamilyViolenceIndicator>{}</FamilyViolenceIndicator>"
PERSONS = {"DataRequestCode": "caseparticipants", "Financial": None}


def nobody(_content):
    """Nobody is protected but by the answer's own marks."""
    return frozenset()


def plan(body=None, *, agreements=BOTH_WAYS, caller=ASKING, partner=ANSWERING, form=XML, weighed=""):
    planner = Planner(READER, lambda: Directory((ASKING, partner), agreements), GUARD, nobody)
    data = question() if body is None else body
    return planner.plan(caller, form, data.encode() if isinstance(data, str) else data, QueryId("q"), NOW, weighed)


def judged(told, asked=None, media_type="application/xml"):
    """What the caller is told, as bytes."""
    planner, planned = Planner(READER, lambda: Directory((), ()), GUARD, nobody), plan(asked)
    found = planner.judge(planned, Reply(told.encode() if isinstance(told, str) else told, media_type))
    return planner.answer(planned, found).body.decode(), found


def unfit(told, asked=None, media_type="application/xml"):
    with pytest.raises(AnswerUnfit) as caught:
        judged(told, asked, media_type)
    assert "CANARY" not in f"{caught.value} {caught.value.answer}"
    return caught.value.problem


# --- what may be asked ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agreements", "code"),
    [
        ((), "agreement-missing"),
        ((agreed(OHIO, IOWA),), "agreement-missing"),
        ((agreed(IOWA, OHIO),), "agreement-missing"),
        ((agreed(OHIO, IOWA, YESTERDAY), agreed(IOWA, OHIO)), "agreement-expired"),
        ((agreed(OHIO, IOWA), agreed(IOWA, OHIO, YESTERDAY)), "agreement-expired"),
    ],
    ids=["none", "one way", "the other way", "expired", "expired the other way"],
)
def test_a_query_needs_agreements_in_force_both_ways(agreements, code):
    with pytest.raises(QueryRefused) as caught:
        plan(agreements=agreements)
    assert caught.value.problem == code


def test_a_question_about_the_parties_of_a_case_needs_the_attestation_that_was_agreed_on():
    attesting, parties = party(OHIO, "39", attests_each_locate=True), question(**PERSONS)
    for weighed, code in (("", "locate-attestation-missing"), (OUTDATED, "locate-attestation-outdated")):
        with pytest.raises(QueryRefused) as caught:
            plan(parties, caller=attesting, weighed=weighed)
        assert caught.value.problem == code
        assert all(told in caught.value.detail for told in ("/about/attestation", "Gateway-Attestation")), "what to do"
    assert plan(parties, caller=attesting, weighed="2026-11-29.0a1b2c3d").attested == "2026-11-29.0a1b2c3d"
    assert plan(parties).attested == plan(caller=attesting).attested == "", "who need not, and what locates nobody"


def test_on_its_last_day_an_agreement_is_in_force():
    found = plan(agreements=(agreed(OHIO, IOWA, TODAY), agreed(IOWA, OHIO, TODAY)))
    assert (found.there.agreement.key, found.back.agreement.key) == ("ohio-iowa", "iowa-ohio")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"partner": party(IOWA, "19")}, "queries-not-offered"),
        ({"partner": party(IOWA, "19", replace(ENDPOINT, country="DE"))}, "country-not-allowed"),
        ({"partner": party(IOWA, "19", ENDPOINT, program="IV-A")}, "disclosure-program"),
        ({"partner": party(IOWA, "20", ENDPOINT)}, "recipient-unknown"),
        ({"caller": party(OHIO, "39", accepts=frozenset({JSON}))}, "format-not-allowed"),
        ({"caller": party(OHIO, "39", accepts=frozenset({FormatName("csenet")}))}, "format-not-allowed"),
    ],
)
def test_a_partner_is_asked_only_what_it_offers_and_its_program_may_receive(changed, code):
    with pytest.raises(QueryRefused) as caught:
        plan(**changed)
    assert caught.value.problem == code
    assert plan()


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (question(RecipientCaseID=None), "CST-CASE"),
        (question(DataRequestCode="everything"), "XSD-VALUE"),
        (question(QueryID=None), "XSD-MISSING"),
        (question(SenderLocatorID="19", RecipientLocatorID="39"), "SENDER-MISMATCH"),
        (question(Surprise="1"), "XML-UNKNOWN"),
        (DOCTYPE, "XML-DOCTYPE"),
        (answer(), None),
        ("", "XML-EMPTY-FILE"),
        (question() * 2, "XML-MALFORMED"),
        (f'<Batch xmlns="urn:child-support-gateway:batch:1">{question() * 2}</Batch>', None),
        (b"\x00\xff" * 50, "XML-ENCODING"),
        ('<Locate xmlns="urn:child-support-gateway:locate:1"/>', None),
    ],
)
def test_what_is_not_one_valid_query_of_the_caller_is_told_place_by_place(body, rule):
    with pytest.raises(QueryInvalid) as caught:
        plan(body)
    rules = {finding.rule for finding in caught.value.findings}
    assert rule in rules if rule else caught.value.findings == ()
    assert "900-" not in repr(caught.value.findings)


# --- what may be told -------------------------------------------------------------------------------------------------


def test_a_fitting_answer_is_told_as_it_is():
    body, found = judged(answer())
    assert body.partition("\n")[2].strip() == answer()
    assert (found.result, found.withheld) == ("found", None)


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (answer(QueryID="OH-18"), "answer-to-another-query"),
        (answer(DataRequestCode="contactinformation", Financial=None), "answer-to-another-query"),
        (answer(SenderCaseID="SYN500000002"), "answer-about-another-case"),
        (answer(RecipientCaseID="SYN000000002"), "answer-about-another-case"),
        (answer(SenderLocatorID="20"), "answer-about-another-case"),
        (question(), "answer-not-one"),
        (answer(ResultCode="perhaps", Financial=None, NoncustodialParentName=None), "answer-schema"),
        (answer(Contact="<OfficeName>X</OfficeName>"), "answer-cst-contact"),
        (answer(ResultCode="not-found"), "answer-cst-nothing-found"),
        (answer(ResultCode=None), "answer-cst-result"),
        (answer(Surprise="CANARY"), "answer-xml-unknown"),
        (DOCTYPE, "answer-xml-doctype"),
        ("", "answer-xml-empty-file"),
        (answer()[:-20], "answer-xml-cut"),
        (answer() * 2, "answer-xml-malformed"),
        ('<Locate xmlns="urn:child-support-gateway:locate:1"/>', "answer-unreadable"),
    ],
)
def test_an_answer_that_is_none_to_this_query_is_not_told(told, code):
    assert unfit(told) == code


@pytest.mark.parametrize(
    ("told", "media_type"),
    [
        (answer(Payment="<PaymentDate>x</PaymentDate><PaymentAmount>y</PaymentAmount>" * 700), "application/xml"),
        (answer().replace("</CaseStatus>", "<a/>" * 60_000), "application/xml"),
        ('{"kind":"case-status","Payment":[' + '{"PaymentDate":"x"},' * 5_000, "application/json"),
        ('{"kind":"case-status","Payment":[' + '{"PaymentDate":"x"},' * 1_400 + "{}]}", "application/json"),
    ],
    ids=["faulty values", "unknown elements", "too many of JSON", "as many as may be"],
)
def test_an_answer_of_thousands_of_faults_holds_nobody_up(told, media_type):
    begun = process_time()
    assert unfit(told, media_type=media_type)
    assert process_time() - begun < 0.5


def test_the_largest_answer_of_the_schema_is_told():
    paid, sent = PAID.format("2025-02-01"), PAID.replace("Payment", "Disbursement").format("2025-02-01")
    more = f"<Payment>{paid}</Payment>" * 90 + f"<Disbursement>{sent}</Disbursement>" * 90
    assert judged(answer().replace("</CaseStatus>", f"{more}</CaseStatus>"))[1].result == "found"
    assert unfit(answer().replace("</CaseStatus>", f"<Payment>{paid}</Payment>{more}</CaseStatus>")) == "answer-schema"


def test_an_answer_says_that_it_is_xml_or_json():
    assert unfit(answer(), media_type="text/html") == "answer-media-type"
    assert unfit(answer(), media_type="application/json") != "answer-media-type"


@pytest.mark.parametrize("media_type", ["text/xml", "application/xml; charset=utf-8", "Application/XML"])
def test_a_media_type_may_be_written_in_each_of_its_ways(media_type):
    assert judged(answer(), media_type=media_type)[1].result == "found"


@pytest.mark.parametrize(
    ("day", "code"),
    [
        ("2025-12-31", None),
        ("2025-01-01", None),
        ("2026-01-01", "answer-outside-the-days"),
        ("2024-12-31", "answer-outside-the-days"),
    ],
)
def test_payments_of_other_days_than_those_asked_about_are_not_told(day, code):
    told = {"RequestDateRange": DAYS, "ResultCode": "found"}
    for name, paid in (("Payment", PAID), ("Disbursement", PAID.replace("Payment", "Disbursement"))):
        body, asked = question(**SWAPPED, **told, **{name: paid.format(day)}), question(RequestDateRange=DAYS)
        assert (unfit(body, asked) if code else judged(body, asked)[1].withheld) == code


# --- disclosure -------------------------------------------------------------------------------------------------------

PROTECTED = answer(**PERSONS, Participant=PERSON.format("Y"))


@pytest.mark.parametrize(
    ("told", "withheld"),
    [
        (PROTECTED, "disclosure-family-violence"),
        (PROTECTED.replace(">found<", ">disclosure-prohibited<"), "disclosure-family-violence"),
        (PROTECTED.replace("CANARY", "C" * 200), "disclosure-family-violence"),
        (question(**{**SWAPPED, **PERSONS}, ResultCode="disclosure-prohibited"), None),
        (answer(**PERSONS).replace(">found<", ">disclosure-prohibited<"), None),
    ],
    ids=[
        "a protected person",
        "told though prohibited",
        "breaks the schema",
        "prohibited",
        "with more",
    ],
)
def test_whoever_prohibits_it_the_answer_is_the_same_to_the_byte(told, withheld):
    asked = question(DataRequestCode="caseparticipants")
    body, found = judged(told, asked)
    wanted = question(**SWAPPED, DataRequestCode="caseparticipants", ResultCode="disclosure-prohibited")
    assert body.partition("\n")[2].strip() == wanted
    assert (found.result, found.withheld) == ("disclosure-prohibited", withheld)


@pytest.mark.parametrize("mark", ["FamilyViolenceIndicator", "NondisclosureFinding"])
def test_the_mark_on_the_case_alone_is_enough_and_n_is_no_mark(mark):
    marked = answer().replace("<NoncustodialParentName>", f"<{mark}>Y</{mark}><NoncustodialParentName>")
    assert judged(marked)[1].result == "disclosure-prohibited"
    assert judged(marked.replace(f"<{mark}>Y", f"<{mark}>N"))[1].result == "found"


def test_the_control_a_person_who_is_not_protected_is_told():
    body, found = judged(
        answer(**PERSONS, Participant=PERSON.format("N")), question(DataRequestCode="caseparticipants")
    )
    assert "CANARY" in body
    assert found.result == "found"


@pytest.mark.parametrize("mark", ["Y", "N"])
def test_whatever_is_told_goes_to_the_caller_alone_with_the_guards_word(mark):
    planner, planned = Planner(READER, lambda: Directory((), ()), GUARD, nobody), plan(question(**PERSONS))
    told = answer(**PERSONS, Participant=PERSON.format(mark))
    found = planner.judge(planned, Reply(told.encode(), "application/xml"))
    word = planner.clear_answer(planned, found)
    assert word.covers("q", OHIO)
    assert not word.covers("q", IOWA)
    assert not word.covers("another", OHIO)


def test_control_what_the_guard_keeps_back_gets_no_word():
    planner, planned = Planner(READER, lambda: Directory((), ()), GUARD, nobody), plan()
    found = planner.judge(planned, Reply(answer().encode(), "application/xml"))
    kept = replace(found, decision=replace(found.decision, withheld=Withheld.FAMILY_VIOLENCE))
    with pytest.raises(ValueError, match="may not leave"):
        planner.clear_answer(planned, kept)


def test_an_answer_to_another_query_does_not_tell_that_its_person_is_protected():
    asked = question(DataRequestCode="caseparticipants")
    assert unfit(PROTECTED.replace("OH-17", "OH-18"), asked) == "answer-to-another-query"
