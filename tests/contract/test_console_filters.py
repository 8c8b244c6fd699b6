"""Filters of lists: what is in force stands in the form, however it came into the address and whoever asks."""

import re

import pytest

from tests.contract.console_site import fill, running


@pytest.fixture
async def site(sqlite_url):
    async with running(sqlite_url) as site:
        await fill(site)
        yield site


async def form(client, address):
    """The page of a list, and what the form above it is set to: name of the field -> value."""
    page = await (await client.get(address)).text()
    chosen = {
        name: (re.findall(r'<option value="([^"]*)" selected>', choices) or [""])[0]
        for name, choices in re.findall(r'<select [^>]*id="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL)
    }
    return page, chosen | dict(re.findall(r'type="datetime-local" id="(\w+)" name="\w+" value="([^"]*)"', page))


@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("/deliveries?partner=nobody", "partner"),
        ("/submissions?sender=nobody", "sender"),
        ("/records?sender=nobody", "sender"),
        ("/records?party=nobody", "party"),
        ("/records?kind=nobody", "kind"),
        ("/rules?severity=nobody", "severity"),
    ],
)
async def test_a_filter_by_something_unknown_stands_in_the_form_as_unknown(site, address, field):
    async with site.browser("operator") as client:
        page, chosen = await form(client, address)
    assert chosen[field] == "nobody"
    assert page.count("nobody (not known here)") == 1


@pytest.mark.parametrize("address", ["/deliveries?partner=texas", "/deliveries", "/records?kind=locate", "/rules"])
async def test_control_what_is_known_is_not_called_unknown(site, address):
    async with site.browser("operator") as client:
        assert "not known here" not in (await form(client, address))[0]


async def test_an_unknown_value_with_markup_stays_text(site):
    async with site.browser("operator") as client:
        page, _ = await form(client, "/deliveries?partner=%22%3E%3Ci%3E")
    assert "&#34;&gt;&lt;i&gt; (not known here)" in page
    assert "<i>" not in page


@pytest.mark.parametrize("name", ["since", "until"])
@pytest.mark.parametrize("time", ["0026-01-31T10:30", "2026-01-31T10:30", "0001-01-01T00:00"])
async def test_a_time_stands_in_the_form_as_its_field_takes_it_in_any_year(site, name, time):
    async with site.browser("operator") as client:
        _, chosen = await form(client, f"/records?{name}={time}")
    assert chosen[name] == time


@pytest.mark.parametrize(
    ("address", "field"),
    [("/deliveries", "partner"), ("/submissions", "sender"), ("/records", "party"), ("/records", "case-sender")],
)
async def test_a_partner_admin_is_offered_no_other_partner_where_nothing_of_others_is_shown(site, address, field):
    async with site.browser("partner-admin") as client, site.browser("operator") as other:
        offered = [choices(await (await one.get(address)).text(), field) for one in (client, other)]
    assert offered == [["ohio"], ["iowa", "ohio", "tanf", "texas"]]


def choices(page, field):
    """The values that the field offers, beside the empty one."""
    (found,) = re.findall(rf'<select [^>]*id="{field}"[^>]*>(.*?)</select>', page, re.DOTALL)
    return [value for value in re.findall(r'<option value="([^"]*)"', found) if value]
