"""Operators' roles."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """What an operator is to the gateway. No role includes another: what each may is a table
    (``gateway.web.console.rights``, ``gateway.core.four_eyes``)."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    DATA_STEWARD = "data-steward"
    PARTNER_ADMIN = "partner-admin"
    SECURITY_OFFICER = "security-officer"
    AUDITOR = "auditor"
    ADMIN = "admin"


MEANING: Mapping[Role, str] = {
    Role.VIEWER: "sees counts and queues, no record",
    Role.OPERATOR: "repairs: retries, withdraws, pauses; sees records without their content",
    Role.DATA_STEWARD: "repairs: retries; may read a record with a reason",
    Role.PARTNER_ADMIN: "looks after one partner: its records, deliveries and endpoint, nothing of others",
    Role.SECURITY_OFFICER: "looks after keys and gives second approvals; sees no record",
    Role.AUDITOR: "sees everything, with a reason also content; changes nothing",
    Role.ADMIN: "looks after accounts and partners; sees no record and repairs nothing",
}
