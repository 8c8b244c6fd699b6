"""Hostile XML by class: each class makes as many different documents as there are seeds, and every one is hostile."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

Make = Callable[[random.Random], bytes]

_NAMES = ("a", "Locate", "Header", "x-y", "É", "p.q", "_1")
BAIT = "hostile-bait"
"""Name of the file and host that documents ask for; whoever opens it has been fooled."""


def _name(rng: random.Random) -> str:
    return rng.choice(_NAMES)


def _blank(rng: random.Random) -> str:
    return "".join(rng.choice(" \t\n") for _ in range(rng.randint(1, 3)))


def _prolog(rng: random.Random) -> str:
    return rng.choice(("", '<?xml version="1.0"?>', '<?xml version="1.0" encoding="UTF-8"?>\n', "<!-- x -->", "\n"))


def _place(rng: random.Random) -> str:
    return rng.choice((f"file:///{BAIT}", f"http://127.0.0.1:9/{BAIT}", f"ftp://127.0.0.1:9/{BAIT}", f"../{BAIT}"))


def _quoted(rng: random.Random, text: str) -> str:
    mark = rng.choice("\"'")
    return f"{mark}{text}{mark}"


def _doctype(rng: random.Random, inside: str, body: str) -> bytes:
    name, blank = _name(rng), _blank(rng)
    return f"{_prolog(rng)}<!DOCTYPE{blank}{name} [{inside}]><{name}>{body}</{name}>".encode()


def entity(rng: random.Random) -> bytes:
    name = _name(rng)
    return _doctype(rng, f"<!ENTITY {name} {_quoted(rng, 'x' * rng.randint(1, 99))}>", f"&{name};")


def laughs(rng: random.Random) -> bytes:
    depth, width = rng.randint(3, 12), rng.randint(2, 20)
    levels = [f"<!ENTITY e{n} {_quoted(rng, f'&e{n - 1};' * width)}>" for n in range(1, depth)]
    return _doctype(rng, '<!ENTITY e0 "ha">' + "".join(levels), f"&e{depth - 1};")


def quadratic(rng: random.Random) -> bytes:
    return _doctype(rng, f'<!ENTITY q "{"q" * rng.randint(1_000, 20_000)}">', "&q;" * rng.randint(100, 2_000))


def external(rng: random.Random) -> bytes:
    return _doctype(rng, f"<!ENTITY f SYSTEM{_blank(rng)}{_quoted(rng, _place(rng))}>", "&f;")


def parameter(rng: random.Random) -> bytes:
    return _doctype(rng, f"<!ENTITY % p SYSTEM {_quoted(rng, _place(rng))}>{_blank(rng)}%p;", "1")


def subset(rng: random.Random) -> bytes:
    name = _name(rng)
    public = rng.choice((f'PUBLIC "-//X//Y" {_quoted(rng, _place(rng))}', f"SYSTEM {_quoted(rng, _place(rng))}"))
    return f"{_prolog(rng)}<!DOCTYPE {name} {public}><{name}/>".encode()


def defaults(rng: random.Random) -> bytes:
    name = _name(rng)
    return _doctype(rng, f'<!ATTLIST {name} b CDATA "{rng.random()}">', "1")


def bare(rng: random.Random) -> bytes:
    name = _name(rng)
    return f"{_prolog(rng)}<!DOCTYPE{_blank(rng)}{name}{_blank(rng)}><{name}/>".encode()


def inclusion(rng: random.Random) -> bytes:
    prefix = rng.choice(("xi", "i", "a"))
    parse = rng.choice(("", ' parse="text"', ' parse="xml"'))
    return (
        f'{_prolog(rng)}<r xmlns:{prefix}="http://www.w3.org/2001/XInclude"><{prefix}:include '
        f"href={_quoted(rng, _place(rng))}{parse}/></r>"
    ).encode()


def instruction(rng: random.Random) -> bytes:
    target = rng.choice((f'xml-stylesheet href="{_place(rng)}"', "php system(1)", "x", f"include {_place(rng)}"))
    return f"{_prolog(rng)}<r>{_blank(rng)}<?{target}?></r>".encode()


def deep(rng: random.Random) -> bytes:
    levels, name = rng.randint(65, 20_000), rng.choice(("a", "bc"))
    return f"{_prolog(rng)}{f'<{name}>' * levels}{f'</{name}>' * levels}".encode()


def wide(rng: random.Random) -> bytes:
    return b"<r>" + rng.choice((b"<b/>", b"<b></b>", b"<c>1</c>")) * rng.randint(200_001, 230_000) + b"</r>"


def attributes(rng: random.Random) -> bytes:
    return b"<r " + b" ".join(b'a%d="%d"' % (n, n) for n in range(rng.randint(65, 3_000))) + b"/>"


def long_value(rng: random.Random) -> bytes:
    return b'<r a="' + b"v" * rng.randint(66_000, 400_000) + rng.choice((b'"/>', b""))


def long_text(rng: random.Random) -> bytes:
    begin, end = rng.choice(((b"", b""), (b"<![CDATA[", b"]]>"), (b"<!--", b"-->")))
    return b"<r>" + begin + b"t" * rng.randint(66_000, 400_000) + end + b"</r>"


def encoding(rng: random.Random) -> bytes:
    name = rng.choice(("ISO-8859-1", "UTF-7", "UTF-16", "cp037", "windows-1252", "x-unknown"))
    declared = f'<?xml version="1.0" encoding="{name}"?><r/>'
    return declared.encode() if rng.random() < 0.5 else declared.encode(rng.choice(("utf-16", "utf-16-le", "utf-32")))


def bytes_beside(rng: random.Random) -> bytes:
    wrong = rng.choice((b"\xff", b"\xc0\xbc", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe2\x28\xa1", b"\x00", b"\x08"))
    return b"<r>" + b"t" * rng.randint(0, 3_000) + wrong + b"</r>"


def broken(rng: random.Random) -> bytes:
    return rng.choice(
        (
            b"<r></s>",
            b"<r/><r/>",
            b'<r a="" a=""/>',
            b"<p:r/>",
            b"<r>&undeclared;</r>",
            b"<r>&#1;</r>",
            b"<r",
            b"<r><b>",
        )
    ).replace(b"r", rng.choice((b"r", b"rr", b"Record")))


def huge(rng: random.Random) -> bytes:
    """More than a record may measure, in pieces that are each small enough."""
    piece = b"<b>" + b"t" * rng.randint(8_000, 30_000) + b"</b>"
    return b"<r>" + piece * (8 * 2**20 // len(piece) + 10) + b"</r>"


CLASSES: Mapping[str, Make] = {
    made.__name__: made
    for made in (
        entity, laughs, quadratic, external, parameter, subset, defaults, bare, inclusion, instruction, deep, wide,
        attributes, long_value, long_text, encoding, bytes_beside, broken, huge,
    )
}  # fmt: skip
HEAVY = frozenset({"wide", "huge"})
"""Classes whose documents take a tenth of a second or more: tried less often in a small run."""


def documents(rng: random.Random, number: int) -> list[tuple[str, Make]]:
    """So many classes to make a document of: all in turn, the heavy ones in every tenth round of a small run."""
    light = [pair for pair in CLASSES.items() if pair[0] not in HEAVY]
    rounds: list[tuple[str, Make]] = []
    while len(rounds) < number:
        every = number >= len(CLASSES) * 100 or len(rounds) % 10 == 0
        rounds += list(CLASSES.items()) if every else light
    del rounds[number:]
    rng.shuffle(rounds)
    return rounds
