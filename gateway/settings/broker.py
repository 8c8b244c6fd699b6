"""Who carries announcements of deliveries."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr, model_validator

from gateway.settings.part import Part


class BrokerSettings(Part):
    url: SecretStr | None = None
    """``amqps://user:password@host/vhost``, or ``amqp://...`` on this machine; none: the memory broker, for one
    process."""
    ca: Path | None = None
    """PEM file of the authorities that RabbitMQ's certificate may be of; none: those that the system trusts."""
    plain: bool = False
    """Take ``amqp://`` to another machine, in the clear: only where the network between is protected by other means."""
    publish_timeout_seconds: float = Field(default=10, gt=0)
    """A confirm that takes longer counts as lost: the relay announces again."""
    delivery_limit: int = Field(default=20, ge=1)
    """Redeliveries of one announcement before the broker dead-letters it; never -1 (drops messages on 3.10)."""

    @model_validator(mode="after")
    def _one_word(self) -> BrokerSettings:
        if self.plain and self.ca is not None:
            raise ValueError("plain and ca contradict each other")
        return self
