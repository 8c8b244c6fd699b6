"""Why deliveries end as dead letters or are held: what each cause means, and what to do. One table, which the console,
the API, the command line and the runbook tell."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass

from gateway.core.model import Delivery, DeliveryState

PROCESS_DIED = "process-died"
"""Of what a process was at when it ended: a body that it judged, a delivery of which the partner may have all."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Causes that a person mends in the same way."""

    codes: tuple[str, ...]
    meaning: str
    remedy: str
    also: str = ""
    """For the runbook: when the codes come, or which others belong to them."""
    shut: bool = False
    """Whether the next delivery would be refused as well, whatever it brings: nobody is let in there."""


AWAY = Cause(
    (
        "connect-failed",
        "connect-timeout",
        "dns-failed",
        "tls-failed",
        "http-timeout",
        "http-broken",
        "closed-early",
        "answered-early",
        "sftp-timeout",
        "sftp-closed",
        "sftp-failed",
        "folder-timeout",
        "http-408",
        "http-425",
        "http-429",
        "http-500",
    ),
    "the partner was away, or broke off, longer than its schedule",
    "ask the partner; then retry all of the group",
    " and above, after the last retry",
)
UNUSABLE = Cause(
    ("http-400", "http-422"),
    "the partner cannot use the records",
    "look at the findings with the partner; retry when it has mended its side; amend one wrong value with a second"
    " person; else withdraw",
    " and other refusals of the content; a partner's own code",
)
UNFIT = Cause(
    (),
    "the records do not fit the partner's format, or it has no place for a mark of family violence",
    "change the partner's format (`xml` and `json` carry everything), then retry; else withdraw",
    "a rule code such as `FIX-WIDTH` or `FIX-MARK-LOST`",
)
DISCLOSED = Cause(
    (),
    "one record of several may not leave any more; the others went on without it",
    "`gateway why ID` says what would have to change; then retry, else withdraw; nothing waits for it",
    "a code that begins with `disclosure` (withheld)",
)
CAUSES = (
    AWAY,
    Cause(
        ("sftp-full", "folder-full", "sftp-size", "folder-broken"),
        "the partner's disk is full, or holds another number of bytes than were sent",
        "ask the partner; then retry all of the group",
        " after the last retry",
    ),
    UNUSABLE,
    Cause(
        ("http-401", "http-403", "login-refused", "sftp-denied"),
        "the partner does not let us in",
        "renew the credential in the directory of `secrets`; then retry",
        shut=True,
    ),
    Cause(
        (
            "http-404",
            "http-405",
            "http-redirect",
            "sftp-directory-missing",
            "folder-missing",
            "folder-denied",
            "folder-outside",
            "address-refused",
            "ssh-negotiation",
        ),
        "the endpoint of the partner file is not right, or may not be used",
        "correct the partner file, apply it; then retry",
        shut=True,
    ),
    Cause(
        ("host-key-mismatch", "tls-untrusted"),
        "the partner's server shows another key or certificate",
        "do not retry before the new one is confirmed by telephone and set in the partner file",
        shut=True,
    ),
    UNFIT,
    Cause(
        ("adapter-unknown",),
        "this version does not know the partner's channel",
        "run the version that applied the partner file",
        shut=True,
    ),
    Cause(
        ("message-too-large",),
        "the payload is larger than the partner's `[partner.protection]` allows",
        "raise `limit_mib`, or lower `limit` of its batching; then retry",
    ),
    Cause(
        ("payload-changed",),
        "the bytes would differ from those of an earlier attempt",
        "usually after an upgrade: ask the partner whether it has the first; retry lets the new bytes go",
        " (held)",
    ),
    Cause(
        ("not-cleared",),
        "a channel was given a parcel without the disclosure guard's word for this partner",
        "a defect of ours: keep it held and report it",
        " (held)",
    ),
    DISCLOSED,
    Cause(
        ("internal", "worker-died", PROCESS_DIED),
        "the gateway itself failed at it, again and again",
        "a defect of ours, nobody has to send anything again: report it with what the log says of its id; retry once it"
        " is mended",
        " (held, submissions too)",
    ),
    Cause(
        ("tampered", "seal-broken"),
        "stored bytes are not what was sealed",
        "stop; see the section on a broken seal in the runbook",
        " (held)",
    ),
)
_BY_CODE = {code: cause for cause in CAUSES for code in cause.codes}
SHUT_CODES = tuple(code for cause in CAUSES if cause.shut for code in cause.codes)
_STOPPED = (DeliveryState.DEAD, DeliveryState.HELD, DeliveryState.WITHHELD)
_SERVER_ERROR = re.compile(r"http-5\d\d")


def stopped(delivery: Delivery, rules: Container[str]) -> Cause | None:
    """What the cause of a delivery that needs a person means; None when it needs nobody."""
    return cause_of(delivery.cause, rules) if delivery.cause and delivery.state in _STOPPED else None


def cause_of(code: str, rules: Container[str]) -> Cause:
    """What a delivery's cause means. ``rules``: the codes of the rules, for what does not fit a format. A code that is
    nobody's is the partner's own word for what it refuses."""
    if code in _BY_CODE:
        return _BY_CODE[code]
    if _SERVER_ERROR.fullmatch(code):
        return AWAY
    if code.startswith("disclosure"):
        return DISCLOSED
    return UNFIT if code in rules else UNUSABLE
