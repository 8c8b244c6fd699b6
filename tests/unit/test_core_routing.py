"""Who gets a record: every reason, every direction, the first and the last day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.model import (
    AdapterName,
    Agreement,
    AgreementKey,
    AgreementMode,
    Endpoint,
    Facts,
    Kind,
    Partner,
    PartnerKey,
    Role,
)
from gateway.core.routing import Directory, Reason, owning

CASE, HIRE = Kind("case-transfer"), Kind("new-hire")
TODAY = date(2026, 3, 2)
DAY = timedelta(days=1)


def partner(key, *locators, role=Role.STATE, program="IV-D"):
    return Partner(PartnerKey(key), key, role, program, frozenset(locators), Endpoint(AdapterName.MAILBOX))


OHIO, MICHIGAN, TEXAS = partner("ohio", "39"), partner("michigan", "26"), partner("texas", "48")
TRIBE, FRANKLIN = partner("tribe", "90830", role=Role.TRIBE), partner("franklin", "39049")
TANF = partner("ohio-tanf", "OH-TANF", role=Role.AGENCY, program="IV-A")
ACME = partner("acme", "390000001", role=Role.EMPLOYER, program="employer")
PARTNERS = (OHIO, MICHIGAN, TEXAS, TRIBE, FRANKLIN, TANF, ACME)


def agreement(key, senders, recipient, kinds=(CASE,), mode=AgreementMode.DIRECT, **more):
    more = {"valid_from": TODAY, **more}
    senders = frozenset(PartnerKey(sender) for sender in senders)
    return Agreement(AgreementKey(key), mode, senders, PartnerKey(recipient), frozenset(kinds), "45 CFR 303.7", **more)


def subscription(key, senders, recipient, **more):
    return agreement(key, senders, recipient, mode=AgreementMode.SUBSCRIPTION, **more)


def case(recipient="39", **tags):
    return Facts(CASE, "26", recipient, "ENF R ERALL", tags=tags)


def route(facts, *agreements, sender="michigan", today=TODAY):
    return Directory(PARTNERS, agreements).route(facts, PartnerKey(sender), today)


def keys(routing):
    return [one.partner.key for one in routing.routes]


# --- locators --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("locator", "owner"),
    [
        ("39", "ohio"),
        ("3900000", "ohio"),
        ("3904900", "franklin"),
        ("39049", "franklin"),
        ("39048", "ohio"),
        ("90830", "tribe"),
        ("9083000", "tribe"),
        ("9083100", None),
        ("OH-TANF", "ohio-tanf"),
        ("390000001", "acme"),
        ("390000002", None),
        ("", None),
        ("3", None),
    ],
)
def test_the_longest_known_locator_owns_an_address_and_a_fein_never_belongs_to_a_state(locator, owner):
    found = Directory(PARTNERS, ()).owner(locator)
    assert (found.key if found else None) == owner


@given(st.text("0123456789", min_size=2, max_size=9))
def test_what_owns_a_locator_begins_it_and_the_locator_itself_comes_first(locator):
    found = owning(locator)
    assert found[0] == locator
    assert all(locator.startswith(one) for one in found)
    assert list(found) == sorted(found, key=len, reverse=True)


# --- reasons ---------------------------------------------------------------------------------------------------------

TO_OHIO = agreement("m-o", ["michigan"], "ohio")
REASONS = [
    ("nobody owns the locator", case("55"), [TO_OHIO], Reason.UNKNOWN_RECIPIENT),
    ("no agreement at all", case(), [], Reason.NO_AGREEMENT),
    ("an agreement of another sender", case(), [agreement("t-o", ["texas"], "ohio")], Reason.NO_AGREEMENT),
    ("an agreement with another recipient", case(), [agreement("m-t", ["michigan"], "texas")], Reason.NO_AGREEMENT),
    ("an agreement on another kind", case(), [agreement("m-o", ["michigan"], "ohio", [HIRE])], Reason.NO_AGREEMENT),
    ("a subscription is no way", case(), [subscription("m-o", ["michigan"], "ohio")], Reason.NO_AGREEMENT),
    (
        "the agreement ran out",
        case(),
        [agreement("m-o", ["michigan"], "ohio", valid_from=TODAY - 9 * DAY, valid_until=TODAY - DAY)],
        Reason.EXPIRED,
    ),
    ("not yet", case(), [agreement("m-o", ["michigan"], "ohio", valid_from=TODAY + DAY)], Reason.NOT_YET),
    (
        "one ran out and one is still to come",
        case(),
        [
            agreement("a", ["michigan"], "ohio", valid_from=TODAY + DAY),
            agreement("b", ["michigan"], "ohio", valid_from=TODAY - 9 * DAY, valid_until=TODAY - DAY),
        ],
        Reason.EXPIRED,
    ),
    (
        "a filter that does not hold",
        case(case_type="N"),
        [agreement("m-o", ["michigan"], "ohio", filters={"case_type": frozenset("AF")})],
        Reason.FILTERED,
    ),
    (
        "a filter on a tag that the record lacks",
        case(),
        [agreement("m-o", ["michigan"], "ohio", filters={"case_type": frozenset("AF")})],
        Reason.FILTERED,
    ),
    (
        "one of two filters",
        case(case_type="A", medical="N"),
        [agreement("m-o", ["michigan"], "ohio", filters={"case_type": frozenset("A"), "medical": frozenset("Y")})],
        Reason.FILTERED,
    ),
]


@pytest.mark.parametrize(("facts", "agreements", "reason"), [r[1:] for r in REASONS], ids=[r[0] for r in REASONS])
def test_a_record_without_a_route_comes_with_the_most_telling_reason(facts, agreements, reason):
    routing = route(facts, *agreements)
    assert (routing.routes, routing.reason) == ((), reason)


def test_every_reason_is_in_the_table():
    assert {reason for *_, reason in REASONS} == set(Reason)


def test_with_an_agreement_the_record_goes_to_its_addressee():
    routing = route(case(), TO_OHIO)
    assert (keys(routing), routing.reason, routing.routes[0].agreement) == (["ohio"], None, TO_OHIO)


@pytest.mark.parametrize(
    ("day", "in_force"),
    [(TODAY - DAY, False), (TODAY, True), (TODAY + 30 * DAY, True), (TODAY + 31 * DAY, False)],
)
def test_an_agreement_holds_from_its_first_to_its_last_day_inclusive(day, in_force):
    month = agreement("m-o", ["michigan"], "ohio", valid_until=TODAY + 30 * DAY)
    assert bool(route(case(), month, today=day).routes) is in_force
    assert month.in_force(day) is in_force


def test_of_several_fitting_agreements_the_first_by_key_is_named_whatever_their_order():
    first, second = agreement("a", ["michigan"], "ohio"), agreement("b", ["michigan"], "ohio")
    for order in ((first, second), (second, first)):
        assert route(case(), *order).routes[0].agreement is first


# --- subscriptions ---------------------------------------------------------------------------------------------------

COPIES = subscription("tanf", ["ohio"], "ohio-tanf", filters={"case_type": frozenset("A")})
BACK = agreement("o-m", ["ohio"], "michigan")


def test_a_subscriber_gets_what_its_party_receives():
    assert keys(route(case(case_type="A"), TO_OHIO, COPIES)) == ["ohio", "ohio-tanf"]


def test_a_subscriber_gets_what_its_party_sends():
    sent = Facts(CASE, "39", "26", "ENF P", tags={"case_type": "A"})
    assert keys(route(sent, BACK, COPIES, sender="ohio")) == ["michigan", "ohio-tanf"]


def test_a_subscriber_gets_nothing_that_its_filter_turns_away_or_that_has_no_direct_route():
    assert keys(route(case(case_type="N"), TO_OHIO, COPIES)) == ["ohio"]
    assert keys(route(case(case_type="A"), COPIES)) == []


def test_a_subscription_that_ran_out_gives_nothing():
    over = subscription("tanf", ["ohio"], "ohio-tanf", valid_from=TODAY - 9 * DAY, valid_until=TODAY - DAY)
    assert keys(route(case(), TO_OHIO, over)) == ["ohio"]


def test_nobody_gets_a_record_twice():
    both_ends = subscription("a", ["ohio", "michigan"], "ohio-tanf")
    again = subscription("b", ["michigan"], "ohio-tanf")
    own = subscription("c", ["michigan"], "ohio")
    assert keys(route(case(), TO_OHIO, both_ends, again, own)) == ["ohio", "ohio-tanf"]


# --- kinds without an addressee --------------------------------------------------------------------------------------


def test_a_multistate_employer_reports_to_the_one_state_that_its_agreement_names():
    chosen = agreement("acme", ["acme"], "texas", [HIRE])
    hire = Facts(HIRE, "390000001", tags={"state_of_hire": "OH"})
    assert keys(route(hire, chosen, sender="acme")) == ["texas"]


def test_filters_send_the_hires_of_each_state_to_their_own():
    split = [
        agreement(f"acme-{key}", ["acme"], key, [HIRE], filters={"state_of_hire": frozenset({state})})
        for key, state in (("ohio", "OH"), ("texas", "TX"))
    ]
    for key, state in (("ohio", "OH"), ("texas", "TX")):
        assert keys(route(Facts(HIRE, "390000001", tags={"state_of_hire": state}), *split, sender="acme")) == [key]
    assert route(Facts(HIRE, "390000001"), *split, sender="acme").reason is Reason.FILTERED
