"""What API and console are given: one value with everything that they may ask or do."""

from __future__ import annotations

from datetime import date

from gateway import __version__
from gateway.amending import amendment_desk
from gateway.attesting import attestation_of
from gateway.core.errors import Unavailable
from gateway.core.model import Content
from gateway.core.ports.broker import Broker
from gateway.core.ports.callers import Proofs
from gateway.core.rule_words import subject
from gateway.court import order_desk
from gateway.foundation import Foundation
from gateway.guarding import danger_watch, disclosure_desk, glass_watch, incident_watch
from gateway.key_rounds import key_report
from gateway.published import Publisher
from gateway.retaining import retention_desk
from gateway.web.parts import LogFiles, Parts, RuleText
from gateway.wire import WireParts
from gateway.work.clearing import Clearing
from gateway.work.directory import DirectoryWatch
from gateway.work.intake import Desk
from gateway.work.originate import Originator
from gateway.work.query import QueryDesk
from gateway.work.receipts import ReceiptOffice
from gateway.work.rejections import Rejections
from keys.credentials import PresentedCredentials
from transforms.csenet_answers import Stamp, rejection


def _reject(content: Content, serial: str, day: date) -> Content:
    return rejection(content, Stamp(serial, day))


def web_parts(
    base: Foundation,
    desk: Desk,
    queries: QueryDesk,
    watch: DirectoryWatch,
    broker: Broker,
    originator: Originator,
    receipts: ReceiptOffice,
    wire: WireParts,
    clearing: Clearing,
) -> Parts:
    stored, catalog = base.stores, base.speech.catalog
    published = Publisher(stored.audit, base.heads, base.settings.audit.publish)

    async def store_answers() -> None:
        await stored.health.ping()

    async def broker_answers() -> None:
        if not broker.connected:
            raise Unavailable("The broker is not connected; deliveries wait in the store.", code="broker-down")

    return Parts(
        clock=base.clock,
        mint=base.mint,
        random=base.random,
        scribe=base.scribe,
        intake=desk,
        queries=queries,
        submissions=stored.submissions,
        held_bodies=stored.held_bodies,
        receipts=receipts,
        records=stored.records,
        desk=stored.desk,
        mailbox=stored.mailbox,
        jobs=stored.jobs,
        partners=stored.partners,
        directory=watch.fresh,
        callers=stored.callers,
        proofs=Proofs(base.keys.access_tokens(), PresentedCredentials(), stored.nonces),
        operators=stored.operators,
        factors=stored.factors,
        devices=stored.devices,
        login_failures=stored.login_failures,
        readings=stored.readings,
        glass=glass_watch(base),
        approvals=stored.approvals,
        amendments=amendment_desk(base, desk.crew, watch.current),
        health=stored.health,
        audit=stored.audit,
        retention=retention_desk(base, watch.current),
        sealer=base.tools.examiner.sealer,
        indexer=base.tools.examiner.indexer,
        hasher=base.keys.hasher(),
        canonical=base.speech.canonical,
        formats={info.name: info for info in catalog.formats.values()},
        kinds={kind: info.title for kind, info in catalog.kinds.items()},
        rules=_rule_texts(base),
        proof=base.logbook.proof,
        log=LogFiles(published.checkpoint, published.file, stored.stamps if base.settings.audit.publish else None),
        checks={"store": store_answers, "broker": broker_answers},
        version=__version__,
        policies=base.policies,
        attestation=attestation_of(base.settings.attestation),
        key_report=lambda: key_report(base),
        messages=wire.messages,
        partner_keys=wire.partner_keys,
        gateway_name=base.settings.log_name,
        court=order_desk(base, clearing.orders.asked.questions, clearing.watch),
        disclosures=disclosure_desk(base, clearing),
        danger_clocks=danger_watch(base, watch.current),
        incident_clocks=incident_watch(base),
        turns=stored.turns,
        bridging=desk.router.bridging,
        case_unknown=Rejections(stored.desk, originator, _reject).case_unknown,
    )


def _rule_texts(base: Foundation) -> dict[str, RuleText]:
    return {
        rule.code: RuleText(
            rule.code,
            rule.title,
            rule.fix,
            rule.severity,
            subject(rule, base.speech.catalog) or None,
            rule.source,
            (*sorted(rule.kinds), *sorted(rule.formats)),
            rule.since,
            rule.until,
        )
        for rule in base.speech.catalog.rules.values()
    }
