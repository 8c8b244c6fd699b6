"""Exchange agreements of CSENet: two states agree on each function for itself, and narrow it by action and reason."""

from datetime import date

import pytest

from gateway.core.model import AgreementKey, Kind
from gateway.core.routing import FEDERAL_TAX, Directory, Reason
from gateway.partner_files import read
from gateway.partner_store import known
from tests.unit.csenet_cases import CANONICAL, built
from tests.unit.fixed_width_samples import CATALOG
from tests.unit.work_site import MICHIGAN, OHIO, SPEECH, partner

PARTNERS = (partner(OHIO, "39"), partner(MICHIGAN, "26"))
TODAY = date(2026, 3, 5)
FACTS = {key: CANONICAL.facts(built(CATALOG, key)) for key in CATALOG.triples}
TAXED = {key for key, facts in FACTS.items() if FEDERAL_TAX in facts.tags}
"""They ask for an agreement that names them, whatever its other filters are."""
FUNCTIONS = sorted({triple.function for triple in CATALOG.triples.values()})


def agreed(*filters):
    """The agreements of a partner file, one for each filter."""
    tables = [
        f'[[agreement]]\nkey = "exchange-{number}"\nsenders = ["ohio"]\nrecipient = "michigan"\nplain = true\n'
        f'kinds = ["case-transfer", "locate"]\nlegal_basis = "45 CFR 303.7"\nvalid_from = 2025-01-01\n'
        f"[agreement.filter]\n{text}\n"
        for number, text in enumerate(filters, 1)
    ]
    present = Directory(PARTNERS, ())
    return read({"exchange.toml": "\n".join(tables)}, present, known(SPEECH())).agreements


def passing(*filters):
    """The transactions that find their way, each with the agreement that lets it pass."""
    directory = Directory(PARTNERS, agreed(*filters))
    found = {}
    for key, facts in FACTS.items():
        routing = directory.route(facts, OHIO, TODAY)
        assert routing.routes or routing.reason is Reason.FILTERED
        if routing.routes:
            found[key] = routing.routes[0].agreement.key
    return found


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_agreement_on_one_function_lets_all_its_transactions_pass_and_no_other(function):
    expected = {key for key, triple in CATALOG.triples.items() if triple.function == function}
    assert passing(f'function = ["{function}"]').keys() == expected - TAXED
    named = passing(f'function = ["{function}"]\nfederal_tax = ["Y"]')
    assert named.keys() == expected & TAXED


def test_each_function_has_its_own_agreement():
    found = passing(*(f'function = ["{function}"]' for function in FUNCTIONS))
    by_function = {function: AgreementKey(f"exchange-{n}") for n, function in enumerate(FUNCTIONS, 1)}
    assert found == {key: by_function[triple.function] for key, triple in CATALOG.triples.items() if key not in TAXED}


def test_action_and_reason_narrow_an_agreement():
    assert passing('function = ["LO1"]\naction = ["R"]').keys() == {"LO1 R"}
    assert passing('function = ["MSC"]\naction = ["P"]\nreason = ["REJCT", "GSTAI"]').keys() == {
        "MSC P REJCT",
        "MSC P GSTAI",
    }


def test_locates_are_a_kind_of_their_own_with_the_same_filters():
    assert {FACTS[key].kind for key in FACTS if key.startswith("LO1")} == {Kind("locate")}
