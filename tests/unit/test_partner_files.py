"""Partner files: what they mean, and every way of getting them wrong, each with the line that is wrong."""

from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import Misconfigured
from gateway.core.model import (
    AdapterName,
    AgreementMode,
    Batching,
    BatchMode,
    BreakerPolicy,
    Contact,
    Endpoint,
    Ordering,
    Partner,
    PartnerKey,
    RetrySchedule,
    Role,
)
from gateway.core.retry import DEFAULT_WAITS
from gateway.core.routing import Directory
from gateway.partner_files import read
from gateway.partner_files.lines import line_index, line_of
from gateway.partner_store import known
from gateway.tools import speech

EXAMPLES = Path(__file__).parents[2] / "examples" / "partners"
NOBODY = Directory((), ())

PLAIN = """\
# a partner and what may flow to it
[[partner]]
key = "ohio"
name = "Ohio"
role = "state"
program = "IV-D"
locators = ["39"]
endpoint = { adapter = "mailbox" }

[[partner]]
key = "michigan"
name = "Michigan"
role = "state"
program = "IV-D"
locators = ["26"]
ordering = "case"
rate_per_second = 5
concurrency = 2
body_limit_mib = 1
accepts = ["xml", "csenet"]

[partner.endpoint]
adapter = "https"
url = "https://michigan.example/in"

[partner.formats]
case-transfer = "csenet"

[partner.batching.case-transfer]
mode = "window"
cron = "30 18 * * 1-5"
timezone = "America/Detroit"
working_days = true
limit = 100

[partner.retry]
waits = ["30s", "10m", "2h", "1d"]
jitter = 0.1
longest_retry_after = "1h"

[partner.breaker]
failures = 3
rest = "1m"
longest_rest = "1h"

[[partner.contacts]]
name = "Interstate desk"
email = "desk@michigan.example"

[[agreement]]
key = "michigan-ohio"
senders = ["michigan"]
recipient = "ohio"
kinds = ["case-transfer"]
legal_basis = "45 CFR 303.7"
valid_from = 2026-01-01
plain = true
valid_until = 2026-12-31

[agreement.filter]
case_type = ["A", "F"]
"""


@cache
def everything():
    return known(speech())


def applied(text, present=NOBODY):
    return read({"partners.toml": text}, present, everything())


def faults(text, present=NOBODY):
    with pytest.raises(Misconfigured) as raised:
        applied(text, present)
    return str(raised.value).splitlines()


def line(text, part):
    """The 1-based line of the first occurrence."""
    return text[: text.index(part)].count("\n") + 1


# --- what they mean --------------------------------------------------------------------------------------------------


def test_a_file_becomes_the_partners_and_agreements_that_it_describes():
    found = applied(PLAIN)
    ohio, michigan = found.partners
    assert ohio.retry == RetrySchedule(DEFAULT_WAITS)
    assert (ohio.breaker, ohio.ordering, ohio.accepts) == (BreakerPolicy(), Ordering.NONE, frozenset())
    assert michigan == Partner(
        key=PartnerKey("michigan"),
        name="Michigan",
        role=Role.STATE,
        program="IV-D",
        locators=frozenset({"26"}),
        endpoint=Endpoint(AdapterName.HTTPS, {"url": "https://michigan.example/in"}),
        formats={"case-transfer": "csenet"},
        accepts=frozenset({"xml", "csenet"}),
        batching={
            "case-transfer": Batching(
                mode=BatchMode.WINDOW,
                count=1_000,
                cron="30 18 * * 1-5",
                timezone="America/Detroit",
                working_days=True,
                limit=100,
            )
        },
        retry=RetrySchedule(
            (timedelta(seconds=30), timedelta(minutes=10), timedelta(hours=2), timedelta(days=1)),
            0.1,
            timedelta(hours=1),
        ),
        breaker=BreakerPolicy(3, timedelta(minutes=1), timedelta(hours=1)),
        ordering=Ordering.CASE,
        rate_per_second=5.0,
        concurrency=2,
        body_limit=2**20,
        contacts=(Contact("Interstate desk", "desk@michigan.example"),),
    )
    (agreement,) = found.agreements
    assert (agreement.mode, agreement.senders, agreement.recipient) == (
        AgreementMode.DIRECT,
        frozenset({"michigan"}),
        "ohio",
    )
    assert (agreement.valid_from, agreement.valid_until) == (date(2026, 1, 1), date(2026, 12, 31))
    assert agreement.filters == {"case_type": frozenset({"A", "F"})}


def test_the_example_files_apply_together():
    files = {path.name: path.read_text() for path in EXAMPLES.glob("*.toml")}
    found = read(files, NOBODY, everything())
    keys = {partner.key for partner in found.partners}
    assert {"ohio", "michigan", "texas", "acme", "ndnh"} <= keys
    assert all(agreement.recipient in keys and agreement.senders <= keys for agreement in found.agreements)
    again = read(files, Directory(found.partners, found.agreements), everything())
    assert again == found


def test_an_agreement_may_name_partners_that_are_stored_already():
    stored = Directory(applied(PLAIN).partners, ())
    agreement = PLAIN[PLAIN.index("[[agreement]]") :]
    assert applied(agreement, stored).agreements[0].recipient == "ohio"
    assert len(faults(agreement)) == 2


# --- what is wrong with them -----------------------------------------------------------------------------------------

WRONG = [
    # what stands there, what somebody wrote instead, what the message says; the line is that of the replacement
    ('name = "Ohio"', 'name = "Ohio"\ncolour = "red"', "colour: unknown key"),
    ("failures = 3", "failurs = 3", "breaker.failurs: unknown key; did you mean failures?"),
    ("[agreement.filter]", "[agreement.filtre]", "filtre: unknown key; did you mean filter?"),
    ("failures = 3", "failures = 0", "breaker.failures"),
    ("failures = 3", 'failures = "3"', "breaker.failures"),
    ('role = "state"', 'role = "province"', "role"),
    ('key = "ohio"', 'key = "Ohio!"', "key: write 2 to 63 lower-case letters"),
    ('locators = ["39"]', 'locators = ["3"]', "write a state's number"),
    ('locators = ["39"]', "locators = []", "locators"),
    ("concurrency = 2", "concurrency = true", "concurrency"),
    ("concurrency = 2", "concurrency = 1000", "concurrency"),
    ("rate_per_second = 5", "rate_per_second = 0", "rate_per_second"),
    ("jitter = 0.1", "jitter = 0.9", "retry.jitter"),
    ('rest = "1m"', 'rest = "1 minute"', "write a duration like"),
    ('rest = "1m"', "rest = 60", "write a duration like"),
    ('"30s", "10m"', '"30s", "10 m"', "write a duration like"),
    ('cron = "30 18 * * 1-5"', 'cron = "30 25 * * 1-5"', "not a cron line"),
    ('cron = "30 18 * * 1-5"', 'cron = "at noon"', "not a cron line"),
    ('timezone = "America/Detroit"', 'timezone = "America/Detriot"', "not a time zone"),
    ('timezone = "America/Detroit"', 'timezone = "/etc/localtime"', "not a time zone"),
    ('case-transfer = "csenet"', 'case-transfer = "w4"', "w4 cannot write this kind"),
    ('case-transfer = "csenet"', 'case-transfers = "csenet"', "case-transfers: no such kind"),
    ('case-transfer = "csenet"', 'case-transfer = "fax"', "fax cannot write this kind"),
    ('accepts = ["xml", "csenet"]', 'accepts = ["xml", "fax"]', "fax is not a format that can be read"),
    ('accepts = ["xml", "csenet"]', 'file_order = { w4 = "newer" }', "file_order.w4"),
    ('accepts = ["xml", "csenet"]', 'file_order = { xml = "once" }', "its files say nothing of their order"),
    ('accepts = ["xml", "csenet"]', 'file_order = { newhire-oh = "once" }', "one of any, not-older"),
    ("[partner.batching.case-transfer]", "[partner.batching.transfer]", "batching.transfer: no such kind"),
    ('email = "desk@michigan.example"', 'email = "desk"', "write an address like"),
    ('senders = ["michigan"]', 'senders = ["michigan", "iowa"]', "there is no partner iowa"),
    ('recipient = "ohio"', 'recipient = "iowa"', "there is no partner iowa"),
    ('kinds = ["case-transfer"]', 'kinds = ["case-transfers"]', "there is no kind case-transfers"),
    ('case_type = ["A", "F"]', 'case_typ = ["A"]', "filter.case_typ: records have no such tag"),
    ('case_type = ["A", "F"]', 'state_of_hire = ["OH", "ZZ"]', "filter.state_of_hire: there is no code ZZ"),
    ('case_type = ["A", "F"]', 'state_of_hire = ["oh"]', "filter.state_of_hire: there is no code oh"),
    ("valid_from = 2026-01-01", 'valid_from = "soon"', "valid_from"),
    ('locators = ["26"]', 'locators = ["26", "39"]', "39 belongs to ohio"),
]


@pytest.mark.parametrize(("there", "wrong", "told"), WRONG, ids=[wrong[1][:40] for wrong in WRONG])
def test_a_mistake_is_told_with_its_file_and_line(there, wrong, told):
    text = PLAIN.replace(there, wrong, 1)
    assert text != PLAIN
    (fault,) = faults(text)
    place = line(text, wrong.splitlines()[-1])
    assert fault.startswith(f"partners.toml:{place}: "), fault
    assert told in fault


def test_states_that_there_are_may_be_named_in_a_filter():
    text = PLAIN.replace('case_type = ["A", "F"]', 'state_of_hire = ["OH", "PR"]')
    assert applied(text).agreements[0].filters == {"state_of_hire": frozenset({"OH", "PR"})}


@pytest.mark.parametrize(
    ("there", "wrong", "table", "told"),
    [
        ('adapter = "https"', 'adapter = "pigeon"', "[partner.endpoint]", "adapter must be one of"),
        ("valid_until = 2026-12-31", "valid_until = 2025-12-31", "[[agreement]]", "valid_until is before valid_from"),
        ('mode = "window"', 'mode = "count"', "[partner.batching.case-transfer]", "cron goes with mode"),
        ('cron = "30 18 * * 1-5"\n', "", "[partner.batching.case-transfer]", "cron goes with mode"),
        ("30 18 * * 1-5", "0 6 25 12 *", "[partner.batching.case-transfer]", "never falls on a working day"),
        ("30 18 * * 1-5", "30 18 * * 6", "[partner.batching.case-transfer]", "never falls on a working day"),
        ('url = "https://michigan.example/in"\n', "", "[partner.endpoint]", "endpoint"),
        ('legal_basis = "45 CFR 303.7"\n', "", "[[agreement]]", "legal_basis"),
    ],
)
def test_what_is_wrong_with_a_table_as_a_whole_is_told_with_the_line_of_the_table(there, wrong, table, told):
    text = PLAIN.replace(there, wrong, 1)
    (fault,) = faults(text)
    assert fault.startswith(f"partners.toml:{line(text, table)}: "), fault
    assert told in fault


def test_a_missing_key_names_the_partner_that_lacks_it_and_not_the_first_one():
    text = PLAIN.replace('name = "Michigan"\n', "")
    (fault,) = faults(text)
    second = PLAIN.index("[[partner]]", PLAIN.index("[[partner]]") + 1)
    assert fault.startswith(f"partners.toml:{PLAIN[:second].count(chr(10)) + 1}: partner.1.name")


def test_a_file_that_is_no_toml_names_the_line():
    (fault,) = faults(PLAIN.replace('name = "Michigan"', 'name = "Michigan'))
    assert fault.startswith("partners.toml:12: ")


def test_all_faults_of_all_files_are_told_at_once():
    files = {
        "one.toml": PLAIN.replace("failures = 3", "failures = 0").replace("concurrency = 2", "concurrency = 0"),
        "two.toml": "[[agreement]]\nkey = 3\n",
        "three.toml": "=",
    }
    with pytest.raises(Misconfigured) as raised:
        read(files, NOBODY, everything())
    told = str(raised.value).splitlines()
    assert {fault.split(":")[0] for fault in told} == {"one.toml", "two.toml", "three.toml"}
    assert sum(fault.startswith("one.toml") for fault in told) == 2


def test_a_locator_of_a_stored_partner_cannot_be_taken_by_another_one():
    stored = Directory(applied(PLAIN).partners, ())
    other = PLAIN[: PLAIN.index('[[partner]]\nkey = "michigan"')].replace('"ohio"', '"iowa"')
    (fault,) = faults(other, stored)
    assert fault == "partners.toml:7: locators: 39 belongs to ohio"


def test_a_partner_may_hand_its_locator_over_when_both_are_applied_together():
    stored = Directory(applied(PLAIN).partners, ())
    swapped = PLAIN.replace('["39"]', '["00"]').replace('["26"]', '["39"]')
    assert applied(swapped, stored).partners[1].locators == {"39"}


@pytest.mark.parametrize("table", ["partner", "agreement"])
def test_the_same_key_twice_is_refused_wherever_it_stands(table):
    first = PLAIN[: PLAIN.index("[[partner]]", 50)] if table == "partner" else PLAIN[PLAIN.index("[[agreement]]") :]
    stored = Directory(applied(PLAIN).partners, ())
    with pytest.raises(Misconfigured) as raised:
        read({"one.toml": first, "two.toml": first}, stored, everything())
    assert "is there twice" in str(raised.value)
    assert str(raised.value).startswith("two.toml:")


# --- lines -----------------------------------------------------------------------------------------------------------


@given(st.integers(1, 5), st.integers(0, 4), st.integers(0, 3))
def test_the_line_of_a_key_is_found_in_any_element_of_an_array_of_tables(tables, comments, blanks):
    filler = "# a comment\n" * comments + "\n" * blanks
    text = "".join(f'{filler}[[partner]]\nkey = "p{n}"\n{filler}[partner.endpoint]\nurl = "u"\n' for n in range(tables))
    lines = line_index(text)
    for n in range(tables):
        found = line_of(lines, ("partner", n, "key"))
        assert text.splitlines()[found - 1] == f'key = "p{n}"'
        assert text.splitlines()[line_of(lines, ("partner", n, "endpoint", "url", "str")) - 1] == 'url = "u"'


def test_a_place_that_is_not_there_has_the_line_of_the_closest_thing_around_it():
    lines = line_index('[a]\nb = [\n  "x",\n]\n')
    assert line_of(lines, ("a", "b", 0)) == 2
    assert line_of(lines, ("a", "c")) == 1
    assert line_of(lines, ("z",)) is None


# --- where queries are answered --------------------------------------------------------------------------------------

ANSWERS = """
[partner.queries]
url = "https://michigan.example/queries"
timeout_seconds = 5
"""


def answering(text=ANSWERS):
    return PLAIN.replace("[partner.formats]", f"{text}\n[partner.formats]", 1)


def test_a_partner_answers_queries_where_its_file_says_so_and_else_none():
    ohio, michigan = applied(answering()).partners
    assert ohio.queries is None
    assert michigan.queries == Endpoint(
        AdapterName.HTTPS, {"url": "https://michigan.example/queries", "timeout_seconds": 5}
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("https://", "http://", "queries.url: must be an https URL"),
        ("michigan.example/queries", "127.0.0.1/queries", "queries.url: must not lead to a private address"),
        ("michigan.example/queries", "pat:hidden@michigan.example/", "queries.url: must not carry credentials"),
        ("timeout_seconds = 5", "timeout_seconds = 61", "queries.timeout_seconds: must be between 1 and 60"),
        ("timeout_seconds = 5", "retries = 3", "queries.retries: is not an option"),
        ('url = "https://michigan.example/queries"', "", "queries.url: is required"),
    ],
)
def test_an_option_of_queries_that_is_wrong_is_told_by_its_name(old, new, said):
    (fault,) = faults(answering(ANSWERS.replace(old, new)))
    assert said in str(fault)
    assert "hidden" not in str(fault)
