"""Where a process listens, and with which certificate."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator

from gateway.settings.part import Part


class Listen(Part):
    host: str = "127.0.0.1"
    port: int = Field(ge=0, le=65_535)


class Tls(Part):
    certificate: Path | None = None
    key: Path | None = None
    client_ca: Path | None = None
    """PEM bundle of the authorities whose client certificates the API takes; none: it asks for no certificate."""

    @model_validator(mode="after")
    def _both(self) -> Tls:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key go together")
        if self.client_ca is not None and self.certificate is None:
            raise ValueError("client_ca goes with certificate and key")
        return self


class Metrics(Listen):
    port: int = Field(default=9464, ge=0, le=65_535)
