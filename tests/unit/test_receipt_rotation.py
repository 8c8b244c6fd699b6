"""Receipts through a rotation under load: signed without a gap, and old and new ones checked with one set of keys."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event

from gateway.core.signed_receipt import ReceiptKind
from keys.receipts import JoseReceiptSigner, check_receipt
from keys.ring import KeyRing
from keys.states import KeyUse

NOW = datetime(2026, 3, 5, 13, 0, tzinfo=UTC)
LOAD, SIGNERS = 160, 4


def test_receipts_are_signed_and_checked_all_through_a_rotation_under_load():
    held = [KeyRing().with_new(KeyUse.RECEIPT_SIGNING, "receipts", os.urandom(32), NOW)]
    signer = JoseReceiptSigner(lambda: held[0])
    rotated = Event()

    def sign(number):
        if number == LOAD - 1:
            rotated.wait()  # its thread may have slept while the others signed all the rest
        after = rotated.is_set()
        if number == LOAD // 2:
            held[0] = held[0].rotated(KeyUse.RECEIPT_SIGNING, "receipts", os.urandom(32), NOW + timedelta(days=1))
            rotated.set()
        return after, *signer.sign(json.dumps({"kind": ReceiptKind.ACCEPTED, "number": number}).encode())

    with ThreadPoolExecutor(SIGNERS) as pool:
        signed = list(pool.map(sign, range(LOAD)))
    keys = json.dumps({"keys": [json.loads(jwk) for jwk in signer.public_keys().values()]})
    assert [check_receipt(jws, keys)["number"] for _, _, jws in signed] == list(range(LOAD))
    assert {kid for _, kid, _ in signed} == signer.public_keys().keys()
    first, last = signed[0][1], signed[-1][1]
    assert first != last
    late = [kid for after, kid, _ in signed if after]
    assert late
    assert set(late) == {last}
