"""Crossing: how tasks and results go to worker processes and back, as plain tuples.

Pickling them as dataclasses costs a tenth of the whole examination; tuples of plain values cost next to nothing.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from operator import attrgetter
from typing import Any, NamedTuple

from gateway.core.model import Digest, Facts, Finding, FormatName, Partner, RecordId, RuleCode
from gateway.core.ports.crew import Examination, Examined
from gateway.core.ports.formats import Frame, Heading

_FACTS = attrgetter(*(field.name for field in fields(Facts)))

_Frame = tuple[int, bytes, int | None]
_Bytes = bytes | None
_Examined = tuple[
    RecordId, int, tuple[Finding, ...], tuple[Any, ...] | None, Digest | None, _Bytes, _Bytes, _Bytes, _Bytes, str
]


class PackedTask(NamedTuple):
    """An examination on its way to a worker."""

    format: FormatName
    sender: Partner
    heading: Heading
    frames: tuple[_Frame, ...]
    ids: tuple[RecordId, ...]
    today: date
    lacking: RuleCode | None


PackedResult = list[_Examined]
"""What a worker found, one row a record."""


def pack_task(task: Examination) -> PackedTask:
    frames = tuple([(frame.ordinal, frame.body, frame.line) for frame in task.frames])
    return PackedTask(task.format, task.sender, task.heading, frames, task.ids, task.today, task.lacking)


def unpack_task(packed: PackedTask) -> Examination:
    frames = tuple([Frame(*frame) for frame in packed.frames])
    return Examination(packed.format, packed.sender, packed.heading, frames, packed.ids, packed.today, packed.lacking)


def pack_result(found: tuple[Examined, ...]) -> PackedResult:
    return [
        (
            one.id,
            one.ordinal,
            one.findings,
            None if one.facts is None else _FACTS(one.facts),
            one.digest,
            one.sealed,
            one.case_index,
            one.persons,
            one.endangered,
            one.index_keys,
        )
        for one in found
    ]


def unpack_result(packed: PackedResult) -> tuple[Examined, ...]:
    return tuple(
        [
            Examined(
                id_,
                ordinal,
                findings,
                None if facts is None else Facts(*facts),
                digest,
                sealed,
                index,
                persons=persons,
                endangered=endangered,
                index_keys=keys,
            )
            for id_, ordinal, findings, facts, digest, sealed, index, persons, endangered, keys in packed
        ]
    )
