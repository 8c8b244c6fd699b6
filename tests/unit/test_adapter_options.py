"""What a partner file may say of its endpoint, where deliveries may go, and what an HTTP answer means."""

import ipaddress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import asyncssh
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters import check_options
from adapters.addresses import disguised, forbidden
from adapters.answers import LONGEST_RETRY_AFTER, failure, problem_code, retry_after, status_line, taken
from gateway.core.errors import Misconfigured, Permanent, Transient
from gateway.core.model import AdapterName, Endpoint

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
HOST_KEY = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
FINGERPRINT = "SHA256:" + "A" * 43

HTTPS = {"url": "https://partner.example/in"}
SFTP = {"host": "partner.example", "username": "iowa", "key_secret": "key", "host_key": HOST_KEY}
FOLDER = {"directory": "/srv/drop"}


def check(adapter: AdapterName, options: dict[str, str | int | bool]) -> None:
    check_options(Endpoint(adapter, options))


# --- options ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("adapter", "options"),
    [
        (AdapterName.HTTPS, HTTPS),
        (AdapterName.HTTPS, {**HTTPS, "timeout_seconds": 5, "bearer_secret": "token", "ca_file": "/etc/ca.pem"}),
        (AdapterName.HTTPS, {"url": "http://127.0.0.1:8080/in", "allow_http": True, "allow_private": True}),
        (AdapterName.HTTPS, {"url": "https://93.184.216.34/in"}),
        (AdapterName.SFTP, SFTP),
        (AdapterName.SFTP, {**SFTP, "host_key": FINGERPRINT, "port": 2222, "directory": "/in/tray"}),
        (AdapterName.FOLDER, FOLDER),
        (AdapterName.MAILBOX, {}),
    ],
)
def test_good_options_pass(adapter: AdapterName, options: dict[str, str | int | bool]) -> None:
    check(adapter, options)


@pytest.mark.parametrize(
    ("adapter", "options", "key"),
    [
        (AdapterName.HTTPS, {}, "url"),
        (AdapterName.HTTPS, {**HTTPS, "urls": "x"}, "urls"),
        (AdapterName.HTTPS, {"url": 7}, "url"),
        (AdapterName.HTTPS, {"url": ""}, "url"),
        (AdapterName.HTTPS, {"url": "https://a.example/\r\nX: y"}, "url"),
        (AdapterName.HTTPS, {"url": "http://partner.example/"}, "url"),
        (AdapterName.HTTPS, {"url": "ftp://partner.example/", "allow_http": True}, "url"),
        (AdapterName.HTTPS, {"url": "partner.example/in"}, "url"),
        (AdapterName.HTTPS, {"url": "https:///in"}, "url"),
        (AdapterName.HTTPS, {"url": "https://user:hunter2@partner.example/"}, "url"),
        (AdapterName.HTTPS, {"url": "https://partner.example/#part"}, "url"),
        (AdapterName.HTTPS, {**HTTPS, "timeout_seconds": 0}, "timeout_seconds"),
        (AdapterName.HTTPS, {**HTTPS, "timeout_seconds": True}, "timeout_seconds"),
        (AdapterName.HTTPS, {**HTTPS, "timeout_seconds": "30"}, "timeout_seconds"),
        (AdapterName.HTTPS, {**HTTPS, "allow_private": 1}, "allow_private"),
        (AdapterName.SFTP, {**SFTP, "host_key": "ssh-ed25519 nonsense"}, "host_key"),
        (AdapterName.SFTP, {**SFTP, "host_key": "SHA256:short"}, "host_key"),
        (AdapterName.SFTP, {k: v for k, v in SFTP.items() if k != "host_key"}, "host_key"),
        (AdapterName.SFTP, {**SFTP, "port": 65_536}, "port"),
        (AdapterName.SFTP, {**SFTP, "directory": "in/../../etc"}, "directory"),
        (AdapterName.SFTP, {**SFTP, "password": "x"}, "password"),
        (AdapterName.FOLDER, {"directory": "relative"}, "directory"),
        (AdapterName.FOLDER, {"directory": "/srv/../etc"}, "directory"),
        (AdapterName.FOLDER, {"directory": "/srv/\x00"}, "directory"),
        (AdapterName.MAILBOX, {"directory": "/srv"}, "directory"),
    ],
)
def test_a_wrong_option_is_named_and_its_value_is_not_repeated(
    adapter: AdapterName, options: dict[str, str | int | bool], key: str
) -> None:
    with pytest.raises(Misconfigured, match=rf"endpoint\.{key}\b") as refused:
        check(adapter, options)
    assert "hunter2" not in str(refused.value)


# --- where a delivery may go -----------------------------------------------------------------------------------------

PRIVATE_URLS = [
    "https://127.0.0.1/",
    "https://127.0.0.1:8443/in",
    "https://127.255.255.254/",
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost./",
    "https://in.localhost/",
    "https://0.0.0.0/",
    "https://0/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://172.31.255.255/",
    "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://100.64.0.1/",
    "https://100.100.100.200/",
    "https://192.0.0.1/",
    "https://192.0.2.1/",
    "https://198.18.0.1/",
    "https://198.51.100.1/",
    "https://203.0.113.1/",
    "https://224.0.0.1/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://127.1/",
    "https://127.0.0.1./",
    "https://1.2.3.4.5/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::ffff:a9fe:a9fe]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b:1::1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:0:4136:e378:8000:63bf:80ff:fffe]/",
    "https://[fe80::1]/",
    "https://[fec0::1]/",
    "https://[fc00::1]/",
    "https://[fd00:ec2::254]/",
    "https://[ff02::1]/",
    "https://[2001:db8::1]/",
]


@pytest.mark.parametrize("url", PRIVATE_URLS)
def test_a_url_that_leads_into_our_own_network_is_refused(url: str) -> None:
    with pytest.raises(Misconfigured, match=r"endpoint\.url"):
        check(AdapterName.HTTPS, {"url": url})


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/", "https://[::1]/", "https://localhost/", "https://10.0.0.1/", "https://[fd00::1]/"]
)
def test_the_same_url_passes_when_private_addresses_are_allowed(url: str) -> None:
    """The control of the table above."""
    check(AdapterName.HTTPS, {"url": url, "allow_private": True})


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "in.localhost.", "10.0.0.1", "169.254.169.254"])
def test_a_server_in_our_own_network_is_refused_unless_that_is_allowed(host: str) -> None:
    with pytest.raises(Misconfigured, match=r"endpoint\.host"):
        check(AdapterName.SFTP, {**SFTP, "host": host})
    check(AdapterName.SFTP, {**SFTP, "host": host, "allow_private": True})


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "1.2.3.4.5", "a.0x"])
def test_a_disguised_number_is_refused_even_when_private_addresses_are_allowed(host: str) -> None:
    assert disguised(host)
    with pytest.raises(Misconfigured):
        check(AdapterName.HTTPS, {"url": f"https://{host}/", "allow_private": True})
    with pytest.raises(Misconfigured):
        check(AdapterName.SFTP, {**SFTP, "host": host, "allow_private": True})


@pytest.mark.parametrize("host", ["partner.example", "10.example", "0x7f.example", "a1", "93.184.216.34"])
def test_names_and_plain_addresses_are_no_disguise(host: str) -> None:
    assert not disguised(host)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_addresses_pass(address: str) -> None:
    assert not forbidden(address)


@pytest.mark.parametrize("address", ["", "partner.example", "1.2.3", "fe80::1%eth0", "::1%1", "1.2.3.4 "])
def test_what_is_no_plain_address_is_forbidden(address: str) -> None:
    assert forbidden(address)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_hides_in_no_ipv6_form(address: ipaddress.IPv4Address) -> None:
    if forbidden(str(address)):
        number = int(address)
        assert forbidden(str(ipaddress.IPv6Address((0xFFFF << 32) | number)))
        assert forbidden(str(ipaddress.IPv6Address((0x64FF9B << 96) | number)))
        assert forbidden(str(ipaddress.IPv6Address((0x2002 << 112) | (number << 80))))


# --- what an answer means --------------------------------------------------------------------------------------------


@given(st.integers(100, 999))
def test_every_status_is_taken_transient_or_permanent(status: int) -> None:
    if taken(status):
        assert 200 <= status <= 299
        return
    found = failure(status, status_line(status), timedelta(seconds=1))
    assert isinstance(found, Transient) is (status in (408, 425, 429) or status >= 500)
    assert isinstance(found, Permanent) is not isinstance(found, Transient)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("0", 0), ("120", 120), ("999999999", LONGEST_RETRY_AFTER.total_seconds()), ("9" * 400, 30 * 86_400)],
)
def test_retry_after_in_seconds(value: str, seconds: float) -> None:
    assert retry_after(value, NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize(("ahead", "seconds"), [(90, 90), (-90, 0), (0, 0)])
def test_retry_after_as_a_date(ahead: int, seconds: int) -> None:
    value = format_datetime(NOW + timedelta(seconds=ahead), usegmt=True)
    assert retry_after(value, NOW) == timedelta(seconds=seconds)


@given(st.text(max_size=60))
def test_an_unreadable_retry_after_is_no_wish_and_no_error(value: str) -> None:
    wait = retry_after(value, NOW)
    assert wait is None or timedelta(0) <= wait <= LONGEST_RETRY_AFTER


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"code":"bad-record"}', "bad-record"),
        (b'{"type":"https://partner.example/problems/full"}', "https://partner.example/problems/full"),
        (b'{"type":"about:blank","code":"no-room"}', "no-room"),
        (b'{"code":"900-12-3456"}', ""),
        (b'{"code":"case 900123456 of JANE DOE"}', ""),
        (b'{"code":["x"]}', ""),
        (b'{"detail":"900123456"}', ""),
        (b"[]", ""),
        (b"{", ""),
        (b"\xff", ""),
        (b"[" * 100_000, ""),
    ],
)
def test_only_a_plain_code_is_kept_of_a_problem(body: bytes, code: str) -> None:
    assert problem_code("application/problem+json; charset=utf-8", body) == code
    assert problem_code("text/html", body) == ""
