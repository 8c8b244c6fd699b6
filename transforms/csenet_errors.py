"""Error return records: what the sender of a refused or warned transaction gets back (IGD v8.0, Appendices C and E).

One record for each finding, of the kind ``transaction-error``; the format ``csenet-errors`` writes them (145 bytes).
The official list of error numbers is not public. The code list ``csenet-edits`` gives each rule an own number
(``G###``), the list ``csenet-official-edits`` names the rules whose official number is known; none is ever made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from gateway.core.catalog import Catalog
from gateway.core.model import Content, Finding, Kind, Severity
from transforms.csenet import CASE_TRANSFER, TO_SERVER
from transforms.fixed_width import compiled, document_order
from transforms.layout import CompiledLayout

TRANSACTION_ERROR = Kind("transaction-error")
ERRORS_LAYOUT = "csenet-server-error"
OWN_EDITS = "csenet-edits"
OFFICIAL_EDITS = "csenet-official-edits"
OTHER_EDIT = "G000"
"""A rule that the list of own numbers does not know."""

_COUNTERS = 999_999
_HEADER = "Header/"
_ECHOED = ("Action", "Function", "Reason", "ActionResolutionDate", "TransactionDate", "TransactionSerialNumber")


class ErrorReturns:
    """Makes error return records from findings."""

    def __init__(self, catalog: Catalog) -> None:
        own = {rule: number for number, rule in catalog.codes[OWN_EDITS].codes.items()}
        official = {rule: number for number, rule in catalog.codes[OFFICIAL_EDITS].codes.items()}
        self._numbers: Mapping[str, str] = {**own, **official}
        self._header: CompiledLayout = compiled(catalog, TO_SERVER, document_order(catalog, CASE_TRANSFER))
        self._room = next(f.length for f in catalog.layouts[ERRORS_LAYOUT].fields if f.path == "ErrorText")

    def of_bytes(self, body: bytes, findings: Iterable[Finding], first: int = 1) -> tuple[Content, ...]:
        """The records on a transaction, as far as its header can be read; notices make none. ``first`` is the first
        counter."""
        fields: dict[str, str] = {}
        text = body.decode("latin-1")[: self._header.length].ljust(self._header.length)
        self._header.read(text, _HEADER, fields)
        return tuple(self._records(fields, findings, first))

    def _records(self, fields: Mapping[str, str], findings: Iterable[Finding], first: int) -> Iterator[Content]:
        told = [finding for finding in findings if finding.severity is not Severity.NOTICE]
        for counter, finding in enumerate(told, first):
            found = {
                "ErrorCounter": f"{(counter - 1) % _COUNTERS + 1:06d}",
                "SenderLocatorID": _locator(fields, "SenderLocator"),
                "RecipientLocatorID": _locator(fields, "RecipientLocator"),
                "SenderCaseID": fields.get("Header/SenderCaseID", ""),
                "RecipientCaseID": fields.get("Header/RecipientCaseID", ""),
                **{name: fields.get(f"Header/{name}", "") for name in _ECHOED[:-1]},
                "ErrorCode": self._numbers.get(finding.rule, OTHER_EDIT),
                _ECHOED[-1]: fields.get("Header/TransactionSerialNumber", "0" * 12),
                "ErrorText": self._text(finding),
            }
            yield Content(TRANSACTION_ERROR, {path: value for path, value in found.items() if value})

    def _text(self, finding: Finding) -> str:
        """The rule and, where there is room for its name, the field."""
        text = f"{finding.rule} {finding.field or ''}".rstrip()
        return text if len(text) <= self._room else finding.rule


def _locator(fields: Mapping[str, str], which: str) -> str:
    """Seven characters: state, county, office; zeros for what is not known."""
    parts = (("State", "00"), ("County", "000"), ("Office", "00"))
    return "".join(fields.get(f"Header/{which}/Locator{part}Code", none) for part, none in parts)
