"""An example of each command, shown below its options. A guard parses them all."""

from __future__ import annotations

from collections.abc import Mapping

import typer
from typer.main import get_command_name

_ID = "01a2268a-1679-7000-87cb-3df75bdfb648"
_TOKEN = "4f1d2c3b5a69788796a5b4c3d2e1f001"  # noqa: S105 - of a case, invented
_DEVICE = "9c1185a5c5e9fc54612808977ee8f548b2258d31cbb51ea1ea9f18b1e2bd6d4e"
_WHY = '--reason "partner is back"'

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "init": ("",),
    "serve": ("", "--role api,relay"),
    "demo": ("", "--once"),
    "doctor": ("", "--json"),
    "check-config": ("",),
    "submit": ("ohio.csenet --wait 60", "ohio.csenet --format csenet --json"),
    "validate": ("ohio.csenet", "new-hires.csv --format newhire-csv-nc --html faults.html"),
    "convert": ("ohio.csenet --to xml --out ohio.xml",),
    "formats": ("",),
    "show": ("ohio.csenet --record 3",),
    "sample": ("csenet --count 1000 --seed 7 --faults 0.1 --out sample.csenet",),
    "acknowledge": ("coverage.x12 --number 17 --out answer.x12",),
    "status": (f"{_ID} --wait 60 --records",),
    "trace": (_ID,),
    "query": ("query.xml --out answer.xml",),
    "attestation": ("",),
    "why": (_ID,),
    "lift": (f'{_ID} --reason "the notice was placed by mistake"',),
    "deadlines": ("", "--all"),
    "partner certificate": ("client.pem",),
    "readings list": ("--days 7 --zone America/New_York",),
    "readings sign": ('--reason "asked one steward about the evening"',),
    "glass list": ("", "--all"),
    "glass show": (_ID,),
    "glass review": (f'{_ID} --finding justified --note "child was brought to safety"',),
    "incident report": ("--since 2026-11-29T08:00Z --partner ohio --out incident.txt", "--since 2026-11-29 --json"),
    "incident open": ('--discovered 2026-11-29T09:30Z --about "parcel of ohio lay open" --partner ohio --tax-data',),
    "incident list": ("", "--all"),
    "incident told": (f"{_ID} ocss",),
    "incident close": (f'{_ID} --reason "all were told"',),
    "token": ("ohio token.pem --id ohio-2026",),
    "partner public-key": ("signing.pem --id 2027-1",),
    "partner callers": ("",),
    "partner apply": ("states.toml agreements.toml --dry-run",),
    "partner list": ("",),
    "partner key": ("ohio --days 30",),
    "partner keys": ("ohio",),
    "partner revoke": ("eb3cb85ff70b443d",),
    "partner files": ("ohio", "ohio --restart w4:26:"),
    "partner pause": ("ohio", "ohio --resume"),
    "policy key": ("officer/anna.key --name ohio.example/anna", "officer/anna.key"),
    "policy show": ("",),
    "policy sign": ("officer/anna.key --signature policies.note",),
    "policy check": ("", "--json"),
    "operator add": ("pat --role operator --surname Example",),
    "operator disable": ("pat",),
    "operator reset": ("pat",),
    "operator list": ("",),
    "operator device add": ('pat laptop-17.pem --label "laptop 17"',),
    "operator device remove": (f"pat {_DEVICE}",),
    "operator device lost": ('laptop-17.pem --reason "left in a train"',),
    "operator device found": (f"{_DEVICE}",),
    "operator device list": ("", "pat"),
    "operator key": ("pat --days 1",),
    "approval list": ("",),
    "override ask": (f'{_ID} --court OH-CT-1 --ordered-on 2027-01-04 --expires-on 2027-02-03 --reason "order 17"',),
    "override list": ("",),
    "override show": (_ID,),
    "keys list": ("",),
    "keys convert": ("",),
    "keys new": ("records",),
    "keys prepare": ("records",),
    "keys rotate": ("records",),
    "keys rewrap": ("", "--now"),
    "keys destroy": ('kek:records:2026-11:1 --ask "it opens nothing any more"', "kek:records:2026-11:1"),
    "keys inventory": ("",),
    "topology apply": ("",),
    "topology diff": ("",),
    "mailbox list": ("",),
    "mailbox get": (f"{_ID} --out parcel.json",),
    "mailbox ack": (f"{_ID} parcel.json",),
    "mailbox refuse": (f"{_ID} --reason record-unreadable",),
    "dead elements": (f'{_ID} --record {_ID} --reason "asked by the partner"',),
    "dead amend": (f'{_ID} --record {_ID} --reason "asked by the partner" --set Header/Reason=-',),
    "dead send": (_ID,),
    "dead bodies": ("", "--json"),
    "dead judge": (f"{_ID} {_WHY}",),
    "dead groups": ("", "--json"),
    "dead list": ("--partner ohio", "--state held"),
    "dead show": (_ID,),
    "dead retry": (f"{_ID} {_WHY}",),
    "dead withdraw": (f'{_ID} --reason "sent by mail"',),
    "dead replay": (f"--partner ohio --cause connect-failed {_WHY}",),
    "receipt get": (f"{_ID} --final --out receipt.jws",),
    "receipt check": ("receipt.jws --keys keys.json",),
    "receipt keys": ("",),
    "audit verify": ("--anchor checkpoint.txt",),
    "audit prove": (f"{_ID} --out proof.txt",),
    "audit export": ('--from 1 --to 500 --out log.zip --purpose "yearly audit"',),
    "audit evidence": (f'{_ID} --out evidence.zip --purpose "yearly audit"',),
    "audit checkpoint": ("",),
    "audit timestamp": ("--out stamped",),
    "audit consistency": ("checkpoint.txt --out consistency.txt",),
    "audit key": ("",),
    "audit check": ("proof.txt --key gateway.example/log+1a2b3c4d+AbCd",),
    "wire list": ("", "ohio"),
    "wire new": ("jose",),
    "wire renew": ("encrypt P-256",),
    "wire activate": ("a1b2c3d4",),
    "wire add": ("ohio ohio.pem --use encrypt",),
    "wire test": ("ohio a1b2c3d4 --output challenge.jwe",),
    "wire confirm": ("ohio a1b2c3d4 3f9ab2",),
    "wire retire": ("ohio a1b2c3d4",),
    "wire show": ("gateway a1b2c3d4",),
    "witness init": ("--name witness.example/w1",),
    "witness key": ("",),
    "witness serve": ("--log-key gateway.example/log+1a2b3c4d+AbCd",),
    "retention plan": ("",),
    "retention run": ("", "--vacuum"),
    "retention runs": ("",),
    "retention certificate": (_ID,),
    "retention policy": ("",),
    "retention hold add": ('--partner ohio --reason "lawsuit 12"', f'--record {_ID} --reason "lawsuit 12"'),
    "retention hold list": ("", "--all"),
    "retention hold release": (f'{_ID} --reason "lawsuit 12 is over"',),
    "backup create": (
        "backups/monday",
        'backups/monday --with-keys --ask "the host is replaced"',
        "backups/monday --with-keys",
    ),
    "backup verify": ("backups/monday",),
    "backup restore": ("backups/monday",),
    "extract list": ("", "--all"),
    "extract erased": (_ID,),
    "extract add": ('--about records-of-2026 --purpose "test of the archive"',),
    "disclosures list": (f'--case {_TOKEN} --years 6 --purpose "asked by the person"',),
    "disclosures token": ("--sender ohio",),
    "layout show": ("csenet-header-to-server", "csenet"),
    "rules show": ("CSE-DATE-INVALID",),
    "rules list": ("hire date --format w4",),
    "rules diff": ("2026-01-01 2027-01-01 ohio.csenet",),
    "db upgrade": ("",),
}
"""The words of a command -> what may follow them, one or two."""


CODES = "Exit codes: gateway --help; docs/cli.md says more."


def show_examples(app: typer.Typer, path: tuple[str, ...] = ()) -> None:
    """Give every command of the tree its examples, as what its help ends with."""
    for command in app.registered_commands:
        name = command.name or (get_command_name(command.callback.__name__) if command.callback else "")
        words = " ".join((*path, name))
        lines = [f"gateway {words} {arguments}".rstrip() for arguments in EXAMPLES.get(words, ())]
        if lines:
            command.epilog = "\n\n".join(("Example:" if len(lines) == 1 else "Examples:", *lines, CODES))
    for group in app.registered_groups:
        if group.typer_instance is not None:
            show_examples(group.typer_instance, (*path, str(group.name or group.typer_instance.info.name)))
