"""Answers that follow from a CSENet transaction alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from gateway.core.errors import Unprocessable
from gateway.core.model import Content, Kind

_PARTS = ("LocatorStateCode", "LocatorCountyCode", "LocatorOfficeCode")


@dataclass(frozen=True, slots=True)
class Stamp:
    """Under which serial number and day an answer goes out."""

    serial: str
    """Twelve digits."""
    day: date


def rejection(content: Content, stamp: Stamp) -> Content:
    """MSC P REJCT: the case id that the sender gave us does not exist (IGD v8.0, Appendix D).

    Information line 1 names the rejected transaction: serial number, action, function, date and, if it had one, reason.
    Raises Unprocessable when the transaction gave no case id of ours, or not what the line has to name: such a one is
    to be processed and answered with MSC P GSCAS.
    """
    named = [content.get(f"Header/{name}") for name in ("TransactionSerialNumber", "Action", "Function")]
    case, sent = content.get("Header/RecipientCaseID"), content.get("Header/TransactionDate")
    if case is None or sent is None or None in named:
        raise Unprocessable("Only a transaction that names a case of the recipient can be rejected for it.")
    line = "".join(part or "" for part in named) + sent.replace("-", "") + (content.get("Header/Reason") or "")
    fields = {
        "Header/Function": "MSC",
        "Header/Action": "P",
        "Header/Reason": "REJCT",
        **_locator(content, "RecipientLocator", "SenderLocator"),
        **_locator(content, "SenderLocator", "RecipientLocator"),
        "Header/TransactionSerialNumber": stamp.serial,
        "Header/TransactionDate": stamp.day.isoformat(),
        "Header/SenderCaseID": case,
        "Header/RecipientCaseID": content.get("Header/SenderCaseID"),
        "Header/AttachmentsIndicator": "N",
        "Information/InformationLine1Text": line,
    }
    return Content(Kind("case-transfer"), {path: value for path, value in fields.items() if value})


def _locator(content: Content, source: str, target: str) -> dict[str, str | None]:
    return {f"Header/{target}/{part}": content.get(f"Header/{source}/{part}") for part in _PARTS}
