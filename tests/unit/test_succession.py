"""How files follow each other: what a header says of it, as the tables name it."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import schemas
import transforms
from gateway.core.model import Follow, FormatName, PartnerKey, SubmissionId
from gateway.core.ports.formats import FileHeader
from gateway.core.succession import FILE_OLDER, FILE_REPEATED, Line, Successions
from tests.unit.work_site import OHIO, partner

CATALOG = schemas.load(drafts=True)
FORMATS = transforms.formats(CATALOG)
EXAMPLES = Path(__file__).parents[2] / "examples"
ALL = Successions(CATALOG.successions)
W4, ORDER, REGISTRY = FormatName("w4"), FormatName("eiwo-order"), FormatName("fcr-input")
HEADER = {"transmitter_state_code": "39", "date_stamp": "2026-03-02", "batch_number": "000041"}


def turn(format_, follow=None, **told):
    sender = partner(OHIO, "39", file_order={} if follow is None else {format_: follow})
    return ALL.turn(sender, format_, [FileHeader({**HEADER, **told})], SubmissionId("s"))


def numbers(asked):
    return [one.number for one in asked.claims]


def test_numbers_are_asked_for_where_their_source_says_so_and_days_only_where_a_partner_file_does():
    asked = {name for name, one in CATALOG.successions.items() if one.follow is not Follow.ANY}
    assert asked == {"w4", "eiwo-order", "ks-ui-withholding"}
    assert (numbers(turn(W4)), turn(W4).place) == (["000041"], None)
    asked = turn(W4, Follow.NOT_OLDER)
    assert (numbers(asked), asked.place) == (["000041"], "20260302")
    assert turn(W4, Follow.ANY) is turn(REGISTRY) is turn(FormatName("xml")) is None


def test_a_finding_names_the_field_of_the_header_and_its_place_and_no_value():
    asked = turn(W4, Follow.NOT_OLDER)
    assert [(f.rule, f.field, f.start, f.length, f.line, f.note) for f in (asked.older, asked.claims[0].repeated)] == [
        (FILE_OLDER, "date_stamp", 19, 8, 1, None),
        (FILE_REPEATED, "batch_number", 27, 6, 1, None),
    ]


def test_a_header_that_says_nothing_asks_for_nothing():
    assert ALL.turn(None, W4, [], SubmissionId("s")) is None
    assert ALL.turn(partner(OHIO, "39"), W4, [FileHeader({"date_stamp": "2026-03-02"})], SubmissionId("s")) is None


def test_one_layout_in_two_encodings_is_one_series_and_two_transmitters_are_two():
    here = turn(REGISTRY, Follow.NOT_OLDER, transmitter_state_fips="39")
    there = turn(FormatName("fcr-input-cp037"), Follow.NOT_OLDER, transmitter_state_fips="39")
    other = turn(REGISTRY, Follow.NOT_OLDER, transmitter_state_fips="26")
    assert here.series == there.series == "fcr-input:39" != other.series


@pytest.mark.parametrize(
    ("name", "example", "series", "place"),
    [
        ("ach-ded", "employer-payments.ach", "ach-ded:990000001", "2503140930"),
        ("x12-834", "x12/enrollment.834.x12", "x12-834:", None),
        ("fcr-input", "fixed/fcr-input.txt", "fcr-input:39", "20250304"),
        ("fcr-input-cp037", "fixed/fcr-input-cp037.ebcdic", "fcr-input:39", "20250304"),
        ("eiwo-order", "fixed/eiwo-order.txt", "eiwo-order", None),
        ("newhire-oh", "fixed/newhire-oh.txt", "newhire-oh", None),
    ],
)
def test_headers_tell_their_day_to_the_order_of_files(name, example, series, place):
    reader = FORMATS[FormatName(name)].reader()
    reader.feed((EXAMPLES / example).read_bytes())
    reader.finish()
    table = CATALOG.successions[FormatName(name)]
    asked = ALL.turn(partner(OHIO, "39", file_order={name: Follow.NOT_OLDER}), name, reader.headers, "s")
    assert asked.series.startswith(series)
    assert len(asked.place) == sum(one.length for one in table.by)
    assert asked.place.isascii()
    assert asked.place.isdecimal()
    assert place in (None, asked.place)


@pytest.mark.parametrize(("day", "time", "place"), [(b"250314", b"    ", "2503140000"), (b"251399", b"0930", None)])
def test_a_payment_file_may_leave_the_time_blank_and_without_a_day_it_has_no_place(day, time, place):
    body = (EXAMPLES / "employer-payments.ach").read_bytes()
    reader = FORMATS[FormatName("ach-ded")].reader()
    reader.feed(body[:23] + day + time + body[33:])
    sender = partner(OHIO, "39", file_order={"ach-ded": Follow.NOT_OLDER})
    asked = ALL.turn(sender, FormatName("ach-ded"), reader.headers, SubmissionId("s"))
    assert (asked and asked.place) == place


@pytest.mark.parametrize(("modifier", "number"), [(b"A", "250314A"), (b"7", "2503147"), (b"a", None), (b" ", None)])
def test_the_modifier_tells_the_payment_files_of_one_day_apart(modifier, number):
    body = (EXAMPLES / "employer-payments.ach").read_bytes()
    line, asked = Line(), []
    for day in (b"250314", b"250315"):
        reader = FORMATS[FormatName("ach-ded")].reader()
        reader.feed(body[:23] + day + b"0930" + modifier + body[34:])
        told = reader.headers
        sender = partner(OHIO, "39", file_order={"ach-ded": Follow.ONCE})
        asked.append(ALL.turn(sender, FormatName("ach-ded"), told, SubmissionId("s")))
    assert (asked[0] and numbers(asked[0])) == (number and [number])
    if number is not None:
        line.take(asked[0])
        repeated = asked[0].claims[0].repeated
        assert [line.refusal(one) for one in asked] == [(repeated,), ()]
        assert (repeated.field, repeated.start) == ("file_id_modifier", 34)


@given(*[st.datetimes()] * 2)
def test_places_rise_as_days_and_times_do(one, two):
    first, second = (
        turn(
            ORDER,
            Follow.NOT_OLDER,
            control_number="39",
            creation_date=at.date().isoformat(),
            creation_time=at.time().replace(microsecond=0).isoformat(),
        ).place
        for at in (one, two)
    )
    assert (first <= second) == (one.replace(microsecond=0) <= two.replace(microsecond=0))


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), max_size=12))
def test_in_a_line_days_never_fall_and_numbers_never_return(files):
    line, taken = Line(), []
    for number, day in files:
        asked = turn(W4, Follow.NOT_OLDER, batch_number=f"{number:06}", date_stamp=f"2026-03-0{day}")
        told = line.refusal(asked)
        repeated, older = number in [one for one, _ in taken], bool(taken) and day < taken[-1][1]
        assert told == ((asked.claims[0].repeated,) if repeated else (asked.older,) if older else ())
        if not told:
            line.take(asked)
            taken.append((number, day))
    assert line.refusal(replace(turn(W4), sender=PartnerKey("iowa"))) == ()
