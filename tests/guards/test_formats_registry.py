"""The registry of formats, the catalog and the rules name the same things."""

import re
from pathlib import Path

import schemas
from gateway.core.model import FormatName
from gateway.core.ports.formats import Format, FormatState
from gateway.docs.layouts import carriers
from transforms import FORMATS, formats

CATALOG = schemas.load()
TRANSFORMS = Path(__file__).parent.parent.parent / "transforms"
W4_TRAILER = "w4-trailer"
"""Unverified, as its format and every answer says; compared only where drafts are allowed, never written."""
CODE = re.compile(r'"((?:XML|XSD|JSON|CSV)-[A-Z-]+)"')


def test_every_format_of_the_catalog_has_an_engine_and_the_other_way_round():
    assert set(FORMATS) == {*CATALOG.formats, *CATALOG.withheld}


def test_every_engine_knows_its_own_name():
    assert {name: engine.name for name, engine in formats(CATALOG).items()} == {
        FormatName(n): n for n in CATALOG.formats
    }


def test_every_engine_keeps_to_the_port():
    members = [name for name in vars(Format) if not name.startswith("_")]
    for engine in formats(CATALOG).values():
        assert all(hasattr(engine, member) for member in members)


def test_every_column_order_is_a_format_that_only_reads():
    for name, order in CATALOG.columns.items():
        info = CATALOG.formats[name]
        assert (info.kinds, info.reads, info.writes) == ((order.kind,), True, False)


def test_every_code_that_the_text_engines_report_is_a_rule_with_a_fix():
    named = {code for path in TRANSFORMS.glob("*.py") for code in CODE.findall(path.read_text("utf-8"))}
    assert {"XML-DOCTYPE", "XSD-MISSING", "JSON-TYPE", "CSV-DATE"} <= named
    assert {code for code in named if CATALOG.rule(code) is None} == set()


def test_every_rule_of_the_text_engines_is_reported_by_one_of_them():
    named = {code for path in TRANSFORMS.glob("*.py") for code in CODE.findall(path.read_text("utf-8"))}
    ruled = {code for code in CATALOG.rules if code.split("-")[0] in {"XML", "XSD", "JSON", "CSV"}}
    assert ruled == named


def test_every_layout_says_where_it_is_from_how_sure_it_is_and_belongs_to_a_format():
    everything = schemas.load(drafts=True)
    assert set(carriers(everything)) == set(everything.layouts)
    for layout in everything.layouts.values():
        assert all((layout.source, layout.confidence, layout.version)), layout.name


def test_what_no_source_shows_is_a_draft_wherever_it_is_carried():
    everything = schemas.load(drafts=True)
    for layout, names in carriers(everything).items():
        if everything.layouts[layout].confidence in {"inferred", "unverified"} and layout != W4_TRAILER:
            assert {everything.formats[name].state for name in names} == {FormatState.DRAFT}, layout
