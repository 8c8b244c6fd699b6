"""What partner files say of wire protection: denied by default, keys read at once, faults with their line."""

from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from gateway.core.errors import Misconfigured
from gateway.core.protection import Algorithm, Profile, Use
from gateway.core.routing import Directory
from gateway.partner_files import read
from gateway.partner_store import known
from gateway.tools import speech
from keys.wire import material

NOBODY = Directory((), ())
NOW = datetime(2026, 11, 28, tzinfo=UTC)


@cache
def pem():
    return material.text_of(material.made(Algorithm.P256, "ohio", NOW, NOW + timedelta(days=90))[0])


def text(plain="", ohio="", michigan=""):
    partners = "".join(
        f'[[partner]]\nkey = "{key}"\nname = "{key}"\nrole = "state"\nprogram = "IV-D"\nlocators = ["{locator}"]\n'
        f'endpoint = {{ adapter = "mailbox" }}\n{more}\n'
        for key, locator, more in (("ohio", "39", ohio), ("michigan", "26", michigan))
    )
    agreement = (
        '[[agreement]]\nkey = "a-1"\nsenders = ["ohio"]\nrecipient = "michigan"\nkinds = ["locate"]\n'
        f'legal_basis = "45 CFR 303.7"\nvalid_from = 2026-01-01\n{plain}\n'
    )
    return partners + agreement


JOSE = '[partner.protection]\nprofile = "jose"\nlimit_mib = 2\n'


def applied(one, present=NOBODY):
    return read({"a.toml": one}, present, known(speech()))


def faults(one, present=NOBODY):
    with pytest.raises(Misconfigured) as refused:
        applied(one, present)
    return refused.value.detail


def test_an_agreement_takes_protection_of_both_sides_unless_it_says_that_plain_will_do():
    said = faults(text())
    assert "ohio has no [partner.protection]" in said
    assert "michigan has no [partner.protection]" in said
    assert faults(text(ohio=JOSE)).count("\n") == 0
    assert applied(text(plain="plain = true")).agreements[0].plain
    assert not applied(text(ohio=JOSE, michigan=JOSE)).agreements[0].plain


def test_a_partner_cannot_lose_its_protection_while_an_agreement_asks_for_it():
    both = applied(text(ohio=JOSE, michigan=JOSE))
    present = Directory(both.partners, both.agreements)
    bare = text(plain="plain = true").split("[[agreement]]")[0]
    assert "the agreement a-1 does not allow" in faults(bare, present)


def test_a_profile_its_limit_and_keys_are_read():
    keys = f'[[partner.wire_keys]]\nuse = "encrypt"\npem = """\n{pem()}"""\n'
    found = applied(text(ohio=f"{JOSE}{keys}", michigan=JOSE))
    assert (found.partners[0].protection.profile, found.partners[0].protection.limit) == (Profile.JOSE, 2 * 2**20)
    [key] = found.wire_keys
    assert (key.partner, key.use, key.material.algorithm) == ("ohio", Use.ENCRYPT, Algorithm.P256)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('[partner.protection]\nprofile = "pgp"\n', "profile"),
        (f"{JOSE}limit_gib = 1\n", "unknown key"),
        (f'{JOSE}[[partner.wire_keys]]\nuse = "encrypt"\npem = "none"\n', "wire_keys: The key is not one PEM block"),
    ],
    ids=["no such profile", "no such key", "no PEM"],
)
def test_what_is_wrong_is_named_with_its_line(more, said):
    told = faults(text(ohio=more, michigan=JOSE))
    assert said in told
    assert told.startswith("a.toml:")
