"""A change of what may leave, or of how long is kept, is an entry with the digests before and after."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gateway.app import gateway
from gateway.policies import in_force, note_policies
from gateway.settings import Retention
from tests.contract.archive import archive
from tests.servers.gateway_process import install

SCHEMAS = Path(__file__).parents[2] / "schemas"
OTHER = {"disclosure": ("2027-01-01", "0" * 64), "retention": ("2027-01-01", "1" * 64)}


def digest(*names):
    return hashlib.sha256(b"".join((SCHEMAS / name).read_bytes() for name in names)).hexdigest()


async def told(base, name):
    entries = [entry for _, entry in await base.stores.audit.about(f"policy:{name}")]
    return [(entry.action, entry.details["before"], entry.details["sha256"]) for entry in entries]


@pytest.mark.claim("L04", control="test_without_the_look_at_the_start_nothing_tells_of_a_policy")
async def test_a_change_of_a_policy_is_an_entry_with_the_digests_before_and_after(tmp_path, sqlite_url, claim):
    async with archive(tmp_path, sqlite_url) as site:
        first = in_force(site.base)
        for policies in (first, first, OTHER, OTHER, first):
            await note_policies(site.base, policies)
        for name, (_, other) in OTHER.items():
            own = first[name][1]
            steps = [("none", own), (own, other), (other, own)]
            assert await told(site.base, name) == [("policy.changed", *step) for step in steps]
    claim.measured("6 of 6 changes")


async def test_without_the_look_at_the_start_nothing_tells_of_a_policy(tmp_path, sqlite_url):
    async with archive(tmp_path, sqlite_url) as site:
        await site.fill(1)
        assert [await told(site.base, name) for name in OTHER] == [[], []]


async def test_a_gateway_tells_the_log_which_policies_it_began_with(tmp_path, sqlite_url):
    installed = await install(tmp_path, sqlite_url, "")
    own = tmp_path / "policy.toml"
    own.write_bytes((SCHEMAS / "retention/policy.toml").read_bytes() + b"\n# of this site\n")
    shipped = digest("retention/policy.toml")
    changed = installed.settings.model_copy(update={"retention": Retention(policy=own)})
    for settings in (installed.settings, changed):
        async with gateway(settings) as process:
            base = process.base
            found = [await told(base, name) for name in OTHER]
    disclosure = digest("disclosure/policy.toml", "disclosure/fti.toml", "disclosure/answers.toml")
    assert found[0] == [("policy.changed", "none", disclosure)]
    site = hashlib.sha256(own.read_bytes()).hexdigest()
    assert found[1] == [("policy.changed", "none", shipped), ("policy.changed", shipped, site)]
