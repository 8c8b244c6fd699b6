"""EBCDIC, read a second time with tables that others made (the package ``ebcdic``)."""

from __future__ import annotations

from importlib import import_module

import pytest

from transforms.encodings import ENCODINGS

PRINTABLE = [chr(code) for code in range(0x20, 0x7F)]
NAMES = ["cp037", "cp1140"]


def foreign(name):
    """Every character that the other table reads, by its byte."""
    return import_module(f"ebcdic.{name}").decoding_table


def disagreements(name, table):
    """Bytes of printable ASCII characters that we read or write otherwise than the table."""
    ours = ENCODINGS[name]
    read = [
        code for code in range(256) if table[code] in PRINTABLE and ours.read(bytes([code])) != table[code].encode()
    ]
    written = [one for one in PRINTABLE if ours.write(one.encode()) != bytes([table.index(one)])]
    return read, written


@pytest.mark.parametrize("name", NAMES)
def test_a_table_of_others_reads_and_writes_every_printable_character_as_we_do(name):
    table = foreign(name)
    assert set(PRINTABLE) <= set(table)
    assert disagreements(name, table) == ([], [])


@pytest.mark.parametrize("name", NAMES)
def test_control_the_table_of_another_country_disagrees(name):
    """Germany's differs in brackets and the at sign alone."""
    assert disagreements(name, foreign("cp273")) != ([], [])


@pytest.mark.parametrize("name", NAMES)
def test_what_ascii_cannot_say_is_no_letter(name):
    foreign_letters = [code for code, one in enumerate(foreign(name)) if one.isalpha() and not one.isascii()]
    assert foreign_letters
    assert ENCODINGS[name].read(bytes(foreign_letters)) == b"\x1a" * len(foreign_letters)
