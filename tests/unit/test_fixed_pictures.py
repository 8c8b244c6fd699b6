"""Pictures of days, periods, numbers and amounts: one canonical form each, and nothing that does not fit."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.catalog import Picture
from tests.unit.fixed_width_samples import WRITTEN
from transforms.joined import join, split
from transforms.picture_dates import DATES
from transforms.pictures import CODECS, flag, is_zero_date


@pytest.mark.parametrize(
    ("picture", "text", "value"),
    [
        (Picture.DATE_MDCY, "03042025", "2025-03-04"),
        (Picture.DATE_MDY, "030425", "2025-03-04"),
        (Picture.DATE_MDY, "030470", "1970-03-04"),
        (Picture.DATE_MDY, "030469", "2069-03-04"),
        (Picture.DATE_YMD, "250304", "2025-03-04"),
        (Picture.DATE_YDAY, "24366", "2024-12-31"),
        (Picture.DATE_CYDAY, "2025001", "2025-01-01"),
        (Picture.DATE_DASHED, "2025-03-04", "2025-03-04"),
        (Picture.MONTH, "202512", "2025-12"),
        (Picture.QUARTER, "20254", "2025-Q4"),
        (Picture.QUARTER_FIRST, "42025", "2025-Q4"),
        (Picture.NUMBER, "000120", "120"),
        (Picture.NUMBER, "000000", "0"),
        (Picture.CENTS, "000120", "1.20"),
        (Picture.CENTS, "5", "0.05"),
        (Picture.ZONED, "00012{", "120"),
        (Picture.ZONED, "00012}", "-120"),
        (Picture.ZONED_CENTS, "0001234A", "123.41"),
        (Picture.ZONED_CENTS, "0001234R", "-123.49"),
    ],
)
def test_a_text_and_its_canonical_value_translate_into_each_other(picture, text, value):
    codec = CODECS[picture]
    assert (codec.read(text), codec.write(value, len(text))) == (value, text)


@pytest.mark.parametrize(
    ("picture", "text"),
    [
        (Picture.DATE_MDCY, "13012025"),
        (Picture.DATE_MDCY, "02292026"),
        (Picture.DATE_MDY, "0230 5"),
        (Picture.DATE_MDY, "03042-"),
        (Picture.DATE_YMD, "2-1127"),
        (Picture.DATE_DASHED, "2-02503-04"),
        (Picture.DATE_YDAY, "25366"),
        (Picture.DATE_YDAY, "25000"),
        (Picture.DATE_CYDAY, "0000001"),
        (Picture.DATE_DASHED, "20250304--"),
        (Picture.DATE_DASHED, "2025/03/04"),
        (Picture.MONTH, "202513"),
        (Picture.QUARTER, "20255"),
        (Picture.QUARTER_FIRST, "02025"),
        (Picture.NUMBER, "+00012"),
        (Picture.NUMBER, "12    "),
        (Picture.CENTS, "12.34 "),
        (Picture.ZONED, "12{4"),
        (Picture.ZONED, "123S"),
        (Picture.ZONED_CENTS, "-1234"),
        (Picture.ZONED_CENTS, "\uff11\uff12\uff13"),
    ],
)
def test_a_text_that_does_not_fit_is_not_read(picture, text):
    assert CODECS[picture].read(text) is None


@pytest.mark.parametrize(
    ("picture", "value", "length"),
    [
        (Picture.NUMBER, "1234567", 6),
        (Picture.NUMBER, "-1", 6),
        (Picture.NUMBER, "007", 6),
        (Picture.CENTS, "12345.67", 6),
        (Picture.CENTS, "1.5", 6),
        (Picture.ZONED, "-0", 6),
        (Picture.ZONED_CENTS, "12345.67", 6),
        (Picture.DATE_MDY, "1969-12-31", 6),
        (Picture.DATE_YMD, "2070-01-01", 6),
        (Picture.MONTH, "2025-13", 6),
        (Picture.QUARTER, "2025-Q5", 5),
    ],
)
def test_a_value_that_would_lose_something_is_not_written(picture, value, length):
    assert CODECS[picture].write(value, length) is None


def test_a_plain_last_digit_is_positive_and_negative_zero_is_zero():
    assert CODECS[Picture.ZONED_CENTS].read("0012345") == "123.45"
    assert CODECS[Picture.ZONED_CENTS].read("000000}") == "0.00"


@pytest.mark.parametrize("picture", sorted(WRITTEN))
@given(day=st.dates(date(1970, 1, 1), date(2069, 12, 31)))
def test_every_day_survives_both_ways_and_reads_as_the_calendar_says(picture, day):
    text, codec = WRITTEN[picture](day), CODECS[picture]
    value = codec.read(text)
    assert value is not None
    assert codec.write(value, DATES[picture].length) == text
    assert value[:4] == f"{day.year}"


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused_and_what_is_read_is_written_again(text):
    for picture, form in DATES.items():
        value = form.read(text)
        assert value is None or CODECS[picture].write(value, form.length) == text


def test_a_date_of_zeros_is_no_date_in_every_picture():
    assert all(is_zero_date(picture, "0" * form.length) for picture, form in DATES.items())
    assert not is_zero_date(Picture.DIGITS, "000")


def test_a_flag_is_its_constant_or_blank():
    codec = flag("FV")
    assert (codec.read("FV"), codec.read("XX"), codec.write("Y", 2), codec.write("N", 2)) == ("Y", None, "FV", "  ")
    assert codec.write("X", 2) is None


@pytest.mark.parametrize(
    ("text", "given_", "middle", "surname"),
    [
        ("DOE, JANE Q", "JANE", "Q", "DOE"),
        ("DOE, MARY ANN", "MARY ANN", None, "DOE"),
        ("DOE", None, None, "DOE"),
        ("DE LA CRUZ, J", "J", None, "DE LA CRUZ"),
    ],
)
def test_a_name_in_one_field_is_cut_and_joined(text, given_, middle, surname):
    parts = split(text)
    assert (parts.get("PersonGivenName"), parts.get("PersonMiddleName"), parts.get("PersonSurName")) == (
        given_,
        middle,
        surname,
    )
    assert join(parts) == text


def test_a_name_that_would_read_back_differently_is_not_joined():
    assert join({"PersonGivenName": "JANE", "PersonSurName": "DOE, JR"}) is None


@given(st.text(max_size=30))
def test_any_name_field_is_cut_without_an_exception(text):
    parts = split(text)
    assert all(parts.values())
