"""How an announcement is written on the wire: a small JSON body with ids, and CloudEvents headers.

The CloudEvents AMQP binding is for AMQP 1.0; the mapping to AMQP 0-9-1 is ours and stands in docs/broker.md.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from gateway.broker.topology import MOST_DELIVERIES
from gateway.core.model import DeliveryId

EVENT_TYPE = "gateway.delivery.due"
EVENT_SOURCE = "/gateway/relay"
CONTENT_TYPE = "application/json"


def refuse_too_many(deliveries: Sequence[DeliveryId]) -> None:
    """Raises ValueError for an announcement that carries no id or more than it may."""
    if not 1 <= len(deliveries) <= MOST_DELIVERIES:
        raise ValueError(f"an announcement carries 1 to {MOST_DELIVERIES} deliveries, not {len(deliveries)}")


def encode(deliveries: Sequence[DeliveryId]) -> bytes:
    """``{"deliveries":["<id>",...]}``. Raises ValueError beyond 500 ids."""
    refuse_too_many(deliveries)
    return json.dumps({"deliveries": list(deliveries)}, separators=(",", ":")).encode()


def decode(body: bytes) -> tuple[DeliveryId, ...]:
    """The ids of a body. Raises ValueError for anything that :func:`encode` does not write."""
    document = json.loads(body)
    if not isinstance(document, dict) or set(document) != {"deliveries"}:
        raise ValueError("an announcement is an object with the one member deliveries")
    ids = document["deliveries"]
    if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
        raise ValueError("deliveries is a list of ids")
    refuse_too_many(ids)
    return tuple(DeliveryId(one) for one in ids)


def headers(message_id: str, subject: str, time: str) -> dict[str, str]:
    """The CloudEvents attributes; ``subject`` is the partner, ``time`` RFC 3339 UTC."""
    return {
        "cloudEvents_specversion": "1.0",
        "cloudEvents_id": message_id,
        "cloudEvents_source": EVENT_SOURCE,
        "cloudEvents_type": EVENT_TYPE,
        "cloudEvents_subject": subject,
        "cloudEvents_time": time,
    }
