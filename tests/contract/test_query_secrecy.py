"""A prohibited answer looks like any other: as long, as soon (V03)."""

import random
import statistics
import time

import pytest

from gateway.core.size_class import SIZE_CLASS
from tests.contract.query_stack import asking
from tests.contract.two_samples import mann_whitney
from tests.unit.status_records import answer, question

QUERY = question()
TOLD = answer().replace("<Noncust", "<FamilyViolenceIndicator>N</FamilyViolenceIndicator><Noncust", 1)
KEPT = TOLD.replace("Indicator>N<", "Indicator>Y<", 1)
LEAST_P, LEAST_APART = 0.01, 5
"""What tells two sorts of answers apart: a p-value below it, and milliseconds between the medians."""
MOST = 6
"""Measurements."""


@pytest.fixture
async def iowa(sqlite_url, tmp_path):
    async with asking(sqlite_url, tmp_path) as made:
        yield made


async def timed(iowa, size, seed, *, later=0.0):
    """Seconds of ``size`` answers of each sort, in random order. ``later``: the prohibited ones are held up by it."""
    took, bodies = {TOLD: [], KEPT: []}, {}
    order = [TOLD, KEPT] * size
    random.Random(seed).shuffle(order)  # noqa: S311 - an order, no secret
    for said in order:
        iowa.says(said)
        begun = time.perf_counter()
        found = await iowa.ask(QUERY)
        if said == KEPT and later:
            time.sleep(later)  # noqa: ASYNC251 - the delay is the point
        took[said].append(time.perf_counter() - begun)
        bodies[said] = found.body
    return took, bodies


def apart(took):
    """Milliseconds between the medians."""
    return abs(statistics.median(took[TOLD]) - statistics.median(took[KEPT])) * 1_000


async def least_apart(measure):
    """The measurement whose medians are closest, of three, or of six where none was close enough. What the gateway
    tells by its time it tells in every one; a busy machine keeps one sort waiting by chance, and not every time."""
    found = [await measure() for _ in range(3)]
    while min(apart(took) for took, _ in found) >= LEAST_APART and len(found) < MOST:
        found.append(await measure())
    return min(found, key=lambda one: apart(one[0]))


@pytest.mark.claim("A24", "V03", control="test_an_answer_that_comes_later_or_is_shorter_is_told_apart")
async def test_a_prohibited_answer_is_as_long_and_comes_as_soon_as_another(iowa, claim):
    size = claim.size(push=40, night=1_000)
    await timed(iowa, 5, claim.seed)
    took, bodies = await least_apart(lambda: timed(iowa, size, claim.seed))
    assert b"CANARY" in bodies[TOLD]
    assert b"CANARY" not in bodies[KEPT]
    assert len(bodies[TOLD]) == len(bodies[KEPT]) == SIZE_CLASS
    p = mann_whitney(took[TOLD], took[KEPT])
    claim.measured(f"n = {size}: medians {apart(took):.2f} ms apart, Mann-Whitney p = {p:.2f}, one size class")
    assert apart(took) < LEAST_APART
    if size >= 1_000:
        assert p > LEAST_P


async def test_an_answer_that_comes_later_or_is_shorter_is_told_apart(iowa):
    usual, _ = await timed(iowa, 5, 1)
    later = max(0.03, 2 * statistics.median(usual[TOLD]))  # to be seen through the noise of a busy machine
    took, bodies = await least_apart(lambda: timed(iowa, 20, 1, later=later))
    assert apart(took) > LEAST_APART
    assert mann_whitney(took[TOLD], took[KEPT]) < LEAST_P
    assert len(bodies[TOLD].rstrip()) != len(bodies[KEPT].rstrip()), "without the filling their lengths differ"


async def test_a_longer_answer_fills_whole_size_classes_too(iowa):
    person = "<Participant><ParticipantRoleCode>CH</ParticipantRoleCode></Participant>"
    asked = question(DataRequestCode="caseparticipants")
    many = answer(DataRequestCode="caseparticipants", Financial=None).replace(
        "</CaseStatus>", person * 40 + "</CaseStatus>"
    )
    iowa.says(many)
    found = await iowa.ask(asked)
    assert found.status == 200, found.body
    assert len(found.body) % SIZE_CLASS == 0
