"""Our proofs, tiles and checkpoints before programs of others, which accept what we publish only."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256

import pytest
from pymerkle import InmemoryTree, InvalidProof
from pymerkle.proof import verify_inclusion

from gateway.audit.frontier import Frontier
from gateway.audit.paths import consistency_proof, inclusion_proof
from gateway.audit.tree import leaf_hash
from tests.foreign import programs
from tests.vectors.audit.exported import files_of, laid_out
from tests.vectors.audit.sample import log_of
from verifier import NotProved
from verifier.tree import root_by_inclusion

LEAVES = 3_000
AT_ONCE = 5_000
"""Questions to one start of a program."""


@dataclass(frozen=True, slots=True)
class Inclusion:
    index: int
    size: int
    leaf: bytes
    root: bytes
    path: tuple[bytes, ...]

    def asked(self) -> dict[str, object]:
        return programs.inclusion(self.index, self.size, self.leaf, self.root, self.path)


@dataclass(frozen=True, slots=True)
class Growth:
    old: int
    new: int
    old_root: bytes
    root: bytes
    path: tuple[bytes, ...]

    def asked(self) -> dict[str, object]:
        return programs.consistency(self.old, self.new, self.old_root, self.root, self.path)


Proof = Inclusion | Growth
Program = Callable[[list[Proof]], list[bool]]


class Log:
    """A log of ours, and the same leaves in a tree of pymerkle."""

    def __init__(self, count: int, hashed: Callable[[bytes], bytes] = leaf_hash) -> None:
        self.leaves = [f"entry {number}".encode() for number in range(count)]
        self.tiles: dict[tuple[int, int], bytes] = {}
        frontier = Frontier()
        for start in range(0, count, 700):
            frontier, tiles = frontier.extend([hashed(leaf) for leaf in self.leaves[start : start + 700]])
            self.tiles |= {(tile.level, tile.index): tile.hashes for tile in tiles}
        self.theirs = InmemoryTree(algorithm="sha256")
        self.theirs.append_entries(self.leaves)

    def tile(self, level: int, index: int) -> bytes:
        return self.tiles[level, index]

    def inclusion(self, index: int, size: int) -> Inclusion:
        path = inclusion_proof(index, size, self.tile)
        return Inclusion(index, size, self.leaves[index], self.theirs.get_root(size), tuple(path))

    def growth(self, old: int, new: int) -> Growth:
        path = consistency_proof(old, new, self.tile)
        return Growth(old, new, self.theirs.get_root(old), self.theirs.get_root(new), tuple(path))

    def pymerkle(self, proofs: list[Proof]) -> list[bool]:
        """Our path in a proof object of theirs, which works out its shape from index and size."""
        return [self._accepted(proof) for proof in proofs if isinstance(proof, Inclusion)]

    def _accepted(self, proof: Inclusion) -> bool:
        leaf = leaf_hash(proof.leaf)
        theirs = self.theirs.prove_inclusion(proof.index + 1, proof.size)
        theirs.path = [leaf, *proof.path]
        try:
            verify_inclusion(leaf, proof.root, theirs, index=proof.index + 1, size=proof.size, algorithm="sha256")
        except InvalidProof:
            return False
        return True


def flipped(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data) * 8)
    return bytes(byte ^ (1 << place % 8 if number == place // 8 else 0) for number, byte in enumerate(data))


def mutated(proof: Proof, chance: random.Random) -> Proof:
    """The proof with one thing changed that makes it prove nothing."""
    ways = ["root", "longer"]
    ways += ["hash", "shorter"] if proof.path else []
    ways += ["swapped"] if len(set(proof.path)) > 1 else []
    ways += ["leaf", "place"] if isinstance(proof, Inclusion) and proof.size > 1 else []
    way, at = chance.choice(ways), chance.randrange(max(len(proof.path), 1))
    path = list(proof.path)
    if way == "root":
        return replace(proof, root=flipped(proof.root, chance))
    if way == "leaf":
        return replace(proof, leaf=flipped(proof.leaf, chance))
    if way == "place":
        others = [number for number in range(proof.size) if number != proof.index]
        return replace(proof, index=chance.choice(others))
    if way == "hash":
        path[at] = flipped(path[at], chance)
    elif way == "shorter":
        del path[at]
    elif way == "longer":
        path.insert(at, chance.randbytes(32))
    else:
        other = chance.choice([number for number, value in enumerate(path) if value != path[at]])
        path[at], path[other] = path[other], path[at]
    return replace(proof, path=tuple(path))


def judged(program: Program, proofs: list[Proof], chance: random.Random) -> Counter[str]:
    """How many good proofs the program accepts, and how many changed ones it refuses."""
    changed = [mutated(proof, chance) for proof in proofs]
    good, bad = program(proofs), program(changed)
    assert len(good) == len(bad) == len(proofs)
    return Counter(asked=len(proofs), accepted=sum(good), refused=len(bad) - sum(bad))


def perfect(found: Counter[str]) -> bool:
    return found["asked"] == found["accepted"] == found["refused"] > 0


def asking(ask: programs.Ask) -> Program:
    return lambda proofs: [answer == "ok" for answer in ask([proof.asked() for proof in proofs])]


@pytest.fixture(scope="module")
def go(tmp_path_factory) -> programs.Ask:
    return programs.go(tmp_path_factory.mktemp("go"))


@pytest.fixture(scope="module")
def log() -> Log:
    return Log(LEAVES)


def random_proofs(log: Log, inclusions: int, growths: int, chance: random.Random) -> Iterator[Proof]:
    for _ in range(inclusions):
        size = chance.randint(1, LEAVES)
        yield log.inclusion(chance.randrange(size), size)
    for _ in range(growths):
        new = chance.randint(2, LEAVES)
        yield log.growth(chance.randint(1, new - 1), new)


def pieces(proofs: Iterator[Proof]) -> Iterator[list[Proof]]:
    held: list[Proof] = []
    for proof in proofs:
        held.append(proof)
        if len(held) == AT_ONCE:
            yield held
            held = []
    if held:
        yield held


def judges_of(log: Log, go: programs.Ask) -> dict[str, Program]:
    return {"pymerkle": log.pymerkle, "Go": asking(go), "sigstore": asking(programs.sigstore())}


@pytest.mark.claim("A19", control="test_control_without_a_root_that_is_known_beforehand_changed_proofs_are_accepted")
def test_three_programs_accept_our_proofs_and_refuse_every_changed_one(claim, log, go):
    inclusions, growths = claim.size(push=1_000, night=100_000), claim.size(push=100, night=10_000)
    chance = random.Random(claim.seed)  # noqa: S311 - a seed that can be given again
    judges = judges_of(log, go)
    found = {name: Counter() for name in [*judges, "Go, growth"]}
    for piece in pieces(random_proofs(log, inclusions, growths, chance)):
        included = [proof for proof in piece if isinstance(proof, Inclusion)]
        grown = [proof for proof in piece if isinstance(proof, Growth)]
        for name, program in judges.items() if included else ():
            found[name] += judged(program, included, chance)
        if grown:
            found["Go, growth"] += judged(judges["Go"], grown, chance)
    assert {name: counts["asked"] for name, counts in found.items()} == {
        "pymerkle": inclusions, "Go": inclusions, "sigstore": inclusions, "Go, growth": growths,
    }  # fmt: skip
    assert all(perfect(counts) for counts in found.values()), found
    claim.measured(
        f"{inclusions} inclusion proofs accepted by 3 programs and {growths} of growth by Go, all mutated ones refused"
    )


def led_to(proof: Proof) -> Proof:
    """The proof with the root that it leads to: what a check holds it against that knows no root beforehand."""
    assert isinstance(proof, Inclusion)
    try:
        return replace(proof, root=root_by_inclusion(leaf_hash(proof.leaf), proof.index, proof.size, proof.path))
    except NotProved:  # of a length that no tree of this size has: no root, whatever is compared
        return proof


def test_control_without_a_root_that_is_known_beforehand_changed_proofs_are_accepted(log, go):
    chance = random.Random(1)  # noqa: S311 - as above
    proofs = list(random_proofs(log, 100, 0, chance))
    for name, program in judges_of(log, go).items():
        assert perfect(judged(program, proofs, chance)), name
        found = judged(lambda asked, program=program: program([led_to(one) for one in asked]), proofs, chance)
        assert found["accepted"] == len(proofs), name
        assert not perfect(found), name
        assert found["refused"] < len(proofs) / 2, name


def test_control_hashes_that_do_not_tell_leaves_from_nodes_are_accepted_by_nobody(go):
    chance = random.Random(1)  # noqa: S311 - as above
    log = Log(LEAVES, lambda leaf: sha256(leaf).digest())
    proofs = list(random_proofs(log, 100, 0, chance))
    alone = sum(
        proof.size == 1 for proof in proofs if isinstance(proof, Inclusion)
    )  # their proof holds no hash of ours
    for name, program in judges_of(log, go).items():
        found = judged(program, proofs, chance)
        assert not perfect(found), name
        assert found["accepted"] == alone, name


def test_go_opens_our_checkpoints_and_derives_every_tile_and_the_root_from_our_entries(go, tmp_path):
    log = log_of(300, 411)
    files = files_of(log)
    root = programs.text(log.last.root)
    tiles = {"Kind": "tiles", "Size": 711, "Root": root, "Folder": str(laid_out(tmp_path / "whole", files))}
    note = {"Kind": "note", "Key": str(log.key), "Note": log.last.note}
    bent = []
    for name in ("tile/0/001", "tile/1/000.p/2", "tile/entries/001"):
        changed = files | {name: files[name][:-1] + bytes([files[name][-1] ^ 1])}
        bent.append({**tiles, "Folder": str(laid_out(tmp_path / name.replace("/", "-"), changed))})
    stranger = {**note, "Key": str(log_of(1).key)}
    forged = {**note, "Note": log.last.note.replace("\n711\n", "\n712\n")}
    answers = go([tiles, note, *bent, {**tiles, "Size": 710}, stranger, forged])
    assert answers[:2] == ["ok", "ok"]
    assert "ok" not in answers[2:]
