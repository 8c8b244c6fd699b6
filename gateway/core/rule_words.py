"""What a rule is about, in the words of the business."""

from __future__ import annotations

import re

from gateway.core.catalog import Catalog, Rule
from gateway.core.model import FormatName
from gateway.core.question import texts

_CAPITAL = re.compile("(?<=[a-z0-9])(?=[A-Z])")


def subject(rule: Rule, catalog: Catalog) -> str:
    """The fields that a rule is about, in business words: as the rule names them, else as the layouts call its paths;
    empty for a rule that is about whatever field a finding names."""
    if rule.field_name:
        return words(rule.field_name)
    block = str(rule.parameters.get("block", ""))
    named = [value for name in ("paths", "path", "later") for value in texts(rule, name)]
    paths = [f"{block}/{path}" if block and not path.startswith(block) else path for path in named] or [block]
    return ", ".join(dict.fromkeys(_called(path, catalog) for path in paths if path))


def words(name: str) -> str:
    """``Date-Of-Birth`` and ``date_of_birth`` as people write them."""
    return name.replace("_", " ").replace("-", " ").lower()


def _called(path: str, catalog: Catalog) -> str:
    """What the first layout that carries a path calls it; a block by its own name."""
    plain = path.replace("[*]", "")
    for layout in catalog.layouts.values():
        prefix = f"{layout.block}/" if layout.block else ""
        for field in layout.fields:
            if field.path and prefix + field.path == plain:
                return words(field.name)
    return _CAPITAL.sub(" ", plain.rpartition("/")[2]).lower()


def is_asked_of(rule: Rule, format: FormatName, catalog: Catalog) -> bool:
    """Whether a rule can be about a record of a format: it names the format or none, and one of its kinds or none."""
    kinds = catalog.formats[format].kinds
    return (not rule.formats or format in rule.formats) and (not rule.kinds or not rule.kinds.isdisjoint(kinds))
