"""What a process knows of the cryptographic modules that it runs on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Module:
    """One library. ``active``: it says itself that its FIPS provider is in force."""

    use: str
    version: str
    active: bool


@dataclass(frozen=True, slots=True)
class ModuleReport:
    mode: str
    """``off``, ``on`` or ``required``."""
    modules: tuple[Module, ...] = ()
    certificate: str | None = None
    """Of the validation, as the site says."""

    @property
    def validated(self) -> bool:
        """Every module runs its FIPS provider, and the site names its certificate. No program can know more."""
        return bool(self.modules) and all(one.active for one in self.modules) and self.certificate is not None


UNKNOWN = ModuleReport("off")
