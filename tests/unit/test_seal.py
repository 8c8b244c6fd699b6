"""Sealed bytes: what they promise, bit by bit, and what would happen without each safeguard."""

import os
import pickle
import random
import re
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import pkcs11
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from gateway.core.errors import Misconfigured, Tampered, Unavailable
from keys import sealing
from keys.digests import BlindIndexer
from keys.envelope import associated, header
from keys.files import FileKeys
from keys.ring import KEY_BYTES, KeyRing
from keys.sealing import EnvelopeSealer
from keys.snapshot import KeySnapshot
from keys.states import KeyEvent, KeyUse
from keys.token import Token
from tests.servers import softhsm

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CONTEXT = "records.sealed:018f3c1e-0000-7000-8000-000000000001"
PLAIN = bytes(range(200))


class Place:
    """Where the key-encryption keys of a test are: in memory, or in a token of SoftHSM."""

    def __init__(self, name):
        self.name = name
        self.address = softhsm.token() if name == "token" else None
        self.vault = Token(self.address) if self.address else None
        self.ring = self.ring_of("records", "tax")
        self.sealer = self.sealer_of(self.ring)
        self.sealed = self.sealer.seal("records", CONTEXT, PLAIN)

    @property
    def material(self):
        return os.urandom(KEY_BYTES) if self.vault is None else self.vault.make

    def ring_of(self, *labels):
        ring = KeyRing()
        for label in labels:
            ring = ring.with_new(KeyUse.KEK, label, self.material, NOW)
        return ring

    def rotated(self, label="records"):
        return self.ring.rotated(KeyUse.KEK, label, self.material, NOW)

    def sealer_of(self, ring, reread=None):
        return EnvelopeSealer(ring, os.urandom, reread, self.vault)

    def fewer(self, count):
        """A token takes a hundred times as long as memory."""
        return count if self.vault is None else max(1, count // 100)


def other(place, label):
    """A sealer of somebody else, whose keys have the same ids."""
    stranger = Place(place.name)
    return stranger.sealer_of(stranger.ring_of(label))


@pytest.fixture(scope="module", params=["memory", "token"])
def place(request):
    return Place(request.param)


@hypothesis_settings(deadline=None, max_examples=30)
@given(st.binary(max_size=5_000), st.text(max_size=60).filter(lambda text: text.isprintable()))
def test_what_was_sealed_opens_in_its_context(place, plain, context):
    assert place.sealer.open("records", context, place.sealer.seal("records", context, plain)) == plain


def test_the_same_bytes_never_seal_alike(place):
    assert place.sealer.seal("records", CONTEXT, PLAIN) != place.sealed


def test_the_overhead_is_73_bytes_and_the_key_id(place):
    key_id = place.ring.active(KeyUse.KEK, "records").facts.id
    assert len(place.sealed) - len(PLAIN) == 73 + len(key_id)


def test_the_known_answer_in_the_documentation_is_ours():
    page = (Path(__file__).parents[2] / "docs/seal.md").read_text()
    known = "".join(re.findall(r"^    ([0-9a-f]+)$", page, re.MULTILINE))
    counted = iter(range(44))
    ring = KeyRing().with_new(KeyUse.KEK, "records", bytes(range(0x80, 0xA0)), NOW)
    sealer = EnvelopeSealer(ring, lambda count: bytes(islice(counted, count)))
    assert sealer.seal("records", "records.sealed:1", b"synthetic").hex() == known
    assert sealer.open("records", "records.sealed:1", bytes.fromhex(known)) == b"synthetic"


def accepted_flips(sealer, sealed):
    """Bits of which a flip goes unnoticed."""
    found = []
    for bit in range(len(sealed) * 8):
        flipped = bytearray(sealed)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            sealer.open("records", CONTEXT, bytes(flipped))
        except (Tampered, Unavailable):
            continue
        found.append(bit)
    return found


@pytest.mark.claim("A26", control="test_control_a_parser_that_reads_over_the_magic_accepts_flips")
def test_every_single_bit_flip_is_refused(place, claim):
    draw, bits = random.Random(claim.seed), 0  # noqa: S311 - repeatable test data, not secrets
    for _ in range(place.fewer(100)):
        plain = draw.randbytes(claim.size(push=draw.randrange(64), night=place.fewer(4096)))
        sealed = place.sealer.seal("records", CONTEXT, plain)
        assert accepted_flips(place.sealer, sealed) == []
        bits += 8 * len(sealed)
    claim.measured(f"0 of {bits:,} flips accepted, keys in {place.name}")


def test_control_a_parser_that_reads_over_the_magic_accepts_flips(place, monkeypatch):
    exact = sealing.parse
    monkeypatch.setattr(sealing, "parse", lambda label, sealed: exact(label, place.sealed[:4] + sealed[4:]))
    assert accepted_flips(place.sealer, place.sealed) == list(range(32))


def test_only_a_changed_key_id_can_look_like_a_missing_key(place):
    key_id = range(5, 5 + place.sealed[4])
    for at in set(range(len(place.sealed))) - set(key_id):
        flipped = bytearray(place.sealed)
        flipped[at] ^= 1
        with pytest.raises(Tampered):
            place.sealer.open("records", CONTEXT, bytes(flipped))


def test_sealed_bytes_cut_off_anywhere_or_with_something_after_are_refused(place):
    for length in range(len(place.sealed)):
        with pytest.raises((Tampered, Unavailable)):
            place.sealer.open("records", CONTEXT, place.sealed[:length])
    with pytest.raises(Tampered):
        place.sealer.open("records", CONTEXT, place.sealed + b"\0")


@hypothesis_settings(deadline=None, max_examples=30)
@given(st.binary(max_size=300))
def test_bytes_that_are_no_envelope_are_refused(place, junk):
    for sealed in (junk, b"CX1\0" + junk, place.sealed[:30] + junk):
        with pytest.raises((Tampered, Unavailable)):
            place.sealer.open("records", CONTEXT, sealed)


def test_a_row_moved_to_another_place_does_not_open(place):
    with pytest.raises(Tampered):
        place.sealer.open("records", CONTEXT[:-1] + "2", place.sealed)


def test_control_without_associated_data_the_swap_would_be_accepted(place, monkeypatch):
    monkeypatch.setattr(sealing, "associated", lambda _label, _context: b"")
    sealed = place.sealer.seal("records", CONTEXT, PLAIN)
    assert place.sealer.open("records", CONTEXT[:-1] + "2", sealed) == PLAIN


def test_bytes_of_one_label_do_not_open_under_another(place):
    with pytest.raises(Tampered):
        place.sealer.open("tax", CONTEXT, place.sealed)


def test_a_label_cannot_run_into_its_context():
    assert associated("ab", "c") != associated("a", "bc")


def test_a_key_that_is_not_at_hand_is_our_fault_and_named(place):
    with pytest.raises(Unavailable, match="kek:records:2026-03:1 is not at hand") as caught:
        other(place, "tax").open("records", CONTEXT, place.sealed)
    assert caught.value.problem == "key-unavailable"


def test_another_key_of_the_same_id_is_tampering(place):
    with pytest.raises(Tampered):
        other(place, "records").open("records", CONTEXT, place.sealed)


def test_a_label_without_a_key_cannot_seal(place):
    with pytest.raises(Misconfigured) as caught:
        place.sealer.seal("unknown", CONTEXT, PLAIN)
    assert caught.value.problem == "no-active-key"


def test_no_error_carries_bytes_or_causes(place):
    changed = place.sealed[:-1] + bytes([place.sealed[-1] ^ 1])
    for sealed in (b"synthetic-secret", changed, place.sealed[:30] + bytes(80)):
        with pytest.raises(Tampered) as caught:
            place.sealer.open("records", CONTEXT, sealed)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
        assert "synthetic" not in str(caught.value)


def test_after_a_rotation_old_bytes_still_open_and_new_bytes_use_the_new_key(place):
    ring = place.rotated()
    sealer = place.sealer_of(ring)
    assert sealer.open("records", CONTEXT, place.sealed) == PLAIN
    fresh = sealer.seal("records", CONTEXT, PLAIN)
    assert fresh.startswith(header("kek:records:2026-03:2"))
    assert sealer.open("records", CONTEXT, fresh) == PLAIN


def test_a_destroyed_key_opens_nothing(place):
    old = place.ring.active(KeyUse.KEK, "records").facts.id
    sealer = place.sealer_of(place.rotated().moved(old, KeyEvent.DESTROY, NOW))
    with pytest.raises(Unavailable):
        sealer.open("records", CONTEXT, place.sealed)


def test_a_sealer_takes_up_a_key_that_another_process_made(place):
    ring = place.rotated()
    fresh = place.sealer_of(ring).seal("records", CONTEXT, PLAIN)
    reads = []
    stale = place.sealer_of(place.ring, lambda: reads.append(1) or ring)
    assert stale.open("records", CONTEXT, place.sealed) == PLAIN
    assert not reads
    assert stale.open("records", CONTEXT, fresh) == PLAIN
    assert stale.seal("records", CONTEXT, PLAIN).startswith(header("kek:records:2026-03:2"))
    assert len(reads) == 1


def test_wrapping_anew_moves_the_data_key_and_leaves_the_body(place):
    ring = place.rotated()
    sealer = place.sealer_of(ring)
    moved = sealer.rewrap("records", place.sealed)
    assert moved.startswith(header("kek:records:2026-03:2"))
    assert moved[-len(PLAIN) - 28 :] == place.sealed[-len(PLAIN) - 28 :]
    assert sealer.open("records", CONTEXT, moved) == PLAIN
    assert sealer.rewrap("records", moved) == moved
    old = place.ring.active(KeyUse.KEK, "records").facts.id
    alone = place.sealer_of(ring.moved(old, KeyEvent.DESTROY, NOW))
    assert alone.open("records", CONTEXT, moved) == PLAIN


def open_in_worker(snapshot, sealed):
    """Runs in another process."""
    return snapshot.sealer(os.urandom).open("records", CONTEXT, sealed)


def test_a_worker_process_opens_the_same_bytes_from_a_snapshot(place):
    ring = place.ring.with_new(KeyUse.INDEX, "search", os.urandom(32), NOW)
    snapshot = KeySnapshot(ring.snapshot(), place.address)
    assert snapshot.indexer().index("case", "1") == BlindIndexer(ring).index("case", "1")
    assert open_in_worker(pickle.loads(pickle.dumps(snapshot)), place.sealed) == PLAIN  # noqa: S301  # our own bytes
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(open_in_worker, snapshot, place.sealed).result() == PLAIN


@pytest.fixture(scope="module")
def token():
    made = Token(softhsm.token())
    made.make("kek:records:2026-03:1")
    return made


@pytest.mark.claim("A29", control="test_control_a_key_that_may_be_taken_out_shows_its_value")
def test_the_value_of_a_key_in_a_token_cannot_be_read(token, claim):
    key = raw(token)
    with pytest.raises(pkcs11.AttributeSensitive):
        key[pkcs11.Attribute.VALUE]
    assert not key[pkcs11.Attribute.EXTRACTABLE]
    assert key[pkcs11.Attribute.NEVER_EXTRACTABLE]
    assert token.make("kek:other:2026-03:1") == b"", "nothing of it comes into memory"
    claim.measured("AttributeSensitive; the sealing suite runs on SoftHSM too")


def raw(token, **label):
    return token._session.get_key(
        object_class=pkcs11.ObjectClass.SECRET_KEY, label=label.get("label", "kek:records:2026-03:1")
    )


def test_control_a_key_that_may_be_taken_out_shows_its_value(token):
    lax = {pkcs11.Attribute.SENSITIVE: False, pkcs11.Attribute.EXTRACTABLE: True}
    token._session.generate_key(pkcs11.KeyType.AES, 256, label="lax", store=True, template=lax)
    assert len(raw(token, label="lax")[pkcs11.Attribute.VALUE]) == KEY_BYTES


def test_a_token_wraps_as_the_standard_says(token):
    """What it wraps, it unwraps; a changed wrap is tampering, a missing key is our fault."""
    wrapping = token.wrapping("kek:records:2026-03:1")
    wrapped = wrapping.wrap(bytes(32))
    assert (len(wrapped), wrapping.unwrap(wrapped)) == (40, bytes(32))
    with pytest.raises(Tampered):
        wrapping.unwrap(bytes([wrapped[0] ^ 1]) + wrapped[1:])
    with pytest.raises(Unavailable):
        token.wrapping("kek:nobody:2026-03:1").wrap(bytes(32))


def test_a_session_that_was_lost_is_opened_again(token):
    token._session.close()
    assert token.wrapping("kek:records:2026-03:1").wrap(bytes(32))


def test_a_token_signs_what_anybody_can_check(token):
    token.make_signing("receipt-signing:receipts:2026-03:1")
    signature = token.sign("receipt-signing:receipts:2026-03:1", b"synthetic")
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    point = token.public_point("receipt-signing:receipts:2026-03:1")
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    public.verify(encode_dss_signature(r, s), b"synthetic", ec.ECDSA(hashes.SHA256()))


def test_a_wrong_pin_label_or_module_is_the_operators_fault():
    fresh = softhsm.token()
    for wrong in ({"pin": "wrong"}, {"label": "nobody"}):
        with pytest.raises(Misconfigured):
            Token(replace(fresh, **wrong)).make("kek:x:2026-03:1")
    with pytest.raises(Misconfigured):
        Token(replace(fresh, module=Path(__file__)))


def test_a_gateway_moves_its_keys_from_the_file_into_a_token(tmp_path):
    folder = tmp_path / "keys"
    before = FileKeys.create(folder, lambda: NOW, os.urandom)
    sealed = before.sealer().seal("records", CONTEXT, PLAIN)
    keys = FileKeys.load(folder, None, clock=lambda: NOW, random=os.urandom, token=softhsm.token())
    made = keys.rotate("records")
    assert (made.place, keys.ring.key(made.id).material) == ("token", b"")
    sealer = keys.sealer()
    assert sealer.open("records", CONTEXT, sealed) == PLAIN
    moved = sealer.rewrap("records", sealed)
    keys.destroy("kek:records:2026-03:1")
    assert keys.sealer().open("records", CONTEXT, moved) == PLAIN
    with pytest.raises(Misconfigured, match="no token is set"):
        FileKeys.load(folder, None, clock=lambda: NOW, random=os.urandom).sealer()
    keys.rotate("records")
    keys.destroy(made.id)
    keys.sealer().seal("records", CONTEXT, PLAIN)
    with pytest.raises(Unavailable):
        keys.sealer().open("records", CONTEXT, moved)


def test_receipts_are_signed_in_the_token_and_checked_with_a_stock_library(tmp_path):
    keys = FileKeys.create(tmp_path / "keys", lambda: NOW, os.urandom, token=softhsm.token())
    active = keys.ring.active(KeyUse.RECEIPT_SIGNING, "receipts")
    assert (active.facts.place, active.material) == ("token", b"")
    kid, receipt = keys.receipt_signer().sign(b'{"sub":"synthetic"}')
    public = JWK.from_json(keys.receipt_signer().public_keys()[kid])
    checked = JWS()
    checked.deserialize(receipt, key=public)
    assert checked.payload == b'{"sub":"synthetic"}'
