"""A witness: what it cosigns, what it refuses, and that no order of requests makes it contradict itself."""

import os
import random
import shutil
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.audit.checkpoint import open_checkpoint
from gateway.audit.cosignature import CosignatureKind, WitnessKey, accepted_lines, cosign, cosigners, witnessed
from gateway.audit.growth import Growth, parse_growth
from gateway.audit.note import VerifyKey, note_parts
from gateway.audit.paths import consistency_proof
from gateway.audit.tree import consistency_holds
from gateway.audit.witness import OtherSize, judge
from gateway.clock import utc_now
from gateway.core.errors import Conflict, Forbidden, Misconfigured, NotFound, Refused, Tampered, Unprocessable
from gateway.witness import Witness
from keys.cosigner import NOTES, Cosigner
from tests.vectors.audit.sample import StoredLog, log_of, new_signer, some_entries
from verifier import NotProved, Trust, Unreadable

LOG = log_of(130, 170, 1)
FORK = StoredLog(LOG.signer)
for _count in (130, 170, 1):
    FORK.append(some_entries(_count))
KEYS = [LOG.key]


def growth(log, old, new):
    """From checkpoint number ``old`` (-1: the empty log) to number ``new``."""
    head, size = log.checkpoints[new], log.checkpoints[old].size if old >= 0 else 0
    return Growth(size, consistency_proof(size, head.size, log.tile), head.note)


def head(log, number):
    return open_checkpoint(log.checkpoints[number].note, [log.key])


@pytest.fixture
def folder(tmp_path):
    Cosigner.create(tmp_path / "witness", "witness.test/w1", os.urandom)
    return tmp_path / "witness"


def witness(folder, keys=KEYS):
    return Witness(Cosigner.load(folder), keys, utc_now)


@pytest.mark.parametrize(("old", "new"), [(-1, 0), (-1, 2), (0, 1), (0, 2), (2, 2)])
def test_a_checkpoint_that_goes_on_from_the_last_one_may_be_cosigned(old, new):
    last = head(LOG, old) if old >= 0 else None
    assert judge(growth(LOG, old, new), last, KEYS) == head(LOG, new)


@pytest.mark.parametrize(
    ("request_", "last", "keys", "refusal"),
    [
        (growth(LOG, 0, 1), head(LOG, 0), [VerifyKey("other.test/log", LOG.key.public_key)], NotFound),
        (growth(LOG, 0, 1), head(LOG, 0), [VerifyKey.of(new_signer())], Forbidden),
        (growth(LOG, 0, 1), None, KEYS, OtherSize),
        (growth(LOG, -1, 1), head(LOG, 0), KEYS, OtherSize),
        (growth(LOG, 0, 0), head(LOG, 1), KEYS, OtherSize),
        (Growth(300, (), LOG.checkpoints[0].note), head(LOG, 1), KEYS, Refused),
        (growth(FORK, 0, 0), head(LOG, 0), KEYS, Conflict),
        (growth(FORK, 0, 1), head(LOG, 0), KEYS, Unprocessable),
        (Growth(130, (), LOG.checkpoints[1].note), head(LOG, 0), KEYS, Unprocessable),
        (Growth(0, (b"\0" * 32,), LOG.checkpoints[1].note), None, KEYS, Unprocessable),
        (Growth(0, (), "no note\n"), None, KEYS, Refused),
        (Growth(0, (), LOG.checkpoints[0].note.replace("\n130\n", "\n131\n")), None, KEYS, Forbidden),
    ],
)
def test_everything_else_is_refused_as_the_specification_says(request_, last, keys, refusal):
    with pytest.raises(Refused) as found:
        judge(request_, last, keys)
    assert type(found.value) is refusal
    if refusal is OtherSize:
        assert found.value.size == (last.size if last else 0)


async def test_a_cosignature_counts_before_the_gateway_and_before_the_verifier_that_stands_alone(folder):
    one = witness(folder)
    note = LOG.checkpoints[0].note
    line = await one.add_checkpoint(growth(LOG, -1, 0).text())
    assert cosigners(note + line, [one.key]) == {one.key}
    assert cosigners(note, [one.key]) == frozenset()
    trust = Trust.of(str(LOG.key), witnesses=(str(one.key),))
    assert trust.open(note + line).witnesses == ("witness.test/w1",)
    with pytest.raises(NotProved, match="0 trusted witnesses"):
        trust.open(note)
    with pytest.raises(NotProved, match=r"signature of witness\.test/w1 is wrong"):
        trust.open(LOG.checkpoints[1].note + line)
    assert Trust.of(str(LOG.key), witnesses=(str(one.key),), need=0).open(note).size == 130
    for wrong in ({"need": 2}, {"need": -1}):
        with pytest.raises(Unreadable):
            Trust.of(str(LOG.key), witnesses=(str(one.key),), **wrong)


async def test_only_the_line_of_the_witness_that_was_asked_is_taken_out_of_an_answer(folder):
    one = witness(folder)
    head_ = LOG.checkpoints[0]
    text = head_.note.split("\n\n")[0] + "\n"
    line = await one.add_checkpoint(growth(LOG, -1, 0).text())
    own = head_.note.split("\n\n")[1]
    first, second = line.splitlines(keepends=True)
    assert accepted_lines(text, own + line + line, one.key) == first
    assert accepted_lines(text, own + line + line, one.post_quantum_key) == second
    for answer in (own, "", second, line.replace("w1", "w2")):
        with pytest.raises(Tampered):
            accepted_lines(text, answer, one.key)
    with pytest.raises(Tampered):
        accepted_lines(text.replace("130", "131"), line, one.key)


async def test_a_witness_remembers_across_restarts_and_refuses_a_rewritten_log(folder):
    await witness(folder).add_checkpoint(growth(LOG, -1, 1).text())
    with pytest.raises(Unprocessable):
        await witness(folder).add_checkpoint(growth(FORK, 1, 2).text())
    with pytest.raises(OtherSize):
        await witness(folder).add_checkpoint(growth(LOG, -1, 0).text())
    await witness(folder).add_checkpoint(growth(LOG, 1, 2).text())
    shutil.rmtree(folder / NOTES)
    with pytest.raises(Misconfigured, match="memory"):
        witness(folder)


async def test_a_witness_that_forgot_would_cosign_the_rewritten_log(folder):
    """The control: it is the memory that holds."""
    await witness(folder).add_checkpoint(growth(LOG, -1, 1).text())
    for note in (folder / NOTES).iterdir():
        note.unlink()
    await witness(folder).add_checkpoint(growth(FORK, -1, 2).text())


@settings(max_examples=30)
@given(st.lists(st.tuples(st.booleans(), st.integers(-1, 2), st.integers(0, 2)), max_size=12))
def test_whatever_it_is_asked_all_that_it_cosigned_is_one_history(requests):
    last, taken = None, []
    for fork, old, new in requests:
        if old > new:
            continue
        try:
            last = judge(growth(FORK if fork else LOG, old, new), last, KEYS)
        except Refused:
            continue
        taken.append((fork, new))
    histories = {fork for fork, _new in taken}
    assert len(histories) <= 1
    assert [new for _fork, new in taken] == sorted(new for _fork, new in taken)


# --- two kinds of signatures -----------------------------------------------------------------------------------------


async def test_a_witness_signs_with_a_key_that_no_quantum_computer_forges_beside_the_other(folder):
    one, note = witness(folder), LOG.checkpoints[0].note
    lines = (await one.add_checkpoint(growth(LOG, -1, 0).text())).splitlines(keepends=True)
    assert [len(line) > 3_000 for line in lines] == [False, True]
    ed, pq = one.key, one.post_quantum_key
    assert str(WitnessKey.parse(str(pq))) == str(pq)
    assert cosigners(note + "".join(lines), [ed, pq]) == {ed, pq}
    assert cosigners(LOG.checkpoints[1].note + lines[1], [pq]) == frozenset()
    both = Trust.of(str(LOG.key), witnesses=(str(ed), str(pq)))
    assert both.need == 1
    assert both.open(note + "".join(lines)).witnesses == ("witness.test/w1",)
    for lacking in lines:
        with pytest.raises(NotProved, match="0 trusted witnesses"):
            both.open(note + lacking)
    assert Trust.of(str(LOG.key), witnesses=(str(pq),)).open(note + lines[1]).size == 130
    assert witnessed(note + "".join(lines), [ed, pq]) == 1
    assert witnessed(note + lines[0], [ed, pq]) == 0
    assert witnessed(note + lines[0], [ed]) == 1


@pytest.mark.parametrize("place", [4, 11, 12, 1_000, 2_431])
async def test_a_post_quantum_signature_with_another_bit_is_none(folder, place):
    one, note = witness(folder), LOG.checkpoints[0].note
    line = (await one.add_checkpoint(growth(LOG, -1, 0).text())).splitlines(keepends=True)[1]
    name, body = line.split(" ")[1], bytearray(b64decode(line.split(" ")[2]))
    body[place] ^= 1
    bent = f"\N{EM DASH} {name} {b64encode(body).decode()}\n"
    assert cosigners(note + bent, [one.post_quantum_key]) == frozenset()
    with pytest.raises(NotProved, match=r"signature of witness\.test/w1 is wrong"):
        Trust.of(str(LOG.key), witnesses=(str(one.post_quantum_key),)).open(note + bent)
    assert cosigners(note + line, [one.post_quantum_key])  # the control


def test_what_a_post_quantum_cosignature_is_over_is_laid_out_as_the_specification_has_it():
    """C2SP tlog-cosignature, "ML-DSA-44 signed message", written out by hand."""
    taken = []

    class Recorder:
        name, public_key = "w.test", bytes(1312)

        def sign(self, message):
            taken.append(message)
            return bytes(2420)

    root = bytes(range(32))
    text = f"log.test\n258\n{b64encode(root).decode()}\nan extension\n"
    line = cosign(text, Recorder(), datetime.fromtimestamp(1_679_315_147, UTC), CosignatureKind.ML_DSA_44)
    assert taken == [
        b"subtree/v1\n\x00" + b"\x06w.test" + bytes.fromhex("00000000641850cb")
        + b"\x08log.test" + bytes(8) + bytes.fromhex("0000000000000102") + root
    ]  # fmt: skip
    body = b64decode(line.split(" ")[2])
    assert body[:4] == sha256(b"w.test\n\x06" + bytes(1312)).digest()[:4]
    assert len(body) == 4 + 8 + 2420


def test_two_names_of_one_key_are_one_witness_and_two_kinds_of_one_name_too(folder):
    one = witness(folder)
    alias = WitnessKey("witness.test/alias", one.key.public_key)
    for keys, most in (((one.key, alias), 1), ((one.key, one.post_quantum_key), 1), ((alias, one.post_quantum_key), 2)):
        assert Trust.of(str(LOG.key), witnesses=tuple(map(str, keys))).need == most


# --- three witnesses, one of which signs whatever it gets ------------------------------------------------------------


def two_histories(chance):
    """Two logs with one key that are the same up to some checkpoint, and not after it."""
    batches = [chance.randint(1, 40) for _ in range(4)]
    same, entries = chance.randint(0, 2), some_entries(sum(batches))
    one, other = StoredLog(LOG.signer), StoredLog(LOG.signer)
    for number, batch in enumerate(batches):
        one.append(entries[:batch])
        other.append(entries[:batch] if number < same else some_entries(batch))
        del entries[:batch]
    return one, other, same


async def shown(witnesses, log, old, new):
    """The checkpoint with every cosignature that the witnesses give; ``old`` is where the log says that they stand."""
    note = log.checkpoints[new].note
    lines = []
    for one in witnesses:
        try:
            lines.append(await one.add_checkpoint(growth(log, old, new).text()))
        except Refused:
            continue
    return note + "".join(lines)


class Careless:
    """A witness that cosigns without looking."""

    def __init__(self, folder):
        self.cosigner = Cosigner.create(folder, "witness.test/careless", os.urandom)
        self.key = WitnessKey(self.cosigner.name, self.cosigner.public_key)

    async def add_checkpoint(self, text):
        return cosign(note_parts(parse_growth(text).checkpoint)[0], self.cosigner, utc_now())


async def believed(tmp_path, chance, *, need):
    """How many checkpoints of a second history a reader who wants ``need`` cosignatures of three believes."""
    one, other, same = two_histories(chance)
    honest = []
    for name in ("w1", "w2"):
        folder = tmp_path / f"{name}-{chance.random()}"
        Cosigner.create(folder, f"witness.test/{name}", os.urandom)
        honest.append(witness(folder))
    three = [*honest, Careless(tmp_path / f"careless-{chance.random()}")]
    trust = Trust.of(str(LOG.key), witnesses=tuple(str(w.key) for w in three), need=need)
    upto = chance.randint(same, 3)
    for new in range(upto + 1):
        assert trust.open(await shown(three, one, new - 1, new)).size == one.checkpoints[new].size
    asked = believers = 0
    for new in range(same, 4):
        for old in range(-1, new + 1):
            asked += 1
            try:
                trust.open(await shown(three, other, old, new))
                believers += 1
            except NotProved:
                continue
    return asked, believers


@pytest.mark.claim("A21", control="test_control_a_reader_content_with_one_witness_believes_a_second_history")
async def test_no_second_history_finds_two_of_three_witnesses(claim, tmp_path):
    chance, asked = random.Random(claim.seed), 0  # noqa: S311 - a seed that can be given again
    for _ in range(claim.size(push=10, night=1_000)):
        tried, believers = await believed(tmp_path, chance, need=2)
        assert believers == 0
        asked += tried
    claim.measured(f"0 of {asked} checkpoints of second histories believed, 1 of 3 witnesses faulty")


async def test_control_a_reader_content_with_one_witness_believes_a_second_history(tmp_path):
    tried, believers = await believed(tmp_path, random.Random(1), need=1)  # noqa: S311 - as above
    assert believers == tried > 0


@settings(max_examples=60)
@given(st.text(max_size=200) | st.tuples(st.integers(0, 400), st.text(max_size=3)))
def test_hostile_requests_are_refused_and_never_a_crash(text):
    if isinstance(text, tuple):
        good = growth(LOG, 0, 1).text()
        text = good[: text[0]] + text[1] + good[text[0] + len(text[1]) + 1 :]
    try:
        assert judge(parse_growth(text), head(LOG, 0), KEYS) == head(LOG, 1)
    except Refused:
        return
    assert text.startswith(growth(LOG, 0, 1).text().split("\n\n")[0])


def test_the_forks_of_these_tests_really_are_two_histories():
    path = consistency_proof(130, 301, FORK.tile)
    assert not consistency_holds(130, head(LOG, 0).root, 301, head(FORK, 2).root, path)


def test_a_second_witness_is_never_made_over_the_first(folder):
    with pytest.raises(Misconfigured):
        Cosigner.create(folder, "witness.test/w2", os.urandom)
    assert Cosigner.load(folder).name == "witness.test/w1"


def test_the_text_of_a_witness_key_must_be_whole(folder):
    text = str(witness(folder).key)
    assert str(WitnessKey.parse(text)) == text
    for wrong in (str(LOG.key), text[:-4] + "AAA=", text.replace("w1", "w2"), "w1", ""):
        with pytest.raises(Misconfigured):
            WitnessKey.parse(wrong)
