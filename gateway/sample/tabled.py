"""Synthetic records of files that tables describe: every kind of record in turn, filled as its layout allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from types import MappingProxyType

from gateway.core.catalog import Catalog, LayoutField, Need, Picture
from gateway.core.file_order import FileOrder
from gateway.core.model import Content
from gateway.sample.advice import Advice
from gateway.sample.people import COMPANIES, FAMILY, GIVEN, Address, Chance
from transforms.files_records import OWN, Record, Records
from transforms.layout import codec_of
from transforms.pictures import Codec

_BARE = frozenset({Picture.CONSTANT, Picture.RESERVED, Picture.UNREAD, Picture.COUNT})
_WORDS = ("SYNTHETIC", "SAMPLE", "TEST", "SYN", "X")
_SSN = 9
_FEW = 1, 9
_OWED = 500, 999
"""Whole dollars that are enough for federal offset (45 CFR 303.72(a))."""
_LAST_DAYS = frozenset({"InsuranceCancellationDate", "AvailabilityEndDate"})
_LASTS = timedelta(days=3650)
"""So long after the days of the sample ends what begins on one of them."""
_NO_TIME = timedelta()


Known = Callable[[Chance, Address], tuple[str, ...]]
_KNOWN: Mapping[str, Known] = MappingProxyType(
    {
        "PersonGivenName": lambda chance, _: (chance.dice.choice(GIVEN),),
        "PersonFullName": lambda chance, _: (f"{chance.dice.choice(GIVEN)} {chance.dice.choice(FAMILY)}",),
        "PersonMiddleName": lambda chance, _: (chance.dice.choice("ABCDEFGH"),),
        "PersonSurName": lambda chance, _: (chance.dice.choice(FAMILY),),
        "PersonSSNIdentification": lambda chance, _: (chance.ssn(),),
        "PersonID": lambda chance, _: (f"{chance.dice.randrange(10**9):010d}",),
        "AddressLine1Text": lambda _, address: (address.line,),
        "AddressCityName": lambda _, address: (address.city,),
        "AddressStateCode": lambda _, address: (address.state,),
        "SubmittingStateCode": lambda _, address: (address.state,),
        "ReceivingStateCode": lambda _, address: (address.state,),
        "AddressPostalCode": lambda _, address: (address.postal_code,),
        "EmployerName": lambda chance, _: (chance.dice.choice(COMPANIES), "ACME"),
    }
)
"""What is a text by the last step of its path."""


@dataclass(frozen=True, slots=True)
class _Filling:
    """A field, with what of it is the same in every record."""

    field: LayoutField
    blank: str
    codec: Codec | None
    """None for a field that always holds the same."""
    coded: tuple[str, ...] | None
    """Its codes as they are written; None for a field without codes."""


class Tabled:
    """Makes the records of one file. What header and group records say is the same in all of them."""

    def __init__(self, catalog: Catalog, order: FileOrder, seed: int) -> None:
        self._catalog = catalog
        self._kind = order.kind
        self._given = order.given
        self._advice = Advice.of(catalog, order.kind, order.name)
        self._records = Records(catalog, order)
        self._details = [one for one in self._records.all if one.name in self._records.details]
        self._fillings = {
            one.name: tuple(self._filling(field) for field in one.compiled.layout.fields) for one in self._records.all
        }
        around = Chance(Random(f"{seed}/around"))  # noqa: S311 - a sample is no secret
        self._around: dict[str, str] = {}
        for one in (self._records.header, self._records.group):
            if one is not None:
                self._around |= self._values(one, around)

    def content(self, chance: Chance, number: int) -> Content:
        """The record of a number, 1-based."""
        detail = self._details[(number - 1) % len(self._details)]
        fields = self._advice.followed({**self._given, **self._around, **self._values(detail, chance)})
        ranks = self._records.ranks
        return Content(self._kind, {path: fields[path] for path in sorted(fields, key=ranks.__getitem__)})

    def _values(self, record: Record, chance: Chance) -> dict[str, str]:
        address = chance.address()
        text = list("".join(_text(filling, chance, address) for filling in self._fillings[record.name]))
        for mark in record.record.marks:
            for place, character in enumerate(mark.text, mark.start - 1):
                text[place] = character if character != "?" else text[place].replace(" ", "0")
        values: dict[str, str] = {}
        record.read("".join(text), values)
        return {path: value for path, value in values.items() if not path.startswith(OWN)}

    def _filling(self, field: LayoutField) -> _Filling:
        blank = " " * field.length
        if field.picture in _BARE:
            return _Filling(field, (field.constant if field.picture is Picture.CONSTANT else None) or blank, None, None)
        if field.path in self._advice.asked:
            field = replace(field, required=Need.REQUIRED)
        codec = codec_of(field)
        codes = sorted(self._catalog.codes[field.codes].codes) if field.codes else ()
        texts = (codec.write(code, field.length) for code in codes)
        coded = tuple(text for text in texts if text is not None) if codes else None
        return _Filling(field, blank, codec, coded)


def _text(filling: _Filling, chance: Chance, address: Address) -> str:
    """A valid text of a field over its length; blank where it is not required and nothing sensible is known."""
    if filling.codec is None:
        return filling.blank
    if filling.coded is not None:
        return chance.dice.choice(filling.coded) if filling.coded else filling.blank
    written = (
        filling.codec.write(value, filling.field.length) for value in _candidates(filling.field, chance, address)
    )
    return next((text for text in written if text is not None), filling.blank)


def _candidates(field: LayoutField, chance: Chance, address: Address) -> Iterable[str]:
    """Canonical values that a field may have, the likeliest first; the first that its picture can write is taken."""
    made: tuple[str, ...] = ()
    match field.picture:
        case Picture.FLAG:
            made = (chance.dice.choice("YN"),)
        case Picture.DIGITS:
            made = _digits(field, chance, address)
        case Picture.TEXT:
            made = _words(field, chance, address)
        case Picture.PERSON_NAME:
            made = (f"{chance.dice.choice(FAMILY)}, {chance.dice.choice(GIVEN)}",)
        case Picture.TIME:
            made = ("07:15:00",)
        case Picture.NUMBER | Picture.ZONED | Picture.PACKED:
            made = (str(chance.dice.randint(*(_OWED if (field.path or "").endswith("Amount") else _FEW))),)
        case Picture.CENTS | Picture.ZONED_CENTS | Picture.MONEY:
            made = (chance.amount(1, 99), "1.00", "0.01")
        case _:
            day = chance.day() + (_LASTS if (field.path or "").rpartition("/")[2] in _LAST_DAYS else _NO_TIME)
            made = (day.isoformat(), day.isoformat()[:7], f"{day.year}-Q{(day.month + 2) // 3}")
    return made


def _digits(field: LayoutField, chance: Chance, address: Address) -> tuple[str, ...]:
    called = f"{field.name} {field.path}".lower()
    if "ssn" in called and field.length == _SSN:
        return (chance.ssn(),)
    if "zip" in called or "postal" in called:
        return (address.postal_code,)
    if called.endswith("personid"):
        return (f"{chance.dice.randrange(10**9):010d}",)
    if field.required is not Need.REQUIRED:
        return ()
    return ("9" + "".join(chance.dice.choices("0123456789", k=field.length - 1)),)


def _words(field: LayoutField, chance: Chance, address: Address) -> tuple[str, ...]:
    tail = (field.path or "").rpartition("/")[2]
    if tail in _KNOWN:
        return _KNOWN[tail](chance, address)
    if field.required is not Need.REQUIRED:
        return ()
    return (chance.ssn(),) if "SSN" in tail else _WORDS
