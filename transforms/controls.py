"""What the header, the group record and the trailer of a file say about it: filled in on writing, checked on reading.

A source is one of the texts below. ``count`` sources may name several ways of counting (``details or all``) where no
source tells whether header and trailer count: any of them is accepted on reading, the first is written.

===========================  ====================================================================
``created``                  day of the delivery
``created-year``             its year, two digits
``created-month``            its month
``created-time``             its time of day
``number``                   running number of the delivery, from its lowest digits
``control-number``           a number for the file that is never used twice
``control-number-of-group``  the same for the group
``sender-state``             number of the sending state
``text:...``                 always this
``details``                  details of the file
``all``                      all records of the file
``group``                    details of the group
``groups``                   groups of the file
``zero``                     nothing, as zeros: a count that this file never has
``count:LAYOUT``             records of that layout
``sum:FIELD``                that amount of the details, added up
``part:...``                 with the other fields of the same source adds up to it; read only
``noted``                    blank; on reading it is told when it is filled
===========================  ====================================================================
"""

from __future__ import annotations

from base64 import b32encode
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256

from gateway.core.catalog import LayoutField
from gateway.core.model import Partner, Role
from gateway.core.ports.formats import Cover
from transforms.layout import codec_of

_STATE_LENGTH, _TRIBE_LENGTH = 2, 5
_SEQUENCE_LENGTH = 5
_SUM, _COUNT, _TEXT, _PART = "sum:", "count:", "text:", "part:"
_CHECKED = ("details", "all", "group", "zero", _COUNT, _SUM)
NOTED = "noted"


@dataclass(slots=True)
class Tally:
    """What is counted while a file is read or written."""

    details: int = 0
    all: int = 0
    group: int = 0
    """Details of the present group."""
    groups: int = 0
    """Groups begun so far."""
    layouts: Counter[str] = field(default_factory=Counter)
    sums: dict[str, Decimal] = field(default_factory=dict)

    def expected(self, source: str) -> tuple[str, ...]:
        """The values that a checked source may have, as canonical numbers."""
        if source.startswith(_SUM):
            return (f"{self.sums.get(source[len(_SUM) :], Decimal()):.2f}",)
        return tuple(str(self._count(one)) for one in source.split(" or "))

    def _count(self, source: str) -> int:
        if source.startswith(_COUNT):
            return self.layouts[source[len(_COUNT) :]]
        counts = {"details": self.details, "all": self.all, "group": self.group, "groups": self.groups}
        return counts.get(source, 0)


def is_checked(source: str) -> bool:
    """Whether reading compares the field with what was counted."""
    return source.startswith(_CHECKED)


def summed_field(source: str) -> str | None:
    """The field that a source adds up."""
    source = total_of(source) or source
    return source[len(_SUM) :] if source.startswith(_SUM) else None


def total_of(source: str) -> str | None:
    """The source that a field is a part of."""
    return source[len(_PART) :] if source.startswith(_PART) else None


def filled(source: str, field_: LayoutField, cover: Cover, tally: Tally) -> str | None:
    """The canonical value to write; None leaves the field blank."""
    if is_checked(source):
        (value, *_) = tally.expected(source)
        return value if source.startswith(_SUM) else _digits(field_, value)
    if source.startswith(_TEXT):
        return source[len(_TEXT) :]
    return {
        NOTED: None,
        "created": cover.created_at.date().isoformat(),
        "created-year": f"{cover.created_at.year % 100:02d}",
        "created-time": f"{cover.created_at:%H:%M:%S}",
        "created-month": f"{cover.created_at:%Y-%m}",
        "number": f"{cover.number % 10**field_.length:0{field_.length}d}",
        "sender-state": state_number(cover.sender),
        "control-number": _control_number(cover, 0, field_.length),
        "control-number-of-group": _control_number(cover, tally.groups, field_.length),
    }[source]


def _digits(field_: LayoutField, value: str) -> str:
    """A count in the form that the field's picture wants."""
    found = codec_of(field_).write(value.zfill(field_.length), field_.length)
    return value.zfill(field_.length) if found is not None else value


def _control_number(cover: Cover, sequence: int, length: int) -> str:
    """The sender's five digits, a digest of the delivery, and which group of it: of 22 characters, 12 are the digest
    (60 bits). Running numbers count for each recipient, so they alone would come twice."""
    head = _five_digits(cover.sender)
    delivery = f"{cover.sender.key}/{cover.recipient.key}/{cover.number}/{cover.created_at.isoformat()}"
    digest = b32encode(sha256(delivery.encode()).digest()).decode()
    return f"{head}{digest[: length - len(head) - _SEQUENCE_LENGTH]}{sequence:0{_SEQUENCE_LENGTH}d}"


def _five_digits(sender: Partner) -> str:
    """The number of a state or a tribe with five digits; zeros for anybody else."""
    if state := state_number(sender):
        return state.ljust(_TRIBE_LENGTH, "0")
    return min((one for one in sender.locators if len(one) == _TRIBE_LENGTH and one.isdecimal()), default="00000")


def state_number(sender: Partner) -> str | None:
    """The number of a state."""
    states = sorted(locator for locator in sender.locators if len(locator) == _STATE_LENGTH)
    return states[0] if sender.role is Role.STATE and states else None
