"""A transaction set made ready for reading and writing: its rows by section, and the blocks that they open."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import product

from gateway.core.x12_set import Segment, TransactionSet
from transforms.x12_segments import Cut

_INDEX = re.compile(r"\[[0-9]+\]")


@dataclass(frozen=True, slots=True)
class Row:
    """A segment of the table. ``group``: equal for neighbours of one tag, which may come in any order."""

    number: int
    segment: Segment
    picks: tuple[tuple[int, frozenset[str]], ...]
    group: int
    opens_loop: bool
    opens_block: bool

    @property
    def tag(self) -> str:
        return self.segment.tag

    @property
    def loop(self) -> str:
        return self.segment.loop

    def fits(self, cut: Cut) -> bool:
        return cut.tag == self.segment.tag and all(cut.get(place) in values for place, values in self.picks)


class Table:
    """All rows of a set. ``rows``: by section, in order."""

    def __init__(self, table: TransactionSet) -> None:
        self.set = table
        made: list[Row] = []
        for number, one in enumerate(table.segments):
            before = table.segments[number - 1] if number else None
            new_loop = before is None or (before.section, before.loop) != (one.section, one.loop)
            made.append(
                Row(
                    number,
                    one,
                    tuple((e.position, frozenset(e.picks)) for e in one.elements if e.picks),
                    made[-1].group if made and not new_loop and made[-1].tag == one.tag else number,
                    new_loop,
                    bool(one.block) and (before is None or not _within(before.block, one.block)),
                )
            )
        self.rows: Mapping[str, tuple[Row, ...]] = {
            section.name: tuple(row for row in made if row.segment.section == section.name)
            for section in table.sections
        }
        self.by_tag: Mapping[str, Mapping[str, tuple[Row, ...]]] = {
            name: {tag: tuple(row for row in rows if row.tag == tag) for tag in {row.tag for row in rows}}
            for name, rows in self.rows.items()
        }
        self.outside = Row(-1, table.outside, (), -1, opens_loop=True, opens_block=False) if table.outside else None
        self._of = {name: frozenset(_paths(rows)) for name, rows in self.rows.items()}
        around = _paths((self.outside,) if self.outside else ())
        self.paths = frozenset(around).union(*self._of.values(), table.says, table.envelope.values())
        """Patterns of all paths that the set carries."""

    def of(self, section: str) -> frozenset[str]:
        """Patterns of the paths of a section."""
        return self._of[section]


def _paths(rows: Iterable[Row]) -> Iterator[str]:
    return (path for row in rows for element in row.segment.elements for path in element.paths)


def _within(block: str, outer: str) -> bool:
    return block == outer or block.startswith(f"{outer}/")


def within(block: str, outer: str) -> bool:
    """Whether a block is another or stands in it; everything stands in the empty one."""
    return not outer or _within(block, outer)


def is_of(path: str, patterns: AbstractSet[str]) -> bool:
    """Whether a path is one of the patterns; an index of a pattern is ``[*]`` or stands for itself."""
    found = _INDEX.findall(path)
    if not found:
        return path in patterns
    texts = _INDEX.split(path)
    return any(
        "".join(part for pair in zip(texts, (*chosen, ""), strict=True) for part in pair) in patterns
        for chosen in product(*((one, "[*]") for one in found))
    )


def numbered(path: str, numbers: Mapping[str, int]) -> str:
    """A path with the numbers of the blocks that are open; 0 for one that is not."""
    out, done = path, 0
    while (star := out.find("[*]", done)) >= 0:
        head = out[:star]
        number = numbers.get(_pattern(path, out.count("[", 0, star) + 1), 0)
        out = f"{head}[{number}]{out[star + 3 :]}"
        done = star + 1
    return out


def _pattern(path: str, nth: int) -> str:
    """The pattern up to and with the nth index."""
    end = -1
    for _ in range(nth):
        end = path.index("]", end + 1)
    return path[: end + 1]
