"""Orders of courts put together: the desk where they are entered, what uses them up, and what they let go."""

from __future__ import annotations

from collections.abc import Callable

from gateway.core.routing import Directory
from gateway.foundation import Foundation
from gateway.work.answers import Questions
from gateway.work.clearing import Clearing
from gateway.work.court_desk import OrderDesk
from gateway.work.court_orders import Asked, Orders
from gateway.work.intake import Desk
from gateway.work.protection import RegisterWatch
from gateway.work.releasing import Releaser


def register_watch(base: Foundation) -> RegisterWatch:
    """The register of protected persons and orders; it learns when it is first asked."""
    return RegisterWatch(base.stores.notices, base.stores.overrides)


def questions_of(base: Foundation, directory: Callable[[], Directory]) -> Questions:
    """Finds what an answer answers."""
    catalog = base.speech.catalog
    return Questions(
        records=base.stores.records,
        sealer=base.tools.examiner.sealer,
        canonical=base.speech.canonical,
        indexer=base.tools.examiner.indexer,
        directory=directory,
        asked={kind: info.question for kind, info in catalog.kinds.items() if info.question is not None},
        bridging=catalog.bridging,
    )


async def local_order_desk(base: Foundation) -> OrderDesk:
    """For one command: with the partners as they are now."""
    directory = await base.stores.partners.directory()
    return order_desk(base, questions_of(base, lambda: directory), register_watch(base))


def order_desk(base: Foundation, questions: Questions, watch: RegisterWatch) -> OrderDesk:
    return OrderDesk(
        overrides=base.stores.overrides,
        asked=Asked(base.stores.records, questions),
        audit=base.stores.audit,
        watch=watch,
        scribe=base.scribe,
        clock=base.clock,
        mint=base.mint,
        policy=base.speech.catalog.policy.version,
    )


def orders(base: Foundation, questions: Questions) -> Orders:
    return Orders(base.stores.overrides, Asked(base.stores.records, questions), base.scribe)


def releaser(base: Foundation, desk: Desk, clearing: Clearing) -> Releaser:
    return Releaser(
        watch=clearing.watch,
        overrides=base.stores.overrides,
        records=base.stores.records,
        desk=base.stores.desk,
        asked=clearing.orders.asked,
        clearing=clearing,
        router=desk.router,
        scribe=base.scribe,
        directory=clearing.directory,
        announce=desk.announce,
    )
