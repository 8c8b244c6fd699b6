"""Where partners' endpoints lie, as their files say: federal tax information stays inside the country.

Source: IRS Publication 1075 on offshore operations, as others cite it: none of it is received, processed, stored,
accessed or sent offshore, which is outside the United States, its territories, embassies and military installations.
Embassies and installations abroad are not in the list that is allowed from the start; a site that sends to one adds its
country.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.core.errors import Unavailable
from gateway.core.model import Endpoint, Partner, TaxApproval

COUNTRY = r"[A-Z]{2}"
"""Shape of a code of ISO 3166-1 alpha-2."""
HOME = "US"
ALLOWED = frozenset({HOME, "PR", "GU", "VI", "AS", "MP"})
"""The United States, Puerto Rico, Guam, the Virgin Islands, American Samoa, the Northern Mariana Islands."""
NOT_ALLOWED = "country-not-allowed"
NOT_SAID = "country-not-said"


@dataclass(frozen=True, slots=True)
class Misplaced:
    """What is wrong with where an endpoint lies."""

    table: str
    """``endpoint`` or ``queries``."""
    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.table}.country: {self.text} ({self.code})"


@dataclass(frozen=True, slots=True)
class Places:
    home: str = HOME
    """Where an endpoint lies that says nothing."""
    allowed: frozenset[str] = ALLOWED

    def allow(self, endpoint: Endpoint) -> bool:
        return (endpoint.country or self.home) in self.allowed

    def insist(self, endpoint: Endpoint) -> None:
        """Raises Unavailable (``country-not-allowed``): it may be allowed again, or the file corrected."""
        if not self.allow(endpoint):
            raise Unavailable("The partner's endpoint lies in a country that is not allowed.", code=NOT_ALLOWED)

    def faults(self, partner: Partner) -> Iterator[Misplaced]:
        """What of the partner is not as it has to be."""
        given = {"endpoint": partner.endpoint, "queries": partner.queries}
        for table, endpoint in given.items():
            if endpoint is not None and not self.allow(endpoint):
                where, among = endpoint.country or self.home, ", ".join(sorted(self.allowed))
                yield Misplaced(table, NOT_ALLOWED, f"{where} is not among the countries that are allowed: {among}")
        if partner.tax_approval != TaxApproval() and not partner.endpoint.country:
            yield Misplaced("endpoint", NOT_SAID, "who has federal tax information has to say it")


AT_HOME = Places()
"""What is allowed when nothing is set."""
