"""Which algorithms NIST approves for what: the table that ``crypto.fips`` goes by. What is not in it is not approved.

Sources: FIPS 180-4, 186-5, 197, 198-1, 203, 204; SP 800-52 revision 2; SP 800-56A revision 3; SP 800-56B revision 2;
SP 800-56C revision 2; SP 800-131A revision 2; SP 800-132; SP 800-227. The numbers of sections were not compared with
the texts, and the security policy of a site's module has the last word.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from gateway.core.errors import Misconfigured

CODE = "not-approved"
LEAST_RSA_BITS = 2048
"""SP 800-131A revision 2, table 2."""


class Place(StrEnum):
    """Where an algorithm is used."""

    TLS_SUITE = "TLS cipher suite"
    TLS_GROUP = "TLS group"
    SSH_EXCHANGE = "SSH key exchange"
    SSH_CIPHER = "SSH cipher"
    SSH_MAC = "SSH MAC"
    SSH_SIGNATURE = "SSH host or client key"
    PASSWORD = "operators' passwords"  # noqa: S105 - a place, not a secret
    KEY_FILE = "key file"
    PAYLOAD = "wire profile"
    KEY = "wire key"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class Judged:
    """One algorithm at one place."""

    place: Place
    name: str
    approved: bool
    source: str
    instead: str = ""
    """What to choose; only where it is not approved."""


_GCM, _NO_CHACHA = "FIPS 197, SP 800-38D", "no FIPS or SP: RFC 8439"
_AGREE, _NO_25519 = "SP 800-56A revision 3, appendix D", "not in SP 800-56A revision 3: RFC 7748"
_SHA_1 = "SP 800-131A revision 2, section 9"
_AES, _SHA_2, _P256 = "aes256-gcm@openssh.com", "hmac-sha2-256-etm@openssh.com", "ecdh-sha2-nistp256"


def _fine(place: Place, source: str, *names: str) -> tuple[Judged, ...]:
    return tuple(Judged(place, name, approved=True, source=source) for name in names)


def _unfit(place: Place, source: str, instead: str, *names: str) -> tuple[Judged, ...]:
    return tuple(Judged(place, name, approved=False, source=source, instead=instead) for name in names)


TABLE: tuple[Judged, ...] = (
    *_fine(Place.TLS_SUITE, f"SP 800-52 revision 2, section 3.3.1.1; {_GCM}", "TLS_AES_256_GCM_SHA384"),
    *_fine(Place.TLS_SUITE, f"SP 800-52 revision 2, section 3.3.1.1; {_GCM}", "TLS_AES_128_GCM_SHA256"),
    *_fine(
        Place.TLS_SUITE,
        f"SP 800-52 revision 2, section 3.3.1.1; {_GCM}",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
    ),
    *_unfit(
        Place.TLS_SUITE,
        _NO_CHACHA,
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-CHACHA20-POLY1305",
    ),
    *_unfit(Place.TLS_SUITE, "SP 800-131A revision 2, section 6", "ECDHE-RSA-AES256-GCM-SHA384", "AES256-GCM-SHA384"),
    *_unfit(Place.TLS_SUITE, "SP 800-131A revision 2, section 2", "ECDHE-RSA-AES256-GCM-SHA384", "DES-CBC3-SHA"),
    *_fine(Place.TLS_GROUP, _AGREE, "prime256v1", "secp384r1", "secp521r1"),
    *_unfit(Place.TLS_GROUP, _NO_25519, "prime256v1", "X25519", "X448"),
    *_fine(Place.SSH_EXCHANGE, _AGREE, _P256, "ecdh-sha2-nistp384", "ecdh-sha2-nistp521"),
    *_fine(
        Place.SSH_EXCHANGE,
        _AGREE,
        "diffie-hellman-group14-sha256",
        "diffie-hellman-group16-sha512",
        "diffie-hellman-group18-sha512",
    ),
    *_unfit(Place.SSH_EXCHANGE, _NO_25519, _P256, "curve25519-sha256", "curve25519-sha256@libssh.org"),
    *_unfit(Place.SSH_EXCHANGE, _SHA_1, _P256, "diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1"),
    *_fine(Place.SSH_CIPHER, _GCM, _AES, "aes128-gcm@openssh.com"),
    *_fine(Place.SSH_CIPHER, "FIPS 197, SP 800-38A", "aes256-ctr", "aes192-ctr", "aes128-ctr"),
    *_unfit(Place.SSH_CIPHER, _NO_CHACHA, _AES, "chacha20-poly1305@openssh.com"),
    *_unfit(Place.SSH_CIPHER, "SP 800-131A revision 2, section 2", _AES, "3des-cbc", "blowfish-cbc", "arcfour256"),
    *_fine(Place.SSH_MAC, "FIPS 198-1, FIPS 180-4", _SHA_2, "hmac-sha2-512-etm@openssh.com"),
    *_fine(Place.SSH_MAC, "FIPS 198-1, FIPS 180-4", "hmac-sha2-256", "hmac-sha2-512"),
    *_unfit(Place.SSH_MAC, "to end in 2030; refused here already", _SHA_2, "hmac-sha1", "hmac-sha1-etm@openssh.com"),
    *_unfit(Place.SSH_MAC, "no FIPS or SP", _SHA_2, "hmac-md5", "umac-64@openssh.com", "umac-128-etm@openssh.com"),
    *_fine(Place.SSH_SIGNATURE, "FIPS 186-5", "ssh-ed25519", "rsa-sha2-512", "rsa-sha2-256"),
    *_fine(Place.SSH_SIGNATURE, "FIPS 186-5", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    *_unfit(Place.SSH_SIGNATURE, _SHA_1, "rsa-sha2-512", "ssh-rsa"),
    *_unfit(Place.SSH_SIGNATURE, "withdrawn by FIPS 186-5", "ssh-ed25519", "ssh-dss"),
    *_fine(Place.PASSWORD, "SP 800-132, FIPS 198-1", "pbkdf2-sha256"),
    *_unfit(
        Place.PASSWORD, "no FIPS or SP: RFC 9106", "a new password (gateway operator add), or a provider", "argon2id"
    ),
    *_fine(Place.KEY_FILE, "SP 800-132, FIPS 198-1", "pbkdf2-sha256"),
    *_fine(Place.KEY_FILE, "without a passphrase: the host protects the file", "none"),
    *_unfit(Place.KEY_FILE, "no FIPS or SP: RFC 9106", "gateway keys convert", "argon2id"),
    *_fine(Place.PAYLOAD, "protected by TLS alone, and only where an agreement allows it", "none"),
    *_fine(Place.PAYLOAD, "SP 800-56A revision 3, SP 800-38F, FIPS 186-5", "jose"),
    *_fine(Place.PAYLOAD, "SP 800-56A and 56B, SP 800-38D, FIPS 186-5", "cms"),
    *_fine(Place.PAYLOAD, "SP 800-56A and 56B, SP 800-38A, FIPS 186-5", "cms-cbc"),
    *_fine(Place.PAYLOAD, "FIPS 203, FIPS 204, SP 800-56A; both shares combined as SP 800-227 allows", "hpke-pq"),
    *_fine(Place.KEY, "FIPS 186-5, SP 800-56A and 56B", "P-256", "P-384", "RSA"),
    *_fine(Place.KEY, "FIPS 204", "ML-DSA-65"),
    *_fine(Place.KEY, "FIPS 203, SP 800-227", "MLKEM1024-P384"),
    *_unfit(Place.KEY, _NO_25519, "P-256", "X25519"),
    *_fine(Place.SIGNATURE, "FIPS 186-5", "ES256", "ES384", "PS256", "RS256", "EdDSA"),
    *_unfit(Place.SIGNATURE, _SHA_1, "ES256", "RS1"),
)
_BY_NAME = {(one.place, one.name): one for one in TABLE}


def is_approved(place: Place, name: str) -> bool:
    """Whether the table says so; what it does not know is not approved."""
    found = _BY_NAME.get((place, name))
    return found is not None and found.approved


def approved(place: Place) -> tuple[str, ...]:
    """The approved names of a place, the preferred one first."""
    return tuple(one.name for one in TABLE if one.place is place and one.approved)


@dataclass(frozen=True, slots=True)
class Used:
    """What a configuration would use or accept."""

    by: str
    """The setting or the part of a partner's file: ``keys.passphrase``, ``partner ohio, endpoint.host_key``."""
    place: Place
    name: str


def refuse_unapproved(uses: Iterable[Used]) -> None:
    """Raises Misconfigured (``not-approved``) that names every use that is not approved and what to choose instead."""
    said = [_said(one) for one in uses if not is_approved(one.place, one.name)]
    if said:
        raise Misconfigured(f"crypto.fips allows approved algorithms only. {'; '.join(said)}.", code=CODE)


def _said(used: Used) -> str:
    found = _BY_NAME.get((used.place, used.name))
    instead = found.instead if found is not None else approved(used.place)[0]
    return f"{used.by}: {used.name} ({used.place}) is not approved; use {instead}"
