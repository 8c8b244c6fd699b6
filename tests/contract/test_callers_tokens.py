"""Access tokens: given for assertions that a JOSE library other than ours made, and bound to the certificate shown."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwcrypto import jwk, jwt

from gateway.core.caller import Tier
from tests.contract.api_stack import running
from tests.contract.caller_stack import door, identity, know, pem, server_files
from tests.servers.raw import cut

READ = "/v1/submissions"


@pytest.fixture
async def stack(sqlite_url, tmp_path):
    async with running(sqlite_url, tmp_path) as stack:
        ohio, iowa = identity("ohio"), identity("iowa")
        await know(stack, ohio=ohio.caller(Tier.CERTIFICATE), iowa=iowa.caller(Tier.TOKEN))
        yield stack


@pytest.fixture
def files(tmp_path_factory):
    return server_files(tmp_path_factory.getbasetemp() / "tls")


def bearer(answer):
    return {"Authorization": f"Bearer {answer.json['access_token']}"}


async def outcomes(stack) -> list[str]:
    return [entry.outcome for entry in await stack.entries("access.refused")]


async def test_a_certificate_and_an_assertion_give_a_token_that_works_with_that_certificate_only(stack, files):
    ohio, iowa = identity("ohio"), identity("iowa")
    async with door(stack, files) as gate:
        answer = await gate.token(ohio, as_=ohio)
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert {k: answer.json[k] for k in ("token_type", "expires_in")} == {"token_type": "Bearer", "expires_in": 300}
        assert (await gate.ask("GET", READ, headers=bearer(answer), as_=ohio)).status == 200
        assert (await gate.ask("GET", READ, headers=bearer(answer))).status == 401
        assert (await gate.ask("GET", READ, headers=bearer(answer), as_=iowa)).status == 401
    assert await outcomes(stack) == ["certificate-missing", "certificate-other"]
    (granted,) = await stack.entries("token.granted")
    assert str(granted.actor) == "partner:ohio"


async def test_the_token_is_verified_by_another_library_with_our_published_keys(stack, files):
    ohio = identity("ohio")
    async with door(stack, files) as gate:
        token = (await gate.token(ohio, as_=ohio, scope="read submit")).json["access_token"]
        published = jwk.JWKSet.from_json((await gate.ask("GET", "/oauth/jwks")).body.decode())
        metadata = (await gate.ask("GET", "/.well-known/oauth-authorization-server")).json
    checked = jwt.JWT()
    checked.leeway = 10**9  # the stack's clock is not the library's
    checked.deserialize(token, published)
    claims, header = json.loads(checked.claims), json.loads(checked.header)
    assert (header["alg"], header["typ"]) == ("ES256", "at+jwt")
    assert (claims["iss"], claims["aud"], claims["sub"]) == (
        "https://gateway.example",
        "https://gateway.example",
        "ohio",
    )
    assert (claims["exp"] - claims["iat"], claims["scope"]) == (300, "read submit")
    bound = base64.urlsafe_b64decode(claims["cnf"]["x5t#S256"] + "=").hex()
    assert bound == ohio.thumbprint
    assert metadata["token_endpoint"] == "https://gateway.example/oauth/token"


async def test_without_a_certificate_a_partner_of_the_lower_tier_gets_a_token_and_one_of_the_higher_does_not(stack):
    async with door(stack) as gate:
        answer = await gate.token(identity("iowa"))
        assert (await gate.ask("GET", READ, headers=bearer(answer))).status == 200
        refused = await gate.token(identity("ohio"))
        assert (refused.status, refused.json["error"]) == (400, "unauthorized_client")


async def test_a_token_ends_with_its_time_its_key_and_its_partner(stack):
    iowa = identity("iowa")
    async with door(stack) as gate:
        token = bearer(await gate.token(iowa))
        assert (await gate.ask("GET", READ, headers=token)).status == 200
        await know(stack, iowa=iowa.caller(Tier.TOKEN, keys=()))
        assert (await gate.ask("GET", READ, headers=token)).status == 401
        await know(stack, iowa=iowa.caller(Tier.TOKEN))
        stack.watch.forward(299)
        assert (await gate.ask("GET", READ, headers=token)).status == 200
        stack.watch.forward(1)
        over = await gate.ask("GET", READ, headers=token)
        assert (over.status, over.json["detail"]) == (401, "The access token is over; get another one.")


async def test_scopes_narrow_what_a_token_may_do(stack):
    async with door(stack) as gate:
        token = bearer(await gate.token(identity("iowa"), scope="mailbox"))
        assert (await gate.ask("GET", "/v1/mailbox", headers=token)).status == 200
        assert (await gate.ask("GET", READ, headers=token)).status == 403
        for scope in ("operate", "mailbox operate", "nothing"):
            refused = await gate.token(identity("iowa"), scope=scope)
            assert (refused.status, refused.json["error"]) == (400, "invalid_scope")


async def test_a_scope_that_is_taken_out_of_the_file_is_taken_from_tokens_too(stack):
    iowa = identity("iowa")
    async with door(stack) as gate:
        token = bearer(await gate.token(iowa))
        await know(stack, iowa=iowa.caller(Tier.TOKEN, scopes=frozenset({"read"})))
        assert (await gate.ask("GET", "/v1/mailbox", headers=token)).status == 403
        assert (await gate.ask("GET", READ, headers=token)).status == 200
        await know(stack, iowa=iowa.caller(Tier.TOKEN))
        assert (await gate.ask("GET", "/v1/mailbox", headers=token)).status == 200


BAD_CLAIMS = {
    "another audience": {"aud": "https://other.example/oauth/token"},
    "the audience with a slash": {"aud": "https://gateway.example/oauth/token/"},
    "only the host": {"aud": "https://gateway.example"},
    "a second audience": {"aud": ["https://gateway.example/oauth/token", "https://other.example"]},
    "no audience": {"aud": None},
    "over": {"iat": -400, "exp": -61},
    "too long": {"iat": 0, "exp": 301},
    "from the future": {"iat": 61, "exp": 200},
    "not yet": {"nbf": 61},
    "no end": {"exp": None},
    "no beginning": {"iat": None},
    "an end that is text": {"exp": "tomorrow"},
    "an end that is true": {"exp": True},
    "no id": {"jti": None},
    "a short id": {"jti": "abc"},
    "a long id": {"jti": "x" * 129},
    "an id that is a number": {"jti": 7},
    "another subject": {"sub": "ohio"},
    "another issuer": {"iss": "ohio"},
    "nobody": {"iss": "nobody", "sub": "nobody"},
}


async def test_claims_that_do_not_hold_give_no_token(stack):
    now = int(stack.watch().timestamp())
    async with door(stack) as gate:
        for name, claims in BAD_CLAIMS.items():
            said = {k: now + v if k in ("iat", "exp", "nbf") and type(v) is int else v for k, v in claims.items()}
            refused = await gate.token(None, gate.assertion(identity("iowa"), **said))
            assert (refused.status, refused.json["error"]) == (401, "invalid_client"), name


async def test_clocks_may_differ_by_a_minute(stack):
    now = int(stack.watch().timestamp())
    async with door(stack) as gate:
        for times in ({"iat": now + 59, "exp": now + 200}, {"iat": now - 300, "exp": now - 59}):
            assert (await gate.token(None, gate.assertion(identity("iowa"), **times))).status == 200


def forged(gate):
    """Assertions whose signature does not speak for Iowa -> what is wrong with them."""
    iowa, ohio = identity("iowa"), identity("ohio")
    good = gate.assertion(iowa)
    head, body, signature = good.split(".")
    public = jwk.JWK.from_pem(pem(iowa.token_key).encode())
    shared = jwk.JWK(kty="oct", k=base64.urlsafe_b64encode(pem(iowa.token_key).encode()).decode().rstrip("="))
    nothing = base64.urlsafe_b64encode(b'{"alg":"none","kid":"token-1","typ":"JWT"}').decode().rstrip("=")
    mine = jwk.JWK.generate(kty="EC", crv="P-256")
    own = {"kid": "token-1", "jwk": json.loads(mine.export_public())}
    return {
        "another partner's key": gate.assertion(iowa, key=ohio.token_key),
        "the key for messages": gate.assertion(iowa, key=iowa.message_key, header={"kid": "sign-1"}),
        "a key of nobody": gate.assertion(iowa, key=ec.generate_private_key(ec.SECP256R1())),
        "no algorithm": f"{nothing}.{body}.",
        "the public key as a secret": gate.assertion(iowa, key=shared, algorithm="HS256"),
        "a key in the header": gate.assertion(iowa, key=mine, header=own),
        "another curve": gate.assertion(iowa, key=ec.generate_private_key(ec.SECP384R1()), algorithm="ES384"),
        "a key id of nobody": gate.assertion(iowa, header={"kid": "token-2"}),
        "no key id": gate.assertion(iowa, header={"kid": None}),
        "the type of an access token": gate.assertion(iowa, header={"typ": "at+jwt"}),
        "something critical": _critical(iowa, gate),
        "altered claims": f"{head}.{_altered(body)}.{signature}",
        "no signature": f"{head}.{body}.",
        "half of it": good[: len(good) // 2],
        "five parts": f"{good}.a.b",
        "not ours": public.export_public(),
        "very long": good + "A" * 9000,
        "empty": "",
    }


def _critical(who, gate):
    return gate.assertion(who, header={"b64": True, "crit": ["b64"]})


def _decoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()


def _altered(part):
    claims = json.loads(_decoded(part))
    return base64.urlsafe_b64encode(json.dumps(claims | {"exp": claims["exp"] + 1}).encode()).decode().rstrip("=")


async def test_no_forged_assertion_gives_a_token(stack):
    async with door(stack) as gate:
        assert (await gate.token(identity("iowa"))).status == 200
        for name, assertion in forged(gate).items():
            refused = await gate.token(None, assertion)
            assert refused.status == (400 if name in ("empty", "very long") else 401), name
            assert set(refused.json) == {"error", "error_description"}
        assert len(await stack.entries("token.granted")) == 1


async def test_a_token_that_we_did_not_sign_for_this_audience_is_none(stack):
    iowa = identity("iowa")
    async with door(stack) as gate, door(stack, url="https://other.example") as other:
        ours = (await gate.token(iowa)).json["access_token"]
        head, body, signature = ours.split(".")
        theirs = (await other.token(iowa)).json["access_token"]
        own = jwt.JWT(header=_decoded(head), claims=_decoded(body))
        own.make_signed_token(jwk.JWK.generate(kty="EC", crv="P-256"))
        wrong = [
            theirs,
            own.serialize(),
            f"{head}.{body}.",
            f"{head}.{_altered(body)}.{signature}",
            gate.assertion(iowa),
            "x",
            ours[:-4],
        ]
        for token in wrong:
            assert (await gate.ask("GET", READ, headers={"Authorization": f"Bearer {token}"})).status == 401
        assert (await gate.ask("GET", READ, headers={"Authorization": f"Bearer {ours}"})).status == 200


async def test_a_token_of_bytes_that_are_no_text_is_none_either(stack):
    async with door(stack) as gate:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(gate.address.rpartition(":")[2]))
        head = f"GET {READ} HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n".encode()
        writer.write(head + b"Authorization: Bearer \xe9.\xff\xfe.x\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 401 ")
        await cut(writer.transport)
    assert await outcomes(stack) == ["token-invalid"]


BAD_FORMS = [
    ({"grant_type": "password"}, "unsupported_grant_type"),
    ({"client_assertion_type": "secret"}, "invalid_request"),
    ({"client_assertion": ""}, "invalid_request"),
    ({"password": "x"}, "invalid_request"),
    ({"client_id": "ohio"}, "invalid_client"),
]


async def test_a_form_that_asks_for_something_else_is_refused_as_the_rfc_has_it(stack):
    async with door(stack) as gate:
        for form, error in BAD_FORMS:
            members = {"assertion": gate.assertion(identity("iowa"))} | form
            assertion = members.pop("client_assertion", members.pop("assertion"))
            refused = await gate.token(None, assertion, **members)
            assert refused.json["error"] == error


async def test_a_certificate_that_the_partner_does_not_list_spoils_every_proof(stack, files):
    ohio, iowa = identity("ohio"), identity("iowa")
    async with door(stack, files) as gate:
        assert (await gate.token(iowa, as_=ohio)).status == 401
        key = {"Authorization": f"Bearer {stack.tokens['iowa']}"}
        assert (await gate.ask("GET", READ, headers=key, as_=ohio)).status == 401
        signed = gate.sign(iowa, "GET", READ)
        assert (await gate.ask("GET", READ, headers=signed, as_=ohio)).status == 401
    assert set(await outcomes(stack)) == {"certificate-unknown"}


async def test_a_listed_certificate_stops_on_the_day_after_its_last(stack, files):
    ohio = identity("ohio")
    today = stack.watch().date()
    listed = ohio.caller(Tier.CERTIFICATE).certificates[0]
    for last, status in ((today, 200), (today - timedelta(days=1), 401)):
        await know(stack, ohio=ohio.caller(Tier.CERTIFICATE, certificates=(type(listed)(listed.thumbprint, last),)))
        async with door(stack, files) as gate:
            assert (await gate.token(ohio, as_=ohio)).status == status


async def test_two_certificates_are_good_at_once(stack, files):
    ohio, next_one = identity("ohio"), identity("ohio-next")
    both = (*ohio.caller(Tier.CERTIFICATE).certificates, *next_one.caller(Tier.CERTIFICATE).certificates)
    await know(stack, ohio=ohio.caller(Tier.CERTIFICATE, certificates=both))
    async with door(stack, files) as gate:
        for shown in (ohio, next_one):
            assert (await gate.token(ohio, as_=shown)).status == 200
