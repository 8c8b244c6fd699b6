"""Commands that work on this machine's own gateway: what they say when something is wrong."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tracemalloc
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import trustme

from gateway.core.model import FormatName
from gateway.fips import modules
from gateway.offline import validator
from tests.servers.gateway_process import GATEWAY, bare_environment

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
NAMELESS = 54321
"""A user that no machine knows by a name, as containers have them."""
FAULTY = """[[partner]]
key = "good"
name = "x"
role = "state"
program = "IV-D"
locators = ["39"]
accepts = ["nonsense"]
[partner.endpoint]
adapter = "sftp"
hosst = "x"
[[agreement]]
key = "a1"
senders = ["nobody"]
recipient = "good"
kinds = ["locate"]
legal_basis = "42 USC 666"
valid_from = 2026-02-01
plain = true
"""


@pytest.fixture
def run(command_line, tmp_path):
    def command(*arguments, **settings):
        return command_line.run(arguments, tmp_path, settings)

    return command


def test_doctor_says_what_is_missing_and_does_not_praise_what_it_has_not_seen(run):
    done = run("doctor", "--json")
    assert done.returncode == 3
    found = json.loads(done.stdout)
    assert (found["python"], found["schema"], found["broker"]) == ("ok", "not looked at", "not looked at")
    assert "keyring" in found["keys"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run something as somebody else")
def test_a_user_without_a_name_on_the_machine_stands_in_the_log_by_its_number():
    with TemporaryDirectory() as home:
        os.chown(home, NAMELESS, NAMELESS)
        for command in (["init"], ["keys", "new", "spare"], ["incident", "report", "--since", "2026-01-01", "--json"]):
            program = [sys.executable, "-c", "from gateway.cli import main; main()", *command]
            done = subprocess.run(
                program,
                cwd=home,
                env=bare_environment(),
                user=NAMELESS,
                group=NAMELESS,
                capture_output=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr[-800:]
    assert f"operator:uid-{NAMELESS}@cli" in done.stdout.decode()


def test_a_database_of_a_later_version_is_said_to_be_one(run, tmp_path):
    assert run("init").returncode == 0
    with closing(sqlite3.connect(tmp_path / "state/gateway.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    for command in (("db", "upgrade"), ("init",)):
        done = run(*command)
        assert done.returncode == 3
        assert "of a later version of the gateway" in done.stderr
        assert "Traceback" not in done.stderr
    found = json.loads(run("doctor", "--json").stdout)
    assert "of a later version" in found["schema"]
    assert "db upgrade" not in found["schema"]


def test_a_partner_file_that_is_not_in_utf_8_is_refused_with_its_line(run, tmp_path):
    assert run("init").returncode == 0
    (tmp_path / "partners.toml").write_bytes('[[partner]]\nkey = "x"\nname = "Müller"\n'.encode("latin-1"))
    done = run("partner", "apply", "partners.toml")
    assert done.returncode == 3
    assert "partners.toml:3: not in UTF-8" in done.stderr


def test_a_database_url_that_cannot_be_read_is_a_sentence_and_no_traceback(run):
    done = run("init", GATEWAY__DB__URL="postgresql+asyncpg://gateway:secret@127.0.0.1:port/gateway")
    assert done.returncode == 3
    assert "The database URL cannot be read" in done.stderr
    assert "secret" not in done.stderr


def test_doctor_says_what_has_waited_for_too_long(run, tmp_path):
    assert run("init").returncode == 0
    with closing(sqlite3.connect(tmp_path / "state/gateway.db")) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(submissions)") if row[3]]
        values = {"id": "1", "sender": "ohio", "state": "received", "receipt": b"", "received_at": 0}
        row = [values.get(column, 0) for column in columns]
        marks = ", ".join("?" for _ in columns)
        connection.execute(f"INSERT INTO submissions ({', '.join(columns)}) VALUES ({marks})", row)  # noqa: S608 - names of the schema
        connection.commit()
    done = run("doctor", "--json")
    assert done.returncode == 3
    assert "waited too long to be judged" in json.loads(done.stdout)["queues"]


def test_doctor_has_nothing_to_say_of_a_key_file_under_a_passphrase(run):
    passphrase = {"GATEWAY__KEYS__PASSPHRASE": "a passphrase of the tests"}
    assert run("init", **passphrase).returncode == 0
    assert json.loads(run("doctor", "--json", **passphrase).stdout)["keys"] == "ok"


def test_init_keeps_the_state_to_its_owner_and_doctor_is_content(run, tmp_path):
    assert run("init").returncode == 0
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0
    done = run("doctor", "--json")
    found = json.loads(done.stdout)
    told = found.pop("keys")
    assert told.startswith("in the clear")
    assert (done.returncode, found.pop("policy"), set(found.values())) == (0, "not signed", {"ok"})
    restricted = json.loads(run("doctor", "--json", GATEWAY__CRYPTO__FIPS="true").stdout)
    assert restricted.pop("crypto") == "ok" or not all(one.active for one in modules())
    assert (restricted.pop("policy"), restricted.pop("keys")) == ("not signed", told)
    assert set(restricted.values()) == {"ok"}, "the rest is as well under approved algorithms"
    away = json.loads(run("doctor", "--json", GATEWAY__DB__URL="postgresql+asyncpg://x:secret@127.0.0.1:1/x").stdout)
    assert "refused" in away["database"]
    assert "secret" not in away["database"]
    assert (away["broker"], away["schema"]) == ("ok", "not looked at"), "the broker is looked at whatever the store is"
    refused = run("partner", "key", "nobody")
    assert refused.returncode == 5
    wrong = run("operator", "add", "pat")
    assert wrong.returncode == 2
    assert "GATEWAY_PASSWORD" in wrong.stderr


def test_init_makes_no_other_keys_for_a_database_that_is_in_use(run, tmp_path):
    """A key directory that was lost, or a volume that was not mounted: what is stored would open for nobody, and what
    came from then on would be sealed under other keys with the same names."""
    keys, away = tmp_path / "state/keys", tmp_path / "away"
    assert run("init").returncode == 0
    run("operator", "add", "pat", GATEWAY_PASSWORD="correct horse battery")
    keys.rename(away)
    missing = run("audit", "key")
    assert (missing.returncode, "put it back" in missing.stderr) == (3, True)
    refused = run("init")
    assert (refused.returncode, "keys-missing" in refused.stderr) == (3, True)
    assert not keys.exists()
    away.rename(keys)
    assert run("init").returncode == 0
    assert json.loads(run("doctor", "--json").stdout)["log"] == "ok"


def test_accounts_are_bound_to_computers_and_doctor_warns_of_a_console_open_to_any(run, tmp_path):
    run("init")
    run("operator", "add", "pat", GATEWAY_PASSWORD="correct horse battery")
    leaf = trustme.CA(key_type=trustme.KeyType.ECDSA).issue_cert("laptop.agency.example").cert_chain_pems[0]
    leaf.write_to_path(tmp_path / "laptop.pem")
    bound = run("operator", "device", "add", "pat", "laptop.pem", "--label", "laptop 17")
    assert (bound.returncode, "cannot log in" in bound.stderr) == (0, True), "the console does not ask yet"
    assert run("operator", "device", "lost", "laptop.pem", "--reason", "left in a train").returncode == 0
    told = json.loads(run("operator", "device", "list", "--json").stdout)
    [listed], [lost] = told["bound"], told["lost"]
    assert (listed["operator"], listed["label"], lost["reason"]) == ("pat", "laptop 17", "left in a train")
    digits = listed["thumbprint"].upper()
    colons = ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))
    unbound = run("operator", "device", "remove", "pat", colons)
    assert (unbound.returncode, "each of the agency's" in unbound.stderr) == (0, True)
    assert run("operator", "device", "found", colons).returncode == 0
    with closing(sqlite3.connect(tmp_path / "state/gateway.db")) as connection:
        query = "SELECT action, outcome FROM audit_entries WHERE action LIKE '%device%' ORDER BY id"
        assert connection.execute(query).fetchall() == [
            ("operator.device", "bound"),
            ("device.lost", "ok"),
            ("operator.device", "unbound"),
            ("device.found", "ok"),
        ]
    open_to_all = {"GATEWAY__CONSOLE__HOST": "0.0.0.0"}  # noqa: S104 - what doctor warns of
    assert "device_ca" in json.loads(run("doctor", "--json", **open_to_all).stdout)["computers"]


def test_keys_and_accounts_can_be_found_and_taken_away(run):
    run("init")
    run("partner", "apply", *map(str, (EXAMPLES / "partners").glob("*.toml")))
    token = run("partner", "key", "acme").stdout.strip()
    listed = json.loads(run("partner", "keys", "--json").stdout)
    assert [(one["id"], one["holder"]) for one in listed] == [(token.split("_")[1], "partner:acme")]
    assert token not in json.dumps(listed)
    assert run("partner", "revoke", listed[0]["id"]).returncode == 0
    assert json.loads(run("partner", "keys", "acme", "--json").stdout) == []
    paused = [run("partner", "pause", *more).returncode for more in (["ohio"], ["ohio"], ["ohio", "--resume"], ["no"])]
    assert paused == [0, 7, 0, 5]
    assert json.loads(run("partner", "files", "acme", "--json").stdout) == []
    assert run("partner", "files", "acme", "--restart", "w4:39").returncode == 5
    assert run("operator", "add", "pat", GATEWAY_PASSWORD="correct horse battery").returncode == 0
    assert run("operator", "disable", "pat").returncode == 0
    assert json.loads(run("operator", "list", "--json").stdout)[0]["disabled"] is True
    assert run("operator", "disable", "nobody").returncode == 5


def test_settings_are_shown_without_passwords(run):
    done = run(
        "check-config",
        GATEWAY__DB__URL="postgresql+asyncpg://gateway:hunter2@db.example/gateway",
        GATEWAY__BROKER__URL="amqp://gateway:hunter2@mq.example/gateway",
    )
    assert done.returncode == 0
    assert "hunter2" not in done.stdout + done.stderr
    assert json.loads(done.stdout)["db"]["url"] == "postgresql+asyncpg://gateway:**********@db.example/gateway"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+asyncpg://gw:hun/ter2@db.example/x", "postgresql+asyncpg://gw:**********@db.example/x"),
        ("postgresql+asyncpg://gw:hun@ter2@db.example/x", "postgresql+asyncpg://gw:**********@db.example/x"),
        (
            "postgresql+asyncpg://db.example/x?password=hunter2&user=gw",
            "postgresql+asyncpg://db.example/x?password=**********&user=gw",
        ),
    ],
)
def test_no_password_of_the_database_is_shown_however_it_is_written(run, url, shown):
    """Passwords of generators hold slashes, and the database takes them as they are."""
    done = run("check-config", GATEWAY__DB__URL=url)
    assert "ter2" not in done.stdout + done.stderr
    assert json.loads(done.stdout)["db"]["url"] == shown


@pytest.mark.parametrize(
    ("setting", "url", "line", "says"),
    [
        ("GATEWAY__DB__URL", "mysql://gw:hunter2@db.example/x", "database", "must start with postgresql+asyncpg://"),
        (
            "GATEWAY__DB__URL",
            "postgresql://gw:hunter2@db.example/x",
            "database",
            "must start with postgresql+asyncpg://",
        ),
        ("GATEWAY__DB__URL", "postgresql+asyncpg://gw@db.example/x?ssl=disable", "database", "Leave TLS out"),
        ("GATEWAY__BROKER__URL", "amqp://gw:hunter2@[mq", "broker", "cannot be read"),
        ("GATEWAY__BROKER__URL", "amqp://gw:hunter2@localhost:mq/", "broker", "cannot be read"),
        ("GATEWAY__BROKER__URL", "http://gw:hunter2@localhost/", "broker", "begins with amqps://"),
    ],
)
def test_doctor_tells_of_a_url_that_is_none_where_it_tells_of_its_server(run, setting, url, line, says):
    run("init")
    done = run("doctor", "--json", **{setting: url})
    assert done.returncode == 3
    assert "hunter2" not in done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert says in found[line]
    assert (found["libraries"], found["keys"]) == ("ok", "not looked at")


def test_a_key_that_is_not_there_is_not_found(run):
    """By its exit code a script takes 3 for a configuration that is wrong."""
    run("init")
    done = run("keys", "destroy", "kek:records:2001-01:1", "--ask", "ticket 4")
    assert (done.returncode, "keys list" in done.stderr) == (5, True)


@pytest.mark.parametrize(
    ("policy", "says"),
    [(None, "cannot be read"), ("version = 3", "site.toml: version")],
    ids=["missing", "none"],
)
def test_doctor_tells_of_a_policy_of_the_site_that_cannot_be_used_where_it_tells_of_policies(
    run, tmp_path, policy, says
):
    """It was told of the keys, which are right."""
    run("init")
    if policy is not None:
        (tmp_path / "site.toml").write_text(policy)
    found = json.loads(run("doctor", "--json", GATEWAY__RETENTION__POLICY="site.toml").stdout)
    assert says in found["policy"]
    assert (found["catalog"], found["keys"]) == ("ok", "not looked at")


def test_doctor_tells_of_a_catalog_that_cannot_be_used_where_it_tells_of_the_catalog(run, tmp_path):
    """Whoever adds a rule meets it; it was told of the keys."""
    run("init")
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    rules = tmp_path / "schemas/rules/agency.toml"
    rules.write_text(rules.read_text().replace('check = "any-filled"', 'check = "filed"', 1))
    done = subprocess.run(
        [str(GATEWAY), "doctor", "--json"],
        cwd=tmp_path,
        env={**bare_environment(), "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    found = json.loads(done.stdout)
    assert "unknown check filed" in found["catalog"]
    assert (found["policy"], found["keys"]) == ("not looked at", "not looked at")


@pytest.mark.parametrize(
    ("days", "says"),
    [((-9, 300), "ok"), ((-9, 9), "ends on"), ((-9, -1), "ended on"), ((1, 300), "not valid before")],
    ids=["valid", "soon", "over", "early"],
)
def test_doctor_says_until_when_the_certificate_of_the_listeners_counts(run, tmp_path, days, says):
    """Nobody but the clients would notice: a listener shows whatever certificate it was given."""
    begins, ends = (datetime.now(UTC) + timedelta(days=number) for number in days)
    told = doctor_of(run, tmp_path, trustme.CA().issue_cert("localhost", not_before=begins, not_after=ends))
    assert says in told["transport"]


def test_doctor_says_that_the_certificate_of_the_listeners_cannot_be_loaded(run, tmp_path):
    """A process would not start."""
    one, other = (trustme.CA().issue_cert("localhost") for _ in range(2))
    told = doctor_of(run, tmp_path, one, other)["transport"]
    assert "cannot be loaded: key values mismatch" in told
    assert "shown.key" in told


def test_doctor_names_the_file_of_the_listeners_that_is_missing(run, tmp_path):
    trustme.CA().issue_cert("localhost").cert_chain_pems[0].write_to_path(tmp_path / "shown.pem")
    run("init")
    tls = {"GATEWAY__TLS__CERTIFICATE": "shown.pem", "GATEWAY__TLS__KEY": "shown.key"}
    told = json.loads(run("doctor", "--json", **tls).stdout)["transport"]
    assert "cannot be read: shown.key (No such file" in told


def doctor_of(run, folder, shown, key=None):
    """What doctor finds where the listeners have this certificate, with its own key or another's."""
    shown.cert_chain_pems[0].write_to_path(folder / "shown.pem")
    (key or shown).private_key_pem.write_to_path(folder / "shown.key")
    run("init")
    tls = {"GATEWAY__TLS__CERTIFICATE": "shown.pem", "GATEWAY__TLS__KEY": "shown.key"}
    return json.loads(run("doctor", "--json", **tls).stdout)


@pytest.mark.parametrize(
    "command",
    [
        ("receipt", "check", "good", "--keys", "bad"),
        ("audit", "check", "bad", "--key", "x"),
        ("audit", "verify", "--anchor", "bad"),
        ("audit", "consistency", "bad"),
        ("partner", "public-key", "bad", "--id", "x"),
    ],
    ids=" ".join,
)
def test_a_file_that_is_no_text_is_named_with_its_line(run, tmp_path, command):
    run("init")
    (tmp_path / "good").write_text("x")
    (tmp_path / "bad").write_bytes(b"one\ntw\xf6\n")
    done = run(*command)
    assert (done.returncode, "bad: not in" in done.stderr, "line 2" in done.stderr) == (2, True, True)
    assert "Traceback" not in done.stderr


def test_an_agreement_that_was_taken_out_of_the_files_is_named_because_it_holds_on(run, tmp_path):
    """Who deletes it from the file takes it for ended."""
    run("init")
    files = [str(file) for file in (EXAMPLES / "partners").glob("*.toml") if file.name != "agreements.toml"]
    whole = (EXAMPLES / "partners" / "agreements.toml").read_text()
    head, first, *others = whole.split("[[agreement]]")
    (tmp_path / "whole.toml").write_text(whole)
    (tmp_path / "fewer.toml").write_text("[[agreement]]".join([head, *others]))
    assert json.loads(run("partner", "apply", *files, "whole.toml", "--json").stdout)["kept"] == []
    [key] = json.loads(run("partner", "apply", *files, "fewer.toml", "--json", "--dry-run").stdout)["kept"]
    assert f'"{key}"' in first
    said = run("partner", "apply", *files, "fewer.toml").stderr
    assert f"In none of these files, and in force as before: {key}." in said
    assert "in force as before" not in run("partner", "apply", files[0]).stderr, "files are applied one by one, too"


def test_every_fault_of_a_partner_file_is_told_with_its_line_in_the_order_of_the_file(run, tmp_path):
    run("init")
    (tmp_path / "p.toml").write_text(FAULTY)
    done = run("partner", "apply", "p.toml")
    assert done.returncode == 3
    lines = [int(line.split(":")[1]) for line in done.stderr.splitlines() if line.startswith("p.toml:")]
    assert lines == [7, 10, 13]
    scopes = run("partner", "key", "good", "--scope", "fly")
    assert scopes.returncode in (3, 5)


def test_validating_a_long_file_takes_no_more_memory_than_a_short_one(tmp_path):
    header, record = (EXAMPLES / "ohio-new-hires.w4").read_bytes().splitlines()[:2]

    def peak(records):
        file = tmp_path / f"{records}.w4"
        file.write_bytes(b"\n".join([header, *[record] * records]) + b"\n")
        judge = validator()
        tracemalloc.start()
        checked = judge.check(file, FormatName("w4"), lambda _: None)
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert (checked.records, checked.refused) == (records, 0)
        return top

    peak(10)
    short, long = peak(1_500), peak(6_000)
    assert long < short * 1.5 + 2**20
