"""Error returns: who sends CSENet transactions gets a record for each error of one that is not taken, if it wants them.

It wants them when an agreement lets ``transaction-error`` flow from it to itself. The records are a submission of their
own, under a key that follows from the one that they are about: a repeat tells nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from gateway.core.acceptance import DUPLICATE_SERIAL, Judged
from gateway.core.model import (
    Content,
    Finding,
    FormatName,
    Kind,
    Partner,
    PartnerKey,
    RecordState,
    Submission,
)
from gateway.core.ports.formats import Frame
from gateway.core.ports.submissions import Submissions
from gateway.core.routing import Directory
from gateway.work.found import found_in
from gateway.work.originate import Originator

TRANSACTION_ERROR = Kind("transaction-error")
MakeReturns = Callable[[bytes, Iterable[Finding], int], tuple[Content, ...]]
"""Error return records from the bytes of a transaction, its findings and the first counter."""


@dataclass(frozen=True, slots=True)
class Returns:
    originator: Originator
    submissions: Submissions
    make: MakeReturns
    formats: frozenset[FormatName]
    """The formats whose senders know error returns."""

    def wanted(self, sender: PartnerKey, format_: FormatName, directory: Directory) -> bool:
        return format_ in self.formats and sender in directory.senders_to(sender, TRANSACTION_ERROR)

    async def tell(
        self, sender: Partner, submission: Submission, frames: Sequence[Frame], judged: Sequence[Judged], part: int = 0
    ) -> None:
        """Queue the error returns on these transactions, which are committed. ``part`` tells chunks apart."""
        findings = {one.record.ordinal: one.findings for one in judged if one.record.state is RecordState.REFUSED}
        bodies = {frame.ordinal: frame.body for frame in frames}
        found = {**await self._duplicates(submission, bodies), **findings}
        contents: list[Content] = []
        for ordinal in sorted(found.keys() & bodies.keys()):
            contents += self.make(bodies[ordinal], found[ordinal], len(contents) + 1)
        if contents:
            await self.originator.say(sender, f"errors-{submission.id}-{part}", contents)

    async def _duplicates(
        self, submission: Submission, bodies: Mapping[int, bytes]
    ) -> Mapping[int, tuple[Finding, ...]]:
        """What only the store knows: transactions whose serial number was used before."""
        found = await found_in(self.submissions, submission.id, DUPLICATE_SERIAL)
        return {one.record: (one,) for one in found if one.record is not None and one.record in bodies}
