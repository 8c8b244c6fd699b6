"""Commands of the policies: which are in force, signing them away from the gateway, and checking who did.

They need neither the database nor any key of the gateway: whoever signs has the program and the site's policy files.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import local
from gateway.cli.options import Json
from gateway.cli.out import facts, put, say, table

if TYPE_CHECKING:
    from gateway.core.policies import Editions

app = typer.Typer(help="The policies of disclosure and retention, and who signed them.", no_args_is_help=True)
KeyFile = Annotated[Path, typer.Argument(help="File of the signer's private key, in a directory of its own.")]
Note = Annotated[Path | None, typer.Option("--signature", help="The signed note; default: policy.signature.")]


@app.command()
def key(
    file: KeyFile,
    name: Annotated[str | None, typer.Option(help="Make the key, under this name, such as ohio.example/anna.")] = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Make a signer's key (with --name), and print its verify key for policy.signers."""
    from gateway.audit.note import VerifyKey, valid_name  # noqa: PLC0415 - heavy, needed here only
    from gateway.core.errors import Misconfigured  # noqa: PLC0415 - as above
    from keys.note_key import NoteKey  # noqa: PLC0415 - as above

    if name is not None and not valid_name(name):
        raise Misconfigured("The name of a signer has no spaces and no plus sign.", code="signer-name")
    signer = NoteKey.load(file) if name is None else NoteKey.create(file, name, os.urandom)
    if json:
        put({"key": str(VerifyKey.of(signer))})
    else:
        print(VerifyKey.of(signer))


@app.command()
def show(json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """The policies that this program and these settings have, with what is signed of each."""
    editions = _editions()
    if json:
        put(_told(editions))
    else:
        rows = [(name, one.version, one.digest) for name, one in editions.items()]
        table("Policies", ("policy", "version", "sha256"), rows)


@app.command()
def sign(file: KeyFile, signature: Note = None, json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """Sign the policies as they are here, and add the signature to the note; others may have signed before."""
    from gateway.audit.policy_note import add_signature, policy_text  # noqa: PLC0415 - heavy, needed here only
    from gateway.core.errors import Misconfigured, Tampered  # noqa: PLC0415 - as above
    from gateway.policies import NOT_SIGNED, read_note  # noqa: PLC0415 - as above
    from keys.note_key import NoteKey  # noqa: PLC0415 - as above

    editions = _editions()
    note, text, signer = _note(signature), policy_text(editions), NoteKey.load(file)
    try:
        signed = add_signature(read_note(note) if note.exists() else "", text, signer)
    except Tampered as fault:
        raise Misconfigured(f"{note}: {fault.detail}", code=NOT_SIGNED) from None
    note.write_text(signed, encoding="utf-8")
    if json:
        put({"signer": signer.name, "file": str(note), "policies": _told(editions)})
    else:
        print(text, end="")
    say(f"Signed by {signer.name}: {note}")


@app.command()
def check(
    signature: Note = None,
    signer: Annotated[
        list[str] | None, typer.Option("--signer", help="Verify key, instead of those of policy.signers.")
    ] = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Say who signed the policies that are here; exit code 3 when fewer did than have to."""
    from gateway.policies import policies_in_force  # noqa: PLC0415 - heavy, needed here only
    from gateway.settings import PolicySettings  # noqa: PLC0415 - as above
    from gateway.tools import speech  # noqa: PLC0415 - as above

    settings = local.settings()
    if signer:
        chosen = PolicySettings(signers=tuple(signer), signature=_note(signature))
    else:
        chosen = settings.policy.model_copy(update={"signature": signature} if signature else {})
    found = policies_in_force(settings.model_copy(update={"policy": chosen}), speech(drafts=settings.drafts))
    if json:
        put({"signed_by": list(found.signed_by)})
    else:
        facts({"signed by": found.signers})


def _editions() -> Editions:
    from gateway.policies import read_policies  # noqa: PLC0415 - heavy, needed here only
    from gateway.tools import speech  # noqa: PLC0415 - as above

    settings = local.settings()
    return read_policies(settings, speech(drafts=settings.drafts)).editions


def _told(editions: Editions) -> dict[str, dict[str, str]]:
    return {name: {"version": one.version, "sha256": one.digest} for name, one in editions.items()}


def _note(given: Path | None) -> Path:
    chosen = given or local.settings().policy.signature
    if chosen is None:
        raise typer.BadParameter("Name the note: --signature FILE, or the setting policy.signature.")
    return chosen
