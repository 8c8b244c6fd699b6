"""Whole files out of turn: refused when posted, in the background, by a validation and offline, all for one reason."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.core.errors import Unreadable
from gateway.core.model import Actor, Follow, FormatName, Kind, Page
from gateway.core.ports.submissions import Replayed
from gateway.core.succession import FILE_OLDER, FILE_REPEATED, Line, Successions
from gateway.offline import Validator
from gateway.work.intake import IntakeLimits
from tests.unit.work_site import MICHIGAN, OHIO, agreement, open_site, partner

EXAMPLE = b"".join(
    (Path(__file__).parents[2] / "examples" / "ohio-new-hires.w4").read_bytes().splitlines(keepends=True)[:5]
)
"""A header and four new hires."""
W4 = FormatName("w4")
STAMP, BATCH = slice(18, 26), slice(26, 32)
IN_THE_BACKGROUND = IntakeLimits(records_at_once=1, bytes_at_once=10**9, piece=700)


def file(batch, day="20260303"):
    body = bytearray(EXAMPLE)
    body[STAMP], body[BATCH] = day.encode(), f"{batch:06}".encode()
    return bytes(body)


@pytest.fixture
async def site(sqlite_url, tmp_path):
    async with open_site(sqlite_url, tmp_path) as opened:
        order(opened, Follow.NOT_OLDER)
        yield opened


def order(site, follow):
    hires = replace(agreement(OHIO, MICHIGAN), kinds=frozenset({Kind("new-hire")}))
    site.know(partner(OHIO, "39", file_order={W4: follow}), agreements=(hires,))


def desk(site, limits=None):
    return replace(site.desk(limits), successions=successions(site), turns=site.stores.turns)


def successions(site):
    return Successions(site.speech.catalog.successions)


async def post(site, key, body, limits=None):
    upload = desk(site, limits).begin(site.directory.partners[OHIO], key, W4, "request")
    await upload.feed(body)
    return await upload.finish()


async def posted(site, key, body):
    try:
        return (await post(site, key, body)).counts.accepted
    except Unreadable as error:
        return [one.rule for one in error.findings]


async def judged(site, key, body):
    """The same in the background."""
    submission = await post(site, key, body, IN_THE_BACKGROUND)
    assert await replace(site.backlog(), successions=successions(site)).step()
    found = await site.stores.submissions.get(submission.id)
    told = [one.rule for one in (await site.stores.submissions.findings(submission.id, None, Page())).rows]
    fatal = [rule for rule in told if rule in (FILE_OLDER, FILE_REPEATED)]
    last = [entry.outcome for _, entry in await site.stores.audit.about(f"submission:{submission.id}")][-1]
    assert last == (fatal[0] if fatal else "ok")
    return fatal or found.counts.accepted


async def validated(site, body):
    validation = desk(site).validation(site.directory.partners[OHIO], W4)
    await validation.feed(body)
    return [one.rule for one in (await validation.finish()).rules if one.rule in (FILE_OLDER, FILE_REPEATED)]


FILES = (
    (file(1), None),
    (file(1), FILE_REPEATED),
    (file(2, "20260302"), FILE_OLDER),
    (file(2), None),
    (file(3, "20260304"), None),
    (file(4), FILE_OLDER),
)
"""Files in the order in which they come, and why they are refused."""


@pytest.mark.parametrize("follow", Follow)
async def test_a_validation_asks_for_the_turn_and_says_whether_the_file_is_refused_as_a_whole(site, follow):
    order(site, follow)
    assert await validated(site, file(1)) == []
    assert await posted(site, "one", file(1)) == 4
    assert await validated(site, file(1)) == ([] if follow is Follow.ANY else [FILE_REPEATED])
    for body, refused in ((file(2), False), (file(1), follow is not Follow.ANY), (file(3)[802:], True)):
        validation = desk(site).validation(site.directory.partners[OHIO], W4)
        await validation.feed(body)
        assert (await validation.finish()).refused_as_a_whole is refused


@pytest.mark.parametrize("take", [posted, judged])
async def test_a_file_out_of_turn_is_refused_as_a_whole_and_a_validation_says_so_before(site, take):
    for at, (body, rule) in enumerate(FILES):
        assert await validated(site, body) == ([rule] if rule else [])
        told = await take(site, f"key-{at}", body)
        assert told == ([rule] if rule else 4)
    assert site.rows("SELECT count(*) FROM records WHERE state != 'refused'") == [(3 * 4,)]


async def test_the_refusal_names_the_header_field_and_leaves_an_entry_and_the_repeat_of_a_taken_file_its_receipt(site):
    first = await post(site, "one", file(1))
    with pytest.raises(Unreadable) as refused:
        await post(site, "two", file(1))
    (finding,) = refused.value.findings
    assert (finding.field, finding.start, finding.length, finding.line) == ("batch_number", 27, 6, 1)
    assert site.rows("SELECT outcome FROM audit_entries WHERE action = 'submission.refused'") == [(FILE_REPEATED,)]
    again = await post(site, "one", file(1))
    assert isinstance(again, Replayed)
    assert again.submission.receipt == first.receipt


async def test_a_file_of_which_nothing_is_taken_keeps_no_number(site):
    site.know(partner(OHIO, "38", file_order={W4: Follow.NOT_OLDER}))
    assert await posted(site, "not-ohio", file(1)) == 0
    order(site, Follow.NOT_OLDER)
    assert await posted(site, "mended", file(1)) == 4


async def test_the_partner_file_decides(site):
    """The control: the same files are taken when it asks for nothing."""
    order(site, Follow.ANY)
    assert [await posted(site, f"key-{at}", body) for at, (body, _) in enumerate(FILES)] == [4] * len(FILES)
    order(site, Follow.ONCE)
    assert await posted(site, "once", file(9)) == 4
    assert await posted(site, "older", file(8, "20200101")) == 4
    assert await posted(site, "repeated", file(9)) == [FILE_REPEATED]


async def test_the_offline_validator_says_the_same_of_the_files_of_one_command_line(site, tmp_path):
    offline = Validator(site.speech, site.now.date(), site.directory.partners[OHIO])
    told, line = [], Line()
    for at, (body, _) in enumerate(FILES):
        place = tmp_path / f"{at}.w4"
        place.write_bytes(body)
        checked = offline.check(place, W4, lambda _: None, line)
        told.append(next((f.group.rule for f in checked.findings if f.group.rule.startswith("FILE-")), None))
    assert told == [rule for _, rule in FILES]


async def test_a_person_lets_a_series_begin_anew(site):
    await posted(site, "wrong", file(1, "29991231"))
    assert await posted(site, "right", file(2)) == [FILE_OLDER]
    (last,) = await site.stores.turns.last(OHIO)
    entry = site.scribe.entry(Actor("operator", "pat"), "partner.restarted", "partner:ohio")
    assert await site.stores.turns.forget(OHIO, last.series, entry)
    assert await posted(site, "right", file(2)) == 4
