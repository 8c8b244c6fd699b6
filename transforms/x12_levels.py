"""Which segments of a set make up a record: sections within sections, each a record or what records stand in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from gateway.core.x12_set import Section
from transforms.x12_segments import Cut


def opened(sections: Sequence[Section], cut: Cut) -> Section | None:
    """The section that a segment opens."""
    for one in sections:
        if one.tag and one.tag == cut.tag and (not one.position or cut.get(one.position) == one.value):
            return one
    return None


@dataclass(slots=True)
class _Part:
    """A section on its way: its segments, and from which of them on they concern it alone."""

    section: Section
    line: int
    texts: list[str] = field(default_factory=list)
    own: int | None = None


class Levels:
    """The sections that are open. ``size``: characters held; ``around``: those that the last of them stands in."""

    def __init__(self, sections: Sequence[Section]) -> None:
        self._sections = sections
        self._parts: list[_Part] = []
        self.size = self.around = 0
        self.emitted = False

    def reset(self) -> None:
        """Begin a set."""
        self._parts = [_Part(self._sections[0], 0)]
        self.size = self.around = 0
        self.emitted = False

    def take(self, cut: Cut, text: str, line: int) -> Iterator[tuple[str, int]]:
        """Add a segment; yields the records that it ends, each with the number of its first segment."""
        section = opened(self._sections, cut)
        if section is not None:
            while self._parts[-1].section.level >= section.level:
                yield from self._close()
            yield from self._hold()
            self._parts.append(_Part(section, line))
            self.around = self.size
        part = self._parts[-1]
        if part.own is None and cut.tag in part.section.detail:
            part.own = len(part.texts)
        part.texts.append(text)
        self.size += len(text)

    def end(self) -> Iterator[tuple[str, int]]:
        """End the set."""
        while self._parts:
            yield from self._close()

    def holds_record(self) -> bool:
        """Whether the end of the set would give a record."""
        return self._parts[-1].section.record

    def _hold(self) -> Iterator[tuple[str, int]]:
        """A section below begins: what concerns the one above alone is a record of its own, and stays behind."""
        part = self._parts[-1]
        if part.own is not None:
            yield self._record()
            self.size -= sum(map(len, part.texts[part.own :]))
            del part.texts[part.own :]
            part.own = None
        part.section = _held(part.section)

    def _close(self) -> Iterator[tuple[str, int]]:
        if self._parts[-1].section.record:
            yield self._record()
        part = self._parts.pop()
        self.size -= sum(map(len, part.texts))

    def _record(self) -> tuple[str, int]:
        self.emitted = True
        return "".join(text for part in self._parts for text in part.texts), self._parts[-1].line


def _held(section: Section) -> Section:
    """A section that others stand in is no record any more."""
    return replace(section, record=False)
