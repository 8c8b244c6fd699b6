"""What holds for every format of the registry, whoever wrote its engine, and for the example files."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import Misconfigured
from gateway.core.model import Content, FormatName, Severity
from gateway.core.ports.formats import Decoded, Encoded, Frame, Heading
from gateway.core.rules import BusinessRules
from gateway.tools import speech
from tests.unit.contents import CATALOG, COVER, calm, contents, cut_at_once, cut_byte_by_byte
from transforms import formats

FORMATS = speech().formats
CANONICAL = speech().canonical
RULES = BusinessRules(CATALOG)
EXAMPLES = Path(__file__).parent.parent.parent / "examples"
NAMES = sorted(FORMATS)
SHORT = st.one_of(
    st.binary(max_size=120),
    st.text("H4W4T4 0123456789ABC{}[]<>\"',&;\\\r\n\x00é", max_size=120).map(str.encode),
)


@pytest.mark.parametrize("name", NAMES)
@settings(calm, max_examples=40)
@given(body=SHORT)
def test_no_bytes_make_a_reader_or_a_decoder_raise_and_all_are_cut_alike_byte_by_byte_and_at_once(name, body):
    read_to_the_end(FORMATS[name], body)
    assert cut_byte_by_byte(FORMATS[name], body) == cut_at_once(FORMATS[name], body)


def read_to_the_end(engine, body):
    """Cut, decode, write and validate: whatever the bytes are, the outcome is contents and findings."""
    reader = engine.reader()
    frames = [*reader.feed(body), *reader.finish()]
    for frame in [*frames, Frame(1, body, 1)]:
        decoded = engine.decode(frame, reader.heading)
        assert isinstance(decoded, Decoded)
        assert decoded.content is not None or any(f.severity.blocks for f in decoded.findings)
        if decoded.content is not None:
            CANONICAL.validate(CANONICAL.write(decoded.content), frame.ordinal)


EXTENSIONS = {".xml": "xml", ".json": "json", ".csenet": "csenet", ".w4": "w4", ".csv": "newhire-csv-nc"}
EXAMPLE_FILES = sorted(path for path in EXAMPLES.iterdir() if path.suffix in EXTENSIONS)


@pytest.mark.parametrize("path", EXAMPLE_FILES, ids=lambda path: path.name)
@settings(max_examples=8, deadline=None)
@given(st.data())
def test_damaged_examples_never_raise_and_are_cut_alike_in_any_pieces(path, data):
    engine = FORMATS[FormatName(EXTENSIONS[path.suffix])]
    body = bytearray(path.read_bytes()[:2500])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    read_to_the_end(engine, bytes(body))
    assert cut_byte_by_byte(engine, bytes(body)) == cut_at_once(engine, bytes(body))


EXAMPLE_FORMATS = {
    "michigan-case-transfer.xml": FormatName("xml"),
    "tribe-locate-request.json": FormatName("json"),
    "acme-new-hires-nc.csv": FormatName("newhire-csv-nc"),
}
"""Examples without a fault."""


def judged(path, name):
    """(content, findings) of every record of an example, as the gateway judges them."""
    engine = FORMATS[name]
    reader = engine.reader()
    body = (EXAMPLES / path).read_bytes()
    for frame in [*reader.feed(body), *reader.finish()]:
        decoded = engine.decode(frame, reader.heading)
        findings = list(decoded.findings)
        if decoded.content is not None:
            findings += CANONICAL.validate(CANONICAL.write(decoded.content), frame.ordinal)
            facts = CANONICAL.facts(decoded.content)
            findings += RULES.judge(decoded.content, facts, name, frame.ordinal, date(2026, 11, 1))
        yield decoded.content, findings


@pytest.mark.parametrize(("path", "name"), EXAMPLE_FORMATS.items())
def test_the_good_examples_have_no_findings_but_advice(path, name):
    for content, findings in judged(path, name):
        assert content is not None
        assert all(finding.severity is Severity.NOTICE for finding in findings)


def test_the_case_transfers_of_michigan_are_three_and_one_knows_of_family_violence():
    facts = [CANONICAL.facts(content) for content, _ in judged("michigan-case-transfer.xml", FormatName("xml"))]
    assert [(f.sender[:2], f.recipient[:2]) for f in facts] == [("26", "39")] * 3
    assert [f.family_violence for f in facts] == [False, True, False]


def test_the_tribe_asks_ohio():
    (record,) = judged("tribe-locate-request.json", FormatName("json"))
    facts = CANONICAL.facts(record[0])
    assert (facts.sender[:5], facts.recipient[:2], facts.transaction) == ("90830", "39", "LO1 R")


def test_acme_reports_twenty_hires():
    records = list(judged("acme-new-hires-nc.csv", FormatName("newhire-csv-nc")))
    assert [CANONICAL.facts(content).sender for content, _ in records] == ["990000001"] * 20


def test_the_three_mistakes_of_the_faulty_file_are_found_where_they_are():
    found = {}
    for ordinal, (_, findings) in enumerate(judged("acme-faulty.csv", FormatName("newhire-csv-nc")), start=1):
        if blocking := [f.rule for f in findings if f.severity.blocks]:
            found[ordinal] = blocking[0]
    assert found == {2: "CSV-DATE", 4: "CSV-COLUMNS", 5: "XSD-PATTERN"}


def test_the_hostile_example_is_refused_at_its_doctype():
    frames, (finding,) = cut_at_once(FORMATS[FormatName("xml")], (EXAMPLES / "hostile-doctype.xml").read_bytes())
    assert (frames, finding.rule, finding.severity, finding.line) == ([], "XML-DOCTYPE", Severity.FATAL, 2)


@calm
@given(contents())
def test_json_and_xml_carry_the_same_content(content: Content):
    written = {name: FORMATS[FormatName(name)].encode([content], COVER) for name in ("xml", "json")}
    read = []
    for name, encoded in written.items():
        assert isinstance(encoded, Encoded)
        frames, _ = cut_at_once(FORMATS[FormatName(name)], encoded.body)
        read.append(FORMATS[FormatName(name)].decode(frames[0], Heading()).content)
    assert read == [content, content]


def test_a_catalog_with_a_format_that_has_no_engine_is_refused():
    odd = {**CATALOG.formats, FormatName("odd"): CATALOG.formats[FormatName("xml")]}
    with pytest.raises(Misconfigured, match="odd"):
        formats(replace(CATALOG, formats=odd))


@pytest.mark.parametrize(
    ("tables", "name"),
    [("files", "w4-control"), ("columns", "newhire-csv-nj"), ("x12", "x12-270"), ("messages", "bfdr-birth")],
)
def test_a_format_without_its_own_table_is_told_as_one_that_lacks_it(tables, name):
    """Who adds a format and forgets it was told that there is no such format, and whether that one was meant."""
    left = {key: table for key, table in getattr(CATALOG, tables).items() if key != name}
    with pytest.raises(Misconfigured, match=rf"{name} has no table {name}\.toml in schemas/"):
        formats(replace(CATALOG, **{tables: left}))[FormatName(name)]
