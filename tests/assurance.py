"""Claims of the acceptance list: which test shows one, at what size, with which control.

``@pytest.mark.claim("A26", control="test_a_seal_without_tag_would_open")`` names the claims that a test shows, and the
test beside it that sees the same check fail with the safeguard off. ``make test`` runs the small size; with
``GATEWAY_ASSURE=night`` the full one runs, and the table of what was shown is printed at the end.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

NIGHT = os.environ.get("GATEWAY_ASSURE") == "night"
SEED = int(os.environ.get("GATEWAY_SEED") or secrets.randbits(32))
PROPERTY = "claim"


@dataclass(frozen=True, slots=True)
class Claim:
    """What one test says about the claims that it shows."""

    ids: tuple[str, ...]
    control: str
    seed: int
    tell: Callable[[str], None] = field(repr=False)

    def size(self, *, push: int, night: int) -> int:
        """How many cases to run."""
        return night if NIGHT else push

    def measured(self, figure: str) -> None:
        """Note the figure that was reached, in words for the table."""
        self.tell(figure)


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of the table."""

    claim: str
    figure: str
    seed: int
    seconds: float
    test: str
    control: str
    outcome: str


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "claim(*ids, control): the acceptance claims that a test shows, and its control")
    config.pluginmanager.register(_Table(), "assurance-table")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for marker in item.iter_markers("claim"):
            control = marker.kwargs.get("control")
            module = getattr(item, "module", None)
            if not marker.args or not callable(getattr(module, str(control), None)):
                raise pytest.UsageError(f"{item.nodeid}: a claim names its ids and a control of the same file")


@pytest.fixture
def claim(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Claim:
    """The claim that the asking test is marked with."""
    marker = request.node.get_closest_marker("claim")
    if marker is None:
        raise pytest.UsageError(f"{request.node.nodeid}: no claim is marked")
    control = str(marker.kwargs["control"])

    def tell(figure: str) -> None:
        record_property(PROPERTY, [list(marker.args), control, SEED, figure])

    return Claim(tuple(marker.args), control, SEED, tell)


class _Table:
    """Gathers what was shown, from every process of the run."""

    def __init__(self) -> None:
        self.shown: list[Shown] = []
        self.outcomes: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call":
            return
        path, _, name = report.nodeid.partition("::")
        test = name.partition("[")[0]
        if self.outcomes.get(f"{path}::{test}", "passed") == "passed":
            self.outcomes[f"{path}::{test}"] = report.outcome
        self.shown.extend(_lines(report))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not NIGHT:
            return
        terminalreporter.section("claims")
        for line in self.lines():
            how = f"seed {line.seed}, {line.seconds:.1f} s; {line.control}"
            terminalreporter.write_line(f"{line.claim:4} {line.outcome:7} {line.figure} ({how})")

    def lines(self) -> Iterator[Shown]:
        """What was shown, by claim; a control that did not pass takes the claim with it."""
        for line in sorted(self.shown, key=lambda line: (line.claim, line.test)):
            control = self.outcomes.get(f"{line.test.partition('::')[0]}::{line.control}", "not run")
            yield line if control == "passed" else _without_control(line, control)


def _lines(report: pytest.TestReport) -> Iterator[Shown]:
    for name, value in report.user_properties:
        if name == PROPERTY:
            ids, control, seed, figure = value
            for claimed in ids:
                yield Shown(claimed, figure, seed, report.duration, report.nodeid, control, report.outcome)


def _without_control(line: Shown, outcome: str) -> Shown:
    return Shown(line.claim, line.figure, line.seed, line.seconds, line.test, f"control {outcome}", "open")
