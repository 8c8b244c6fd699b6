"""Which algorithms are allowed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gateway.settings.part import Part


class Crypto(Part):
    fips: bool | Literal["required"] = False
    """True: algorithms that NIST approves and no others. ``required``: moreover nothing starts unless every OpenSSL in
    the process says that its FIPS provider is in force (those in wheels of PyPI have none)."""
    certificate: str | None = Field(default=None, pattern=r"^#?[0-9]{1,6}$")
    """Number of the module's validation certificate (CMVP), as the site knows it; told at ``GET /about/crypto``."""

    @property
    def restricted(self) -> bool:
        return bool(self.fips)
