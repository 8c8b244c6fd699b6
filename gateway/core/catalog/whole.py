"""All that is data, in one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from gateway.core.bridge import Bridge, Bridging
from gateway.core.catalog.blocks import count_blocks
from gateway.core.catalog.codes import CodeList, Triple
from gateway.core.catalog.kind import KindInfo
from gateway.core.catalog.layout import ColumnOrder, Layout, LayoutField, Picture, Position, block_prefixes
from gateway.core.catalog.rule import Rule
from gateway.core.file_order import FileOrder, RecordRole
from gateway.core.functional_matrix import Marks
from gateway.core.model import Content, FormatName, Kind, RuleCode
from gateway.core.policy import Policy
from gateway.core.ports.formats import FormatInfo
from gateway.core.resource_table import MessageTable
from gateway.core.succession import Succession, Successions
from gateway.core.unbuilt import Unbuilt
from gateway.core.x12_set import TransactionSet


@dataclass(frozen=True, eq=False)
class Catalog:
    """Everything that is data. Frozen and picklable; worker processes get a copy. Equal to itself only."""

    kinds: Mapping[Kind, KindInfo]
    formats: Mapping[FormatName, FormatInfo]
    layouts: Mapping[str, Layout]
    sequences: Mapping[FormatName, tuple[str, ...]]
    """Layouts that make up one record of a fixed-width format, in order (header first)."""
    columns: Mapping[FormatName, ColumnOrder]
    codes: Mapping[str, CodeList]
    triples: Mapping[str, Triple]
    """By :attr:`Triple.key`."""
    rules: Mapping[RuleCode, Rule]
    xsds: Mapping[str, bytes]
    """Schema documents by file name, ``common.xsd`` among them."""
    marks: Mapping[str, Marks] = field(default_factory=dict)
    """The functional matrix by :attr:`Triple.key`; the transactions outside the core set are not in it."""
    files: Mapping[FormatName, FileOrder] = field(default_factory=dict)
    """Fixed-width formats with several kinds of records."""
    successions: Mapping[FormatName, Succession] = field(default_factory=dict)
    """How the files of a format follow each other, where their headers tell."""
    bridges: Mapping[Kind, Bridge] = field(default_factory=dict)
    """By the kind that they start from."""
    messages: Mapping[FormatName, MessageTable] = field(default_factory=dict)
    """FHIR messages."""
    x12: Mapping[FormatName, TransactionSet] = field(default_factory=dict)
    """Transaction sets of X12."""
    policy: Policy = field(default_factory=Policy)
    withheld: Mapping[FormatName, FormatInfo] = field(default_factory=dict)
    """Drafts that the settings do not allow."""
    unbuilt: tuple[Unbuilt, ...] = ()
    """Exchanges of the program for which there is no format."""

    @cached_property
    def bridging(self) -> Bridging:
        """The bridges, with what they need to know of the formats and code lists."""
        carries = {name: frozenset(info.kinds) for name, info in self.formats.items()}
        return Bridging(self.bridges, carries, {name: one.codes for name, one in self.codes.items()})

    @cached_property
    def order_of_files(self) -> Successions:
        """How files follow each other, ready to be asked."""
        return Successions(self.successions)

    def rule(self, code: str) -> Rule | None:
        """The rule behind a finding; None for a code that no table knows."""
        return self.rules.get(RuleCode(code))

    @cached_property
    def _fields(self) -> Mapping[tuple[str, str], LayoutField]:
        """By layout and path; a count is found under the name of its block."""
        return {
            (layout.name, f.path or f.constant or ""): f
            for layout in self.layouts.values()
            for f in layout.fields
            if f.path or f.picture is Picture.COUNT
        }

    def position(
        self, format: FormatName, content: Content, path: str, blocks: Mapping[str, int] | None = None
    ) -> Position | None:
        """Where a path of this content stands in a record of the format; None when the format has no place for it.

        The name of a block alone (``Participant``) is the place of its count. ``blocks`` saves counting them again.
        """
        if format in self.files:
            return self._position_in_file(self.files[format], content, path)
        if "/" not in path:
            found = next((self._fields.get((name, path)) for name in self.sequences.get(format, ())), None)
            return Position(found.name, found.start, found.length) if found else None
        offset, counts = 0, {"Header": 1, **(count_blocks(content) if blocks is None else blocks)}
        for name in self.sequences.get(format, ()):
            layout = self.layouts[name]
            for prefix in block_prefixes(layout, counts):
                if path.startswith(prefix) and (found := self._fields.get((name, path[len(prefix) :]))):
                    return Position(found.name, offset + found.start, found.length)
                offset += layout.length
        return None

    def _position_in_file(self, order: FileOrder, content: Content, path: str) -> Position | None:
        details = order.of(content)[:1]
        others = tuple(record for record in order.records if record.role is not RecordRole.DETAIL)
        for record in (*details, *others):
            if found := self._fields.get((record.layout, path)):
                return Position(found.name, found.start, found.length)
        return None
