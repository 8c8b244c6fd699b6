"""The short way through a plain document: it finds what libxml2 finds, or leaves the document to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.ports.formats import Frame, Heading
from tests.unit.contents import CATALOG, calm, contents
from transforms.canonical import Canonical
from transforms.leaves import LONGEST
from transforms.xml_format import XmlFormat

CANONICAL = Canonical(CATALOG)
XML = XmlFormat(CATALOG)
OPEN = '<NewHire xmlns="urn:child-support-gateway:new-hire:1">'
PLAIN = f"{OPEN}<HireDate>2026-01-31</HireDate>\n <Employer>\t<EmployerName>A</EmployerName></Employer></NewHire>\n"


class LongWay(XmlFormat):
    """The format with the short way closed."""

    def __init__(self, catalog):
        super().__init__(catalog)
        self._canonical.glance = lambda _document: None


LONG = LongWay(CATALOG)


def both(text):
    body = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    first = CANONICAL.glance(body)
    assert CANONICAL.glance(body) == first  # its tags may be remembered now
    return first, LONG.decode(Frame(1, body, 1), Heading())


def test_a_plain_document_is_read_the_short_way():
    short, long = both(PLAIN)
    assert short == long.content
    assert short.fields == {"HireDate": "2026-01-31", "Employer/EmployerName": "A"}


UNPLAIN = {
    "reference": ("A</Emp", "&amp;</Emp"),
    "end of a section": ("A</Emp", "]]></Emp"),
    "bracket in a text": ("A</Emp", "a>b</Emp"),
    "line end to be normalised": ("A</Emp", "\r\n</Emp"),
    "control character": ("A</Emp", "\x01</Emp"),
    "no character": ("A</Emp", "\uffff</Emp"),
    "half a character": ("A</Emp", "\ud800</Emp"),
    "comment": ("A</Emp", "<!--x-->A</Emp"),
    "section": ("A</Emp", "<![CDATA[A]]></Emp"),
    "instruction": ("<HireDate>", "<?x?><HireDate>"),
    "document type": ("<NewHire", "<!DOCTYPE NewHire><NewHire"),
    "attribute": ("<HireDate>", '<HireDate a="">'),
    "space in a tag": ("<HireDate>", "<HireDate >"),
    "unknown element": ("<HireDate>", "<ShoeSize>4</ShoeSize><HireDate>"),
    "order": ("<HireDate>", "<Employer></Employer><HireDate>"),
    "repetition": ("<HireDate>", "<HireDate>2026-01-30</HireDate><HireDate>"),
    "element in a leaf": ("A</Emp", "<b>A</b></Emp"),
    "empty leaf": ("A</Emp", "</Emp"),
    "empty tag": ("<HireDate>", "<HireDate/><HireDate>"),
    "text between": ("<Employer>", "x<Employer>"),
    "text at the start": ("<HireDate>", "x<HireDate>"),
    "text at the end": ("</NewHire>\n", "x</NewHire>\n"),
    "text after": ("</NewHire>\n", "</NewHire>x"),
    "another root": ("</NewHire>\n", "</NewHire><NewHire>"),
    "no end": ("</NewHire>\n", ""),
    "wrong end": ("</HireDate>", "</HireDay>"),
    "swapped brackets": ("<HireDate>", "<HireDate<"),
    "cut within a leaf": ("</HireDate>", ""),
    "length": ("A</Emp", "A" * LONGEST + "</Emp"),
    "empty group": ("<Employer>", "<Employee></Employee><Employer>"),
    "white space around a day": ("2026-01-31", "\n 2026-01-31\n"),
}


@pytest.mark.parametrize(("old", "new"), UNPLAIN.values(), ids=UNPLAIN)
def test_anything_else_is_left_to_the_long_way(old, new):
    assert old in PLAIN
    assert both(PLAIN.replace(old, new, 1))[0] is None


def test_bytes_that_are_not_utf_8_are_left_to_the_long_way():
    assert both(PLAIN.encode().replace(b"A</Emp", b"\xff</Emp"))[0] is None


def test_more_blocks_than_are_kept_ready_are_left_to_the_long_way():
    block = "<HealthInsurance><InsuranceCarrierName>A</InsuranceCarrierName></HealthInsurance>"
    support = '<MedicalSupport xmlns="urn:child-support-gateway:medical-support:1">{}</MedicalSupport>'
    few, many = both(support.format(block * 64)), both(support.format(block * 65))
    assert few[0] == few[1].content
    assert len(few[0].fields) == 64
    assert many[0] is None
    assert len(many[1].content.fields) == 65


def test_more_blocks_than_the_schema_allows_are_left_to_the_long_way():
    block = "<Participant><ParticipantStatusCode>O</ParticipantStatusCode></Participant>"
    locate = '<Locate xmlns="urn:child-support-gateway:locate:1">{}</Locate>'
    few, many = both(locate.format(block * 9)), both(locate.format(block * 11))
    assert few[0] == few[1].content
    assert many[0] is None
    assert len(many[1].content.fields) == 10


@calm
@given(contents())
def test_what_we_write_is_read_alike_on_both_ways(content):
    document = CANONICAL.write(content)
    short, long = both(document)
    assert long.content == content
    assert short in (None, content)
    assert short is not None or any(mark in document for mark in (b"&", b"\xef\xbf")) or not content.fields


TAGS = ["<HireDate>", "</HireDate>", "<Employer>", "</Employer>", "<EmployerName>", "</EmployerName>", "</NewHire>"]
TEXTS = ["1", " ", "é", "\n", ">", "<", "&lt;", "<HireDate/>", "<!--c-->", "\x0b"]
pieces = st.lists(st.sampled_from([*TAGS, *TEXTS]), max_size=12)


@calm
@given(pieces)
def test_the_short_way_never_differs_from_the_long_one(parts):
    short, long = both(OPEN + "".join(parts) + "</NewHire>")
    if short is not None:
        assert (short, ()) == (long.content, long.findings)
        assert list(short.fields) == list(long.content.fields)


@calm
@given(st.sampled_from(["a", "", " ", "\n", "a\n", " a"]), st.sampled_from(["", " ", "a"]))
def test_other_texts_between_remembered_tags_are_read_alike_on_both_ways(value, gap):
    """Tags alone decide what is remembered: a blank where a value belongs, or the reverse, must not pass for plain."""
    assert both(PLAIN)[0] is not None
    short, long = both(
        f"{OPEN}{gap}<HireDate>{value}</HireDate>{gap}<Employer>{gap}<EmployerName>A</EmployerName></Employer></NewHire>"
    )
    if short is not None:
        assert (short, ()) == (long.content, long.findings)


def read(format_, body):
    reader = format_.reader()
    frames = reader.feed(body) + reader.finish()
    decoded = [format_.decode(frame, Heading()) for frame in frames]
    return [(frame.ordinal, frame.body, frame.line) for frame in frames], decoded, reader.findings


@calm
@given(
    pieces,
    st.sampled_from(["", '<?xml version="1.0" encoding="UTF-8"?>\n', '<?xml version="1.1"?>', "\n ", "\ufeff", "\r\n"]),
    st.sampled_from(["", "\n", "\n \n", "x", "<!--c-->", "</NewHire>"]),
)
def test_a_small_file_is_cut_and_read_alike_with_and_without_the_short_way(parts, before, after):
    body = f"{before}{OPEN}{''.join(parts)}</NewHire>{after}".encode()
    assert read(XML, body) == read(LONG, body)


def test_a_plain_file_needs_no_expat():
    """The control of the test above: a short way that is never taken would pass it."""
    reader = XML.reader()
    frames = reader.feed(PLAIN.encode()) + reader.finish()
    assert frames[0].content == CANONICAL.glance(PLAIN.encode())
