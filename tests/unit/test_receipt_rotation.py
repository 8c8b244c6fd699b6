"""Receipts through a rotation under load: signed without a gap, and each checked at once with the keys that were
published by then, whether the keys lie in memory or in a token."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from gateway.core.errors import Misconfigured, Tampered
from gateway.core.signed_receipt import ReceiptKind
from keys.receipts import JoseReceiptSigner, check_receipt
from keys.ring import KEY_BYTES, KeyRing
from keys.states import KeyEvent, KeyUse
from keys.token import Token
from tests.servers import softhsm

NOW = datetime(2026, 3, 5, 13, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
LOAD, SIGNERS = 160, 4
RECEIPTS = KeyUse.RECEIPT_SIGNING, "receipts"


@pytest.fixture(scope="module", params=["memory", "token"])
def vault(request):
    return Token(softhsm.shared()) if request.param == "token" else None


class Office:
    """Signers at work on one key ring, and the set of keys that others have been given."""

    def __init__(self, vault):
        self.vault, self.rotated = vault, Event()
        self.ring = KeyRing().with_new(*RECEIPTS, self.material, NOW)
        self.signer = JoseReceiptSigner(lambda: self.ring, vault)
        self.publish()

    @property
    def material(self):
        return os.urandom(KEY_BYTES) if self.vault is None else self.vault.make_signing

    def publish(self):
        self.keys = json.dumps({"keys": [json.loads(jwk) for jwk in self.signer.public_keys().values()]})

    def rotate(self):
        self.ring = self.ring.rotated(*RECEIPTS, self.material, LATER)
        self.rotated.set()

    def overlapping(self):
        """The next key is made, published, and then used."""
        self.ring = self.ring.prepared(*RECEIPTS, self.material, NOW)
        self.publish()
        self.rotate()

    def unpublished(self):
        self.rotate()

    def interrupted(self):
        """The old key ends before there is another."""
        self.ring = self.ring.moved(self.ring.active(*RECEIPTS).facts.id, KeyEvent.RETIRE, LATER)
        self.rotated.set()

    def signed(self, turn):
        """What became of each receipt, in order: whether it was begun after the rotation, its key, the number in it or
        what went wrong."""

        def sign(number):
            if number == LOAD - 1:
                self.rotated.wait()  # its thread may have slept while the others signed all the rest
            after = self.rotated.is_set()
            if number == LOAD // 2:
                turn()
            try:
                kid, jws = self.signer.sign(json.dumps({"kind": ReceiptKind.ACCEPTED, "number": number}).encode())
                return after, kid, check_receipt(jws, self.keys)["number"]
            except (Misconfigured, Tampered) as wrong:
                return after, None, type(wrong)

        with ThreadPoolExecutor(SIGNERS) as pool:
            return list(pool.map(sign, range(LOAD)))


def test_receipts_are_signed_and_checked_all_through_a_rotation_under_load(vault):
    office = Office(vault)
    signed = office.signed(office.overlapping)
    assert [number for _, _, number in signed] == list(range(LOAD))
    first, last = signed[0][1], signed[-1][1]
    assert {first, last} == {kid for _, kid, _ in signed} == set(office.signer.public_keys())
    assert first != last
    late = [kid for after, kid, _ in signed if after]
    assert late
    assert set(late) == {last}


@pytest.mark.parametrize(("turn", "wrong"), [("unpublished", Tampered), ("interrupted", Misconfigured)])
def test_control_without_overlap_receipts_cannot_be_signed_or_cannot_be_checked(vault, turn, wrong):
    office = Office(vault)
    late = {found for after, _, found in office.signed(getattr(office, turn)) if after}
    assert late == {wrong}
