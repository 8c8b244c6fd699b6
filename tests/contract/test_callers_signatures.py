"""Message signatures (RFC 9421), made by hand: what they must cover, when they count, and that each counts once."""

from __future__ import annotations

import base64
import gzip
import hashlib
import secrets
from datetime import timedelta
from email.utils import format_datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.core.caller import Tier
from tests.contract.api_stack import running
from tests.contract.caller_stack import COVERED, door, identity, know

READ, POST = "/v1/submissions", "/v1/submissions?format=xml"
BODY = b"one\ntwo\n"


@pytest.fixture
async def stack(sqlite_url, tmp_path):
    async with running(sqlite_url, tmp_path) as stack:
        await know(stack, ohio=identity("ohio").caller(Tier.SIGNATURE), iowa=identity("iowa").caller(Tier.SIGNATURE))
        yield stack


async def submissions(stack) -> int:
    return len((await stack.call("pat", "GET", READ)).json["rows"])


def posting(gate, who, body=BODY, **changes):
    more = {"Idempotency-Key": secrets.token_hex(8), "Content-Type": "application/xml"}
    return gate.sign(who, "POST", POST, body=body, headers=more | changes.pop("headers", {}), **changes)


async def test_a_signed_message_is_taken_without_any_other_proof(stack):
    ohio = identity("ohio")
    async with door(stack) as gate:
        assert (await gate.ask("GET", READ, headers=gate.sign(ohio, "GET", READ))).status == 200
        answer = await gate.ask("POST", POST, body=BODY, headers=posting(gate, ohio))
        assert (answer.status, answer.json["counts"]["records"]) == (202, 2)
    (accepted,) = await stack.entries("submission.judged")
    assert str(accepted.actor) == "partner:ohio"


async def test_a_signature_that_covers_less_is_refused_whatever_is_left_out(stack):
    ohio = identity("ohio")
    async with door(stack) as gate:
        for left_out in (*COVERED, "content-digest", "idempotency-key"):
            headers = posting(gate, ohio, drop=(left_out,))
            refused = await gate.ask("POST", POST, body=BODY, headers=headers)
            assert refused.status == 401, left_out
        for name in COVERED:
            assert (await gate.ask("GET", READ, headers=gate.sign(ohio, "GET", READ, drop=(name,)))).status == 401
        field = {"Gateway-Attestation": "2026-11-29.0a1b2c3d"}
        for drop, status in ((("gateway-attestation",), 401), ((), 202)):
            headers = posting(gate, ohio, headers=field, drop=drop)
            assert (await gate.ask("POST", POST, body=BODY, headers=headers)).status == status
    assert await submissions(stack) == 1
    assert {entry.outcome for entry in await stack.entries("access.refused")} == {"signature-covers"}


def wrong_parameters(now: int):
    return {
        "created long ago": {"created": now - 400, "expires": now - 61},
        "created in the future": {"created": now + 61, "expires": now + 120},
        "too long": {"created": now, "expires": now + 301},
        "no end": {"expires": None},
        "no beginning": {"created": None},
        "an end before the beginning": {"created": now, "expires": now},
        "no nonce": {"nonce": None},
        "a short nonce": {"nonce": "abc"},
        "a long nonce": {"nonce": "x" * 129},
        "another tag": {"tag": "something-else"},
        "no tag": {"tag": None},
        "another key id": {"keyid": "sign-2"},
        "the key for tokens": {"keyid": "token-1"},
        "no key id": {"keyid": None},
        "another algorithm": {"alg": "hmac-sha256"},
        "an unknown parameter": {"extra": "x"},
    }


async def test_parameters_that_do_not_hold_let_nobody_in(stack):
    ohio, now = identity("ohio"), int(stack.watch().timestamp())
    async with door(stack) as gate:
        for name, parameters in wrong_parameters(now).items():
            refused = await gate.ask("GET", READ, headers=gate.sign(ohio, "GET", READ, **parameters))
            assert refused.status == 401, name
        for times in ({"created": now + 59}, {"created": now - 300, "expires": now - 59}):
            assert (await gate.ask("GET", READ, headers=gate.sign(ohio, "GET", READ, **times))).status == 200


async def test_no_change_of_a_signed_request_gets_through(stack):
    ohio, iowa = identity("ohio"), identity("iowa")
    stranger = ec.generate_private_key(ec.SECP256R1())
    async with door(stack) as gate:

        async def refused(method, path, headers, body=None):
            assert (await gate.ask(method, path, headers=headers, body=body)).status in (401, 422)

        signed = gate.sign(ohio, "GET", READ)
        label, value = signed["signature-input"].partition("=")[::2]
        other = base64.b64encode(secrets.token_bytes(64)).decode()
        await refused("GET", READ, gate.sign(ohio, "GET", READ, key=iowa.message_key))
        await refused("GET", READ, gate.sign(ohio, "GET", READ, key=ohio.token_key))
        await refused("GET", READ, gate.sign(ohio, "GET", READ, key=stranger))
        await refused("GET", f"{READ}?limit=5", signed)
        await refused("GET", "/v1/deliveries", signed)
        await refused("GET", READ, signed | {"x-partner": "iowa"})
        await refused(
            "GET", READ, signed | {"date": format_datetime(stack.watch() - timedelta(seconds=1), usegmt=True)}
        )
        await refused("GET", READ, signed | {"signature": f"sig1=:{other}:"})
        await refused("GET", READ, signed | {"signature": "sig1=:!:"})
        await refused("GET", READ, signed | {"signature": f"other=:{other}:"})
        await refused("GET", READ, {name: text for name, text in signed.items() if name != "signature"})
        await refused("GET", READ, signed | {"signature-input": f"{label}={value}, more={value}"})
        await refused("GET", READ, signed | {"signature-input": value})
        await refused("GET", READ, signed | {"Authorization": f"Bearer {stack.tokens['ohio']}"})
        await refused("GET", READ, [*signed.items(), ("date", signed["date"])])
        await refused("GET", READ, [*signed.items(), ("x-partner", "ohio")])
        await refused("GET", READ, signed, body=BODY)
        assert (await gate.ask("GET", READ, headers=signed)).status == 200


async def test_an_altered_body_is_noticed_at_its_end_and_nothing_of_it_is_kept(stack):
    ohio = identity("ohio")
    changes = [BODY + b"three\n", BODY[:-1], b"", b"ONE\ntwo\n", BODY * 20_000]
    async with door(stack) as gate:
        for altered in changes:
            refused = await gate.ask("POST", POST, body=altered, headers=posting(gate, ohio))
            assert refused.status in (401, 422)
        weak = posting(gate, ohio, headers={"Content-Digest": f"md5=:{base64.b64encode(b'x' * 16).decode()}:"})
        assert (await gate.ask("POST", POST, body=BODY, headers=weak)).status == 401
        both = base64.b64encode(hashlib.sha512(b"other").digest()).decode()
        good = base64.b64encode(hashlib.sha256(BODY).digest()).decode()
        mixed = posting(gate, ohio, headers={"Content-Digest": f"sha-256=:{good}:, sha-512=:{both}:"})
        assert (await gate.ask("POST", POST, body=BODY, headers=mixed)).status == 422
    assert await submissions(stack) == 0


async def test_the_digest_is_of_the_bytes_on_the_wire_and_their_coding_is_covered(stack):
    packed = gzip.compress(BODY)
    ohio = identity("ohio")
    async with door(stack) as gate:
        headers = posting(gate, ohio, body=packed, headers={"Content-Encoding": "gzip"}, drop=("content-encoding",))
        assert (await gate.ask("POST", POST, body=packed, headers=headers)).status == 401
        headers = posting(gate, ohio, body=packed, headers={"Content-Encoding": "gzip"})
        assert (await gate.ask("POST", POST, body=packed, headers=headers)).status == 415  # gzip is off


async def test_a_strong_sender_is_not_let_in_with_less(stack):
    async with door(stack) as gate:
        key = {"Authorization": f"Bearer {stack.tokens['ohio']}"}
        refused = await gate.ask("GET", READ, headers=key)
        assert (refused.status, refused.json["code"]) == (403, "proof-too-weak")
        token = (await gate.token(identity("ohio"))).json
        assert token["error"] == "unauthorized_client"
