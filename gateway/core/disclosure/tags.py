"""Tags and kinds of records by which the guard decides."""

from __future__ import annotations

from gateway.core.model import Facts, Kind

TOLD = "told"
"""Tag of records that say what was found about a person."""
BEYOND = "beyond_whereabouts"
"""Tag of records that say more of a person than an address and a place of employment."""
LOCATE_TYPE = "locate_type"
VERIFIED_BY, VERIFIED_ON = "verified_by", "verified_on"
"""Tags of records that a second source confirmed: which one, and the day."""
COURT = "court"
CUSTODY = "custody"
REGISTRY_ENTRY, CASE_STATUS = Kind("registry-entry"), Kind("case-status")
_QUERY = "FR"
"""Record type of a query to the federal case registry."""


def asks_registry(facts: Facts) -> bool:
    """Whether it asks the federal registry, or the locator service through it, for somebody."""
    if facts.kind != REGISTRY_ENTRY:
        return False
    return (facts.transaction or "")[:2] == _QUERY or LOCATE_TYPE in facts.tags
