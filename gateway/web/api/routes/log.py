"""Routes of the published audit log: static files that need no key and may be kept by every cache."""

from __future__ import annotations

from gateway.web.api import log, told
from gateway.web.api.operation import Answer, Operation, Route
from gateway.web.auth import Scope

_BINARY = "application/octet-stream"
_KEPT = ("Cache-Control",)

LOG: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/log/checkpoint",
        log.checkpoint,
        Operation(
            "getLogCheckpoint",
            "The newest checkpoint of the audit log, a signed note (C2SP tlog-checkpoint).",
            "log",
            Scope.PUBLIC,
            {200: Answer("The checkpoint", media_type="text/plain", headers=_KEPT)},
            ("not-found",),
            rated=True,
        ),
    ),
    Route(
        "GET",
        "/v1/log/tile/entries/{place:.+}",
        log.entries,
        Operation(
            "getLogEntries",
            "A bundle of up to 256 entries, each behind its length (C2SP tlog-tiles); no personal data is in them.",
            "log",
            Scope.PUBLIC,
            {200: Answer("The entries", media_type=_BINARY, headers=(*_KEPT, "Vary"))},
            ("not-found",),
            rated=True,
        ),
    ),
    Route(
        "GET",
        "/v1/log/tile/{level}/{place:.+}",
        log.tile,
        Operation(
            "getLogTile",
            "A tile of up to 256 hashes (C2SP tlog-tiles): 000, or 000.p/7 for a partial one, or x001/x234/067.",
            "log",
            Scope.PUBLIC,
            {200: Answer("The hashes", media_type=_BINARY, headers=_KEPT)},
            ("not-found",),
            rated=True,
        ),
    ),
    Route(
        "GET",
        "/v1/log/timestamps",
        log.timestamps,
        Operation(
            "listLogTimestamps",
            "The checkpoints that a time stamp authority has stamped, newest first.",
            "log",
            Scope.PUBLIC,
            {200: Answer("The stamps", told.Stamps, headers=_KEPT)},
            rated=True,
        ),
    ),
    Route(
        "GET",
        "/v1/log/timestamps/{size}/checkpoint",
        log.stamped_checkpoint,
        Operation(
            "getStampedCheckpoint",
            "A checkpoint exactly as it was stamped.",
            "log",
            Scope.PUBLIC,
            {200: Answer("The checkpoint", media_type="text/plain", headers=_KEPT)},
            ("not-found",),
            rated=True,
        ),
    ),
    Route(
        "GET",
        "/v1/log/timestamps/{size}/token",
        log.token,
        Operation(
            "getTimestamp",
            "The time stamp of a checkpoint (RFC 3161, TimeStampResp); `openssl ts -verify` checks it.",
            "log",
            Scope.PUBLIC,
            {200: Answer("The time stamp", media_type=log.TIMESTAMP, headers=_KEPT)},
            ("not-found",),
            rated=True,
        ),
    ),
)
