"""Commands on signed receipts: fetch one, check one without any access, print the keys that check them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli import local
from gateway.cli.client import Client
from gateway.cli.options import ApiKeyOption, Ca, Json, Url
from gateway.cli.out import facts, put, say, table, tell
from gateway.cli.results import Out, expect_file
from gateway.cli.texts import text_of
from gateway.core.model import SubmissionState

if TYPE_CHECKING:
    from gateway.foundation import Foundation

app = typer.Typer(help="Signed receipts of submissions.", no_args_is_help=True)


@app.command()
def get(
    submission: Annotated[str, typer.Argument(help="Submission id.")],
    final: Annotated[bool, typer.Option("--final", help="What became of it; there once everything ended.")] = False,  # noqa: FBT002 - an option of typer
    out: Out = None,
    url: Url = None,
    key: ApiKeyOption = None,
    ca: Ca = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Fetch the signed receipt of what was taken, or of what became of it: the same bytes each time."""
    expect_file(out, json=json)
    kind = "final" if final else "accepted"
    found = Client.of(url, key, ca).send("GET", f"/v1/submissions/{submission}/receipts/{kind}").body
    if out is None:
        print(found.decode())
    else:
        out.write_bytes(found)
        tell(f"Wrote {out}.", {"file": str(out), "bytes": len(found), "submission": submission}, json=json)


@app.command()
def check(
    receipt: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A receipt, as it was given out.")],
    keys: Annotated[
        Path,
        typer.Option(exists=True, dir_okay=False, help="The JWK set of /.well-known/jwks.json, from whom you trust."),
    ],
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Check a receipt offline and tell what it says: no database, no keys of the gateway, no network."""
    from keys.receipts import check_receipt  # noqa: PLC0415 - cryptography is needed here only

    claims = check_receipt(receipt.read_text(encoding="ascii", errors="replace"), text_of(keys))
    if json:
        put(claims)
        return
    shown = {"receipt": claims["receipt"], "issued by": claims["iss"], "submission": claims["sub"]}
    body = {"sender": claims["sender"], "sha256": claims["body"]["sha256"], "bytes": claims["body"]["bytes"]}
    facts(shown | body | _counts(claims))
    for name, columns in (
        ("due", ("partner", "kind", "at")),
        ("recipients", ("partner", "delivered", "refused", "withdrawn", "withheld", "amended")),
    ):
        if claims.get(name):
            table(name.capitalize(), columns, [tuple(row.get(column, 0) for column in columns) for row in claims[name]])
    say("The signature holds.")


def _counts(claims: Mapping[str, Any]) -> dict[str, Any]:
    """What was counted. Of a body that is judged later nothing was; receipts of earlier versions have noughts there."""
    if claims.get("state") == SubmissionState.RECEIVED:
        return {"counts": "not known: taken, not judged yet"}
    return dict(claims["counts"])


@app.command("keys")
def keys_() -> None:
    """Print the JWK set that checks receipts: every key that ever signed one here, and the one that signs next."""

    async def work(base: Foundation) -> dict[str, str]:
        return {**base.keys.receipt_signer().public_keys(), **await base.stores.receipts.keys()}

    print(f'{{"keys": [{", ".join(local.on_foundation(work).values())}]}}')
