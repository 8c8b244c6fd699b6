"""The wiring of the disclosure guard: where it is asked on the way out, and what it knows of persons."""

from __future__ import annotations

from collections.abc import Callable

from gateway.core.disclosure import Guard
from gateway.core.model import Content
from gateway.foundation import Foundation
from gateway.work.clearing import Clearing
from gateway.work.directory import DirectoryWatch
from gateway.work.examine import indexes
from gateway.work.protection import RegisterWatch


def clearing_of(base: Foundation, watch: DirectoryWatch, guard: Guard, protection: RegisterWatch) -> Clearing:
    return Clearing(
        guard=guard,
        watch=protection,
        directory=watch.current,
        clock=base.clock,
        bridging=base.speech.catalog.bridging,
        sealer=base.tools.examiner.sealer,
        canonical=base.speech.canonical,
        carried=base.stores.notices,
    )


def held_by(base: Foundation, protection: RegisterWatch) -> Callable[[Content], frozenset[bytes]]:
    """Those persons of a content on whom a notice of danger is held."""
    canonical, indexer = base.speech.canonical, base.tools.examiner.indexer

    def held(content: Content) -> frozenset[bytes]:
        return protection.register.held(indexes(canonical.people(content), indexer)[0])

    return held
