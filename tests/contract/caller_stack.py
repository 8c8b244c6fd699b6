"""Partners with keys and certificates of their own, and what they send: assertions by another JOSE library, message
signatures put together by hand after RFC 9421, requests over TLS. Nothing here uses the code under test to sign."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from email.utils import format_datetime
from functools import cache
from urllib.parse import urlencode

import aiohttp
import trustme
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from jwcrypto import jwk, jwt

from gateway.core.caller import Caller, ClientCertificate, ClientKey, Purpose, Tier
from gateway.core.model import Actor
from gateway.core.ports.callers import Proofs
from gateway.settings import Tls
from gateway.store.engine import open_database
from gateway.store.nonces import StoredNonces
from gateway.tls import server_context
from gateway.web.access import Access
from gateway.web.api.application import api_application
from gateway.web.edge import runner
from gateway.web.limits import Limits
from keys.credentials import PresentedCredentials
from tests.contract.api_stack import IOWA, OHIO, Answer, Stack, partner

FAR = date(2090, 1, 1)
COVERED = ("@method", "@authority", "@target-uri", "date", "x-partner")
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@cache
def authority() -> trustme.CA:
    return trustme.CA(key_type=trustme.KeyType.ECDSA)


@dataclass(frozen=True)
class Identity:
    """A partner's own secrets."""

    name: str
    token_key: ec.EllipticCurvePrivateKey
    message_key: ec.EllipticCurvePrivateKey
    certificate: trustme.LeafCert

    @property
    def der(self) -> bytes:
        pem = self.certificate.cert_chain_pems[0].bytes()
        return x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)

    @property
    def thumbprint(self) -> str:
        return hashlib.sha256(self.der).hexdigest()

    def caller(self, tier: Tier, **changes) -> Caller:
        keys = (
            ClientKey("sign-1", Purpose.SIGNATURE, pem(self.message_key), FAR),
            ClientKey("token-1", Purpose.TOKEN, pem(self.token_key), FAR),
        )
        return replace(Caller(tier, certificates=(ClientCertificate(self.thumbprint, FAR),), keys=keys), **changes)


@cache
def identity(name: str) -> Identity:
    curve = ec.SECP256R1()
    leaf = authority().issue_cert(f"{name}.example", key_type=trustme.KeyType.ECDSA)
    return Identity(name, ec.generate_private_key(curve), ec.generate_private_key(curve), leaf)


def pem(key) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


async def know(stack: Stack, **callers: Caller) -> None:
    """Set how partners prove themselves."""
    keys = {"ohio": OHIO, "iowa": IOWA}
    members = [replace(partner(keys[name]), caller=caller) for name, caller in callers.items()]
    entry = stack.parts.scribe.entry(Actor("operator", "setup"), "partner.applied", "partner:all")
    await stack.parts.partners.apply(members, [], [entry])


@dataclass(frozen=True)
class Door:
    """One process that answers, and its clients."""

    url: str
    address: str
    stack: Stack
    session: aiohttp.ClientSession = field(repr=False)

    async def ask(self, method, path, *, body=None, headers=(), as_=None) -> Answer:
        """A request, over TLS with the certificate of ``as_``."""
        trust = trusting(as_) if self.address.startswith("https") else None
        async with self.session.request(
            method, self.address + path, data=body, headers=headers, ssl=trust or True
        ) as response:
            return Answer(response.status, response.headers, await response.read())

    def assertion(self, who: Identity, *, key=None, algorithm="ES256", header=(), **claims) -> str:
        """A client assertion by jwcrypto; claims given as None are left out."""
        now = int(self.stack.watch().timestamp())
        said = {
            "iss": who.name,
            "sub": who.name,
            "aud": f"{self.url}/oauth/token",
            "iat": now,
            "exp": now + 120,
            "jti": secrets.token_hex(16),
        } | claims
        told = {"alg": algorithm, "kid": "token-1", "typ": "JWT"} | dict(header)
        made = jwt.JWT(
            header=json.dumps({k: v for k, v in told.items() if v is not None}),
            claims=json.dumps({k: v for k, v in said.items() if v is not None}),
        )
        made.make_signed_token(key if isinstance(key, jwk.JWK) else jwk.JWK.from_pyca(key or who.token_key))
        return made.serialize()

    async def token(
        self, who: Identity | None, assertion: str | None = None, *, as_=None, headers=(), **form
    ) -> Answer:
        members = {
            "grant_type": "client_credentials",
            "client_assertion_type": TYPE,
            "client_assertion": assertion if assertion is not None else self.assertion(who),
        } | form
        body = urlencode({name: value for name, value in members.items() if value is not None})
        fields = {"Content-Type": "application/x-www-form-urlencoded"} | dict(headers)
        return await self.ask("POST", "/oauth/token", body=body.encode(), headers=fields, as_=as_)

    def sign(self, who: Identity, method, path, *, body=None, drop=(), key=None, headers=(), **parameters):
        """The header fields of a signed request. ``drop``: components that are left out; ``headers``: more fields,
        covered too; ``parameters``: others than usual, None for none."""
        now = self.stack.watch()
        fields = {"date": format_datetime(now, usegmt=True), "x-partner": who.name} | {
            name.lower(): value for name, value in dict(headers).items()
        }
        if body is not None:
            digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
            fields.setdefault("content-digest", f"sha-256=:{digest}:")
        authority_of = self.url.partition("://")[2]
        values = fields | {"@method": method, "@authority": authority_of, "@target-uri": self.url + path}
        covered = [name for name in values if name not in drop]
        at = int(now.timestamp())
        said = {
            "created": at,
            "expires": at + 60,
            "nonce": secrets.token_hex(16),
            "keyid": "sign-1",
            "tag": "child-support-gateway",
        } | parameters
        listed = " ".join(f'"{name}"' for name in covered)
        params = f"({listed})" + "".join(
            f";{name}={value}" if isinstance(value, int) else f';{name}="{value}"'
            for name, value in said.items()
            if value is not None
        )
        lines = [*(f'"{name}": {values[name]}' for name in covered), f'"@signature-params": {params}']
        signature = raw_signature(key or who.message_key, "\n".join(lines).encode())
        shown = base64.b64encode(signature).decode()
        return fields | {"signature-input": f"sig1={params}", "signature": f"sig1=:{shown}:"}


def raw_signature(key, message: bytes) -> bytes:
    """ECDSA P-256 as RFC 9421, section 3.3.4, has it: r and s."""
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


@cache
def server_files(folder) -> Tls:
    """A certificate for loopback, and the authority whose client certificates are taken."""
    folder.mkdir(exist_ok=True)
    leaf = authority().issue_cert("127.0.0.1", key_type=trustme.KeyType.RSA)
    leaf.private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    authority().cert_pem.write_to_path(folder / "ca.pem")
    return Tls(certificate=folder / "server.pem", key=folder / "server.pem", client_ca=folder / "ca.pem")


def trusting(who: Identity | None) -> ssl.SSLContext:
    return _trusting(None if who is None else who.name)


@cache
def _trusting(name: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority().configure_trust(context)
    if name is not None:
        identity(name).certificate.configure_cert(context)
    return context


@asynccontextmanager
async def door(stack: Stack, tls: Tls | None = None, *, database: str | None = None, nonces=None, **access):
    """A process of the API on the stack's store. ``database``: with connections of its own, as another process has."""
    parts, other = stack.parts, open_database(database) if database else None
    if other is not None or nonces is not None:
        kept = nonces or StoredNonces(other, stack.watch)
        parts = replace(parts, proofs=Proofs(parts.proofs.tokens, PresentedCredentials(), kept))
    asked = Access(**({"url": "https://gateway.example"} | access))
    served = runner(api_application(parts, Limits(), access=asked), Limits(), shutdown_seconds=1)
    await served.setup()
    try:
        context = None if tls is None else server_context(tls, authorities=tls.client_ca)
        await web.TCPSite(served, "127.0.0.1", 0, ssl_context=context).start()
        port = served.addresses[0][1]
        address = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        async with aiohttp.ClientSession() as session:
            yield Door(asked.url or address, address, stack, session)
    finally:
        await served.cleanup()
        if other is not None:
            await other.dispose()
