"""The tamper table: every change of a stored log is detected and located; without a change all is well."""

import random
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.audit.faults import MEANING, FaultKind, LogFault
from gateway.audit.frontier import Frontier
from gateway.audit.note import VerifyKey
from gateway.audit.tree import EMPTY_ROOT, leaf_hash
from gateway.audit.verify import MOST_FAULTS, LogVerifier
from gateway.core.audit_entry import leaf
from gateway.core.errors import Tampered
from tests.vectors.audit.sample import StoredLog, log_of, new_signer, some_entries

BATCHES = (40, 250, 1, 309)
SIZE = sum(BATCHES)


def outcome_changed(entry):
    return replace(entry, outcome="changed")


def change(log, number, *, hash_too=False, tile_too=False):
    """Change one row; a more diligent forger mends the stored leaf hash and the lowest tile as well."""
    _, entry, digest = log.rows[number]
    forged = outcome_changed(entry)
    new = leaf_hash(leaf(forged)) if hash_too else digest
    log.rows[number] = (number, forged, new)
    if tile_too:
        flip_tile(log, 0, number // 256, number % 256, new)


def flip_tile(log, level, index, place, hashes=None):
    tile = bytearray(log.tiles[level, index])
    start = place * 32
    tile[start : start + 32] = hashes or bytes([tile[start] ^ 1, *tile[start + 1 : start + 32]])
    log.tiles[level, index] = bytes(tile)


def delete(log, number):
    del log.rows[number]


def delete_and_renumber(log, number):
    del log.rows[number]
    log.rows = [(place, entry, digest) for place, (_, entry, digest) in enumerate(log.rows)]


def insert(log, number):
    entry = some_entries(1)[0]
    log.rows.insert(number, (number, entry, leaf_hash(leaf(entry))))


def insert_and_renumber(log, number):
    insert(log, number)
    log.rows = [(place, entry, digest) for place, (_, entry, digest) in enumerate(log.rows)]


def swap(log, number):
    (_, first, one), (_, second, two) = log.rows[number], log.rows[number + 1]
    log.rows[number : number + 2] = [(number, second, two), (number + 1, first, one)]


def truncate(log, number):
    del log.rows[number:]


def cut_back(log, number):
    """Rows, tiles and checkpoints as an old back-up has them; every signature is good."""
    log.checkpoints = [checkpoint for checkpoint in log.checkpoints if checkpoint.size <= number]
    truncate(log, number)
    log.tiles = grown_tiles(log)


def grown_tiles(log):
    _, tiles = Frontier().extend([digest for _, _, digest in log.rows])
    return {(tile.level, tile.index): tile.hashes for tile in tiles}


def rewrite_with_the_key(log, number):
    """The whole log from entry ``number`` on made anew and signed by the log's own key."""
    entries = [entry for _, entry, _ in log.rows]
    entries[number] = outcome_changed(entries[number])
    forged = StoredLog(signer=log.signer)
    for batch in BATCHES:
        forged.append(entries[:batch])
        del entries[:batch]
    log.rows, log.tiles, log.checkpoints = forged.rows, forged.tiles, forged.checkpoints


def sign_with_another_key(log, _number):
    other = log_of(1)
    log.checkpoints[1] = replace(log.checkpoints[1], note=other.last.note)


def swap_the_note_of_another_size(log, _number):
    log.checkpoints[1] = replace(log.checkpoints[1], note=log.checkpoints[0].note)


def change_a_checkpoint_root(log, _number):
    log.checkpoints[1] = replace(log.checkpoints[1], root=log.checkpoints[0].root)


def drop_the_last_checkpoint(log, _number):
    del log.checkpoints[-1]


def set_the_clock_back(log, number):
    """The row says that it happened earlier; its stored hash is mended."""
    _, entry, _ = log.rows[number]
    earlier = replace(entry, at=entry.at - timedelta(days=30))
    log.rows[number] = (number, earlier, leaf_hash(leaf(earlier)))


def tear_a_tile(log, number):
    """The tile over the entry as a crash in the middle of its writing would leave it."""
    key = (0, number // 256)
    log.tiles[key] = log.tiles[key][: number % 256 * 32]


@cache
def second_history(signer):
    other = StoredLog(signer=signer)
    entries = some_entries(SIZE)
    for batch in BATCHES:
        other.append(entries[:batch])
        del entries[:batch]
    return other


def sign_a_second_history(log, _number):
    """Another log under the same name and key: what a reader kept of the first one is in none of its checkpoints."""
    other = copied(second_history(log.signer))
    log.rows, log.tiles, log.checkpoints = other.rows, other.tiles, other.checkpoints


def show_an_old_checkpoint(log, number):
    """The newest checkpoints are kept back: rows beyond the last one shown are covered by nothing."""
    log.checkpoints = [checkpoint for checkpoint in log.checkpoints if checkpoint.size <= number] or log.checkpoints[:1]


AT = 47
TABLE = {
    "change one row": (change, FaultKind.LEAF, AT, AT),
    "change a row and its hash": (lambda log, at: change(log, at, hash_too=True), FaultKind.TILE, AT, AT),
    "change a row, its hash and its tile": (
        lambda log, at: change(log, at, hash_too=True, tile_too=True),
        FaultKind.ROOT,
        40,
        289,
    ),
    "delete a row": (delete, FaultKind.GAP, AT, AT),
    "delete a row and renumber": (delete_and_renumber, FaultKind.TRUNCATED, SIZE - 1, SIZE - 1),
    "insert a row": (insert, FaultKind.ORDER, AT, AT),
    "insert a row and renumber": (insert_and_renumber, FaultKind.UNCOVERED, SIZE, SIZE),
    "swap two rows": (swap, FaultKind.TILE, AT, AT + 1),
    "truncate": (truncate, FaultKind.TRUNCATED, AT, SIZE - 1),
    "flip a bit of a tile": (lambda log, at: flip_tile(log, 0, 0, at), FaultKind.TILE, AT, AT),
    "flip a bit of an upper tile": (lambda log, _: flip_tile(log, 1, 0, 1), FaultKind.TILE, 256, 511),
    "drop a tile": (lambda log, _: log.tiles.pop((0, 2)), FaultKind.TILE, 512, SIZE - 1),
    "drop an upper tile": (lambda log, _: log.tiles.pop((1, 0)), FaultKind.TILE, 0, 511),
    "a note of another log": (sign_with_another_key, FaultKind.NOTE, 289, 289),
    "a note of another size": (swap_the_note_of_another_size, FaultKind.NOTE, 289, 289),
    "another root beside the note": (change_a_checkpoint_root, FaultKind.ROOT, 40, 289),
    "no checkpoint over the end": (drop_the_last_checkpoint, FaultKind.UNCOVERED, 291, SIZE - 1),
}


def copied(log):
    return replace(log, rows=list(log.rows), tiles=dict(log.tiles), checkpoints=list(log.checkpoints))


@cache
def pristine():
    log = log_of(*BATCHES)
    log.verified()  # keeps the leaves of its entries
    return log


def stored():
    """A log that is the test's own to change."""
    return replace(copied(pristine()), leaves=dict(pristine().leaves))


def test_control_a_log_that_nobody_touched_has_no_fault():
    log = stored()
    report = log.verified(anchors=[checkpoint.note for checkpoint in log.checkpoints])
    assert report.ok
    assert (report.size, report.root, report.checkpoints) == (SIZE, log.frontier.root(), 4)
    assert report.tiles == len(log.tiles) == 4


@pytest.mark.parametrize("name", TABLE)
def test_a_change_behind_the_gateway_is_detected_and_located(name):
    tamper, kind, first, last = TABLE[name]
    log = stored()
    tamper(log, AT)
    report = log.verified()
    assert LogFault(kind, first, last) in report.faults


@pytest.mark.parametrize("name", ["delete a row and renumber", "insert a row and renumber"])
def test_a_renumbered_log_is_wrong_from_the_very_place(name):
    log = stored()
    TABLE[name][0](log, AT)
    faults = [fault for fault in log.verified().faults if fault.kind is FaultKind.TILE]
    assert min(fault.first for fault in faults) == AT
    assert LogFault(FaultKind.ROOT, 40, 289) in log.verified().faults


@pytest.mark.parametrize("name", ["change one row", "change a row and its hash", "delete a row", "insert a row"])
def test_the_report_names_the_offending_number(name):
    log = stored()
    TABLE[name][0](log, AT)
    report = log.verified()
    assert report.faults[0].first == AT
    assert f"entry {AT}: {MEANING[report.faults[0].kind]}" == str(report.faults[0])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, SIZE - 2), st.sampled_from([change, delete, insert, swap, truncate]))
def test_a_change_at_any_number_is_located_there(number, tamper):
    log = stored()
    tamper(log, number)
    report = log.verified()
    assert not report.ok
    assert min(fault.first for fault in report.faults if fault.kind is not FaultKind.ROOT) == number


CLASSES = {
    "change": change,
    "delete": delete,
    "insert": insert,
    "swap": swap,
    "truncate": truncate,
    "rewrite and sign again": rewrite_with_the_key,
    "restore an old back-up": cut_back,
    "two logs with one key": sign_a_second_history,
    "set the clock back": set_the_clock_back,
    "show an old checkpoint": show_an_old_checkpoint,
    "flip a bit of a tile": lambda log, at: flip_tile(log, 0, at // 256, at % 256),
    "a partial tile after a crash": tear_a_tile,
}
"""Ways of tampering -> what is done at an entry of a stored log. A reader has a checkpoint of all of it."""


def located(report, number):
    """A fault that names the entry, alone or in the run of entries that one checkpoint or tile covers."""
    return any(fault.first <= number <= fault.last for fault in report.faults)


def missed(chance, each, anchors):
    """Ways of tampering, with the entry, that a look at the whole log does not find and locate."""
    whole, found = stored(), []
    for name, tamper in CLASSES.items():
        for _ in range(each):
            number = chance.randrange(BATCHES[0], SIZE - 1)
            log = copied(whole)
            tamper(log, number)
            if not located(log.verified(anchors(whole)), number):
                found.append((name, number))
    return found


@pytest.mark.claim("A20", control="test_control_without_a_checkpoint_kept_outside_three_ways_are_not_seen")
def test_every_way_of_tampering_at_any_entry_is_detected_and_located(claim):
    chance, each = random.Random(claim.seed), claim.size(push=100, night=1_000)  # noqa: S311 - a seed to repeat it
    assert missed(chance, each, lambda whole: [whole.last.note]) == []
    claim.measured(f"{each * len(CLASSES)} of {each * len(CLASSES)} found and located, {len(CLASSES)} ways")


def test_control_without_a_checkpoint_kept_outside_three_ways_are_not_seen():
    found = missed(random.Random(1), 2, lambda _whole: [])  # noqa: S311 - any entries will do
    assert {name for name, _ in found} == {"rewrite and sign again", "restore an old back-up", "two logs with one key"}


def test_control_a_log_that_nobody_touched_has_no_fault_wherever_it_is_looked_at():
    log = stored()
    report = log.verified([log.last.note])
    assert report.ok
    assert not any(located(report, number) for number in range(SIZE))


def test_a_rollback_to_an_old_backup_is_caught_by_a_checkpoint_kept_outside():
    log = stored()
    kept = log.last.note
    cut_back(log, 290)
    assert log.verified().ok  # the control: alone it cannot know
    assert log.verified([kept]).faults == (LogFault(FaultKind.ROLLBACK, 290, SIZE - 1),)


def test_history_rewritten_and_signed_again_is_caught_by_a_checkpoint_kept_outside():
    log = stored()
    kept = log.checkpoints[1].note
    rewrite_with_the_key(log, AT)
    assert log.verified().ok  # the control: alone it cannot know
    assert log.verified([kept]).faults == (LogFault(FaultKind.REWRITTEN, 0, 289),)


def test_a_rewrite_after_the_kept_checkpoint_is_not_held_against_it():
    log = stored()
    kept = log.checkpoints[0].note
    rewrite_with_the_key(log, AT)
    assert log.verified([kept]).ok


def test_a_kept_note_that_the_log_did_not_sign_says_nothing():
    log = log_of(2)
    with pytest.raises(Tampered):
        log.verified([log_of(2).last.note])


def test_checkpoints_from_before_a_rotation_verify_under_the_old_key():
    log = log_of(3)
    old = log.key
    log.signer = new_signer()
    log.append(some_entries(4))
    assert [fault.kind for fault in log.verified().faults] == [FaultKind.NOTE]
    assert LogVerifier(log.checkpoints, [old, VerifyKey.of(log.signer)]).report().ok


def test_a_log_that_grows_while_it_is_read_verifies_up_to_where_the_reading_began():
    log = stored()
    checkpoints, rows = list(log.checkpoints), list(log.rows)
    log.append(some_entries(300))
    log.checkpoints, log.rows = checkpoints, rows
    assert log.verified().ok


def test_a_full_tile_with_something_after_it_is_wrong():
    log = log_of(300)
    log.tiles[0, 0] += bytes(32)
    assert not log.verified().ok


def test_an_empty_log_verifies():
    report = StoredLog().verified()
    assert report.ok
    assert (report.size, report.root) == (0, EMPTY_ROOT)


def test_checkpoints_may_come_on_the_way_each_before_the_entry_after_it():
    log = stored()
    verifier = LogVerifier((), [log.key])
    waiting = list(log.checkpoints)
    for number, entry, digest in log.rows:
        if waiting and waiting[0].size == number + 1:
            verifier.expect([waiting.pop(0)])
        verifier.feed(number, leaf(entry), digest)
    verifier.finish()
    assert (verifier.report().checkpoints, verifier.report().faults) == (4, ())


def test_a_checkpoint_of_fewer_entries_than_none_hides_no_other():
    log = stored()
    log.checkpoints.append(replace(log.checkpoints[0], size=-3))
    change(log, AT, hash_too=True, tile_too=True)
    assert FaultKind.ROOT in {fault.kind for fault in log.verified().faults}


def test_a_log_with_a_gap_has_no_root():
    log = log_of(10)
    delete(log, 4)
    assert log.verified().root is None


def test_a_hopelessly_broken_log_does_not_fill_the_memory():
    log = log_of(1)
    verifier = LogVerifier(log.checkpoints, [log.key])
    for number in range(MOST_FAULTS + 500):
        verifier.feed(number, b"leaf", b"not its hash")
    assert len(verifier.report().faults) == MOST_FAULTS


def test_every_kind_of_fault_has_its_words():
    assert set(MEANING) == set(FaultKind)
    page = (Path(__file__).parents[2] / "docs/audit-log.md").read_text()
    assert all(f"| `{kind}` | {words} |" in page for kind, words in MEANING.items())
