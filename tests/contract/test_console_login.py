"""Coming in and leaving: sessions, lock-out, forged requests, headers."""

import asyncio
from datetime import timedelta

import pytest

from tests.contract.console_site import PASSWORD, between, fill, log_in, running, token


@pytest.fixture
async def site(sqlite_url):
    async with running(sqlite_url) as site:
        yield site


async def actions(site):
    return [(entry.action, entry.outcome, entry.object) for entry in await site.parts.audit.unsequenced(1000)]


async def test_a_login_opens_a_page_and_a_logout_closes_it_for_good(site):
    async with site.browser("viewer") as client:
        cookie = next(one for one in client.cookie_jar if one.key == "gw")
        assert cookie["httponly"]
        assert cookie["samesite"] == "Strict"
        assert (await client.get("/", allow_redirects=False)).status == 200
        answer = await client.post("/logout", data={"csrf": await token(client)}, allow_redirects=False)
        assert answer.headers["Location"] == "/login"
        again = await client.get("/", allow_redirects=False, cookies={"gw": cookie.value})
        assert again.status == 303
    assert ("operator.login", "ok", "operator:viewer") in await actions(site)


async def test_behind_tls_the_cookie_is_bound_to_the_host(sqlite_url):
    async with running(sqlite_url, secure=True) as site, site.browser() as client:
        await site.operator("pat")
        page = await client.get("/login")
        cookie = page.headers["Set-Cookie"]
        assert cookie.startswith("__Host-gw-login=")
        assert "Secure" in cookie
        assert "Strict-Transport-Security" in page.headers
        csrf = between(await page.text(), 'name="csrf" value="', '"')
        answer = await client.post(
            "/login",
            data={"name": "pat", "password": PASSWORD, "csrf": csrf},
            cookies={"__Host-gw-login": csrf},
            allow_redirects=False,
        )
        opened = answer.headers.getall("Set-Cookie")[0]
        assert opened.startswith("__Host-gw=")
        assert all(word in opened for word in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/"))


async def test_two_logins_are_two_sessions_and_the_token_of_one_does_not_fit_the_other(site):
    async with site.browser("operator") as one, site.browser() as other:
        assert (await log_in(other, "operator")).status == 303
        form = {"csrf": await token(one), "reason": "test"}
        assert (await other.post("/partners/ohio/pause", data=form)).status == 403
        assert (await one.post("/partners/ohio/pause", data=form, allow_redirects=False)).status == 303


@pytest.mark.parametrize(
    ("name", "password", "changes"),
    [("pat", "wrong password", {}), ("nobody", PASSWORD, {}), ("pat", PASSWORD, {"disabled": True}), ("pat", "", {})],
)
async def test_every_failed_login_gets_the_same_answer(site, name, password, changes):
    await site.operator("pat", **changes)
    async with site.browser() as client:
        answer = await log_in(client, name, password)
        assert answer.status == 401
        assert "The name or the password is wrong." in await answer.text()
        assert name not in await answer.text()


async def test_a_name_that_nobody_has_is_not_written_down_since_it_may_be_a_password(site):
    async with site.browser() as client:
        await log_in(client, "hunter2 my secret")
    assert ("operator.refused", "refused", "operator:unknown") in await actions(site)
    assert "hunter2" not in str(await site.parts.audit.unsequenced(1000))


async def test_three_bad_attempts_lock_the_name_for_fifteen_minutes_even_for_the_right_password(site):
    await site.operator("pat")
    async with site.browser() as client:
        for _ in range(3):
            assert (await log_in(client, "pat", "wrong")).status == 401
        assert (await log_in(client, "pat")).status == 429
        site.clock.ahead = timedelta(minutes=15, seconds=1)
        assert (await log_in(client, "pat")).status == 303
    refused = [outcome for action, outcome, _ in await actions(site) if action == "operator.refused"]
    assert refused == ["refused", "refused", "locked"]


async def test_passwords_guessed_at_the_same_moment_are_counted_before_they_are_looked_at(site):
    await site.operator("pat")
    async with site.browser() as client:
        answers = await asyncio.gather(*(log_in(client, "pat", "wrong") for _ in range(8)))
    looked_at = [answer.status for answer in answers if answer.status == 401]
    assert len(looked_at) <= 3
    assert {answer.status for answer in answers} <= {401, 429}


async def test_control_without_a_lock_out_the_fourth_attempt_is_heard(sqlite_url):
    async with running(sqlite_url, bad_attempts=100) as site, site.browser() as client:
        await site.operator("pat")
        for _ in range(3):
            await log_in(client, "pat", "wrong")
        assert (await log_in(client, "pat")).status == 303


async def test_one_address_cannot_try_many_names(sqlite_url):
    async with running(sqlite_url, bad_attempts_of_address=4) as site, site.browser() as client:
        await site.operator("pat")
        for number in range(4):
            await log_in(client, f"name-{number}", "wrong")
        assert (await log_in(client, "pat")).status == 429


async def test_a_login_that_is_idle_ends_and_a_busy_one_ends_after_eight_hours(site):
    async with site.browser("viewer") as client:
        site.clock.ahead = timedelta(minutes=14)
        assert (await client.get("/stay")).status == 204
        site.clock.ahead = timedelta(minutes=28)
        assert (await client.get("/stay")).status == 204
        site.clock.ahead = timedelta(minutes=44)
        assert (await client.get("/", allow_redirects=False)).status == 303
    async with site.browser("operator") as client:
        start = site.clock.ahead
        for minutes in range(0, 8 * 60, 14):
            site.clock.ahead = start + timedelta(minutes=minutes)
            assert (await client.get("/stay")).status == 204
        site.clock.ahead = start + timedelta(hours=8, seconds=5)
        assert (await client.get("/stay", allow_redirects=False)).status == 303


@pytest.mark.parametrize("site_header", ["cross-site", "same-site"])
async def test_a_form_that_another_site_sends_is_refused(site, site_header):
    async with site.browser("operator") as client:
        headers = {"Sec-Fetch-Site": site_header}
        form = {"csrf": await token(client), "reason": "test"}
        answer = await client.post("/partners/ohio/pause", data=form, headers=headers)
        assert answer.status == 403
        assert not (await site.parts.directory()).partners["ohio"].paused


async def test_a_form_with_a_foreign_origin_is_refused_where_the_browser_sends_no_fetch_metadata(site):
    async with site.browser("operator") as client:
        form = {"csrf": await token(client), "reason": "test"}
        for origin, status in (("https://evil.invalid", 403), ("null", 403), (site.url, 303)):
            answer = await client.post(
                "/partners/ohio/pause", data=form, headers={"Origin": origin}, allow_redirects=False
            )
            assert answer.status == status, origin


@pytest.mark.parametrize("form", [{}, {"csrf": ""}, {"csrf": "0" * 64}])
async def test_a_form_without_the_token_of_the_session_is_refused(site, form):
    async with site.browser("operator") as client:
        answer = await client.post("/partners/ohio/pause", data={**form, "reason": "test"})
        assert answer.status == 403
        assert not (await site.parts.directory()).partners["ohio"].paused


async def test_a_login_form_needs_the_token_of_its_cookie(site):
    await site.operator("pat")
    async with site.browser() as client:
        await client.get("/login")
        form = {"name": "pat", "password": PASSWORD, "csrf": "0" * 64}
        assert (await client.post("/login", data=form)).status == 403


@pytest.mark.parametrize(
    "wanted", ["https://evil.invalid/", "//evil.invalid/", "/\\evil.invalid", "javascript:alert(1)", "queues"]
)
async def test_a_login_never_leads_to_another_site(site, wanted):
    await site.operator("pat")
    async with site.browser() as client:
        answer = await log_in(client, "pat", next=wanted)
        assert answer.headers["Location"] == "/"


async def test_a_login_leads_back_to_the_page_that_was_asked_for(site):
    await site.operator("pat")
    async with site.browser() as client:
        asked = await client.get("/dead?fault=record", allow_redirects=False)
        assert asked.headers["Location"] == "/login?next=%2Fdead%3Ffault%3Drecord"
        answer = await log_in(client, "pat", next="/dead?fault=record")
        assert answer.headers["Location"] == "/dead?fault=record"


async def test_every_answer_carries_the_policy_with_a_nonce_of_its_own(site):
    nonces = set()
    async with site.browser("viewer") as client:
        for path in ("/", "/queues", "/nowhere", "/static/console.css", "/login"):
            answer = await client.get(path, allow_redirects=False)
            policy = answer.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'; script-src 'self' 'nonce-")
            assert "frame-ancestors 'none'; base-uri 'none'" in policy
            assert "unsafe" not in policy
            nonce = between(policy, "nonce-", "'")
            nonces.add(nonce)
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            static = path.startswith("/static")
            assert answer.headers["Cache-Control"] == ("public, max-age=31536000, immutable" if static else "no-store")
            if path == "/":
                assert f'nonce="{nonce}"' in await answer.text()
    assert len(nonces) == 5


async def test_a_fault_of_ours_shows_an_id_and_nothing_else(site):
    await fill(site)

    async def broken(*_):
        raise ValueError("Jane Doe 900-12-3456")

    async with site.browser("viewer") as client:
        site.parts.desk.queues = broken
        answer = await client.get("/queues")
        text = await answer.text()
        assert answer.status == 500
        assert "900-12" not in text
        assert "ValueError" not in text
        assert "Tell whoever runs the gateway: 01" in text


async def test_a_replaced_account_is_logged_out(site):
    async with site.browser("viewer") as client:
        await site.operator("viewer", disabled=True)
        assert (await client.get("/", allow_redirects=False)).status == 303
