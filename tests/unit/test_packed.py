"""Packed decimals: bytes among text, in files of Medicaid whose trailers count in them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import schemas
from gateway.core.catalog import Picture
from gateway.core.errors import Misconfigured
from schemas.checks import check
from tests.unit.fixed_width_samples import COVER
from tests.unit.test_files_whole import FORMATS, contents, read
from transforms.files_records import Record
from transforms.pictures import CODECS

CATALOG = schemas.load()
CODEC = CODECS[Picture.PACKED]
ORDERS, AVAILABILITY = "mmis-ks-orders", "mmis-ks-availability"


def trailer() -> Record:
    return next(one for one in FORMATS[ORDERS]._records.all if one.packed)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("0", b"\x00\x00\x00\x0c"),
        ("3", b"\x00\x00\x00\x3c"),
        ("120", b"\x00\x00\x12\x0c"),
        ("9999999", b"\x99\x99\x99\x9c"),
    ],
)
def test_a_number_is_packed_as_the_machines_that_write_it_do(value, written):
    assert CODEC.write(value, 4) == written.decode("latin-1")
    assert CODEC.read(written.decode("latin-1")) == value


@given(st.integers(0, 10**7 - 1))
def test_every_number_survives_both_ways_and_is_no_line_end(number):
    text = CODEC.write(str(number), 4)
    assert CODEC.read(text) == str(number)
    assert not {"\r", "\n", "\x1a"} & {*text}


@given(st.binary(min_size=1, max_size=5))
def test_any_bytes_are_a_number_that_packs_alike_or_none(body):
    text = body.decode("latin-1")
    value = CODEC.read(text)
    if value is not None:
        again = CODEC.write(value, len(body)).encode("latin-1")
        assert again[:-1] == body[:-1]
        assert again[-1] >> 4 == body[-1] >> 4


@pytest.mark.parametrize(
    "text", ["0003", "    ", "\x00\x00\x00\x3d", "\x00\x00\x0a\x0c", "\x00\x00\x00\x33", "\uff13", ""]
)
def test_what_is_no_packed_number_is_not_read(text):
    assert CODEC.read(text) is None


def test_an_unsigned_packed_number_is_read_too():
    assert CODEC.read("\x00\x00\x12\x0f") == "120"


@pytest.mark.parametrize(("value", "length"), [("10000000", 4), ("-3", 4), ("007", 4), ("3.0", 4), ("", 4)])
def test_a_value_that_does_not_fit_is_not_packed(value, length):
    assert CODEC.write(value, length) is None


@pytest.mark.parametrize("name", [ORDERS, AVAILABILITY])
@pytest.mark.parametrize("count", [1, 9, 10, 13, 100])
def test_a_file_of_any_number_of_records_says_how_many_and_is_read_again(name, count):
    body = FORMATS[name].encode(contents(name) * count, COVER).body
    assert body.splitlines()[-1][15:19] == int(f"{count}c", 16).to_bytes(4, "big")
    decoded, told, _ = read(name, body)
    assert (len(decoded), told) == (count, [])


@pytest.mark.parametrize(
    ("packed", "rule"),
    [
        (b"\x00\x00\x00\x2f", None),
        (b"\x00\x00\x00\x9c", "file:FILE-COUNT"),
        (b"0002", "file:FILE-TRAILER"),
        (b"    ", "file:FILE-TRAILER"),
        (b"\x00\x00\x00\x2d", "file:FILE-TRAILER"),
    ],
)
def test_a_count_that_is_wrong_or_no_packed_number_refuses_the_file(packed, rule):
    body = FORMATS[AVAILABILITY].encode(contents(AVAILABILITY) * 2, COVER).body
    _, told, reader = read(AVAILABILITY, body.replace(b"\x00\x00\x00\x2c", packed))
    assert told == ([] if rule is None else [rule])
    assert all((one.field, one.start, one.length) == ("record_count", 16, 4) for one in reader.findings)


def test_a_count_that_was_translated_like_text_is_found_and_not_guessed():
    body = FORMATS[AVAILABILITY].encode(contents(AVAILABILITY) * 2, COVER).body
    translated = body.decode("latin-1").encode("utf-8").replace(b"\x2c", b"\xc2\x8c")
    assert "file:FILE-TRAILER" in read(AVAILABILITY, translated)[1]


def test_a_blank_record_tells_of_the_number_that_is_required():
    faults = {fault.field.name: fault.rule for fault in trailer().read(" " * 1716, {})}
    assert faults["record_count"] == "FIX-REQUIRED"


def test_a_number_that_does_not_fit_leaves_its_place_blank_and_is_told():
    faults = []
    text = trailer().write({"#record_count": "10000000"}, faults)
    assert (text[15:19], [fault.rule for fault in faults]) == ("    ", ["FIX-VALUE"])


def test_a_packed_number_in_a_file_that_is_translated_refuses_to_load():
    order = replace(CATALOG.files[AVAILABILITY], encoding="cp037")
    with pytest.raises(Misconfigured, match="packed number"):
        check(replace(CATALOG, files={**CATALOG.files, AVAILABILITY: order}))
