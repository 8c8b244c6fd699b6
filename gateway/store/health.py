"""Figures about the gateway itself: breakers, samples of series, counts for the overview."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, delete, func, literal, select, type_coerce

from gateway.core.errors import Unavailable
from gateway.core.ids import first_id
from gateway.core.model import DeliveryState, PartnerKey, RecordState
from gateway.core.ports.health import BreakerRow, Flow, Sample
from gateway.store.audit import written_since
from gateway.store.bulk import upsert
from gateway.store.engine import Database
from gateway.store.insertion import Insertion
from gateway.store.prepared import moment
from gateway.store.room import expect_room
from gateway.store.tables import audit_entries, breakers, deliveries, leases, records, samples, submissions
from gateway.store.walks import SKEW, record_in

_SAMPLES = Insertion(samples)
_TRIAL = "write-trial"
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Nobody ever had this lease."""


class StoredHealth:
    """Implements :class:`gateway.core.ports.health.Health`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ping(self) -> None:
        """As the port says. A database with a full disk still answers what it is asked."""
        async with self._database.read() as connection:
            await connection.execute(select(1))
        if (full := self._database.full) is not None:
            raise Unavailable(full.detail, code=full.problem, retry_after=full.retry_after)
        if self._database.write_failed:
            await self.writes()

    async def writes(self) -> None:
        """As the port says."""
        async with self._database.write() as connection:
            trial = upsert(connection, leases).values(name=_TRIAL, owner=_TRIAL, until=_NEVER)
            await connection.execute(trial.on_conflict_do_update(index_elements=["name"], set_={"owner": _TRIAL}))

    async def room(self) -> None:
        """As the port says."""
        await expect_room(self._database)

    async def breakers(self) -> tuple[BreakerRow, ...]:
        """By partner."""
        async with self._database.read() as connection:
            rows = (await connection.execute(select(breakers).order_by(breakers.c.partner))).all()
        return tuple(BreakerRow(PartnerKey(r.partner), r.state, r.failures, r.since, r.probe_at) for r in rows)

    async def save_breaker(self, row: BreakerRow) -> None:
        columns = {"state": row.state, "failures": row.failures, "since": row.since, "probe_at": row.probe_at}
        async with self._database.write() as connection:
            statement = upsert(connection, breakers).values(partner=row.partner, **columns)
            await connection.execute(statement.on_conflict_do_update(index_elements=["partner"], set_=columns))

    async def add_samples(self, samples: Sequence[Sample]) -> None:
        if not samples:
            return
        rows = [{"series": s.series, "label": s.label, "at": s.at, "value": float(s.value)} for s in samples]
        async with self._database.write() as connection:
            await _SAMPLES.write(connection, rows)

    async def samples(self, series: str, since: datetime, label: str | None = None) -> tuple[Sample, ...]:
        query = select(samples).where(samples.c.series == series, samples.c.at >= since)
        if label is not None:
            query = query.where(samples.c.label == label)
        async with self._database.read() as connection:
            rows = (await connection.execute(query.order_by(samples.c.at, samples.c.label))).all()
        return tuple(Sample(row.at, row.series, row.label, row.value) for row in rows)

    async def readings(self, series: str, since: datetime, width: timedelta, spans: int) -> tuple[Sample, ...]:
        """As the port says. What is measured at one moment has one time, so the last time of each span finds it."""
        span = select(literal(0).label("place")).cte("span", recursive=True)
        span = span.union_all(select(span.c.place + 1).where(span.c.place < spans - 1))
        at, step = type_coerce(samples.c.at, BigInteger), width // timedelta(microseconds=1)
        begins = literal(moment(since), BigInteger) + span.c.place * literal(step, BigInteger)
        last = (
            select(func.max(samples.c.at))
            .where(samples.c.series == series, at >= begins, at < begins + literal(step, BigInteger))
            .correlate(span)
        )
        times = select(last.scalar_subquery()).select_from(span)
        query = select(samples).where(samples.c.series == series, samples.c.at.in_(times))
        async with self._database.read() as connection:
            rows = (await connection.execute(query.order_by(samples.c.at, samples.c.label))).all()
        return tuple(Sample(row.at, row.series, row.label, row.value) for row in rows)

    async def prune_samples(self, before: datetime) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(samples).where(samples.c.at < before))

    async def counts(self, since: datetime) -> Mapping[str, int]:
        """``submissions``, ``records``, ``records.<state>`` and ``deliveries.<state>``, every state named: what was
        received or created since then, in the state in which it is now. Records of a submission that is still being
        judged count as far as they are judged."""
        received = select(
            func.count().label("submissions"),
            *(func.coalesce(func.sum(submissions.c[name]), 0).label(name) for name in _SUMMED),
        ).where(submissions.c.received_at >= since)
        parked = (
            select(func.count())
            .select_from(records)
            .where(*record_in(RecordState.UNROUTABLE), records.c.received_at >= since)
        )
        created = (
            select(deliveries.c.state, func.count().label("found"))
            # Ids begin with their time: the primary key finds the new ones, creation times have no index.
            .where(deliveries.c.id >= first_id(since, -SKEW), deliveries.c.created_at >= since)
            .group_by(deliveries.c.state)
        )
        async with self._database.read() as connection:
            sums = (await connection.execute(received)).one()
            unroutable = await connection.scalar(parked) or 0
            owed = {row.state: row.found for row in await connection.execute(created)}
        of_records = {
            RecordState.REFUSED: int(sums.refused),
            RecordState.UNROUTABLE: unroutable,
            RecordState.WITHHELD: int(sums.withheld),
            RecordState.ROUTED: int(sums.accepted) - int(sums.withheld) - unroutable,
        }
        return {
            "submissions": sums.submissions,
            "records": int(sums.records),
            **{f"records.{state}": of_records[state] for state in RecordState},
            **{f"deliveries.{state}": owed.get(state.value, 0) for state in DeliveryState},
        }

    async def lately(self, since: datetime, actions: Sequence[str]) -> Mapping[str, int]:
        """As the port says. The ids of entries begin with their time: no index follows when a delivery ended."""
        entry = audit_entries.c
        written = (*written_since(since), entry.action.in_(actions))
        counted = select(entry.action, func.count().label("found")).where(*written).group_by(entry.action)
        async with self._database.read() as connection:
            found = {row.action: row.found for row in await connection.execute(counted)}
        return {action: found.get(action, 0) for action in actions}

    async def flows(self, since: datetime) -> Mapping[PartnerKey, Flow]:
        """As the port says. Ids begin with their time: that of a delivery is when it came into the queue, however long
        before its file was received. One that the guard keeps back never was in it."""
        made = (
            select(deliveries.c.partner, func.count().label("found"))
            .where(deliveries.c.id >= first_id(since), deliveries.c.state != DeliveryState.WITHHELD.value)
            .group_by(deliveries.c.partner)
        )
        entry = audit_entries.c
        ended = (
            select(deliveries.c.partner, entry.action, func.count().label("found"))
            .join_from(audit_entries, deliveries, deliveries.c.id == func.substr(entry.object, len(_DELIVERY) + 1))
            .where(*written_since(since), entry.action.in_((_AGAIN, *_LEAVING)))
            .group_by(deliveries.c.partner, entry.action)
        )
        entered: Counter[str] = Counter()
        left: Counter[str] = Counter()
        async with self._database.read() as connection:
            entered.update({row.partner: row.found for row in await connection.execute(made)})
            for row in await connection.execute(ended):
                (entered if row.action == _AGAIN else left)[row.partner] += row.found
        return {PartnerKey(one): Flow(entered[one], left[one]) for one in entered.keys() | left.keys()}


_DELIVERY = "delivery:"
"""How audit entries name one."""
_AGAIN = "delivery.retried"
_LEAVING = ("delivery.delivered", "delivery.placed", "delivery.dead", "delivery.held")
_SUMMED = ("records", "accepted", "refused", "withheld")
