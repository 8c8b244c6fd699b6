"""Inclusion and consistency proofs (RFC 9162, sections 2.1.3.1 and 2.1.4.1) computed from tiles.

Each proof is first a list of spans (which nodes), then a list of hashes. An asynchronous caller fetches
``tiles.needed(spans)`` in between and passes the result as a source.
"""

from __future__ import annotations

from gateway.audit.tiles import Span, TileSource, span_hash


def inclusion_spans(index: int, size: int) -> tuple[Span, ...]:
    """The nodes that prove entry ``index`` in the tree of ``size`` entries, from the leaf's sibling up."""
    if not 0 <= index < size:
        raise ValueError("there is no such entry")
    spans, start, stop = [], 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            spans.append(Span(middle, stop))
            stop = middle
        else:
            spans.append(Span(start, middle))
            start = middle
    return tuple(reversed(spans))


def consistency_spans(old: int, new: int) -> tuple[Span, ...]:
    """The nodes that prove the tree of ``old`` entries to be a prefix of the tree of ``new`` entries."""
    if not 0 <= old <= new:
        raise ValueError("the old tree is larger than the new one")
    if old in (0, new):
        return ()
    spans, start, stop = [], 0, new
    while old != stop:
        middle = start + _split(stop - start)
        if old <= middle:
            spans.append(Span(middle, stop))
            stop = middle
        else:
            spans.append(Span(start, middle))
            start = middle
    if start:  # the last subtree of the old tree; when it is the whole old tree, the verifier has its root already
        spans.append(Span(start, stop))
    return tuple(reversed(spans))


def inclusion_proof(index: int, size: int, source: TileSource) -> tuple[bytes, ...]:
    return tuple(span_hash(span, source) for span in inclusion_spans(index, size))


def consistency_proof(old: int, new: int, source: TileSource) -> tuple[bytes, ...]:
    return tuple(span_hash(span, source) for span in consistency_spans(old, new))


def _split(count: int) -> int:
    """The largest power of two smaller than ``count`` (at least 2)."""
    return 1 << ((count - 1).bit_length() - 1)
