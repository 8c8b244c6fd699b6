"""A small client of the gateway's own HTTP API, with streaming bodies, from the standard library."""

from __future__ import annotations

import http.client
import json
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import urlsplit

from gateway.core.errors import (
    Conflict,
    Forbidden,
    GatewayError,
    NotFound,
    Refused,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Unprocessable,
    Unsupported,
)

TIMEOUT_SECONDS = 120
_CLASSES: Mapping[int, type[GatewayError]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    415: Unsupported,
    422: Unprocessable,
    503: Unavailable,
}
HTTP_ERROR = 400
SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - whatever the API answers; the caller knows the resource
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Client:
    """Where the API is and who calls. Both come from the environment unless they are given."""

    url: str
    key: str

    @classmethod
    def of(cls, url: str | None, key: str | None) -> Client:
        """``GATEWAY_URL`` and ``GATEWAY_KEY`` stand in for what is not given."""
        found = key or os.environ.get("GATEWAY_KEY", "")
        if not found:
            raise Unauthenticated("Give an API key with --key or GATEWAY_KEY.")
        return cls(url or os.environ.get("GATEWAY_URL", "http://127.0.0.1:8443"), found)

    def send(
        self, method: str, path: str, body: bytes | IO[bytes] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request. Raises the error of our tree that the answer's problem document stands for."""
        parts = urlsplit(self.url)
        connection = self._connection(parts.scheme, parts.netloc)
        try:
            sent = {"Authorization": f"Bearer {self.key}", **(headers or {})}
            connection.request(method, parts.path.rstrip("/") + path, body, sent, encode_chunked=False)
            response = connection.getresponse()
            answer = Answer(response.status, dict(response.getheaders()), response.read())
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(f"The gateway at {self.url} does not answer ({type(error).__name__}).") from None
        finally:
            connection.close()
        if answer.status >= HTTP_ERROR:
            raise problem(answer)
        return answer

    def _connection(self, scheme: str, netloc: str) -> http.client.HTTPConnection:
        if scheme == "https":
            return http.client.HTTPSConnection(netloc, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context())
        return http.client.HTTPConnection(netloc, timeout=TIMEOUT_SECONDS)

    def get(self, path: str) -> Any:  # noqa: ANN401 - whatever the API answers; the caller knows the resource
        return self.send("GET", path).json()

    def post(self, path: str, document: Mapping[str, object]) -> Any:  # noqa: ANN401 - as above
        answer = self.send("POST", path, json.dumps(document).encode(), {"Content-Type": "application/json"})
        return answer.json() if answer.body else None


def problem(answer: Answer) -> GatewayError:
    """The error behind an application/problem+json answer, its findings listed under the detail."""
    try:
        document = json.loads(answer.body)
        code = str(document["type"]).rsplit("/", 1)[-1]
        lines = [str(document.get("detail") or document.get("title") or answer.status)]
        for fault in document.get("errors") or ():
            place = fault.get("field") or fault.get("pointer") or ""
            lines.append(f"  {fault.get('code', '')} {place} {fault.get('title', '')}".rstrip())
    except (ValueError, KeyError, TypeError, AttributeError):
        code, lines = f"http-{answer.status}", [f"The gateway answered {answer.status}."]
    fallback = Unavailable if answer.status >= SERVER_ERROR else Refused
    return _CLASSES.get(answer.status, fallback)("\n".join(lines), code=code)
