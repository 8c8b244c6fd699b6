"""Every layout reads and writes every valid record to the byte, and says what is wrong with the others."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.core.catalog import LayoutField, Need, Picture
from gateway.core.errors import Misconfigured
from gateway.core.model import Content, Severity
from tests.unit.fixed_width_samples import CATALOG, record_text
from transforms.fixed_width import Leftovers, compiled, document_order, findings_of
from transforms.layout import FIX_REQUIRED, CompiledLayout, Fault
from transforms.picture_dates import DATES
from transforms.pictures import CODECS

ORDERS = {kind: document_order(CATALOG, kind) for kind in ("case-transfer", "new-hire", "withholding-payment")}
LAYOUTS = {
    name: compiled(CATALOG, name, ORDERS["case-transfer" if name.startswith("csenet") else "new-hire"])
    for name in CATALOG.layouts
    if name in {"w4-header", "w4-data"} or name in {*CATALOG.sequences["csenet"], "csenet-header-from-server"}
}
WITH_ACH = LAYOUTS | {
    name: compiled(CATALOG, name, ORDERS["withholding-payment"]) for name in CATALOG.layouts if name.startswith("ach-")
}


def prefix_of(layout: CompiledLayout) -> str:
    block = layout.layout.block
    return f"{block}[3]/" if layout.layout.repeats else f"{block}/" if block else ""


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_reading_and_writing_gives_the_same_bytes(name):
    layout = LAYOUTS[name]
    prefix = prefix_of(layout)

    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow])
    @given(record_text(layout.layout))
    def holds(text):
        values: dict[str, str] = {}
        assert layout.read(text, prefix, values) == []
        faults = []
        written, _ = layout.write(values, prefix, faults)
        assert (written, faults) == (text, [])
        assert set(values) <= layout.paths(prefix)

    holds()


def keyed(layout: CompiledLayout) -> list[LayoutField]:
    return [field for field in layout.layout.fields if field.path and field.picture is not Picture.COUNT]


@pytest.mark.parametrize("name", sorted(WITH_ACH))
def test_each_field_that_is_too_long_is_a_finding_and_never_cut(name):
    layout = WITH_ACH[name]
    prefix = prefix_of(layout)
    for field in keyed(layout):
        faults: list[Fault] = []
        text, _ = layout.write({f"{prefix}{field.path}": "9" * (field.length + 1)}, prefix, faults)
        assert [fault.field.name for fault in faults] == [field.name]
        assert len(text) == layout.length


@pytest.mark.parametrize("name", sorted(WITH_ACH))
def test_each_field_of_a_wrong_picture_is_a_finding_with_its_place(name):
    layout = WITH_ACH[name]
    for field in keyed(layout):
        if field.picture in (Picture.TEXT, Picture.PERSON_NAME):
            continue
        text = " " * (field.start - 1) + "?" * field.length
        found = [f for f in layout.read(text.ljust(layout.length), prefix_of(layout), {}) if f.field.name == field.name]
        assert [(fault.field.start, fault.field.length) for fault in found] == [(field.start, field.length)]


@pytest.mark.parametrize("name", sorted(WITH_ACH))
def test_each_required_field_that_is_blank_is_told_apart_from_zeros(name):
    layout = WITH_ACH[name]
    wanted = {field.name for field in keyed(layout) if field.required is Need.REQUIRED}

    def missed(text: str) -> set[str]:
        faults = layout.read(text * layout.length, prefix_of(layout), {}, required=True)
        return {fault.field.name for fault in faults if fault.rule == FIX_REQUIRED}

    assert (missed(" "), missed("0")) == (wanted, set())


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_values_come_in_document_order(name):
    layout = LAYOUTS[name]
    prefix = prefix_of(layout)
    order = layout._order
    paths = list(layout._readings[prefix].paths)
    assert paths == sorted(paths, key=order)


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_any_text_is_read_without_an_exception(name):
    layout = LAYOUTS[name]

    @settings(max_examples=12, deadline=None)
    @given(st.text(st.characters(max_codepoint=255), min_size=layout.length, max_size=layout.length))
    def holds(text):
        faults = layout.read(text, prefix_of(layout), {}, required=True)
        assert all(fault.severity in (Severity.ERROR, Severity.WARNING) for fault in faults)

    holds()


def collection(**changes: str) -> str:
    fields = CATALOG.layouts["csenet-collection"].fields
    return "".join(changes.get(f.name.replace("-", "_"), " " * f.length).ljust(f.length) for f in fields)


@pytest.mark.parametrize(
    ("changes", "rule", "field"),
    [
        ({"Date_Of_Collection": "20250230"}, "FIX-DATE", "Date-Of-Collection"),
        ({"Date_Of_Collection": "2025021 "}, "FIX-DATE", "Date-Of-Collection"),
        ({"Date_Of_Collection": "2025W011"}, "FIX-DATE", "Date-Of-Collection"),
        ({"Date_Of_Posting": "00000000"}, "FIX-DATE-ZERO", "Date-Of-Posting"),
        ({"Payment_Amount": "0000000123.45"[:12]}, "FIX-MONEY", "Payment-Amount"),
        ({"Payment_Amount": "+00000123,45"}, "FIX-MONEY", "Payment-Amount"),
        ({"RDFI_ID": "B\u00c4NK"}, "FIX-CHARACTER", "RDFI-ID"),
        ({"RDFI_ID": "\x00" * 20}, "FIX-CHARACTER", "RDFI-ID"),
    ],
)
def test_a_field_that_does_not_fit_its_picture_is_a_finding_with_its_place(changes, rule, field):
    values: dict[str, str] = {}
    faults = LAYOUTS["csenet-collection"].read(collection(**changes), "Collection[1]/", values)
    (finding,) = findings_of(faults, 7, offset=100)
    row = next(f for f in CATALOG.layouts["csenet-collection"].fields if f.name == field)
    assert (finding.rule, finding.record, finding.field) == (rule, 7, field)
    assert (finding.start, finding.length) == (100 + row.start, row.length)
    assert not any(value in repr(finding) for value in changes.values())
    assert not values


def test_a_wholly_blank_block_leaves_a_mark_so_that_it_is_written_again():
    values: dict[str, str] = {}
    assert LAYOUTS["csenet-collection"].read(" " * 70, "Collection[2]/", values) == []
    assert values == {"Collection[2]/BlankIndicator": "Y"}


def test_a_filler_that_is_filled_would_be_lost_and_is_a_finding():
    text = ("W4" + " " * 749 + "KEEP ME").ljust(801)
    (fault,) = LAYOUTS["w4-data"].read(text, "", {})
    assert (fault.rule, fault.field.name) == ("FIX-RESERVED", "filler")


@pytest.mark.parametrize(
    ("path", "value", "rule"),
    [
        ("BankIdentification", "X" * 21, "FIX-WIDTH"),
        ("BankIdentification", "B\u00c4NK", "FIX-CHARACTER"),
        ("BankIdentification", "TWO\nLINES", "FIX-CHARACTER"),
        ("PaymentAmount", "123456789.00", "FIX-VALUE"),
        ("PaymentAmount", "1.5", "FIX-VALUE"),
        ("PaymentAmount", "+1.50", "FIX-VALUE"),
        ("CollectionDate", "2025-02-30", "FIX-VALUE"),
        ("CollectionDate", "2025-02-03Z", "FIX-VALUE"),
    ],
)
def test_a_value_that_does_not_fit_is_a_finding_and_never_cut(path, value, rule):
    faults = []
    text, taken = LAYOUTS["csenet-collection"].write({f"Collection[1]/{path}": value}, "Collection[1]/", faults)
    assert [fault.rule for fault in faults] == [rule]
    assert (text, taken) == (" " * 70, 1)


@pytest.mark.parametrize("picture", sorted(CODECS))
@settings(max_examples=40, deadline=None)
@given(value=st.text(max_size=20))
def test_any_value_is_written_to_the_length_or_refused(picture, value):
    lengths = {Picture.DATE: 8, Picture.TIME: 6, Picture.MONEY: 12} | {one: form.length for one, form in DATES.items()}
    length = lengths.get(picture, 9)
    written = CODECS[picture].write(value, length)
    assert written is None or (len(written) == length and (written.isascii() or picture is Picture.PACKED))


@given(st.decimals(min_value=-99_999_999, max_value=99_999_999, places=2))
def test_money_survives_both_ways(amount):
    codec = CODECS[Picture.MONEY]
    text = codec.write(f"{amount:.2f}", 12)
    assert codec.read(text) == f"{amount:.2f}"


def test_what_a_format_cannot_carry_is_told_once_an_element():
    leftovers = Leftovers()
    content = Content("new-hire", {"Employee/PersonSexCode": "F", "HireDate": "2025-01-02"})
    for ordinal in (1, 2):
        leftovers.add(content, frozenset({"HireDate"}), ordinal)
    (finding,) = leftovers.findings()
    assert (finding.rule, finding.path, finding.note) == ("FIX-NOT-CARRIED", "Employee/PersonSexCode", "2 times")
    assert not finding.severity.blocks


@pytest.mark.parametrize(("value", "blocks"), [("Y", True), ("N", False)])
def test_a_protective_mark_is_never_left_out_when_it_says_yes(value, blocks):
    leftovers = Leftovers()
    leftovers.add(Content("locate", {"Participant[2]/FamilyViolenceIndicator": value}), frozenset(), 4)
    (finding,) = leftovers.findings()
    assert finding.severity.blocks is blocks
    assert (finding.rule == "FIX-MARK-LOST") is blocks


def test_a_layout_path_that_the_schema_does_not_know_refuses_to_start():
    with pytest.raises(Misconfigured, match=r"not in new-hire\.xsd"):
        compiled(CATALOG, "csenet-case", ORDERS["new-hire"])
