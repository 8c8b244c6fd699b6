"""The audit log: what is published, and who else signs it."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator

from gateway.settings.part import Part


class WitnessSettings(Part):
    """A witness that is asked to cosign our checkpoints (C2SP tlog-witness)."""

    url: str = Field(pattern=r"^https?://[^\s?#]+$")
    """Its submission prefix: ``/add-checkpoint`` is put after it."""
    key: str
    """Its verify key: ``name+hash+base64``."""
    post_quantum_key: str | None = None
    """Its ML-DSA-44 key, in the same form; with it both signatures are asked for and stored (3.4 kB more each)."""


class TimestampSettings(Part):
    """A time stamp authority (RFC 3161) that stamps checkpoints."""

    url: str = Field(pattern=r"^https?://[^\s?#]+$")
    roots: Path
    """PEM file with the certificates that its time stamps must lead to."""
    every_hours: float = Field(default=24, gt=0)
    seconds: float = Field(default=10, gt=0)
    """How long it may take; a slow one never holds up the log."""


class Audit(Part):
    publish: bool = True
    """Serve the log under ``/v1/log/``: everybody sees who did what to which object when, and nothing of any record."""
    head_file: Path | None = None
    """Where the last signed head is kept outside the database; none: ``log-head`` beside the keys."""
    witnesses: tuple[WitnessSettings, ...] = ()
    witnesses_needed: int = Field(default=1, ge=1)
    """Cosignatures that a checkpoint should have before it is published."""
    witness_seconds: float = Field(default=5, gt=0)
    """How long a witness may take; a slow one never holds up the log."""
    witness_patience_seconds: float = Field(default=60, ge=0)
    """How far the published checkpoint may lag behind while cosignatures are missing; then it goes out without."""
    timestamps: TimestampSettings | None = None
    """Who stamps checkpoints; none: nobody."""

    @model_validator(mode="after")
    def _enough(self) -> Audit:
        if self.witnesses and self.witnesses_needed > len(self.witnesses):
            raise ValueError("more cosignatures are needed than there are witnesses")
        return self
