"""Commands of a witness: anybody may run one, for any log; it needs no database and none of a gateway's keys."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import local
from gateway.cli.options import Json
from gateway.cli.out import put, say
from gateway.cli.processes import told_to_stop

if TYPE_CHECKING:
    from keys.cosigner import Cosigner

app = typer.Typer(help="A witness: cosigns a log as long as it never contradicts itself.", no_args_is_help=True)
Folder = Annotated[Path, typer.Option("--directory", help="Private directory: the key, and what it cosigned.")]


@app.command()
def init(
    name: Annotated[str, typer.Option(help="Name in its signatures: a URL without scheme, such as ohio.example/w1.")],
    directory: Folder = Path("witness"),
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Make the keys of a new witness and print its verify keys."""
    from gateway.audit.note import valid_name  # noqa: PLC0415 - as above
    from gateway.core.errors import Misconfigured  # noqa: PLC0415 - as above
    from keys.cosigner import Cosigner  # noqa: PLC0415 - as above

    if not valid_name(name):
        raise Misconfigured("The name of a witness has no spaces and no plus sign.", code="witness-name")
    _show(Cosigner.create(directory, name, os.urandom), json=json)


@app.command()
def key(directory: Folder = Path("witness"), json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """Print the verify keys of the witness, Ed25519 and ML-DSA-44: logs and readers of logs need one or both."""
    from keys.cosigner import Cosigner  # noqa: PLC0415 - as above

    _show(Cosigner.load(directory), json=json)


def _show(cosigner: Cosigner, *, json: bool) -> None:
    from gateway.audit.cosignature import CosignatureKind, WitnessKey  # noqa: PLC0415 - heavy, needed here only

    second = cosigner.post_quantum
    keys = [
        str(WitnessKey(cosigner.name, cosigner.public_key)),
        str(WitnessKey(second.name, second.public_key, CosignatureKind.ML_DSA_44)),
    ]
    if json:
        put({"keys": keys})
    else:
        print(*keys, sep="\n")


@app.command()
def serve(
    log_key: Annotated[list[str], typer.Option("--log-key", help="Verify key of a log (`gateway audit key`).")],
    directory: Folder = Path("witness"),
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8444,
    certificate: Annotated[Path | None, typer.Option(help="PEM file of the certificate, for TLS.")] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", help="PEM file of its key.")] = None,
) -> None:
    """Run a witness (C2SP tlog-witness) until it is told to stop."""
    from gateway.audit.note import VerifyKey  # noqa: PLC0415 - heavy, needed here only
    from gateway.clock import utc_now  # noqa: PLC0415 - as above
    from gateway.telemetry import configure_logs  # noqa: PLC0415 - as above
    from gateway.witness import Witness  # noqa: PLC0415 - as above
    from gateway.witness_site import Listener, serving  # noqa: PLC0415 - as above
    from keys.cosigner import Cosigner  # noqa: PLC0415 - as above

    witness = Witness(Cosigner.load(directory), [VerifyKey.parse(text) for text in log_key], utc_now)
    listener = Listener(host, port, certificate, tls_key, local.settings().crypto.restricted)
    configure_logs()

    async def running() -> None:
        async with serving(witness, listener) as address:
            say(f"witness: {address}")
            await told_to_stop()

    asyncio.run(running())
