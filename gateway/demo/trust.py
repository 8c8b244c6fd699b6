"""The chapter on trust: a record that may not leave and why, and a receipt that anybody's library checks."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Any

from joserfc import jws
from joserfc.jwk import KeySet

from gateway.cli.client import Client
from gateway.core.model import Content, FormatName
from gateway.demo.narrator import Narrator
from gateway.demo.world import World, examples

CSENET = FormatName("csenet")
SERIAL, MARK = "Header/TransactionSerialNumber", "NoncustodialParent/FamilyViolenceIndicator"


async def withheld(narrator: Narrator, world: World) -> None:
    narrator.say("Ohio answers where a parent lives, and marks the parent as in danger.")
    answer = await asyncio.to_thread(_post, world.clients["ohio"], _answer_about_a_protected_parent(world))
    record = await asyncio.to_thread(_first_record, world.clients["ohio"], answer)
    why = record["why"] or {}
    narrator.expect("the record is withheld", record["state"] == "withheld")
    narrator.expect(
        f"and it is said why: {why.get('title')} ({why.get('source')})", "653(b)(2)" in str(why.get("source"))
    )


async def receipt(narrator: Narrator, world: World, submission: str, body: bytes) -> None:
    """Checked by joserfc alone, a library that knows nothing of the gateway, with the published keys."""
    client = world.clients["ohio"]
    signed = await asyncio.to_thread(client.send, "GET", f"/v1/submissions/{submission}/receipts/accepted")
    keys = KeySet.import_key_set(await asyncio.to_thread(client.get, "/.well-known/jwks.json"))
    claims = json.loads(jws.deserialize_compact(signed.body.decode(), keys, algorithms=["ES256"]).payload)
    narrator.expect(
        "the signed receipt verifies with a stock JOSE library and names the file's digest",
        hashlib.sha256(body).hexdigest() in json.dumps(claims),
    )


def _answer_about_a_protected_parent(world: World) -> bytes:
    """The locate answer of the example file, under a serial number of its own."""
    spoken = world.process.base.speech
    reader = spoken.formats[CSENET].reader()
    frames = [*reader.feed((examples() / "ohio-to-michigan.csenet").read_bytes()), *reader.finish()]
    contents = [spoken.formats[CSENET].decode(frame, reader.heading).content for frame in frames]
    [found] = [
        one for one in contents if one and (one.get("Header/Function"), one.get("Header/Action")) == ("LO1", "P")
    ]
    return spoken.canonical.write(Content(found.kind, {**found.fields, SERIAL: "390000000999", MARK: "Y"}))


def _post(client: Client, body: bytes) -> dict[str, Any]:
    sent = {"Idempotency-Key": '"protected"'}
    answer: dict[str, Any] = client.send("POST", "/v1/submissions?format=xml", body, sent).json()
    return answer


def _first_record(client: Client, answer: dict[str, Any]) -> dict[str, Any]:
    record: dict[str, Any] = client.get(f"/v1/records/{answer['records'][0]['id']}")
    return record
