"""Protected messages to and from programs that nobody here wrote: openssl, BouncyCastle, npm jose, jwcrypto.

pyas2lib cannot take part: it encrypts keys by RSA PKCS #1 v1.5 or OAEP with SHA-1 alone, which we do not do.
"""

import json
import os
import shutil
import subprocess
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key
from jwcrypto.common import JWException
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from gateway.core.protection import GATEWAY, Algorithm, Profile, Use
from keys.wire import jose
from tests.contract.lacking import REFUSED, lacking
from tests.contract.openssl_cms import PSS, Failed, OpenSsl, padding_of
from tests.servers.node import NODE
from tests.unit.wire_site import BACK, CMS_KINDS, NOW, OUT, PLAIN, WIRE, expected, key, note, public, signers

HERE = Path(__file__).parent
JARS = Path("/usr/share/java")
JOSE_KINDS = ((Algorithm.P256, Algorithm.P256), (Algorithm.P384, Algorithm.P256), (Algorithm.P256, Algorithm.RSA))
"""Key that is encrypted to, key that signs."""


def there(what: bool, name: str) -> None:  # noqa: FBT001 - read as a sentence
    if not what:
        reason = f"{name} is not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


def sent(profile, algorithm):
    """From the gateway to Ohio."""
    to = public(key("ohio", Use.ENCRYPT, algorithm))
    return WIRE.protect(profile, PLAIN, note(OUT), to, signers(profile, GATEWAY)).body


def opened_by_openssl(openssl, profile, algorithm, sent_):
    """What it reads; None when it refuses."""
    ours, opening = signers(profile, GATEWAY)[0], key("ohio", Use.ENCRYPT, algorithm)
    try:
        if profile is Profile.CMS_CBC:
            return openssl.decrypt(openssl.verify(sent_, ours), opening)
        return openssl.verify(openssl.decrypt(sent_, opening), ours)
    except Failed:
        return None


@pytest.mark.parametrize(("profile", "algorithm"), CMS_KINDS, ids=str)
@pytest.mark.claim("A28", control="test_control_openssl_refuses_ours_without_any_of_what_it_looks_at")
def test_openssl_opens_ours_and_we_open_what_it_makes(profile, algorithm, tmp_path, claim):
    openssl, theirs = OpenSsl(tmp_path), signers(profile, "ohio")[0]
    sealing, padding = key(GATEWAY, Use.ENCRYPT, algorithm), padding_of(algorithm)
    assert opened_by_openssl(openssl, profile, algorithm, sent(profile, algorithm)) == PLAIN
    if profile is Profile.CMS_CBC:
        made = openssl.sign(openssl.encrypt(PLAIN, sealing, "-aes-256-cbc", *padding), theirs)
    else:
        made = openssl.encrypt(openssl.sign(PLAIN, theirs), sealing, "-aes-256-gcm", *padding)
    assert WIRE.unprotect(profile, made, expected(profile, algorithm)).plain == PLAIN
    claim.measured(f"openssl, {profile} with {algorithm}: opened in both directions")


@pytest.mark.parametrize(("profile", "algorithm"), CMS_KINDS, ids=str)
def test_control_openssl_refuses_ours_without_any_of_what_it_looks_at(profile, algorithm, tmp_path):
    openssl = OpenSsl(tmp_path)
    made = {
        way: opened_by_openssl(openssl, profile, algorithm, one) for way, one in lacking(profile, algorithm).items()
    }
    assert made == REFUSED


def test_openssl_signs_with_pss_and_we_verify(tmp_path):
    openssl = OpenSsl(tmp_path)
    signer, sealing = key("ohio", Use.VERIFY, Algorithm.RSA), key(GATEWAY, Use.ENCRYPT, Algorithm.P256)
    made = openssl.encrypt(openssl.sign(PLAIN, signer, *PSS), sealing, "-aes-256-gcm", *padding_of(Algorithm.P256))
    want = expected(Profile.CMS, Algorithm.P256)
    want = type(want)(want.ends, want.now, want.limit, want.ours, [public(signer)])
    assert WIRE.unprotect(Profile.CMS, made, want).plain == PLAIN


def test_openssl_gives_nothing_for_a_changed_message(tmp_path):
    """Its plaintext of a changed message is there before it fails: only the temporary file saves the reader."""
    openssl, opening = OpenSsl(tmp_path), key("ohio", Use.ENCRYPT, Algorithm.P256)
    changed = bytearray(sent(Profile.CMS, Algorithm.P256))
    changed[-1] ^= 1
    with pytest.raises(Failed):
        openssl.decrypt(bytes(changed), opening)
    assert not (tmp_path / "made").exists()
    assert (tmp_path / "made.part").stat().st_size > len(PLAIN)


@pytest.mark.claim("A28", control="test_control_bouncycastle_refuses_ours_without_any_of_what_it_looks_at")
def test_bouncycastle_opens_ours_and_we_open_what_it_makes(tmp_path, claim):
    folders = [_laid(tmp_path, profile, algorithm, sent(profile, algorithm)) for profile, algorithm in CMS_KINDS]
    assert list(opened_by_bouncycastle(folders)) == [PLAIN] * len(CMS_KINDS)
    for folder, (profile, algorithm) in zip(folders, CMS_KINDS, strict=True):
        answer = (folder / "answer").read_bytes()
        assert WIRE.unprotect(profile, answer, expected(profile, algorithm)).plain == PLAIN
    claim.measured(f"BouncyCastle: {len(CMS_KINDS)} kinds opened in both directions")


def test_control_bouncycastle_refuses_ours_without_any_of_what_it_looks_at(tmp_path):
    made = [(*kind, way, one) for kind in CMS_KINDS for way, one in lacking(*kind).items()]
    folders = [_laid(tmp_path, profile, algorithm, one, way) for profile, algorithm, way, one in made]
    opened = dict(zip([(*one[:3],) for one in made], opened_by_bouncycastle(folders), strict=True))
    assert opened == {(*kind, way): plain for kind in CMS_KINDS for way, plain in REFUSED.items()}


def opened_by_bouncycastle(folders):
    """What it reads of each message; None when it refuses."""
    there(shutil.which("java") is not None and (JARS / "bcpkix.jar").exists(), "BouncyCastle")
    jars = ":".join(str(JARS / name) for name in ("bcpkix.jar", "bcprov.jar", "bcutil.jar"))
    fast = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
    source = str(HERE / "bouncy" / "Messages.java")
    subprocess.run(["java", *fast, "-cp", jars, source, *map(str, folders)], check=True, timeout=120)
    for folder in folders:
        opened, refused = (folder / "opened", folder / "refused")
        assert opened.exists() != refused.exists()
        yield opened.read_bytes() if opened.exists() else None


def _laid(where, profile, algorithm, message, way=""):
    """What the partner with BouncyCastle needs, in a folder."""
    folder = where / f"{profile}-{algorithm}-{way}"
    folder.mkdir()
    ours, theirs = signers(profile, GATEWAY)[0], signers(profile, "ohio")[0]
    opening, sealing = key("ohio", Use.ENCRYPT, algorithm), key(GATEWAY, Use.ENCRYPT, algorithm)
    for name, one in (("gateway-sign", ours), ("partner-sign", theirs), ("gateway-open", sealing)):
        (folder / f"{name}.crt").write_text(WIRE.public_text(one.material))
    for name, one in (("partner-sign", theirs), ("partner-open", opening)):
        (folder / f"{name}.der").write_bytes(one.private)
    (folder / "message").write_bytes(message)
    (folder / "plain").write_bytes(PLAIN)
    return folder


# --- JOSE -------------------------------------------------------------------------------------------------------------


def jwk(one, *, private: bool) -> JWK:
    loaded = load_der_private_key(one.private, None) if private else load_der_public_key(one.material.public)
    return JWK.from_pyca(loaded)


def private_jwk(one):
    return jwk(one, private=True).export_private(as_dict=True)


def public_jwk(one):
    return jwk(one, private=False).export_public(as_dict=True)


def headers(sealing, signing):
    ends = {"iss": BACK.sender, "aud": BACK.recipient}
    inner = {
        "alg": jose.SIGNATURES[signing.algorithm], "kid": signing.id, "typ": jose.INNER, "cty": "application/xml",
        "jti": "a-1", "iat": int(NOW.timestamp()), **ends,
    }  # fmt: skip
    outer = {
        "alg": jose.WRAPPING, "enc": jose.CONTENT, "kid": sealing.id, "typ": jose.OUTER, "cty": "JOSE", **ends,
    }  # fmt: skip
    return inner, outer


def parties(algorithm, signature):
    """The keys of both ends: to open and to sign with, Ohio's and the gateway's."""
    return (
        key("ohio", Use.ENCRYPT, algorithm),
        key("ohio", Use.VERIFY, signature),
        key(GATEWAY, Use.ENCRYPT, algorithm),
        key(GATEWAY, Use.VERIFY, signature),
    )


def wanted(sealing, signing):
    want = expected(Profile.JOSE, Algorithm.P256)
    return type(want)(want.ends, want.now, want.limit, [sealing], [public(signing)])


JOSE = pytest.mark.parametrize(("algorithm", "signature"), JOSE_KINDS, ids=str)


@JOSE
@pytest.mark.claim("A28", control="test_control_npm_jose_refuses_ours_without_any_of_what_it_looks_at")
def test_npm_jose_opens_ours_and_we_open_what_it_makes(algorithm, signature, claim):
    opening, signing, sealing, verifying = parties(algorithm, signature)
    message = WIRE.protect(Profile.JOSE, PLAIN, note(OUT), public(opening), [verifying]).body
    (told,) = told_by_npm_jose([message], algorithm, signature)
    assert b64decode(told["opened"]) == PLAIN
    assert (told["outer"]["aud"], told["inner"]["aud"]) == (OUT.recipient, OUT.recipient)
    assert WIRE.unprotect(Profile.JOSE, told["answer"].encode(), wanted(sealing, signing)).plain == PLAIN
    claim.measured(f"npm jose, {algorithm} and {jose.SIGNATURES[signature]}: opened in both directions")


@JOSE
def test_control_npm_jose_refuses_ours_without_any_of_what_it_looks_at(algorithm, signature):
    made = lacking(Profile.JOSE, algorithm, signature)
    told = told_by_npm_jose(made.values(), algorithm, signature)
    assert {way: one.get("refused") for way, one in zip(made, told, strict=True)} == {
        "nothing": None,
        "signature": "ERR_JWS_INVALID",
        "signer": "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
        "recipient": "ERR_JWE_DECRYPTION_FAILED",
        "integrity": "ERR_JWE_DECRYPTION_FAILED",
    }


def told_by_npm_jose(messages, algorithm, signature):
    """For each message what it reads and its answer, or the code of why it refuses."""
    there(NODE is not None and (HERE.parents[1] / "node_modules" / "jose").is_dir(), "npm jose")
    opening, signing, sealing, verifying = parties(algorithm, signature)
    inner, outer = headers(sealing, signing)
    given = {
        "messages": [message.decode() for message in messages],
        "plain": b64encode(PLAIN).decode(),
        "partner": {"opening": private_jwk(opening), "signing": private_jwk(signing)},
        "gateway": {"sealing": public_jwk(sealing), "verifying": public_jwk(verifying)},
        "inner": inner,
        "outer": outer,
    }
    ended = subprocess.run(
        [NODE, str(HERE / "jose_partner.mjs")], input=json.dumps(given).encode(), capture_output=True, check=True
    )
    return json.loads(ended.stdout)


def opened_by_jwcrypto(message, algorithm, signature):
    """What it reads; None when it refuses."""
    opening, _, _, verifying = parties(algorithm, signature)
    outside, inside = JWE(algs=[jose.WRAPPING, jose.CONTENT]), JWS()
    inside.allowed_algs = list(jose.SIGNATURES.values())
    try:
        outside.deserialize(message.decode(), jwk(opening, private=True))
        inside.deserialize(outside.payload.decode(), jwk(verifying, private=False))
    except JWException:
        return None
    return inside.payload


@JOSE
def test_control_jwcrypto_refuses_ours_without_any_of_what_it_looks_at(algorithm, signature):
    made = lacking(Profile.JOSE, algorithm, signature)
    assert {way: opened_by_jwcrypto(one, algorithm, signature) for way, one in made.items()} == REFUSED


@JOSE
@pytest.mark.claim("A28", control="test_control_jwcrypto_refuses_ours_without_any_of_what_it_looks_at")
def test_jwcrypto_opens_ours_and_we_open_what_it_makes(algorithm, signature, claim):
    opening, signing, sealing, verifying = parties(algorithm, signature)
    message = WIRE.protect(Profile.JOSE, PLAIN, note(OUT), public(opening), [verifying]).body
    assert opened_by_jwcrypto(message, algorithm, signature) == PLAIN
    inner, outer = headers(sealing, signing)
    signed = JWS(PLAIN)
    signed.allowed_algs = list(jose.SIGNATURES.values())
    signed.add_signature(jwk(signing, private=True), None, json.dumps(inner))
    made = JWE(signed.serialize(compact=True).encode(), json.dumps(outer), algs=[jose.WRAPPING, jose.CONTENT])
    made.add_recipient(jwk(sealing, private=False))
    answer = made.serialize(compact=True).encode()
    assert WIRE.unprotect(Profile.JOSE, answer, wanted(sealing, signing)).plain == PLAIN
    claim.measured(f"jwcrypto, {algorithm} and {inner['alg']}: opened in both directions")


def test_the_example_of_the_page_opens_ours_and_makes_what_we_open():
    page = (HERE.parents[1] / "docs/wire.md").read_text(encoding="utf-8")
    example: dict = {}
    exec(page.partition("```python\n")[2].partition("```")[0], example)  # noqa: S102 - our own page, to see that it is right
    opening, signing, sealing, verifying = parties(Algorithm.P256, Algorithm.P256)
    message = WIRE.protect(Profile.JOSE, PLAIN, note(OUT), public(opening), [verifying]).body.decode()
    own, theirs = jwk(opening, private=True), jwk(verifying, private=False)
    ends = {"iss": OUT.sender, "aud": OUT.recipient}
    assert example["opened"](message, pem(own, private=True), pem(theirs), ends) == PLAIN
    with pytest.raises(ValueError, match="to us"):
        example["opened"](message, pem(own, private=True), pem(theirs), {**ends, "aud": "michigan"})
    answer = example["made"](
        PLAIN, "text/plain", {"iss": BACK.sender, "aud": BACK.recipient}, "a-1",
        pem(jwk(signing, private=True), private=True), signing.id, pem(jwk(sealing, private=False)), sealing.id,
    )  # fmt: skip
    want = replace(wanted(sealing, signing), now=datetime.now(UTC))
    opened = WIRE.unprotect(Profile.JOSE, answer.encode(), want)
    assert (opened.plain, opened.id, opened.media_type) == (PLAIN, "a-1", "text/plain")


def pem(one, *, private=False):
    return one.export_to_pem(private_key=private, password=None)
