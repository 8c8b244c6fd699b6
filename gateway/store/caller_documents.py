"""How a partner proves itself, as a part of its document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from gateway.core.caller import Caller, ClientCertificate, ClientKey, Purpose, Tier


def encode_caller(caller: Caller) -> Mapping[str, object]:
    """Lists stay in the order of the file."""
    return {
        "tier": caller.tier.value,
        "networks": list(caller.networks),
        "scopes": sorted(caller.scopes),
        "certificates": [
            {"thumbprint": one.thumbprint, "valid_until": one.valid_until.isoformat()} for one in caller.certificates
        ],
        "keys": [
            {
                "id": one.id,
                "purpose": one.purpose.value,
                "public_key": one.public_key,
                "valid_until": one.valid_until.isoformat(),
            }
            for one in caller.keys
        ],
    }


def decode_caller(doc: Mapping[str, Any]) -> Caller:
    """What :func:`encode_caller` wrote."""
    return Caller(
        tier=Tier(doc["tier"]),
        networks=tuple(doc["networks"]),
        scopes=frozenset(doc["scopes"]),
        certificates=tuple(
            ClientCertificate(one["thumbprint"], date.fromisoformat(one["valid_until"])) for one in doc["certificates"]
        ),
        keys=tuple(
            ClientKey(one["id"], Purpose(one["purpose"]), one["public_key"], date.fromisoformat(one["valid_until"]))
            for one in doc["keys"]
        ),
    )
