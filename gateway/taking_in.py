"""Taking in put together: the desk where bodies arrive, and the originator of records that nobody posted."""

from __future__ import annotations

from collections.abc import Callable

from gateway.core.labels import tax_formats
from gateway.core.model import Delivery, FormatName
from gateway.core.ports.crew import Crew
from gateway.core.receipt import Receipts, describing
from gateway.core.whole_file import WholeFile
from gateway.foundation import Foundation
from gateway.settings import Settings
from gateway.work.acknowledging import Acknowledging
from gateway.work.directory import DirectoryWatch
from gateway.work.intake import Desk, IntakeLimits
from gateway.work.originate import Originator
from gateway.work.prohibiting import Prohibiting
from gateway.work.returns import Returns
from gateway.work.route import Router
from transforms.csenet_errors import ErrorReturns
from transforms.x12_answers import acknowledge


def intake_desk(
    settings: Settings, originator: Originator, base: Foundation, crew: Crew, expect: Callable[[], None]
) -> Desk:
    return Desk(
        formats=base.speech.formats,
        crew=crew,
        router=originator.router,
        store=base.stores.intake,
        spool=base.stores.spool,
        audit=base.stores.audit,
        sealer=base.tools.examiner.sealer,
        scribe=base.scribe,
        clock=base.clock,
        mint=base.mint,
        directory=originator.directory,
        write_receipt=originator.write_receipt,
        whole=WholeFile.of(base.speech.catalog),
        taxing=tax_formats(base.speech.catalog),
        announce=originator.announce,
        limits=IntakeLimits(records_at_once=settings.api.records_at_once),
        returns=Returns(
            originator,
            base.stores.submissions,
            ErrorReturns(base.speech.catalog).of_bytes,
            frozenset({FormatName("csenet"), FormatName("csenet-out")}),
        ),
        acknowledging=Acknowledging(
            originator,
            base.stores.submissions,
            lambda name, body, findings: acknowledge(body, findings, base.speech.catalog.x12[name]),
            frozenset(base.speech.catalog.x12),
        ),
        prohibiting=Prohibiting(
            originator,
            base.stores.records,
            base.stores.prohibitions,
            {kind: info.prohibited for kind, info in base.speech.catalog.kinds.items() if info.prohibited is not None},
        ),
        successions=base.speech.catalog.order_of_files,
        turns=base.stores.turns,
        expect=expect,
    )


def originator_of(
    base: Foundation, watch: DirectoryWatch, announce: Callable[[tuple[Delivery, ...]], None], router: Router
) -> Originator:
    return Originator(
        canonical=base.speech.canonical,
        sealer=base.tools.examiner.sealer,
        indexer=base.tools.examiner.indexer,
        router=router,
        store=base.stores.intake,
        scribe=base.scribe,
        clock=base.clock,
        mint=base.mint,
        directory=watch.current,
        write_receipt=Receipts(describing(base.speech.catalog.rule)),
        announce=announce,
    )
