"""Receipts as signed documents: whatever is changed in one, nobody takes it for ours."""

from __future__ import annotations

import hashlib
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from gateway.cli.receipt import app
from gateway.core.errors import GatewayError, Tampered
from gateway.core.model import Batching, BatchMode, PartnerKey
from gateway.core.signed_receipt import Begun, Due, Ended, Seen, Share, accepted, final, leaves_by
from keys.receipts import JoseReceiptSigner
from keys.receipts import check_receipt as ours
from keys.ring import KeyRing
from keys.states import KeyEvent, KeyUse
from tests.contract.store_samples import ACTOR, LOCATE, NOW, scribe, submission
from verifier import NotProved, Unreadable, check_receipt
from verifier.command import main

IOWA = PartnerKey("iowa")
SEEN = Seen("log.example/audit", 7, "A" * 43 + "=")
LATER = NOW + timedelta(minutes=5)


def ring():
    return KeyRing().with_new(KeyUse.RECEIPT_SIGNING, "receipts", os.urandom(32), NOW)


def begun(**changed):
    posted = replace(submission("k"), receipt=b'{"state":"judged","counts":{"records":3}}', **changed)
    details = {"sha256": posted.body_digest, "bytes": posted.body_size}
    entry = scribe.entry(ACTOR, "submission.judged", f"submission:{posted.id}", details=details)
    return Begun(posted, entry, 5)


RING = ring()
SIGNER = JoseReceiptSigner(lambda: RING)
BEGUN = begun()
ACCEPTED = accepted(BEGUN, [Due(IOWA, LOCATE, LATER)], SEEN, LATER)
FINAL = final(BEGUN, Ended(LATER, 3, 1, 1, (Share(IOWA, delivered=1),)), SEEN, LATER)


def key_set(*signers):
    return json.dumps({"keys": [json.loads(jwk) for signer in signers for jwk in signer.public_keys().values()]})


KEYS = key_set(SIGNER)
KID, RECEIPT = SIGNER.sign(ACCEPTED)


@pytest.mark.parametrize("claims", [ACCEPTED, FINAL])
def test_three_programs_read_the_same_out_of_a_receipt(claims):
    kid, token = SIGNER.sign(claims)
    stock = jwt.decode(token, jwt.PyJWKSet.from_json(KEYS)[kid].key, algorithms=["ES256"])
    assert stock == json.loads(claims) == ours(token, KEYS) == check_receipt(token, KEYS).claims


def test_a_receipt_says_what_it_is_and_no_more_than_it_must():
    said = json.loads(FINAL)
    assert (said["iss"], said["sub"], said["receipt"], said["v"]) == (SEEN.origin, BEGUN.submission.id, "final", 1)
    assert (said["log"]["number"], said["log"]["size"]) == (5, 7)
    assert set(said) == {
        "iss", "sub", "iat", "v", "receipt", "sender", "format", "body", "received_at", "log", "ended_at", "counts",
        "recipients",
    }  # fmt: skip


def test_only_what_was_not_judged_may_lack_its_counts():
    said = json.loads(ACCEPTED) | {"counts": None, "due": None}
    _, token = SIGNER.sign(json.dumps(said | {"state": "received"}).encode())
    assert check_receipt(token, KEYS).claims["counts"] is None
    for change in ({"state": "judged"}, {"state": "received", "receipt": "final"}):
        _, token = SIGNER.sign(json.dumps(said | change).encode())
        with pytest.raises(Unreadable):
            check_receipt(token, KEYS)


def test_what_was_judged_at_once_is_signed_as_it_always_was():
    start = ACCEPTED.index(b'"state"')
    answer = hashlib.sha256(BEGUN.submission.receipt).hexdigest()
    assert ACCEPTED[start:].decode() == (
        f'"state":"judged","counts":{{"records":3}},"answer":{{"sha256":"{answer}"}},'
        '"due":[{"partner":"iowa","kind":"locate","at":"2026-03-02T12:05:00.123456Z"}]}'
    )


@given(st.integers(0, len(RECEIPT) - 1), st.sampled_from("AZaz09-_.=~\n"))
def test_a_receipt_with_another_letter_anywhere_is_refused_by_both_checks(place, letter):
    changed = RECEIPT[:place] + letter + RECEIPT[place + 1 :]
    if changed.strip() == RECEIPT:
        return
    with pytest.raises((NotProved, Unreadable)):
        check_receipt(changed, KEYS)
    with pytest.raises(GatewayError):
        ours(changed, KEYS)


def test_control_the_letters_matter_only_because_of_the_signature():
    header, payload, signature = RECEIPT.split(".")
    said = json.loads(urlsafe_b64decode(payload + "=="))
    said["counts"]["records"] = 4
    forged = urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()
    unchecked = jwt.decode(f"{header}.{forged}.{signature}", options={"verify_signature": False})
    assert unchecked["counts"]["records"] == 4
    with pytest.raises(NotProved, match="signature"):
        check_receipt(f"{header}.{forged}.{signature}", KEYS)


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "HS256", "typ": "gateway-receipt+jwt", "kid": KID},
        {"alg": "ES256", "typ": "JWT", "kid": KID},
        {"alg": "ES256", "typ": "gateway-receipt+jwt", "kid": KID, "crit": ["exp"]},
    ],
)
def test_a_token_of_another_kind_or_algorithm_passes_for_no_receipt(header):
    other = urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    token = ".".join((other, *RECEIPT.split(".")[1:]))
    with pytest.raises(Unreadable):
        check_receipt(token, KEYS)
    with pytest.raises(GatewayError):
        ours(token, KEYS)


def test_a_receipt_of_somebody_else_is_not_ours():
    theirs = ring()
    stranger = JoseReceiptSigner(lambda: theirs)
    _, token = stranger.sign(ACCEPTED)
    with pytest.raises(NotProved, match="none of these keys"):
        check_receipt(token, KEYS)
    with pytest.raises(Tampered):
        ours(token, KEYS)
    assert check_receipt(token, key_set(SIGNER, stranger)).claims == json.loads(ACCEPTED)


def test_an_entry_that_says_something_else_proves_nothing():
    said = json.loads(ACCEPTED)
    for change in ({"details": {"sha256": "0" * 64, "bytes": 1}}, {"salt": "00" * 16}, {"entry": "x"}):
        _, token = SIGNER.sign(json.dumps(said | {"log": said["log"] | change}).encode())
        with pytest.raises(NotProved, match="entry"):
            check_receipt(token, KEYS)
    _, token = SIGNER.sign(json.dumps(said | {"sub": "another"}).encode())
    with pytest.raises(NotProved, match="entry"):
        check_receipt(token, KEYS)


def test_what_was_changed_since_the_answer_is_not_signed():
    lie = replace(BEGUN, submission=replace(BEGUN.submission, body_size=1))
    with pytest.raises(Tampered):
        accepted(lie, [], SEEN, LATER)


def test_two_keys_are_published_while_one_takes_over_from_the_other():
    held = [ring()]
    signer = JoseReceiptSigner(lambda: held[0])
    old, token = signer.sign(ACCEPTED)
    held[0] = held[0].rotated(KeyUse.RECEIPT_SIGNING, "receipts", os.urandom(32), LATER)
    new, newer = signer.sign(FINAL)
    assert list(signer.public_keys()) == [new, old]
    assert ours(token, key_set(signer))["receipt"] == "accepted"
    assert ours(newer, key_set(signer))["receipt"] == "final"
    held[0] = held[0].moved(held[0].keys[0].facts.id, KeyEvent.DESTROY, LATER)
    assert list(signer.public_keys()) == [new]


def test_public_keys_hold_nothing_secret_and_their_ids_are_their_thumbprints():
    (key,) = json.loads(KEYS)["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert key["kid"] == KID
    assert len(jwt.PyJWK(key).key.public_numbers().x.to_bytes(32, "big")) == 32


@pytest.mark.parametrize(
    ("batching", "expected"),
    [
        (Batching(), NOW),
        (Batching(BatchMode.COUNT, 100, timedelta(hours=2)), NOW + timedelta(hours=2)),
        (Batching(BatchMode.WINDOW, cron="0 18 * * *"), datetime(2026, 3, 2, 23, 0, tzinfo=UTC)),
    ],
)
def test_records_leave_by_the_end_of_their_batch(batching, expected):
    assert leaves_by(batching, NOW) == expected


def test_both_commands_check_a_receipt_offline(tmp_path, capsys):
    receipt, keys = tmp_path / "r.jws", tmp_path / "jwks.json"
    receipt.write_text(RECEIPT)
    keys.write_text(KEYS)
    found = CliRunner().invoke(app, ["check", str(receipt), "--keys", str(keys), "--json"])
    assert json.loads(found.stdout)["sub"] == BEGUN.submission.id
    shown = CliRunner().invoke(app, ["check", str(receipt), "--keys", str(keys)])
    assert "The signature holds." in shown.output
    assert main(["receipt", str(receipt), "--keys", str(keys)]) == 0
    assert "of ohio, accepted: 3 records" in capsys.readouterr().out
    pending = json.loads(ACCEPTED) | {"state": "received", "counts": None, "due": None}
    receipt.write_text(SIGNER.sign(json.dumps(pending).encode())[1])
    assert "taken, not judged yet" in CliRunner().invoke(app, ["check", str(receipt), "--keys", str(keys)]).output
    assert main(["receipt", str(receipt), "--keys", str(keys)]) == 0
    assert "not judged yet, nothing counted" in capsys.readouterr().out
    receipt.write_text(RECEIPT[:-8] + "AAAAAAAA")
    assert main(["receipt", str(receipt), "--keys", str(keys)]) == 10
    assert isinstance(CliRunner().invoke(app, ["check", str(receipt), "--keys", str(keys)]).exception, Tampered)
