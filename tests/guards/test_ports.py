"""A port that a test was given is that test's: two gateways on one port would answer each other's callers."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from tests.servers.ports import free_port


def test_a_port_that_was_given_is_refused_until_its_server_listens_and_then_answers():
    port = free_port()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    with socket.create_server(("127.0.0.1", port)), closing(socket.create_connection(("127.0.0.1", port), timeout=5)):
        pass


def test_a_port_that_was_given_is_held_against_everybody_who_does_not_name_it():
    port = free_port()
    with socket.socket() as other, pytest.raises(OSError, match="Address already in use"):
        other.bind(("127.0.0.1", port))
    given = [socket.create_server(("127.0.0.1", 0)) for _ in range(300)]
    try:
        assert port not in {server.getsockname()[1] for server in given}
    finally:
        for server in given:
            server.close()
