"""The signed note over policies: its text is theirs, and only the named keys' signatures over it count."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.audit.note import VerifyKey, sign_note
from gateway.audit.policy_note import add_signature, policy_text, signers_of
from gateway.core.errors import Misconfigured, Tampered
from gateway.core.policies import Edition
from keys.note_key import NoteKey

EDITIONS = {"retention": Edition("2", "b" * 64), "disclosure": Edition("1.3", "a" * 64)}
TEXT = policy_text(EDITIONS)
ANNA, BEN, EVE = (NoteKey(f"ohio.example/{name}", name.encode().ljust(32)) for name in ("anna", "ben", "eve"))
KEYS = tuple(VerifyKey.of(one) for one in (ANNA, BEN))


def note_of(*signers):
    note = ""
    for signer in signers:
        note = add_signature(note, TEXT, signer)
    return note


def test_the_text_names_each_policy_with_its_version_and_digest():
    assert f"gateway policies v1\ndisclosure 1.3 sha256:{'a' * 64}\nretention 2 sha256:{'b' * 64}\n" == TEXT


@pytest.mark.parametrize("version", ["", "1 2", "1\nretention 2"])
def test_a_version_that_could_pass_for_another_line_is_refused(version):
    with pytest.raises(Misconfigured, match="one word"):
        policy_text({"disclosure": Edition(version, "a" * 64)})


def test_only_the_named_keys_count_and_each_once():
    assert signers_of(note_of(ANNA, ANNA), TEXT, KEYS) == (ANNA.name,)
    assert signers_of(note_of(BEN, EVE, ANNA), TEXT, KEYS) == (ANNA.name, BEN.name)
    assert signers_of(note_of(EVE), TEXT, KEYS) == ()


def test_a_signature_over_other_policies_is_dropped_when_somebody_signs_these():
    other = sign_note(policy_text({"disclosure": Edition("0", "c" * 64)}), BEN)
    assert signers_of(add_signature(other, TEXT, ANNA), TEXT, KEYS) == (ANNA.name,)
    with pytest.raises(Tampered, match="other policies"):
        signers_of(other, TEXT, KEYS)


def test_a_signature_that_is_wrong_is_refused_though_another_one_holds():
    forged = note_of(NoteKey(ANNA.name, bytes(32))).splitlines()[-1].split(" ")[-1]
    right = note_of(ANNA).splitlines()[-1].split(" ")[-1]
    mixed = right[:5] + forged[5:]
    with pytest.raises(Tampered):
        signers_of(note_of(BEN, ANNA).replace(right, mixed), TEXT, KEYS)


@given(place=st.integers(0, len(note_of(ANNA)) - 1), letter=st.characters(codec="ascii"))
@settings(max_examples=200)
def test_a_note_changed_in_any_place_is_signed_by_nobody(place, letter):
    note = note_of(ANNA)
    changed = note[:place] + letter + note[place + 1 :]
    if changed != note:
        with suppress(Tampered):
            assert signers_of(changed, TEXT, KEYS) == ()
