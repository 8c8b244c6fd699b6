"""The shipped catalog loads, and a table that is wrong refuses to load with file and field."""

import pickle
from dataclasses import replace

import pytest

from gateway.core.catalog import Catalog, LayoutField, Need, Picture, count_blocks
from gateway.core.errors import Misconfigured
from gateway.core.facts_map import FactsMap
from gateway.core.model import Content
from schemas.checks import check
from schemas.document import parse
from schemas.files import layouts
from schemas.tables import unique
from tests.unit.fixed_width_samples import CATALOG


def altered(field: str, /, **changes: object) -> Catalog:
    """The catalog with one field of one layout changed."""
    layout = CATALOG.layouts["csenet-collection"]
    fields = tuple(replace(f, **changes) if f.name == field else f for f in layout.fields)
    return replace(CATALOG, layouts={**CATALOG.layouts, layout.name: replace(layout, fields=fields)})


def test_the_official_figures_are_there():
    assert len(CATALOG.triples) == 190
    assert sum(t.core for t in CATALOG.triples.values()) == 104
    assert sum(t.opens_case for t in CATALOG.triples.values()) == 14
    lengths = {name: layout.length for name, layout in CATALOG.layouts.items() if name.startswith("csenet")}
    assert sum(lengths.values()) == 127 + 121 + 351 + 181 + 1421 + 341 + 254 + 70 + 416 + 145
    assert len(CATALOG.codes["state-number"].codes) == 54


def test_a_catalog_travels_to_a_worker_process():
    assert vars(pickle.loads(pickle.dumps(CATALOG))) == vars(CATALOG)  # noqa: S301 - our own bytes


@pytest.mark.parametrize(
    ("field", "changes", "said"),
    [
        ("Date-Of-Posting", {"start": 10}, "Date-Of-Posting: a gap before it, bytes 9 to 9"),
        ("Date-Of-Posting", {"start": 8}, "Date-Of-Posting: overlaps"),
        ("RDFI-Account-Num", {"length": 19}, "the fields end at byte 69, the record at 70"),
        ("Payment-Source", {"name": "Date-Of-Posting"}, "Date-Of-Posting: the name is there 2 times"),
        ("Payment-Source", {"path": "PostingDate"}, "PostingDate: the path is there 2 times"),
        ("Payment-Source", {"codes": "colours"}, "Payment-Source: unknown code list colours"),
        ("Payment-Amount", {"picture": Picture.DATE}, "Payment-Amount: length 12 does not fit picture date"),
        ("Payment-Source", {"picture": Picture.RESERVED}, "Payment-Source: picture reserved has no path"),
        ("Payment-Source", {"constant": "X"}, "Payment-Source: a constant is for"),
        ("RDFI-ID", {"picture": Picture.CONSTANT, "constant": "X", "path": None}, "RDFI-ID: the constant is not 20"),
    ],
)
def test_a_faulty_layout_refuses_to_load(field, changes, said):
    with pytest.raises(Misconfigured, match="csenet-collection") as caught:
        check(altered(field, **changes))
    assert said in caught.value.detail


def test_the_same_layout_without_the_fault_loads():
    check(altered("Payment-Source"))


def test_a_rule_with_an_unknown_check_refuses_to_load():
    rule = replace(next(iter(CATALOG.rules.values())), check="guess")
    with pytest.raises(Misconfigured, match="unknown check guess"):
        check(replace(CATALOG, rules={rule.code: rule}))


@pytest.mark.parametrize(
    ("code", "parameters", "said"),
    [
        ("CSE-SERIAL", {"paths": ("A",)}, "parameter pattern is missing"),
        ("CSE-SERIAL", {"paths": ("A",), "pattern": "("}, "not a regular expression"),
        ("CSE-CODE", {"layouts": ("nowhere",)}, "unknown layout nowhere"),
    ],
)
def test_a_rule_with_faulty_parameters_refuses_to_load(code, parameters, said):
    rule = replace(CATALOG.rules[code], parameters=parameters)
    with pytest.raises(Misconfigured, match=said):
        check(replace(CATALOG, rules={rule.code: rule}))


def test_a_rule_for_an_unknown_kind_refuses_to_load():
    rule = replace(CATALOG.rules["CSE-SERIAL"], kinds=frozenset({"birthday"}))
    with pytest.raises(Misconfigured, match="birthday is no kind or format"):
        check(replace(CATALOG, rules={rule.code: rule}))


def test_a_kind_without_its_schema_refuses_to_load():
    with pytest.raises(Misconfigured, match=r"xsd .* does not exist"):
        check(replace(CATALOG, xsds={}))


def test_a_format_of_an_unknown_layout_refuses_to_load():
    with pytest.raises(Misconfigured, match=r"format\.w4: nowhere is unknown"):
        check(replace(CATALOG, sequences={"w4": ("nowhere",)}))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = 3", "name must be of type str"),
        ("length = true", "name is missing"),
        ('name = "x"\nlength = true', "length must be of type int"),
        ('name = "x"\nlength = 1\nfields = []', "source is missing"),
        ('name="x"\nlength=1\nsource="s"\nconfidence="c"\nversion="1"\nfelid=1', "unknown key felid"),
        ('[[field]]\nname="x"\nstart=1\nlength=1\npicture="drawing"\nrequired="R"', "picture drawing is unknown"),
        ("name =", "schemas/layouts/x.toml"),
    ],
)
def test_a_table_is_read_with_care(text, said):
    with pytest.raises(Misconfigured, match=r"schemas/layouts/x\.toml") as caught:
        list(layouts([parse("layouts/x.toml", text.encode())]))
    assert said in caught.value.detail


def test_a_layout_is_called_like_its_file():
    with pytest.raises(Misconfigured, match=r"schemas/layouts/x\.toml: the name y is not that of the file"):
        list(layouts([parse("layouts/x.toml", b'name = "y"')]))


def test_the_blocks_of_a_format_are_those_that_its_header_counts():
    sequence = CATALOG.sequences["csenet"]
    with pytest.raises(Misconfigured, match=r"format\.csenet: the layouts are not those"):
        check(replace(CATALOG, sequences={"csenet": sequence[:-1]}))


def test_two_tables_of_one_name_refuse_to_load():
    triples = list(CATALOG.triples.values())
    with pytest.raises(Misconfigured, match="triple LO1 R is there twice"):
        unique([*triples, triples[0]], lambda triple: triple.key, "triple")


def test_blocks_are_counted_by_their_highest_index():
    content = Content("locate", {"Header/Action": "R", "Order[2]/OrderID": "A", "Order[1]/OrderID": "B"})
    assert count_blocks(content) == {"Header": 1, "Order": 2}


def test_a_place_is_found_behind_the_blocks_before_it():
    content = Content("case-transfer", {"Case/CaseTypeCode": "A", "Order[1]/OrderID": "A", "Order[2]/OrderID": "B"})
    place = CATALOG.position("csenet", content, "Order[2]/OrderID")
    assert (place.field, place.start, place.length) == ("Order-ID", 127 + 351 + 254 + 8, 17)
    count = CATALOG.position("csenet", content, "Order")
    assert (count.field, count.start) == ("Order-Data-Ind", 94)
    assert CATALOG.position("xml", content, "Order[2]/OrderID") is None
    assert CATALOG.position("csenet", content, "Order[2]/Nothing") is None


def test_every_format_code_has_a_title_and_a_fix():
    assert all(rule.title and rule.fix and rule.source for rule in CATALOG.rules.values())
    assert CATALOG.rule("FIX-WIDTH").title
    assert CATALOG.rule("NOBODY-KNOWS") is None


def test_values_are_frozen():
    with pytest.raises(AttributeError):
        LayoutField("A", 1, 1, Picture.TEXT, Need.OPTIONAL).start = 2
    assert FactsMap(sender=("{A}",)).tags == {}
