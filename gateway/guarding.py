"""The wiring of the disclosure guard: where it is asked on the way out, and what it knows of persons."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from gateway.core.apart import Parter
from gateway.core.disclosure import Guard
from gateway.core.model import Content
from gateway.core.routing import Directory
from gateway.foundation import Foundation
from gateway.work.clearing import Clearing
from gateway.work.court_orders import Orders
from gateway.work.danger_watch import DangerWatch
from gateway.work.directory import DirectoryWatch
from gateway.work.disclosures import DisclosureDesk
from gateway.work.examine import indexes
from gateway.work.glass_watch import GlassWatch
from gateway.work.incident_watch import IncidentWatch
from gateway.work.protection import RegisterWatch
from gateway.work.verdict import Judge


def clearing_of(
    base: Foundation, watch: DirectoryWatch, guard: Guard, protection: RegisterWatch, ordered: Orders
) -> Clearing:
    return Clearing(
        guard=guard,
        watch=protection,
        directory=watch.current,
        clock=base.clock,
        bridging=base.speech.catalog.bridging,
        sealer=base.tools.examiner.sealer,
        canonical=base.speech.canonical,
        carried=base.stores.notices,
        orders=ordered,
    )


def judge_of(base: Foundation) -> Judge:
    return Judge(base.scribe, Parter(base.scribe, base.mint))


def disclosure_desk(base: Foundation, clearing: Clearing) -> DisclosureDesk:
    stored = base.stores
    return DisclosureDesk(clearing, stored.notices, stored.audit, base.scribe, Parter(base.scribe, base.mint))


def held_by(base: Foundation, protection: RegisterWatch) -> Callable[[Content], frozenset[bytes]]:
    """Those persons of a content on whom a notice of danger is held."""
    canonical, indexer = base.speech.canonical, base.tools.examiner.indexer

    def held(content: Content) -> frozenset[bytes]:
        return protection.register.held(indexes(canonical.people(content), indexer)[0])

    return held


def danger_watch(base: Foundation, directory: Callable[[], Directory]) -> DangerWatch:
    """The watch over what a registry has to be told of persons in danger."""
    catalog = base.speech.catalog
    kinds = frozenset(kind for kind, one in catalog.policy.kinds.items() if one.told_of_danger)
    postals = catalog.codes["state-number-of-postal"].codes
    return DangerWatch(base.stores.danger_changes, kinds, directory, postals, base.scribe, base.clock)


def incident_watch(base: Foundation) -> IncidentWatch:
    """The register of incidents with its clocks."""
    return IncidentWatch(base.stores.incidents, base.scribe, base.clock, base.mint)


def glass_watch(base: Foundation) -> GlassWatch:
    """Emergency access to content, and its reviews."""
    chosen = base.settings.console
    span = timedelta(minutes=chosen.glass_minutes)
    return GlassWatch(base.stores.glass, base.scribe, base.clock, base.mint, span, chosen.glass_review_days)
