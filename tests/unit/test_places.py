"""Partners' endpoints stay inside the country: what a file says is compared when it is applied and when something is
about to leave."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from gateway.core.errors import Misconfigured
from gateway.core.model import AdapterName, DeliveryState, Endpoint, TaxApproval
from gateway.core.places import ALLOWED, AT_HOME, Places
from gateway.core.routing import Directory
from gateway.partner_files import read
from gateway.partner_store import known
from gateway.settings import PlaceSettings, load
from gateway.store.partner_documents import decode_partner, encode_partner
from gateway.tools import speech
from tests.unit.work_site import MICHIGAN, OHIO, agreement, open_site, partner

FILE = """\
[[partner]]
key = "ohio"
name = "Ohio"
role = "state"
program = "IV-D"
locators = ["39"]
{tax}
[partner.endpoint]
adapter = "mailbox"
{country}
[partner.queries]
url = "https://ohio.example/queries"
{queries}
"""
TAX = 'fti_ok_from = 2026-01-01\nfti_ok_until = 2027-01-01\nsafeguards_approval_ref = "REF"'
ABROAD = Endpoint(AdapterName.FOLDER, country="DE")


@pytest.fixture(scope="module")
def spoken():
    return speech()


def applied(spoken, places=AT_HOME, **said):
    text = FILE.format(**{"tax": "", "country": "", "queries": "", **said})
    [found] = read({"a.toml": text}, Directory((), ()), known(spoken, places)).partners
    return found


def refused(spoken, places=AT_HOME, **said):
    with pytest.raises(Misconfigured) as raised:
        applied(spoken, places, **said)
    return str(raised.value)


@pytest.mark.claim("F08", control="test_the_same_file_is_taken_where_the_country_is_allowed")
@pytest.mark.parametrize(
    ("said", "line", "table"),
    [({"country": 'country = "DE"'}, 10, "endpoint"), ({"queries": 'country = "DE"'}, 13, "queries")],
    ids=["endpoint", "queries"],
)
def test_a_country_that_is_not_allowed_is_refused_with_its_line(spoken, said, line, table, claim):
    told = refused(spoken, **said)
    allowed = ", ".join(sorted(ALLOWED))
    wanted = f"{table}.country: DE is not among the countries that are allowed: {allowed} (country-not-allowed)"
    assert told == f"a.toml:{line}: {wanted}"
    claim.measured("1 of 1 refused")


def test_the_same_file_is_taken_where_the_country_is_allowed(spoken):
    """The control."""
    found = applied(spoken, Places(allowed=ALLOWED | {"DE"}), country='country = "DE"')
    assert (found.endpoint.country, dict(found.endpoint.options)) == ("DE", {})
    assert applied(spoken, None, country='country = "DE"').endpoint.country == "DE"


@pytest.mark.parametrize("country", sorted(ALLOWED))
def test_the_country_and_its_territories_are_allowed_from_the_start(spoken, country):
    assert applied(spoken, country=f'country = "{country}"', tax=TAX).endpoint.country == country


def test_a_partner_with_tax_information_has_to_say_its_country(spoken):
    assert "endpoint.country: who has federal tax information has to say it (country-not-said)" in refused(
        spoken, tax=TAX
    )
    assert applied(spoken).endpoint.country == "", "others lie where the setting says"


@pytest.mark.parametrize("written", ['"us"', '"USA"', '""', "1", "true"])
def test_a_country_is_written_in_two_capital_letters(spoken, written):
    assert "two capital letters" in refused(spoken, country=f"country = {written}")


def test_the_home_of_the_settings_stands_for_files_that_say_nothing(spoken):
    assert "endpoint.country: CA is not among" in refused(spoken, Places(home="CA"))


def test_the_settings_keep_home_among_the_allowed(monkeypatch):
    monkeypatch.setenv("GATEWAY__PLACES__ALLOWED", '["US", "CA"]')
    assert load().places.value() == Places("US", frozenset({"US", "CA"}))
    assert PlaceSettings().value() == AT_HOME
    monkeypatch.setenv("GATEWAY__PLACES__HOME", "MX")
    with pytest.raises(Misconfigured, match="home has to be one of allowed"):
        load()


def test_a_stored_partner_keeps_its_country_and_one_without_has_the_document_of_before():
    said = partner(OHIO, "39", endpoint=ABROAD)
    assert decode_partner(encode_partner(said), 1, paused=False) == said
    assert "country" not in encode_partner(partner(OHIO, "39"))


def test_what_doctor_is_told_of_a_stored_partner():
    approved = TaxApproval(date(2026, 1, 1), date(2027, 1, 1), "REF")
    codes = [fault.code for fault in AT_HOME.faults(partner(OHIO, "39", tax_approval=approved, queries=ABROAD))]
    assert codes == ["country-not-allowed", "country-not-said"]
    assert not list(AT_HOME.faults(partner(OHIO, "39")))


async def test_a_delivery_to_a_country_that_is_not_allowed_any_more_waits_and_goes_on(sqlite_url, tmp_path):
    home = partner(OHIO, "39")
    async with open_site(sqlite_url, tmp_path) as site:
        site.know(home, agreements=(agreement(MICHIGAN, OHIO),))
        [owed] = await site.owe(1)
        site.know(replace(home, endpoint=ABROAD))
        async with site.dispatching():
            await site.come_to_rest()
            found = await site.found(owed)
            assert (found.state, found.cause, found.attempts) == (DeliveryState.PENDING, "country-not-allowed", 0)
            assert site.door.begun == []
            site.know(home)
            site.now += timedelta(minutes=2)
            await site.come_to_rest()
            assert (await site.found(owed)).state is DeliveryState.DELIVERED
