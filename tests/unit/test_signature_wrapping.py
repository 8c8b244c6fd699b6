"""Signed XML: a signature in a document plays no part, and what is wrapped with it is never taken for a record."""

import pytest
from lxml import etree

from gateway.core.model import Page, RecordState
from tests.unit.contents import CATALOG
from tests.unit.work_site import CASE, open_site
from tests.unit.xml_signatures import FORGED, HONEST, RECORD, SIGNATURE, VECTORS, believed, bent
from transforms.schema_tree import merged

SCHEMA = etree.XMLSchema(etree.fromstring(etree.tostring(merged(CATALOG.kinds[CASE].xsd, CATALOG.xsds))))
FOREIGN = {"XML-UNKNOWN", "XML-KIND", "XML-ATTRIBUTE"}
"""The rules that signatures, what they lie in, and Ids break."""
LEAST = 12
CASES = pytest.mark.parametrize("name", VECTORS)


@pytest.fixture
async def site(sqlite_url, tmp_path):
    async with open_site(sqlite_url, tmp_path) as opened:
        yield opened


async def became(site, key, text):
    """Of each record of a body: its state, its reason, and the rules that it broke."""
    submission = await site.post(key, text.encode())
    records = (await site.stores.submissions.records(submission.id, None, Page(limit=50))).rows
    findings = (await site.stores.submissions.findings(submission.id, None, Page(limit=500))).rows
    broken = {n: frozenset(one.rule for one in findings if one.record == n) for n in (r.ordinal for r in records)}
    return [(one.state, one.reason, broken[one.ordinal]) for one in records]


def records_of(text):
    """What the gate cuts a document into."""
    root = etree.fromstring(text)
    return [root] if root.tag == RECORD else list(root)


def is_plain(element):
    """A record in which nothing is foreign."""
    return element.tag == RECORD and not element.keys() and SCHEMA.validate(element)


@CASES
@pytest.mark.claim(
    "A40", control="test_control_a_reader_that_goes_by_the_signature_takes_every_forged_record_for_signed"
)
async def test_a_signature_and_what_it_wraps_are_refused_and_nothing_is_taken_for_signed(name, site, claim):
    text = VECTORS[name]
    found = await became(site, "key", text)
    parts = records_of(text)
    assert len(found) == len(parts)
    for part, (state, reason, broken) in zip(parts, found, strict=True):
        if is_plain(part):
            assert (state, broken & FOREIGN) == (RecordState.ROUTED, set())
        else:
            assert state is RecordState.REFUSED
            assert reason in FOREIGN
    claim.measured(f"signature wrapping: {sum(not is_plain(p) for p in parts)} of {len(parts)} refused ({name})")


@CASES
async def test_what_is_delivered_is_what_was_judged_and_no_other_part_of_the_document(name, site):
    found = await became(site, "key", VECTORS[name])
    async with site.dispatching():
        await site.come_to_rest()
    bodies = [parcel.body for parcel in site.door.taken]
    assert len(bodies) == sum(state is RecordState.ROUTED for state, _, _ in found)
    for body in bodies:
        assert b"FORGED" in body
        assert b"ORIGINAL" not in body
        assert b"Signature>" not in body


@CASES
async def test_whether_the_signature_holds_makes_no_difference(name, site):
    invalid = bent(VECTORS[name])
    assert believed(invalid) is None
    another = invalid.replace(f"{2:012}", f"{3:012}")  # a serial number of its own for what is forged
    assert await became(site, "bent", another) == await became(site, "good", VECTORS[name])


async def test_a_record_that_is_honestly_signed_is_refused_for_its_signature_with_a_stable_code(site):
    ((state, _, broken),) = await became(site, "key", HONEST)
    assert (state, broken) == (RecordState.REFUSED, {"XML-ATTRIBUTE", "XML-UNKNOWN"})
    without_id = HONEST.replace(' Id="signed"', "", 1)
    ((state, reason, broken),) = await became(site, "other", without_id)
    assert (state, reason, broken) == (RecordState.REFUSED, "XML-UNKNOWN", {"XML-UNKNOWN"})


def test_the_schema_refuses_a_signature_in_a_record():
    signed = etree.fromstring(HONEST.replace(' Id="signed"', "", 1))
    assert not SCHEMA.validate(signed)
    assert [error.type_name for error in SCHEMA.error_log] == ["SCHEMAV_ELEMENT_CONTENT"]
    assert SIGNATURE in SCHEMA.error_log[0].message
    signed.remove(signed.find(SIGNATURE))
    assert SCHEMA.validate(signed)


def test_control_a_reader_that_goes_by_the_signature_takes_every_forged_record_for_signed():
    assert len(VECTORS) >= LEAST
    for name, text in VECTORS.items():
        taken = believed(text)
        assert taken is not None, name
        assert ">FORGED<" in taken, name
    assert ">ORIGINAL<" in (believed(HONEST) or "")
    assert believed(FORGED) is None
