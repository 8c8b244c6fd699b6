"""Synthetic records about money: persons to match with accounts, and support payments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from gateway.core.model import Content, Kind
from gateway.sample.people import COMPANIES, Chance, Person

ASSET_INQUIRY, WITHHOLDING_PAYMENT = Kind("asset-inquiry"), Kind("withholding-payment")
OHIO = "39049"
_BANK = "990000013"
"""A routing number with its check digit, of a range that is not given out."""
_SHORT, _FIRST = 7, 3
"""Letters of the last and of the first name in DED07."""


def asset_inquiry(chance: Chance, number: int) -> Content:
    person = chance.adult()
    fields = {
        "PersonSSNIdentification": person.ssn,
        "PersonName/PersonGivenName": person.given,
        "PersonName/PersonSurName": person.family,
        "CaseID": f"SYN{number:09d}",
        "FIPSPassBackCode": OHIO,
    }
    return Content(ASSET_INQUIRY, fields)


def withholding_payment(chance: Chance, number: int) -> Content:
    """An employer's payment with the entry that carries it."""
    person, amount, day = chance.adult(), chance.amount(20, 900), chance.day().isoformat()
    trace = f"{number % 10**7:07d}"
    fields = {
        "TransmitterID": chance.fein(),
        "Payment/ApplicationCode": "CS",
        "Payment/RemittanceID": f"SYN{number:09d}",
        "Payment/PayDate": day,
        "Payment/PaymentAmount": amount,
        "Payment/PersonSSNIdentification": person.ssn,
        "Payment/MedicalSupportCode": chance.dice.choice("YN"),
        "Payment/ObligorShortName": short_name(person),
        "Payment/FIPSCode": OHIO,
        "Entry/SequenceNumber": f"{number:09d}",
        "Entry/CompanyName": chance.dice.choice(COMPANIES)[:16],
        "Entry/CompanyIdentificationCode": "1",
        "Entry/CompanyID": chance.fein(),
        "Entry/CompanyEntryText": "CHILD SUP",
        "Entry/EffectiveEntryDate": day,
        "Entry/OriginatingInstitutionID": _BANK[:-1],
        "Entry/TransactionCode": "22",
        "Entry/AccountNumber": f"9{number:012d}",
        "Entry/TransmittalAmount": amount,
        "Entry/ReceivingCompanyName": "SAMPLE DISBURSEMENT",
        "Entry/TraceNumber": f"{_BANK[:-1]}{trace}",
        "Entry/EntryDetailSequenceNumber": trace,
        "Entry/EntryClassCode": "CCD",
        "Entry/ReceivingInstitutionID": _BANK,
        "PaymentFile/DestinationID": _BANK,
        "PaymentFile/OriginID": "990000001",
    }
    return Content(WITHHOLDING_PAYMENT, {path: value.rstrip(" ") for path, value in fields.items()})


def short_name(person: Person) -> str:
    """As DED07 has it: a comma stands between when the last name has fewer than seven letters."""
    comma = "," if len(person.family) < _SHORT else ""
    return f"{person.family[:_SHORT]}{comma}{person.given[:_FIRST]}"


MAKERS: Mapping[Kind, Callable[[Chance, int], Content]] = MappingProxyType(
    {ASSET_INQUIRY: asset_inquiry, WITHHOLDING_PAYMENT: withholding_payment}
)
