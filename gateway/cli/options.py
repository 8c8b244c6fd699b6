"""Options and arguments that mean the same in every command that has them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Url = Annotated[str | None, typer.Option(help="The gateway's API; default: GATEWAY_URL.")]
ApiKeyOption = Annotated[str | None, typer.Option("--key", help="API key; default: GATEWAY_KEY.")]
Attest = Annotated[
    str | None,
    typer.Option(help="Version of the text that you attest with requests to find persons (`gateway attestation`)."),
]
Ca = Annotated[
    Path | None,
    typer.Option("--ca", help="PEM file of the authority to trust; default: GATEWAY_CA."),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Format = Annotated[
    str | None, typer.Option("--format", "-f", help="The file's format; default: what its content says.")
]
Drafts = Annotated[bool, typer.Option("--drafts", help="Also formats whose facts nobody official has confirmed.")]
Delivery = Annotated[str, typer.Argument(help="Delivery id.")]
Reason = Annotated[str, typer.Option(help="Why; kept in the audit log. Names no person.")]
