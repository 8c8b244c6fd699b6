"""Fixtures of the whole suite: private servers, shared by the run."""

import importlib.util

pytest_plugins = [
    name
    for name in ("tests.servers.postgres", "tests.servers.rabbitmq", "tests.servers.sshd")
    if importlib.util.find_spec(name)
]
