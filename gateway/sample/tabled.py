"""Synthetic records of files that tables describe: every kind of record in turn, filled as its layout allows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from random import Random

from gateway.core.catalog import Catalog, LayoutField, Need, Picture
from gateway.core.file_order import FileOrder
from gateway.core.model import Content
from gateway.sample.advice import Advice
from gateway.sample.people import COMPANIES, FAMILY, GIVEN, Address, Chance
from transforms.files_records import OWN, Record, Records
from transforms.layout import codec_of

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


class Tabled:
    """Makes the records of one file. What header and group records say is the same in all of them."""

    def __init__(self, catalog: Catalog, order: FileOrder, seed: int) -> None:
        self._catalog = catalog
        self._kind = order.kind
        self._given = order.given
        self._advice = Advice.of(catalog, order.kind, order.name)
        self._records = Records(catalog, order)
        self._details = [one for one in self._records.all if one.name in self._records.details]
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
        layout = record.compiled.layout
        address = chance.address()
        text = list("".join(self._text(field, chance, address) for field in layout.fields))
        for mark in record.record.marks:
            for place, character in enumerate(mark.text, mark.start - 1):
                text[place] = character if character != "?" else text[place].replace(" ", "0")
        values: dict[str, str] = {}
        record.read("".join(text), values)
        return {path: value for path, value in values.items() if not path.startswith(OWN)}

    def _text(self, field: LayoutField, chance: Chance, address: Address) -> str:
        """A valid text of a field over its length; blank where it is not required and nothing sensible is known."""
        blank = " " * field.length
        if field.path in self._advice.asked:
            field = replace(field, required=Need.REQUIRED)
        if field.picture in _BARE:
            return (field.constant if field.picture is Picture.CONSTANT else None) or blank
        codes = self._catalog.codes[field.codes].codes if field.codes else ()
        candidates = sorted(codes) if codes else _candidates(field, chance, address)
        write = codec_of(field).write
        fitting = [text for text in (write(value, field.length) for value in candidates) if text is not None]
        return chance.dice.choice(fitting) if codes and fitting else next(iter(fitting), blank)


def _candidates(field: LayoutField, chance: Chance, address: Address) -> Iterable[str]:
    """Canonical values that a field may have, the likeliest first; the first that its picture can write is taken."""
    day = chance.day() + (_LASTS if (field.path or "").rpartition("/")[2] in _LAST_DAYS else _NO_TIME)
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
    known = {
        "PersonGivenName": (chance.dice.choice(GIVEN),),
        "PersonFullName": (f"{chance.dice.choice(GIVEN)} {chance.dice.choice(FAMILY)}",),
        "PersonMiddleName": (chance.dice.choice("ABCDEFGH"),),
        "PersonSurName": (chance.dice.choice(FAMILY),),
        "PersonSSNIdentification": (chance.ssn(),),
        "PersonID": (f"{chance.dice.randrange(10**9):010d}",),
        "AddressLine1Text": (address.line,),
        "AddressCityName": (address.city,),
        "AddressStateCode": (address.state,),
        "SubmittingStateCode": (address.state,),
        "ReceivingStateCode": (address.state,),
        "AddressPostalCode": (address.postal_code,),
        "EmployerName": (chance.dice.choice(COMPANIES), "ACME"),
    }.get(tail, ())
    if known or field.required is not Need.REQUIRED:
        return known
    return (chance.ssn(),) if "SSN" in tail else _WORDS
