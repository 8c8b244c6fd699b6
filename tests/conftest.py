"""Fixtures of the whole suite: private servers, shared by the run."""

import importlib.util

from hypothesis import settings

pytest_plugins = [
    name
    for name in (
        "tests.assurance",
        "tests.servers.command_line",
        "tests.servers.postgres",
        "tests.servers.rabbitmq",
        "tests.servers.sshd",
    )
    if importlib.util.find_spec(name)
]

# Machines are shared: a slow moment is not a failure.
settings.register_profile("calm", deadline=None)
settings.load_profile("calm")
