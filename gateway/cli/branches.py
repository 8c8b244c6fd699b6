"""What stands right below ``gateway``: each command and group with what the list says of it, and where it is.

A table, so that ``gateway --help`` and each command load no other command's module.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Branch:
    """A command that ``module`` registers, or the group that lies in it as ``group``.

    ``help``: the first paragraph of its own help text, in one line.
    """

    module: str
    help: str
    group: str | None = None


def _group(module: str, text: str, group: str = "app") -> Branch:
    return Branch(module, text, group)


BRANCHES: Mapping[str, Branch] = {
    "init": Branch(
        "processes",
        "Prepare a new gateway: keys, credentials folder and database schema. Does nothing twice.",
    ),
    "serve": Branch("processes", "Run one process with the given roles until it is told to stop."),
    "demo": Branch("processes", "Show the whole gateway on synthetic partners: no server, no account, no real person."),
    "doctor": Branch("processes", "Look at everything this gateway needs and say what is wrong."),
    "check-config": Branch("processes", "Print the settings in force; secrets are masked."),
    "submit": Branch(
        "files",
        "Post a file; print the receipt. A repeat of the same file is answered with the same receipt.",
    ),
    "validate": Branch(
        "files",
        "Check files here, without server or database: layout, schema and rules. Values are never shown.",
    ),
    "convert": Branch("files", "Rewrite a file in another format; refuses when a record has a fault or does not fit."),
    "formats": Branch(
        "formats",
        "Every format with its kinds, direction, length, confidence and state, and what is not spoken, with "
        "the reason.",
    ),
    "show": Branch(
        "layouts",
        "One record of a file, field by field. Values are masked: letters as X or x, digits as 9, the length kept.",
    ),
    "sample": Branch(
        "samples",
        "A file of people who do not exist, under numbers that are never issued; on wish with faults to be found.",
    ),
    "acknowledge": Branch(
        "answers",
        "The TA1 and 999 (997 for version 4010) that an X12 file would get, with its faults by segment and element.",
    ),
    "status": Branch("records", "What became of a submission."),
    "trace": Branch("records", "Every step of one record: when, who, what, attempt."),
    "query": Branch("queries", "Ask the partner that works a case; the answer comes in the form of the query."),
    "attestation": Branch("attestation", "Show what `--attest VERSION` attests: read it before you do."),
    "why": Branch(
        "why",
        "Why a record or delivery was not sent: rule, sentence, source, what would have to change; of a dead "
        "letter what its cause means and what to do. Never its content. Of a record that was routed: what "
        "keeps each delivery of it.",
    ),
    "lift": Branch("why", "Take back the notice of danger that a record of yours placed on persons."),
    "token": Branch(
        "token",
        "Prove who calls with a private key (RFC 7523) and print an access token, for GATEWAY_KEY. With "
        "GATEWAY_CERT it works with that client certificate only.",
    ),
    "deadlines": Branch(
        "deadlines",
        "Changes of a family violence indicator that the federal case registry does not have: near their day, "
        "or over it (five business days of the sender's state, 45 CFR 307.11(f)(1)).",
    ),
    "partner": _group("partners", "Partners and agreements."),
    "operator": _group("operators", "Operator accounts of the console."),
    "approval": _group("approvals", "What needs a second person, and who has agreed."),
    "override": _group("override", "What a court ordered about a protected person: one answer to one request, once."),
    "keys": _group("keys", "Keys: their life, their end, what is under which."),
    "topology": _group("topology", "Queues and exchanges on RabbitMQ."),
    "mailbox": _group("mailbox", "A partner's mailbox."),
    "dead": _group("dead", "Dead letters: deliveries that need a person."),
    "receipt": _group("receipt", "Signed receipts of submissions."),
    "audit": _group("audit", "The audit log."),
    "readings": _group("readings", "Who read the content of records, to be looked through each week."),
    "glass": _group("glass", "Emergency access to content: who used it, and its review."),
    "incident": _group("incidents", "What happened: who, what, when and how many."),
    "wire": _group("wire", "Keys that protect messages between partners and the gateway."),
    "witness": _group("witness", "A witness: cosigns a log as long as it never contradicts itself."),
    "policy": _group("policy", "The policies of disclosure and retention, and who signed them."),
    "retention": _group("retention", "How long records are kept; erasing those that are due."),
    "backup": _group("backup", "Back-ups of the database, made while it serves."),
    "extract": _group("extracts", "The register of copies that left the gateway.", "extracts"),
    "disclosures": _group("extracts", "The accounting of disclosures.", "disclosures"),
    "layout": _group("layouts", "The tables that read and write records of fixed width."),
    "rules": _group("rules", "The rules that records are judged by."),
    "db": _group("processes", "The database's schema.", "database"),
}
