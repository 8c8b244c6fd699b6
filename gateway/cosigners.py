"""The log's side of witnessing: asks each witness to cosign the newest checkpoint. None of them can stop the log."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from gateway.audit.cosignature import WitnessKey, accepted_lines, cosigners
from gateway.audit.note import note_parts
from gateway.core.errors import GatewayError, Tampered, Transient
from gateway.core.ids import Clock
from gateway.core.ports.audit_log import Checkpoint
from gateway.logbook import Logbook

log = structlog.get_logger()
OK, CONFLICT, UNPROCESSABLE = 200, 409, 422
SIZE_TYPE = "text/x.tlog.size"
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=2), timedelta(minutes=2)
ALARMS = frozenset({"witness-contradicts", "witness-ahead"})
"""What a witness says when our log was rewritten or set back."""
_LONGEST_SIZE = 20


class Reply(Protocol):
    """What a witness answered."""

    @property
    def status(self) -> int: ...

    @property
    def media_type(self) -> str: ...

    @property
    def body(self) -> bytes: ...


Ask = Callable[[str], Awaitable[Reply]]
"""Post the text to ``add-checkpoint``. Raises Transient when the witness cannot be reached in time."""


@dataclass(slots=True)
class Cosigner:
    """One witness as we know it."""

    key: WitnessKey
    ask: Ask
    also: tuple[WitnessKey, ...] = ()
    """Its further keys: it is to sign with each."""
    size: int = 0
    """Where it stands, as far as we know: it corrects us."""
    pause: timedelta = timedelta()
    again: datetime = field(default=datetime.min.replace(tzinfo=UTC))
    close: Callable[[], None] = field(default=lambda: None)

    @property
    def keys(self) -> frozenset[WitnessKey]:
        return frozenset((self.key, *self.also))


def _sees_nothing(_witness: str, _outcome: str, _size: int) -> None:
    """Where nobody counts."""


@dataclass(frozen=True, slots=True)
class Cosigners:
    logbook: Logbook
    witnesses: tuple[Cosigner, ...]
    seconds: float
    clock: Clock
    observe: Callable[[str, str, int], None] = _sees_nothing
    """Told of each witness that was asked: its name, ``ok`` or why not, and the size up to which it has cosigned."""

    async def step(self) -> bool:
        """Ask all witnesses whose signature the newest checkpoint lacks, at the same time, each for its time at most,
        and add what they sign to its note."""
        head = await self.logbook.audit.head()
        if head is None:
            return False
        signed = cosigners(head.note, [key for one in self.witnesses for key in one.keys])
        asked = [one for one in self.witnesses if not one.keys <= signed and one.again <= self.clock()]
        lines = [line for line in await asyncio.gather(*(self._asked(one, head) for one in asked)) if line]
        if lines and not await self.logbook.audit.cosign(head.size, head.note, head.note + "".join(lines)):
            log.warning("witness.overtaken", size=head.size)
        return False

    async def _asked(self, witness: Cosigner, head: Checkpoint) -> str | None:
        """Its signature lines; None when it did not give one, which is logged and makes a pause."""
        try:
            async with asyncio.timeout(self.seconds):
                line = await self._cosigned(witness, head)
        except TimeoutError:
            self._failed(witness, "timeout")
            return None
        except GatewayError as error:
            self._failed(witness, error.problem)
            return None
        witness.size, witness.pause = head.size, timedelta()
        self.observe(witness.key.name, "ok", head.size)
        return line

    async def _cosigned(self, witness: Cosigner, head: Checkpoint) -> str:
        reply = await witness.ask(await self._request(witness, head))
        if reply.status == CONFLICT and reply.media_type == SIZE_TYPE:
            witness.size = _size(reply.body)
            reply = await witness.ask(await self._request(witness, head))
        if reply.status in (CONFLICT, UNPROCESSABLE):
            raise Tampered("a witness saw another history of this log", code="witness-contradicts")
        if reply.status != OK:
            raise Transient("the witness refused", code=f"witness-{reply.status}")
        text, answer = note_parts(head.note)[0], reply.body.decode(errors="replace")
        return "".join(accepted_lines(text, answer, key) for key in (witness.key, *witness.also))

    async def _request(self, witness: Cosigner, head: Checkpoint) -> str:
        if witness.size > head.size:
            raise Tampered("a witness saw more of this log than there is: it was set back", code="witness-ahead")
        return (await self.logbook.grown(witness.size, head)).text()

    def _failed(self, witness: Cosigner, code: str) -> None:
        """A contradiction may be a lie of the witness: it is for a person to judge, so the log goes on."""
        witness.size = 0  # what it told us last may be the trouble: it will correct us
        witness.pause = min(max(2 * witness.pause, FIRST_PAUSE), LONGEST_PAUSE)
        witness.again = self.clock() + witness.pause
        self.observe(witness.key.name, code, 0)
        (log.error if code in ALARMS else log.warning)("witness.failed", name=witness.key.name, code=code)


def _size(body: bytes) -> int:
    text = body[: _LONGEST_SIZE + 1].decode(errors="replace").removesuffix("\n")
    if not (text.isascii() and text.isdigit() and len(text) < _LONGEST_SIZE):
        raise Transient("the witness did not say where it stands", code="witness-size")
    return int(text)
