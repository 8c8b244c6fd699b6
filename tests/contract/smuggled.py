"""Requests that two servers may read differently: shapes, and mutations of them."""

from __future__ import annotations

import random
from collections.abc import Mapping

SECRET = b"900-55-1234"
"""Stands in a header and in the path: nothing that answers may repeat it."""
INNER = b"GET /smuggled HTTP/1.1\r\nHost: x\r\nX-Secret: " + SECRET + b"\r\n\r\n"
"""What must never be a request of its own."""
_HOST = b"Host: x\r\nX-Secret: " + SECRET + b"\r\n"
_POST = b"POST /v1/submissions HTTP/1.1\r\n" + _HOST
_TAIL = b"0\r\n\r\n" + INNER
_LENGTH = str(len(_TAIL)).encode()


def _post(*fields: bytes, body: bytes = _TAIL) -> bytes:
    return _POST + b"".join(field + b"\r\n" for field in fields) + b"\r\n" + body


SHAPES: Mapping[str, bytes] = {
    "length before chunks": _post(b"Content-Length: " + _LENGTH, b"Transfer-Encoding: chunked"),
    "chunks before length": _post(b"Transfer-Encoding: chunked", b"Content-Length: 3"),
    "chunks twice": _post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", b"Content-Length: 3"),
    "chunks after identity": _post(b"Transfer-Encoding: identity, chunked", b"Content-Length: 3"),
    "packed chunks": _post(b"Transfer-Encoding: gzip, chunked", b"Connection: close"),
    "identity after chunks": _post(b"Transfer-Encoding: chunked, identity"),
    "a blank before the colon": _post(b"Transfer-Encoding : chunked", b"Content-Length: 3"),
    "a vertical tab": _post(b"Transfer-Encoding:\x0bchunked", b"Content-Length: 3"),
    "an unknown coding": _post(b"Transfer-Encoding: xchunked"),
    "quoted coding": _post(b'Transfer-Encoding: "chunked"', b"Content-Length: 3"),
    "two lengths": _post(b"Content-Length: 3", b"Content-Length: " + _LENGTH),
    "a list of lengths": _post(b"Content-Length: 3, " + _LENGTH),
    "a signed length": _post(b"Content-Length: +3"),
    "a hexadecimal length": _post(b"Content-Length: 0x3"),
    "a negative length": _post(b"Content-Length: -1"),
    "an underscore": _post(b"Content-Length: 1_0"),
    "a folded field": _post(b"X-Fold: a\r\n Transfer-Encoding: chunked", b"Content-Length: " + _LENGTH + b"\r"),
    "a bare carriage return": _post(b"X-Bare: a\rTransfer-Encoding: chunked", b"Content-Length: 3"),
    "a NUL": _post(b"X-Nul: a\x00b", b"Content-Length: 3"),
    "an endless chunk": _post(b"Transfer-Encoding: chunked", body=b"fffffffffffffffff\r\n" + _TAIL),
    "a chunk with a prefix": _post(b"Transfer-Encoding: chunked", body=b"0x3\r\nabc\r\n" + _TAIL),
    "a chunk with a line feed": _post(b"Transfer-Encoding: chunked", body=b"3;a\nb\r\nabc\r\n" + _TAIL),
    "chunks in HTTP/1.0": _post(b"Transfer-Encoding: chunked").replace(b"HTTP/1.1", b"HTTP/1.0", 1),
    "two hosts": _post(b"Host: y", b"Content-Length: 0", body=b""),
    "a blank first field": b"POST /v1/submissions HTTP/1.1\r\n X: 1\r\n" + _HOST + b"\r\n" + INNER,
}
"""Each is refused by a server that reads RFC 9112 strictly."""

_SPICE = (
    b"\r",
    b"\n",
    b"\r\n",
    b" ",
    b"\t",
    b"\x0b",
    b"\x00",
    b":",
    b",",
    b";",
    b"chunked",
    b"0",
    b"\xff",
    b"Content-Length: 1",
)


_GET = b"GET /livez HTTP/1.1\r\n" + _HOST + b"\r\n"
PROPER: Mapping[str, bytes] = {
    "one after the other": _GET + _GET,
    "a body with a length": _post(b"Content-Length: 3", body=b"abc") + _GET,
    "chunks": _post(b"Transfer-Encoding: chunked", body=b"3\r\nabc\r\n0\r\n\r\n") + _GET,
    "chunks with a trailer": _post(b"Transfer-Encoding: chunked", body=b"3;a=b\r\nabc\r\n0\r\nX-T: 1\r\n\r\n") + _GET,
    "an empty body": _post(b"Content-Length: 0", body=b"") + _GET,
}
"""What every server reads alike, until it is mutated."""


def mutated(rng: random.Random, shapes: Mapping[str, bytes] = SHAPES) -> bytes:
    """One of the shapes with a few bytes put in, left out or doubled."""
    shape = bytearray(rng.choice(list(shapes.values())))
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(shape))
        what = rng.randrange(3)
        if what == 0:
            shape[at:at] = rng.choice(_SPICE)
        elif what == 1:
            del shape[at : at + rng.randint(1, 3)]
        else:
            shape[at:at] = shape[at : at + rng.randint(1, 40)]
    return bytes(shape)
