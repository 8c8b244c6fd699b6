"""Details of audit entries as they are stored: hashed as text, read as members."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.audit_entry import Recorded, canonical_json, commitment

DETAILS = st.dictionaries(st.text(max_size=8), st.text(max_size=8) | st.integers(-(2**53), 2**53), max_size=6)
SALT = bytes(16)


@given(DETAILS)
def test_stored_details_say_and_commit_to_what_was_written(details):
    stored = Recorded(canonical_json(details).decode())
    assert stored == details
    assert (dict(stored), len(stored)) == (details, len(details))
    assert commitment(stored, SALT) == commitment(details, SALT)


def test_details_that_were_changed_in_the_store_commit_to_something_else_even_when_they_read_the_same():
    written, spaced = Recorded('{"kind":"locate"}'), Recorded('{"kind": "locate"}')
    assert written == spaced
    assert commitment(written, SALT) != commitment(spaced, SALT)


def test_a_detail_that_is_not_there_is_missed_as_in_any_mapping():
    with pytest.raises(KeyError):
        Recorded("{}")["kind"]
