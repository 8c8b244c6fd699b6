"""The sealed records of a big delivery on their way to a worker process: in a file, of which it reads one at a time.

Through the pipe of the pool they would lie in both processes as a whole, twice. Of the records the file holds what the
store holds, sealed. Its lock says that the process which made it still lives: what a killed one left behind is removed
by the next that starts.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import overload

from gateway.core.model import RecordId

Sealed = tuple[RecordId, bytes]
_PREFIX = "gateway-sealed-"


@dataclass(frozen=True, slots=True)
class SealedFile(Sequence[Sealed]):
    """Read anew each time: who looks twice pays twice. Raises OSError where the file cannot be read."""

    path: Path
    ids: Sequence[RecordId]
    spans: Sequence[tuple[int, int]]
    """Where each body begins in the file, and where it ends."""

    def fill(self, records: Sequence[Sealed]) -> None:
        """Write the records for which the file was made. Raises OSError where there is no room."""
        with self.path.open("r+b") as file:  # never made anew: whoever was called off has removed it
            file.writelines(sealed for _, sealed in records)

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Sealed]:
        with self.path.open("rb") as file:
            for id_, (start, end) in zip(self.ids, self.spans, strict=True):
                file.seek(start)
                yield id_, file.read(end - start)

    @overload
    def __getitem__(self, index: int) -> Sealed: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Sealed]: ...

    def __getitem__(self, index: int | slice) -> Sealed | Sequence[Sealed]:
        if isinstance(index, slice):
            return SealedFile(self.path, self.ids[index], self.spans[index])
        (one,) = SealedFile(self.path, [self.ids[index]], [self.spans[index]])
        return one


@contextmanager
def sealed_file(records: Sequence[Sealed]) -> Iterator[SealedFile]:
    """A file for the records, to be filled, which nobody else may read and which ends with the work."""
    number, name = tempfile.mkstemp(prefix=_PREFIX)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        ends = accumulate((len(sealed) for _, sealed in records), initial=0)
        yield SealedFile(Path(name), [id_ for id_, _ in records], list(pairwise(ends)))
    finally:
        Path(name).unlink(missing_ok=True)
        os.close(number)


def remove_abandoned() -> int:
    """Remove the files whose process was killed before it could; returns how many.

    A file that is just being made has no lock yet and may go, too: its delivery is then tried again.
    """
    try:
        place = Path(tempfile.gettempdir())
    except OSError:  # where no file can be made, none was left
        return 0
    return sum(map(_removed, place.glob(f"{_PREFIX}*")))


def _removed(path: Path) -> bool:
    with suppress(OSError):  # somebody lives who holds it, it is another user's, or it is gone
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
        finally:
            os.close(number)
        return True
    return False
