"""Whether a record names somebody of the surname of whoever opens it: looking up one's own family is misuse that has to
be seen (42 USC 654a(d)(3), 45 CFR 307.13(b)). Names lie sealed, so it is asked while they are open."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from gateway.core.labels import Label
from gateway.core.model import Content
from gateway.core.ports.keys import Sealer
from gateway.core.reading_review import OwnName

LONGEST = 80
"""Characters of a surname."""
PERSONS = frozenset(
    {
        *("PersonSurName", "PersonMaidenName", "PersonMaidenSurName", "PersonFullName", "ParentNameText"),
        *("FatherSurName", "FederalOffsetLastName", "MatchAccountName", "OtherAccountName", "TaxpayerNamesText"),
        *("OtherName", "SecondName", "ReturnedNameText", "ObligorShortName", "DisbursementRecipientName"),
    }
)
"""Elements that hold a person's surname, alone or within the whole name; a test compares them with all schemas."""
_WORDS = re.compile(r"[^\W\d_]+")
_WITHIN = re.compile("['`\u2019\u00b4\u02bc]")
"""Apostrophes: O'Brien is OBrien."""
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i"})
"""Letters that Unicode does not take apart."""


def is_surname(text: str) -> bool:
    """Whether there are letters in it, and not too much else."""
    return len(text) <= LONGEST and text.isprintable() and bool(folded(text))


def folded(name: str) -> tuple[str, ...]:
    """The words of a name without case, accents, hyphens and apostrophes."""
    plain = unicodedata.normalize("NFKD", name).casefold().translate(_LETTERS)
    plain = _WITHIN.sub("", unicodedata.normalize("NFKD", plain))
    return tuple(_WORDS.findall("".join(one for one in plain if not unicodedata.combining(one))))


def meets(own: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether two folded names are one, or one is a part of the other: ``garcia`` of ``garcia lopez``, ``mc donald`` of
    ``john mcdonald``."""
    short, long = sorted((own, other), key=len)
    if not short:
        return False
    within = any(long[place : place + len(short)] == short for place in range(len(long) - len(short) + 1))
    return within or "".join(own) in ("".join(other), *other) or "".join(other) in own


def own_name(contents: Iterable[Content], surname: str | None) -> OwnName:
    """Whether one of the contents names somebody with the surname."""
    if surname is None:
        return OwnName.UNKNOWN
    own = folded(surname)
    named = (text for content in contents for path, text in content.fields.items() if _leaf(path) in PERSONS)
    return OwnName.YES if any(meets(own, folded(text)) for text in named) else OwnName.NO


def _leaf(path: str) -> str:
    return path.rpartition("/")[2].partition("[")[0]


# --- how an account keeps it ------------------------------------------------------------------------------------------


def seal_surname(sealer: Sealer, operator: str, surname: str) -> bytes:
    return sealer.seal(Label.RECORDS, _context(operator), surname.encode())


def open_surname(sealer: Sealer, operator: str, sealed: bytes | None) -> str | None:
    """None for an account without one. Raises Tampered, and Unavailable when the key is not at hand."""
    return None if sealed is None else sealer.open(Label.RECORDS, _context(operator), sealed).decode()


def _context(operator: str) -> str:
    return f"operators.sealed_surname:{operator}"
