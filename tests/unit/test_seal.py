"""Sealed bytes: what they promise, bit by bit, and what would happen without each safeguard."""

import os
import pickle
import random
import re
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import Misconfigured, Tampered, Unavailable
from gateway.core.ports.keys import Sealer
from keys import sealing
from keys.digests import BlindIndexer
from keys.envelope import associated, header
from keys.ring import KEY_BYTES, KeyRing
from keys.sealing import EnvelopeSealer
from keys.states import KeyEvent, KeyUse

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CONTEXT = "records.sealed:018f3c1e-0000-7000-8000-000000000001"
PLAIN = bytes(range(200))


def ring_of(*labels):
    ring = KeyRing()
    for label in labels:
        ring = ring.with_new(KeyUse.KEK, label, os.urandom(KEY_BYTES), NOW)
    return ring


RING = ring_of("records", "tax")
SEALER: Sealer = EnvelopeSealer(RING, os.urandom)
SEALED = SEALER.seal("records", CONTEXT, PLAIN)


@given(st.binary(max_size=5_000), st.text(max_size=60).filter(lambda text: text.isprintable()))
def test_what_was_sealed_opens_in_its_context(plain, context):
    assert SEALER.open("records", context, SEALER.seal("records", context, plain)) == plain


def test_the_same_bytes_never_seal_alike():
    assert SEALER.seal("records", CONTEXT, PLAIN) != SEALED


def test_the_overhead_is_73_bytes_and_the_key_id():
    key_id = RING.active(KeyUse.KEK, "records").facts.id
    assert len(SEALED) - len(PLAIN) == 73 + len(key_id)


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
def test_every_single_bit_flip_is_refused(claim):
    draw, bits = random.Random(claim.seed), 0  # noqa: S311 - repeatable test data, not secrets
    for _ in range(100):
        plain = draw.randbytes(claim.size(push=draw.randrange(64), night=4096))
        sealed = SEALER.seal("records", CONTEXT, plain)
        assert accepted_flips(SEALER, sealed) == []
        bits += 8 * len(sealed)
    claim.measured(f"0 of {bits:,} flips in 100 records accepted")


def test_control_a_parser_that_reads_over_the_magic_accepts_flips(monkeypatch):
    exact = sealing.parse
    monkeypatch.setattr(sealing, "parse", lambda label, sealed: exact(label, SEALED[:4] + sealed[4:]))
    assert accepted_flips(SEALER, SEALED) == list(range(32))


def test_only_a_changed_key_id_can_look_like_a_missing_key():
    key_id = range(5, 5 + SEALED[4])
    for place in set(range(len(SEALED))) - set(key_id):
        flipped = bytearray(SEALED)
        flipped[place] ^= 1
        with pytest.raises(Tampered):
            SEALER.open("records", CONTEXT, bytes(flipped))


def test_sealed_bytes_cut_off_anywhere_or_with_something_after_are_refused():
    for length in range(len(SEALED)):
        with pytest.raises((Tampered, Unavailable)):
            SEALER.open("records", CONTEXT, SEALED[:length])
    with pytest.raises(Tampered):
        SEALER.open("records", CONTEXT, SEALED + b"\0")


@given(st.binary(max_size=300))
def test_bytes_that_are_no_envelope_are_refused(junk):
    for sealed in (junk, b"CX1\0" + junk, SEALED[:30] + junk):
        with pytest.raises((Tampered, Unavailable)):
            SEALER.open("records", CONTEXT, sealed)


def test_a_row_moved_to_another_place_does_not_open():
    with pytest.raises(Tampered):
        SEALER.open("records", CONTEXT[:-1] + "2", SEALED)


def test_control_without_associated_data_the_swap_would_be_accepted(monkeypatch):
    monkeypatch.setattr(sealing, "associated", lambda _label, _context: b"")
    sealed = SEALER.seal("records", CONTEXT, PLAIN)
    assert SEALER.open("records", CONTEXT[:-1] + "2", sealed) == PLAIN


def test_bytes_of_one_label_do_not_open_under_another():
    with pytest.raises(Tampered):
        SEALER.open("tax", CONTEXT, SEALED)


def test_a_label_cannot_run_into_its_context():
    assert associated("ab", "c") != associated("a", "bc")


def test_a_key_that_is_not_at_hand_is_our_fault_and_named():
    with pytest.raises(Unavailable, match="kek:records:2026-03:1 is not at hand") as caught:
        EnvelopeSealer(ring_of("tax"), os.urandom).open("records", CONTEXT, SEALED)
    assert caught.value.problem == "key-unavailable"


def test_another_key_of_the_same_id_is_tampering():
    with pytest.raises(Tampered):
        EnvelopeSealer(ring_of("records"), os.urandom).open("records", CONTEXT, SEALED)


def test_a_label_without_a_key_cannot_seal():
    with pytest.raises(Misconfigured) as caught:
        SEALER.seal("unknown", CONTEXT, PLAIN)
    assert caught.value.problem == "no-active-key"


def test_no_error_carries_bytes_or_causes():
    for sealed in (b"synthetic-secret", SEALED[:-1] + b"x", SEALED[:30] + bytes(80)):
        with pytest.raises(Tampered) as caught:
            SEALER.open("records", CONTEXT, sealed)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
        assert "synthetic" not in str(caught.value)


def rotated(ring, label="records"):
    return ring.rotated(KeyUse.KEK, label, os.urandom(KEY_BYTES), NOW)


def test_after_a_rotation_old_bytes_still_open_and_new_bytes_use_the_new_key():
    ring = rotated(RING)
    sealer = EnvelopeSealer(ring, os.urandom)
    assert sealer.open("records", CONTEXT, SEALED) == PLAIN
    fresh = sealer.seal("records", CONTEXT, PLAIN)
    assert fresh.startswith(header("kek:records:2026-03:2"))
    assert sealer.open("records", CONTEXT, fresh) == PLAIN


def test_a_destroyed_key_opens_nothing():
    old = RING.active(KeyUse.KEK, "records").facts.id
    sealer = EnvelopeSealer(rotated(RING).moved(old, KeyEvent.DESTROY, NOW), os.urandom)
    with pytest.raises(Unavailable):
        sealer.open("records", CONTEXT, SEALED)


def test_a_sealer_takes_up_a_key_that_another_process_made():
    ring = rotated(RING)
    fresh = EnvelopeSealer(ring, os.urandom).seal("records", CONTEXT, PLAIN)
    reads = []
    stale = EnvelopeSealer(RING, os.urandom, lambda: reads.append(1) or ring)
    assert stale.open("records", CONTEXT, SEALED) == PLAIN
    assert not reads
    assert stale.open("records", CONTEXT, fresh) == PLAIN
    assert stale.seal("records", CONTEXT, PLAIN).startswith(header("kek:records:2026-03:2"))
    assert len(reads) == 1


def test_wrapping_anew_moves_the_data_key_and_leaves_the_body():
    ring = rotated(RING)
    sealer = EnvelopeSealer(ring, os.urandom)
    moved = sealer.rewrap("records", SEALED)
    assert moved.startswith(header("kek:records:2026-03:2"))
    assert moved[-len(PLAIN) - 28 :] == SEALED[-len(PLAIN) - 28 :]
    assert sealer.open("records", CONTEXT, moved) == PLAIN
    assert sealer.rewrap("records", moved) == moved
    old = RING.active(KeyUse.KEK, "records").facts.id
    alone = EnvelopeSealer(ring.moved(old, KeyEvent.DESTROY, NOW), os.urandom)
    assert alone.open("records", CONTEXT, moved) == PLAIN


def open_in_worker(snapshot, sealed):
    """Runs in another process."""
    return EnvelopeSealer.from_snapshot(snapshot, os.urandom).open("records", CONTEXT, sealed)


def test_a_snapshot_pickles_and_opens_the_same_bytes():
    ring = RING.with_new(KeyUse.INDEX, "search", os.urandom(32), NOW)
    snapshot = pickle.loads(pickle.dumps(ring.snapshot()))  # noqa: S301  # our own bytes of a moment ago
    assert open_in_worker(snapshot, SEALED) == PLAIN
    assert BlindIndexer.from_snapshot(snapshot).index("case", "1") == BlindIndexer(ring).index("case", "1")


def test_a_worker_process_rebuilds_the_sealer_from_a_snapshot():
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
        assert (
            pool.submit(
                EnvelopeSealer.from_snapshot(RING.snapshot(), os.urandom).open, "records", CONTEXT, SEALED
            ).result()
            == PLAIN
        )
