"""A file's format is told by its content, faulty files included; what cannot be told is said."""

import pytest

from gateway.core.errors import Unprocessable
from gateway.offline.recognise import HEAD, Recogniser
from gateway.tools import speech
from tests.unit.fixed_width_samples import EXAMPLES

SPOKEN = speech()
RECOGNISER = Recogniser(SPOKEN.catalog, SPOKEN.formats)
EXPECTED = {
    "acme-faulty.csv": "newhire-csv-nc",
    "acme-new-hires-nc.csv": "newhire-csv-nc",
    "faulty.csenet": "csenet",
    "faulty.w4": "w4",
    "hostile-doctype.xml": "xml",
    "michigan-case-transfer.xml": "xml",
    "ohio-new-hires.w4": "w4",
    "ohio-to-michigan.csenet": "csenet",
    "ohio-to-neighbours.csenet": "csenet",
    "tribe-locate-request.json": "json",
}
DRAFTS = speech(drafts=True)
EVERYTHING = Recogniser(DRAFTS.catalog, DRAFTS.formats)
READ_AS = {"fcr-input-cp1140": "fcr-input-cp037"}
VITAL = {
    "ije-natality": [EXAMPLES / "vital" / "ohio-births.ije"],
    "ije-mortality": [EXAMPLES / "vital" / "ohio-deaths.ije"],
}
W4 = (EXAMPLES / "ohio-new-hires.w4").read_bytes()
CSV = (EXAMPLES / "acme-new-hires-nc.csv").read_bytes()


@pytest.mark.parametrize("name", EXPECTED)
def test_every_example_is_recognised(name):
    assert RECOGNISER.fits((EXAMPLES / name).read_bytes()[:HEAD]) == (EXPECTED[name],)


def test_a_header_that_is_faulty_is_still_one():
    assert RECOGNISER.fits(W4.replace(b"H4", b"H4QQ", 1)) == ("w4",)


def test_line_ends_do_not_matter():
    for end in (b"\r", b"\r\n", b""):
        assert RECOGNISER.fits(W4.replace(b"\n", end)) == ("w4",)


def test_a_byte_order_mark_does_not_matter():
    assert RECOGNISER.fits(b"\xef\xbb\xbf" + CSV) == ("newhire-csv-nc",)


def test_a_delimited_file_without_a_heading_is_told_by_its_columns():
    assert RECOGNISER.fits(CSV.partition(b"\n")[2]) == ("newhire-csv-nc",)


def test_numbers_of_a_short_record_are_no_transaction_though_they_have_its_version_by_chance():
    body = b"00000000700000003150        \n00000000400000009335        \n"
    assert body[14:17] == b"003"
    assert RECOGNISER.fits(body) == ("ks-return-totals",)


def test_padded_transactions_are_recognised():
    line = (EXAMPLES / "ohio-to-michigan.csenet").read_bytes().partition(b"\r")[0]
    assert RECOGNISER.fits(line.ljust(8_482) * 2) == ("csenet",)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b" \r\n",
        b"Dear Sir,\nplease find attached",
        b"Hello,\n",
        b"A letter",
        b"1. We owe\n2. You owe\n",
        bytes(range(256)) * 40,
        b"<",
    ],
)
def test_what_is_no_format_is_not_taken_for_one(head):
    found = RECOGNISER.fits(head)
    assert found in ((), ("xml",))


def test_xml_of_somebody_else_is_not_ours():
    assert RECOGNISER.fits(b'<Patient xmlns="http://elsewhere.example/x"></Patient>') == ()


def test_a_file_that_nobody_knows_is_refused_by_name():
    with pytest.raises(Unprocessable, match=r"notes\.txt: no known format fits"):
        RECOGNISER.one(b"hello", "notes.txt")


def test_a_file_that_several_formats_fit_names_them():
    twice = dict.fromkeys(("newhire-csv-nc", "newhire-csv-ga"), SPOKEN.formats["newhire-csv-nc"])
    body = CSV.partition(b"\n")[2]
    with pytest.raises(Unprocessable, match=r"a\.csv: newhire-csv-nc, newhire-csv-ga all fit"):
        Recogniser(SPOKEN.catalog, twice).one(body, "a.csv")


def test_the_length_of_its_lines_tells_a_format_whose_beginning_is_that_of_another():
    """A birth of 2025 begins like a record of the lien network, a notice of payment like an offset collection."""
    births = (EXAMPLES / "vital" / "ohio-births.ije").read_bytes()
    assert births.startswith(b"20")
    assert EVERYTHING.fits(births[:HEAD]) == ("ije-natality",)
    assert EVERYTHING.fits((EXAMPLES / "agencies" / "kansas-injury-claims.csv").read_bytes()) == ("ks-injury-claims",)


def test_a_draft_is_not_taken_for_the_one_known_format_that_begins_like_it():
    assert RECOGNISER.fits((EXAMPLES / "fixed" / "directory-match.txt").read_bytes()) == ()


@pytest.mark.parametrize("name", sorted(DRAFTS.catalog.files))
def test_every_fixed_width_format_has_an_example_that_is_recognised(name):
    paths = [*(EXAMPLES / "fixed").glob(f"{name}.*"), *VITAL.get(name, ())]
    assert len(paths) == 1, "an example of its own"
    found = EVERYTHING.fits(paths[0].read_bytes()[:HEAD])
    assert READ_AS.get(name, name) in found
