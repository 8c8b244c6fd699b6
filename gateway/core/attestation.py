"""The attestation with each request to find a person: which records need one, and what one that is given is worth.

Source: 45 CFR 307.13(c), 42 USC 653(l): whoever asks is told what misuse costs, and says for which use it asks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.core.disclosure import CASE_STATUS, asks_registry
from gateway.core.errors import Refused
from gateway.core.model import Facts, Kind, Partner, RuleCode

HEADER = "Gateway-Attestation"
"""Field of the request that names the version of the text."""
_VERSION = re.compile(r"[A-Za-z0-9.-]{1,40}")
OUTDATED = "outdated"
"""What an attestation of another version is weighed as; no version, which has a dot."""
MISSING_RULE, OUTDATED_RULE = RuleCode("LOCATE-ATTESTATION-MISSING"), RuleCode("LOCATE-ATTESTATION-OUTDATED")
_LACKING: Mapping[str, RuleCode] = {"": MISSING_RULE, OUTDATED: OUTDATED_RULE}
_LOCATE, _ASKS = Kind("locate"), "R"
_ADDRESSES = "caseparticipants"
"""The part of a case whose answer tells addresses of its parties."""


@dataclass(frozen=True, slots=True)
class Attestation:
    """The text in force. Its version ends with the beginning of its digest: another text is another version."""

    version: str
    text: str

    def weigh(self, named: str) -> str:
        """What naming a version is worth: the version, :data:`OUTDATED`, or nothing for an empty name."""
        return named if named in ("", self.version) else OUTDATED


NO_TEXT = Attestation("", "")


def named(version: str) -> str:
    """What can be the version of a text. Raises Refused (``attestation-unfit``)."""
    if _VERSION.fullmatch(version) is None:
        raise Refused(f"{HEADER} names one version of the text, once.", code="attestation-unfit")
    return version


def asks_to_locate(facts: Facts) -> bool:
    """Whether a record asks where a person is: a locate request between states, a question to the federal registry or
    locator, a question about the parties of a case."""
    action = (facts.transaction or "")[4:5]
    if facts.kind == _LOCATE:
        return action == _ASKS
    if facts.kind == CASE_STATUS:
        return action == _ASKS and facts.tags.get("data_request") == _ADDRESSES
    return asks_registry(facts)


def lacking(sender: Partner, weighed: str) -> RuleCode | None:
    """The rule by which requests of the sender to find a person are refused; None: they may go."""
    return _LACKING.get(weighed) if sender.attests_each_locate else None


def attested(weighed: str) -> str:
    """The version that was attested; empty: none that counts."""
    return "" if weighed == OUTDATED else weighed
