"""Who has to have signed the policies that are in force."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator

from gateway.settings.part import Part


class PolicySettings(Part):
    """Without ``signers`` nobody has to sign."""

    signers: tuple[str, ...] = ()
    """Verify keys (``name+hash+base64``) of those who may: ``gateway policy key``."""
    signature: Path | None = None
    """The signed note that ``gateway policy sign`` wrote."""
    threshold: int = Field(default=1, ge=1)
    """How many of the signers have to have signed."""

    @model_validator(mode="after")
    def _can_be_kept(self) -> PolicySettings:
        if bool(self.signers) != (self.signature is not None):
            raise ValueError("signers and signature go together")
        if self.threshold > max(1, len(self.signers)):
            raise ValueError("threshold asks for more signatures than there are signers")
        return self
