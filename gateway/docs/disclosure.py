"""The page of the disclosure policy: who may have what, why something is kept back, and what would change that."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.core.policy import Policy, Row
from gateway.docs.markdown import code, table

HEAD = """# What may leave

Agreement, disclosure guard and labels decide in one place, and what no row allows stays. This page is generated from
`schemas/disclosure/` (policy version {version}); the tables are checked at start, and every cell of the release matrix
is written down once more in `tests/vectors/disclosure/release.csv`.

"""


PROHIBITED = """Who asked where somebody is, and may not be told because of danger, is told just that, by the code
that the federal services have for it (42 USC 653(b)(2)): the echo of the request with 39, in the answering partner's
name, as a record of its own. It is committed right after the answer that stays, before the answer's sender has
its 202, and goes the same way: same agreement, same batch, the 920 bytes of the fixed width, or, as XML and
JSON, filled up to 8 KiB like every answer of the kind. For answers in big bodies, and for those that were about
to leave when the notice came, the scheduler looks every ten seconds. It is told once (its submission has the
key `prohibited-RECORD`), places no notice, and does not stand in the way of an order of a court. What is kept
for other reasons is kept in silence."""
PROHIBITED_CASES = (
    ("`locate-answer`, to a partner that takes the kind", "told"),
    (
        "`locate-answer`, to a partner that takes it bridged to `locate` (CSENet)",
        "silence: no reason of LO1 P says it, and that nobody was found (`LUALL`) would be untrue",
    ),
    (
        "`locate` (LO1 P), and MSC P with its reasons, from state to state",
        "silence: the same, and its serial numbers are the sender's; the answering state tells in its own words",
    ),
    ("a `locate-answer` that names no state", "silence"),
    ("the answers of several agencies to one request", "one for each: the echo names the agency"),
    (
        "an answer that found nothing",
        "it goes as it is, so who is told that disclosure is prohibited knows that something was found",
    ),
    ("a query, answered while its caller waits", "[queries.md](queries.md)"),
)

ORDERS = """What is found about a protected person goes to nobody, but a court may order that one answer goes to it
(42 USC 653(b)(2), 654(26)(E)). A data steward asks on the page of the request (or of the answer), or somebody at the
gateway's machine with `gateway override ask`: the person by its place in the record, the court's id, the day of the
order, its last day. A security officer agrees under `/approvals`, and the order stands. It is for whoever sent the
request: the gateway finds that partner by the request, and asks for its key (`--to`) only where it cannot know. The
scheduler then looks every five seconds for what was kept back and answers that request; it leaves when every other
row allows it, every protected person in it has such an order, and the agreement of that partner names
`requester = "court"`. Orders are used up when the bytes are made and before anything is handed over; later attempts of
the same delivery may use them until their last day. What left is destroyed once it is delivered, whether or not
retention is switched on ([retention.md](retention.md)).

`gateway override list|show`, `gateway why`, `/overrides` in the console and `gateway_court_orders` say where orders
stand and which let what go."""
ORDER_CASES = (
    (
        "the partner takes answers bridged to `locate`",
        "they stay as `disclosure-label`: no court gets that kind; give `locate-answer` a format in the partner's file",
    ),
    ("two protected persons in one answer", "one order for each; all are used up together or none"),
    ("a protected person without a number", "known in that one record only: the order names the answer itself"),
    ("the bytes cannot be made", "nothing is used up"),
    ("the delivery fails for good", "the order is `undelivered`, with an entry of the log and an alert in the console"),
    (
        "its answer stays behind when others of its delivery leave",
        "the order goes with it, and is `undelivered` as well",
    ),
    (
        "that delivery sent again",
        "it leaves under its order until the last day, amended or not; after that by a new order",
    ),
    ("that delivery given up (withdrawn)", "the order is `withdrawn`: nothing arrives by it, and no alert stands"),
    ("a query, answered while its caller waits", "no order (`override-query`): nothing of it is kept to bind one to"),
)


def disclosure_page(policy: Policy) -> str:
    """``docs/disclosure.md``."""
    parts = [
        ("Kinds", "Which programs may have a kind at all, and the labels of everything in it.", _kinds(policy)),
        ("Labels", "Every label of a record must be allowed; no format and no bridge takes one away.", _labels(policy)),
        (
            "Release",
            "A label leaves for a program, a purpose and a requester if one of these rows says so.",
            _releases(policy),
        ),
        ("Refusals", "Of several the first counts.", _rows(policy.refusals)),
        ("Federal tax information", f"{policy.tax_source}. *old*: from an older copy of the matrix.", _tax(policy)),
        ("Prohibited answers", PROHIBITED, table(("case", "what holds"), PROHIBITED_CASES)),
        ("Orders of courts", ORDERS, table(("case", "what holds"), ORDER_CASES)),
        ("Why something was not sent", "What `gateway why` and the API say.", _answers(policy)),
    ]
    sections = [f"## {title}\n\n{words}\n\n{rows}" for title, words, rows in parts]
    return HEAD.format(version=policy.version) + "\n".join(sections)


def _kinds(policy: Policy) -> str:
    rows = [
        (
            code(kind),
            _names(one.programs),
            ", ".join(code(name) for name in sorted(one.verified)),
            _names(one.labels),
            one.source,
        )
        for kind, one in sorted(policy.kinds.items())
    ]
    return table(("kind", "programs", "once verified also", "labels", "source"), rows)


def _labels(policy: Policy) -> str:
    rows = [
        (
            code(one.name),
            one.title,
            f"{one.keep_months} months" if one.keep_months else "",
            code(one.verified_as) if one.verified_as else "",
            one.source,
        )
        for one in policy.labels.values()
    ]
    return table(("label", "what", "at most kept", "once verified as", "source"), rows)


def _releases(policy: Policy) -> str:
    return _rows(policy.releases)


def _rows(rows: Iterable[Row]) -> str:
    told = [
        (
            code(row.id),
            *(_names(names) for names in (row.labels, row.programs, row.purposes, row.requesters)),
            row.source,
        )
        for row in rows
    ]
    return table(("row", "labels", "programs", "purposes", "requesters", "source"), told)


def _tax(policy: Policy) -> str:
    rows = [
        (
            str(row.number),
            row.recipient + (" *(old)*" if row.old else ""),
            "yes" if row.allowed else "no",
            row.may,
            row.limits,
        )
        for row in policy.tax
    ]
    return table(("row", "recipient", "through the gateway", "may have", "limits"), rows)


def _answers(policy: Policy) -> str:
    rows = [(code(name), one.rule, one.title, one.change, one.source) for name, one in sorted(policy.answers.items())]
    return table(("reason", "requirement", "what it says", "what would have to change", "source"), rows)


def _names(names: Iterable[str]) -> str:
    return ", ".join(code(name) for name in sorted(names)) or "all"
