"""In which countries partners' endpoints may lie."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from gateway.core.places import ALLOWED, COUNTRY, HOME, Places
from gateway.settings.part import Part

Country = Annotated[str, Field(pattern=f"^{COUNTRY}$")]


class PlaceSettings(Part):
    """Codes of ISO 3166-1 alpha-2."""

    home: Country = HOME
    """Where an endpoint lies whose partner file says nothing."""
    allowed: frozenset[Country] = Field(default=ALLOWED, min_length=1)

    @model_validator(mode="after")
    def _home_is_allowed(self) -> PlaceSettings:
        if self.home not in self.allowed:
            raise ValueError("home has to be one of allowed")
        return self

    def value(self) -> Places:
        return Places(self.home, self.allowed)
