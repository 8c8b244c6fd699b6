"""Values that are plainly of their type: one regular expression a simple type, made from the schema.

A match means that the schema takes the value; no match means nothing: libxml2 then says (:mod:`transforms.canonical`).
So a type needs to be understood only as far as usual values go: 29 February, a control character, a type by other means
than pattern, enumeration and length are left to libxml2. A property test holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from lxml import etree

from transforms.schema_tree import XS

Matcher = Callable[[str], object]
"""Something true: the value is plainly of the type. Something false: nobody knows yet."""

_CHARACTER = "[ -\ud7ff\ue000-\ufffd]"
"""Of text: no controls, whose white space and line ends the schema may see otherwise."""
_BUILT_IN: Mapping[str, str] = MappingProxyType(
    {
        "string": f"{_CHARACTER}*",
        "date": (
            "(?!0000)[0-9]{4}-"
            "(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
        ),
        "decimal": "-?[0-9]{1,18}(?:[.][0-9]{1,6})?",
    }
)
"""XSD 1.0 part 2, section 3.2: usual values of the built-in types that the schemas restrict."""
_PATTERN = re.compile(r"(?:[A-Za-z0-9 :()|?{},-]|\\[.]|\[[A-Za-z0-9!~-]+\]|[*+])+")
"""Regular expressions (part 2, appendix F) that mean the same in Python."""
_FACETS = frozenset(
    f"{{{XS}}}{name}" for name in ("annotation", "pattern", "enumeration", "length", "minLength", "maxLength")
)


class PlainValues:
    """The matchers of a merged schema's types, by local name (:class:`transforms.schema_tree.Element`)."""

    def __init__(self, schema: etree._Element) -> None:
        self._types = {str(one.get("name")): one for one in schema.findall(f"{{{XS}}}simpleType")}
        self._matchers: dict[str, Matcher | None] = {}

    def matcher(self, type_: str) -> Matcher | None:
        """None: values of this type are always left to libxml2."""
        if type_ not in self._matchers:
            conditions = self._conditions(type_)
            self._matchers[type_] = None if conditions is None else _all_of(conditions)
        return self._matchers[type_]

    def _conditions(self, type_: str) -> list[str] | None:
        """Expressions that must all match the whole value."""
        if type_ in _BUILT_IN:
            return [_BUILT_IN[type_]]
        declared = self._types.get(type_)
        if declared is None:
            return None
        union = declared.find(f"{{{XS}}}union")
        if union is not None:
            members = [self._conditions(one.rpartition(":")[2]) for one in (union.get("memberTypes") or "").split()]
            return [f"(?:{'|'.join(_joined(one) for one in members if one)})"] if members and all(members) else None
        restriction = declared.find(f"{{{XS}}}restriction")
        if restriction is None or not {facet.tag for facet in restriction if isinstance(facet.tag, str)} <= _FACETS:
            return None
        inherited = self._conditions((restriction.get("base") or "").rpartition(":")[2])
        own = [*_chosen(restriction), *_sized(restriction)]
        if inherited is None or None in own:
            return None
        if own and inherited == [_BUILT_IN["string"]]:
            inherited = []  # its own facets let through nothing but text
        return [*inherited, *filter(None, own)]


def _joined(conditions: list[str]) -> str:
    """One expression, for whole values, that matches where all of them do."""
    *further, last = conditions
    return "".join(f"(?={one}\\Z)" for one in further) + f"(?:{last})"


def _all_of(conditions: list[str]) -> Matcher:
    return re.compile(_joined(conditions), re.ASCII).fullmatch


def _values(restriction: etree._Element, facet: str) -> list[str]:
    return [str(one.get("value")) for one in restriction.findall(f"{{{XS}}}{facet}")]


def _chosen(restriction: etree._Element) -> Iterator[str | None]:
    """Patterns of one step are alternatives, and so are the values of an enumeration."""
    if patterns := _values(restriction, "pattern"):
        known = all(_PATTERN.fullmatch(one) for one in patterns)
        yield f"(?:{'|'.join(patterns)})" if known else None
    if listed := _values(restriction, "enumeration"):
        yield f"(?:{'|'.join(map(re.escape, listed))})"


def _sized(restriction: etree._Element) -> Iterator[str]:
    least = _values(restriction, "minLength") or _values(restriction, "length") or ["0"]
    most = _values(restriction, "maxLength") or _values(restriction, "length") or [""]
    if least != ["0"] or most != [""]:
        yield f"{_CHARACTER}{{{least[0]},{most[0]}}}"
