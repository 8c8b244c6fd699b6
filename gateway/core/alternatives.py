"""The check that a record has the one block that its code names, and none of the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gateway.core.catalog import Catalog, Rule
from gateway.core.question import Ask, Check, Fault, Question, texts


def _one_block(rule: Rule, _catalog: Catalog) -> Ask:
    """``blocks`` are texts ``code=Block``. A code that none of them has is left to the schema."""
    path = str(rule.parameters["path"])
    named = {code: block for code, _, block in (text.partition("=") for text in texts(rule, "blocks"))}

    def ask(question: Question) -> Iterator[Fault]:
        own = named.get(question.content.fields.get(path, ""))
        for block in named.values() if own else ():
            there = bool(question.blocks.get(block))
            if there is not (block == own):
                yield Fault(block, "it is there" if there else "it is missing")

    return ask


CHECKS: Mapping[str, Check] = {"one-block": Check(_one_block, frozenset({"path", "blocks"}))}
