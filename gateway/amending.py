"""Who mends what dead deliveries carry, made of what a process has."""

from __future__ import annotations

from gateway.core.amendment import Fixed
from gateway.core.ports.amendments import AmendmentDesk
from gateway.foundation import Foundation
from gateway.work.mending import Mender
from transforms.facts import deciding_paths


def amendment_desk(base: Foundation) -> AmendmentDesk:
    """The desk over the stores of this process."""
    examiner, kinds = base.tools.examiner, base.speech.catalog.kinds
    mender = Mender(
        store=base.stores.amendments,
        submissions=base.stores.submissions,
        canonical=base.speech.canonical,
        rules=base.speech.rules,
        sealer=examiner.sealer,
        indexer=examiner.indexer,
        fixings=Fixed({kind: frozenset(deciding_paths(info)) for kind, info in kinds.items()}),
    )
    return AmendmentDesk(base.stores.amendments, mender)
