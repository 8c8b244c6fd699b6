"""Signed notes, verify keys, checkpoints and the guard before signing."""

import os
from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.audit.checkpoint import Head, guard_signing, open_checkpoint, parse_head
from gateway.audit.frontier import Frontier
from gateway.audit.note import VerifyKey, open_note, sign_note
from gateway.audit.paths import consistency_proof
from gateway.audit.tree import leaf_hash
from gateway.core.errors import Misconfigured, Tampered
from tests.vectors.audit.sample import ORIGIN, new_signer

SIGNER = new_signer()
KEY = VerifyKey.of(SIGNER)
TEXT = "first line\n\nthird line\n"
NOTE = sign_note(TEXT, SIGNER)
KNOWN_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
"""A verify key known from the Go implementation of notes: its key id is 0xc74f20a3."""


def test_the_key_id_is_the_one_that_other_implementations_compute():
    key = VerifyKey.parse(KNOWN_KEY)
    assert key.key_id.hex() == "c74f20a3"
    assert str(key) == KNOWN_KEY


def test_a_note_opens_under_its_key_and_gives_its_text():
    assert open_note(NOTE, [KEY]) == TEXT
    assert NOTE.startswith(TEXT + f"\n— {ORIGIN} ")


@given(st.integers(0, len(NOTE) - 1), st.characters(exclude_categories=["Cs"]))
def test_a_note_with_another_character_anywhere_does_not_open(place, char):
    changed = NOTE[:place] + char + NOTE[place + 1 :]
    if changed == NOTE:
        return
    with pytest.raises(Tampered):
        open_note(changed, [KEY])


def test_a_note_cut_off_anywhere_does_not_open():
    for length in range(len(NOTE)):
        with pytest.raises(Tampered):
            open_note(NOTE[:length], [KEY])


def test_signatures_of_strangers_are_passed_over():
    stranger = new_signer("witness.test")
    line = sign_note(TEXT, stranger).rpartition("\n\n")[2]
    assert open_note(NOTE + line, [KEY]) == TEXT
    assert open_note(NOTE + line, [VerifyKey.of(stranger), KEY]) == TEXT


def test_a_key_of_the_same_name_is_a_stranger():
    with pytest.raises(Tampered, match="no known key"):
        open_note(NOTE, [VerifyKey.of(new_signer())])


def test_one_wrong_signature_of_a_known_key_refuses_the_whole_note():
    second = VerifyKey.of(new_signer("second.test"))
    forged = b64encode(second.key_id + os.urandom(64)).decode()
    with pytest.raises(Tampered, match="signature of the note is wrong"):
        open_note(f"{NOTE}— {second.name} {forged}\n", [KEY, second])


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "text\n\n",
        "text\n\n— name\n",
        "text\n\n- name AAAAAAAA\n",
        "text\n\n— name AAAA\n",
        "text\n\n— name AAAAAAAA",
        "text\n\n— na+me AAAAAAAA\n",
        "text\n\n— name AAAAAAAA extra\n",
        "text\n\n— name not-base64!\n",
        "te\rxt\n\n— name AAAAAAAA\n",
        "te\ud800xt\n\n— name AAAAAAAA\n",
        "x" * 70_000 + "\n\n— name AAAAAAAA\n",
    ],
)
def test_a_malformed_note_is_refused_without_its_content(note):
    with pytest.raises(Tampered) as caught:
        open_note(note, [KEY])
    assert "AAAA" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+c74f20a3",
        "name+c74f20a3+****",
        "name+00000000+" + b64encode(b"\x01" + bytes(32)).decode(),
        "name+00000000+" + b64encode(b"\x04" + bytes(32)).decode(),
        "na me+00000000+" + b64encode(b"\x01" + bytes(32)).decode(),
        "name+00000000+" + b64encode(b"\x01" + bytes(31)).decode(),
        KNOWN_KEY.replace("c74f20a3", "c74f20a4"),
        KNOWN_KEY.replace("Peter", "peter"),
    ],
)
def test_a_malformed_verify_key_is_refused(text):
    with pytest.raises(Misconfigured):
        VerifyKey.parse(text)


def test_a_checkpoint_says_origin_size_and_root():
    head = Head(ORIGIN, 20_852_163, leaf_hash(b"x"))
    text = head.text()
    lines = text.split("\n")
    assert lines[0] == ORIGIN
    assert lines[1] == "20852163"
    assert b64decode(lines[2]) == head.root
    assert open_checkpoint(sign_note(text, SIGNER), [KEY]) == head


def test_extension_lines_of_a_checkpoint_are_passed_over():
    text = Head(ORIGIN, 1, leaf_hash(b"x")).text()
    assert parse_head(text + "extension\n") == parse_head(text)


ROOT_TEXT = b64encode(leaf_hash(b"x")).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{ORIGIN}\n01\n{ROOT_TEXT}\n",
        f"{ORIGIN}\n-1\n{ROOT_TEXT}\n",
        f"{ORIGIN}\n1\n{ROOT_TEXT[:-4]}\n",
        f"{ORIGIN}\n1\n{ROOT_TEXT}",
        f"\n1\n{ROOT_TEXT}\n",
        f"{ORIGIN}\n1\n{ROOT_TEXT}\n\n",
        f"{ORIGIN}\n1\n{'A' * 42}B=\n",
    ],
)
def test_a_malformed_checkpoint_is_refused(text):
    with pytest.raises(Tampered):
        parse_head(text)


def test_a_checkpoint_of_another_log_does_not_count_even_under_a_known_key():
    note = sign_note(Head("other.test", 0, leaf_hash(b"")).text(), SIGNER)
    with pytest.raises(Tampered):
        open_checkpoint(note, [KEY])


HASHES = [leaf_hash(bytes([number])) for number in range(20)]
OLD, _ = Frontier().extend(HASHES[:13])
NEW, TILES = Frontier().extend(HASHES)
PROOF = consistency_proof(13, 20, lambda level, index: {(t.level, t.index): t.hashes for t in TILES}[level, index])
LAST = Head(ORIGIN, 13, OLD.root())
NEXT = Head(ORIGIN, 20, NEW.root())
STRANGER = leaf_hash(b"stranger")


def test_the_guard_lets_a_grown_log_be_signed():
    guard_signing(None, NEXT, ())
    guard_signing(LAST, NEXT, PROOF)
    guard_signing(LAST, LAST, ())


@pytest.mark.parametrize(
    ("new", "proof"),
    [
        pytest.param(Head(ORIGIN, 20, STRANGER), PROOF, id="another root"),
        pytest.param(Head(ORIGIN, 13, STRANGER), (), id="another root at the same size"),
        pytest.param(Head(ORIGIN, 12, OLD.root()), (), id="a smaller log"),
        pytest.param(Head("other.test", 20, NEW.root()), PROOF, id="another log"),
        pytest.param(NEXT, (), id="no proof"),
        pytest.param(NEXT, PROOF[:-1], id="half a proof"),
    ],
)
def test_the_guard_stops_what_contradicts_the_last_checkpoint(new, proof):
    with pytest.raises(Tampered) as caught:
        guard_signing(LAST, new, proof)
    assert caught.value.problem == "inconsistent-log"
