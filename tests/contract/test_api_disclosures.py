"""Why something stays, and taking a notice back, over HTTP and at the command line; and a parcel out of which a record
is taken before anybody fetched it."""

import asyncio
import hashlib
import json
from dataclasses import replace

import pytest
from sqlalchemy import delete, insert, update
from typer.testing import CliRunner

from gateway.cli.application import app
from gateway.core.apart import Parter
from gateway.core.disclosure import Withheld
from gateway.core.model import DeliveryState, Outcome, Page
from gateway.core.protected import Notice
from gateway.core.routing import Directory
from gateway.store.overrides import StoredOverrides
from gateway.store.protection import StoredNotices, write_notices
from gateway.store.tables import deliveries, items, overrides, records
from gateway.work.clearing import Clearing
from gateway.work.court_orders import Asked, Orders
from gateway.work.disclosures import DisclosureDesk
from gateway.work.protection import RegisterWatch
from tests.contract.api_stack import AGREEMENT, IOWA, OHIO, partner, running
from tests.contract.query_stack import spoken
from tests.unit.guarding import GUARD
from verifier import check_receipt

JANE, OTHERS = b"j" * 16, b"o" * 16
REASON = {"reason": "the court ended it"}


@pytest.fixture
async def stack(sqlite_url, tmp_path):
    directory = Directory([partner(OHIO), partner(IOWA)], [AGREEMENT])

    def guarded(parts):
        notices = StoredNotices(parts.submissions._database)
        overrides = StoredOverrides(parts.submissions._database)
        clearing = Clearing(
            guard=GUARD,
            watch=RegisterWatch(notices, overrides),
            directory=lambda: directory,
            clock=parts.clock,
            bridging=spoken().catalog.bridging,
            sealer=parts.sealer,
            canonical=spoken().canonical,
            carried=notices,
            orders=Orders(overrides, Asked(parts.records, None), parts.scribe),  # no order stands here
        )
        parter = Parter(parts.scribe, parts.mint)
        return replace(parts, disclosures=DisclosureDesk(clearing, notices, parts.audit, parts.scribe, parter))

    async with running(sqlite_url, tmp_path, change=guarded) as stack:
        yield stack


async def batch(stack):
    """Three records of what was found about persons in one delivery to Iowa: its id, theirs, and their submission's."""
    submission = (await stack.post(b"one\ntwo\nthree\n")).json["submission"]
    listing = await stack.parts.submissions.records(submission, None, Page())
    ids = [row.id for row in listing.rows]
    (first,) = await stack.parts.records.deliveries(ids[0])
    async with stack.database.write() as connection:
        await connection.execute(update(items).values(delivery=first.id))
        await connection.execute(delete(deliveries).where(deliveries.c.id != first.id))
        await connection.execute(update(deliveries).values(records=3))
        await connection.execute(update(records).values(bearing="STATE tells", persons=OTHERS))
        await connection.execute(update(records).where(records.c.id == ids[1]).values(persons=JANE))
    return first.id, ids, submission


async def parcel(stack):
    """The same in Iowa's mailbox."""
    delivery, ids, submission = await batch(stack)
    await stack.settle(delivery, DeliveryState.WAITING, Outcome.WAITING, b"<Locate/>")
    return delivery, ids, submission


async def danger(stack, record, person=JANE):
    """Ohio's record says that the person is in danger."""
    async with stack.database.write() as connection:
        await write_notices(connection, [Notice(person, OHIO, record, stack.watch())])


async def told(stack, caller, path):
    answer = await stack.call(caller, "GET", path)
    assert answer.status == 200
    return answer.json


async def apart(stack, record):
    """The delivery in which a record stays behind."""
    (own,) = (await told(stack, "pat", f"/v1/records/{record}"))["deliveries"]
    return own


async def command(stack, caller, *arguments):
    given = [*arguments, "--url", stack.address, "--key", stack.tokens[caller]]
    return await asyncio.to_thread(CliRunner().invoke, app, given, env={"COLUMNS": "400"})


async def lift(stack, record, caller="ohio", reason=REASON):
    return await stack.call(caller, "POST", f"/v1/records/{record}/lift", json=reason)


# --- a parcel that lies ready ----------------------------------------------------------------------------------------


async def test_a_record_is_taken_out_of_a_parcel_that_nobody_has_fetched_and_the_final_receipt_counts_it(stack):
    delivery, ids, submission = await parcel(stack)
    await danger(stack, ids[2])
    refused = await stack.call("iowa", "GET", f"/v1/mailbox/{delivery}")
    assert (refused.status, refused.json["code"]) == (403, "withheld")
    found = await told(stack, "pat", f"/v1/deliveries/{delivery}")
    assert (found["state"], found["records"]) == ("pending", 2)
    own = await apart(stack, ids[1])
    assert (own["state"], own["cause"], own["records"]) == ("withheld", Withheld.PROTECTED_PERSON, 1)
    assert (await stack.call("iowa", "GET", f"/v1/mailbox/{delivery}")).status == 404, "it is made anew"
    await stack.settle(delivery, DeliveryState.WAITING, Outcome.WAITING, b"<Two/>")
    assert (await stack.call("iowa", "GET", f"/v1/mailbox/{delivery}")).body == b"<Two/>"
    assert [one.object for one in await stack.entries("delivery.withheld")] == [f"delivery:{own['id']}"]
    assert [str(one.actor) for one in await stack.entries("delivery.split")] == ["partner:iowa"]
    digest = hashlib.sha256(b"<Two/>").hexdigest()
    await stack.call("iowa", "POST", f"/v1/mailbox/{delivery}/acknowledge", json={"digest": digest})
    receipt = await stack.call("ohio", "GET", f"/v1/submissions/{submission}/receipts/final")
    keys = await stack.call(None, "GET", "/.well-known/jwks.json")
    claims = check_receipt(receipt.body.decode(), keys.body.decode()).claims
    assert claims["recipients"] == [
        {"partner": IOWA, "delivered": 2, "refused": 0, "withdrawn": 0, "withheld": 1, "amended": 0}
    ]


async def test_a_parcel_that_was_fetched_stays_whole_and_is_not_given_out_again(stack):
    delivery, ids, _ = await parcel(stack)
    assert (await stack.call("iowa", "GET", f"/v1/mailbox/{delivery}")).status == 200
    await danger(stack, ids[2])
    assert (await stack.call("iowa", "GET", f"/v1/mailbox/{delivery}")).status == 403
    found = await told(stack, "pat", f"/v1/deliveries/{delivery}")
    assert (found["state"], found["records"]) == ("waiting", 3)
    assert [one.object for one in await stack.entries("delivery.withheld")] == [f"delivery:{delivery}"]


# --- why -------------------------------------------------------------------------------------------------------------


async def test_sender_and_operator_are_told_why_and_nothing_of_the_person(stack):
    delivery, ids, _ = await parcel(stack)
    await danger(stack, ids[2])
    await stack.call("iowa", "GET", f"/v1/mailbox/{delivery}")
    own = await apart(stack, ids[1])
    for caller in ("ohio", "pat"):
        why = (await told(stack, caller, f"/v1/deliveries/{own['id']}"))["why"]
        assert (why["code"], why["rule"]) == (Withheld.PROTECTED_PERSON, "L08")
        assert all(why[name] for name in ("title", "change", "source", "policy"))
    assert (await told(stack, "ohio", f"/v1/records/{ids[0]}"))["why"] is None
    assert (await stack.call("tanf", "GET", f"/v1/deliveries/{own['id']}")).status == 404
    for asked in (ids[1], own["id"]):
        said = (await command(stack, "pat", "why", asked)).output
        assert own["id"] in said
        assert Withheld.PROTECTED_PERSON in said
    assert "nothing keeps it back" in (await command(stack, "pat", "why", ids[0])).output
    assert own["id"] in (await command(stack, "pat", "dead", "list", "--state", "withheld")).output


async def test_a_record_that_goes_to_nobody_says_why_to_its_sender_alone(stack):
    _, ids, _ = await batch(stack)
    reason = str(Withheld.FAMILY_VIOLENCE)
    async with stack.database.write() as connection:
        await connection.execute(update(records).where(records.c.id == ids[0]).values(state="withheld", reason=reason))
    assert (await told(stack, "ohio", f"/v1/records/{ids[0]}"))["why"]["rule"] == "V01"
    assert (await told(stack, "iowa", f"/v1/records/{ids[0]}"))["why"] is None
    assert (await stack.call("tanf", "GET", f"/v1/records/{ids[0]}")).status == 404


# --- lift ------------------------------------------------------------------------------------------------------------


async def test_who_placed_a_notice_takes_it_back_once_and_then_the_record_may_go(stack):
    delivery, ids, _ = await parcel(stack)
    await danger(stack, ids[2])
    await stack.call("iowa", "GET", f"/v1/mailbox/{delivery}")
    own = (await apart(stack, ids[1]))["id"]
    lifted = await lift(stack, ids[2])
    assert (lifted.status, lifted.json) == (200, {"persons": 1})
    assert (await lift(stack, ids[2])).json == {"persons": 0}
    (entry,) = await stack.entries("notice.lifted")
    assert (str(entry.actor), entry.object, entry.details) == ("partner:ohio", f"record:{ids[2]}", REASON)
    again = await stack.call("pat", "POST", f"/v1/deliveries/{own}/retry", json=REASON)
    assert (again.status, again.json["state"]) == (200, "pending")
    await stack.settle(own, DeliveryState.WAITING, Outcome.WAITING, b"<One/>")
    assert (await stack.call("iowa", "GET", f"/v1/mailbox/{own}")).body == b"<One/>"


async def test_without_the_lift_what_is_placed_again_is_not_given_out(stack):
    delivery, ids, _ = await parcel(stack)
    await danger(stack, ids[2])
    await stack.call("iowa", "GET", f"/v1/mailbox/{delivery}")
    own = (await apart(stack, ids[1]))["id"]
    await stack.call("pat", "POST", f"/v1/deliveries/{own}/retry", json=REASON)
    await stack.settle(own, DeliveryState.WAITING, Outcome.WAITING, b"<One/>")
    assert (await stack.call("iowa", "GET", f"/v1/mailbox/{own}")).status == 403


async def test_nobody_else_takes_a_notice_back_and_never_without_a_reason(stack):
    _, ids, _ = await batch(stack)
    await danger(stack, ids[2])
    assert (await lift(stack, ids[2], "iowa")).status == 404
    assert (await lift(stack, stack.parts.mint())).status == 404
    assert (await lift(stack, ids[2], "reader")).status == 403
    assert (await lift(stack, ids[2], "pat")).status in (403, 404)
    assert (await lift(stack, ids[2], reason={"reason": " "})).status == 422
    assert await stack.entries("notice.lifted") == []
    assert (await command(stack, "iowa", "lift", ids[2], "--reason", "it is over")).exit_code != 0
    lifted = await command(stack, "ohio", "lift", ids[2], "--reason", "it is over", "--json")
    told = json.loads(lifted.stdout[lifted.stdout.index("{") :])  # after what the server logs
    assert ("1 persons" in lifted.stderr, told["persons"]) == (True, 1)


# --- by order of a court ---------------------------------------------------------------------------------------------


async def test_what_left_by_order_of_a_court_says_so_and_nothing_else_does(stack):
    delivery, ids, _ = await batch(stack)
    assert (await told(stack, "ohio", f"/v1/deliveries/{delivery}"))["why"] is None
    row = {
        "id": "order-1",
        "request": "request-1",
        "person": JANE,
        "court": "39-CP-0001",
        "requested_by": "operator:pat",
    }
    row |= {"ordered_on": "2026-03-01", "expires_on": "2026-03-09", "approved_by": "operator:kim", "revision": 1}
    row |= {"entered_at": stack.watch(), "used_at": stack.watch(), "delivery": delivery, "record": ids[1]}
    async with stack.database.write() as connection:
        await connection.execute(insert(overrides).values(row))
    for path in (f"/v1/deliveries/{delivery}", f"/v1/records/{ids[1]}"):
        why = (await told(stack, "ohio", path))["why"]
        assert (why["code"], why["rule"]) == ("court-order", "V02")
    assert (await told(stack, "ohio", f"/v1/records/{ids[0]}"))["why"] is None
    said = (await command(stack, "ohio", "why", ids[1])).stdout
    assert "It left once by order order-1 of the court 39-CP-0001 of 2026-03-01." in said
    assert "not sent" not in said
