"""Routes of wire keys."""

from __future__ import annotations

from gateway.web.api import asked, wire_keys
from gateway.web.api.operation import Answer, Operation, Route
from gateway.web.api.told import WireKeysTold
from gateway.web.auth import Scope

WIRE_KEYS: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/keys",
        wire_keys.list_keys,
        Operation(
            "listWireKeys",
            "The gateway's keys to encrypt to and to verify with, and the caller's own as they are registered.",
            "keys",
            Scope.READ,
            {200: Answer("The keys", WireKeysTold)},
        ),
    ),
    Route(
        "POST",
        "/v1/keys/{id}/test",
        wire_keys.test_key,
        Operation(
            "testWireKey",
            "A message to a pending key of the caller; the line in it is the proof of possession.",
            "keys",
            Scope.ACKNOWLEDGE,
            {200: Answer("The message", media_type="*/*")},
            ("not-found", "wire-key-stage"),
        ),
    ),
    Route(
        "POST",
        "/v1/keys/{id}/confirm",
        wire_keys.confirm_key,
        Operation(
            "confirmWireKey",
            "Confirm a pending key by the proof: messages are encrypted to it from now on.",
            "keys",
            Scope.ACKNOWLEDGE,
            {200: Answer("The keys", WireKeysTold)},
            ("not-found", "wire-test-failed", "wire-key-stage"),
            body=asked.Proving,
        ),
    ),
)
