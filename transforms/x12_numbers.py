"""Control numbers that came before in one functional group."""

from __future__ import annotations

_LONGEST = 9
_TOGETHER = 64


class Numbers:
    """Compared as texts: 0001 is not 00001. Those that count up, as nearly all do, take a bit each."""

    def __init__(self) -> None:
        self._counted: dict[tuple[int, int], int] = {}
        self._others: set[str] = set()

    def repeats(self, number: str) -> bool:
        """Whether it came before; it has come now. One that is too long is at fault anyhow and not kept."""
        if len(number) > _LONGEST:
            return False
        if not (number.isascii() and number.isdecimal()):
            known = number in self._others
            self._others.add(number)
            return known
        row, place = divmod(int(number), _TOGETHER)
        key, bit = (len(number), row), 1 << place
        before = self._counted.get(key, 0)
        self._counted[key] = before | bit
        return bool(before & bit)
