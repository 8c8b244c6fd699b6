"""Settings: whole or not at all, from environment and file, and never with a secret in sight."""

import os
from pathlib import Path

import pytest

from gateway.core.errors import Misconfigured
from gateway.settings import PREFIX, load


@pytest.fixture(autouse=True)
def _nowhere(tmp_path, monkeypatch):
    """An empty directory and no setting in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.upper().startswith(PREFIX):
            monkeypatch.delenv(name)


def written(text, name="chosen.toml"):
    path = Path(name)
    path.write_text(text)
    return path


def refusal():
    with pytest.raises(Misconfigured) as raised:
        load()
    return str(raised.value)


def test_without_anything_the_defaults_run_one_process_with_embedded_parts():
    settings = load()
    assert settings.db.url.startswith("sqlite+aiosqlite:///")
    assert settings.broker.url is None
    assert settings.api.host == "127.0.0.1"


def test_an_argument_beats_the_environment_which_beats_the_file_which_beats_the_default(monkeypatch):
    file = written("[db]\npool = 3\n[api]\nport = 1003\n[console]\nport = 1004\n")
    monkeypatch.setenv("GATEWAY__DB__POOL", "2")
    monkeypatch.setenv("GATEWAY__API__PORT", "1002")
    settings = load(file, api={"port": 1001})
    assert (settings.api.port, settings.db.pool, settings.console.port, settings.metrics.port) == (1001, 2, 1004, 9464)


def test_a_nested_variable_changes_its_key_and_leaves_the_others_of_its_section(monkeypatch):
    file = written('[api]\nhost = "0.0.0.0"\nport = 1003\n')
    monkeypatch.setenv("GATEWAY__API__PORT", "1002")
    assert (load(file).api.host, load(file).api.port) == ("0.0.0.0", 1002)  # noqa: S104 - the value in question


@pytest.mark.parametrize(
    ("variable", "example"),
    [
        ("GATEWAY__CONSOLE__PROXIES", '["one", "two"]'),
        ("GATEWAY__PLACES__ALLOWED", '["one", "two"]'),
        ("GATEWAY__CONSOLE__OIDC__ROLES", '{"key": "value"}'),
        ("GATEWAY__CONSOLE", '{"key": "value"}'),
    ],
)
def test_a_variable_of_several_values_that_is_no_json_is_named_without_its_value(monkeypatch, variable, example):
    monkeypatch.setenv("GATEWAY__CONSOLE__HOST", "10.0.0.1")
    monkeypatch.setenv(variable, "10.0.0.1")
    said = refusal()
    assert f": {variable} is no JSON; write it like {example}" in said
    assert "10.0.0.1" not in said
    assert "HOST" not in said


def test_the_file_of_the_working_directory_is_read_unless_another_is_named():
    written("[db]\npool = 5\n", "gateway.toml")
    assert load().db.pool == 5
    assert load(written("[db]\npool = 6\n")).db.pool == 6


@pytest.mark.parametrize("name", ["GATEWAY__DATABASE__URL", "GATEWAY__DB__URLL", "GATEWAY__POOL", "gateway__nothing"])
def test_a_mistyped_variable_is_refused_by_its_name(monkeypatch, name):
    monkeypatch.setenv(name, "canary")
    told = refusal()
    assert name.split("__")[-1].lower() in told.lower()
    assert "canary" not in told


def test_a_variable_in_small_letters_is_the_same_variable(monkeypatch):
    monkeypatch.setenv("gateway__db__pool", "4")
    monkeypatch.setenv("GATEWAY__work__processes", "2")
    assert (load().db.pool, load().work.processes) == (4, 2)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("GATEWAY__DB__POOL", "canary", "db.pool"),
        ("GATEWAY__DB__POOL", "0", "db.pool"),
        ("GATEWAY__API__PORT", "65536", "api.port"),
        ("GATEWAY__DB", "canary", "db"),
        ("GATEWAY__WORK__LEASE_SECONDS", "-1", "work.lease_seconds"),
        ("GATEWAY__BROKER__DELIVERY_LIMIT", "-1", "broker.delivery_limit"),
        ("GATEWAY__TLS__CERTIFICATE", "canary.pem", "certificate and key go together"),
    ],
)
def test_a_wrong_value_is_refused_by_its_place_and_never_shown(monkeypatch, name, value, told):
    monkeypatch.setenv(name, value)
    said = refusal()
    assert told in said
    assert "canary" not in said


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[db]\nurll = 'canary'\n", "db.urll"),
        ("[databse]\nurl = 'canary'\n", "databse"),
        ("[db\n", "line 1"),
        ("pool == 3", "line 1"),
    ],
)
def test_a_faulty_file_is_refused(text, told):
    with pytest.raises(Misconfigured) as raised:
        load(written(text))
    assert told in str(raised.value)
    assert "canary" not in str(raised.value)


def test_a_file_that_is_not_in_utf_8_is_refused_with_its_line(tmp_path):
    file = tmp_path / "gateway.toml"
    file.write_bytes("[db]\npool = 3  # für die Nacht\n".encode("latin-1"))
    with pytest.raises(Misconfigured, match=r"gateway\.toml: not in UTF-8 \(at line 2\)"):
        load(file)


def test_a_named_file_that_is_not_there_is_refused_instead_of_ignored():
    with pytest.raises(Misconfigured, match=r"nowhere\.toml"):
        load(Path("nowhere.toml"))


def test_neither_text_nor_representation_of_the_settings_shows_a_secret(monkeypatch):
    monkeypatch.setenv("GATEWAY__BROKER__URL", "amqp://user:canary@host/v")
    monkeypatch.setenv("GATEWAY__KEYS__PASSPHRASE", "canary")
    monkeypatch.setenv("GATEWAY__DB__URL", "postgresql+asyncpg://user:canary@host/name")
    settings = load()
    assert "canary" not in f"{settings} {settings!r} {settings.db} {settings.broker!r} {settings.keys!r}"
    assert settings.keys.passphrase.get_secret_value() == "canary"


def test_settings_cannot_be_changed_afterwards():
    settings = load()
    with pytest.raises(ValueError, match="frozen"):
        settings.db = settings.db


def test_a_password_alone_is_not_enough_in_production_and_a_provider_needs_a_way_back():
    assert load().console.second_factor
    with pytest.raises(Misconfigured, match="not PRODUCTION"):
        load(console={"second_factor": False})
    assert not load(console={"second_factor": False, "environment": "SANDBOX"}).console.second_factor
    oidc = {"issuer": "https://login.example", "client_id": "gateway", "roles": {"gw": "operator"}}
    with pytest.raises(Misconfigured, match="oidc needs origin"):
        load(console={"oidc": oidc})
    with pytest.raises(Misconfigured, match="nobody could log in"):
        load(console={"local_accounts": False})
    there = {"origin": "https://gateway.example"}
    assert load(console={"oidc": oidc, **there}).console.oidc.amr == {"mfa"}
    for wrong in ({"issuer": "http://login.example"}, {"amr": [], "acr": []}, {"algorithms": ["none"]}, {"roles": {}}):
        with pytest.raises(Misconfigured, match="console"):
            load(console={"oidc": {**oidc, **wrong}, **there})


def test_a_console_that_asks_for_certificates_needs_somebody_who_can_ask():
    with pytest.raises(Misconfigured, match=r"console\.device_ca needs tls\.certificate"):
        load(console={"device_ca": "devices.pem"})
    assert load(console={"device_ca": "devices.pem", "proxies": ["10.0.0.1"]}).console.device_ca is not None
    assert load(console={"device_ca": "devices.pem"}, tls={"certificate": "c.pem", "key": "k.pem"}).tls.key is not None


def test_a_mistyped_key_is_told_with_the_one_that_was_meant(monkeypatch):
    with pytest.raises(Misconfigured, match=r"api\.prot: there is no such setting; did you mean port\?"):
        load(written("[api]\nprot = 1\n"))
    with pytest.raises(Misconfigured, match=r"work\.zzz: there is no such setting$"):
        load(written("[work]\nzzz = 1\n"))
    monkeypatch.setenv(f"{PREFIX}BROKR__URL", "amqp://")
    assert "Did you mean GATEWAY__BROKER__...?" in refusal()
