"""The life of wire keys at the command line: ours made, a partner's registered, proved and ended."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.core.ports.protection import Expected
from gateway.core.protection import Algorithm, Ends, Profile, Stage, Use, WireKey
from keys.wire.protection import WireProtection

EXAMPLES = Path(__file__).parents[2] / "examples" / "partners"
WIRE = WireProtection()


@pytest.fixture
def run(command_line, tmp_path):
    def command(*arguments, **settings):
        return command_line.run(arguments, tmp_path, settings)

    return command


def listed(run, owner):
    return json.loads(run("wire", "list", owner, "--json").stdout)


def told(run, *words):
    done = run(*words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_partners_key_is_registered_and_proved_and_ours_is_replaced(run, tmp_path):
    run("init")
    run("partner", "apply", str(EXAMPLES / "states.toml"))
    made = told(run, "wire", "new", "jose")["made"]
    ours = listed(run, "gateway")
    assert {one["id"] for one in made} == {one["id"] for one in ours}
    assert told(run, "wire", "new", "jose") == {"made": []}
    assert {(one["use"], one["stage"]) for one in ours} == {("encrypt", "valid"), ("verify", "valid")}

    now = datetime.now(UTC)
    material, private = WIRE.make(Algorithm.P256, "ohio", now - timedelta(minutes=1), now + timedelta(days=90))
    (tmp_path / "ohio.pem").write_text(WIRE.public_text(material))
    adding = ("wire", "add", "ohio", "ohio.pem", "--use", "encrypt")
    added = {"id": material.id, "owner": "ohio", "use": "encrypt"}
    assert told(run, *adding) == {**added, "added": True}
    assert told(run, *adding) == {**added, "added": False}
    written = told(run, "wire", "test", "ohio", material.id, "-o", "test.jwe")
    assert written == {"file": "test.jwe", "bytes": (tmp_path / "test.jwe").stat().st_size, "id": material.id}

    [signing] = [one["id"] for one in ours if one["use"] == "verify"]
    shown = WIRE.material(run("wire", "show", "gateway", signing).stdout)
    assert WIRE.material(told(run, "wire", "show", "gateway", signing)["pem"]) == shown
    name = json.loads(run("check-config").stdout)["log_name"]
    own = WireKey("ohio", Use.ENCRYPT, material, Stage.PENDING, now, None, private)
    expected = Expected(
        Ends(name, "ohio"), datetime.now(UTC), 1_000, [own], [WireKey("", Use.VERIFY, shown, Stage.VALID, now)]
    )
    proof = WIRE.unprotect(Profile.JOSE, (tmp_path / "test.jwe").read_bytes(), expected).plain.decode().strip()
    assert told(run, "wire", "confirm", "ohio", material.id, proof)["stage"] == "valid"
    assert [(one["stage"], one["days_left"]) for one in listed(run, "ohio")] == [("valid", 89)]
    renewed = told(run, "wire", "renew", "verify", "P-256")
    [pending] = [one["id"] for one in listed(run, "gateway") if one["stage"] == "pending"]
    assert (renewed["id"], renewed["stage"]) == (pending, "pending")
    assert told(run, "wire", "activate", pending) == {"id": pending, "stage": "valid"}
    assert told(run, "wire", "retire", "gateway", signing) == {"id": signing, "stage": "retired"}
    assert {one["stage"] for one in listed(run, "gateway") if one["use"] == "verify"} == {"valid", "retired"}
