"""Error returns: who sends CSENet transactions gets a record for each error of one that is not taken, if it wants them.

It wants them when an agreement lets ``transaction-error`` flow from it to itself. The records are a submission of their
own, under a key that follows from the one that they are about: a repeat tells nothing twice.

They are made after the verdict is committed, because only the commit knows which serial numbers came before. A process
that ends in between leaves them owed. What was judged while the caller waited the sender repeats, having no answer; of
what is judged in the background the next process begins with the chunk that was committed last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from gateway.core.acceptance import DUPLICATE_SERIAL, Judged
from gateway.core.errors import Unprocessable
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
from gateway.core.receipt import blocked
from gateway.core.routing import Directory
from gateway.work.found import found_in
from gateway.work.originate import Originator

log = structlog.get_logger()
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
        bodies = {frame.ordinal: frame.body for frame in frames}
        found = dict(await self._duplicates(submission, bodies))
        found |= {one.record.ordinal: one.findings for one in judged if one.record.state is RecordState.REFUSED}
        await self._say(sender, f"errors-{submission.id}-{part}", bodies, found)

    async def tell_again(self, sender: Partner, submission: Submission, frames: Sequence[Frame], part: int) -> None:
        """The same of transactions that another process has committed, from the findings that are stored."""
        bodies = {frame.ordinal: frame.body for frame in frames}
        stored: dict[int, list[Finding]] = {}
        for one in await found_in(self.submissions, submission.id):
            if one.record in bodies:
                stored.setdefault(one.record, []).append(one)
        refused = {ordinal: tuple(some) for ordinal, some in stored.items() if blocked(some)}
        await self._say(sender, f"errors-{submission.id}-{part}", bodies, refused)

    async def _say(
        self, sender: Partner, key: str, bodies: Mapping[int, bytes], found: Mapping[int, Sequence[Finding]]
    ) -> None:
        contents: list[Content] = []
        for ordinal in sorted(found.keys() & bodies.keys()):
            contents += self.make(bodies[ordinal], found[ordinal], len(contents) + 1)
        if not contents:
            return
        try:
            await self.originator.say(sender, key, contents)
        except Unprocessable:  # the next process would come no further with it
            log.warning("returns.impossible", id=key)

    async def _duplicates(
        self, submission: Submission, bodies: Mapping[int, bytes]
    ) -> Mapping[int, tuple[Finding, ...]]:
        """What only the store knows: transactions whose serial number was used before."""
        found = await found_in(self.submissions, submission.id, DUPLICATE_SERIAL)
        return {one.record: (one,) for one in found if one.record is not None and one.record in bodies}
