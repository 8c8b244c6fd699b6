"""Passkeys (WebAuthn): what the browser is asked and how its answer is checked. The library does the ceremony."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import base64url_to_bytes, parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from gateway.core.errors import Forbidden
from gateway.core.ports.accounts import Session

NAME = "Child support gateway"
LONGEST_ANSWER = 16 * 1024
"""Bytes of a browser's answer; real ones have about one thousand."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A new passkey: its id, its public key (COSE), its signature count."""

    credential: bytes
    public_key: bytes
    count: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where the console is reached: the origin that browsers must report (scheme, host, port)."""

    origin: str

    @property
    def host(self) -> str:
        """The relying party id: the host alone."""
        return urlsplit(self.origin).hostname or ""


def challenge(session: Session, purpose: str) -> bytes:
    """What the authenticator signs: bound to this session, which is replaced when the answer is taken, so each is good
    once."""
    return hashlib.sha256(f"{purpose}\n{session.csrf}".encode()).digest()


def enrolment_options(place: Place, session: Session, taken: Sequence[bytes]) -> str:
    """What the browser is asked to make a passkey, as JSON."""
    options = webauthn.generate_registration_options(
        rp_id=place.host,
        rp_name=NAME,
        user_name=session.operator,
        user_id=hashlib.sha256(session.operator.encode()).digest(),
        challenge=challenge(session, "enrol"),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in taken],
    )
    return webauthn.options_to_json(options)


def enrolled(place: Place, session: Session, answer: str) -> Enrolled:
    """The passkey of the browser's answer. Raises Forbidden."""
    try:
        found = webauthn.verify_registration_response(
            credential=_bounded(answer),
            expected_challenge=challenge(session, "enrol"),
            expected_rp_id=place.host,
            expected_origin=place.origin,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise Forbidden("The passkey was not accepted.", code="factor-wrong") from error
    return Enrolled(found.credential_id, found.credential_public_key, found.sign_count)


def proof_options(place: Place, session: Session, credentials: Sequence[bytes]) -> str:
    """What the browser is asked to show one of the passkeys, as JSON."""
    options = webauthn.generate_authentication_options(
        rp_id=place.host,
        challenge=challenge(session, "prove"),
        allow_credentials=[PublicKeyCredentialDescriptor(id=one) for one in credentials],
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return webauthn.options_to_json(options)


def shown_credential(answer: str) -> bytes:
    """Which passkey an answer claims to be. Raises Forbidden."""
    try:
        return base64url_to_bytes(parse_authentication_credential_json(_bounded(answer)).id)
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise Forbidden("The passkey was not accepted.", code="factor-wrong") from error


def proven_count(place: Place, session: Session, answer: str, public_key: bytes, count: int) -> int:
    """The new signature count when the answer was signed with the key for this session. Raises Forbidden."""
    try:
        found = webauthn.verify_authentication_response(
            credential=_bounded(answer),
            expected_challenge=challenge(session, "prove"),
            expected_rp_id=place.host,
            expected_origin=place.origin,
            credential_public_key=public_key,
            credential_current_sign_count=count,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise Forbidden("The passkey was not accepted.", code="factor-wrong") from error
    return found.new_sign_count


def _bounded(answer: str) -> str:
    if len(answer) > LONGEST_ANSWER:
        raise Forbidden("The passkey was not accepted.", code="factor-wrong")
    return answer
