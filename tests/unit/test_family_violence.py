"""Family violence: every combination of the rules, every branch of the guard, and no trace of what may not be told."""

import ast
import inspect
import re
import sys
import types
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from gateway.core import disclosure
from gateway.core.disclosure import Guard, Override, Passage, Way, Withheld
from gateway.core.model import DeliveryId, Facts, Kind, PartnerKey, Record, RecordId, Role, TaxApproval
from tests.unit.guarding import APPROVED, POLICY, TODAY, to
from tests.unit.test_work_registry import posted
from tests.unit.work_site import HIRE, MICHIGAN, OHIO, agreement, open_site, partner, transfers

PERSON, REQUEST = b"p" * 16, RecordId("request-1")
WAY, ELSEWHERE = (Way(DeliveryId(one), RecordId("answer-1")) for one in ("delivery-1", "delivery-2"))
ORDER = Override(
    id="order-1",
    request=REQUEST,
    person=PERSON,
    court="39-CP-0001",
    recipient=to("IV-D").partner.key,
    ordered_on=TODAY - timedelta(days=3),
    expires_on=TODAY + timedelta(days=3),
    requested_by="pat",
    approved_by="kim",
)
FOUND = Facts(Kind("locate-answer"), "FPLS", "39", "E05", tags={"told": "Y"})


class Careless(Guard):
    """The guard with the safeguard off: it never looks for danger."""

    def _of_danger(self, _passage, _kind):
        return None


# --- V01, V02, V05, V06: the table -----------------------------------------------------------------------------------

TABLE = list(product((False, True), ("support", "custody"), ("court", "agency"), (False, True), (False, True), (0, 1)))
"""Notice held, purpose, requester, an order of a court, in its days, who placed the notice (this record, another)."""


def passage(guard, held, purpose, requester, ordered, in_days, elsewhere):
    order = ORDER if in_days else replace(ORDER, expires_on=TODAY - timedelta(days=1))
    facts = replace(FOUND, family_violence=held and not elsewhere)
    return Passage(
        guard.bearing(facts),
        to("IV-D", purpose=purpose, requester=requester),
        TODAY,
        held=frozenset({PERSON}) if held else frozenset(),
        request=REQUEST,
        orders=(order,) if ordered else (),
    )


def wanted(held, _purpose, requester, ordered, in_days, elsewhere):
    """The rule in words: nothing about a protected person, but to a court that ordered it in these days."""
    if not held or (ordered and in_days and requester == "court"):
        return None
    return Withheld.PROTECTED_PERSON if elsewhere else Withheld.FAMILY_VIOLENCE


ORDERED, UNNEEDED = ((held, "support", "court", True, True, 1) for held in (True, False))
"""A row with an order in its days, where a notice is held and where none is."""


def wrong(guard):
    return [row for row in TABLE if guard.decide(passage(guard, *row)).withheld is not wanted(*row)]


@pytest.mark.claim("A24", "V01", "V02", "V06", control="test_a_guard_that_does_not_look_for_danger_fails_the_table")
def test_every_combination_of_the_family_violence_rules_is_decided(claim):
    assert len(TABLE) == 2**6
    assert wrong(Guard(POLICY)) == []
    claim.measured(f"{len(TABLE)} of {len(TABLE)} combinations decided as the rule says")


def test_a_guard_that_does_not_look_for_danger_fails_the_table():
    assert len(wrong(Careless(POLICY))) == sum(1 for row in TABLE if wanted(*row))


@pytest.mark.parametrize(
    "changes",
    [
        {"used": ELSEWHERE},
        {"request": RecordId("request-2")},
        {"person": b"q" * 16},
        {"recipient": "another"},
        {"approved_by": "pat"},
        {"expires_on": TODAY - timedelta(days=1)},
        {"ordered_on": TODAY + timedelta(days=1)},
    ],
    ids=["used", "another request", "another person", "another recipient", "one person alone", "past", "not yet"],
)
def test_an_order_is_good_for_its_request_its_person_and_its_days_once(changes):
    """V02."""
    guard = Guard(POLICY)
    plain = replace(passage(guard, *ORDERED), way=WAY)
    found = guard.decide(plain)
    assert (found.withheld, found.rule, found.orders) == (None, "V02", (ORDER,))
    assert guard.decide(replace(plain, orders=(replace(ORDER, **changes),))).withheld is Withheld.PROTECTED_PERSON


def test_an_order_that_a_delivery_used_up_is_good_for_its_next_attempt():
    guard = Guard(POLICY)
    used = replace(passage(guard, *ORDERED), orders=(replace(ORDER, used=WAY),), way=WAY)
    assert guard.decide(used).withheld is None
    assert guard.decide(replace(used, way=None)).withheld is Withheld.PROTECTED_PERSON


def test_an_order_about_one_person_lets_nothing_out_about_two():
    guard = Guard(POLICY)
    plain = passage(guard, *ORDERED)
    both = replace(plain, held=frozenset({PERSON, b"q" * 16}))
    assert guard.decide(both).withheld is Withheld.PROTECTED_PERSON
    hers = replace(ORDER, id="order-2", person=b"q" * 16)
    found = guard.decide(replace(both, orders=(ORDER, hers)))
    assert (found.withheld, found.orders) == (None, (ORDER, hers)), "each has an order of its own"
    assert guard.decide(replace(both, orders=(ORDER, ORDER))).withheld is Withheld.PROTECTED_PERSON
    assert guard.decide(replace(plain, request=None)).withheld is Withheld.PROTECTED_PERSON


def test_an_order_that_was_not_needed_is_not_used_up():
    guard = Guard(POLICY)
    found = guard.decide(passage(guard, *UNNEEDED))
    assert (found.withheld, found.orders) == (None, ())


# --- A25: every branch of the guard ----------------------------------------------------------------------------------

FUNCTIONS = (
    "_against",
    "_of_labels",
    "_of_tax",
    "_of_locating",
    "_of_age",
    "_of_danger",
    "_by_order",
    "_fits",
    "bearing",
)
NOT = {ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is}
FLIPS = {**NOT, ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.And: ast.Or, ast.Or: ast.And}


def places(tree):
    """Every condition in the functions that decide."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and function.name in FUNCTIONS:
            for node in ast.walk(function):
                if isinstance(node, ast.Compare | ast.BoolOp | ast.If | ast.IfExp | ast.Return):
                    yield node


def flipped(number):
    """The guard's module with its condition of that number turned round; what was turned."""
    tree = ast.parse(inspect.getsource(disclosure))
    node = list(places(tree))[number]
    said = f"{type(node).__name__} in line {node.lineno}"
    if isinstance(node, ast.Compare):
        node.ops = [FLIPS[type(op)]() if at == 0 else op for at, op in enumerate(node.ops)]
    elif isinstance(node, ast.BoolOp):
        node.op = FLIPS[type(node.op)]()
    elif isinstance(node, ast.If | ast.IfExp):
        node.test = ast.UnaryOp(ast.Not(), node.test)
    elif isinstance(node, ast.Return):
        node.value = ast.Constant(None)
    module = types.ModuleType(f"mutant_{number}")
    sys.modules[module.__name__] = module
    try:
        exec(compile(ast.fix_missing_locations(tree), module.__name__, "exec"), module.__dict__)  # noqa: S102 - our own source with one change
    finally:
        del sys.modules[module.__name__]
    return module, said


def battery():
    """Passages that between them meet every condition: facts, route, and what else is known."""
    day = timedelta(days=1)
    plain = Facts(Kind("locate"), "26", "39", "LO1 R")
    marked = {"family_violence": True}
    taxed = replace(FOUND, tags={"federal_tax": "Y"})
    once = replace(FOUND, tags={"federal_tax": "Y", "ndnh": "Y"})
    yes = to("IV-D", approval=APPROVED, tax=True)
    spls = replace(yes.partner, locate_attested_until=TODAY)
    entry, query = (
        Facts(Kind("registry-entry"), "39", "FPLS", "FP A"),
        Facts(Kind("registry-entry"), "39", "FPLS", "FR L"),
    )
    order = Facts(Kind("income-withholding"), "39", "1", "I ORG")
    yield from ((plain, to(program), {}) for program in ("IV-D", "IV-A", "FPLS", "employer", ""))
    yield from ((order, to(program), {}) for program in ("employer", "IV-D", "e-IWO"))
    yield from ((replace(order, transaction=said), to("employer"), {}) for said in ("A ORG", "K", None))
    yield from ((replace(plain, transaction=said, **marked), to("IV-D"), {}) for said in ("LO1 R", "LO1 P", None))
    yield from ((replace(one, **marked), to("FPLS"), {}) for one in (entry, query))
    yield from (
        (Facts(Kind("registry-answer"), "FPLS", "39", said, **marked), to("IV-D"), {}) for said in ("FT P", "FS A")
    )
    yield from (
        (Facts(Kind("wage"), "FPLS", "39", **marks), to("IV-D"), {}) for marks in ({}, marked, {"nondisclosure": True})
    )
    yield from ((Facts(Kind("wage"), "FPLS", "39"), to("IV-D", role), {}) for role in (Role.TRIBE, Role.STATE))
    yield from ((one, route, {}) for one in (taxed, once, FOUND) for route in (yes, to("IV-D"), to("IV-D", tax=True)))
    yield from (
        (taxed, to("IV-D", approval=TaxApproval(), tax=True, requester=who), {}) for who in ("agency", "private")
    )
    yield from ((taxed, to("IV-D", approval=APPROVED, tax=True, requester=who), {}) for who in ("private", "court"))
    yield taxed, to("IV-D", approval=APPROVED, tax=True, purpose="eligibility"), {}
    yield from ((query, to("FPLS"), {"sender": who}) for who in (None, spls, replace(spls, locate_attested_until=None)))
    yield query, to("FPLS"), {"sender": replace(spls, locate_attested_until=TODAY - day)}
    yield replace(entry, tags={"locate_type": "CS"}), to("FPLS"), {}
    yield replace(entry, tags={"locate_type": "CS"}), to("FPLS"), {"sender": spls}
    wage, old = Facts(Kind("wage"), "FPLS", "39"), TODAY.replace(year=TODAY.year - 2)
    yield from ((one, to("IV-D"), {"received_on": at}) for one in (wage, plain) for at in (TODAY, old, old - day))
    yield from ((plain, to("IV-D", **use), {}) for use in ({"purpose": "fun"}, {"requester": "fun"}))
    custody = replace(FOUND, tags={"locate_type": "CV", "told": "Y"})
    yield from (
        (replace(custody, tags={**custody.tags, **more}), to("IV-D"), {}) for more in ({}, {"beyond_whereabouts": "Y"})
    )
    yield replace(FOUND, tags={"beyond_whereabouts": "Y"}), to("IV-D"), {}
    yield from ((plain, to("IV-D"), {"day": at}) for at in (TODAY, TODAY.replace(year=2025)))
    held = {"held": frozenset({PERSON})}
    yield from ((one, to(program), held) for one in (plain, FOUND) for program in ("IV-D", "IV-A"))
    yield from ((replace(FOUND, nondisclosure=True), to("IV-D"), more) for more in ({}, held))
    court = to("IV-D", requester="court")
    granted = {**held, "request": REQUEST, "orders": (ORDER,)}
    yield from ((one, route, granted) for one in (FOUND, replace(FOUND, **marked)) for route in (court, to("IV-D")))
    yield FOUND, court, {**granted, "held": frozenset()}
    yield FOUND, court, {**granted, "request": None}
    yield FOUND, court, {**granted, "request": None, "record": REQUEST}
    bad = (
        {"used": WAY},
        {"request": "x"},
        {"person": b"q" * 16},
        {"approved_by": "pat"},
        {"expires_on": TODAY - day},
        {"recipient": "x"},
    )
    yield from (
        (FOUND, court, {**granted, "orders": (replace(ORDER, **one),)}) for one in (*bad, {"ordered_on": TODAY + day})
    )
    used = {**granted, "orders": (replace(ORDER, used=WAY),)}
    yield from ((FOUND, court, {**used, "way": one}) for one in (WAY, ELSEWHERE, None))
    edges = ({"expires_on": TODAY}, {"ordered_on": TODAY})
    yield from ((FOUND, court, {**granted, "orders": (replace(ORDER, **one),)}) for one in edges)
    yield Facts(Kind("something-new"), "26", "39"), to("IV-D"), {}


def confirmations():
    """The same for what a second source confirmed."""
    wage = Facts(Kind("wage"), "FPLS", "39")
    by, on = {"verified_by": "EMPL"}, {"verified_on": TODAY.isoformat()}
    agency, service = to("IV-D").partner, to("FPLS").partner
    sure = replace(wage, tags={**by, **on})
    for one in (wage, replace(wage, tags=by), replace(wage, tags=on), sure):
        yield from ((one, to("XIX"), {"sender": who}) for who in (agency, service, None))
    yield from ((sure, to(program), {"sender": agency}) for program in ("IV-A", "employer", "IV-D"))
    yield sure, to("XIX"), {"sender": agency, "day": TODAY - timedelta(days=1)}
    yield sure, to("XIX", requester="court"), {"sender": agency}
    yield replace(sure, kind=Kind("medical-match")), to("XIX"), {"sender": agency}


BATTERY = [*battery(), *confirmations()]


def said(module):
    """What a guard of the module answers to the whole battery; how it breaks counts as an answer."""
    answers = []
    guard = module.Guard(POLICY)
    for facts, route, more in BATTERY:
        known = {"day": TODAY, **more}
        try:
            found = guard.decide(module.Passage(guard.bearing(facts), route, **known))
            answers.append((str(found.withheld), found.rule, len(found.orders)))
        except Exception as error:  # noqa: BLE001 - a mutant may do anything
            answers.append(type(error).__name__)
    return answers


EQUIVALENT = 0.05
"""Share of mutants that may live: conditions that only spare work."""


@pytest.mark.claim("A25", control="test_the_battery_alone_finds_out_no_guard_that_is_as_it_should_be")
def test_every_branch_of_the_guard_is_asked_for(claim):
    right = said(disclosure)
    count = len(list(places(ast.parse(inspect.getsource(disclosure)))))
    lived = [name for number in range(count) for module, name in [flipped(number)] if said(module) == right]
    claim.measured(f"{count - len(lived)} of {count} mutants of the guard's code found out")
    assert len(lived) <= count * EQUIVALENT, lived


def test_the_battery_alone_finds_out_no_guard_that_is_as_it_should_be():
    assert said(disclosure) == said(disclosure)
    answers = {answer[0] for answer in said(disclosure)}
    assert answers == {"None", *(str(reason) for reason in Withheld if reason is not Withheld.UNKNOWN)}


# --- V04: no trace ---------------------------------------------------------------------------------------------------

STREET = "12 Invented Street"
GIVEN = b"<ParticipantStatusCode>O</ParticipantStatusCode>"
MARKED = GIVEN + b"<FamilyViolenceIndicator>Y</FamilyViolenceIndicator>"
HIRE_REPORT = """<NewHire xmlns="urn:child-support-gateway:new-hire:1"><Transmission><TransmitterStateCode>26\
</TransmitterStateCode></Transmission><Employee><PersonSSNIdentification>9{number:07}9</PersonSSNIdentification>\
<PersonName><PersonGivenName>JANE</PersonGivenName><PersonSurName>EXAMPLE</PersonSurName></PersonName>\
<EmployeeAddress><AddressLine1Text>{street}</AddressLine1Text><AddressCityName>LANSING</AddressCityName>\
<AddressStateCode>MI</AddressStateCode><AddressPostalCode>48933</AddressPostalCode></EmployeeAddress>{mark}</Employee>\
<HireDate>2026-03-01</HireDate><Employer><EmployerFEINID>000000001</EmployerFEINID><EmployerName>SAMPLE WORKS\
</EmployerName></Employer></NewHire>"""
CASES, SPARED = 25, 40
"""One document in so many is a whole case, and one is about somebody who is not protected."""


def canary(number):
    """An address that stands nowhere else."""
    return f"{number} Canary{number:06d} Way"


def document(number, *, marked):
    """A hire, or a case with three people, with an address and numbers of its own."""
    if number % CASES:
        mark = "<FamilyViolenceIndicator>Y</FamilyViolenceIndicator>" if marked else ""
        return HIRE_REPORT.format(number=number, street=canary(number), mark=mark).encode()
    people = {f"90010000{place}": f"9{number:07d}{place}" for place in (1, 2, 3)}
    text = transfers(number, case=f"MI{number:08d}").decode().replace(STREET, canary(number))
    for before, after in people.items():
        text = text.replace(before, after)
    whole = text[text.index("<CaseTransfer") :].removesuffix("</Batch>").encode()
    return whole.replace(GIVEN, MARKED, 1) if marked else whole


def gathered(documents):
    """One body of many."""
    return b'<Batch xmlns="urn:child-support-gateway:batch:1">' + b"".join(documents) + b"</Batch>"


async def run(site, numbers, marked):
    """Post, send, and give back everything that another could see: what left, its names, and the store's files."""
    cases, national = agreement(MICHIGAN, OHIO), PartnerKey("national")
    hires = agreement(MICHIGAN, national, kinds=frozenset({HIRE}))
    known = (
        partner(OHIO, "39", program="IV-A", concurrency=64),
        partner(national, "NDNH", program="NDNH", concurrency=64),
    )
    site.know(*known, agreements=(cases, hires))
    for start in range(0, len(numbers), 500):
        some = numbers[start : start + 500]
        found = await posted(site, MICHIGAN, "xml", gathered([document(n, marked=n in marked) for n in some]))
        assert (found.counts.accepted, found.counts.refused, found.counts.unroutable) == (len(some), 0, 0)
    async with site.dispatching():
        await site.come_to_rest()
    left = [part for parcel in site.door.begun for part in (parcel.body, parcel.name.encode())]
    files = [path.read_bytes() for path in site.path.parent.glob(f"{site.path.name}*")]
    return left, files


def leaks(numbers, blobs):
    """The numbers whose addresses stand in the bytes, found in one reading of them."""
    found = {int(one) for blob in blobs for one in re.findall(rb"Canary(\d{6}) Way", blob)}
    return [number for number in numbers if number in found]


@pytest.mark.claim("A24", "V04", control="test_without_the_safeguard_the_addresses_are_found_by_the_same_search")
async def test_no_address_of_a_protected_person_is_anywhere(sqlite_url, tmp_path, claim, capfd):
    size = claim.size(push=10_000, night=10_000)
    numbers = list(range(1, size + 1))
    marked = {number for number in numbers if (number * 2_654_435_761 + claim.seed) % SPARED}
    async with open_site(sqlite_url, tmp_path) as site:
        left, files = await run(site, numbers, marked)
    out = "".join(capfd.readouterr()).encode()
    assert leaks(sorted(marked), left) == []
    assert leaks(numbers, files) == []
    assert leaks(numbers, [out]) == []
    assert len(leaks(sorted(set(numbers) - marked), left)) == len(set(numbers) - marked), "the others arrive"
    claim.measured(f"0 of {len(marked)} addresses of protected persons left or lie readable, among {size} documents")


async def test_without_the_safeguard_the_addresses_are_found_by_the_same_search(sqlite_url, tmp_path):
    async with open_site(sqlite_url, tmp_path) as site:
        site.guard = Careless(POLICY)
        site.router = replace(site.router, guard=site.guard)
        left, _ = await run(site, [1, 2, CASES], {1, 2, CASES})
    assert leaks([1, 2, CASES], left) == [1, 2, CASES]


def test_what_the_store_keeps_for_the_guard_names_nobody():
    shown = repr(
        Record(
            RecordId("r"), None, 1, None, MICHIGAN, None, None, None, None, None, None, None, None,
            received_at=None, bearing="STATE", persons=PERSON,
        )
    )  # fmt: skip
    assert "STATE" in shown
    assert repr(PERSON)[2:-1] not in shown
    assert repr(PERSON)[2:-1] not in repr(ORDER)
