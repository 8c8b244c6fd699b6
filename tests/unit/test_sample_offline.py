"""The offline tools on synthetic files: checked, converted, dumped, compared; and the reports on them."""

import io
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from lxml import etree
from lxml.html import document_fromstring

from gateway.core.errors import NotFound, Unprocessable, Unreadable
from gateway.core.model import FormatName
from gateway.core.ports.formats import FormatState
from gateway.core.rules import BusinessRules
from gateway.offline import Validator, partner_of
from gateway.offline.convert import chunked, rewrite
from gateway.offline.dump import dump, masked
from gateway.offline.rules import difference
from gateway.reports.junit import junit
from gateway.reports.page import page
from gateway.sample.files import Sample, Wanted
from gateway.tools import speech

SPOKEN = speech()
TODAY = date(2026, 11, 22)
VALIDATOR = Validator(SPOKEN, TODAY)
EXAMPLES = Path(__file__).parents[2] / "examples"
OHIO = EXAMPLES / "ohio-new-hires.w4"


def still(_count):
    """Nobody watches."""


def put(tmp_path, name, count, rate=0.0, ending=None):
    file = tmp_path / f"{name}{count}.{ending or 'bin'}"
    file.write_bytes(b"".join(Sample(SPOKEN, Wanted(FormatName(name), count, 3, rate)).pieces()))
    return file


def converted(file, name, to):
    body = io.BytesIO()
    told = rewrite(VALIDATOR, file, FormatName(name), to, body.write, still)
    return told, body.getvalue()


def test_a_checked_file_says_how_sure_its_format_is():
    checked = VALIDATOR.check(OHIO, FormatName("w4"), still)
    assert (checked.records, checked.refused, checked.faulty) == (25, 0, False)
    assert checked.info.state is FormatState.PARTIAL
    assert "trailer" in checked.reservation
    assert checked.document()["missing"] == checked.info.missing


def test_white_space_around_a_day_neither_hides_it_from_a_rule_nor_keeps_it_from_another_format(tmp_path):
    file = put(tmp_path, "xml", 20, ending="xml")
    days = re.compile(rb"<HireDate>([^<]+)</HireDate>")
    file.write_bytes(days.sub(rb"<HireDate>\n  \1\n</HireDate>", file.read_bytes()))
    hires = len(days.findall(file.read_bytes()))
    assert not VALIDATOR.check(file, FormatName("xml"), still).faulty
    told, body = converted(file, "xml", "json")
    assert (told.written, len(re.findall(rb'"HireDate":"[0-9-]{10}"', body))) == (True, hires)
    file.write_bytes(days.sub(b"<HireDate> 2099-01-31</HireDate>", file.read_bytes()))
    found = VALIDATOR.check(file, FormatName("xml"), still).findings
    assert [one.group.count for one in found if one.group.rule == "NH-HIRE-DATE-FUTURE"] == [hires]


@pytest.mark.parametrize("name", ["xml", "json"])
def test_far_too_many_blocks_of_one_record_are_refused_by_the_schema_and_not_asked_about_one_by_one(tmp_path, name):
    file = tmp_path / f"crowded.{name}"
    block, kind = {
        "xml": (
            "<Participant><RelationshipCode>D</RelationshipCode></Participant>",
            "urn:child-support-gateway:locate:1",
        ),
        "json": ('{"RelationshipCode":"D"}', "locate"),
    }[name]
    if name == "xml":
        file.write_text(f'<Locate xmlns="{kind}">{block * 20_000}</Locate>')
    else:
        file.write_text(f'{{"kind":"{kind}","Participant":[{",".join([block] * 20_000)}]}}')
    found = VALIDATOR.check(file, FormatName(name), still).findings
    assert sum(one.group.count for one in found) < 100
    assert any(one.group.rule in {"XSD-UNEXPECTED", "XSD-MISSING"} for one in found)


def test_of_thousands_of_faults_against_the_schema_the_first_are_told(tmp_path):
    file = tmp_path / "faulty.json"
    policy = '{"MaintenanceEffectiveDate":"X"}'
    file.write_text(f'{{"kind":"medical-support","HealthInsurance":[{",".join([policy] * 3_000)}]}}')
    found = VALIDATOR.check(file, FormatName("json"), still).findings
    told = {one.group.rule: one.group.count for one in found if one.group.rule.startswith("XSD-")}
    assert 100 < sum(told.values()) <= 1_000


@pytest.mark.parametrize("end", [b"\x1a", b"\x1a\r\n", b"\x1a\x1a\x1a"])
@pytest.mark.parametrize(
    "name", ["csenet", "w4", "newhire-csv-nc", "newhire-ma", "newhire-oh", "fidm-inquiry", "fcr-input"]
)
def test_the_end_mark_of_old_systems_is_no_record_and_no_cut_off_one(tmp_path, name, end):
    file = put(tmp_path, name, 5)
    body = file.read_bytes()
    before = VALIDATOR.check(file, FormatName(name), still)
    for marked in (body + end, body.rstrip(b"\r\n") + end.strip()):
        file.write_bytes(marked)
        assert VALIDATOR.check(file, FormatName(name), still) == before
    assert (before.records, before.faulty) == (5, False)


def test_a_required_day_of_zeros_and_a_required_element_without_text_are_missing(tmp_path):
    hires = put(tmp_path, "w4", 3)
    hires.write_bytes(re.sub(rb"(?m)^(W4.{277})[0-9]{8}", rb"\g<1>00000000", hires.read_bytes()))
    checked = VALIDATOR.check(hires, FormatName("w4"), still)
    assert (checked.records, checked.refused) == (3, 3)
    assert {"FIX-DATE-ZERO", "NH-HIRE-DATE"} <= {one.group.rule for one in checked.findings}
    cases = tmp_path / "cases.xml"
    known = (EXAMPLES / "michigan-case-transfer.xml").read_bytes()
    for name, rule in (("CaseTypeCode", "CSE-REQUIRED"), ("TransactionDate", "XSD-MISSING")):
        cases.write_bytes(re.sub(rf"<{name}>[^<]+</{name}>".encode(), f"<{name}/>".encode(), known))
        checked = VALIDATOR.check(cases, FormatName("xml"), still)
        assert (checked.records, checked.refused) == (3, 3)
        assert {"XML-EMPTY", rule} <= {one.group.rule for one in checked.findings}


@pytest.mark.parametrize("piece", [1, 500, 3_000, 100_000])
@pytest.mark.parametrize("name", ["fcr-input-cp037", "eiwo-order", "newhire-oh"])
def test_a_stray_line_end_among_records_without_any_is_found_alike_in_any_pieces(tmp_path, name, piece):
    length = SPOKEN.catalog.files[FormatName(name)].length
    body = put(tmp_path, name, 6).read_bytes().replace(b"\n", b"")
    body = body[: 3 * length + 20] + b"\r" + body[3 * length + 20 :]

    def cut(size):
        reader = SPOKEN.formats[FormatName(name)].reader()
        frames = [frame for n in range(0, len(body), size) for frame in reader.feed(body[n : n + size])]
        return [(one.ordinal, one.body, one.line) for one in (*frames, *reader.finish())], reader.findings

    assert cut(piece) == cut(len(body))


def test_a_complete_format_needs_no_reservation():
    checked = VALIDATOR.check(EXAMPLES / "acme-new-hires-nc.csv", FormatName("newhire-csv-nc"), still)
    assert checked.reservation == ""


def test_what_was_read_is_told_to_the_progress_bar():
    told = []
    VALIDATOR.check(OHIO, FormatName("w4"), told.append)
    assert sum(told) == OHIO.stat().st_size


def test_a_partner_may_only_send_as_itself():
    states = EXAMPLES / "partners" / "states.toml"
    ohio = Validator(SPOKEN, TODAY, partner_of(SPOKEN, states, "ohio"))
    michigan = Validator(SPOKEN, TODAY, partner_of(SPOKEN, states, "michigan"))
    assert ohio.check(OHIO, FormatName("w4"), still).refused == 0
    assert michigan.check(OHIO, FormatName("w4"), still).refused == 25


def test_a_partner_may_only_send_what_it_may_post():
    acme = partner_of(SPOKEN, EXAMPLES / "partners" / "employers.toml", "acme")
    with pytest.raises(Unprocessable, match="acme may not post csenet"):
        Validator(SPOKEN, TODAY, acme).check(EXAMPLES / "ohio-to-michigan.csenet", FormatName("csenet"), still)
    small = replace(acme, body_limit=10)
    with pytest.raises(Unprocessable, match="longer than the 10 bytes"):
        Validator(SPOKEN, TODAY, small).check(OHIO, FormatName("w4"), still)


def test_a_partner_file_with_several_partners_needs_a_key():
    with pytest.raises(NotFound, match="acme, globex"):
        partner_of(SPOKEN, EXAMPLES / "partners" / "employers.toml", None)


@pytest.mark.parametrize("to", ["w4", "xml", "json"])
def test_a_file_converted_in_chunks_is_the_file_converted_at_once(tmp_path, monkeypatch, to):
    file = put(tmp_path, "newhire-csv-nc", 17)
    told, whole = converted(file, "newhire-csv-nc", to)
    monkeypatch.setattr(chunked, "__defaults__", (4,))
    again, pieces = converted(file, "newhire-csv-nc", to)
    cut = slice(802, None) if to == "w4" else slice(None)  # the header says when it was written
    assert whole[cut] == pieces[cut]
    assert (told.written, told.records, again.records) == (True, 17, 17)


def test_no_chunk_of_a_longer_file_is_a_record_alone():
    for count in range(40):
        sizes = [len(chunk) for chunk in chunked(iter(range(count)), 4)]
        assert sum(sizes) == count
        assert min(sizes, default=4) >= min(count, 4)


def test_each_element_that_the_other_format_cannot_carry_is_told_by_its_path():
    told, _ = converted(OHIO, "w4", "newhire-wa")
    lost = {one.group.field for one in told.findings if one.group.rule == "FIX-NOT-CARRIED"}
    assert {"HireStateCode", "Employer/EmployerStateID"} <= lost
    assert None not in lost


def test_a_file_with_a_fault_is_not_converted(tmp_path):
    told, _ = converted(put(tmp_path, "w4", 20, 0.3), "w4", "json")
    assert not told.written
    assert any(one.group.severity.blocks for one in told.findings)


def test_what_cannot_be_read_or_written_is_refused(tmp_path):
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"")
    with pytest.raises(Unreadable):
        converted(empty, "newhire-csv-nc", "json")
    with pytest.raises(Unprocessable, match="read only"):
        converted(OHIO, "w4", "newhire-csv-nc")


def test_a_mask_keeps_length_and_kinds_of_characters():
    assert masked("Ada O'Neil 12-b\x01é") == "Xxx X'Xxxx 99-x?x"


def test_a_dump_names_every_byte_and_shows_no_value(tmp_path):
    found = dump(VALIDATOR, put(tmp_path, "w4", 3), FormatName("w4"), 2)
    [(title, lines)] = found.blocks
    assert title == "w4-data"
    assert [line.start for line in lines] == [1, *(one.start + one.length for one in lines[:-1])]
    assert sum(line.length for line in lines) == found.size == 801
    ssn = next(line for line in lines if line.name == "employee_ssn")
    assert (ssn.shown(unmask=False), ssn.shown(unmask=True)[0]) == ("9" * 9, "9")
    assert all(line.shown(unmask=False) == masked(line.value) for line in lines if line.personal)
    assert next(line for line in lines if not line.personal).value == "W4"
    assert ssn.value not in repr(found)


def test_a_dump_of_a_transaction_has_its_blocks():
    found = dump(VALIDATOR, EXAMPLES / "ohio-to-michigan.csenet", FormatName("csenet"), 6)
    titles = [title for title, _ in found.blocks]
    assert titles[0] == "csenet-header-to-server"
    assert [title for title in titles if title.startswith("csenet-participant")] == [
        "csenet-participant 1",
        "csenet-participant 2",
    ]
    last = found.blocks[-1][1][-1]
    assert last.start + last.length - 1 == found.size


@pytest.mark.parametrize("name", ["newhire-csv-nj", "xml", "json"])
def test_a_dump_of_other_formats_has_their_columns_or_paths(tmp_path, name):
    found = dump(VALIDATOR, put(tmp_path, name, 3), FormatName(name), 3)
    assert any(line.path == "HireDate" for _, lines in found.blocks for line in lines)


def test_a_record_that_is_not_there_is_said_to_be_missing():
    with pytest.raises(NotFound, match="has no record 26"):
        dump(VALIDATOR, OHIO, FormatName("w4"), 26)


def changed_rules(**changes):
    rules = {
        code: replace(rule, **changes.get(code.replace("-", "_"), {})) for code, rule in SPOKEN.catalog.rules.items()
    }
    catalog = replace(SPOKEN.catalog, rules=rules)
    return replace(SPOKEN, catalog=catalog, rules=BusinessRules(catalog))


def test_a_rule_that_begins_between_two_days_is_told_with_what_it_refuses(tmp_path):
    file = tmp_path / "late.csv"
    body = put(tmp_path, "newhire-csv-nc", 9).read_bytes().splitlines()
    body[3] = b"," + body[3].partition(b",")[2]
    file.write_bytes(b"\r\n".join(body))
    spoken = changed_rules(NH_SSN={"since": date(2026, 6, 1)})
    days = date(2026, 1, 1), date(2026, 12, 1)
    found = difference(spoken, days, file, FormatName("newhire-csv-nc"), still)
    assert (found.begun, found.ended) == (("NH-SSN",), ())
    assert (found.records, found.changed, found.newly_refused, found.newly_accepted) == (9, 1, 1, 0)
    [change] = [one for one in found.changes if one.rule == "NH-SSN"]
    assert (change.only_before, change.only_after, change.records) == (0, 1, [3])
    back = difference(spoken, days[::-1], file, FormatName("newhire-csv-nc"), still)
    assert (back.begun, back.ended) == ((), ("NH-SSN",))


def test_a_release_of_the_exchange_is_told_with_what_it_refuses(tmp_path):
    """CSENet release 04-01 of 20 August 2004 began to look at case ids."""
    file = tmp_path / "ohio.csenet"
    file.write_bytes((EXAMPLES / "ohio-to-michigan.csenet").read_bytes().replace(b"OH7000000001 ", b"OH*000000001 "))
    found = difference(SPOKEN, (date(2004, 8, 19), date(2005, 9, 22)), file, FormatName("csenet"), still)
    assert set(found.begun) == {"CSE-CASE-ID-FORM", "CSE-REJECTED", "CSE-REJECTED-FORM"}
    found = difference(SPOKEN, (date(2004, 8, 19), TODAY), file, FormatName("csenet"), still)
    assert (found.newly_refused, found.changed) == (1, 1)
    assert [(change.rule, change.records) for change in found.changes] == [("CSE-CASE-ID-FORM", [1])]


def test_the_same_rules_change_nothing():
    found = difference(SPOKEN, (TODAY, TODAY), EXAMPLES / "faulty.w4", FormatName("w4"), still)
    assert (found.changed, found.changes, found.records) == (0, (), 12)


def both_reports(tmp_path):
    file = put(tmp_path, "w4", 60, 1.0, '<&".w4')
    checked = [VALIDATOR.check(OHIO, FormatName("w4"), still), VALIDATOR.check(file, FormatName("w4"), still)]
    return file, checked, page(checked, "22 November 2026"), junit(checked)


def test_the_page_is_one_file_without_scripts_that_says_what_it_must(tmp_path):
    _, checked, html, _ = both_reports(tmp_path)
    root = document_fromstring(html)
    assert root.get("lang") == "en"
    assert not {"script", "img", "link", "iframe"} & {one.tag for one in root.iter()}
    assert not [one for one in root.iter() for name in one.attrib if name.startswith("on") or name == "src"]
    assert all(one.find("caption") is not None for one in root.iter("table"))
    assert all(one.get("scope") for one in root.iter("th"))
    assert "1 of 2 files would be refused" in html
    for one in checked[1].findings:
        assert f"<code>{one.group.rule}</code>" in html
        assert one.title.partition("'")[0] in html
    assert "partial: No public source" in html


def test_the_build_report_has_a_suite_for_each_file_and_a_failure_for_each_refusing_rule(tmp_path):
    file, checked, _, xml = both_reports(tmp_path)
    good, bad = etree.fromstring(xml.encode())
    assert (good.get("failures"), good.get("tests"), len(good.findall("testcase"))) == ("0", "1", 1)
    assert bad.get("name") == file.name
    refusing = [one for one in checked[1].findings if one.group.severity.blocks]
    assert int(bad.get("failures")) == len(bad.findall("testcase/failure")) == len(refusing) > 3
    assert int(bad.get("tests")) == len(bad.findall("testcase"))


def test_no_report_holds_a_value(tmp_path):
    file, checked, html, xml = both_reports(tmp_path)
    words = {cell.strip() for line in file.read_text("latin-1").splitlines() for cell in (line[11:27], line[43:73])}
    numbers = {line[2:11] for line in file.read_text("latin-1").splitlines()[1:]}
    for text in (html, xml, repr(checked[1].document())):
        assert not [word for word in words | numbers if len(word) > 4 and word in text and word != "SAMPLE"]


def test_a_file_told_to_be_of_another_format_is_said_to_look_like_its_own():
    assert VALIDATOR.others(OHIO, FormatName("csenet")) == ("w4",)
    assert VALIDATOR.others(OHIO, FormatName("w4")) == ()


def test_an_empty_file_is_said_to_be_empty(tmp_path):
    (tmp_path / "empty.w4").touch()
    with pytest.raises(Unprocessable, match="is empty"):
        VALIDATOR.format_of(tmp_path / "empty.w4", None)
