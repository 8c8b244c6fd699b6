"""Synthetic files: valid, the same for the same seed, under numbers that nobody has, and with faults that are found."""

import re
from datetime import date
from functools import cache
from itertools import pairwise

import pytest

import schemas
from gateway.core.errors import Unprocessable
from gateway.core.model import FormatName, Kind, Severity
from gateway.offline import Validator
from gateway.offline.layouts import fits
from gateway.offline.recognise import Recogniser
from gateway.sample.faults import BY_NAME, FAULTS
from gateway.sample.files import Sample, Wanted
from gateway.sample.kinds import kinds_made
from gateway.tools import speech

SPOKEN = speech()
VALIDATOR = Validator(SPOKEN, date(2026, 11, 22))
FORMATS = [name for name in SPOKEN.catalog.formats if kinds_made(SPOKEN.catalog, name)]
PROMISED = {"csenet", "csenet-out", "w4", "xml", "json", "newhire-csv-nc", "newhire-csv-nj", "newhire-csv-ga"}

FEDERAL = {
    "fcr-input", "fcr-input-cp037", "fcr-output", "fpls-answers", "fpls-answers-cp037", "medical-match",
    "multistate-bank-match", "w4-control", "csenet-errors",
}  # fmt: skip


def made(name, count=24, seed=5, rate=0.0, kind=None):
    sample = Sample(SPOKEN, Wanted(FormatName(name), count, seed, rate, kind))
    return b"".join(sample.pieces()), sample


@cache
def whole(name, count):
    """A file without faults: its bytes, and how many kinds of fault were planted all the same."""
    body, sample = made(name, count)
    return body, len(sample.planted)


@cache
def spoilt(name):
    """A file in which every record carries a fault: its bytes, and (fault, count, first records) of each planted."""
    body, sample = made(name, 150, rate=1.0)
    return body, tuple((one.fault, one.count, tuple(one.records)) for one in sample.planted.values())


def judged(name, body, *, severe=lambda severity: severity.blocks, only=None):
    """Rules by record, of all or of some of them, and those on the file as a whole under 0."""
    format_ = SPOKEN.formats[name]
    reader = format_.reader()
    frames = [*reader.feed(body), *reader.finish()]
    found = {0: {finding.rule for finding in reader.findings}}
    for frame in frames if only is None else (frame for frame in frames if frame.ordinal in only):
        one = VALIDATOR.judge(format_, frame, reader.heading)
        found[frame.ordinal] = {finding.rule for finding in one.findings if severe(finding.severity)}
    return found


def test_a_sample_of_every_promised_format_can_be_made():
    assert set(FORMATS) >= PROMISED | FEDERAL


def test_of_every_format_that_can_be_written_a_sample_of_each_of_its_kinds_can_be_made():
    catalog = schemas.load(drafts=True)
    written = {name: set(info.kinds) for name, info in catalog.formats.items() if info.writes and info.reads}
    assert {name: set(kinds_made(catalog, name)) for name in written} == written


@pytest.mark.parametrize("name", ["fcr-input", "fcr-output", "fpls-answers"])
def test_a_sample_has_every_record_that_its_file_can_have(name):
    order = SPOKEN.catalog.files[name]
    wanted = {record.layout for record in order.records}
    lines = made(name, 2 * len(order.records))[0].decode().splitlines()
    assert {next(r.layout for r in order.records if fits(r, line)) for line in lines} == wanted


@pytest.mark.parametrize("name", FORMATS)
def test_a_sample_without_faults_has_none(name):
    """Not even a warning."""
    body, planted = whole(name, max(24, len(kinds_made(SPOKEN.catalog, name))))
    found = judged(name, body, severe=lambda severity: severity is not Severity.NOTICE)
    assert len(found) >= 25
    assert set().union(*found.values()) == set()
    assert planted == 0


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_seed_makes_the_same_bytes(name):
    faulty, (faultless, _) = made(name, rate=0.5)[0], whole(name, 24)
    assert faulty == made(name, rate=0.5)[0]
    assert faultless not in (faulty, made(name, seed=6)[0])


READ_AS = {"csenet-out": "csenet", "fcr-input-cp1140": "fcr-input-cp037"}
"""Formats that read the same bytes as another does."""
UNMARKED = (
    {"ks-licence-query", "ks-licence-match", "ks-licence-nonmatch", "ks-licence-locate-error"},
    {"ks-licence-action", "ks-licence-result"},
    {"ks-wage-query", "ks-wage-answer"},
    {"ks-dividend-query", "mmis-ks-alerts"},
)
"""Formats of one length, of which no source tells what marks the records of one."""


@pytest.mark.parametrize("name", FORMATS)
def test_a_sample_is_recognised_for_what_it_is(name):
    found = Recogniser(SPOKEN.catalog, SPOKEN.formats).fits(made(name, 6, 3)[0])
    assert set(found) <= next((alike for alike in UNMARKED if name in alike), {READ_AS.get(name, name)})
    assert READ_AS.get(name, name) in found


@pytest.mark.parametrize("name", FORMATS)
def test_every_planted_fault_is_found_where_it_was_planted(name):
    body, planted = spoilt(name)
    assert sum(count for _, count, _ in planted) == 150
    found = judged(name, body, only={record for _, _, records in planted for record in records})
    for fault, _, records in planted:
        for record in records:
            assert found[record] & fault.rules, (fault.name, record)


def test_every_kind_of_fault_is_planted_somewhere():
    planted = set()
    for name in (*PROMISED, "w4-control"):
        planted |= {fault.name for fault, _, _ in spoilt(name)[1]}
    assert planted == set(BY_NAME)
    assert len(BY_NAME) == len(FAULTS)


def test_every_rule_that_a_fault_names_exists():
    assert set().union(*(fault.rules for fault in FAULTS)) <= set(SPOKEN.catalog.rules)


def test_a_rate_is_the_share_of_spoilt_records():
    sample = made("w4", 1_000, rate=0.1)[1]
    assert 60 < sum(planted.count for planted in sample.planted.values()) < 140


def test_faults_leave_the_other_records_as_they_were():
    whole, spoilt = (made("newhire-csv-nc", 40, rate=rate)[0].split(b"\r\n") for rate in (0.0, 0.5))
    assert 5 < sum(a == b for a, b in zip(whole, spoilt, strict=True)) < 40


def test_a_record_does_not_depend_on_how_many_follow():
    assert made("w4", 40)[0].startswith(made("w4", 10)[0])


@pytest.mark.parametrize("name", ["w4", "newhire-csv-ga"])
def test_numbers_are_never_issued_ones(name):
    numbers = re.findall(rb"\b(?:W4)?(9\d\d)(\d\d)(\d{4})[A-Z,]", made(name, 200)[0])
    assert len(numbers) >= 200
    assert all(1 <= int(group) <= 49 or area == b"990" for area, group, _ in numbers)


def test_kinds_come_in_turn_unless_one_is_asked_for():
    kinds = kinds_made(SPOKEN.catalog, FormatName("json"))
    assert {"case-transfer", "locate", "new-hire", "parentage", "death-notice"} <= set(kinds)
    mixed, one = made("json", 3 * len(kinds))[0], made("json", kind=Kind("locate"))[0]
    assert [mixed.count(b'"kind":"%s"' % kind.encode()) for kind in kinds] == [3] * len(kinds)
    assert one.count(b'"kind":"locate"') == 24


def test_serial_numbers_are_counted_up():
    lines = [line for line in made("csenet")[0].split(b"\r") if line]
    serials = [int(line[17:29]) for line in lines]
    assert all(after == before + 1 for before, after in pairwise(serials))


def test_a_sample_of_an_unknown_format_or_kind_is_refused():
    with pytest.raises(Unprocessable, match="There is no format nonsense"):
        made("nonsense")
    with pytest.raises(Unprocessable, match="has records of kind new-hire"):
        made("w4", kind=Kind("locate"))


def test_pieces_come_one_record_at_a_time():
    pieces = Sample(SPOKEN, Wanted(FormatName("w4"), 1_000_000, 1)).pieces()
    assert sum(len(next(pieces)) for _ in range(11)) == 11 * 802


def test_a_file_with_totals_is_one_file_however_many_records_it_has():
    body, _ = made("ach-ded", 1_001)
    assert [row[:1] for row in body.splitlines()].count(b"1") == 1
    assert set().union(*judged("ach-ded", body).values()) == set()


def test_samples_of_two_seeds_may_go_to_one_gateway():
    first, other = (
        set(re.findall(rb'"TransactionSerialNumber": ?"(\d{12})"', made("json", seed=n)[0])) for n in (5, 6)
    )
    assert first
    assert not first & other
