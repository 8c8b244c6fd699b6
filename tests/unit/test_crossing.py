"""What crosses to a worker process and back arrives as it left."""

import pickle
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.model import (
    AdapterName,
    Digest,
    Endpoint,
    Facts,
    Finding,
    FormatName,
    Kind,
    Partner,
    PartnerKey,
    RecordId,
    Role,
    RuleCode,
    Severity,
)
from gateway.core.ports.crew import Examination, Examined
from gateway.core.ports.formats import Frame, Heading
from gateway.crossing import pack_result, pack_task, unpack_result, unpack_task

SENDER = Partner(
    PartnerKey("ohio"), "Ohio", Role.STATE, "IV-D", frozenset({"39"}), Endpoint(AdapterName.FOLDER), formats={}
)
FACTS = st.builds(
    Facts,
    kind=st.just(Kind("locate")),
    sender=st.text(),
    recipient=st.none() | st.text(),
    serial=st.none() | st.text(),
    tags=st.dictionaries(st.text(), st.text(), max_size=3),
    family_violence=st.booleans(),
    nondisclosure=st.booleans(),
)
EXAMINED = st.builds(
    Examined,
    id=st.text().map(RecordId),
    ordinal=st.integers(1),
    findings=st.lists(st.builds(Finding, st.text().map(RuleCode), st.sampled_from(Severity)), max_size=2).map(tuple),
    facts=st.none() | FACTS,
    digest=st.none() | st.text().map(Digest),
    sealed=st.none() | st.binary(),
    case_index=st.none() | st.binary(),
)


def crossed(value):
    return pickle.loads(pickle.dumps(value))  # noqa: S301 - our own bytes, as between our own processes


@given(st.lists(st.builds(Frame, st.integers(1), st.binary(), st.none() | st.integers(1)), max_size=4))
def test_an_examination_arrives_as_it_left(frames):
    ids = tuple(RecordId(f"r-{n}") for n, _ in enumerate(frames))
    task = Examination(
        FormatName("w4"), SENDER, Heading({"a": "b"}), tuple(frames), ids, date(2026, 3, 5), RuleCode("A-RULE")
    )
    assert unpack_task(crossed(pack_task(task))) == task


@given(st.lists(EXAMINED, max_size=4).map(tuple))
def test_what_was_found_arrives_as_it_left(found):
    assert unpack_result(crossed(pack_result(found))) == found
