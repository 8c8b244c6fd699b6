"""Who mends what dead deliveries carry, made of what a process has."""

from __future__ import annotations

from collections.abc import Callable

from gateway.core.amendment import Fixed
from gateway.core.ports.amendments import AmendmentDesk
from gateway.core.ports.crew import Crew
from gateway.core.routing import Directory
from gateway.foundation import Foundation
from gateway.store.cargo import StoredCargo
from gateway.work.mending import Mender
from gateway.work.rehearsal import Rehearsal
from transforms.facts import deciding_paths


def amendment_desk(base: Foundation, crew: Crew, directory: Callable[[], Directory]) -> AmendmentDesk:
    """The desk over the stores of this process. ``crew``: writes plain payloads."""
    examiner, kinds = base.tools.examiner, base.speech.catalog.kinds
    mender = Mender(
        store=base.stores.amendments,
        submissions=base.stores.submissions,
        canonical=base.speech.canonical,
        rules=base.speech.rules,
        sealer=examiner.sealer,
        indexer=examiner.indexer,
        fixings=Fixed({kind: frozenset(deciding_paths(info)) for kind, info in kinds.items()}),
        rehearsals=Rehearsal(StoredCargo(base.stores.database), crew, directory),
    )
    return AmendmentDesk(base.stores.amendments, mender)
