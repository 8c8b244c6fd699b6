"""A message that does not open under our private key does not tell why: not by its code, not by the time it took."""

import random
import statistics
import time

import pytest

from gateway.core.protection import Algorithm, MessageRefused, Profile
from keys.wire import cms_enveloped
from tests.contract.two_samples import mann_whitney
from tests.contract.wrongly_sealed import wrongly_sealed
from tests.unit.wire_site import CMS_KINDS, WIRE, expected

LEAST_APART = {
    (Profile.JOSE, Algorithm.P256): 0.3,
    (Profile.HPKE_PQ, Algorithm.MLKEM1024_P384): 0.2,
    (Profile.CMS, Algorithm.P256): 0.3,
    (Profile.CMS, Algorithm.P384): 0.2,
    (Profile.CMS, Algorithm.RSA): 0.14,
    (Profile.CMS_CBC, Algorithm.RSA): 0.1,
}
"""Part of the time of a message by which two sorts are told apart: about half of what is spared by leaving early."""
KINDS = pytest.mark.parametrize(("profile", "algorithm"), list(LEAST_APART), ids=str)
LARGE, SMALL = 2 * 2**20, 2**16
"""Bytes of the payload: so many that who leaves before opening it is seen. With JOSE most time goes into base64."""
PUSH = 15
"""Refusals of each sort in a measurement."""
MOST, CONTROL = 8, 3
"""Measurements, where the first ones seem to tell sorts apart; a control needs fewer, for they do tell."""


def size_of(profile):
    return SMALL if profile is Profile.JOSE else LARGE


def refusal(profile, sent, want):
    """Why a message is refused: all that is said, and the one word for our log."""
    with pytest.raises(MessageRefused) as refused:
        WIRE.unprotect(profile, sent, want)
    error = refused.value
    return error.problem, error.status, error.title, error.detail, error.reason


@KINDS
def test_every_fault_under_our_private_key_gets_one_answer(profile, algorithm):
    want = expected(profile, algorithm)
    said = {refusal(profile, sent, want) for sent in wrongly_sealed(profile, algorithm, b"x" * 500).values()}
    assert len(said) == 1


@pytest.mark.parametrize(("profile", "algorithm"), CMS_KINDS, ids=str)
def test_a_stand_in_opens_nothing_though_it_fit_by_chance(profile, algorithm, monkeypatch):
    want = expected(profile, algorithm)  # its keys are made before chance is taken away
    with monkeypatch.context() as making:
        making.setattr("os.urandom", bytes)
        sent = wrongly_sealed(profile, algorithm, b"x" * 100)["length of the key"]
    monkeypatch.setattr(cms_enveloped, "stand_in", bytes)
    assert refusal(profile, sent, want)[-1] == "open"
    monkeypatch.setattr(cms_enveloped._ContentKey, "opens", lambda self, plain: (plain, self.opener))
    assert WIRE.unprotect(profile, sent, want).plain == b"x" * 100, "it did fit"


def timed(profile, messages, want, number, dice):
    """Processor seconds of ``number`` refusals of each sort, in random order."""
    took = {what: [] for what in messages}
    order = [*messages] * number
    dice.shuffle(order)
    for what in order:
        begun = time.thread_time()
        try:
            WIRE.unprotect(profile, messages[what], want)
        except MessageRefused:
            took[what].append(time.thread_time() - begun)
    return took


def apart(took):
    """How far two sorts are from each other at most, as a part of the time of all. Their lower quartiles are compared:
    what else the machine does mostly adds to the others."""
    low = [statistics.quantiles(times, n=4)[0] for times in took.values()]
    return (max(low) - min(low)) / statistics.median(low)


def measured(kind, number, dice, messages=None, most=MOST):
    """Times of each sort. Where they seem apart it is measured on: what the machine adds to one sort by chance it does
    not add each time, and what a sort takes longer it takes longer each time."""
    want = expected(*kind, 2 * LARGE)
    messages = messages or wrongly_sealed(*kind, b"x" * size_of(kind[0]))
    took = {what: [] for what in messages}
    for _ in range(most):
        for what, times in timed(kind[0], messages, want, number, dice).items():
            took[what] += times
        if apart(took) < LEAST_APART[kind]:
            break
    return took


@KINDS
@pytest.mark.claim("A40", control="test_control_whoever_leaves_when_a_key_does_not_unwrap_is_told_by_the_time")
def test_the_time_of_a_refusal_does_not_tell_what_did_not_fit(profile, algorithm, claim):
    kind = (profile, algorithm)
    took = measured(kind, claim.size(push=PUSH, night=300), claim.dice())
    one, *others = took.values()
    assert all(len(times) == len(one) >= PUSH for times in others)
    assert apart(took) < LEAST_APART[kind]
    p = min(mann_whitney(one, other) for other in others)
    claim.measured(
        f"{profile} {algorithm}: {len(took)} faults, n = {len(one)}, lower quartiles {apart(took):.1%} apart at most, "
        f"least Mann-Whitney p = {p:.2f}"
    )


@pytest.mark.parametrize(("profile", "algorithm"), CMS_KINDS, ids=str)
def test_control_whoever_leaves_when_a_key_does_not_unwrap_is_told_by_the_time(profile, algorithm, monkeypatch):
    def leave(_size):
        raise MessageRefused("open")

    monkeypatch.setattr(cms_enveloped, "stand_in", leave)
    took = measured((profile, algorithm), PUSH, random.Random(1), most=CONTROL)  # noqa: S311 - an order, no secret
    assert apart(took) > LEAST_APART[profile, algorithm]


@pytest.mark.parametrize(("profile", "algorithm"), list(LEAST_APART)[:2], ids=str)
def test_control_whoever_leaves_before_reading_the_content_is_told_by_the_time(profile, algorithm):
    """One sort then takes as long as in a message with next to no content."""
    kind = (profile, algorithm)
    messages = dict(wrongly_sealed(*kind, b"x" * size_of(profile)))
    first = next(iter(messages))
    messages[first] = wrongly_sealed(*kind, b"x")[first]
    took = measured(kind, PUSH, random.Random(1), messages, CONTROL)  # noqa: S311 - as above
    assert apart(took) > LEAST_APART[kind]
