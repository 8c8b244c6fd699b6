"""The gate: what is hostile is refused before libxml2 sees it, what is a batch is cut into its records."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from gateway.core.ports.formats import Frame
from tests.unit.contents import calm
from transforms.gate import Gate, Limits, glance

BATCH = b'<Batch xmlns="urn:child-support-gateway:batch:1">'


def read(body, *, piece=None, limits=None):
    gate = Gate(limits)
    step = piece or len(body) or 1
    frames = [frame for n in range(0, len(body), step) for frame in gate.feed(body[n : n + step])]
    frames += gate.finish()
    return frames, [finding.rule for finding in gate.findings]


HOSTILE = {
    "entity": (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "XML-DOCTYPE"),
    "external entity": (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "XML-DOCTYPE"),
    "parameter entity": (b'<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/passwd">%p;]><a/>', "XML-DOCTYPE"),
    "external subset": (b'<!DOCTYPE a SYSTEM "http://198.51.100.1/a.dtd"><a/>', "XML-DOCTYPE"),
    "empty doctype": (b"<!DOCTYPE a><a/>", "XML-DOCTYPE"),
    "entity without doctype": (b"<a>&b;</a>", "XML-MALFORMED"),
    "xinclude": (b'<a xmlns:i="http://www.w3.org/2001/XInclude"><i:include href="b"/></a>', "XML-XINCLUDE"),
    "style sheet": (b'<?xml-stylesheet href="a"?><a/>', "XML-INSTRUCTION"),
    "instruction inside": (b"<a><?php echo 1 ?></a>", "XML-INSTRUCTION"),
    "deep": (b"<a>" * 65 + b"</a>" * 65, "XML-DEPTH"),
    "wide": (b"<a>" + b"<b/>" * 200_000 + b"</a>", "XML-ELEMENTS"),
    "attributes": (b"<a " + b" ".join(b'a%d=""' % n for n in range(65)) + b"/>", "XML-ATTRIBUTES"),
    "long attribute": (b'<a b="' + b"c" * 70_000 + b'"/>', "XML-RUN"),
    "endless tag": (b'<a b="' + b"c" * 300_000, "XML-RUN"),
    "long text": (b"<a>" + b"c" * 70_000 + b"</a>", "XML-RUN"),
    "long comment": (b"<a><!--" + b"c" * 70_000 + b"--></a>", "XML-RUN"),
    "latin-1 declared": (b'<?xml version="1.0" encoding="ISO-8859-1"?><a>\xe4</a>', "XML-ENCODING"),
    "utf-16": ("<a/>".encode("utf-16"), "XML-ENCODING"),
    "utf-16 without a mark": ("<a/>".encode("utf-16-be"), "XML-ENCODING"),
    "utf-16 little without a mark": ("<a/>".encode("utf-16-le"), "XML-ENCODING"),
    "utf-7": (b'<?xml version="1.0" encoding="UTF-7"?><a/>', "XML-ENCODING"),
    "invalid utf-8": (b"<a>\xff</a>", "XML-ENCODING"),
    "overlong utf-8": (b"<a>\xc0\xbc</a>", "XML-ENCODING"),
    "surrogate": (b"<a>\xed\xa0\x80</a>", "XML-ENCODING"),
    "nul": (b"<a>\x00</a>", "XML-MALFORMED"),
    "control": (b"<a>&#1;</a>", "XML-MALFORMED"),
    "xml 1.1": (b'<?xml version="1.1"?><a/>', "XML-MALFORMED"),
    "mismatch": (b"<a></b>", "XML-MALFORMED"),
    "two roots": (b"<a/><a/>", "XML-MALFORMED"),
    "repeated attribute": (b'<a b="" b=""/>', "XML-MALFORMED"),
    "unbound prefix": (b"<p:a/>", "XML-MALFORMED"),
    "cut off": (b"<a><b>", "XML-CUT"),
    "empty": (b"", "XML-EMPTY-FILE"),
    "blank": (b"  \n", "XML-CUT"),
    "text in a batch": (BATCH + b"<a/>hello</Batch>", "XML-TEXT"),
}


@pytest.mark.parametrize(("body", "rule"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_documents_are_refused(body, rule):
    frames, rules = read(body)
    assert rules == [rule]
    assert len(frames) == (1 if rule == "XML-TEXT" or body == b"<a/><a/>" else 0)


SMALL = {name: case for name, case in HOSTILE.items() if len(case[0]) < 2000}


@pytest.mark.parametrize(("body", "rule"), SMALL.values(), ids=SMALL)
def test_hostile_documents_are_refused_alike_byte_by_byte(body, rule):
    assert read(body, piece=1)[1] == [rule]


@pytest.mark.parametrize("piece", [1000, 32_768, 100_000])
@pytest.mark.parametrize("name", ["wide", "endless tag", "long text", "long comment", "long attribute"])
def test_limits_hold_whatever_the_size_of_the_pieces(name, piece):
    body, rule = HOSTILE[name]
    assert read(body, piece=piece) == ([], [rule])


ROOMY = Limits(size=10**9, depth=10**6, elements=10**9, attributes=10**6, run=10**9)


@pytest.mark.parametrize("name", ["deep", "wide", "attributes", "long attribute", "long text", "long comment"])
def test_control_the_same_documents_pass_when_the_limits_are_off(name):
    frames, rules = read(HOSTILE[name][0], limits=ROOMY)
    assert (len(frames), rules) == (1, [])


def test_control_a_parser_without_the_gate_expands_the_entity():
    assert etree.fromstring(HOSTILE["entity"][0], etree.XMLParser(resolve_entities=True)).text == "c"


def test_a_record_larger_than_the_limit_is_refused_before_it_ends():
    gate = Gate(Limits(size=100_000))
    gate.feed(b"<a>")
    fed = 0
    while not gate.findings and fed < 10**6:
        fed += len(b"<b>0123456789</b>" * 1000)
        gate.feed(b"<b>0123456789</b>" * 1000)
    assert [finding.rule for finding in gate.findings] == ["XML-SIZE"]
    assert fed < 250_000


def test_nothing_is_read_after_a_refusal():
    gate = Gate()
    gate.feed(b"<!DOCTYPE a>")
    assert gate.feed(b"<a/>") == []
    assert gate.finish() == []
    assert len(gate.findings) == 1


def test_the_records_before_a_refusal_stand():
    frames, rules = read(BATCH + b"<a/><b/><!DOCTYPE")
    assert ([frame.body[:2] for frame in frames], rules) == ([b"<a", b"<b"], ["XML-MALFORMED"])


def test_a_single_record_is_its_own_frame_without_what_surrounds_it():
    body = b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>\n<!-- x -->\n<a b="/>">t</a>\n<!-- y -->\n'
    frames, rules = read(body)
    assert rules == []
    assert [(f.ordinal, f.body, f.line) for f in frames] == [(1, b'<a b="/>">t</a>', 3)]


def test_a_batch_is_cut_and_its_namespaces_go_with_each_record():
    body = (
        b'<p:Batch xmlns:p="urn:child-support-gateway:batch:1" xmlns:q="urn:q&amp;r" xmlns="urn:d">\n'
        b'<q:a><q:b>1</q:b></q:a><q:a xmlns:q="urn:own"/>\n<!-- between --><c ></c\n></p:Batch>'
    )
    frames, rules = read(body)
    assert rules == []
    assert [frame.line for frame in frames] == [2, 2, 3]
    assert [etree.fromstring(f.body).tag for f in frames] == ["{urn:q&r}a", "{urn:own}a", "{urn:d}c"]
    assert etree.fromstring(frames[0].body)[0].tag == "{urn:q&r}b"


def test_an_empty_batch_has_no_records():
    assert read(BATCH + b"</Batch>") == ([], [])


def test_the_element_count_starts_anew_with_each_record():
    record = b"<a>" + b"<b/>" * 30 + b"</a>"
    frames, rules = read(BATCH + record * 10 + b"</Batch>", limits=Limits(elements=31))
    assert (len(frames), rules) == (10, [])


def test_memory_is_bounded_by_a_record_not_by_the_file():
    gate = Gate()
    gate.feed(BATCH)
    record = b"<a>" + b"<b>text</b>" * 100 + b"</a>"
    for _ in range(300):
        assert len(gate.feed(record)) == 1
        assert len(gate._buffer) <= 2 * len(record)


@calm
@given(st.binary(max_size=200), st.integers(1, 7))
def test_any_bytes_are_read_alike_in_any_pieces(body, piece):
    assert read(body, piece=piece) == read(body)


markup = st.lists(
    st.sampled_from(["<a>", "</a>", "<b/>", "<!--c-->", "t", "&amp;", "<![CDATA[<]]>", " ", "\n", "é", "<a", ">"]),
    max_size=30,
)


@calm
@given(markup, st.integers(1, 7))
def test_any_markup_is_read_alike_in_any_pieces(parts, piece):
    body = BATCH + "".join(parts).encode() + b"</Batch>"
    assert read(body, piece=piece) == read(body)


class StepByStep(Gate):
    """The gate without the glance."""

    def __init__(self, limits=None):
        super().__init__(limits)
        self._whole = None


def read_step_by_step(body, limits=None):
    gate = StepByStep(limits)
    frames = gate.feed(body) + gate.finish()
    return frames, list(gate.findings)


def read_at_once(body, limits=None):
    gate = Gate(limits)
    frames = gate.feed(body) + gate.finish()
    return frames, list(gate.findings)


@pytest.mark.parametrize("body", [body for body, _ in HOSTILE.values()], ids=HOSTILE)
def test_a_glance_at_a_hostile_file_changes_nothing(body):
    assert read_at_once(body) == read_step_by_step(body)
    assert glance(body, Limits()) is None


@calm
@given(markup, st.sampled_from(["", "\ufeff", '<?xml version="1.0"?>\n', "\r\n", "<!--c-->"]), st.integers(1, 4))
def test_a_glance_never_differs_from_reading_step_by_step(parts, before, few):
    body = f"{before}<r>{''.join(parts)}</r>\n".encode()
    for limits in (None, Limits(depth=few), Limits(elements=few), Limits(attributes=0), Limits(run=few * 8)):
        assert read_at_once(body, limits) == read_step_by_step(body, limits)


def test_a_small_file_is_read_at_one_glance_and_a_batch_or_a_large_one_as_it_comes():
    assert glance(b'<?xml version="1.0"?>\n<a><b>1</b></a>\n', Limits()) == Frame(1, b"<a><b>1</b></a>", 2)
    small, batch, large = Gate(), Gate(), Gate()
    small.feed(b"<a>")
    batch.feed(BATCH)
    large.feed(b"<a>" + b"<b/>" * 10_000)
    assert [gate._whole is None for gate in (small, batch, large)] == [False, True, True]


def test_a_wide_record_may_have_many_groups_and_a_deep_one_not_too_many_levels():
    wide = b"<a>" + b"<b><c>1</c></b>" * 60 + b"</a>"
    deep = b"<a>" * 64 + b"1" + b"</a>" * 64
    assert glance(wide, Limits()) is not None
    assert glance(deep, Limits()) is not None
    assert glance(b"<a>" + deep + b"</a>", Limits()) is None
