"""A synthetic file in pieces: the same bytes for the same wish; record 7 is the same in a short file and a long one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import Random

from gateway.core.catalog import Catalog, ColumnOrder, Picture
from gateway.core.errors import Misconfigured, Unprocessable
from gateway.core.file_order import FileOrder, RecordRole
from gateway.core.model import AdapterName, Content, Endpoint, FormatName, Kind, Partner, PartnerKey, Role
from gateway.core.ports.formats import Cover
from gateway.core.receipt import Tally
from gateway.offline import known_format
from gateway.offline.convert import chunked, encoded
from gateway.offline.layouts import fits
from gateway.sample.contents import MAKERS, OF_FORMAT, Make
from gateway.sample.faults import FAULTS, Fault, Row, Written
from gateway.sample.kinds import kinds_made, other_file, other_form
from gateway.sample.people import Chance
from gateway.sample.tabled import Tabled
from gateway.sample.writers import written_by
from gateway.tools import Speech

NAMED_RECORDS = 5
"""Records named for each kind of fault."""

_MADE_AT = datetime(2025, 4, 1, 12, tzinfo=UTC)
_STATE = Partner(PartnerKey("sample"), "Sample", Role.STATE, "IV-D", frozenset({"39"}), Endpoint(AdapterName.MAILBOX))
_COVER = Cover(_STATE, _STATE, _MADE_AT, 1)
_SERIES = 1_000_000
"""Serial numbers of a sample: twelve digits, half of them for the seed."""
_NUMBERS = 999_999
"""File numbers of samples: six digits, as the smallest header has room for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for. ``rate``: the share of records that carry a fault, 0 to 1; ``kind`` None: all in turn."""

    format: FormatName
    count: int
    seed: int
    rate: float = 0.0
    kind: Kind | None = None


@dataclass(slots=True)
class Planted:
    """A kind of fault, how often it was planted, and the first records that carry it."""

    fault: Fault
    count: int = 0
    records: list[int] = field(default_factory=list)


class Sample:
    """One synthetic file. ``planted`` grows while ``pieces`` is read."""

    def __init__(self, spoken: Speech, wanted: Wanted) -> None:
        """Raises Unprocessable for a format or a kind of which no sample can be made."""
        self._catalog = spoken.catalog
        self._wanted = wanted
        self._read = known_format(spoken, wanted.format).name
        self._format = written_by(spoken, self._read)
        self._kinds = self._chosen(kinds_made(spoken.catalog, self._read))
        self._carried = _carried(spoken.catalog, self._read)
        self._makers = self._made_by(wanted.seed)
        # Samples of two seeds may go to one gateway, which takes no number of a header twice.
        self._cover = replace(_COVER, number=wanted.seed % _NUMBERS + 1)
        self._spoilt: set[int] = set()
        """Numbers of records that were spoilt before they were written."""
        self.planted: dict[str, Planted] = {}

    def _chosen(self, kinds: tuple[Kind, ...]) -> tuple[Kind, ...]:
        if not kinds:
            why = self._catalog.formats[self._read].missing
            raise Unprocessable(f"No sample of {self._read} can be made{': ' if why else ''}{why}.")
        if self._wanted.kind is None:
            return kinds
        if self._wanted.kind not in kinds:
            raise Unprocessable(f"A sample of {self._read} has records of kind {', '.join(kinds)}.")
        return (self._wanted.kind,)

    def _made_by(self, seed: int) -> Mapping[Kind, Make]:
        """A kind that only one family of files has is made from the tables of the file."""
        order = self._catalog.files.get(self._read)
        if self._read in OF_FORMAT:
            return dict.fromkeys(self._kinds, OF_FORMAT[self._read])
        if order is not None and order.kind not in MAKERS:
            return {order.kind: Tabled(self._catalog, order, seed).content}
        return {kind: self._made(kind, seed) for kind in self._kinds}

    def _made(self, kind: Kind, seed: int) -> Make:
        if make := MAKERS.get(kind) or other_form(self._catalog, kind):
            return make
        order = other_file(self._catalog, kind)
        if order is None:
            raise Misconfigured(f"no table says how to make records of kind {kind}")
        return Tabled(self._catalog, order, seed).content

    def pieces(self) -> Iterator[bytes]:
        """The bytes of the file."""
        order = self._catalog.columns.get(self._read)
        if order is not None:
            return self._rows(order)
        if self._catalog.sequences.get(self._read) and self._is_open_ended():
            return self._lines()
        whole = encoded(self._format, chunked(self._contents()), self._cover, Tally())
        marked = self._catalog.files.get(self._read)
        return self._marked(marked, whole) if marked is not None else whole

    def _is_open_ended(self) -> bool:
        """Whether a file is a beginning and its records, with nothing around them that counts them."""
        two = [self._content(number, Chance(Random(0))) for number in (1, 2)]  # noqa: S311 - a sample is no secret
        empty, first, second, both = (
            self._format.encode(some, self._cover).body for some in ([], two[:1], two[1:], two)
        )
        return first.startswith(empty) and both == first + second[len(empty) :]

    # --- one record ------------------------------------------------------------------------------------------------

    def _chance(self, number: int, part: str) -> Chance:
        # Samples of two seeds may go to one gateway, which takes no serial number of a sender twice.
        series = (self._wanted.seed - 1) % _SERIES * _SERIES
        return Chance(Random(f"{self._wanted.seed}/{number}/{part}"), series)  # noqa: S311 - a sample is no secret

    def _content(self, number: int, chance: Chance) -> Content:
        return self._makers[self._kinds[(number - 1) % len(self._kinds)]](chance, number)

    def _contents(self) -> Iterator[Content]:
        for number in range(1, self._wanted.count + 1):
            content = self._content(number, self._chance(number, "content"))
            yield self._spoilt_content(number, content) or content

    def _spoilt_content(self, number: int, content: Content) -> Content | None:
        for fault, chance in self._faults(number):
            if fault.in_content is None or (fault.texts and self._carried is not None):
                continue
            spoilt = fault.in_content(chance, content)
            if spoilt is not None and self._shows(content, spoilt):
                self._plant(fault, number)
                self._spoilt.add(number)
                return spoilt
        return None

    def _shows(self, content: Content, spoilt: Content) -> bool:
        """Whether the format carries what was spoilt."""
        if self._carried is None:
            return True
        either = content.fields.keys() | spoilt.fields.keys()
        return all(path in self._carried for path in either if content.get(path) != spoilt.get(path))

    def _faults(self, number: int) -> Iterator[tuple[Fault, Chance]]:
        """The kinds of fault to try for a record, by chance; none for a record that stays whole."""
        chance = self._chance(number, "fault")
        if chance.dice.random() < self._wanted.rate:
            for fault in chance.dice.sample(FAULTS, len(FAULTS)):
                yield fault, chance

    def _plant(self, fault: Fault, number: int) -> None:
        planted = self.planted.setdefault(fault.name, Planted(fault))
        planted.count += 1
        if len(planted.records) < NAMED_RECORDS:
            planted.records.append(number)

    # --- fixed width -----------------------------------------------------------------------------------------------

    def _lines(self) -> Iterator[bytes]:
        head = self._format.encode([], self._cover).body
        yield head
        for number in range(1, self._wanted.count + 1):
            content = self._content(number, self._chance(number, "content"))
            yield self._spoilt_line(number, content, len(head)) or self._line(content, len(head))

    def _line(self, content: Content, head: int) -> bytes:
        return self._format.encode([content], self._cover).body[head:]

    def _spoilt_line(self, number: int, content: Content, head: int) -> bytes | None:
        for fault, chance in self._faults(number):
            line = self._spoil_line(fault, chance, content, head)
            if line is not None:
                self._plant(fault, number)
                return line
        return None

    def _spoil_line(self, fault: Fault, chance: Chance, content: Content, head: int) -> bytes | None:
        if fault.in_content and not fault.texts:
            spoilt = fault.in_content(chance, content)
            return self._line(spoilt, head) if spoilt else None
        if fault.in_written is None:
            return None
        line = self._line(content, head)
        body = line.rstrip(b"\r\n")
        text = fault.in_written(chance, Written(self._catalog, self._read, body.decode("ascii")))
        return text.encode("ascii") + line[len(body) :] if text is not None else None

    # --- files of marked records -----------------------------------------------------------------------------------

    def _marked(self, order: FileOrder, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """The file, with details spoilt that were not spoilt before: what counts them still agrees."""
        end = len(order.line_end)
        size = order.length + end
        number, rest = 0, b""
        for piece in pieces:
            rest += piece
            whole = len(rest) - len(rest) % size
            for start in range(0, whole, size):
                text = rest[start : start + order.length].decode(order.encoding)
                line = None
                kind = next((record for record in order.records if fits(record, text)), None)
                if kind is not None and kind.role is RecordRole.DETAIL:
                    number += 1
                    line = self._spoilt_detail(order, number, text)
                yield rest[start : start + size] if line is None else line.encode(order.encoding)
            rest = rest[whole:]
        yield rest

    def _spoilt_detail(self, order: FileOrder, number: int, text: str) -> str | None:
        if number in self._spoilt:
            self._spoilt.discard(number)
            return None
        written = Written(self._catalog, self._read, text)
        for fault, chance in self._faults(number):
            if fault.in_written is None or (fault.lengthens and (not order.line_end or order.open_end)):
                continue
            spoilt = fault.in_written(chance, written)
            if spoilt is not None:
                self._plant(fault, number)
                return spoilt + order.line_end
        return None

    # --- delimited -------------------------------------------------------------------------------------------------

    def _rows(self, order: ColumnOrder) -> Iterator[bytes]:
        yield (",".join(column.name for column in order.columns) + "\r\n").encode()
        for number in range(1, self._wanted.count + 1):
            content = self._content(number, self._chance(number, "content"))
            line = self._spoilt_row(number, content, order) or _row(content, order).line()
            yield (line + "\r\n").encode()

    def _spoilt_row(self, number: int, content: Content, order: ColumnOrder) -> str | None:
        for fault, chance in self._faults(number):
            line = _spoil_row(fault, chance, content, order)
            if line is not None:
                self._plant(fault, number)
                return line
        return None


def _spoil_row(fault: Fault, chance: Chance, content: Content, order: ColumnOrder) -> str | None:
    if fault.in_content and not fault.texts:
        spoilt = fault.in_content(chance, content)
        return _row(spoilt, order).line() if spoilt else None
    return fault.in_row(chance, _row(content, order)) if fault.in_row else None


def _row(content: Content, order: ColumnOrder) -> Row:
    cells = (_cell(content.get(column.path) if column.path else None, column.picture) for column in order.columns)
    return Row(order.columns, tuple(cells))


def _cell(value: str | None, picture: Picture) -> str:
    return (value or "").replace("-", "") if picture is Picture.DATE else value or ""


def _carried(catalog: Catalog, name: FormatName) -> frozenset[str] | None:
    """The paths that a file of marked records carries; None for a format that carries all."""
    order = catalog.files.get(name)
    if order is None:
        return None
    fields = (one for record in order.records for one in catalog.layouts[record.layout].fields)
    return frozenset(one.path for one in fields if one.path)
