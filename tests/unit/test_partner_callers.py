"""The part of a partner file that says how the partner proves itself, and the proof that agreements ask for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.core.caller import KEYS_ONLY, Caller, ClientCertificate, ClientKey, Purpose, Tier, strongest
from gateway.core.caller_floor import FEDERAL_FLOOR, floors
from gateway.core.errors import Misconfigured
from gateway.core.model import Agreement, AgreementKey, AgreementMode, Kind, PartnerKey
from gateway.core.routing import Directory
from gateway.partner_files.caller import CallerTable, taken_twice
from gateway.store.partner_documents import decode_partner, encode_partner
from keys.public_key import check, verifying
from tests.contract.api_stack import OHIO, TANF, partner

DAY = date(2027, 3, 31)


def pem(key) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def key_table(name="k1", purpose="token", curve=None):
    return {
        "id": name,
        "purpose": purpose,
        "public_key": pem(ec.generate_private_key(curve or ec.SECP256R1())),
        "valid_until": DAY,
    }


CERTIFICATE = {"thumbprint": "a" * 64, "valid_until": DAY}
WHOLE = {"tier": "certificate", "certificate": [CERTIFICATE], "key": [key_table()]}


def test_the_tables_give_the_caller_that_they_say():
    caller = CallerTable.model_validate(WHOLE | {"networks": ["192.0.2.0/24"], "scopes": ["read"]}).value()
    assert (caller.tier, caller.networks, caller.scopes) == (Tier.CERTIFICATE, ("192.0.2.0/24",), frozenset({"read"}))
    assert caller.certificate("a" * 64, DAY) is not None
    assert caller.certificate("a" * 64, date(2027, 4, 1)) is None
    assert caller.key("k1", Purpose.TOKEN, DAY) is not None
    assert caller.key("k1", Purpose.SIGNATURE, DAY) is None
    assert caller.key("k1", Purpose.TOKEN, date(2027, 4, 1)) is None


@pytest.mark.parametrize(
    "change",
    [
        {"tier": "strong"},
        {"networks": ["192.0.2.1/24"]},
        {"networks": ["everywhere"]},
        {"scopes": ["operate"]},
        {"scopes": []},
        {"certificate": []},
        {"certificate": [CERTIFICATE] * 3},
        {"certificate": [CERTIFICATE | {"thumbprint": "A" * 64}]},
        {"key": []},
        {"key": [key_table("k1"), key_table("k2"), key_table("k3")]},
        {"key": [key_table("k1"), key_table("k1", "signature")]},
        {"key": [{**key_table(), "public_key": "none"}]},
        {"key": [key_table(purpose="anything")]},
        {"key": [key_table(purpose="signature")]},
        {"password": "x"},
    ],
)
def test_tables_that_say_too_little_or_too_much_are_refused(change):
    with pytest.raises(ValidationError):
        CallerTable.model_validate(WHOLE | change)


def test_one_key_has_one_purpose():
    one = key_table()
    with pytest.raises(ValidationError, match="one key is there twice"):
        CallerTable.model_validate(WHOLE | {"key": [one, one | {"id": "k2", "purpose": "signature"}]})


def test_the_key_decides_the_algorithm():
    keys = {
        "ES256": ec.generate_private_key(ec.SECP256R1()),
        "ES384": ec.generate_private_key(ec.SECP384R1()),
        "EdDSA": ed25519.Ed25519PrivateKey.generate(),
        "PS256": rsa.generate_private_key(65537, 3072),
    }
    assert {verifying(pem(key)).algorithms.jws for key in keys.values()} == set(keys)
    assert all(verifying(pem(key)).algorithms.jws == algorithm for algorithm, key in keys.items())


def test_weak_keys_are_refused():
    weak = [
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP256K1()),
        x25519.X25519PrivateKey.generate(),
    ]
    for key in weak:
        with pytest.raises(Misconfigured):
            check(pem(key))


def test_a_certificate_or_key_belongs_to_one_partner():
    mine = Caller(certificates=(ClientCertificate("a" * 64, DAY),))
    other = Caller(certificates=(ClientCertificate("b" * 64, DAY),))
    assert taken_twice({"ohio": mine, "iowa": other}) == {}
    assert taken_twice({"ohio": mine, "iowa": mine}) == {"iowa": "ohio"}


def test_a_partner_comes_back_from_its_document_as_it_went_in():
    caller = Caller(
        Tier.SIGNATURE,
        ("192.0.2.0/24",),
        frozenset({"read"}),
        (ClientCertificate("a" * 64, DAY),),
        (ClientKey("k", Purpose.SIGNATURE, "PEM", DAY),),
    )
    for one in (caller, KEYS_ONLY):
        whole = replace(partner(OHIO), caller=one)
        assert decode_partner(encode_partner(whole), 1, paused=False) == whole
    assert "caller" not in encode_partner(partner(OHIO))


def agreement(kind="locate", tier=Tier.API_KEY, until=None, filters=None) -> Agreement:
    return Agreement(
        AgreementKey("a"),
        AgreementMode.DIRECT,
        frozenset({OHIO}),
        TANF,
        frozenset({Kind(kind)}),
        "a law",
        date(2020, 1, 1),
        until,
        filters or {},
        tier=tier,
    )


@pytest.mark.parametrize(
    ("one", "floor"),
    [
        (agreement(), Tier.API_KEY),
        (agreement(tier=Tier.TOKEN), Tier.TOKEN),
        (agreement("locate-answer"), FEDERAL_FLOOR),
        (agreement("locate-answer", Tier.CERTIFICATE), Tier.CERTIFICATE),
        (agreement(filters={"federal_tax": frozenset({"Y"})}), FEDERAL_FLOOR),
        (agreement("wage", until=date(2026, 1, 1)), Tier.API_KEY),
        (agreement("wage", until=date(2026, 6, 1)), FEDERAL_FLOOR),
    ],
)
def test_agreements_set_the_floor_for_both_sides(one, floor):
    directory = Directory([partner(OHIO), partner(TANF)], [one])
    assert dict(floors(directory, date(2026, 3, 2))) == {OHIO: floor, TANF: floor}


def test_the_partners_own_file_may_ask_for_more_and_a_sandbox_for_less():
    strict = replace(partner(OHIO), caller=Caller(Tier.CERTIFICATE))
    directory = Directory([strict, partner(TANF)], [agreement("wage")])
    assert floors(directory, date(2026, 3, 2)) == {OHIO: Tier.CERTIFICATE, TANF: FEDERAL_FLOOR}
    assert floors(directory, date(2026, 3, 2), synthetic=True) == {OHIO: Tier.CERTIFICATE, TANF: Tier.API_KEY}
    assert PartnerKey("nobody") not in floors(directory, date(2026, 3, 2))


@given(st.lists(st.sampled_from(Tier)))
def test_the_strongest_of_several_is_at_least_each_of_them(tiers):
    assert all(strongest(tiers).at_least(tier) for tier in tiers)
