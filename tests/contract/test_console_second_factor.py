"""The second half of a login: nobody is let in with a password alone, codes are good once, guesses lock."""

from __future__ import annotations

import asyncio
import base64
import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar

from gateway.core.ports.factors import FactorKind
from gateway.docs.access import HALF, OPEN
from gateway.web.console import onetime
from tests.contract.console_site import PASSWORD, StillClock, log_in, running, token
from tests.guards.test_console_routes import documented, filled

WRONG = "000000"


@pytest.fixture
async def site(sqlite_url):
    async with running(sqlite_url, clock=StillClock(), second_factor=True) as site:
        yield site


class Whole(ClientResponse):
    """Read to its end at once, or closed where it has none: what a test does not look at would hold its connection."""

    async def start(self, connection):
        await super().start(connection)
        if self.content_type == "text/event-stream":
            self.close()
        else:
            await self.read()
        return self


def client_of(site):
    return ClientSession(site.url, cookie_jar=CookieJar(unsafe=True), response_class=Whole)


def code_at(site, secret, steps=0):
    return pyotp.TOTP(secret).at(site.clock() + timedelta(seconds=30 * steps))


async def enrol(site, client, name="pat", role="data-steward", **changes):
    """A first login, up to the page behind it; the secret."""
    await site.operator(name, role, **changes)
    answer = await log_in(client, name)
    assert answer.headers["Location"].startswith("/login/second")
    page = await (await client.get(answer.headers["Location"])).text()
    secret = re.search(r'id="secret">([A-Z2-7]{32})<', page)[1]
    form = {**hidden(page), "code": code_at(site, secret), "label": "Phone"}
    assert (await client.post("/login/enrol", data=form, allow_redirects=False)).headers["Location"] == "/"
    return secret


def hidden(page):
    """The hidden fields of the last form of the page that has a code."""
    form = next(one for one in page.split("<form")[::-1] if 'name="code"' in one)
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))


async def show(client, code):
    page = await (await client.get("/login/second")).text()
    return await client.post("/login/second", data={**hidden(page), "code": code}, allow_redirects=False)


async def logged_out(site, client, name="pat"):
    """The same browser after a log-out and the password again: half a login."""
    await client.post("/logout", data={"csrf": await token(client)})
    site.clock.forward(seconds=60)
    assert (await log_in(client, name)).status == 303


async def opened(client):
    """Every page that is open to the session, of all that are not open to everybody."""
    found = set()
    for (method, path), cells in documented().items():
        if method == "GET" and not {OPEN, HALF} & set(cells.values()):
            answer = await client.get(filled(path), allow_redirects=False)
            if answer.status != 303 or not answer.headers["Location"].startswith("/login/second"):
                found.add(path)
    return found


@pytest.mark.claim("F04", control="test_control_without_the_safeguard_a_password_alone_opens_pages")
async def test_a_password_alone_opens_no_page(site, claim):
    async with client_of(site) as client:
        await enrol(site, client)
        await logged_out(site, client)
        assert await opened(client) == set()
    pages = [path for method, path in documented() if method == "GET"]
    claim.measured(f"0 of {len(pages)} pages opened by a password alone")


async def test_control_without_the_safeguard_a_password_alone_opens_pages(sqlite_url):
    async with running(sqlite_url, clock=StillClock(), second_factor=False) as site, client_of(site) as client:
        await site.operator("pat", "operator")
        assert (await log_in(client, "pat")).headers["Location"] == "/"
        assert "/records" in await opened(client)


@pytest.mark.parametrize("name", ["pat", "kim"])
async def test_half_a_login_that_was_left_behind_keeps_nobody_out(site, name):
    async with client_of(site) as client:
        await site.operator("pat", "operator")
        await site.operator("kim", "operator")
        await log_in(client, "pat")
        again = await log_in(client, name)
        assert (again.status, again.headers.get("Location")) == (303, "/login/second?next=%2F")


async def test_a_login_form_needs_the_token_of_its_cookie_beside_half_a_login_too(site):
    async with client_of(site) as client:
        await site.operator("pat", "operator")
        await log_in(client, "pat")
        await client.get("/login")
        form = {"name": "pat", "password": PASSWORD, "csrf": "0" * 64}
        assert (await client.post("/login", data=form)).status == 403


@pytest.mark.parametrize(
    ("form", "page", "role"),
    [
        ("/records/r-1/content", "/records/r-1/content", "data-steward"),
        ("/amendments/a-1/content", "/amendments/a-1", "data-steward"),
        ("/break", "/break", "operator"),
        ("/break/record", "/break", "operator"),
    ],
)
async def test_whose_factor_was_shown_too_long_ago_comes_back_to_the_page_of_the_form(site, form, page, role):
    async with client_of(site) as client:
        secret = await enrol(site, client, role=role, break_glass=role == "operator")
        csrf = await token(client)
        for _ in range(2):
            site.clock.forward(minutes=8)
            await client.get("/stay")
        asked = await client.post(form, data={"csrf": csrf, "reason": "ticket"}, allow_redirects=False)
        assert asked.status == 303
        again = await (await client.get(asked.headers["Location"])).text()
        data = {**hidden(again), "code": code_at(site, secret)}
        assert (await client.post("/login/second", data=data, allow_redirects=False)).headers["Location"] == page


async def test_the_first_login_enrols_and_the_next_one_asks(site):
    async with client_of(site) as client:
        secret = await enrol(site, client)
        assert (await client.get("/system", allow_redirects=False)).status == 200
        await logged_out(site, client)
        assert (await client.get("/login/enrol")).status == 403, "a password does not add to the factors"
        assert (await show(client, code_at(site, secret))).headers["Location"] == "/"
        assert (await client.get("/system", allow_redirects=False)).status == 200
    actions = [(e.action, e.outcome) for e in await site.parts.audit.unsequenced(1000) if e.object == "operator:pat"]
    assert actions == [
        ("operator.added", "ok"),
        ("operator.login", "second-factor-due"),
        ("operator.enrolled", "ok"),
        ("operator.login", "ok"),
        ("operator.logout", "ok"),
        ("operator.login", "second-factor-due"),
        ("operator.login", "ok"),
    ]


async def test_a_code_is_good_once_in_all_browsers(site):
    async with client_of(site) as client, client_of(site) as other:
        secret = await enrol(site, client)
        await logged_out(site, client)
        code = code_at(site, secret)
        await log_in(other, "pat")
        assert (await show(client, code)).status == 303
        assert (await show(other, code)).status == 401
        assert (await show(other, code_at(site, secret, -1))).status == 401, "nor is an older one"
        site.clock.forward(seconds=30)
        assert (await show(other, code_at(site, secret))).status == 303


async def test_control_a_secret_whose_codes_are_not_remembered_takes_a_code_twice(site):
    async with client_of(site) as client:
        secret = await enrol(site, client)
        code = code_at(site, secret, 1)
        assert onetime.step_of(secret, code, site.clock()) == onetime.step_of(secret, code, site.clock()) is not None


@pytest.mark.parametrize(("seconds", "taken"), [(-61, False), (-30, True), (0, True), (30, True), (61, False)])
def test_codes_of_the_step_before_and_after_are_taken_and_no_others(seconds, taken):
    clock = StillClock()
    secret = onetime.new_secret(lambda n: bytes(range(n)))
    code = pyotp.TOTP(secret).at(int(clock().timestamp()) + seconds)
    assert (onetime.step_of(secret, code, clock()) is not None) == taken


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "\uff11\uff12\uff13\uff14\uff15\uff16", "12345\n"])
def test_what_is_no_code_is_no_code(code):
    assert onetime.step_of(onetime.new_secret(bytes), code, StillClock()()) is None


def test_the_codes_are_those_of_rfc_6238():
    secret = base64.b32encode(b"12345678901234567890").decode()
    times = {59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"}
    for at, code in times.items():
        now = datetime.fromtimestamp(at, UTC)
        assert onetime.step_of(secret, code, now) == at // 30


async def test_three_wrong_codes_lock_the_name_and_end_the_half_login(site):
    async with client_of(site) as client:
        secret = await enrol(site, client)
        await logged_out(site, client)
        assert [(await show(client, WRONG)).status for _ in range(2)] == [401, 401]
        assert (await show(client, WRONG)).headers["Location"] == "/login"
        assert (await log_in(client, "pat")).status == 429
        site.clock.forward(minutes=15)
        await log_in(client, "pat")
        assert (await show(client, code_at(site, secret))).status == 303


async def test_the_session_is_replaced_when_the_second_factor_is_shown(site):
    async with client_of(site) as client:
        secret = await enrol(site, client)
        await logged_out(site, client)
        half = next(one.value for one in client.cookie_jar if one.key == "gw")
        await show(client, code_at(site, secret))
        whole = next(one.value for one in client.cookie_jar if one.key == "gw")
        assert whole != half
    async with client_of(site) as thief:
        answer = await thief.get("/system", cookies={"gw": half}, allow_redirects=False)
        assert answer.headers["Location"].startswith("/login?next"), "what was fixed or seen before is worth nothing"


async def test_an_offered_secret_cannot_be_changed_or_used_in_another_session(site):
    async with client_of(site) as client, client_of(site) as other:
        await site.operator("pat", "operator")
        await site.operator("kim", "operator")
        await log_in(client, "pat")
        await log_in(other, "kim")
        page = await (await client.get("/login/enrol")).text()
        theirs = hidden(await (await other.get("/login/enrol")).text())
        for kept in (hidden(page)["kept"], "", "AAAA", theirs["kept"][:-8] + "AAAAAAA="):
            form = {**theirs, "kept": kept, "code": WRONG}
            assert (await other.post("/login/enrol", data=form)).status == 400
    assert await site.parts.factors.of("kim") == ()


async def test_secrets_are_sealed_at_rest(site):
    async with client_of(site) as client:
        secret = await enrol(site, client)
    [factor] = await site.parts.factors.of("pat")
    assert factor.kind is FactorKind.TOTP
    assert secret.encode() not in factor.sealed
    assert secret not in repr(factor)


async def test_a_factor_is_added_and_removed_but_never_the_last_one(site):
    async with client_of(site) as client:
        await enrol(site, client)
        page = await (await client.get("/login/enrol?next=/account")).text()
        secret = re.search(r'id="secret">([A-Z2-7]{32})<', page)[1]
        form = {**hidden(page), "code": code_at(site, secret), "label": "Tablet"}
        assert (await client.post("/login/enrol", data=form, allow_redirects=False)).headers["Location"] == "/account"
        first, second = await site.parts.factors.of("pat")
        assert (first.label, second.label) == ("Phone", "Tablet")
        gone = f"/account/factors/{first.id}/remove"
        assert (await client.post(gone, data={"csrf": await token(client)}, allow_redirects=False)).status == 303
        last = f"/account/factors/{second.id}/remove"
        assert (await client.post(last, data={"csrf": await token(client)})).status == 409


async def test_one_factor_is_left_when_all_are_removed_at_the_same_moment(site):
    async with client_of(site) as client:
        await enrol(site, client)
        page = await (await client.get("/login/enrol?next=/account")).text()
        secret = re.search(r'id="secret">([A-Z2-7]{32})<', page)[1]
        form = {**hidden(page), "code": code_at(site, secret), "label": "Tablet"}
        assert (await client.post("/login/enrol", data=form, allow_redirects=False)).status == 303
        csrf = {"csrf": await token(client)}
        gone = [f"/account/factors/{one.id}/remove" for one in await site.parts.factors.of("pat")]
        answers = await asyncio.gather(*(client.post(one, data=csrf, allow_redirects=False) for one in gone))
    assert sorted(one.status for one in answers) == [303, 409]
    assert len(await site.parts.factors.of("pat")) == 1


async def test_an_admin_resets_a_lost_factor_and_the_next_login_enrols(site):
    async with client_of(site) as pat, client_of(site) as admin:
        await enrol(site, pat)
        await enrol(site, admin, "ada", "admin")
        form = {"csrf": await token(admin), "reason": "telephone lost"}
        assert (await admin.post("/accounts/pat/reset", data=form, allow_redirects=False)).status == 303
        assert await site.parts.factors.of("pat") == ()
        assert (await pat.get("/system", allow_redirects=False)).headers["Location"].startswith("/login")
        await log_in(pat, "pat")
        assert "Add a second factor" in await (await pat.get("/login/second")).text()


async def test_log_out_everywhere_ends_every_browser(site):
    async with client_of(site) as one, client_of(site) as other:
        secret = await enrol(site, one)
        site.clock.forward(seconds=60)
        await log_in(other, "pat")
        await show(other, code_at(site, secret))
        answer = await one.post("/logout/everywhere", data={"csrf": await token(one)}, allow_redirects=False)
        assert answer.status == 303
        for client in (one, other):
            assert (await client.get("/system", allow_redirects=False)).headers["Location"].startswith("/login?")


async def test_a_password_in_between_does_not_begin_the_count_of_guessed_codes_anew(site):
    async with client_of(site) as client:
        await enrol(site, client)
        await logged_out(site, client)
        for _ in range(site.settings.bad_attempts - 1):
            assert (await show(client, WRONG)).status == 401
            client.cookie_jar.clear()
            assert (await log_in(client, "pat")).status == 303
        await show(client, WRONG)
        client.cookie_jar.clear()
        assert (await log_in(client, "pat")).status == 429


@pytest.mark.claim("F05", control="test_control_other_figures_move_the_boundaries")
async def test_lock_out_idle_and_absolute_limits_end_on_their_second(site, claim):
    assert await boundaries(site) == (15 * 60, 120 * 60, 15 * 60 + 1, 8 * 3600 + 1)
    claim.measured("lock 15 min, failures of 120 min, idle 15 min, login 8 h: each to the second")


async def test_control_other_figures_move_the_boundaries(sqlite_url):
    changed = {"lockout": timedelta(minutes=5), "idle": timedelta(minutes=20), "attempts_within": timedelta(hours=1)}
    async with running(sqlite_url, clock=StillClock(), second_factor=True, **changed) as site:
        assert await boundaries(site) == (5 * 60, 60 * 60, 20 * 60 + 1, 8 * 3600 + 1)


async def boundaries(site):
    """The seconds after which each limit lets go, or bites: found by trying one second before and at it."""
    async with client_of(site) as client:
        secret = await enrol(site, client)
        lock = await first_second(client, site, site.settings.lockout, lambda: locked_for(site, client))
        window = await first_second(client, site, site.settings.attempts_within, lambda: forgets(site, client))
        idle = await first_second(
            client, site, site.settings.idle, lambda: ended_after(site, client, secret, busy=False)
        )
        whole = await first_second(
            client, site, site.settings.absolute, lambda: ended_after(site, client, secret, busy=True)
        )
    return lock, window, idle, whole


async def first_second(client, site, limit, trial):
    """``trial`` gives a function that waits and says whether the limit is over."""
    seconds = int(limit.total_seconds())
    over = []
    for wait in (seconds - 1, seconds, seconds + 1):
        client.cookie_jar.clear()
        over.append(await (await trial())(wait))
        site.clock.forward(hours=24)
    assert over[0] is False
    return seconds if over[1] else seconds + 1 if over[2] else None


async def locked_for(site, client):
    for _ in range(site.settings.bad_attempts):
        assert (await log_in(client, "pat", "wrong")).status == 401

    async def over(wait):
        site.clock.forward(seconds=wait)
        return (await log_in(client, "pat")).status == 303

    return over


async def forgets(site, client):
    """Two failures now, one after the wait: whether the first two are forgotten."""
    for _ in range(site.settings.bad_attempts - 1):
        await log_in(client, "pat", "wrong")

    async def over(wait):
        site.clock.forward(seconds=wait)
        await log_in(client, "pat", "wrong")
        return (await log_in(client, "pat")).status == 303

    return over


async def ended_after(site, client, secret, *, busy):
    await log_in(client, "pat")
    assert (await show(client, code_at(site, secret))).status == 303

    async def over(wait):
        step = int(site.settings.idle.total_seconds()) - 1
        while busy and wait > step:
            site.clock.forward(seconds=step)
            assert (await client.get("/stay")).status == 204
            wait -= step
        site.clock.forward(seconds=wait)
        return (await client.get("/stay", allow_redirects=False)).status == 303

    return over


@pytest.mark.claim("F10", control="test_control_a_console_without_a_banner_shows_none")
async def test_the_warning_stands_before_every_login_and_logging_in_agrees_to_it(site, claim):
    async with client_of(site) as client:
        page = await (await client.get("/login")).text()
    for told in ("federal tax information", "authorized people", "recorded", "civil and criminal law", "you agree"):
        assert told in page
    assert page.index('id="banner"') < page.index('name="password"')
    assert "Agree and log in" in page
    claim.measured("1 of 1 login pages")


async def test_control_a_console_without_a_banner_shows_none(sqlite_url):
    async with running(sqlite_url, banner="") as site, client_of(site) as client:
        assert 'id="banner"' not in await (await client.get("/login")).text()


async def test_an_account_of_a_provider_has_no_password(site):
    await site.operator("pat", "operator", provider="https://login.invalid")
    async with client_of(site) as client:
        assert (await log_in(client, "pat", PASSWORD)).status == 401
