"""Without an agreement in force a record is parked in sight, and leaves when one is applied."""

from __future__ import annotations

from tests.journeys import samples
from tests.journeys.partner_files import everybody
from tests.journeys.site import until, whole
from tests.servers.gateway_process import OPERATOR

TEXAS = b"4845300"


def from_texas(number):
    """A locate request of Texas to the tribe."""
    return TEXAS + samples.csenet(number, samples.LOCATE, "tribe-90830")[len(TEXAS) :]


async def test_an_expired_agreement_parks_a_record_until_it_is_renewed(sqlite_url, tmp_path):
    async with whole(tmp_path, sqlite_url) as site:
        receipt = await site.api.accepted("texas", "csenet", from_texas(1))
        assert receipt["counts"]["unroutable"] == 1
        record = receipt["records"][0]
        assert (record["state"], record["reason"]) == ("unroutable", "agreement-expired")
        assert [finding["code"] for finding in receipt["findings"]] == ["ROUTE-PARKED"]
        path = f"/v1/records/{record['id']}"
        assert (await site.api.get("texas", path))["deliveries"] == []

        renewed = everybody(site.partners.port).replace("valid_until = 2025-12-31", "valid_until = 2099-12-31")
        assert await site.installed.apply(renewed) > 0

        async def routed():
            return (await site.api.get("texas", path))["state"] == "routed"

        await until(routed, "the record is routed")

        async def mail():
            return (await site.api.get("tribe-90830", "/v1/mailbox"))["rows"]

        (parcel,) = await until(mail, "the tribe has it in its mailbox")
        answer = await site.api.send("tribe-90830", "GET", f"/v1/mailbox/{parcel['delivery']}")
        assert answer.json["Header"]["TransactionSerialNumber"] == samples.serial(1).decode()
        steps = (await site.api.get(OPERATOR, path + "/trace"))["steps"]
        assert [step["action"] for step in steps if step["object"].startswith("record:")][:2] == [
            "record.parked",
            "record.rerouted",
        ]


async def test_a_record_for_nobody_we_know_is_parked(sqlite_url, tmp_path):
    async with whole(tmp_path, sqlite_url) as site:
        line = samples.csenet(1, samples.LOCATE)
        nowhere = line[:7] + b"5602100" + line[14:]
        receipt = (await site.api.submit("ohio", "csenet", nowhere)).json
        assert receipt["records"][0]["state"] == "unroutable"
        assert receipt["records"][0]["reason"] == "recipient-unknown"
