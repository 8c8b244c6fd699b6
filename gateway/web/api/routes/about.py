"""Routes about the gateway itself."""

from __future__ import annotations

from gateway.web.api import about, attestation
from gateway.web.api.operation import Answer, Operation, Route
from gateway.web.auth import Scope

ABOUT: tuple[Route, ...] = (
    Route(
        "GET",
        "/about/crypto",
        about.cryptography,
        Operation(
            "getCryptography",
            "Every algorithm in use: key length, use, and until when it may be used.",
            "reference",
            Scope.PUBLIC,
            {200: Answer("The inventory", about.CryptographyTold)},
        ),
    ),
    Route(
        "GET",
        "/about/attestation",
        attestation.attestation,
        Operation(
            "getAttestation",
            "What is attested with requests to find persons, and its version.",
            "reference",
            Scope.PUBLIC,
            {200: Answer("The text in force", attestation.AttestationTold)},
        ),
    ),
)
