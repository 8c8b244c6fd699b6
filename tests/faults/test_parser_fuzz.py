"""Made-up and damaged bytes for every parser: they end as contents and findings, or an error of ours; never a crash."""

from __future__ import annotations

import csv
import gc
import json
import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import cycle
from multiprocessing import get_context
from pathlib import Path

import pytest

from gateway.core.catalog import Catalog
from gateway.core.errors import GatewayError
from gateway.core.model import FormatName
from gateway.core.ports.formats import Frame
from gateway.sample.files import Sample, Wanted
from gateway.sample.kinds import kinds_made
from gateway.tools import speech
from gateway.web.api.bodies import parse_json
from gateway.web.auth import key_id_of

ROOT = Path(__file__).parents[2]
LONGEST = 2_500
"""Bytes of a damaged file: a few records."""
Parse = Callable[[bytes], object]


def engines() -> Mapping[str, tuple[FormatName, ...]]:
    """Engine -> the formats that it reads."""
    found: dict[str, list[FormatName]] = {}
    for name, engine in speech().formats.items():
        found.setdefault(type(engine).__name__, []).append(name)
    return {engine: tuple(sorted(names)) for engine, names in found.items()}


ENGINES = engines()
EXAMPLES = {".xml": "xml", ".json": "json", ".csenet": "csenet", ".w4": "w4", ".csv": "newhire-csv-nc"}


@cache
def seeds(name: FormatName) -> tuple[bytes, ...]:
    """Whole small files of a format: made ones of one record and of three, and the examples."""
    spoken = speech()
    catalog: Catalog = spoken.catalog
    numbers = (1, 3) if kinds_made(catalog, name) else ()
    made = [b"".join(Sample(spoken, Wanted(name, number, 5, 0.3, None)).pieces()) for number in numbers]
    files = sorted(path for path in (ROOT / "examples").iterdir() if EXAMPLES.get(path.suffix) == name)
    return tuple(body[:LONGEST] for body in (*made, *(path.read_bytes() for path in files))) or (b"H4W4 123\n",)


@cache
def read(name: FormatName) -> Parse:
    """Cut, decode, and write what came out; of every fourth input what nobody cut, too."""
    spoken = speech()
    engine, turn = spoken.formats[name], cycle(range(4))

    def parse(body: bytes) -> None:
        reader = engine.reader()
        half = len(body) // 2
        frames = [*reader.feed(body[:half]), *reader.feed(body[half:]), *reader.finish()][:3]
        for frame in (*frames, Frame(1, body, 1)) if next(turn) == 0 else frames:
            decoded = engine.decode(frame, reader.heading)
            assert decoded.content is not None or any(one.severity.blocks for one in decoded.findings)
            if decoded.content is not None:
                spoken.canonical.validate(spoken.canonical.write(decoded.content), frame.ordinal)

    return parse


SPICE = tuple(b"<>&'\"{}[]:,;~*|^\\/=\x00\r\n\x1a\xff\xfe\xef\xbb\xbf 0189AZaz-+.\x40\xf0\x25\x15")


def damaged(dice, body: bytes) -> bytes:
    """The bytes with a few changes: bits, bytes, pieces left out, doubled or moved, or rubbish all through."""
    if dice.random() < 0.1:
        return bytes(dice.choices(SPICE, k=dice.randint(0, 300)))
    made = bytearray(body)
    for _ in range(dice.randint(1, 6)):
        at, length = dice.randrange(len(made) + 1), dice.choice((1, 1, 2, 8, 80, 200))
        how = dice.randrange(5)
        if how == 0 and at < len(made):
            made[at] ^= 1 << dice.randrange(8)
        elif how == 1:
            made[at:at] = bytes(dice.choices(SPICE, k=length % 9 + 1))
        elif how == 2:
            del made[at : at + length]
        elif how == 3:
            made[at:at] = made[at : at + length]
        else:
            made[at : at + 1] = bytes([dice.choice(SPICE)])
    return bytes(made)


def crashes(parse: Parse, bodies) -> list[str]:
    """The exceptions that are not ours, by type."""
    found = []
    for body in bodies:
        try:
            parse(body)
        except GatewayError:
            continue
        except Exception as error:  # noqa: BLE001 - every one is what is looked for
            found.append(f"{type(error).__name__} on {body[:80]!r}")
    return found


@pytest.mark.claim("A34", control="test_control_parsers_that_are_called_bare_do_crash")
@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_no_bytes_crash_a_reader_of_files(engine, claim):
    number = claim.size(push=120, night=1_000_000)
    pieces = [(engine, claim.seed + start, min(PIECE, number - start)) for start in range(0, number, PIECE)]
    assert [one for found in everywhere(fuzzed, pieces) for one in found] == []
    claim.measured(f"{engine}: 0 crashes in {number}")


PIECE = 20_000
"""Inputs that one process makes and tries at a time."""


def fuzzed(piece: tuple[str, int, int]) -> list[str]:
    """The crashes among so many inputs of a seed for the formats of an engine, each format in turn."""
    engine, seed, number = piece
    dice, names = random.Random(seed), ENGINES[engine]  # noqa: S311 - cases to try
    tried = (names[n % len(names)] for n in range(number))
    return [one for name in tried for one in crashes(read(name), [damaged(dice, dice.choice(seeds(name)))])]


def everywhere(work: Callable[[tuple[str, int, int]], list[str]], pieces: Sequence[tuple[str, int, int]]):
    """One piece here, many on all cores: at full size it is hours of computing."""
    if len(pieces) == 1:
        return [work(pieces[0])]
    with ProcessPoolExecutor(mp_context=get_context("spawn"), initializer=gc.freeze) as cores:
        return list(cores.map(work, pieces))


OTHERS: Mapping[str, tuple[Parse, bytes]] = {
    "documents": (parse_json, b'{"token":"a","list":[1,2.5e3,null,true],"inner":{"b":"\\u00e9"}}'),
    "tokens": (
        lambda body: key_id_of(body.decode("latin-1")),
        b"Bearer gwk_0123456789abcdef_" + b"a" * 52 + b"01234567",
    ),
}


@pytest.mark.claim("A34", control="test_control_parsers_that_are_called_bare_do_crash")
@pytest.mark.parametrize("what", sorted(OTHERS))
def test_no_bytes_crash_a_reader_of_requests(what, claim):
    dice, number = claim.dice(), claim.size(push=1_000, night=1_000_000)
    parse, seed = OTHERS[what]
    assert crashes(parse, (damaged(dice, seed) for _ in range(number))) == []
    claim.measured(f"{what}: 0 crashes in {number}")


@pytest.mark.parametrize(
    "bare",
    [
        lambda body: json.loads(body.decode()),
        lambda body: next(csv.reader([body.decode()], strict=True), None),
        lambda body: body.decode("ascii"),
    ],
)
def test_control_parsers_that_are_called_bare_do_crash(bare):
    dice = random.Random(1)  # noqa: S311 - cases to try
    seed = seeds(FormatName("newhire-csv-nc"))[0]
    assert len(crashes(bare, (damaged(dice, seed) for _ in range(200)))) > 20
