"""Every element of every schema is mapped to NIEM or said to be our own."""

import pytest

import schemas
from gateway.core.errors import Misconfigured
from gateway.docs.niem import elements
from schemas.niem import niem

CATALOG = schemas.load(drafts=True)
MAPPING = niem()
HEAD = b'source = "s"\nversion = "6.0"\nconfidence = "c"\n[namespace]\nnc = "urn:nc"\n'


def test_every_element_of_every_schema_is_mapped_or_an_extension():
    missing = [f"{name} ({', '.join(files)})" for name, files in elements(CATALOG).items() if not MAPPING.covers(name)]
    how = 'add each to schemas/niem.toml: NAME = "prefix:NiemName" under [element], or the name to an extension\'s list'
    assert not missing, f"{how}: {'; '.join(missing)}"


def test_no_element_is_mapped_that_no_schema_has():
    assert {*MAPPING.elements, *MAPPING.extensions} <= set(elements(CATALOG))


def test_what_protects_people_is_an_extension_with_its_reason():
    for name in ("FamilyViolenceIndicator", "NondisclosureFinding"):
        assert "danger" in MAPPING.extensions[name]


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        (b'[element]\nA = "x:A"\n', "prefix"),
        (b'[element]\nA = "A"\n', "prefix"),
        (b'[element]\nA = "nc:A"\n[extension.own]\nreason = "r"\nelements = ["A"]\n', "twice"),
        (b'[extension.own]\nreason = "r"\nelements = ["A", "A"]\n', "twice"),
        (b'[note]\nA = "n"\n', "note on A"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(table, fault):
    with pytest.raises(Misconfigured, match=fault):
        niem(HEAD + table)
