"""Protected messages of the profile ``jose``: what is taken, and the attacks on signed and encrypted JSON."""

import json
from base64 import urlsafe_b64decode

import pytest

from gateway.core.protection import Algorithm, MessageRefused, Profile
from keys.wire import jose
from tests.unit.jose_forge import VECTORS, Jwe, inner
from tests.unit.wire_site import BACK, LIMIT, PLAIN, WIRE, expected, message, taken

WANT = expected(Profile.JOSE, Algorithm.P256)
LEAST = 25
"""Attacks that the claim asks for."""


def accepted() -> list[str]:
    return [name for name, made in VECTORS.items() if taken(Profile.JOSE, made(), WANT)]


@pytest.mark.claim("A40", control="test_control_without_the_exact_list_of_members_attacks_pass")
def test_every_attack_on_a_signed_and_encrypted_message_is_refused(claim):
    assert len(VECTORS) >= LEAST
    assert accepted() == []
    claim.measured(f"JOSE: 0 of {len(VECTORS)} attacks accepted")


def test_control_the_forger_makes_good_messages_when_it_changes_nothing():
    assert WIRE.unprotect(Profile.JOSE, Jwe().made(), WANT).plain == PLAIN


STEERING = (
    "jku in the header",
    "x5u in the header",
    "jwk in the header",
    "jku for the sealed",
    "a member twice, sealed",
)


def lenient(token, _parts, _members):
    """A reader of headers as libraries have it: whatever is there, the last of two members."""
    return json.loads(urlsafe_b64decode(token.split(b".")[0] + b"=="))


def test_control_without_the_exact_list_of_members_attacks_pass(monkeypatch):
    monkeypatch.setattr(jose, "_header", lenient)
    assert [name for name in STEERING if not taken(Profile.JOSE, VECTORS[name](), WANT)] == []


def test_control_without_the_comparison_of_ends_messages_for_others_pass(monkeypatch):
    monkeypatch.setattr(jose, "_directed", lambda *_: None)
    assert {"signed for somebody else", "signed by somebody else", "sealed for somebody else"} <= set(accepted())


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (lambda: inner(aud="michigan"), "message-misdirected"),
        (lambda: inner(kid="nobody"), "wire-key-unknown"),
        (lambda: inner(alg="none"), "message-refused"),
    ],
    ids=["other recipient", "unknown key", "no algorithm"],
)
def test_what_is_wrong_is_said_by_a_code_that_repeats_nothing_of_the_message(made, code):
    with pytest.raises(MessageRefused) as refused:
        WIRE.unprotect(Profile.JOSE, Jwe(made().made()).made(), WANT)
    assert refused.value.problem == code
    assert "michigan" not in refused.value.detail
    assert "nobody" not in refused.value.detail


def test_a_file_of_the_agreed_size_is_opened_and_one_byte_more_is_not():
    at_most = bytes(LIMIT)
    assert WIRE.unprotect(Profile.JOSE, message(Profile.JOSE, Algorithm.P256, at_most), WANT).plain == at_most
    with pytest.raises(MessageRefused) as refused:
        WIRE.unprotect(Profile.JOSE, message(Profile.JOSE, Algorithm.P256, at_most + b"x"), WANT)
    assert refused.value.reason == "size"


def test_what_the_sender_signed_beside_the_payload_is_told():
    opened = WIRE.unprotect(Profile.JOSE, Jwe().made(), WANT)
    assert (opened.id, opened.media_type, opened.opener) == ("a-1", "application/xml", WANT.ours[0].id)
    assert opened.signers == (WANT.theirs[0].id,)
    assert opened.at == WANT.now


def test_both_layers_name_sender_and_recipient():
    header = json.loads(urlsafe_b64decode(message(Profile.JOSE, Algorithm.P256).split(b".")[0] + b"=="))
    assert (header["iss"], header["aud"]) == (BACK.sender, BACK.recipient)
    assert "zip" not in header
