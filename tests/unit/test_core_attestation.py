"""Which records ask where somebody is, and what an attestation is worth."""

from __future__ import annotations

import pytest

import schemas
from gateway.attesting import attestation_of
from gateway.core.attestation import (
    MISSING_RULE,
    OUTDATED,
    OUTDATED_RULE,
    Attestation,
    asks_to_locate,
    attested,
    lacking,
)
from gateway.core.errors import Misconfigured
from gateway.core.model import Facts, Kind
from gateway.settings import AttestationSettings
from gateway.store.partner_documents import decode_partner, encode_partner
from tests.unit.work_site import OHIO, partner

TEXT = Attestation("2026-11-29.0a1b2c3d", "I ask for a lawful purpose.")
PARTIES = {"data_request": "caseparticipants"}


@pytest.mark.parametrize(
    ("kind", "transaction", "tags", "asks"),
    [
        ("locate", "LO1 R", {}, True),
        ("locate", "LO1 P LSADR", {}, False),
        ("locate", None, {}, False),
        ("registry-entry", "FR ", {}, True),
        ("registry-entry", "FP A", {"locate_type": "CS"}, True),
        ("registry-entry", "FP A", {}, False),
        ("case-status", "CST R", PARTIES, True),
        ("case-status", "CST P", PARTIES, False),
        ("case-status", "CST R", {"data_request": "contactinformation"}, False),
        ("case-transfer", "ENF R ERALL", {}, False),
        ("locate-answer", None, {"locate_type": "CS"}, False),
    ],
)
def test_these_records_ask_where_somebody_is(kind, transaction, tags, asks):
    assert asks_to_locate(Facts(Kind(kind), "39", transaction=transaction, tags=tags)) is asks


@pytest.mark.parametrize(
    ("named", "weighed", "rule", "counts"),
    [
        ("", "", MISSING_RULE, ""),
        (TEXT.version, TEXT.version, None, TEXT.version),
        ("2026-11-28.0a1b2c3d", OUTDATED, OUTDATED_RULE, ""),
        (OUTDATED, OUTDATED, OUTDATED_RULE, ""),
    ],
)
def test_an_attestation_is_worth_something_when_it_names_the_text_in_force(named, weighed, rule, counts):
    sender = partner(OHIO, "39", attests_each_locate=True)
    assert (TEXT.weigh(named), lacking(sender, weighed), attested(weighed)) == (weighed, rule, counts)
    assert lacking(partner(OHIO, "39"), weighed) is None


def test_another_penalty_or_text_is_another_version_and_both_tell_the_penalty(tmp_path):
    shipped, dearer = (attestation_of(AttestationSettings(penalty=penalty)) for penalty in ("$1,000", "$1,713"))
    assert "a fine of $1,713 for each act" in dearer.text
    file = tmp_path / "text.toml"
    file.write_text('version = "our-2"\ntext = "I know of {penalty}."\nsource = "our lawyers"\n', encoding="utf-8")
    own = attestation_of(AttestationSettings(text=file))
    assert (own.text, own.version[:6]) == ("I know of $1,000.", "our-2.")
    assert len({shipped.version, dearer.version, own.version}) == 3


@pytest.mark.parametrize(
    ("version", "text", "fault"),
    [("1", "I know.", "penalty"), ("1\\r\\nX: y", "{penalty}", "letters"), ("", "{penalty}", "version")],
)
def test_a_text_that_tells_no_penalty_or_that_no_header_can_name_is_refused(version, text, fault):
    with pytest.raises(Misconfigured, match=fault):
        schemas.attestation("$1,000", f'version = "{version}"\ntext = "{text}"\nsource = "x"\n'.encode())


def test_what_is_wrong_with_a_text_of_the_site_is_said_of_its_file(tmp_path):
    file = tmp_path / "ours.toml"
    for content in ('version = "1"\ntext = "I know."\nsource = "x"\n', "no table"):
        file.write_text(content, encoding="utf-8")
        with pytest.raises(Misconfigured, match=r"ours\.toml"):
            attestation_of(AttestationSettings(text=file))


def test_a_text_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(Misconfigured, match="cannot be read"):
        attestation_of(AttestationSettings(text=tmp_path / "none.toml"))


@pytest.mark.parametrize("asked", [True, False])
def test_what_is_asked_of_a_partner_is_kept(asked):
    known = partner(OHIO, "39", attests_each_locate=asked)
    document = encode_partner(known)
    assert decode_partner(document, known.version, paused=False) == known
    assert ("attests_each_locate" in document) is asked
