"""Who asked where somebody is, and may not be told, is told that disclosure is prohibited: as soon, as long (V03)."""

import statistics
import time
from dataclasses import replace

import pytest

from gateway.core.errors import Transient
from gateway.core.model import DeliveryState, FormatName, Page, RecordState
from gateway.core.people import DOMAIN
from gateway.core.ports.records import RecordQuery
from gateway.core.protected import Notice
from gateway.core.size_class import SIZE_CLASS
from gateway.crew import InlineCrew
from gateway.store.protection import write_notices
from gateway.tools import tools
from gateway.work.answers import AnsweringCrew
from tests.unit.test_work_bridge import ANSWER, FPLS, SSN, answer, know, post, request
from tests.unit.work_site import MICHIGAN, OHIO, open_site

FIXED, XML, JSON = "fpls-answers", "xml", "json"
STREET = b"12 CANARY LANE"
SAID = answer(b"A01", at_433=STREET.ljust(40))
FREE = answer(b"A01", at_433=STREET.ljust(40), at_314=b"900010003")
"""The same about somebody whom nobody protects."""
BAND = 0.02
"""Seconds between the medians at most: what is announced goes on within as many as a settling takes."""


@pytest.fixture
async def site(sqlite_url, tmp_path):
    async with open_site(sqlite_url, tmp_path) as opened:
        takes(opened, FIXED)
        yield opened


def takes(site, form):
    """Ohio takes federal answers as they are, in this form."""
    know(site, **{"locate-answer": form})


async def danger(site, ssn=SSN):
    """Michigan placed a notice on the person, in some other case."""
    person = site.questions.indexer.index(DOMAIN, ssn.decode())
    async with site.database.write() as connection:
        await write_notices(connection, [Notice(person, MICHIGAN, "elsewhere", site.now)])
    await site.protection.refresh()


async def says(site, body=SAID, *, telling=True):
    """A federal agency answers."""
    desk = replace(site.desk(), prohibiting=site.prohibiting() if telling else None)
    upload = desk.begin(site.directory.partners[FPLS], site.mint(), FormatName(FIXED), "request")
    await upload.feed(body)
    return await upload.finish()


async def arrived(site):
    async with site.dispatching():
        await site.come_to_rest()
    return [parcel for parcel in site.door.taken if parcel.kind == ANSWER]


def read(site, parcel, form):
    """What Ohio reads."""
    format_ = site.speech.formats[FormatName(form)]
    reader = format_.reader()
    (frame,) = [*reader.feed(parcel.body), *reader.finish()]
    return format_.decode(frame, reader.heading).content


async def staying(site, state):
    query = RecordQuery(kind=ANSWER, state=state)
    return [record.reason for record in (await site.stores.records.search(query, Page())).rows]


@pytest.mark.parametrize("form", [FIXED, XML, JSON])
async def test_who_asked_is_told_that_nothing_may_be_told_and_nothing_else(site, form):
    takes(site, form)
    await danger(site)
    await says(site)
    (parcel,) = await arrived(site)
    assert STREET not in parcel.body
    content = read(site, parcel, form)
    assert (content.get("ResponseCode"), content.get("PersonSSNIdentification")) == ("39", SSN.decode())
    facts = site.speech.canonical.facts(content)
    assert facts.nondisclosure
    assert "told" not in facts.tags
    assert await staying(site, RecordState.WITHHELD) == ["disclosure-protected-person"]


@pytest.mark.parametrize("form", [FIXED, XML, JSON])
async def test_it_is_as_long_as_another_answer(site, form):
    takes(site, form)
    await danger(site)
    await says(site, FREE)
    await says(site)
    told, prohibited = await arrived(site)
    assert STREET in told.body
    assert STREET not in prohibited.body
    assert len(told.body) == len(prohibited.body)
    assert form == FIXED or len(told.body) == SIZE_CLASS


@pytest.mark.parametrize("form", [XML, JSON])
async def test_control_without_size_classes_it_is_shorter(site, form):
    takes(site, form)
    made = tools(site.speech, site.keys.sealer(), site.keys.indexer())
    bare = replace(made.composer, classed=frozenset())
    site.crew = AnsweringCrew(InlineCrew(made.examiner, bare), site.questions)
    await danger(site)
    await says(site, FREE)
    await says(site)
    told, prohibited = await arrived(site)
    assert len(told.body) > len(prohibited.body)


async def test_control_without_the_telling_there_is_silence(site):
    await danger(site)
    await says(site, telling=False)
    assert await arrived(site) == []


async def apart(site, size=15, *, later=0.0):
    """Seconds between the medians of both sorts until the answer to Ohio is on its way, of three measurements the
    least. ``later``: by how much those about the protected person are held up."""
    found = []
    for _ in range(3):
        took = {SAID: [], FREE: []}
        for body in [SAID, FREE] * size:
            before, begun = len(site.told), time.perf_counter()
            await says(site, body)
            if body == SAID and later:
                time.sleep(later)  # noqa: ASYNC251 - the delay is the point
            took[body].append(time.perf_counter() - begun)
            assert len(site.told) == before + 1
        found.append(abs(statistics.median(took[SAID]) - statistics.median(took[FREE])))
    return min(found)


async def test_it_comes_as_soon_as_another_answer(site):
    await danger(site)
    assert await apart(site) < BAND
    assert {(one.created_at, one.due_at) for one in site.told} == {(site.now, site.now)}


async def test_control_one_that_is_held_up_is_told_apart(site):
    await danger(site)
    assert await apart(site, 5, later=2 * BAND) > BAND


# --- once, whatever happens ------------------------------------------------------------------------------------------


async def test_it_is_told_once(site):
    await danger(site)
    await says(site)
    prohibiting = site.prohibiting()
    assert await prohibiting.step() is False
    assert len(await arrived(site)) == 1


async def test_what_a_process_left_behind_is_told_later_and_once(site):
    await danger(site)
    for _ in range(3):
        await says(site, telling=False)
    prohibiting = replace(site.prohibiting(), page=2)
    assert await prohibiting.step() is True
    assert await prohibiting.step() is False
    assert await prohibiting.step() is False
    assert len(await arrived(site)) == 3


async def test_one_that_was_about_to_leave_when_the_notice_came_is_told(site):
    site.door.open.clear()
    await says(site)
    (owed,) = site.told
    await danger(site)
    site.door.open.set()
    assert await arrived(site) == []
    assert (await site.found(owed)).state is DeliveryState.HELD
    await site.prohibiting().step()
    (parcel,) = await arrived(site)
    assert read(site, parcel, FIXED).get("ResponseCode") == "39"
    await site.prohibiting().step()
    assert len(await arrived(site)) == 1


async def test_what_is_older_than_its_window_is_left_alone(site):
    await danger(site)
    await says(site, telling=False)
    site.wait(days=31)
    assert await site.prohibiting().step() is False
    assert await arrived(site) == []


async def test_an_answer_that_was_tried_before_there_were_size_classes_goes_on(site):
    takes(site, XML)
    made = tools(site.speech, site.keys.sealer(), site.keys.indexer())
    with_classes, bare = site.crew, replace(made.composer, classed=frozenset())
    site.crew = AnsweringCrew(InlineCrew(made.examiner, bare), site.questions)
    site.door.failure = lambda: Transient("Not now.", code="http-503")
    await says(site)
    assert await arrived(site) == []
    site.crew, site.door.failure = with_classes, None
    site.wait(minutes=5)
    (parcel,) = await arrived(site)
    assert len(parcel.body) == SIZE_CLASS


async def test_many_of_one_file_are_told_in_one_go(site):
    await danger(site)
    await says(site, SAID * 20)
    assert len(await arrived(site)) == 20


# --- nothing more than that ------------------------------------------------------------------------------------------


async def test_telling_places_no_notice_so_the_state_that_placed_one_can_take_it_back(site):
    await danger(site)
    before = site.rows("SELECT person, placed_by FROM notices")
    await says(site)
    await arrived(site)
    assert site.rows("SELECT person, placed_by FROM notices") == before


async def test_other_reasons_are_kept_silent(site):
    know(site, **{"locate-answer": FIXED})
    site.know(*(replace(one, program="IV-A") if one.key == OHIO else one for one in site.directory.partners.values()),
              agreements=site.directory.agreements)  # fmt: skip
    await says(site)
    assert await staying(site, RecordState.WITHHELD) == ["disclosure-program"]
    await site.prohibiting().step()
    assert site.told == []


async def test_a_state_that_takes_csenet_is_told_nothing_for_csenet_has_no_word_for_it(site):
    know(site)
    await post(site, OHIO, "json", request())
    await danger(site)
    body = answer(b"A01", at_433=STREET.ljust(40), at_703=b"1")
    before = site.rows("SELECT count(*) FROM submissions")
    await says(site, body)
    prohibiting = site.prohibiting()
    for _ in range(2):
        assert await prohibiting.step() is False
    assert await staying(site, RecordState.UNROUTABLE) == []
    assert site.rows("SELECT count(*) FROM submissions") == [(before[0][0] + 1,)]
