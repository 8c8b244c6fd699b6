"""The verifier on exported logs: every whole one holds, and nothing that was changed, dropped or forged does."""

import json
import random
import subprocess
import sys
import time
import timeit
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.audit.export import Extent
from gateway.audit.proof import write_proof
from gateway.audit.published import TilePlace, bundle
from gateway.audit.tiles import WIDTH, TileId
from gateway.core.audit_entry import leaf
from tests.vectors.audit.exported import files_of, laid_out
from tests.vectors.audit.sample import StoredLog, log_of, new_signer, some_entries
from verifier import NotProved, Trust, Unreadable, check_log, check_proof

LOG = log_of(200, 500)
TRUST = Trust.of(str(LOG.key))


def checked(tmp_path, files, trust=TRUST, anchors=()):
    return check_log(laid_out(tmp_path, files), trust, anchors)


def test_a_whole_log_gives_its_root_from_nothing(tmp_path):
    log = checked(tmp_path, files_of(LOG))
    assert (log.head.size, log.head.root) == (700, LOG.last.root)
    assert (log.first, log.last) == (0, 700)
    assert log.tiles == 4


@settings(max_examples=15)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=3), st.data())
def test_any_run_of_entries_of_any_log_gives_its_root(batches, data):
    log, size = log_of(*batches), sum(batches)
    first = data.draw(st.integers(0, size - 1))
    last = data.draw(st.integers(first + 1, size))
    with TemporaryDirectory() as folder:
        found = checked(Path(folder), files_of(log, first, last), Trust.of(str(log.key)))
    assert found.head.root == log.last.root
    assert found.first <= first < last <= found.last


def test_a_zip_file_is_read_as_a_directory_is(tmp_path):
    with zipfile.ZipFile(tmp_path / "log.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files_of(LOG, 300, 400).items():
            archive.writestr(name, content)
    assert check_log(tmp_path / "log.zip", TRUST).first == 256


def test_a_copy_of_the_published_files_needs_no_description(tmp_path):
    files = files_of(LOG)
    del files["export.json"]
    assert checked(tmp_path, files).last == 700


PART = files_of(LOG, 256, 512)


@pytest.mark.parametrize("name", sorted(set(PART) - {"export.json"}))
@pytest.mark.parametrize("place", [0, 17, -1])
def test_no_file_may_differ_by_a_bit(tmp_path, name, place):
    changed = bytearray(PART[name])
    changed[place] ^= 1
    with pytest.raises((NotProved, Unreadable)):
        checked(tmp_path, PART | {name: bytes(changed)})


@pytest.mark.parametrize("name", sorted(set(PART) - {"export.json", "tile/0/001", "tile/1/000.p/2"}))
def test_no_file_that_the_root_needs_may_be_missing(tmp_path, name):
    files = dict(PART)
    del files[name]
    with pytest.raises(Unreadable):
        checked(tmp_path, files)


def test_tiles_that_the_entries_give_are_not_needed_but_then_nothing_was_compared(tmp_path):
    files = {name: content for name, content in files_of(LOG).items() if name[:6] not in ("tile/0", "tile/1")}
    assert checked(tmp_path, files).tiles == 0


@pytest.mark.parametrize("cut", [1, 40])
def test_a_bundle_that_is_cut_off_is_refused(tmp_path, cut):
    with pytest.raises((Unreadable, NotProved)):
        checked(tmp_path, PART | {"tile/entries/001": PART["tile/entries/001"][:-cut]})


@pytest.mark.parametrize(
    "changes", [{"from": 255}, {"to": 700}, {"from": 512}, {"to": 2**70}, {"from": -1}, {"type": 1}]
)
def test_a_description_that_does_not_fit_the_files_is_refused(tmp_path, changes):
    document = json.dumps(json.loads(PART["export.json"]) | changes).encode()
    with pytest.raises((Unreadable, NotProved)):
        checked(tmp_path, PART | {"export.json": document})


def test_a_checkpoint_of_another_key_under_the_same_name_is_refused(tmp_path):
    forged = StoredLog(new_signer(LOG.key.name))
    forged.append(some_entries(700))
    with pytest.raises(NotProved, match="not signed"):
        checked(tmp_path, files_of(forged))
    assert checked(tmp_path / "own", files_of(forged), Trust.of(str(forged.key))).last == 700


def rewritten():
    """A history that the holder of the log's own key wrote anew."""
    log = StoredLog(LOG.signer)
    log.append(some_entries(700))
    return log


def test_only_a_checkpoint_that_was_kept_outside_shows_a_history_signed_again(tmp_path):
    kept = LOG.checkpoints[0].note
    assert checked(tmp_path / "true", files_of(LOG), anchors=[kept]).anchors == 1
    assert checked(tmp_path / "false", files_of(rewritten())).anchors == 0
    with pytest.raises(NotProved, match="rewritten"):
        checked(tmp_path / "false", files_of(rewritten()), anchors=[kept])


def test_a_log_that_was_rolled_back_is_shown_by_a_later_checkpoint(tmp_path):
    longer = StoredLog(LOG.signer)
    longer.append(some_entries(701))
    with pytest.raises(NotProved, match="rolled back"):
        checked(tmp_path, files_of(LOG), anchors=[longer.last.note])


def test_a_checkpoint_that_was_kept_counts_for_nothing_when_somebody_else_signed_it(tmp_path):
    with pytest.raises(NotProved, match="not signed"):
        checked(tmp_path, files_of(LOG), anchors=[log_of(5).last.note])


def test_a_part_says_that_it_cannot_be_compared_with_an_earlier_checkpoint(tmp_path):
    with pytest.raises(Unreadable, match="from its first entry"):
        checked(tmp_path, PART, anchors=[LOG.checkpoints[0].note])


@settings(max_examples=20)
@given(st.binary(max_size=300), st.sampled_from(["checkpoint", "export.json", "tile/entries/001", "tile/1/000.p/2"]))
def test_hostile_bytes_are_refused_in_words(content, name):
    with TemporaryDirectory() as folder, pytest.raises((Unreadable, NotProved)):
        checked(Path(folder), PART | {name: content})


# --- a million entries -----------------------------------------------------------------------------------------------

DOES_NOT_HOLD = 10
"""The exit code."""
SECONDS, KIBIBYTES, ENTRIES, RECEIPT_SECONDS = 60, 300_000, 1_000_000, 0.005
START = """
import re, sys
from verifier.command import main
code = main()
print(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1], file=sys.stderr)
sys.exit(code)
"""


def exported(folder, count):
    """An export of so many entries, and the key that checks it."""
    log, at_once = StoredLog(), 40 * WIDTH
    for start in range(0, count, at_once):
        log.append(some_entries(min(at_once, count - start)))
        leaves = [leaf(entry) for _, entry, _ in log.rows]
        log.rows.clear()  # memory stays flat
        bundles = {}
        for first in range(0, len(leaves), WIDTH):
            some = leaves[first : first + WIDTH]
            place = TilePlace(TileId(0, (start + first) // WIDTH), len(some), entries=True)
            bundles[place.path()] = bundle(some)
        laid_out(folder, bundles)
    tiles = Extent.around(0, count, count).tiles()
    files = {place.path(): log.tile(place.tile.level, place.tile.index)[: 32 * place.width] for place in tiles}
    return laid_out(folder, files | {"checkpoint": log.last.note.encode()}), str(log.key)


def alone(folder, key):
    """The verifier in a process of its own: exit code, seconds, peak memory in KiB."""
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", START, "log", str(folder), "--key", key], capture_output=True, text=True, check=False
    )
    return done.returncode, time.perf_counter() - begun, int(done.stderr.split()[-1])


def changed(folder, chance):
    """The export with one entry changed that says that something went well."""
    path = chance.choice(sorted(one for one in (folder / "tile/entries").rglob("*") if one.is_file()))
    before = path.read_bytes()
    path.write_bytes(before.replace(b'"outcome":"ok"', b'"outcome":"no"', 1))
    assert path.read_bytes() != before


@pytest.mark.claim("A18", control="test_control_a_verifier_that_takes_the_hashes_as_they_are_does_not_find_the_change")
def test_a_million_entries_are_verified_within_a_minute_and_little_memory(claim, tmp_path):
    count = claim.size(push=10_000, night=ENTRIES)
    folder, key = exported(tmp_path, count)
    code, seconds, memory = alone(folder, key)
    assert code == 0
    assert seconds < 2 + SECONDS * count / ENTRIES
    assert memory < KIBIBYTES
    changed(folder, claim.dice())
    assert alone(folder, key)[0] == DOES_NOT_HOLD
    proof = write_proof([(number, entry) for number, entry, _ in LOG.rows[250:251]], LOG.last, LOG.tile)
    assert check_proof(proof, TRUST).ok
    each = min(timeit.repeat(lambda: check_proof(proof, TRUST), number=20, repeat=3)) / 20
    assert each < RECEIPT_SECONDS
    claim.measured(
        f"{count} entries in {seconds:.1f} s, {memory // 1024} MiB, a changed one found; "
        f"one proof in {each * 1000:.2f} ms"
    )


def test_control_a_verifier_that_takes_the_hashes_as_they_are_does_not_find_the_change(tmp_path):
    folder, key = exported(tmp_path, 1_000)
    changed(folder, random.Random(1))  # noqa: S311 - a place, no secret
    assert alone(folder, key)[0] == DOES_NOT_HOLD
    (folder / "export.json").write_bytes(Extent.around(0, 1, 1_000).about("any"))
    assert alone(folder, key)[0] == 0, "the entries beyond those named are known by their hashes only"
