"""Proof files: what ``audit prove`` writes, ``audit check`` accepts with nothing but the verify key."""

import json
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.audit.proof import TYPE, check_proof, tiles_for_proof, write_proof
from gateway.audit.proof_text import HEADER, ProofText, parse_proof
from gateway.core.audit_entry import canonical_json, commitment
from gateway.core.errors import Misconfigured, Refused, Tampered
from tests.vectors.audit.sample import log_of, some_entries

LOG = log_of(300, 17)
KEY = str(LOG.key)
NUMBERS = (3, 255, 256, 316)
VECTORS = json.loads((Path(__file__).parents[1] / "vectors/audit/proofs.json").read_text())


def written(numbers=NUMBERS, checkpoint=LOG.last):
    return write_proof([(number, LOG.rows[number][1]) for number in numbers], checkpoint, LOG.tile)


TEXT = written()


def edited(change):
    """The proof file after ``change`` to its first entry."""
    document = json.loads(TEXT)
    change(document["entries"][0])
    return json.dumps(document)


def test_a_proof_file_checks_offline_and_says_what_happened():
    report = check_proof(TEXT, KEY)
    assert report.ok
    assert [entry.number for entry in report.entries] == list(NUMBERS)
    first = report.entries[0]
    assert (first.actor, first.action, first.object) == ("gateway:dispatcher", "delivery.delivered", "record:3")
    assert first.details == {"attempt": 3}
    assert [(head.size, head.root) for head in report.heads] == [(317, LOG.last.root)]
    assert report.about("record:3") == (first,)


def test_each_proof_in_the_file_has_the_published_form():
    for entry in json.loads(TEXT)["entries"]:
        lines = entry["proof"].split("\n")
        assert lines[0] == HEADER
        assert lines[1].startswith("index ")
        assert entry["proof"].endswith(LOG.last.note)


def test_a_proof_against_an_older_checkpoint_still_checks():
    assert check_proof(written((3,), LOG.checkpoints[0]), KEY).ok


def test_the_planner_names_the_tiles_that_writing_needs():
    wanted = {(tile.level, tile.index) for tile in tiles_for_proof(NUMBERS, 317)}
    tiles = {place: LOG.tiles[place] for place in wanted}
    entries = [(number, LOG.rows[number][1]) for number in NUMBERS]
    assert write_proof(entries, LOG.last, lambda level, index: tiles[level, index]) == TEXT


def test_no_proof_is_written_for_an_entry_that_is_not_in_the_log():
    with pytest.raises(Tampered, match="entry 3"):
        write_proof([(3, some_entries(1)[0])], LOG.last, LOG.tile)


def test_a_proof_tells_the_details_of_those_entries_alone_that_its_reader_may_know():
    entries = [(number, LOG.rows[number][1]) for number in NUMBERS]
    report = check_proof(write_proof(entries, LOG.last, LOG.tile, lambda entry: entry.object == "record:3"), KEY)
    assert report.ok
    assert [entry.details for entry in report.entries] == [{"attempt": 3}, None, None, None]


def test_details_may_be_left_out():
    def close(entry):
        entry["details"] = entry["salt"] = None

    report = check_proof(edited(close), KEY)
    assert report.ok
    assert report.entries[0].details is None


def forged_leaf(entry):
    entry["leaf"] = entry["leaf"].replace("delivery.delivered", "delivery.dead")


def forged_index(entry):
    entry["proof"] = entry["proof"].replace("index 3\n", "index 4\n")


def forged_size(entry):
    entry["proof"] = entry["proof"].replace("\n317\n", "\n318\n")


def forged_root(entry):
    root, other = (b64encode(value).decode() for value in (LOG.last.root, LOG.checkpoints[0].root))
    entry["proof"] = entry["proof"].replace(root, other)


def older_checkpoint(entry):
    entry["proof"] = entry["proof"].replace(LOG.last.note, LOG.checkpoints[0].note)


def dropped_hash(entry):
    lines = entry["proof"].split("\n")
    del lines[2]
    entry["proof"] = "\n".join(lines)


def other_details(entry):
    entry["details"]["attempt"] += 1


def other_salt(entry):
    entry["salt"] = "00" * 16


FORGERIES = [
    forged_leaf,
    forged_index,
    forged_size,
    forged_root,
    older_checkpoint,
    dropped_hash,
    other_details,
    other_salt,
]


@pytest.mark.parametrize("forge", FORGERIES)
def test_a_forged_entry_is_not_proved_and_the_others_still_are(forge):
    report = check_proof(edited(forge), KEY)
    assert not report.ok
    assert [entry.fault is None for entry in report.entries] == [False, True, True, True]
    assert report.entries[0].details is None
    assert not report.about("record:3")


def test_a_proof_under_the_key_of_another_log_is_not_proved():
    assert not check_proof(TEXT, str(log_of(1).key)).ok


def test_without_a_key_nothing_is_proved():
    assert not check_proof(TEXT).ok


def test_a_file_without_entries_proves_nothing():
    assert not check_proof(json.dumps({"type": TYPE, "entries": []}), KEY).ok


@settings(deadline=None)
@given(st.data())
def test_a_change_of_any_character_never_proves_anything_else(data):
    place = data.draw(st.integers(0, len(TEXT) - 1))
    char = data.draw(st.sampled_from("0aZ=+/ \n\"'{}\\é—"))
    changed = TEXT[:place] + char + TEXT[place + 1 :]
    try:
        report = check_proof(changed, KEY)
    except Refused:
        return
    good = check_proof(TEXT, KEY).entries
    assert all(entry in good or entry.fault or entry.details is None for entry in report.entries)


def surrogate(entry):
    entry["proof"] = entry["proof"] + "\ud800"


def spaced_leaf(entry):
    entry["leaf"] = entry["leaf"].replace(":", ": ", 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        '{"type": "other", "entries": []}',
        f'{{"type": "{TYPE}", "entries": [1]}}',
        f'{{"type": "{TYPE}", "entries": [{{"leaf": "[]", "proof": ""}}]}}',
        f'{{"type": "{TYPE}", "entries": [{{"leaf": "{{}}", "proof": ""}}]}}',
        f'{{"type": "{TYPE}", "entries": [{{"leaf": "x", "proof": "{HEADER}"}}]}}',
        " " * (16 * 2**20) + "{}",
        edited(surrogate),
        edited(spaced_leaf),
        edited(lambda entry: entry.update(salt=None)),
        edited(lambda entry: entry.update(salt="no hex")),
        edited(lambda entry: entry.update(salt=5)),
        edited(lambda entry: entry.update(details=[1])),
        edited(lambda entry: entry.update(details={"a": 1.5})),
        edited(lambda entry: entry.update(leaf='{"v":1}')),
        edited(lambda entry: entry.update(leaf='{"v":2}')),
    ],
    ids=lambda text: text[:30].strip() or "blank",
)
def test_what_is_no_proof_file_is_refused(text):
    with pytest.raises(Refused) as caught:
        check_proof(text, KEY)
    assert caught.value.problem == "bad-proof"


def test_a_malformed_verify_key_is_the_operators_fault():
    with pytest.raises(Misconfigured):
        check_proof(TEXT, "nonsense")


@given(st.integers(0, 2**62), st.lists(st.binary(min_size=32, max_size=32), max_size=64), st.none() | st.binary())
def test_the_text_of_a_proof_round_trips(index, hashes, extra):
    proof = ProofText(index, tuple(hashes), LOG.last.note, extra)
    assert parse_proof(proof.text()) == proof


GOOD = ProofText(5, (bytes(32),), LOG.last.note).text()


@pytest.mark.parametrize(
    "text",
    [
        "",
        GOOD.replace("@v1", "@v2"),
        GOOD.replace("index 5", "index 05"),
        GOOD.replace("index 5", "index -5"),
        GOOD.replace("index 5\n", ""),
        GOOD.replace("index 5", "extra ????\nindex 5"),
        GOOD.replace("AAAA=", "AAAB=", 1),
        GOOD.replace("index 5\n", "index 5\nAAAA\n"),
        GOOD.replace("index 5\n", "index 5\n" + (b64encode(bytes(32)).decode() + "\n") * 64),
        f"{HEADER}\n\n{LOG.last.note}",
        f"{HEADER}\nindex 5\n",
    ],
)
def test_a_malformed_proof_text_is_refused(text):
    with pytest.raises(Refused):
        parse_proof(text)


def test_a_commitment_hides_the_details_and_binds_them():
    details = {"count": 3, "code": "é"}
    assert commitment(details, bytes(16)) != commitment(details, b"1" * 16)
    assert canonical_json(details) == '{"code":"é","count":3}'.encode()


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_the_stored_proof_files_give_what_they_expect(case):
    text = json.dumps(case["document"])
    if case["expect"] == "refused":
        with pytest.raises(Refused):
            check_proof(text, VECTORS["verify_key"])
    else:
        assert check_proof(text, VECTORS["verify_key"]).ok is (case["expect"] == "ok")
