"""Layouts that are known in part: what is recognised, what is told as unknown, and what is kept as it comes."""

import pytest

from gateway.core.model import Content
from tests.unit.fixed_width_samples import COVER, EXAMPLES
from tests.unit.test_files_whole import CATALOG, FORMATS, read

NOTICES = {
    "medical-notice-requests": (2770, "UNIS", "ENRH", "3920250304101500"),
    "medical-notice-answers-a": (1203, "UNIA", "ARFH", ""),
    "medical-notice-answers-b": (2906, "UNIB", "BRFH", ""),
}


def notice(name: str, *details: str) -> bytes:
    length, universal, header, rest = NOTICES[name]
    heads = ("VRSNV1.0", f"{universal}990000001990000002", f"{header}990000001990000002{rest}")
    return "".join(f"{line.ljust(length)}\n" for line in (*heads, *details)).encode()


@pytest.mark.parametrize("name", sorted(NOTICES))
def test_the_heads_of_a_medical_notice_are_recognised_and_say_that_they_are_a_draft(name):
    assert read(name, notice(name))[:2] == ([], ["file:FILE-DRAFT"])


@pytest.mark.parametrize("name", sorted(NOTICES))
def test_every_other_record_of_a_medical_notice_is_unknown_and_never_guessed(name):
    decoded, told, _ = read(name, notice(name, "DTL0000001", "TRLR00003"))
    assert told == ["file:FILE-DRAFT", "1:FILE-RECORD-UNKNOWN", "2:FILE-RECORD-UNKNOWN"]
    assert [one.content for one in decoded] == [None, None]


def test_a_request_without_its_state_is_told_at_its_place():
    body = notice("medical-notice-requests").replace(b"3920250304", b"  20250304")
    _, told, reader = read("medical-notice-requests", body)
    assert told == ["file:FILE-DRAFT", "file:FILE-GROUP"]
    assert [(one.field, one.start) for one in reader.findings if one.start] == [("state_fips", 23)]


def test_credit_bureau_records_are_counted_and_read_but_never_written():
    body = (EXAMPLES / "fixed" / "credit-report.txt").read_bytes()
    decoded, told, _ = read("credit-report", body)
    assert told == ["file:FILE-DRAFT"]
    assert [one.content.get("AccountStatusCode") for one in decoded] == ["93", "11"]
    assert not CATALOG.formats["credit-report"].writes
    assert "file:FILE-COUNT" in read("credit-report", body.replace(b"000000002", b"000000003", 1))[1]


def test_a_name_whose_order_is_not_known_is_kept_whole_and_not_cut():
    (first, _), told, _ = read("ks-coverage-pairs", (EXAMPLES / "fixed" / "ks-coverage-pairs.txt").read_bytes())
    assert told == []
    assert first.content.get("NoncustodialParent/PersonFullName") == "OSCAR SPECIMEN"
    assert not any("PersonSurName" in path for path in first.content.fields)


def test_the_sign_of_an_amount_is_kept_apart_because_no_source_tells_how_it_is_marked():
    decoded, _, _ = read("ks-payment-notices", (EXAMPLES / "fixed" / "ks-payment-notices.txt").read_bytes())
    signs = [one.content.get("Distribution/AmountSignCode") for one in decoded]
    assert (signs, [one.content.get("Distribution/DistributedAmount") for one in decoded]) == (
        [None, "-"],
        ["142.50", "25.00"],
    )


def test_a_last_name_that_is_longer_than_the_exchanged_width_is_told_and_never_cut():
    content = Content(
        "medical-support", {"CustodialParty/PersonName/PersonSurName": "LONGSURNAME", "TransactionTypeCode": "MSO"}
    )
    (finding,) = FORMATS["mmis-ks-orders"].encode([content], COVER).findings
    assert (finding.rule, finding.field, finding.start, finding.length) == ("FIX-WIDTH", "ar_l_name", 198, 9)
