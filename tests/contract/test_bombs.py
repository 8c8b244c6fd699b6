"""Bombs: bodies that unpack to far more than they are. Refused soon and in little memory, however they are wrapped."""

from __future__ import annotations

import gzip
import io
import random
import struct
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Mapping
from functools import cache

import pytest

from gateway.core.errors import GatewayError, TooLarge
from gateway.web.api.bodies import Inflater
from gateway.web.limits import Limits
from tests.contract.api_stack import BODY_LIMIT, running
from transforms.gate import Gate

SECONDS, MEMORY = 0.2, 16 * 2**20
GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
MEBI = 2**20


@cache
def block(byte: int) -> bytes:
    """A piece of a deflate stream that unpacks to a mebibyte and can stand any number of times in a row."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(bytes([byte]) * MEBI) + packer.flush(zlib.Z_FULL_FLUSH)


def flat(dice: random.Random) -> bytes:
    """Hundreds of mebibytes of one byte."""
    return GZIP_HEAD + block(dice.randrange(256)) * dice.randint(50, 900)


def late(dice: random.Random) -> bytes:
    """Harmless for a while, so that the ratio looks well."""
    return gzip.compress(dice.randbytes(dice.randint(1_000, 60_000)))[:-8] + block(0) * dice.randint(50, 400)


def thin(dice: random.Random) -> bytes:
    """Just below the ratio, up to more than anybody may send."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    made = bytearray()
    for _ in range(BODY_LIMIT // 10_000 + 5):
        made += packer.compress(dice.randbytes(200) + bytes(9_800))
    return bytes(made + packer.flush())


def members(dice: random.Random) -> bytes:
    """Several gzip members in a row."""
    return gzip.compress(b"one\n") * dice.randint(2, 500) + GZIP_HEAD + block(0) * 10


def named(dice: random.Random) -> bytes:
    """A header whose file name has no end."""
    return b"\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\xff" + b"n" * dice.randint(BODY_LIMIT + 1, 3 * BODY_LIMIT)


def extra(dice: random.Random) -> bytes:
    """A header with all the extra bytes that it may have, then a bomb."""
    return b"\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\xff\xff\xff" + dice.randbytes(65_535) + block(1) * 100


def cut(dice: random.Random) -> bytes:
    whole = gzip.compress(dice.randbytes(2_000))
    return whole[: dice.randint(1, len(whole) - 1)]


def garbled(dice: random.Random) -> bytes:
    whole = bytearray(gzip.compress(dice.randbytes(2_000)))
    whole[dice.randrange(10, len(whole))] ^= 1 << dice.randrange(8)
    return bytes(whole)


GZIPPED: Mapping[str, Callable[[random.Random], bytes]] = {
    made.__name__: made for made in (flat, late, thin, members, named, extra, cut, garbled)
}


def nested(dice: random.Random) -> bytes:
    """A bomb in a bomb: what is inside is never unpacked, and no record."""
    return gzip.compress(GZIP_HEAD + block(0) * dice.randint(10, 100))


def zipped(dice: random.Random) -> bytes:
    """A zip file with members of a hundred mebibytes, some of them zip files themselves."""
    page = io.BytesIO()
    with zipfile.ZipFile(page, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.zip", bytes(dice.randint(1, 4) * MEBI))
    return page.getvalue()


def overlapping(dice: random.Random) -> bytes:
    """A zip file whose many entries are the same bytes."""
    body = zipped(dice)
    entries = body.index(b"PK\x01\x02")
    end = body.rindex(b"PK\x05\x06")
    count = dice.randint(100, 5_000)
    tail = struct.pack(
        "<4sHHHHIIH", b"PK\x05\x06", 0, 0, count & 0xFFFF, count & 0xFFFF, (end - entries) * count, entries, 0
    )
    return body[:entries] + body[entries:end] * count + tail


ARCHIVES: Mapping[str, Callable[[random.Random], bytes]] = {
    made.__name__: made for made in (zipped, overlapping, flat, members)
}
CODINGS = ("deflate", "br", "zstd", "compress", "x-gzip", "gzip, gzip", "gzip, identity", "GZIP;q=1", "aes128gcm")


async def thrown(stack, body: bytes, **headers: str) -> tuple[int, float, int]:
    """Status, processor seconds and bytes at most, of this process with its client."""
    tracemalloc.start()
    begun = time.process_time()
    answer = await stack.post(io.BytesIO(body), key=stack.parts.mint(), **headers)
    took = time.process_time() - begun
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return answer.status, took, peak - 2 * len(body)


def cases(dice: random.Random, number: int):
    """Name, body and header fields of so many bombs."""
    makers = [(name, made, {"Content_Encoding": "gzip"}) for name, made in GZIPPED.items()]
    makers += [(f"{name} in clear", made, {"Content_Type": "application/zip"}) for name, made in ARCHIVES.items()]
    makers += [(f"coded {coding}", flat, {"Content_Encoding": coding}) for coding in CODINGS]
    for n in range(number):
        name, made, headers = makers[n % len(makers)]
        yield name, made(dice), headers


@pytest.mark.claim("A33", control="test_control_without_ratio_and_cap_a_bomb_goes_off")
async def test_every_bomb_is_refused_soon_and_in_little_memory(sqlite_url, tmp_path, claim):
    dice, number, worst = claim.dice(), claim.size(push=200, night=2_000), [0.0, 0]
    async with running(sqlite_url, tmp_path, Limits(gzip=True)) as stack:
        await stack.post(b"warm\n")
        for name, body, headers in cases(dice, number):
            status, took, peak = await thrown(stack, body, **headers)
            assert status in (400, 413, 415), name
            assert took <= SECONDS, name
            assert peak <= MEMORY, name
            worst = [max(worst[0], took), max(worst[1], peak)]
    refused_inside(dice, claim.size(push=20, night=200))
    claim.measured(f"0 of {number} accepted, at most {1000 * worst[0]:.0f} ms and {worst[1] / MEBI:.1f} MiB")


def refused_inside(dice, number):
    """What one unpacking lays bare, and what is no encoding at all, is not unpacked again: it is no document."""
    for n in range(number):
        made = (nested, zipped, overlapping, flat)[n % 4]
        body, gate = made(dice), Gate()
        try:
            frames = [frame for piece in unpacked(body, made is nested) for frame in gate.feed(piece)] + gate.finish()
        except TooLarge:  # the outer one expands too far itself
            continue
        assert frames == []
        assert gate.findings


def unpacked(body, packed):
    return Inflater(Limits()).feed(body) if packed else [body[:MEBI]]


def test_control_without_ratio_and_cap_a_bomb_goes_off():
    bomb = flat(random.Random(1))  # noqa: S311 - a case to try
    bounded, boundless = Inflater(Limits()), Inflater(Limits(gzip_ratio=10**9, gzip_bytes=10**12))
    with pytest.raises(GatewayError):
        list(bounded.feed(bomb[:50_000]))
    assert sum(map(len, boundless.feed(bomb[:50_000]))) > 40 * MEBI


def test_a_header_without_end_is_refused_at_the_cap():
    inflater = Inflater(Limits(gzip_bytes=10_000))
    list(inflater.feed(b"\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\xff" + b"n" * 5_000))
    with pytest.raises(GatewayError) as refusal:
        list(inflater.feed(b"n" * 6_000))
    assert refusal.value.status == 413
