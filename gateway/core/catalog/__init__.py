"""What is data: kinds, formats, layouts, code lists and rules, as values. ``schemas.load()`` reads and checks them.

Paths in the catalog are canonical paths without the root element: ``Header/Function``. A repeated element carries
``[*]`` in a pattern (``Participant[*]/PersonName/PersonSurName``) and its 1-based index in a record.
"""

from __future__ import annotations

from gateway.core.catalog.blocks import BLANK_BLOCK, count_blocks
from gateway.core.catalog.codes import CodeList, Triple
from gateway.core.catalog.kind import KindInfo, Prohibited, Question
from gateway.core.catalog.layout import (
    Column,
    ColumnOrder,
    Layout,
    LayoutField,
    Need,
    Picture,
    Position,
    block_prefixes,
)
from gateway.core.catalog.rule import Match, Parameter, Rule
from gateway.core.catalog.whole import Catalog

__all__ = [
    "BLANK_BLOCK",
    "Catalog",
    "CodeList",
    "Column",
    "ColumnOrder",
    "KindInfo",
    "Layout",
    "LayoutField",
    "Match",
    "Need",
    "Parameter",
    "Picture",
    "Position",
    "Prohibited",
    "Question",
    "Rule",
    "Triple",
    "block_prefixes",
    "count_blocks",
]
