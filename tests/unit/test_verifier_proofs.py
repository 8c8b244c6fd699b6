"""The verifier on proofs, growth and evidence: it agrees with the gateway and with a library that neither wrote."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from gateway.audit import proof as gateway_proof
from gateway.audit.evidence import Statement, plain_words, write_evidence
from gateway.audit.growth import Growth, parse_growth
from gateway.audit.paths import consistency_proof, inclusion_proof
from gateway.audit.proof import write_proof
from gateway.core.audit_entry import ACTIONS, leaf
from gateway.core.errors import Refused
from tests.vectors.audit.sample import StoredLog, log_of, some_entries
from verifier import NotProved, Trust, Unreadable, check_consistency, check_evidence, check_proof
from verifier.note import VerifyKey
from verifier.tree import GrowingTree, check_prefix, leaf_hash, root_by_inclusion
from verifier.words import MEANINGS

LOG = log_of(130, 170, 1)
TRUST = Trust.of(str(LOG.key))
ENTRIES = [(number, entry) for number, entry, _digest in LOG.rows if number in (0, 129, 130, 299, 300)]
PROOF = write_proof(ENTRIES, LOG.last, LOG.tile)


def changed(text, change):
    document = json.loads(text)
    change(document["entries"][1])
    return json.dumps(document)


# --- trees -----------------------------------------------------------------------------------------------------------

LEAVES = [leaf(entry) for _number, entry, _digest in LOG.rows]
THEIRS = InmemoryTree(algorithm="sha256")
THEIRS.append_entries(LEAVES)


@given(st.integers(1, 301))
def test_a_library_that_neither_wrote_gives_the_same_roots(size):
    ours = GrowingTree()
    for one in LEAVES[:size]:
        ours.append(leaf_hash(one))
    assert ours.root() == THEIRS.get_root(size)


@given(st.integers(1, 301), st.data())
def test_the_gateways_inclusion_proofs_lead_to_the_root_and_those_of_another_entry_do_not(size, data):
    number = data.draw(st.integers(0, size - 1))
    path, root = inclusion_proof(number, size, LOG.tile), THEIRS.get_root(size)
    assert root_by_inclusion(leaf_hash(LEAVES[number]), number, size, path) == root
    assert set(path) <= set(THEIRS.prove_inclusion(number + 1, size).path)
    assert root_by_inclusion(leaf_hash(LEAVES[number] + b" "), number, size, path) != root
    with pytest.raises(NotProved):
        root_by_inclusion(leaf_hash(LEAVES[number]), number, size, (*path, b"\0" * 32))


@given(st.integers(0, 301), st.data())
def test_the_gateways_consistency_proofs_hold_and_bent_ones_do_not(new, data):
    old = data.draw(st.integers(0, new))
    path = consistency_proof(old, new, LOG.tile)
    before, after = (old, THEIRS.get_root(old)), (new, THEIRS.get_root(new))
    check_prefix(before, after, path)
    with pytest.raises(NotProved):
        check_prefix(before, after, (*path, b"\0" * 32))
    if 0 < old < new:
        with pytest.raises(NotProved):
            check_prefix((old, b"\0" * 32), after, path)
        with pytest.raises(NotProved):
            check_prefix(before, (new, b"\0" * 32), path)


# --- proof files -----------------------------------------------------------------------------------------------------


def test_a_proof_file_of_the_gateway_holds_and_says_the_same_as_the_gateways_own_check():
    report, own = check_proof(PROOF, TRUST), gateway_proof.check_proof(PROOF, str(LOG.key))
    assert report.ok
    assert own.ok
    assert [entry.number for entry in report.entries] == [entry.number for entry in own.entries]
    assert [entry.details for entry in report.entries] == [entry.details for entry in own.entries]
    assert {entry.head.root for entry in report.entries} == {LOG.last.root}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda e: e.update(leaf=e["leaf"].replace('"outcome":"ok"', '"outcome":"no"')), "not in the log"),
        (lambda e: e.update(proof=e["proof"].replace("index 129", "index 128")), "not in the log"),
        (lambda e: e["details"].update(attempt=7), "details"),
        (lambda e: e.update(salt="00" * 16), "details"),
    ],
)
def test_whatever_was_changed_in_an_entry_it_is_not_proved_and_the_others_are(change, fault):
    report = check_proof(changed(PROOF, change), TRUST)
    assert not report.ok
    assert fault in report.entries[1].fault
    assert report.entries[1].details is None
    assert [entry.fault for entry in report.entries[:1] + report.entries[2:]] == [None] * 4


def test_a_closed_entry_is_proved_without_its_details():
    report = check_proof(changed(PROOF, lambda e: e.update(details=None, salt=None)), TRUST)
    assert report.ok
    assert report.entries[1].details is None


def test_a_forged_signature_and_a_stranger_prove_nothing():
    other = log_of(3)
    assert not check_proof(PROOF, Trust.of(str(other.key))).ok
    note = LOG.last.note
    signature = note.split(" ")[-1].strip()
    forged = signature[:20] + ("A" if signature[20] != "A" else "B") + signature[21:]
    report = check_proof(PROOF.replace(signature, forged), TRUST)
    assert {entry.fault for entry in report.entries} == {f"the signature of {LOG.key.name} is wrong"}


@settings(max_examples=150)
@given(st.text(max_size=200) | st.integers(0, len(PROOF) - 1))
def test_hostile_text_is_unreadable_or_not_proved_and_never_a_crash(text):
    if isinstance(text, int):
        text = PROOF[:text] + "%" + PROOF[text + 1 :]
    try:
        report = check_proof(text, TRUST)
    except Unreadable:
        return
    kept = [entry for entry in report.entries if entry.fault is None]
    assert len(kept) >= 4 or not kept


def test_the_text_of_a_key_must_be_whole():
    text = str(LOG.key)
    assert VerifyKey.parse(text).public == LOG.key.public_key
    for wrong in (text.replace("+", "-"), text[:-4] + "AAA=", text.replace(LOG.key.name, "other"), ""):
        with pytest.raises(Unreadable):
            VerifyKey.parse(wrong)


# --- growth ----------------------------------------------------------------------------------------------------------


def growth(log, old):
    head = log.last
    return Growth(old.size, consistency_proof(old.size, head.size, log.tile), head.note).text()


def test_a_log_that_grew_is_proved_to_and_one_that_was_rewritten_is_not():
    old = LOG.checkpoints[0]
    found = check_consistency(old.note, growth(LOG, old), TRUST)
    assert (found.old.size, found.new.size) == (130, 301)
    again = StoredLog(LOG.signer)
    again.append(some_entries(130))
    with pytest.raises(NotProved, match="rewritten"):
        check_consistency(again.last.note, growth(LOG, old), TRUST)


def test_a_proof_from_another_size_or_backwards_or_of_another_log_is_refused():
    first, second = LOG.checkpoints[:2]
    with pytest.raises(NotProved, match="another size"):
        check_consistency(second.note, growth(LOG, first), TRUST)
    backwards = Growth(second.size, (), first.note).text()
    with pytest.raises(NotProved, match="smaller"):
        check_consistency(second.note, backwards, TRUST)
    other = log_of(130)
    with pytest.raises(NotProved):
        check_consistency(other.last.note, growth(LOG, first), TRUST)


@given(st.text(max_size=120) | st.integers(0, 200))
def test_growth_in_any_other_form_is_refused_here_and_by_the_gateway(text):
    good = growth(LOG, LOG.checkpoints[0])
    if isinstance(text, int):
        text = good[:text] + "%" + good[text + 1 :]
    with pytest.raises((Unreadable, NotProved)):
        check_consistency(LOG.checkpoints[0].note, text, TRUST)
    if "%" in text.partition("\n\n")[0]:
        with pytest.raises(Refused):
            parse_growth(text)


def test_the_gateway_reads_back_the_growth_that_it_wrote():
    text = growth(LOG, LOG.checkpoints[0])
    assert parse_growth(text).text() == text


# --- evidence --------------------------------------------------------------------------------------------------------

ABOUT = "record:4"
STATED = [Statement(n, entry, open=n % 2 == 0) for n, entry, _digest in LOG.rows if entry.object == ABOUT][:6]
EVIDENCE = write_evidence("4", [ABOUT], STATED, LOG.last, LOG.tile)


def test_a_bundle_holds_and_opens_what_its_reader_may_see():
    found = check_evidence(EVIDENCE, TRUST)
    assert found.ok
    assert [entry.details is not None for entry in found.entries] == [one.open for one in STATED]
    assert all("the partner took the delivery" in entry.words for entry in found.entries)


def test_words_that_the_leaf_does_not_say_make_the_bundle_fail():
    lie = changed(EVIDENCE, lambda e: e.update(says=e["says"].replace("took", "refused")))
    found = check_evidence(lie, TRUST)
    assert not found.ok
    assert "words" in found.entries[1].fault
    assert "took" in found.entries[1].words


def test_entries_about_something_else_are_not_passed_off_as_evidence():
    document = json.loads(EVIDENCE)
    assert not check_evidence(json.dumps(document | {"record": "5"}), TRUST).ok
    assert not check_evidence(json.dumps(document | {"objects": ["record:3"]}), TRUST).ok
    assert not check_evidence(json.dumps(document | {"entries": []}), TRUST).ok


def test_an_action_that_the_verifier_does_not_know_is_proved_without_words(monkeypatch):
    monkeypatch.setattr("verifier.words.MEANINGS", {})
    found = check_evidence(EVIDENCE, TRUST)
    assert found.ok
    assert {entry.words for entry in found.entries} == {None}


def test_the_verifiers_words_are_the_gateways():
    assert {action: ACTIONS.get(action) for action in MEANINGS} == dict(MEANINGS)
    entry = replace(some_entries(1)[0], outcome="http-400")
    assert plain_words(entry).endswith("the partner took the delivery. Outcome: http-400.")
