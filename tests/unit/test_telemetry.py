"""What a log line may say, whatever somebody meant to write."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from gateway.core.model import Outcome, PartnerKey
from gateway.telemetry import ALLOWED, LONGEST, MOST_PARTNERS, Metrics

ROOT = Path(__file__).parents[2]
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
PROGRAM = """
import structlog
from gateway.telemetry import configure_logs
configure_logs(json={json})
log = structlog.get_logger()
{lines}
"""


def logged(*lines, as_json=True):
    """The lines that a process of its own writes to stderr: the configuration is for a whole process."""
    program = PROGRAM.format(json=as_json, lines="\n".join(lines))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_only_keys_of_the_allow_list_come_through_and_control_characters_cannot_forge_a_line():
    lines = logged(
        "log.info('delivery.settled', id='d-1', ssn='900000001', name='x' * 1000, payload=b'canary')",
        r"log.info('a\n{\"event\":\"forged\"}', partner='ohio\r\nforged', code='\u2028\x1b[31m')",
        "log.info('structured', id={'surname': 'canary'}, code=['canary'], type=ValueError('canary'), count=3)",
        "log.debug('quiet', id='d-2')",
        'exec(\'try:\\n  raise ValueError("canary")\\nexcept ValueError:\\n  log.exception("failed", id="d-3")\')',
    )
    events = [json.loads(line) for line in lines]
    assert [event["event"] for event in events] == [
        "delivery.settled",
        'a\n{"event":"forged"}',
        "structured",
        "failed",
    ]
    assert all(set(event) <= ALLOWED for event in events)
    assert not any("canary" in line or "900000001" in line or "\x1b" in line for line in lines)
    assert len(events[0]["name"]) == LONGEST
    assert (events[2]["id"], events[2]["code"], events[2]["type"], events[2]["count"]) == (
        "dict",
        "list",
        "ValueError",
        3,
    )
    assert all(event["ts"].endswith("Z") and event["level"] for event in events)


def keys_of_log_lines(source):
    """(line, key) of every named value that the module's log calls carry."""
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in LEVELS:
            to = call.func.value
            if isinstance(to, ast.Name) and to.id in {"log", "_log"}:
                yield from ((call.lineno, one.arg) for one in call.keywords if one.arg is not None)


def test_no_log_line_of_ours_carries_a_key_that_would_be_dropped():
    lost = [
        f"{path.relative_to(ROOT)}:{line} {key}"
        for path in sorted((ROOT / "gateway").rglob("*.py"))
        for line, key in keys_of_log_lines(path.read_text(encoding="utf-8"))
        if key not in ALLOWED
    ]
    assert lost == []


def test_a_key_that_would_be_dropped_is_found():
    """The control."""
    assert list(keys_of_log_lines("_log.warning('a', id=1, where='b')\nother.warning('c', d=1)")) == [
        (1, "id"),
        (1, "where"),
    ]


def test_a_logger_in_use_follows_a_later_choice_of_level_and_form():
    lines = logged(
        "configure_logs(json=False, level=30)",
        "log.info('quiet.before')",
        "log.warning('said.before')",
        "configure_logs()",
        "log.info('said.after')",
    )
    assert [line.startswith("{") for line in lines] == [False, True]
    assert json.loads(lines[1])["event"] == "said.after"


CONTROL = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029\u202e]")
FLOOD = """
import random
from sys import argv
dice, awful = random.Random({seed}), "\\r\\n\\x1b\\x00\\x85\\u2028\\u2029\\u202e\\ud800{{}}\\"'=,;a "
def text():
    return "".join(dice.choices(awful, k=dice.randrange(31)))
for number in range({size}):
    {say}(text(), id=text(), **{{text() or "x": text()}}, code=number)
"""


@pytest.mark.claim("A38", control="test_control_plain_printing_lets_a_text_forge_lines")
def test_one_event_is_one_line_whatever_its_texts(claim):
    size = claim.size(push=100_000, night=1_000_000)
    lines = logged(FLOOD.format(seed=claim.seed, size=size, say="log.info"))
    assert [json.loads(line)["code"] for line in lines] == list(range(size))
    assert [line for line in lines if CONTROL.search(line)] == []
    claim.measured(f"log lines: {size} events, {len(lines)} lines")


def test_control_plain_printing_lets_a_text_forge_lines():
    said = "(lambda event, **told: print(event.encode('utf-8', 'replace').decode()))"
    program = FLOOD.format(seed=1, size=100, say=said)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert len(done.stdout.splitlines()) > 150


def test_the_readable_form_escapes_control_characters_too():
    (line,) = logged(r"log.info('a\nb', partner='\u2028\x1b[31m', ssn='canary')", as_json=False)
    assert "\\n" in line
    assert "\x1b" not in line
    assert "canary" not in line


def test_without_the_configuration_the_same_calls_would_show_everything():
    program = "import structlog\nstructlog.get_logger().info('a', ssn='canary')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert "canary" in done.stdout


def test_above_so_many_partners_figures_carry_no_partner_any_more():
    metrics = Metrics()
    for number in range(MOST_PARTNERS + 5):
        metrics.attempt(PartnerKey(f"partner-{number}"), Outcome.DELIVERED, 0.1)
    text = generate_latest(metrics.registry).decode()
    labels = {line.split('partner="')[1].split('"')[0] for line in text.splitlines() if 'partner="' in line}
    assert len(labels) == MOST_PARTNERS + 1
    assert 'gateway_delivery_attempts_total{outcome="delivered",partner=""} 5.0' in text


def test_a_fault_of_ours_is_counted_and_its_time_is_not_the_partners():
    metrics = Metrics()
    metrics.attempt(PartnerKey("ohio"), Outcome.OURS, 9.0)
    text = generate_latest(metrics.registry).decode()
    assert 'gateway_delivery_attempts_total{outcome="ours",partner="ohio"} 1.0' in text
    assert "gateway_delivery_response_seconds_count" not in text
