"""What becomes of a delivery now, for who looks at it after a retry: sentences out of its state. Pure."""

from __future__ import annotations

from datetime import datetime

from gateway.core.model import Delivery, DeliveryState, Partner
from gateway.core.ports.health import BreakerRow


def coming(found: Delivery, partner: Partner | None, breaker: BreakerRow | None, now: datetime) -> tuple[str, ...]:
    """What happens next by itself, and what keeps it from happening; empty where only a person moves it."""
    if found.state is DeliveryState.CLAIMED:
        return ("It is being sent at this moment.",)
    if found.state is DeliveryState.WAITING:
        return ("It is with the partner, whose acknowledgement settles it.",)
    if found.state is not DeliveryState.PENDING:
        return ()
    due = "It is sent as soon as its turn comes."
    if found.due_at > now:
        due = f"It is sent at {found.due_at:%Y-%m-%d %H:%M:%S} UTC, or soon after."
    return (due, *_kept(partner, breaker))


def _kept(partner: Partner | None, breaker: BreakerRow | None) -> tuple[str, ...]:
    """Why the partner gets nothing for now."""
    if partner is not None and partner.paused:
        return ("The partner is paused: nothing goes to it until an operator resumes it.",)
    if breaker is None or breaker.state == "closed":
        return ()
    opened = f"The partner failed {breaker.failures:,} times in a row, so its breaker is {breaker.state}:"
    probe = f" The next one goes at {breaker.probe_at:%H:%M:%S} UTC." if breaker.probe_at else ""
    return (f"{opened} one delivery at a time goes to it as a probe, the others wait.{probe}",)
