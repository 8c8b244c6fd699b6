"""A change of what may leave, or of how long is kept, is an entry with the digests before and after."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from gateway.app import gateway
from gateway.audit.note import VerifyKey
from gateway.audit.policy_note import add_signature, policy_text
from gateway.cli.doctor import _examined
from gateway.core.errors import Misconfigured
from gateway.core.policies import Edition
from gateway.foundation import foundation
from gateway.policies import note_policies
from gateway.settings import PolicySettings, Retention
from keys.note_key import NoteKey
from tests.contract.archive import archive
from tests.servers.gateway_process import install

SCHEMAS = Path(__file__).parents[2] / "schemas"
OTHER = {"disclosure": Edition("2027-01-01", "0" * 64), "retention": Edition("2027-01-01", "1" * 64)}
ANNA, BEN, EVE = (NoteKey(f"ohio.example/{name}", name.encode().ljust(32)) for name in ("anna", "ben", "eve"))


def of_this_site(directory):
    own = directory / "policy.toml"
    own.write_bytes((SCHEMAS / "retention/policy.toml").read_bytes() + b"\n# of this site\n")
    return own


def digest(*names):
    return hashlib.sha256(b"".join((SCHEMAS / name).read_bytes() for name in names)).hexdigest()


async def told(base, name):
    entries = [entry for _, entry in await base.stores.audit.about(f"policy:{name}")]
    return [(entry.action, entry.details["before"], entry.details["sha256"]) for entry in entries]


async def test_what_is_wrong_with_a_policy_of_the_site_is_said_of_its_file(tmp_path, sqlite_url):
    installed = await install(tmp_path / "home", sqlite_url, "")
    own = tmp_path / "ours.toml"
    own.write_text("no table", encoding="utf-8")
    changed = installed.settings.model_copy(update={"retention": Retention(policy=own)})
    with pytest.raises(Misconfigured, match=f"^{re.escape(str(own))}: "):
        async with foundation(changed):
            pass


@pytest.mark.claim("L04", control="test_without_the_look_at_the_start_nothing_tells_of_a_policy")
async def test_a_change_of_a_policy_is_an_entry_with_the_digests_before_and_after(tmp_path, sqlite_url, claim):
    async with archive(tmp_path, sqlite_url) as site:
        first = site.base.policies.editions
        for policies in (first, first, OTHER, OTHER, first):
            await note_policies(site.base.stores.audit, site.base.scribe, policies, "nobody")
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
    own = of_this_site(tmp_path)
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


def signed(path, editions, *signers):
    note = ""
    for signer in signers:
        note = add_signature(note, policy_text(editions), signer)
    path.write_text(note, encoding="utf-8")
    return path


def asking(settings, note, threshold=1, **other):
    signers = tuple(str(VerifyKey.of(one)) for one in (ANNA, BEN))
    chosen = PolicySettings(signers=signers, signature=note, threshold=threshold)
    return settings.model_copy(update={"policy": chosen, **other})


async def opened(settings):
    """Who signed, or the code of the refusal and whether it names the policies."""
    try:
        async with foundation(settings) as base:
            return base.policies.signers
    except Misconfigured as refusal:
        return refusal.problem, "disclosure" in refusal.detail and "retention" in refusal.detail


REFUSED = ("policy-not-signed", True)


@pytest.mark.claim("L04", control="test_without_signers_the_same_policies_start_though_nobody_signed")
async def test_policies_that_were_not_signed_as_they_are_let_nothing_start(tmp_path, sqlite_url, claim):
    async with archive(tmp_path, sqlite_url) as site:
        settings, editions = site.base.settings, site.base.policies.editions
    note = tmp_path / "policies.note"
    assert await opened(asking(settings, note)) == ("policy-not-signed", False)  # there is no note
    assert await opened(asking(settings, signed(note, editions, ANNA))) == ANNA.name
    assert await opened(asking(settings, signed(note, editions, BEN, ANNA), 2)) == f"{ANNA.name} {BEN.name}"
    cases = (
        (signed(tmp_path / "one", editions, ANNA), 2, {}),
        (signed(tmp_path / "eve", editions, EVE, EVE), 1, {}),
        (signed(tmp_path / "other", OTHER, ANNA, BEN), 1, {}),
        (note, 1, {"retention": Retention(policy=of_this_site(tmp_path))}),
    )
    refused = [await opened(asking(settings, *case, **other)) for *case, other in cases]
    assert refused == [REFUSED] * len(cases)
    with pytest.raises(Misconfigured):
        async with gateway(asking(settings, cases[0][0], 2)):
            pass
    assert "0 of at least 1 signers signed" in (await _examined(asking(settings, cases[1][0])))["policy"]
    assert (await _examined(asking(settings, signed(note, editions, ANNA))))["policy"] == "ok"
    claim.measured(f"{len(refused)} of {len(cases)} refused")


async def test_without_signers_the_same_policies_start_though_nobody_signed(tmp_path, sqlite_url):
    """The control."""
    async with archive(tmp_path, sqlite_url) as site:
        settings = site.base.settings
    changed = settings.model_copy(update={"retention": Retention(policy=of_this_site(tmp_path))})
    assert [await opened(one) for one in (settings, changed)] == ["nobody"] * 2


async def test_who_signed_is_in_the_entry_and_taking_signers_out_is_one_too(tmp_path, sqlite_url):
    async with archive(tmp_path, sqlite_url) as site:
        log, scribe, editions = site.base.stores.audit, site.base.scribe, site.base.policies.editions
        for signers in ("nobody", ANNA.name, ANNA.name, f"{ANNA.name} {BEN.name}", "nobody"):
            await note_policies(log, scribe, editions, signers)
        entries = [entry for _, entry in await log.about("policy:retention")]
    assert [entry.details["signed_by"] for entry in entries] == [
        "nobody",
        ANNA.name,
        f"{ANNA.name} {BEN.name}",
        "nobody",
    ]
    assert {entry.details["sha256"] for entry in entries} == {editions["retention"].digest}


@pytest.mark.parametrize(
    "chosen",
    [
        {"signers": (str(VerifyKey.of(ANNA)),)},
        {"signature": "policies.note"},
        {"threshold": 2},
        {"signers": (str(VerifyKey.of(ANNA)),), "signature": "policies.note", "threshold": 2},
    ],
)
def test_settings_that_ask_for_half_are_refused(chosen):
    with pytest.raises(ValueError, match="sign"):
        PolicySettings(**chosen)


async def test_one_person_does_not_count_as_two(tmp_path, sqlite_url):
    async with archive(tmp_path, sqlite_url) as site:
        settings, editions = site.base.settings, site.base.policies.editions
    twin = NoteKey("ohio.example/twin", b"anna".ljust(32))
    note = signed(tmp_path / "note", editions, ANNA, twin)
    keys = tuple(str(VerifyKey.of(one)) for one in (ANNA, twin))
    chosen = PolicySettings(signers=keys, signature=note, threshold=2)
    assert await opened(settings.model_copy(update={"policy": chosen})) == ("bad-verify-key", False)
