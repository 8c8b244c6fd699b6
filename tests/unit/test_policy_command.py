"""`gateway policy`: keys of signers, signatures, and who signed; with no database and no key of the gateway."""

from __future__ import annotations

import json
import stat

import pytest
from typer.testing import CliRunner

from gateway.cli.application import app
from gateway.core.errors import Misconfigured


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def running(*words):
        done = CliRunner().invoke(app, ["policy", *words])
        if isinstance(done.exception, Misconfigured):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.stdout

    return running


def test_two_officers_sign_and_whoever_looks_is_told_who_did(run, tmp_path):
    keys = [run("key", f"{name}/key.json", "--name", f"ohio.example/{name}").strip() for name in ("anna", "ben")]
    assert json.loads(run("key", "anna/key.json", "--json")) == {"key": keys[0]}
    shown = json.loads(run("show", "--json"))
    signed = run("sign", "anna/key.json", "--signature", "policies.note")
    assert all(f"{name} {one['version']} sha256:{one['sha256']}" in signed for name, one in shown.items())
    again = json.loads(run("sign", "ben/key.json", "--signature", "policies.note", "--json"))
    assert (again["signer"], again["file"], again["policies"]) == ("ohio.example/ben", "policies.note", shown)
    asked = ("check", "--signature", "policies.note", "--json", "--signer", keys[1])
    assert json.loads(run(*asked)) == {"signed_by": ["ohio.example/ben"]}
    assert json.loads(run(*asked, "--signer", keys[0]))["signed_by"] == ["ohio.example/ben", "ohio.example/anna"]
    with pytest.raises(Misconfigured) as refused:
        run(*asked, "--signer", run("key", "eve/key.json", "--name", "eve").strip().replace("eve", "eva"))
    assert refused.value.problem == "bad-verify-key"
    (tmp_path / "policies.note").unlink()
    with pytest.raises(Misconfigured) as refused:
        run(*asked)
    assert refused.value.problem == "policy-not-signed"


def test_a_signers_key_is_for_its_owner_alone_and_is_never_written_over(run, tmp_path):
    run("key", "officer/anna.json", "--name", "ohio.example/anna")
    file = tmp_path / "officer/anna.json"
    assert (stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(file.parent.stat().st_mode)) == (0o600, 0o700)
    assert [one.name for one in tmp_path.rglob("*") if one.is_file()] == ["anna.json"]
    with pytest.raises(Misconfigured, match="there already"):
        run("key", "officer/anna.json", "--name", "ohio.example/anna")
    file.chmod(0o644)
    with pytest.raises(Misconfigured, match="others may read"):
        run("sign", "officer/anna.json", "--signature", "policies.note")
