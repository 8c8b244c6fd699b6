"""Synthetic contents of every kind, for property tests of the formats."""

import re
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

import schemas
from gateway.core.model import AdapterName, Content, Endpoint, Kind, Partner, PartnerKey, Role
from gateway.core.ports.formats import Cover, Decoded, Format, Frame
from transforms.schema_tree import SchemaTree, merged, tree

CATALOG = schemas.load()
TREES: dict[Kind, SchemaTree] = {
    kind: tree(merged(info.xsd, CATALOG.xsds), info.root) for kind, info in CATALOG.kinds.items()
}
LEAVES = {kind: tuple(shape.leaves()) for kind, shape in TREES.items()}

OHIO = Partner(PartnerKey("ohio"), "Ohio", Role.STATE, "IV-D", frozenset({"39"}), Endpoint(AdapterName.MAILBOX))
COVER = Cover(OHIO, replace(OHIO, key=PartnerKey("michigan")), datetime(2026, 1, 31, tzinfo=UTC), 1)

calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""No time limit for one example: the machines that run the tests are shared."""

texts = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn"), include_characters="\t\n\r<>&\"']]>"),
    min_size=1,
    max_size=12,
).filter(lambda text: not re.search("[\ufffe\uffff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", text))
"""Text that a leaf can hold, the awkward characters among it."""
unspaced = texts.filter(lambda text: not re.search("[ \t\r\n]", text))


@st.composite
def contents(draw, kind=None):
    """A content whose paths its schema knows; the values are any text, so it need not be valid. Days and amounts hold
    no white space: what stands around them is not read."""
    kind = kind or draw(st.sampled_from(sorted(CATALOG.kinds)))
    leaves = draw(st.lists(st.sampled_from(LEAVES[kind]), min_size=1, max_size=10, unique=True))
    copies = draw(st.integers(1, 3))
    paths = [leaf.replace("[1]", f"[{n}]", 1) for leaf in leaves for n in range(1, copies + 1 if "[1]" in leaf else 2)]
    return Content(kind, {path: draw(unspaced if TREES[kind].place(path).collapsed else texts) for path in paths})


def valid_new_hire(**changes):
    """A new hire that its schema accepts; a change of None leaves the path out. Underscores stand for slashes."""
    fields = {
        "Employee/PersonSSNIdentification": "900000001",
        "Employee/PersonName/PersonGivenName": "Ada",
        "Employee/PersonName/PersonSurName": "Sample",
        "HireDate": "2026-01-31",
        "Employer/EmployerFEINID": "990000001",
        "Employer/EmployerName": "Acme Test Works",
    }
    fields.update({path.replace("_", "/"): value for path, value in changes.items()})
    return Content(Kind("new-hire"), {path: value for path, value in fields.items() if value is not None})


def cut_at_once(format: Format, body: bytes) -> tuple[list[Frame], tuple]:
    reader = format.reader()
    frames = [*reader.feed(body), *reader.finish()]
    return frames, tuple(reader.findings)


def cut_byte_by_byte(format: Format, body: bytes) -> tuple[list[Frame], tuple]:
    reader = format.reader()
    frames = [frame for n in range(len(body)) for frame in reader.feed(body[n : n + 1])]
    frames += reader.finish()
    return frames, tuple(reader.findings)


def decode_all(format: Format, body: bytes) -> list[Decoded]:
    reader = format.reader()
    frames = [*reader.feed(body), *reader.finish()]
    assert not reader.findings
    return [format.decode(frame, reader.heading) for frame in frames]


def rules_of(decoded: Decoded) -> list[str]:
    return [finding.rule for finding in decoded.findings]
