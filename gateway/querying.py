"""Synchronous queries put together: who may ask whom, the line to who answers, and what is written down."""

from __future__ import annotations

from gateway.core.disclosure import Guard
from gateway.foundation import Foundation
from gateway.guarding import held_by
from gateway.work.directory import DirectoryWatch
from gateway.work.protection import RegisterWatch
from gateway.work.query import Observe, QueryDesk, QueryTools
from gateway.work.query_plan import Planner
from gateway.work.query_reading import StatusReader
from gateway.work.query_wire import ProtectingLine


def query_desk(
    base: Foundation,
    line: ProtectingLine,
    watch: DirectoryWatch,
    guard: Guard,
    protection: RegisterWatch,
    observe: Observe,
) -> QueryDesk:
    speech, held = base.speech, held_by(base, protection)
    reader = StatusReader(speech.formats, speech.canonical, speech.rules)
    return QueryDesk(
        QueryTools(
            planner=Planner(reader, watch.current, guard, held, base.settings.places.value()),
            protection=protection,
            line=line,
            envelopes=line.envelopes,
            audit=base.stores.audit,
            scribe=base.scribe,
            clock=base.clock,
            indexer=base.tools.examiner.indexer,
            observe=observe,
        )
    )
