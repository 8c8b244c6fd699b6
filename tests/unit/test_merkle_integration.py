"""One step of the log: numbers, leaf hashes, tiles and a checkpoint that agrees with everything signed before."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.audit import integrate as integrate_module
from gateway.audit.checkpoint import open_checkpoint
from gateway.audit.frontier import Frontier, restore
from gateway.audit.integrate import integrate
from gateway.audit.tiles import edge
from gateway.audit.tree import leaf_hash
from gateway.core.audit_entry import leaf
from gateway.core.errors import Tampered
from tests.vectors.audit.sample import START, StoredLog, log_of, new_signer, some_entries


def test_a_step_numbers_entries_from_the_present_size_and_signs_the_new_one():
    log = log_of(3)
    entries = some_entries(4)
    step = integrate(log.frontier, entries, START, log.signer, log.last)
    assert (step.first, step.ids) == (3, tuple(entry.id for entry in entries))
    assert step.leaves == tuple(leaf_hash(leaf(entry)) for entry in entries)
    head = open_checkpoint(step.checkpoint.note, [log.key])
    assert (head.size, head.root) == (7, step.frontier.root()) == (step.checkpoint.size, step.checkpoint.root)
    assert step.checkpoint.at == START


@settings(max_examples=25)
@given(st.lists(st.integers(1, 300), min_size=1, max_size=6))
def test_any_number_of_steps_gives_a_log_that_verifies(batches):
    log = log_of(*batches)
    report = log.verified()
    assert report.faults == ()
    assert (report.size, report.root, report.checkpoints) == (sum(batches), log.frontier.root(), len(batches))


def test_a_restarted_integrator_goes_on_from_the_tiles():
    log = log_of(300, 257)
    wanted = {(tile.level, tile.index) for tile, _width in edge(log.frontier.size)}
    edges = {place: hashes for place, hashes in log.tiles.items() if place in wanted}
    log.frontier = restore(log.last.size, lambda level, index: edges[level, index])
    log.append(some_entries(40))
    assert log.verified().ok


def test_a_failed_commit_leaves_the_old_frontier_to_try_again():
    log = log_of(5)
    before = log.frontier
    entries = some_entries(2)
    first = integrate(before, entries, START, log.signer, log.last)
    assert integrate(before, entries, START, log.signer, log.last) == first
    assert before.size == 5


def test_nothing_is_signed_when_the_tiles_do_not_give_the_signed_root():
    log = log_of(5)
    other = log_of(5)
    with pytest.raises(Tampered, match="size 5"):
        integrate(other.frontier, some_entries(1), START, log.signer, log.last)


def test_nothing_is_signed_when_the_checkpoint_is_missing_or_ahead():
    log = log_of(5)
    for frontier, last in ((log.frontier, None), (Frontier(), log.last)):
        with pytest.raises(Tampered):
            integrate(frontier, some_entries(1), START, log.signer, last)


def test_control_without_the_guards_a_rewritten_log_would_be_signed(monkeypatch):
    log, rewritten = log_of(5), log_of(5)
    monkeypatch.setattr(integrate_module, "guard_signing", lambda *_: None)
    last = replace(log.last, root=rewritten.frontier.root())
    step = integrate(rewritten.frontier, some_entries(1), START, log.signer, last)
    assert open_checkpoint(step.checkpoint.note, [log.key]).size == 6


def test_the_guard_runs_before_the_signature(monkeypatch):
    log = log_of(5)

    def refuse(*_):
        raise Tampered("not consistent")

    class Pen:
        name, public_key = log.signer.name, log.signer.public_key

        def sign(self, message):
            raise AssertionError(f"signed {len(message)} bytes")

    monkeypatch.setattr(integrate_module, "guard_signing", refuse)
    with pytest.raises(Tampered):
        integrate(log.frontier, some_entries(1), START, Pen(), log.last)


def test_a_step_without_entries_is_a_fault_of_the_caller():
    with pytest.raises(ValueError, match="without new entries"):
        integrate(Frontier(), [], START, new_signer(), None)


def test_a_step_shows_no_hash_and_no_salt_when_printed():
    log = StoredLog()
    step = integrate(log.frontier, some_entries(1), START, log.signer, None)
    assert "leaves" not in repr(step)
