"""All 190 triples: a valid example of each passes, and each mark of the functional matrix is found when broken."""

import tomllib
from collections import Counter
from dataclasses import replace
from importlib import resources

import pytest

from gateway.core.errors import Misconfigured
from gateway.core.functional_matrix import FieldMark, Level
from gateway.core.model import Content, Severity
from gateway.core.rules import BusinessRules
from gateway.tools import speech
from schemas.document import parse
from schemas.matrix import MatrixReader
from tests.unit.csenet_cases import built, judged, without
from tests.unit.fixed_width_samples import CATALOG, COVER
from transforms.csenet import CsenetFormat

CANONICAL = speech().canonical
STATE = CsenetFormat.outgoing(CATALOG)
MATRIX = resources.files("schemas").joinpath("matrix/csenet.toml").read_bytes()
CORE = sorted(CATALOG.marks)


def places(content: Content, one: FieldMark) -> list[str]:
    """Where a mark holds in a content."""
    prefixes = [f"{one.block.replace('[*]', f'[{n}]')}/" for n in (1, 2)] if "[" in one.block else [f"{one.block}/"]
    return [
        prefix + one.path
        for prefix in prefixes
        if any(path.startswith(prefix) for path in content.fields) and one.holds(content.fields, prefix)
    ]


@pytest.mark.parametrize("key", sorted(CATALOG.triples))
def test_a_transaction_built_from_the_tables_passes_and_is_read_again(key):
    content = built(CATALOG, key)
    assert CANONICAL.facts(content).transaction == key
    assert [one for one in judged(content) if one.severity.blocks] == []
    warned = {one.rule for one in judged(content)}
    assert warned <= {"CSE-TRIPLE-NOT-CORE", "CSE-ARRIVES-AS-ORDER", "CSE-ARRIVES-AS-STATUS"}
    assert bool(warned) is not CATALOG.triples[key].core
    assert CANONICAL.validate(CANONICAL.write(content), 1) == ()
    encoded = STATE.encode([content], COVER)
    assert encoded.findings == ()
    reader = STATE.reader()
    (frame,) = [*reader.feed(encoded.body), *reader.finish()]
    decoded = STATE.decode(frame, reader.heading)
    assert (decoded.content, decoded.findings) == (content, ())


@pytest.mark.parametrize("key", CORE)
def test_every_field_that_the_matrix_marks_is_missed_when_it_is_blank(key):
    content = built(CATALOG, key)
    for one in CATALOG.marks[key].fields:
        for path in places(content, one):
            found = [finding for finding in judged(without(content, path)) if finding.path == path]
            assert found, path
            if one.level is Level.REQUIRED:
                assert found[0].severity is not Severity.NOTICE
            if one.level is Level.REQUIRED and not one.conditional:
                assert found[0].severity.blocks
            assert found[0].field == one.name
            assert found[0].start


@pytest.mark.parametrize("key", CORE)
def test_every_value_that_the_matrix_wants_is_missed_when_it_is_another(key):
    content = built(CATALOG, key)
    for one in CATALOG.marks[key].fields:
        for path in places(content, one) if one.values else ():
            other = replace(content, fields={**content.fields, path: "9.00" if "." in one.values[0] else "?"})
            assert any(finding.path == path for finding in judged(other)), path


@pytest.mark.parametrize("key", CORE)
def test_every_block_that_the_matrix_marks_is_missed(key):
    content = built(CATALOG, key)
    for one in CATALOG.marks[key].blocks:
        if one.least:
            found = [finding for finding in judged(without(content, one.block)) if finding.path == one.block]
            assert found, one
            assert found[0].severity.blocks is (one.level is Level.REQUIRED) or found[0].rule.startswith("CSE-BLOCK")


def test_recommended_fields_of_one_block_are_one_finding():
    content = built(CATALOG, "LO1 R")
    for name in ("PersonSurName", "PersonGivenName"):
        content = without(content, f"Case/Contact/PersonName/{name}")
    (finding,) = judged(content)
    assert (finding.rule, finding.severity) == ("CSE-MATRIX-FIELD-RECOMMENDED", Severity.NOTICE)
    assert (finding.field, finding.note) == ("Contact-Name-Last", "and Contact-Name-First")


def test_a_place_that_a_rule_of_its_own_faults_is_not_told_again_by_the_matrix():
    content = without(built(CATALOG, "ENF R ERALL"), "Order")
    assert [finding.rule for finding in judged(content)] == ["CSE-BLOCK-ORDER"]


def test_the_fields_of_a_missing_block_are_not_told_one_by_one():
    content = without(built(CATALOG, "ENF R ERALL"), "LocateInformation")
    found = {finding.rule for finding in judged(without(content, "NoncustodialParent"))}
    assert found == {"CSE-BLOCK-NCP-ID", "CSE-BLOCK-NCP-LOCATE"}


def test_without_the_matrix_its_rules_are_silent():
    content = without(built(CATALOG, "MSC P GSC14"), "Header/ActionResolutionDate")
    assert [finding.rule for finding in judged(content)] == ["CSE-MATRIX-FIELD"]
    assert judged(content, BusinessRules(replace(CATALOG, marks={}))) == ()


def test_the_matrix_has_the_official_number_of_marks():
    levels: Counter[str] = Counter()
    for one in tomllib.loads(MATRIX.decode())["transaction"]:
        for level in Level:
            levels[level] += sum(len(names.split()) for names in one.get(level, {}).values())
    assert levels == {"required": 1671, "recommended": 2101, "derived": 4}
    assert set(CATALOG.marks) == {key for key, triple in CATALOG.triples.items() if triple.core}


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        (b'name = "LO1 R"', b'name = "LO9 R"', "transaction LO9 R is unknown"),
        (b'name = "LO1 P LICAD"', b'name = "LO1 R"', "transaction LO1 R is unknown or there twice"),
        (b"(block) Case-Type Case-Status", b"(block) Case-Typo Case-Status", "csenet-case has no field Case-Typo"),
        (b"csenet-case = ", b"csenet-cases = ", "layout csenet-cases is unknown"),
        (b"Overdue-Ind=0", b"Overdue-Ind=1", "Overdue-Ind is always 0"),
        (b'"Relationship=D"', b'"Relation=D"', "csenet-participant has no field Relation"),
    ],
)
def test_a_faulty_matrix_refuses_to_load(right, wrong, said):
    file = parse("matrix/csenet.toml", MATRIX.replace(right, wrong, 1))
    with pytest.raises(Misconfigured) as caught:
        MatrixReader(CATALOG.layouts, CATALOG.triples).read(file)
    assert said in caught.value.detail
