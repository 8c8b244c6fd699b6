"""Routes by which callers get access tokens, and others check them."""

from __future__ import annotations

from gateway.web.access import JWKS_PATH, TOKEN_PATH
from gateway.web.api import oauth
from gateway.web.api.operation import Answer, Form, Operation, Route
from gateway.web.auth import Scope

OAUTH: tuple[Route, ...] = (
    Route(
        "POST",
        TOKEN_PATH,
        oauth.post_token,
        Operation(
            "getAccessToken",
            "An access token for a signed assertion (client credentials, private_key_jwt).",
            "callers",
            Scope.PUBLIC,
            {
                200: Answer("The token, bound to the certificate that was shown", oauth.TokenTold),
                400: Answer("The request cannot be granted", oauth.OAuthError),
                401: Answer("The client is not proven", oauth.OAuthError),
            },
            ("unsupported-media-type", "bad-request", "content-digest-mismatch"),
            body=Form(oauth.TokenAsked),
            rated=True,
        ),
    ),
    Route(
        "GET",
        JWKS_PATH,
        oauth.get_jwks,
        Operation(
            "getTokenKeys",
            "The public keys that verify our access tokens (RFC 7517).",
            "callers",
            Scope.PUBLIC,
            {200: Answer("A JWK Set", media_type="application/jwk-set+json", headers=("Cache-Control",))},
            rated=True,
        ),
    ),
    Route(
        "GET",
        "/.well-known/oauth-authorization-server",
        oauth.get_metadata,
        Operation(
            "getTokenMetadata",
            "Where tokens are had and what is asked for (RFC 8414).",
            "callers",
            Scope.PUBLIC,
            {200: Answer("The metadata", oauth.Metadata)},
        ),
    ),
)
