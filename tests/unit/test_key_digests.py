"""Blind indexes, token digests and signatures."""

import hashlib
import hmac
import os
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import Misconfigured
from gateway.core.ports.keys import Indexer, Signer, TokenHasher
from keys.digests import BlindIndexer, PepperHasher
from keys.ring import KeyRing
from keys.signing import NoteSigner, public_keys
from keys.states import KeyUse

NOW = datetime(2026, 3, 1, tzinfo=UTC)
INDEX_KEY = os.urandom(32)
PEPPER = os.urandom(32)
RING = (
    KeyRing()
    .with_new(KeyUse.INDEX, "search", INDEX_KEY, NOW)
    .with_new(KeyUse.TOKEN_PEPPER, "api-keys", PEPPER, NOW)
    .with_new(KeyUse.NOTE_SIGNING, "audit-log", os.urandom(32), NOW)
)
INDEXER: Indexer = BlindIndexer(RING)
HASHER: TokenHasher = PepperHasher(RING)


def test_an_index_is_16_bytes_of_hmac_over_domain_and_value():
    message = b"\x00\x04case" + b"900-00-0001"
    expected = hmac.new(INDEX_KEY, message, hashlib.sha256).digest()[:16]
    assert INDEXER.index("case", "900-00-0001") == expected


@given(st.tuples(st.text(max_size=9), st.text(max_size=9)), st.tuples(st.text(max_size=9), st.text(max_size=9)))
def test_equal_values_of_one_domain_meet_and_all_others_stay_apart(one, two):
    assert (INDEXER.index(*one) == INDEXER.index(*two)) is (one == two)


def test_an_index_under_another_key_says_nothing():
    other = BlindIndexer(KeyRing().with_new(KeyUse.INDEX, "search", os.urandom(32), NOW))
    assert other.index("case", "1") != INDEXER.index("case", "1")


def test_control_a_plain_hash_would_be_guessed_from_the_value_alone():
    guesses = {hashlib.sha256(f"900-00-{number:04d}".encode()).digest(): number for number in range(10_000)}
    assert guesses[hashlib.sha256(b"900-00-0042").digest()] == 42
    assert INDEXER.index("ssn", "900-00-0042") not in {digest[:16] for digest in guesses}


def test_a_token_digest_is_hmac_under_the_pepper():
    assert HASHER.digest("gwk_token") == hmac.new(PEPPER, b"gwk_token", hashlib.sha256).digest()


@pytest.mark.parametrize("part", [BlindIndexer, PepperHasher, lambda ring: NoteSigner(ring, "log.test")])
def test_without_its_key_a_part_is_not_made(part):
    with pytest.raises(Misconfigured):
        part(KeyRing())


def test_a_rotated_signing_key_still_verifies():
    before: Signer = NoteSigner(RING, "log.test")
    ring = RING.rotated(KeyUse.NOTE_SIGNING, "audit-log", os.urandom(32), NOW)
    after = NoteSigner(ring, "log.test")
    assert public_keys(ring) == (after.public_key, before.public_key)
    assert after.sign(b"text") != before.sign(b"text")


def test_keys_are_in_no_repr():
    shown = " ".join(repr(part) for part in (INDEXER, HASHER, NoteSigner(RING, "log.test")))
    assert not any(repr(key.material)[2:-1] in shown for key in RING.keys)
