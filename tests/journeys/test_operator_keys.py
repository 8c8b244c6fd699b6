"""Keys of an account may what its role may, and end with it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.callers import Account, add_operator, disable_operator, new_operator_key
from gateway.core.errors import Misconfigured
from gateway.core.model import Actor
from gateway.core.own_name import open_surname
from gateway.core.roles import Role
from gateway.foundation import foundation
from tests.journeys.partner_files import everybody
from tests.servers.gateway_process import install

ROOT = Actor("operator", "root@cli")
PASSWORD = "correct horse battery"


@pytest.fixture
async def base(sqlite_url, tmp_path):
    installed = await install(tmp_path, sqlite_url, everybody(1))
    async with foundation(installed.settings) as base:
        yield base


async def scopes(base, name="pat"):
    return [set(key.principal.scopes) for key in await base.stores.callers.list(None) if key.principal.operator == name]


async def test_an_auditors_key_reads_and_a_key_that_a_new_role_does_not_allow_is_revoked(base):
    day = timedelta(days=1)
    await add_operator(base, ROOT, Account("pat", Role.OPERATOR, PASSWORD))
    await new_operator_key(base, ROOT, "pat", day)
    assert await scopes(base) == [{"read", "operate"}]
    await add_operator(base, ROOT, Account("pat", Role.AUDITOR, PASSWORD))
    assert await scopes(base) == []
    await new_operator_key(base, ROOT, "pat", day)
    assert await scopes(base) == [{"read"}]
    await disable_operator(base, ROOT, "pat")
    assert await scopes(base) == []
    with pytest.raises(Misconfigured):
        await new_operator_key(base, ROOT, "pat", day)


async def test_a_role_without_rights_over_the_api_gets_no_key(base):
    for role in (Role.VIEWER, Role.ADMIN, Role.SECURITY_OFFICER):
        await add_operator(base, ROOT, Account("sam", role, PASSWORD))
        with pytest.raises(Misconfigured):
            await new_operator_key(base, ROOT, "sam", timedelta(days=1))


async def test_only_a_role_that_may_not_read_can_be_allowed_to_break_the_glass(base):
    await add_operator(base, ROOT, Account("vic", Role.VIEWER, PASSWORD, break_glass=True))
    assert (await base.stores.operators.find("vic")).break_glass
    await add_operator(base, ROOT, Account("vic", Role.VIEWER, PASSWORD))
    assert not (await base.stores.operators.find("vic")).break_glass
    with pytest.raises(Misconfigured):
        await add_operator(base, ROOT, Account("vic", Role.DATA_STEWARD, PASSWORD, break_glass=True))


async def test_an_account_keeps_its_surname_when_its_role_changes(base):
    def kept(found):
        return open_surname(base.tools.examiner.sealer, "pat", found.sealed_surname)

    await add_operator(base, ROOT, Account("pat", Role.OPERATOR, PASSWORD, surname="Zzyzxova"))
    await add_operator(base, ROOT, Account("pat", Role.AUDITOR, PASSWORD))
    assert kept(await base.stores.operators.find("pat")) == "Zzyzxova"
    with pytest.raises(Misconfigured):
        await add_operator(base, ROOT, Account("pat", Role.AUDITOR, PASSWORD, surname="123"))
    await disable_operator(base, ROOT, "pat")
    assert kept(await base.stores.operators.find("pat")) == "Zzyzxova"
