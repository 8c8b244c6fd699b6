"""Reads hostile documents in a process of its own, with the gateway's reader or without its gate, and says how it went.

Run as ``python -m tests.faults.xml_reader gate|bare SEED NUMBER``. Between the two lookups of names that do not exist
(:data:`BEGIN`, :data:`END`) a tracer sees what reading opens. Prints one JSON document.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from lxml import etree

from gateway.tools import speech
from tests.faults.hostile_documents import CLASSES, documents

BEGIN, END = "reading-begins-here", "reading-ends-here"
Read = Callable[[bytes], bool]
"""Whether a document is let through."""


def gate() -> Read:
    """The format ``xml`` as the intake reads it: the gate, then lxml for what passes it."""
    form = speech().formats["xml"]

    def read(body: bytes) -> bool:
        reader = form.reader()
        frames = [*reader.feed(body), *reader.finish()]
        for frame in frames:
            form.decode(frame, reader.heading)
        return not reader.findings

    return read


def bare() -> Read:
    """libxml2 as a careless program calls it: the control."""
    parser = etree.XMLParser(resolve_entities=True, load_dtd=True, no_network=False, huge_tree=True, recover=True)

    def read(body: bytes) -> bool:
        try:
            tree = etree.fromstring(body, parser).getroottree()
            tree.xinclude()
        except (etree.XMLSyntaxError, etree.XIncludeError, ValueError):
            return False
        return True

    return read


def peak() -> int:
    """Bytes that were resident at most so far."""
    line = next(one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def lookup(name: str) -> None:
    with suppress(FileNotFoundError):
        os.close(os.open(name, os.O_RDONLY))


def main() -> None:
    how, seed, number = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    read = {"gate": gate, "bare": bare}[how]()
    rng = random.Random(seed)  # noqa: S311 - cases to try, not secrets
    let, slowest, worst = Counter(), 0.0, ""
    todo = documents(rng, number)
    largest = max(len(CLASSES[name](random.Random(seed))) for name in CLASSES)  # noqa: S311 - as above
    read(b"<a/>")
    before = peak()
    lookup(BEGIN)
    for name, make in todo:
        body = make(rng)
        begun = time.process_time()
        let[name] += read(body)
        took = time.process_time() - begun
        if took > slowest:
            slowest, worst = took, name
    lookup(END)
    told = {"let": {name: n for name, n in let.items() if n}, "slowest": slowest, "worst": worst}
    print(json.dumps({**told, "grown": peak() - before, "largest": largest, "number": len(todo)}))  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
