"""Outlines: one object for the same paths, and never a wrong one."""

import pickle
from dataclasses import replace

from gateway.core.model import Content, Kind
from gateway.core.outline import REMEMBERED, outline

NEW_HIRE = Kind("new-hire")


def test_the_same_paths_have_one_outline():
    assert outline(("A", "B")) is outline(("A", "B"))
    assert outline(("A", "B")) is not outline(("B", "A"))


def test_contents_with_the_same_fields_filled_share_an_outline():
    one, other = Content(NEW_HIRE, {"A": "1", "B": "2"}), Content(NEW_HIRE, {"A": "3", "B": "4"})
    assert one.outline is other.outline
    assert one.outline.paths == ("A", "B")


def test_a_content_made_from_another_has_its_own_outline():
    """What a reader knew of the first says nothing of the second."""
    read = Content.outlined(NEW_HIRE, {"A": "1"}, outline(("A",)), plain=True)
    changed = replace(read, fields={"B": "<"})
    assert changed.outline.paths == ("B",)
    assert not changed.plain


def test_what_is_remembered_of_a_content_is_no_part_of_it():
    plain, read = Content(NEW_HIRE, {"A": "1"}), Content.outlined(NEW_HIRE, {"A": "1"}, outline(("A",)), plain=True)
    assert plain == read
    assert repr(plain) == repr(read)


def test_an_outline_is_the_same_in_another_process():
    here = Content(NEW_HIRE, {"A": "1"})
    there = pickle.loads(pickle.dumps(here))  # noqa: S301 - our own bytes, as between our own processes
    assert here.outline is there.outline


def test_outlines_are_forgotten_before_they_get_many():
    first = outline(("first of many",))
    for number in range(REMEMBERED + 1):
        outline((f"path-{number}",))
    assert outline(("first of many",)) is not first
    assert outline(("first of many",)).paths == first.paths
