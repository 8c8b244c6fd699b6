"""The port of the store about bodies at which the gateway itself fails: put off, put aside, judged again."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from gateway.core.model import AuditEntry, SubmissionId


class HeldBodies(Protocol):
    async def put_off(self, owner: str, submission: SubmissionId, until: datetime, cause: str | None) -> None:
        """Let a body that ``owner`` still holds be claimed again from ``until`` on. ``cause``: what the gateway failed
        with at it, which the next claim counts; None: nothing of the body's, which counts for nothing."""
        ...

    async def hold(self, owner: str, submission: SubmissionId, cause: str, entry: AuditEntry) -> bool:
        """received -> held, when ``owner`` still holds it: nobody judges it any more until a person says so."""
        ...

    async def judge_again(self, submission: SubmissionId, entry: AuditEntry) -> bool:
        """held -> received, its faults counted from zero; judged on from where it was."""
        ...

    async def count(self) -> int:
        """How many are held."""
        ...
