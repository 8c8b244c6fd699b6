"""Exit codes: one for each kind of trouble, so that scripts can tell them apart."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from gateway.core.errors import (
    Conflict,
    DeliveryFailed,
    Forbidden,
    GatewayError,
    Misconfigured,
    NotFound,
    Refused,
    Tampered,
    TooMany,
    Unauthenticated,
    Unavailable,
    Unprocessable,
)


class Exit(IntEnum):
    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    CONFIGURATION = 3
    FINDINGS = 4
    NOT_FOUND = 5
    REFUSED = 6
    CONFLICT = 7
    UNREACHABLE = 8
    TIMED_OUT = 9
    INTEGRITY = 10
    INTERRUPTED = 130


MEANING: Mapping[Exit, str] = {
    Exit.OK: "all right",
    Exit.UNEXPECTED: "unexpected",
    Exit.USAGE: "usage",
    Exit.CONFIGURATION: "configuration",
    Exit.FINDINGS: "findings in the file",
    Exit.NOT_FOUND: "not found",
    Exit.REFUSED: "refused: unknown caller or missing right",
    Exit.CONFLICT: "conflict, or done already",
    Exit.UNREACHABLE: "gateway, partner or broker not reachable or too busy: try again",
    Exit.TIMED_OUT: "time-out while waiting",
    Exit.INTEGRITY: "integrity: a proof, a seal or the log does not hold",
    Exit.INTERRUPTED: "interrupted",
}


class WaitedTooLong(Unavailable):
    """What was waited for goes on without us."""

    code = "waited-too-long"
    title = "It takes longer than the wait"


_TABLE: tuple[tuple[type[GatewayError], Exit], ...] = (
    (WaitedTooLong, Exit.TIMED_OUT),
    (Unauthenticated, Exit.REFUSED),
    (Forbidden, Exit.REFUSED),
    (NotFound, Exit.NOT_FOUND),
    (Conflict, Exit.CONFLICT),
    (Unprocessable, Exit.FINDINGS),
    (TooMany, Exit.UNREACHABLE),
    (Refused, Exit.USAGE),
    (Misconfigured, Exit.CONFIGURATION),
    (Unavailable, Exit.UNREACHABLE),
    (DeliveryFailed, Exit.UNREACHABLE),
    (Tampered, Exit.INTEGRITY),
)


def exit_of(error: GatewayError) -> Exit:
    """The exit code for an error of our tree."""
    return next((code for kind, code in _TABLE if isinstance(error, kind)), Exit.UNEXPECTED)
