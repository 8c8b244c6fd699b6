"""The X12 examples, and how tests read and change them."""

import schemas
from gateway.core.model import Content, FormatName
from gateway.tools import speech
from tests.unit.fixed_width_samples import EXAMPLES

CATALOG = schemas.load(drafts=True)
FORMATS = speech(drafts=True).formats
CANONICAL = speech(drafts=True).canonical
BODIES = {
    name: (EXAMPLES / "x12" / file).read_bytes()
    for name, file in {
        "x12-834": "enrollment.834.x12",
        "x12-270": "inquiry.270.x12",
        "x12-271": "answer.271.x12",
        "x12-999": "acknowledgement.999.x12",
        "x12-997": "acknowledgement.997.x12",
    }.items()
}
ENROLLMENT = BODIES["x12-834"]
NAMES = sorted(BODIES)


def read(name: str, body: bytes, *pieces: int):
    """(decoded, findings of the file, findings of the records)."""
    engine = FORMATS[FormatName(name)]
    reader, frames, at = engine.reader(), [], 0
    for size in (*pieces, len(body)):
        frames += reader.feed(body[at : at + size])
        at += size
    frames += reader.finish()
    decoded = [engine.decode(frame, reader.heading) for frame in frames]
    return decoded, list(reader.findings), [one for each in decoded for one in each.findings]


def told(findings) -> list[str]:
    return [f"{one.rule} {one.field}" for one in findings]


def contents(name: str) -> list[Content]:
    return [one.content for one in read(name, BODIES[name])[0]]


def changed(old: str, new: str, name: str = "x12-834") -> bytes:
    body = BODIES[name]
    assert old.encode() in body
    return body.replace(old.encode(), new.encode())


def recounted(old: str, new: str) -> bytes:
    """The enrollment changed, with the count of its segments made good."""
    body = changed(old, new)
    segments = body[body.index(b"ST*") : body.index(b"SE*")].count(b"~") + 1
    return body.replace(b"SE*37*", f"SE*{segments}*".encode())
