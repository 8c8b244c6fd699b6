"""What all profiles have in common, and the hybrid one."""

import random
import re
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import Misconfigured
from gateway.core.protection import (
    GATEWAY,
    Algorithm,
    MessageRefused,
    Profile,
    Stage,
    Use,
    newest,
    recipient_key,
)
from keys.wire import hybrid
from keys.wire.material import fingerprint
from keys.wire.protection import WAYS
from tests.unit.wire_site import KINDS, NOW, PLAIN, WIRE, expected, key, message, note, public, signers, taken

EVERY = pytest.mark.parametrize(("profile", "algorithm"), KINDS, ids=str)
PQ = (Profile.HPKE_PQ, Algorithm.MLKEM1024_P384)


@EVERY
@given(plain=st.binary(min_size=1, max_size=2_000))
@settings(max_examples=8, deadline=None)
def test_what_was_protected_opens_as_it_was(profile, algorithm, plain):
    made = message(profile, algorithm, plain)
    assert WIRE.unprotect(profile, made, expected(profile, algorithm)).plain == plain
    assert len(made) <= WIRE.longest(profile, len(plain))


@EVERY
def test_two_messages_over_the_same_bytes_differ(profile, algorithm):
    assert message(profile, algorithm) != message(profile, algorithm)


@EVERY
def test_a_changed_byte_is_refused_or_stands_where_nothing_is_read(profile, algorithm):
    made, want = message(profile, algorithm), expected(profile, algorithm)
    as_sent = WIRE.unprotect(profile, made, want)
    for at in range(0, len(made), max(1, len(made) // 60)):
        changed = bytes((*made[:at], made[at] ^ 0x10, *made[at + 1 :]))
        if taken(profile, changed, want):
            # Certificates that CMS carries along outside of the signature; the register has the keys.
            assert WIRE.unprotect(profile, changed, want) == as_sent
            assert profile is Profile.CMS_CBC, at


@EVERY
@pytest.mark.parametrize(("stage", "code"), [(Stage.RETIRED, "wire-key-retired"), (None, "wire-key-expired")])
def test_a_message_under_a_key_that_is_over_is_refused_with_its_code(profile, algorithm, stage, code):
    def over(one):
        if stage is not None:
            return replace(one, stage=stage, private=b"")
        return replace(one, material=replace(one.material, expires_at=NOW - timedelta(seconds=1)))

    want, made = expected(profile, algorithm), message(profile, algorithm)
    for changed in (replace(want, ours=[over(one) for one in want.ours]), replace(want, theirs=[over(want.theirs[0])])):
        with pytest.raises(MessageRefused) as refused:
            WIRE.unprotect(profile, made, changed)
        assert refused.value.problem == code


@EVERY
def test_the_public_text_of_a_key_is_read_back(profile, algorithm):
    for one in (key(GATEWAY, Use.ENCRYPT, algorithm), *signers(profile, "ohio")):
        read = WIRE.material(WIRE.public_text(one.material))
        assert (read.id, read.algorithm, read.public) == (one.id, one.algorithm, one.material.public)


PRIVATE_PEM = "-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----"
BROKEN_PEM = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"


@pytest.mark.parametrize("text", ["", "no PEM", PRIVATE_PEM, BROKEN_PEM], ids=["empty", "no PEM", "private", "broken"])
def test_what_is_no_public_key_is_refused(text):
    with pytest.raises(Misconfigured) as refused:
        WIRE.material(text)
    assert refused.value.problem == "wire-key-unfit"


def test_a_message_goes_to_the_newest_confirmed_key():
    old, new = key("ohio", Use.ENCRYPT, Algorithm.P256), key("ohio", Use.ENCRYPT, Algorithm.P256, 1)
    waiting = replace(new, stage=Stage.PENDING, confirmed_at=None)
    assert recipient_key(Profile.JOSE, [old, waiting], NOW).id == old.id
    confirmed = replace(new, confirmed_at=NOW + timedelta(hours=1))
    assert recipient_key(Profile.JOSE, [old, confirmed], NOW).id == new.id
    with pytest.raises(Misconfigured) as missing:
        recipient_key(Profile.JOSE, [waiting], NOW)
    assert missing.value.problem == "wire-key-missing"
    assert newest([old], Use.VERIFY, [Algorithm.P256], NOW) is None


def test_every_profile_but_none_has_its_way():
    assert set(WAYS) == set(Profile) - {Profile.NONE}


# --- hybrid -----------------------------------------------------------------------------------------------------------


@cache
def forger(half):
    """Who signs with one key of the sender's and one of a stranger, and the keys."""
    own = signers(Profile.HPKE_PQ, "ohio")
    stranger = key("michigan", Use.VERIFY, own[half].algorithm)
    # The stranger's private side under the sender's id: the signature that is stripped and replaced. One that has
    # loaded no key yet, since those that are loaded go by their ids.
    changed = tuple(replace(one, private=stranger.private) if n == half else one for n, one in enumerate(own))
    return type(WIRE)(), changed


def forged(dice, half):
    """A hybrid message of which one signature is not the sender's, though all else is."""
    wire, keys = forger(half)
    to = public(key(GATEWAY, Use.ENCRYPT, Algorithm.MLKEM1024_P384))
    plain = dice.randbytes(dice.randrange(1, 600))
    return wire.protect(Profile.HPKE_PQ, plain, note(id_=f"a-{dice.random()}"), to, keys).body


@pytest.mark.claim("A30", control="test_control_with_one_signature_only_the_stripped_message_would_pass")
def test_hybrid_messages_open_and_either_signature_stripped_is_refused(claim):
    dice, want = claim.dice(), expected(*PQ)
    number = claim.size(push=1_000, night=10_000)
    for n in range(number):
        plain = dice.randbytes(dice.randrange(1, 4_096))
        assert WIRE.unprotect(Profile.HPKE_PQ, message(*PQ, plain), want).plain == plain
        assert not taken(Profile.HPKE_PQ, forged(dice, n % 2), want)
    claim.measured(f"{number} round trips; 0 of {number} accepted with one signature stripped, in turn each")


@pytest.mark.parametrize("half", [0, 1], ids=["ECDSA", "ML-DSA"])
def test_control_with_one_signature_only_the_stripped_message_would_pass(half, monkeypatch):
    def only_the_other(verifier, signed, ecdsa, mldsa):
        if half == 0:
            verifier.mldsa.verify(mldsa, signed, hybrid.LABEL)
        else:
            verifier.ecdsa.verify(ecdsa, signed, hybrid.ec.ECDSA(hybrid.SHA384()))

    monkeypatch.setattr(hybrid, "_verify", only_the_other)
    dice = random.Random(7)  # noqa: S311 - cases to try, not secrets
    assert taken(Profile.HPKE_PQ, forged(dice, half), expected(*PQ))


@pytest.mark.parametrize("profile", [Profile.JOSE, Profile.CMS, Profile.CMS_CBC])
def test_a_message_of_another_profile_is_no_way_down(profile):
    algorithm = next(algorithm for one, algorithm in KINDS if one is profile)
    assert not taken(Profile.HPKE_PQ, message(profile, algorithm), expected(*PQ))
    assert not taken(profile, message(*PQ), expected(profile, algorithm))


def test_the_payload_is_not_readable_in_the_message():
    for profile, algorithm in KINDS:
        assert PLAIN not in message(profile, algorithm)


@given(st.binary(max_size=8))
def test_the_id_of_a_key_is_never_taken_for_an_option_of_a_command(public):
    assert re.fullmatch("[0-9a-f]{64}", fingerprint(public))
