"""A dead letter is amended from the command line: another person agrees, and the receiver gets exactly that."""

from __future__ import annotations

import asyncio
import base64
import json
import re

from typer.testing import CliRunner

from gateway.cli.application import app
from gateway.core.amendment import AMENDED
from gateway.core.errors import NotFound
from gateway.core.model import Actor, PartnerKey, RecordId
from gateway.core.roles import Role
from gateway.disclosed import Evidence
from gateway.web.approving import second_words
from tests.journeys import samples
from tests.journeys.site import until, whole
from tests.servers.gateway_process import OPERATOR
from verifier import Trust, check_evidence, check_proof

NAME = "NoncustodialParent/PersonName/PersonGivenName"
SSN = "NoncustodialParent/PersonSSNIdentification"
MENDED, WHY = "MENDED", ("--reason", "a letter of the county")


async def run(site, *arguments, typed=""):
    """A command in this process, as the operator."""
    environment = {"GATEWAY_URL": site.api.url, "GATEWAY_KEY": site.api.tokens[OPERATOR], "COLUMNS": "300"}
    return await asyncio.to_thread(CliRunner().invoke, app, ["dead", *arguments], input=typed, env=environment)


async def dead(site):
    """(delivery, record, submission) of a transaction that Texas refused."""
    site.partners.statuses["texas"] = 422
    posted = await site.api.accepted("ohio", "csenet", samples.csenet(1, samples.ENFORCEMENT, "texas"))

    async def found():
        delivery = await site.api.delivery(posted)
        return delivery if delivery["state"] == "dead" else None

    return (await until(found, "it is dead"))["id"], posted["records"][0]["id"], posted["submission"]


async def digest_of(site, delivery):
    return (await site.api.get(OPERATOR, f"/v1/deliveries/{delivery}"))["digest"]


async def acknowledged(site, delivery, digest):
    return await site.api.say("texas", "/v1/acknowledgements", delivery=delivery, digest=digest, outcome="accepted")


async def test_an_amended_dead_letter_reaches_the_partner_with_what_two_people_agreed_on(sqlite_url, tmp_path):
    async with whole(tmp_path, sqlite_url) as site:
        delivery, record, submission = await dead(site)
        before = await digest_of(site, delivery)
        listed = await run(site, "elements", delivery, "--record", record, *WHY, "--json")
        rows = {one["path"]: one for one in json.loads(listed.stdout)["rows"]}
        assert rows[SSN]["fixed"]
        assert rows[NAME]["shape"] == "short text"
        shown = await run(site, "amend", delivery, "--record", record, "--set", f"{NAME}={MENDED}", *WHY)
        assert shown.exit_code == 2, "values do not belong on the command line"
        fixed = await run(site, "amend", delivery, "--record", record, "--set", f"{SSN}=-", *WHY, typed="900123456\n")
        assert fixed.exit_code != 0
        asked = await run(site, "amend", delivery, "--record", record, "--set", f"{NAME}=-", *WHY, typed=f"{MENDED}\n")
        assert asked.exit_code == 0, asked.output
        (amendment,) = re.findall(r"\(([0-9a-f-]{36})\)", asked.stderr)
        site.partners.statuses.clear()
        assert (await run(site, "send", amendment)).exit_code != 0, "one person alone sends nothing"
        assert site.partners.to("texas") == []
        words = second_words(site.process.parts)
        await words.decide(
            Actor("operator", "sam"), Role.DATA_STEWARD, amendment, approved=True, reason="compared it with the letter"
        )
        sent = await run(site, "send", amendment, "--json")
        assert sent.exit_code == 0, sent.output
        assert json.loads(sent.stdout[sent.stdout.index("{") :])["id"] == delivery  # after what the server logs
        (arrival,) = await until(lambda: site.partners.to("texas"), "Texas has it")
        assert (arrival.delivery, arrival.key) == (delivery, f"{delivery}.2")
        assert f"<PersonGivenName>{MENDED}</PersonGivenName>".encode() in arrival.body
        told = await run(site, "show", delivery)
        assert "operator:sam" in told.stdout
        assert NAME in told.stdout
        assert f"{delivery}.2" in told.stdout
        seen = await site.api.get("texas", f"/v1/deliveries/{delivery}")
        assert [(one["record"], one["elements"], one["asked_by"]) for one in seen["amended"]] == [
            (record, [NAME], None)
        ]
        await until(lambda: digest_of(site, delivery), "it is written down what was sent")
        wrong = await acknowledged(site, delivery, before)
        assert (wrong.status, wrong.json["code"]) == (422, "digest-mismatch"), "the bytes before are not what was sent"
        assert (await acknowledged(site, delivery, arrival.digest)).status < 300
        final = await until(lambda: receipt(site, submission), "everything has ended")
        assert [(one["delivered"], one["amended"]) for one in final["recipients"] if one["partner"] == "texas"] == [
            (1, 1)
        ]
        assert sum(one["amended"] for one in final["recipients"]) == 1
        trace = (await site.api.get("ohio", f"/v1/records/{record}/trace"))["steps"]
        (step,) = [one for one in trace if one["action"] == AMENDED]
        assert (step["details"]["asked_by"], step["details"]["approved_by"]) == ("operator:operator", "operator:sam")
        assert MENDED not in json.dumps(trace)
        assert (await site.api.get("ohio", f"/v1/records/{record}"))["digest"] == step["details"]["before"]
        await proved(site, record, step["details"]["before"])


async def receipt(site, submission):
    """The claims of the final receipt, once there is one."""
    answer = await site.api.send("ohio", "GET", f"/v1/submissions/{submission}/receipts/final")
    if answer.status != 200:
        return None
    return json.loads(base64.urlsafe_b64decode(answer.body.split(b".")[1] + b"=="))


async def proved(site, record, digest):
    """The record still proves as it was accepted, and the bundle says in words that it was amended; the verifier knows
    nothing of the gateway."""
    book, records = site.process.base.logbook, site.process.base.stores.records
    trust = Trust.of(*map(str, book.verify_keys))

    async def numbered():
        evidence = check_evidence(await Evidence(book, records).bundle(RecordId(record), None), trust)
        return evidence if AMENDED in str(evidence.entries) else None

    evidence = await until(numbered, "the log has numbered the amendment")
    assert evidence.ok
    assert any("the record itself stays as it was" in (entry.words or "") for entry in evidence.entries)
    answer = await site.api.send("ohio", "GET", f"/v1/records/{record}/proof")
    report = check_proof(answer.body.decode(), trust)
    assert report.ok
    assert AMENDED not in answer.body.decode(), "the proof of the record says nothing of what a delivery carries"
    accepted = next(entry for entry in report.entries if entry.leaf["action"] == "record.accepted")
    assert accepted.details["sha256"] == digest
    told = {str(key) for key in site.process.watch.current().partners if AMENDED in await bundle(site, record, key)}
    assert told == {"ohio", "texas"}, "no other recipient learns of it"


async def bundle(site, record, reader):
    evidence = Evidence(site.process.base.logbook, site.process.base.stores.records)
    try:
        return await evidence.bundle(RecordId(record), PartnerKey(reader))
    except NotFound:
        return ""
