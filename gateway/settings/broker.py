"""Who carries announcements of deliveries."""

from __future__ import annotations

from pydantic import Field, SecretStr

from gateway.settings.part import Part


class BrokerSettings(Part):
    url: SecretStr | None = None
    """``amqp://user:password@host/vhost``; none: the memory broker, for one process."""
    publish_timeout_seconds: float = Field(default=10, gt=0)
    """A confirm that takes longer counts as lost: the relay announces again."""
    delivery_limit: int = Field(default=20, ge=1)
    """Redeliveries of one announcement before the broker dead-letters it; never -1 (drops messages on 3.10)."""
