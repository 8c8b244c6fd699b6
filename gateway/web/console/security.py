"""The console's outer wall: security headers, and the refusal of requests that another site made the browser send."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from aiohttp import web

from gateway.core.errors import Forbidden
from gateway.web.console.visit import Visit

NONCE = web.RequestKey("nonce", str)
SAFE_METHODS = frozenset({"GET", "HEAD"})
TOKEN_FIELD = "csrf"  # noqa: S105 (the name of the form field)

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def content_policy(nonce: str) -> str:
    """The content security policy of one response."""
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )


def harden(response: web.StreamResponse, nonce: str, *, secure: bool) -> None:
    """Set the security headers. What has no Cache-Control of its own is never stored."""
    response.headers.update(_HEADERS)
    response.headers["Content-Security-Policy"] = content_policy(nonce)
    response.headers.setdefault("Cache-Control", "no-store")
    if secure:
        response.headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"


def refuse_other_sites(request: web.Request) -> None:
    """Raises Forbidden when an unsafe request was not made by our own page (Fetch Metadata; Origin where a browser does
    not send it)."""
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in {"same-origin", "none"}:
            raise Forbidden("The request came from another site.", code="cross-site")
        return
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise Forbidden("The request came from another site.", code="cross-site")


def refuse_without_token(visit: Visit) -> None:
    """Raises Forbidden when an unsafe request of a logged-in operator lacks the token of the session. The login form
    has a token of its own, which its view looks at: half a login, left behind, must not keep its owner out."""
    if visit.request.method in SAFE_METHODS or visit.session is None or visit.request.path == visit.url("/login"):
        return
    if not hmac.compare_digest(visit.form.get(TOKEN_FIELD, "").encode(), visit.session.csrf.encode()):
        raise Forbidden("The form is out of date: load the page again.", code="csrf")
