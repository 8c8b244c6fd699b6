"""Codes of six digits from an authenticator (TOTP, RFC 6238): secrets, pictures of them, checks. Pure."""

from __future__ import annotations

import base64
import hmac
from datetime import datetime

import pyotp
import segno
from markupsafe import Markup

from gateway.core.ids import Random

SECRET_BYTES = 20
"""RFC 4226, section 4: at least 128 bits, 160 recommended."""
STEP = 30
DRIFT = 1
"""Steps before and after now that are still taken (RFC 6238, section 5.2: one for the network and slow fingers)."""
DIGITS = 6


def new_secret(random: Random) -> str:
    """A secret as authenticators take it: 32 characters of base32."""
    return base64.b32encode(random(SECRET_BYTES)).decode()


def address(secret: str, name: str, issuer: str) -> str:
    """The ``otpauth://`` address of the secret."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer)


def picture(address: str) -> Markup:
    """The address as a QR code: SVG without styles, so that the content policy lets it through."""
    drawn = segno.make(address, error="m").svg_inline(
        border=3, dark="#000", light="#fff", svgclass=None, lineclass=None, omitsize=True
    )
    return Markup(drawn)  # noqa: S704 (made of squares; the address is in none of its text)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is; None when it is the code of none near now. Every candidate is compared, in
    constant time each. Whether the step was used before is the caller's question."""
    given = code.replace(" ", "")
    if len(given) != DIGITS or not given.isascii() or not given.isdigit():
        return None
    present = int(now.timestamp()) // STEP
    generator = pyotp.TOTP(secret)
    found = None
    for step in range(present - DRIFT, present + DRIFT + 1):
        if hmac.compare_digest(generator.generate_otp(step), given):
            found = step
    return found
