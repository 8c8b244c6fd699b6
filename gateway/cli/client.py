"""A small client of the gateway's own HTTP API, with streaming bodies, from the standard library."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any
from urllib.parse import SplitResult, quote, urlsplit

from gateway.cli import local
from gateway.cli.exits import WaitedTooLong
from gateway.cli.out import progress
from gateway.core.errors import (
    Conflict,
    Forbidden,
    GatewayError,
    Misconfigured,
    NotFound,
    Refused,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
    Unprocessable,
    Unsupported,
)

_EXAMPLE = "http://127.0.0.1:8443"
"""A gateway on this machine, as it listens without a certificate."""
_TARGET = "/?&=%:,+~"
"""Not quoted in what is asked for, besides letters, digits and ``-._``: what we write ourselves."""
TIMEOUT_SECONDS = 120
POLL_SECONDS = 0.5
PAGE = 500
"""Rows that are asked for at once: the most that the API gives."""
_CLASSES: Mapping[int, type[GatewayError]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    408: Unavailable,  # the line was too slow: the same request may get through another time
    409: Conflict,
    413: TooLarge,
    415: Unsupported,
    422: Unprocessable,
    429: TooMany,
    503: Unavailable,
}
REDIRECT = 300
HTTP_ERROR = 400
SERVER_ERROR = 500


_WHY: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    ((socket.gaierror, UnicodeError), "there is no machine of that name."),
    ((ssl.SSLEOFError, http.client.IncompleteRead), "it closed the connection."),
    (ssl.SSLError, "it does not speak TLS. Does it listen with http://?"),
    (ConnectionRefusedError, "nothing listens there. Does it run, and is the port right?"),
    (ConnectionError, "it closed the connection."),
    (TimeoutError, "nothing came in time."),
    (http.client.HTTPException, "it does not speak HTTP. Does it listen with https://?"),
)
"""What a failed request means to who sent it; the first that fits."""


def _why(error: Exception) -> str:
    return next((words for kind, words in _WHY if isinstance(error, kind)), f"{type(error).__name__}.")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """By names in small letters: proxies on the way write them so."""
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - whatever the API answers; the caller knows the resource
        try:
            return json.loads(self.body)
        except ValueError:
            raise Misconfigured("What answers there is no gateway. Is the address right?") from None


@dataclass(frozen=True, slots=True)
class Client:
    """Where the API is and who calls. Both come from the environment unless they are given."""

    url: str
    key: str = field(repr=False)
    """An API key or an access token; none where neither is needed."""
    ca: str | None = None
    """PEM file of an authority to trust besides the system's."""

    @classmethod
    def of(cls, url: str | None, key: str | None, ca: Path | None = None) -> Client:
        """``GATEWAY_URL``, ``GATEWAY_KEY`` and ``GATEWAY_CA`` stand in for what is not given."""
        found = (key or os.environ.get("GATEWAY_KEY", "")).strip()  # a file of another system ends its lines with more
        if not found:
            raise Unauthenticated("Give an API key or an access token with --key or GATEWAY_KEY.")
        return replace(cls.without_key(url, ca), key=found)

    @classmethod
    def without_key(cls, url: str | None, ca: Path | None = None) -> Client:
        where = url or os.environ.get("GATEWAY_URL", _EXAMPLE)
        return cls(where, "", str(ca) if ca else os.environ.get("GATEWAY_CA") or None)

    def send(
        self, method: str, path: str, body: bytes | IO[bytes] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request. Raises the error of our tree that the answer's problem document stands for."""
        parts = self._address()
        sent = {**({"Authorization": f"Bearer {self.key}"} if self.key else {}), **(headers or {})}
        for name, value in sent.items():
            if not (value.isascii() and value.isprintable()):  # http.client's own words quote it
                raise Misconfigured(f"{name} holds what cannot be sent: give letters, digits and signs of ASCII.")
        connection = self._connection(parts.scheme, parts.netloc)
        try:
            target = quote(parts.path.rstrip("/") + path, safe=_TARGET)
            response = _exchanged(connection, method, target, body, sent)
            fields = {name.lower(): value for name, value in response.getheaders()}
            answer = Answer(response.status, fields, response.read())
        except ssl.SSLCertVerificationError as error:
            why = f"Its certificate is not trusted: {error.verify_message}. Name its authority with --ca FILE."
            raise Unavailable(f"The gateway at {self.url} does not answer as it must. {why}") from None
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            raise Unavailable(f"The gateway at {self.url} does not answer: {_why(error)}") from None
        finally:
            connection.close()
        if answer.status >= HTTP_ERROR:
            raise problem(answer)
        if answer.status >= REDIRECT:  # a body that may be asked for again is not sent to whoever a name leads to
            where = answer.headers.get("location", "another address")
            raise Misconfigured(f"{self.url} leads to {where}: give the address that it leads to.")
        return answer

    def _address(self) -> SplitResult:
        with suppress(ValueError):  # a bracket too few, a port that is none
            parts = urlsplit(self.url)
            if parts.scheme in ("http", "https") and parts.netloc and parts.port != 0:
                return parts
        raise Misconfigured(f"{self.url} is no address: it begins with https:// or http://, as in {_EXAMPLE}.")

    def _connection(self, scheme: str, netloc: str) -> http.client.HTTPConnection:
        if scheme == "https":
            return http.client.HTTPSConnection(netloc, timeout=TIMEOUT_SECONDS, context=self._trust())
        return http.client.HTTPConnection(netloc, timeout=TIMEOUT_SECONDS)

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if local.settings().crypto.restricted:
            from adapters.approved import narrow  # noqa: PLC0415 - heavy, and needed under crypto.fips only

            narrow(context)
        if self.ca is not None:
            try:
                context.load_verify_locations(self.ca)
            except OSError as error:
                raise Misconfigured(f"--ca: {self.ca} is no PEM file of certificates ({error.strerror}).") from None
        certificate = os.environ.get("GATEWAY_CERT")
        if certificate:
            try:
                context.load_cert_chain(certificate, os.environ.get("GATEWAY_CERT_KEY") or None, _no_passphrase)
            except OSError as error:
                why = f"GATEWAY_CERT, GATEWAY_CERT_KEY: no client certificate with its key ({error.strerror})."
                raise Misconfigured(why) from None
        return context

    def get(self, path: str) -> Any:  # noqa: ANN401 - whatever the API answers; the caller knows the resource
        return self.send("GET", path).json()

    def post(self, path: str, document: Mapping[str, object]) -> Any:  # noqa: ANN401 - as above
        answer = self.send("POST", path, json.dumps(document).encode(), {"Content-Type": "application/json"})
        return answer.json() if answer.body else None


def _exchanged(
    connection: http.client.HTTPConnection,
    method: str,
    target: str,
    body: bytes | IO[bytes] | None,
    headers: Mapping[str, str],
) -> http.client.HTTPResponse:
    """The response. Whoever refuses a body answers before all of it has come, and then closes: what was said counts,
    not that the rest could not be sent."""
    try:
        connection.request(method, target, body, headers, encode_chunked=False)
    except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
        if connection.sock is None:
            raise
        with suppress(OSError, http.client.HTTPException):
            return connection.getresponse()
        raise
    return connection.getresponse()


def _no_passphrase() -> str:
    """Instead of a prompt, which a script would wait for."""
    raise Misconfigured("GATEWAY_CERT_KEY: give a key that no passphrase protects.")


def _told(finding: Mapping[str, Any]) -> str:
    places = [f"{name} {finding[name]}" for name in ("record", "line", "columns", "path") if name in finding]
    told = ": ".join(finding[name] for name in ("rule", "title", "note") if finding.get(name))
    fix = f"\n    {finding['fix']}" if finding.get("fix") else ""
    return f"  {finding['severity']} {told} ({', '.join(places) or 'the file'}){fix}"


def pages(client: Client, path: str) -> Iterator[dict[str, Any]]:
    """Every row of a list, page by page."""
    cursor = ""
    while True:
        page = client.get(f"{path}?limit={PAGE}{cursor}")
        yield from page["rows"]
        if page["next"] is None:
            return
        cursor = f"&cursor={quote(page['next'])}"


def wait_until_judged(client: Client, submission: str, seconds: float) -> dict[str, Any]:
    """The submission once it is judged, or held, with a progress bar. Raises WaitedTooLong."""
    deadline = time.monotonic() + seconds
    with progress("judged", None) as bar:
        while True:
            found: dict[str, Any] = client.get(f"/v1/submissions/{submission}")
            if found["state"] in ("judged", "held"):
                return found
            bar.reach(found["progress"])
            if time.monotonic() > deadline:
                raise WaitedTooLong(f"After {seconds:g} s {found['progress']} records are judged; the rest goes on.")
            time.sleep(POLL_SECONDS)


def problem(answer: Answer) -> GatewayError:
    """The error behind an application/problem+json answer, its findings listed under the detail."""
    try:
        document = json.loads(answer.body)
        if "error" in document:  # RFC 6749, section 5.2: of /oauth/token alone
            document = {"type": document["error"], "detail": document.get("error_description")}
        code = str(document["type"]).rsplit("/", 1)[-1]
        lines = [str(document.get("detail") or document.get("title") or answer.status)]
        if (cause := document.get("code", code)) != code:  # by it docs/queries.md and the runbook say what to do
            lines.append(f"Cause: {cause}")
        for fault in document.get("errors") or ():
            place = fault.get("field") or fault.get("pointer") or ""
            lines.append(f"  {place}: {fault.get('expected') or fault.get('code', '')}")
        lines += [_told(finding) for finding in document.get("findings") or ()]
    except (ValueError, KeyError, TypeError, AttributeError):
        code, lines = f"http-{answer.status}", [f"The gateway answered {answer.status}."]
    fallback = Unavailable if answer.status >= SERVER_ERROR else Refused
    return _CLASSES.get(answer.status, fallback)("\n".join(lines), code=code)
