"""Acknowledgements of X12: who posts interchanges gets TA1, 999 or 997 for them, if it wants them.

It wants them when an agreement lets ``interchange-answer`` flow from it to itself. The answers are a submission of
their own, under a key that follows from the one that they are about: a repeat acknowledges nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from gateway.core.errors import Unprocessable
from gateway.core.model import Content, Finding, FormatName, Kind, Partner, PartnerKey
from gateway.core.ports.submissions import Submissions
from gateway.core.routing import Directory
from gateway.work.originate import Originator

log = structlog.get_logger()
INTERCHANGE_ANSWER = Kind("interchange-answer")
LONGEST = 16 * 2**20
"""Bytes of a body that is acknowledged: its envelopes are read again, all at once. A longer one is logged."""

MakeAcknowledgements = Callable[[FormatName, bytes, Sequence[Finding]], tuple[Content, ...]]
"""Answers from the format of a body, the body and what was found in it."""


@dataclass(frozen=True, slots=True)
class Acknowledging:
    originator: Originator
    submissions: Submissions
    make: MakeAcknowledgements
    formats: frozenset[FormatName]
    """The formats that are acknowledged so."""

    def wanted(self, sender: PartnerKey, format_: FormatName, directory: Directory) -> bool:
        return format_ in self.formats and sender in directory.senders_to(sender, INTERCHANGE_ANSWER)

    async def tell(
        self, sender: Partner, of: str, format_: FormatName, body: bytes, findings: Sequence[Finding]
    ) -> None:
        """Queue what the sender is told of a body. ``of``: the id of its submission, or its digest when there is none.

        An envelope that no answer can repeat is not acknowledged: the log says so, and the submission stays as it is.
        Raises Unavailable when nothing was written.
        """
        contents = self.make(format_, body, findings)
        if not contents:
            return
        try:
            await self.originator.say(sender, f"acknowledgement-{of}", contents)
        except Unprocessable:
            log.warning("acknowledgement.impossible", id=of)
