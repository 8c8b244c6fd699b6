"""What the disclosure guard must know of a record, and nothing of a person: kept beside the sealed body, so that it is
known again when the record is sent, whatever formats and bridges it crossed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache

from gateway.core.model import Kind

_TELLS, _VIOLENCE, _FINDING, _BEYOND, _ASKS = "tells", "family-violence", "nondisclosure", "beyond", "asks"
_TURNS = "danger-change"
_VERIFIED = "verified:"
_SIDE, _FOR = "side:", "for:"


@dataclass(frozen=True, slots=True)
class Bearing:
    """Labels say where the values of the record come from; every one of them must be allowed."""

    kind: Kind
    labels: frozenset[str]
    tells: bool = False
    """It says what was found about a person, more than was asked."""
    family_violence: bool = False
    nondisclosure: bool = False
    beyond: bool = False
    """It says more of a person than an address and a place of employment."""
    asks: bool = False
    """It asks the federal parent locator service for somebody."""
    side: str = ""
    """Type of the document, for kinds of which each side gets its own."""
    purpose: str = ""
    """The purpose that the record itself names; empty: its agreement's counts."""
    turns: bool = False
    """It turns a mark of danger on or off at a registry that the law tells of it."""
    verified: str = ""
    """Which second source confirmed what it says, and when (``EMPL:2026-03-05``; 45 CFR 303.21(a)(2))."""

    _words: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_words", self._written())  # once: every record asks for it

    def text(self) -> str:
        """One line of words, for the store: labels in capitals, the rest in small letters."""
        return self._words

    def _written(self) -> str:
        flags = ((self.tells, _TELLS), (self.family_violence, _VIOLENCE), (self.nondisclosure, _FINDING))
        further = ((self.beyond, _BEYOND), (self.asks, _ASKS), (self.turns, _TURNS))
        words = [*sorted(self.labels), *(word for holds, word in (*flags, *further) if holds)]
        if self.side:
            words.append(_SIDE + self.side)
        if self.purpose:
            words.append(_FOR + self.purpose)
        if self.verified:
            words.append(_VERIFIED + self.verified)
        return " ".join(words)

    def joined(self, other: Bearing) -> Bearing:
        """Both in one, as the kind of ``other``: of two the more restrictive wins in everything."""
        return replace(
            other,
            labels=self.labels | other.labels,
            tells=self.tells or other.tells,
            family_violence=self.family_violence or other.family_violence,
            nondisclosure=self.nondisclosure or other.nondisclosure,
            beyond=self.beyond or other.beyond,
            asks=self.asks or other.asks,
            purpose=self.purpose or other.purpose,
            turns=self.turns or other.turns,
            verified=self.verified if self.verified == other.verified else "",
        )


@lru_cache(maxsize=1_000)
def bearing_from(kind: Kind, text: str) -> Bearing:
    """The bearing that :meth:`Bearing.text` wrote."""
    words = text.split()
    return Bearing(
        kind=kind,
        labels=frozenset(word for word in words if word.isupper()),
        tells=_TELLS in words,
        family_violence=_VIOLENCE in words,
        nondisclosure=_FINDING in words,
        beyond=_BEYOND in words,
        asks=_ASKS in words,
        side=_after(_SIDE, words),
        purpose=_after(_FOR, words),
        turns=_TURNS in words,
        verified=_after(_VERIFIED, words),
    )


def _after(prefix: str, words: list[str]) -> str:
    return next((word.removeprefix(prefix) for word in words if word.startswith(prefix)), "")
