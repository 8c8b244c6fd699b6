"""What senders get wrong, in every fixed-width file alike: lengths, headers, ends, characters, totals. Nothing of it is
taken without a word, and the word is the same everywhere."""

import json
from functools import cache

import pytest

from gateway.core.file_order import RecordRole
from gateway.core.model import FormatName
from gateway.core.ports.formats import Frame, Heading
from tests.unit.fixed_width_samples import COVER, EXAMPLES
from tests.unit.test_files_whole import CATALOG, FORMATS, WRITABLE, contents, read
from transforms import formats

LINED = [name for name in WRITABLE if CATALOG.files[name].line_end and CATALOG.files[name].encoding == "ascii"]
ALL = formats(CATALOG)
MARKED = [name for name in LINED if all(record.marks for record in CATALOG.files[name].records)]
RIGHT_TO_LEFT = "\u202e".encode()


def with_role(role):
    """The formats that have a record of this role that must be there."""
    return [
        name
        for name in MARKED
        if any(record.role is role and not record.optional for record in CATALOG.files[name].records)
    ]


@cache
def lines(name):
    return tuple(FORMATS[FormatName(name)].encode(contents(name), COVER).body.splitlines(keepends=True))


@cache
def roles(name):
    """The role of each line."""
    records = FORMATS[FormatName(name)]._records
    return tuple(records.recognise(line.decode().rstrip("\r\n")).role for line in lines(name))


def detail(name):
    """Which line is the last detail."""
    return max(at for at, role in enumerate(roles(name)) if role is RecordRole.DETAIL)


def told(name, changed):
    """The rules that were told; what stands before the colon says of which record, or of the file."""
    return read(name, b"".join(changed))[1]


def rules(name, changed):
    return {one.partition(":")[2] for one in told(name, changed)} - {"FILE-DRAFT"}


def heard(format_, body):
    """The records of a file, and what is told of it."""
    reader = format_.reader()
    return [*reader.feed(body), *reader.finish()], reader.heading, reader.findings


@pytest.mark.parametrize("name", LINED)
def test_a_file_as_we_write_it_is_read_without_a_word(name):
    assert rules(name, lines(name)) == set()


@pytest.mark.parametrize("name", LINED)
@pytest.mark.parametrize("pieces", [(), (1, 1, 1), (2,)], ids=["whole", "byte by byte", "cut within"])
def test_the_mark_that_editors_put_before_utf_8_is_no_part_of_the_first_record(name, pieces):
    body = b"".join(lines(name))
    plain, marked = read(name, body), read(name, b"\xef\xbb\xbf" + body, *pieces)
    assert (marked[:2], marked[2].headers) == (plain[:2], plain[2].headers)


@pytest.mark.parametrize("file", ["ohio-to-michigan.csenet", "ohio-new-hires.w4", "employer-payments.ach"])
def test_the_mark_before_utf_8_changes_nothing_where_records_have_a_reader_of_their_own(file):
    format_ = ALL[FormatName({"ach": "ach-ded"}.get(end := file.rpartition(".")[2], end))]
    body = (EXAMPLES / file).read_bytes()
    assert heard(format_, b"\xef\xbb\xbf" + body) == heard(format_, body)


def test_faults_of_what_stands_around_the_records_are_not_kept_without_end():
    reader = FORMATS[FormatName("newhire-ma")].reader()
    for _ in range(4):
        reader.feed((b"A" + b"\xff" * 95 + b"\n") * 2_500)
    reader.finish()
    assert (reader.findings[-1].rule, reader.findings[-1].severity.blocks) == ("FILE-FAULTS", True)
    assert len(reader.findings) < 50_020


@pytest.mark.parametrize("name", LINED)
def test_a_record_that_is_one_byte_longer_is_never_taken_as_it_is(name):
    at, made = detail(name), list(lines(name))
    made[at] = made[at].rstrip(b"\r\n") + b"9\n"
    found = rules(name, made)
    assert found & {"FIX-LENGTH", "FILE-RECORD-UNKNOWN", "FILE-UNREADABLE", "FILE-CUT-OFF"}, found


@pytest.mark.parametrize("name", [name for name in LINED if not CATALOG.files[name].by_line])
def test_a_record_that_is_one_byte_shorter_is_never_taken_as_it_is(name):
    at, made = detail(name), list(lines(name))
    made[at] = made[at].rstrip(b"\r\n")[:-1] + b"\n"
    found = rules(name, made)
    assert found & {"FIX-LENGTH", "FILE-RECORD-UNKNOWN", "FILE-UNREADABLE", "FILE-CUT-OFF"}, found


@pytest.mark.parametrize("name", LINED)
@pytest.mark.parametrize("character", [RIGHT_TO_LEFT, b"\x07", "\uff11".encode(), b"\xe9"])
def test_a_character_that_no_record_carries_is_told_with_its_field(name, character):
    at, made = detail(name), list(lines(name))
    record = FORMATS[FormatName(name)]._records.recognise(made[at].decode().rstrip("\n"))
    places = [f for f in CATALOG.layouts[record.name].fields if f.path and f.length >= len(character)]
    marks = record.record.marks
    place = next(f for f in reversed(places) if not any(_touches(mark, f) for mark in marks))
    start = place.start - 1
    made[at] = made[at][:start] + character + made[at][start + len(character) :]
    decoded, _, _ = read(name, b"".join(made))
    found = [finding for one in decoded for finding in one.findings if finding.rule == "FIX-CHARACTER"]
    assert [(finding.field, finding.start) for finding in found] == [(place.name, place.start)]
    assert character.decode("latin-1") not in repr(found)


def _touches(mark, field):
    return mark.start < field.start + field.length and field.start < mark.start + len(mark.text)


@pytest.mark.parametrize("name", with_role(RecordRole.HEADER))
@pytest.mark.parametrize("twice", [True, False], ids=["second header", "header in the middle"])
def test_a_header_in_another_place_refuses_the_file(name, twice):
    head, *rest = lines(name)
    made = [head, head, *rest] if twice else [*rest[:1], head, *rest[1:]]
    found = told(name, made)
    assert {"file:FILE-HEADER-REPEATED", "file:FILE-HEADER-MISSING", "file:FILE-HEADER"} & set(found), found


@pytest.mark.parametrize("name", with_role(RecordRole.TRAILER))
def test_a_file_without_its_end_and_one_that_goes_on_behind_it_are_refused(name):
    *rest, end = lines(name)
    assert "file:FILE-TRAILER-MISSING" in told(name, rest)
    assert {"file:FILE-AFTER-TRAILER", "file:FILE-TRAILER"} & set(told(name, [*rest, end, rest[-1]]))


def _may_count_itself(name):
    """Whether the trailer stands alone beside the details, and nobody knows whether its count is of itself, too."""
    around = [record for record in CATALOG.files[name].records if record.role is not RecordRole.DETAIL]
    return len(around) == 1 and "details or all" in around[0].fill.values()


@pytest.mark.parametrize("name", with_role(RecordRole.TRAILER))
def test_a_record_that_was_lost_or_came_twice_is_missed_by_the_trailer(name):
    at, made = detail(name), list(lines(name))
    if _may_count_itself(name):  # then one lost record may be the trailer that it did not count, but not one more
        made.insert(at, made[at])
    else:
        del made[at]
    counted = any(
        source.startswith(("details", "all", "group", "count:", "sum:"))
        for record in CATALOG.files[name].records
        for source in record.fill.values()
    )
    lost = {"FILE-COUNT", "FILE-AMOUNT", "FILE-GROUP"} & rules(name, made)
    assert bool(lost) is counted


# --- text formats ----------------------------------------------------------------------------------------------------

LATIN = "\u00e9"
TEXTS = {
    "xml": ("<PersonSurName>", "XML-CHARACTER"),
    "json": ('"PersonSurName":"', "JSON-CHARACTER"),
    "newhire-csv-nj": ("900000001,", "CSV-CHARACTER"),
    "bfdr-birth": ('"family":"', "JSON-CHARACTER"),
}
"""Where a name begins in a record of each format, and what is said of a character there that no record has."""
ALL = formats(CATALOG)


@cache
def in_text(name):
    """A record of each format."""
    if name == "newhire-csv-nj":
        return ",".join(["900000001", "SAMPLE", "ADA", *[""] * 9, "20260131", "", "", "ACME", *[""] * 8, "990000001"])
    if name == "bfdr-birth":
        first, _ = json.JSONDecoder().raw_decode((EXAMPLES / "vital" / "ohio-birth-messages.json").read_text("utf-8"))
        return json.dumps(first, separators=(",", ":"), ensure_ascii=False)
    record = ALL[FormatName("json")].decode(Frame(1, (EXAMPLES / "tribe-locate-request.json").read_bytes()), Heading())
    return ALL[FormatName(name)].encode([record.content], COVER).body.decode()


def said_of(name, text):
    format_ = ALL[FormatName(name)]
    reader = format_.reader()
    frames = [*reader.feed(text.encode()), *reader.finish()]
    return [finding for frame in frames for finding in format_.decode(frame, reader.heading or Heading()).findings]


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("mark", ["\u202e", "\u200f", "\u2066"])
def test_a_mark_that_turns_the_direction_of_text_is_told_with_its_field(name, mark):
    before, rule = TEXTS[name]
    text = in_text(name)
    assert before in text
    whole = said_of(name, text)
    assert said_of(name, text.replace(before, before + LATIN, 1)) == whole
    found = [one for one in said_of(name, text.replace(before, before + mark, 1)) if one not in whole]
    assert [finding.rule for finding in found] == [rule]
    assert "SurName" in (found[0].path or "")
    assert mark not in repr(found)


def test_a_mark_that_is_written_as_a_reference_is_the_same_mark():
    text = in_text("xml").replace("<PersonSurName>", "<PersonSurName>&#x202e;", 1)
    assert [finding.rule for finding in said_of("xml", text)] == ["XML-CHARACTER"]
