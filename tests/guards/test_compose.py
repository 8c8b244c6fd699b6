"""docker-compose.yml and the Dockerfile against the code. No engine runs here; what can be checked without one, is."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from gateway.settings import PREFIX, Role, Settings

ROOT = Path(__file__).parents[2]
PROGRAM = "/opt/gateway/bin/gateway"
"""Where the image has the program itself."""


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def dockerfile():
    return (ROOT / "Dockerfile").read_text(encoding="utf-8")


def roles(service):
    command = service.get("command") or []
    return command[command.index("--role") + 1].split(",") if "--role" in command else []


def test_every_role_has_a_service_and_every_service_a_role_that_exists(compose):
    named = [role for service in compose["services"].values() for role in roles(service)]
    assert set(named) == {str(role) for role in Role}
    assert len(named) == len(set(named))


def test_postgresql_and_rabbitmq_with_its_management_page_are_there(compose):
    images = [service.get("image", "") for service in compose["services"].values()]
    assert any(image.startswith("postgres:") for image in images)
    assert any(image.startswith("rabbitmq:") and "management" in image for image in images)


def test_images_are_pinned_to_a_version(compose, dockerfile):
    images = {service["image"] for service in compose["services"].values() if "image" in service}
    images |= set(re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE))
    for image in images:
        _, _, tag = image.partition(":")
        assert re.match(r"\d", tag), f"{image} names no version"


def test_no_password_stands_in_the_file(compose):
    for name, service in compose["services"].items():
        for key, value in (service.get("environment") or {}).items():
            if "PASS" in key.upper():
                assert str(value).startswith("/run/secrets/"), f"{name}: {key}"
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert not re.search(r"://[^/\s]+:[^@\s]+@", text), "a URL with a password in it"
    assert all("file" in secret for secret in compose["secrets"].values())


def test_services_depend_on_services_that_exist_and_use_volumes_that_are_declared(compose):
    for name, service in compose["services"].items():
        assert set(service.get("depends_on") or {}) <= set(compose["services"]), name
        for volume in service.get("volumes") or []:
            source = volume.split(":")[0]
            assert source.startswith(("/", ".")) or source in compose["volumes"], name


def test_every_variable_is_a_setting(compose):
    for service in compose["services"].values():
        for variable in service.get("environment") or {}:
            if variable.startswith(PREFIX):
                fields = Settings.model_fields
                for part in variable.removeprefix(PREFIX).lower().split("__"):
                    assert part in fields, variable
                    fields = getattr(fields[part].annotation, "model_fields", {})


def test_ports_are_published_on_this_machine_only(compose):
    for name, service in compose["services"].items():
        for port in service.get("ports") or []:
            assert str(port).startswith("127.0.0.1:"), name


def test_what_the_image_copies_and_runs_exists(compose, dockerfile):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "gateway" in project["project"]["scripts"]
    for source in re.findall(r"^COPY (?!--)(\S+)", dockerfile, re.MULTILINE):
        assert source == "." or (ROOT / source).exists(), source
    for module in re.findall(r"python -m (gateway\S*)", dockerfile):
        assert (ROOT / (module.replace(".", "/") + ".py")).exists(), module
    assert f"exec {PROGRAM} " in (ROOT / "deploy" / "gateway").read_text(encoding="utf-8")
    assert f"{PROGRAM.removesuffix('gateway')}pip install" in dockerfile
    assert "USER gateway" in dockerfile, "the image does not run as root"
    commands = {service["command"][0] for service in compose["services"].values() if "build" in service}
    assert commands <= {"init", "serve"}


def test_a_command_that_somebody_runs_in_a_container_has_the_settings_of_its_processes(dockerfile):
    """`docker compose exec` passes by the entry point: what is called `gateway` there has to bring them itself."""
    assert re.search(r"^COPY deploy/gateway /usr/local/bin/gateway$", dockerfile, re.MULTILINE)
    assert re.search(r'^ENTRYPOINT \["gateway"\]$', dockerfile, re.MULTILINE)


@pytest.fixture
def in_a_container(tmp_path):
    """Runs what the image calls `gateway`, with these secrets and a program that tells what it was given."""
    program = tmp_path / "program"
    program.write_text('#!/bin/sh\necho "$GATEWAY__DB__URL $GATEWAY__BROKER__URL $*"\n')
    program.chmod(0o700)
    script = (ROOT / "deploy" / "gateway").read_text(encoding="utf-8")
    script = script.replace("/run/secrets", str(tmp_path)).replace(PROGRAM, str(program))

    def run(*words):
        return subprocess.run(["/bin/sh", "-c", script, "gateway", *words], capture_output=True, text=True, check=False)

    return run


def test_the_passwords_of_the_secrets_are_in_the_settings_of_every_command(in_a_container, tmp_path):
    (tmp_path / "postgres_password").write_text("one\n")
    (tmp_path / "rabbitmq_password").write_text("two\n")
    told = "postgresql+asyncpg://gateway:one@postgres/gateway amqp://gateway:two@rabbitmq/gateway operator list\n"
    assert in_a_container("operator", "list").stdout == told


def test_a_password_that_cannot_be_read_is_told_and_nothing_begins_without_it(in_a_container, tmp_path):
    """It was passed over: the gateway then made a database of its own in a folder that is not there."""
    (tmp_path / "postgres_password").mkdir()
    done = in_a_container("serve")
    assert (done.returncode, done.stdout) == (3, "")
    assert "chmod 644 deploy/secrets/postgres_password" in done.stderr


def test_passwords_and_keys_of_the_machine_are_not_copied_into_the_build():
    """Its layers are kept, and may be pushed as a cache."""
    left_out = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {"deploy/secrets", "state", ".git"} <= set(left_out)
