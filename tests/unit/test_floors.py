"""Libraries with known weaknesses are not run with: one table, looked at when anything starts."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from gateway.core.errors import Misconfigured
from gateway.floors import FLOORS, refuse_old_libraries
from gateway.foundation import foundation
from gateway.settings import Settings

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
LEAST = dict(re.match(r"([\w-]+)>=([\d.]+)", one).groups() for one in PROJECT["dependencies"])
ASKED = {"cryptography": "50.0.0", "lxml": "6.1.3", "aiohttp": "3.14.1", "asyncssh": "2.23.1", "joserfc": "1.8"}


def one_older(text):
    """The version just below."""
    numbers = [int(part) for part in text.split(".")]
    at = max(place for place, number in enumerate(numbers) if number)
    return ".".join(map(str, [*numbers[:at], numbers[at] - 1, *[999] * (len(numbers) - at - 1)]))


def refused(**changed):
    """What is said when these versions are installed instead; None when nothing is."""
    try:
        refuse_old_libraries(installed=lambda name: {**FLOORS, **changed}[name])
    except Misconfigured as error:
        return error.detail
    return None


@pytest.mark.claim("A41", control="test_control_without_the_look_the_old_library_would_be_run_with")
def test_every_library_below_its_floor_is_named_and_nothing_starts(claim):
    assert {name: FLOORS[name].removesuffix(".0") for name in ASKED} == {
        name: least.removesuffix(".0") for name, least in ASKED.items()
    }
    for package, least in FLOORS.items():
        assert refused(**{package: least}) is None
        older = one_older(least)
        assert f"{package} {older} is older than {least}" in refused(**{package: older})
    claim.measured(f"{len(FLOORS)} of {len(FLOORS)} libraries refused one version below their floor")


@pytest.mark.parametrize(
    ("version", "fine"),
    [
        ("6.1.3", True),
        ("6.1.3.post1", True),
        ("6.2", True),
        ("10.0", True),
        ("6.1.2", False),
        ("6.1", False),
        ("5.99.99", False),
        ("unknown", False),
        ("", False),
    ],
)
def test_versions_are_compared_as_numbers(version, fine):
    assert (refused(lxml=version) is None) == fine


def test_a_library_that_is_not_there_is_not_used():
    def missing(name):
        raise PackageNotFoundError(name)

    refuse_old_libraries(installed=missing)


def test_what_is_installed_here_may_run_and_what_is_declared_is_not_below_the_floor():
    refuse_old_libraries()
    declared = {name: LEAST[name] for name in FLOORS if name in LEAST}
    assert refused(**declared) is None
    assert len(declared) >= 4


async def start(monkeypatch, look):
    monkeypatch.setattr("gateway.foundation.refuse_old_libraries", look)
    async with foundation(Settings()):
        pass


async def test_a_process_with_an_old_library_does_not_start(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Misconfigured) as refusal:
        await start(monkeypatch, lambda: refuse_old_libraries(installed=lambda _name: "0.1"))
    assert refusal.value.problem == "dependency-floor"


async def test_control_without_the_look_the_old_library_would_be_run_with(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Misconfigured) as refusal:
        await start(monkeypatch, lambda: None)
    assert refusal.value.problem != "dependency-floor", "it got as far as its keys, which are not there"
