"""Every record of every fixed-width file: to the byte both ways, each field at fault, any bytes at all."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import schemas
from gateway.core.catalog import LayoutField, Need, Picture
from gateway.core.file_order import RecordRole
from gateway.core.model import Content, Severity
from gateway.tools import speech
from tests.unit.fixed_width_samples import CHANCES, record_text, sampled
from transforms.files_records import Record, Records
from transforms.layout import FIX_REQUIRED, FIX_WIDTH, Fault

CATALOG = schemas.load(drafts=True)
FILES = {name: Records(CATALOG, order) for name, order in CATALOG.files.items() if "-cp" not in name}
RECORDS: dict[str, Record] = {record.name: record for one in FILES.values() for record in one.all}
NAMES = sorted(RECORDS)
DETAILS = {record.name: one for one in FILES.values() for record in one.all if record.role is RecordRole.DETAIL}
CANONICAL = speech(drafts=True).canonical
VERBATIM = frozenset({Picture.TEXT, Picture.DIGITS})


@pytest.mark.parametrize("name", NAMES)
def test_reading_and_writing_gives_the_same_bytes(name):
    record = RECORDS[name]

    @settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow])
    @given(
        record_text(CATALOG.layouts[name])
        if record.length < 200
        else CHANCES.map(lambda c: sampled(c, CATALOG.layouts[name]))
    )
    def holds(text):
        values: dict[str, str] = {}
        assert record.read(text, values) == []
        faults: list[Fault] = []
        assert record.write(values, faults) == text
        assert faults == []

    holds()


@pytest.mark.parametrize("name", sorted(DETAILS))
def test_what_a_detail_says_is_the_same_after_it_was_kept(name):
    """It is kept in the canonical form. A blank block before a filled one lost its place there: the second of two
    social security numbers came out as the first."""
    records = DETAILS[name]
    record = RECORDS[name]

    @settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow])
    @given(CHANCES.map(lambda c: sampled(c, CATALOG.layouts[name])))
    def holds(text):
        values: dict[str, str] = {}
        assert record.read(text, values) == []
        fields = {path: value for path, value in values.items() if path in records.ranks}
        kept = CANONICAL.read(CANONICAL.write(Content(records.order.kind, fields)))
        assert record.write({**values, **kept.fields}, []) == text
        assert kept.fields == fields

    holds()


@pytest.mark.parametrize("name", NAMES)
def test_any_text_is_read_without_an_exception(name):
    record = RECORDS[name]

    @settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow])
    @given(st.binary(min_size=record.length, max_size=record.length))
    def holds(body):
        faults = record.read(body.decode("latin-1"), {})
        assert all(fault.severity in (Severity.ERROR, Severity.WARNING) for fault in faults)

    holds()


def keyed(record: Record) -> list[LayoutField]:
    return [field for field in record.compiled.layout.fields if field.path]


@pytest.mark.parametrize("name", NAMES)
def test_each_field_that_is_too_long_is_a_finding_and_never_cut(name):
    record = RECORDS[name]
    for field in keyed(record):
        faults: list[Fault] = []
        text, _ = record.compiled.write({field.path: "9" * (field.length + 1)}, "", faults)
        assert [fault.field.name for fault in faults] == [field.name]
        assert field.picture not in VERBATIM or faults[0].rule == FIX_WIDTH
        assert len(text) == record.length


@pytest.mark.parametrize("name", NAMES)
def test_each_field_of_a_wrong_picture_is_a_finding_with_its_place(name):
    record = RECORDS[name]
    for field in keyed(record):
        if field.picture in (Picture.TEXT, Picture.PERSON_NAME):
            continue
        text = " " * (field.start - 1) + "?" * field.length + " " * (record.length - field.start - field.length + 1)
        found = [fault for fault in record.read(text, {}) if fault.field.name == field.name]
        assert [(fault.field.start, fault.field.length) for fault in found] == [(field.start, field.length)]


@pytest.mark.parametrize("name", NAMES)
def test_each_required_field_that_is_blank_is_a_finding_and_zeros_are_not(name):
    record = RECORDS[name]
    numbers = record.packed.fields if record.packed else ()
    wanted = {field.name for field in (*keyed(record), *numbers) if field.required is Need.REQUIRED}
    blank = {fault.field.name for fault in record.read(" " * record.length, {}) if fault.rule == FIX_REQUIRED}
    zeros = {fault.field.name for fault in record.read("0" * record.length, {}) if fault.rule == FIX_REQUIRED}
    assert (blank, zeros) == (wanted, set())


def test_a_repeated_group_is_laid_out_occurrence_by_occurrence():
    fields = {field.name: field for field in CATALOG.layouts["sves-title16"].fields}
    assert [fields[f"phist_pmt_amount_{n}"].start for n in (1, 2, 8)] == [762, 778, 874]
    assert fields["phist_pmt_amount_8"].path == "TitleXVIAnswer/Payment[8]/PaymentAmount"


def test_an_overlay_keeps_the_bytes_around_it():
    layout = CATALOG.layouts["locate-answer-veterans"]
    assert [field.start for field in layout.fields if field.name in ("employer_name", "benefit_code")] == [387, 701]
    assert sum(field.length for field in layout.fields) == layout.length == 920


def test_every_layout_of_a_file_says_where_it_is_from_and_how_sure_it_is():
    for name in NAMES:
        layout = CATALOG.layouts[name]
        assert layout.source
        assert layout.confidence
        assert layout.version


def test_what_is_inferred_is_a_draft():
    for name, order in CATALOG.files.items():
        marks = {CATALOG.layouts[record.layout].confidence for record in order.records}
        if marks & {"inferred", "unverified"}:
            assert CATALOG.formats[name].state == "draft"
