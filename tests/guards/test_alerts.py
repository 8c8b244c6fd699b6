"""The alert rules ask for figures that exist and lead to sections of the runbook that exist."""

import re
from pathlib import Path

import pytest
import yaml

from gateway.core.court_orders import Standing
from gateway.core.danger_clock import Stage
from gateway.core.errors import GatewayError, Misconfigured, Tampered, Unavailable
from gateway.core.query_errors import AnswerUnfit, PartnerDown, PartnerSilent
from gateway.telemetry import AdmissionFigures, Metrics
from gateway.web.metrics import RequestFigures, StoreFigures
from keys.schedule import BY_HAND

ROOT = Path(__file__).parents[2]
FILE = ROOT / "deploy" / "alerts.yml"
RULES = [rule for group in yaml.safe_load(FILE.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
SEVERITIES = {"page", "ticket"}


def figures():
    """Name of each figure -> its labels."""
    metrics = Metrics()
    for add in (AdmissionFigures, RequestFigures, lambda registry: StoreFigures(None, registry)):
        add(metrics.registry)
    registered = metrics.registry._collector_to_names
    return {name: set(one._labelnames) for one, names in registered.items() for name in names}


def anchors():
    """Sections as the page that shows them names them."""
    titles = re.findall(r"^## (.+)$", RUNBOOK, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def unknown(expression):
    """The figures of an expression that there are not, and labels that a figure does not have."""
    known = figures()
    asked = re.findall(r"(gateway_\w+)(?:\{([^}]*)\})?", expression)
    names = {name for name, _ in asked if name not in known}
    labels = {(name, label) for name, told in asked for label in re.findall(r"(\w+)\s*[!=]=?~?\"", told)}
    return names | {label for name, label in labels if label not in known.get(name, {label})}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_asks_for_what_is_measured_and_says_where_to_read_on(rule):
    assert not unknown(rule["expr"])
    assert rule["annotations"]["runbook"] in anchors()
    assert rule["labels"]["severity"] in SEVERITIES
    assert rule["alert"] in RUNBOOK


def test_the_check_of_rules_finds_a_figure_and_a_label_that_there_are_not():
    """The control."""
    assert unknown('gateway_qeue_messages{state="dead"} > 0') == {"gateway_qeue_messages"}
    assert unknown('gateway_queue_messages{stat="dead"} > 0') == {"stat"}


def test_the_words_that_rules_filter_by_are_those_that_figures_have():
    text = FILE.read_text(encoding="utf-8")
    assert set(re.findall(r'stage="(\w+)"', text)) <= set(Stage)
    assert set(re.findall(r'standing="(\w+)"', text)) <= set(Standing)
    (uses,) = re.findall(r'use=~"([^"]+)"', text)
    assert set(uses.split("|")) == BY_HAND


def test_nobody_is_woken_by_a_partner_that_does_not_answer_a_query():
    (expression,) = [rule["expr"] for rule in RULES if rule["alert"] == "GatewayDefects"]
    asked = re.findall(r'status([=!])~?"([^"]+)"', expression)

    def counted(error):
        return all(bool(re.fullmatch(words, str(error.status))) is (sign == "=") for sign, words in asked)

    assert not [error for error in (PartnerSilent, PartnerDown, AnswerUnfit, Unavailable) if counted(error)]
    assert all(counted(error) for error in (GatewayError, Misconfigured, Tampered))
