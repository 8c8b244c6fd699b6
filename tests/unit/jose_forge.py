"""A forger of JOSE messages: any header text, any algorithm, written by hand so that no library is in the way."""

import hashlib
import hmac
import json
import os
import zlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key

from gateway.core.protection import GATEWAY, Algorithm, Use
from tests.unit.wire_site import BACK, NOW, PLAIN, key

WRAP = "ECDH-ES+A256KW"


def coded(value: bytes) -> bytes:
    return urlsafe_b64encode(value).rstrip(b"=")


def text(header: Mapping[str, object]) -> bytes:
    return json.dumps(header, separators=(",", ":")).encode()


SIGNING = key("ohio", Use.VERIFY, Algorithm.P256)
OPENING = key(GATEWAY, Use.ENCRYPT, Algorithm.P256)
PRIVATE = load_der_private_key(SIGNING.private, None)
PEM = PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
INNER: dict[str, object] = {
    "alg": "ES256", "kid": SIGNING.id, "typ": "gateway-message+jws", "cty": "application/xml", "jti": "a-1",
    "iss": BACK.sender, "aud": BACK.recipient, "iat": int(NOW.timestamp()),
}  # fmt: skip
OUTER: dict[str, object] = {
    "alg": WRAP, "enc": "A256GCM", "kid": OPENING.id, "typ": "gateway-message+jwe", "cty": "JOSE",
    "iss": BACK.sender, "aud": BACK.recipient,
}  # fmt: skip


def es256(signed: bytes) -> bytes:
    r, s = decode_dss_signature(PRIVATE.sign(signed, ec.ECDSA(SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def es256_der(signed: bytes) -> bytes:
    return PRIVATE.sign(signed, ec.ECDSA(SHA256()))


def hs256(signed: bytes) -> bytes:
    return hmac.digest(PEM, signed, hashlib.sha256)


def rs256(signed: bytes) -> bytes:
    return rsa.generate_private_key(65_537, 2_048).sign(signed, padding.PKCS1v15(), SHA256())


def nothing(_signed: bytes) -> bytes:
    return b""


def zeros(_signed: bytes) -> bytes:
    return bytes(64)


@dataclass(frozen=True, slots=True)
class Jws:
    header: bytes = text(INNER)
    payload: bytes = PLAIN
    sign: Callable[[bytes], bytes] = es256
    plain: bool = False
    """The payload is not encoded (RFC 7797)."""

    def made(self) -> bytes:
        payload = self.payload if self.plain else coded(self.payload)
        signed = coded(self.header) + b"." + payload
        return signed + b"." + coded(self.sign(signed))


def inner(**changes: object) -> Jws:
    return Jws(text({**INNER, **changes}))


def _point(key_: ec.EllipticCurvePublicKey, curve: str) -> dict[str, str]:
    numbers, size = key_.public_numbers(), (key_.key_size + 7) // 8
    x, y = (coded(one.to_bytes(size, "big")).decode() for one in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": curve, "x": x, "y": y}


@dataclass(frozen=True, slots=True)
class Jwe:
    content: bytes = field(default_factory=lambda: Jws().made())
    changes: Mapping[str, object] = field(default_factory=dict)
    point: Mapping[str, object] = field(default_factory=dict)
    header: Callable[[bytes], bytes] = bytes
    """The last change of the header's text."""
    curve: tuple[ec.EllipticCurve, str] = (ec.SECP256R1(), "P-256")
    direct: bool = False
    tag: int = 16

    def made(self) -> bytes:
        ephemeral = ec.generate_private_key(self.curve[0])
        header = {**OUTER, "epk": {**_point(ephemeral.public_key(), self.curve[1]), **self.point}, **self.changes}
        head = coded(self.header(text(header)))
        agreed = self._agreed(ephemeral, str(header["alg"] if not self.direct else header["enc"]))
        key_, nonce = (agreed, os.urandom(12)) if self.direct else (os.urandom(32), os.urandom(12))
        wrapped = b"" if self.direct else aes_key_wrap(agreed, key_)
        content = zlib.compress(self.content, wbits=-15) if header.get("zip") == "DEF" else self.content
        sealed = AESGCM(key_).encrypt(nonce, content, head)
        return b".".join((head, coded(wrapped), coded(nonce), coded(sealed[:-16]), coded(sealed[-16:][: self.tag])))

    def _agreed(self, ephemeral: ec.EllipticCurvePrivateKey, name: str) -> bytes:
        ours = load_der_private_key(OPENING.private, None).public_key()
        if self.curve[1] != "P-256":
            ours = ec.generate_private_key(self.curve[0]).public_key()
        info = len(name).to_bytes(4, "big") + name.encode() + bytes(4) + bytes(4) + (256).to_bytes(4, "big")
        return ConcatKDFHash(SHA256(), 32, info).derive(ephemeral.exchange(ec.ECDH(), ours))


def _signed(changed: Jws) -> Callable[[], bytes]:
    return lambda: Jwe(changed.made()).made()


def _sealed(**changes: object) -> Callable[[], bytes]:
    return lambda: Jwe(changes=changes).made()


def _flipped() -> bytes:
    parts = Jwe().made().split(b".")
    parts[4] = (b"A" if parts[4][:1] != b"A" else b"B") + parts[4][1:]
    return b".".join(parts)


def _json() -> bytes:
    head, key_, nonce, content, tag = (part.decode() for part in Jwe().made().split(b"."))
    return json.dumps(
        {"protected": head, "unprotected": {"alg": WRAP}, "recipients": [{"encrypted_key": key_}], "iv": nonce,
         "ciphertext": content, "tag": tag}
    ).encode()  # fmt: skip


def _doubled(header: bytes) -> bytes:
    return header[:-1] + b',"kid":"%s"}' % OPENING.id.encode()


OWN = {"kty": "EC", "crv": "P-256"} | _point(PRIVATE.public_key(), "P-256")
URL = "https://attacker.example/keys.json"
VECTORS: Mapping[str, Callable[[], bytes]] = {
    "alg none, no signature": _signed(Jws(text({**INNER, "alg": "none"}), sign=nothing)),
    "alg none, signature kept": _signed(inner(alg="none")),
    "alg nOnE": _signed(Jws(text({**INNER, "alg": "nOnE"}), sign=nothing)),
    "HS256 with the public key as secret": _signed(Jws(text({**INNER, "alg": "HS256"}), sign=hs256)),
    "RS256 for a key of P-256": _signed(Jws(text({**INNER, "alg": "RS256"}), sign=rs256)),
    "ES384 for a key of P-256": _signed(inner(alg="ES384")),
    "jwk in the header": _signed(inner(jwk=OWN)),
    "jku in the header": _signed(inner(jku=URL)),
    "x5u in the header": _signed(inner(x5u=URL)),
    "x5c in the header": _signed(inner(x5c=["MIIB"])),
    "crit": _signed(inner(crit=["exp"], exp=1)),
    "b64 false": _signed(Jws(text({**INNER, "b64": False, "crit": ["b64"]}), payload=b"plain", plain=True)),
    "a member twice, signed": _signed(Jws(text(INNER)[:-1] + b',"aud":"gateway.example/audit"}')),
    "a member twice, sealed": lambda: Jwe(header=_doubled).made(),
    "a key of somebody else": _signed(inner(kid=OPENING.id)),
    "signature of zeros": _signed(Jws(sign=zeros)),
    "signature as DER": _signed(Jws(sign=es256_der)),
    "no signature at all": lambda: Jwe(PLAIN).made(),
    "sealed twice": lambda: Jwe(Jwe().made()).made(),
    "signed for somebody else": _signed(inner(aud="michigan")),
    "signed by somebody else": _signed(inner(iss="michigan")),
    "sealed for somebody else": _sealed(aud="michigan"),
    "another type": _signed(inner(typ="JWT")),
    "time as text": _signed(inner(iat="1764331200")),
    "time without end": _signed(inner(iat=10**30)),
    "zip": _sealed(zip="DEF"),
    "RSA1_5": _sealed(alg="RSA1_5"),
    "dir": _sealed(alg="dir"),
    "PBES2": _sealed(alg="PBES2-HS512+A256KW", p2c=10**9, p2s="AAAA"),
    "direct agreement": lambda: Jwe(changes={"alg": "ECDH-ES"}, direct=True).made(),
    "AES-CBC": _sealed(enc="A256CBC-HS512"),
    "jku for the sealed": _sealed(jku=URL),
    "crit for the sealed": _sealed(crit=["exp"], exp=1),
    "apu and apv": _sealed(apu="AAAA", apv="AAAA"),
    "a point that is on no curve": lambda: Jwe(point={"x": coded(b"\1" * 32).decode()}).made(),
    "a point of another curve": lambda: Jwe(curve=(ec.SECP384R1(), "P-384")).made(),
    "a private key sent along": lambda: Jwe(point={"d": "AAAA"}).made(),
    "tag flipped": _flipped,
    "tag cut": lambda: Jwe(tag=12).made(),
    "padded": lambda: Jwe().made() + b"=",
    "line end": lambda: Jwe().made() + b"\n",
    "another last character": lambda: Jwe().made()[:-1] + b"_",
    "JSON serialization": _json,
    "cut off": lambda: Jwe().made()[:-40],
}
"""What it is -> the message. All but the change is as it should be."""
