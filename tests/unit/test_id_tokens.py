"""The provider's word: signature, algorithm, issuer, audience, nonce and times, each refused when it is not right."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from gateway.core.errors import Unauthenticated
from gateway.core.ports.identity import Expected
from keys.id_tokens import JoseIdTokens

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
KEY = ECKey.generate_key("P-256", {"kid": "one", "use": "sig"})
OTHER = ECKey.generate_key("P-256", {"kid": "one", "use": "sig"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
KEYS = [KEY.as_dict(private=False), RSA.as_dict(private=False)]
WANTED = Expected("https://login.example", "console", "n-1", ("ES256",), NOW)
GOOD = {"iss": WANTED.issuer, "aud": "console", "nonce": "n-1", "sub": "u-1", "iat": AT, "exp": AT + 300}


def token(key=KEY, header=None, **changes):
    claims = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    return jwt.encode(header or {"alg": "ES256", "kid": "one"}, claims, key, algorithms=["ES256", "RS256", "HS256"])


def unsigned(**header):
    parts = [{"alg": "none", **header}, GOOD]
    return ".".join(base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts) + "."


def read(text, **changes):
    wanted = Expected(**{**{name: getattr(WANTED, name) for name in WANTED.__slots__}, **changes})
    return JoseIdTokens().claims(text, KEYS, wanted)


def reason(text, **changes):
    with pytest.raises(Unauthenticated) as refused:
        read(text, **changes)
    assert str(refused.value) == "The provider's word does not hold."
    return refused.value.problem


def test_a_good_token_gives_its_claims():
    assert read(token()) == GOOD
    assert read(token(aud=["console", "other"], azp="console"))["sub"] == "u-1"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"iss": "https://login.example/"}, "id-token-issuer"),
        ({"iss": None}, "id-token-issuer"),
        ({"aud": "other"}, "id-token-audience"),
        ({"aud": ["console", "other"]}, "id-token-audience"),
        ({"azp": "other"}, "id-token-audience"),
        ({"nonce": "n-2"}, "id-token-nonce"),
        ({"nonce": None}, "id-token-nonce"),
        ({"exp": AT - 60}, "id-token-expired"),
        ({"exp": None}, "id-token-expired"),
        ({"exp": "never"}, "id-token-expired"),
        ({"iat": AT + 61}, "id-token-issued"),
        ({"iat": AT - 601}, "id-token-issued"),
        ({"iat": None}, "id-token-issued"),
        ({"sub": None}, "id-token-subject"),
        ({"sub": ""}, "id-token-subject"),
    ],
)
def test_a_token_that_says_something_else_is_refused(changes, code):
    assert reason(token(**changes)) == code


@pytest.mark.parametrize(
    "text",
    [
        token(OTHER),
        token(RSA, {"alg": "RS256", "kid": "rsa"}),
        token(OctKey.import_key(json.dumps(KEYS[0]).encode()), {"alg": "HS256", "kid": "one"}),
        unsigned(),
        unsigned(kid="one"),
        token()[:-4] + "AAAA",
        "nonsense",
        "",
    ],
    ids=["other key", "not agreed", "public key as secret", "none", "none with kid", "cut", "nonsense", "empty"],
)
def test_a_token_that_no_key_of_the_provider_signed_as_agreed_is_refused(text):
    assert reason(text) == "id-token-signature"


def test_control_the_same_token_is_taken_once_its_algorithm_is_agreed():
    assert read(token(RSA, {"alg": "RS256", "kid": "rsa"}), algorithms=("RS256",)) == GOOD


def test_a_token_without_end_is_not_read():
    assert reason("x" * 20_000) == "id-token-size"
