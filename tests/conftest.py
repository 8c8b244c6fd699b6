"""Fixtures of the whole suite: private servers, shared by the run."""

import gc
import importlib.util
import signal
from types import FrameType
from typing import NoReturn

import pytest
import structlog
from hypothesis import settings

from gateway.cli import local
from gateway.memory import leave_as_it_is, rare_collector
from tests.servers.memory import write_to_memory

write_to_memory()
rare_collector()
pytest_plugins = [
    name
    for name in (
        "tests.assurance",
        "tests.servers.once",
        "tests.servers.loaded_program",
        "tests.servers.chromium",
        "tests.servers.command_line",
        "tests.servers.hung_mount",
        "tests.servers.postgres",
        "tests.servers.rabbitmq",
        "tests.servers.softhsm",
        "tests.servers.sshd",
    )
    if importlib.util.find_spec(name)
]

LONG = (
    "test_kill9",
    "test_api_fuzz",
    "test_console_browser",
    "test_command_line",
    "test_operator_login",
    "test_store_audit",
    "test_outages",
    "test_broker_rabbitmq",
    "test_big_body",
    "test_cli_formats",
    "test_cli_remote",
    "test_retention",
    "test_order",
    "test_rewrap",
    "test_cli_local",
    "test_sample_files",
    "test_wire_profiles",
    "test_rules",
    "test_canonical_schema",
    "test_console_screens",
    "test_lost_lease",
)
"""Files that take long begin first, so that no process works alone on one of them in the end."""


def pytest_configure() -> None:
    """Where Python's own handler is in place, each of asyncio's runs puts one there that knows its task, and looks for
    it again in the end: Python then writes the task in words, with all that a fixture made. 10,000 runs notice."""
    signal.signal(signal.SIGINT, interrupted)


def interrupted(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


@pytest.hookimpl(trylast=True)  # after the order was drawn
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG))


def pytest_collection_finish() -> None:
    """Ten thousand tests stay to the end: the collector need not walk them again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    leave_as_it_is()


@pytest.fixture(autouse=True)
def nothing_stays_of_a_command():
    """A command that a test ran in this process has chosen settings, and how log lines look; no other test's."""
    yield
    structlog.reset_defaults()
    local.choose(None)


# Machines are shared: a slow moment is not a failure.
settings.register_profile("calm", deadline=None)
settings.load_profile("calm")
