"""``gateway token``: a partner proves itself with its private key and gets an access token."""

from __future__ import annotations

from pathlib import Path
from secrets import token_hex
from typing import Annotated
from urllib.parse import urlencode

import typer

from gateway.cli.client import Client
from gateway.cli.options import Ca, Json, Url
from gateway.cli.out import put
from gateway.clock import utc_now

ASSERTION_SECONDS = 120
"""How long the assertion counts; it is used at once."""
_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def register(app: typer.Typer) -> None:
    app.command()(token)


def token(
    partner: Annotated[str, typer.Argument(help="The partner's key name.")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Its private key for tokens, in PEM.")],
    id: Annotated[str, typer.Option(help="The key's id in the partner's file.")],
    audience: Annotated[
        str | None, typer.Option(help="The gateway's own address (`api.url`) where --url leads to a proxy.")
    ] = None,
    scope: Annotated[str | None, typer.Option(help="Fewer rights than the partner has, with blanks between.")] = None,
    url: Url = None,
    ca: Ca = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Prove who calls with a private key (RFC 7523) and print an access token, for GATEWAY_KEY. With GATEWAY_CERT it
    works with that client certificate only."""
    client = Client.without_key(url, ca)
    form = {"grant_type": "client_credentials", "client_assertion_type": _TYPE}
    form["client_assertion"] = _assertion(partner, file, id, (audience or client.url).rstrip("/"))
    if scope is not None:
        form["scope"] = scope
    sent = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = client.send("POST", "/oauth/token", urlencode(form).encode(), sent).json()
    if json:
        put(answer)
    else:
        print(answer["access_token"])


def _assertion(partner: str, file: Path, key_id: str, audience: str) -> str:
    from keys.assertions import signed_assertion  # noqa: PLC0415 - cryptography, needed here only

    now = int(utc_now().timestamp())
    claims = {"iss": partner, "sub": partner, "aud": f"{audience}/oauth/token", "jti": token_hex(16)}
    return signed_assertion(file.read_bytes(), key_id, {**claims, "iat": now, "exp": now + ASSERTION_SECONDS})
