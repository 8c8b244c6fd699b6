"""Which policies are in force, and who signed them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from gateway.core.policy import Policy
from gateway.core.retention import Schedule

NOBODY = "nobody"


class Edition(NamedTuple):
    """A policy as it is told of: its version, and the SHA-256 of its files in hex."""

    version: str
    digest: str


Editions = Mapping[str, Edition]
"""By the name of the policy: ``disclosure``, ``retention``."""


@dataclass(frozen=True, slots=True)
class Policies:
    disclosure: Policy
    retention: Schedule
    signed_by: tuple[str, ...] = ()
    """Names of the keys whose signatures were asked for and hold; empty: nobody has to sign."""

    @property
    def editions(self) -> Editions:
        return {
            "disclosure": Edition(self.disclosure.version, self.disclosure.digest),
            "retention": Edition(self.retention.version, self.retention.digest),
        }

    @property
    def signers(self) -> str:
        """Their names, which hold no spaces, or ``nobody``."""
        return " ".join(self.signed_by) or NOBODY
