"""Claims of the acceptance list: which test shows one, at what size, with which control.

``@pytest.mark.claim("A26", control="test_a_seal_without_tag_would_open")`` names the claims that a test shows, and the
test beside it that sees the same check fail with the safeguard off. ``make test`` runs the small size. ``make assure``
(``GATEWAY_ASSURE=night``, ``--claims``) runs the tests of claims and their controls alone, at full size, prints the
table of what was shown and writes it to ``build/assurance.md`` and ``build/assurance.json``.
"""

from __future__ import annotations

import json
import os
import platform
import random
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime

import pytest

from tests.claims import CLAIMS

NIGHT = os.environ.get("GATEWAY_ASSURE") == "night"
SEED = int(os.environ.get("GATEWAY_SEED") or secrets.randbits(32))
PROPERTY = "claim"
REPORT = "assurance"
"""Name of the files of the table, and of the option that says where they go."""
REQUIREMENT = re.compile(r"(?!A\d)[A-Z]{1,3}-?\d{1,3}[a-z]?")
"""A numbered requirement that is no acceptance claim."""
LONGEST = 4 * 3600
"""Seconds that one test may take at full size."""


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

    def dice(self, more: int = 0) -> random.Random:
        """Randomness that the seed, which is printed, repeats; ``more`` tells several of one test apart."""
        return random.Random(self.seed + more)  # noqa: S311 - cases to try, not secrets

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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--claims", action="store_true", help="run the tests of claims and their controls alone")
    parser.addoption("--assurance", default="build", help="folder for the table of claims")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "claim(*ids, control): the acceptance claims that a test shows, and its control")
    config.pluginmanager.register(_Table(), "assurance-table")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    wanted = set()
    for item in items:
        for marker in item.iter_markers("claim"):
            control = str(marker.kwargs.get("control"))
            if not marker.args or not callable(getattr(getattr(item, "module", None), control, None)):
                raise pytest.UsageError(f"{item.nodeid}: a claim names its ids and a control of the same file")
            if unknown := [name for name in marker.args if name not in CLAIMS and not REQUIREMENT.fullmatch(name)]:
                raise pytest.UsageError(f"{item.nodeid}: nobody knows the claim {', '.join(unknown)}")
            wanted |= {_test_of(item.nodeid), f"{item.nodeid.partition('::')[0]}::{control}"}
    if NIGHT:
        for item in items:
            item.add_marker(pytest.mark.timeout(LONGEST), append=False)
    if config.getoption("claims"):
        config.hook.pytest_deselected(items=[item for item in items if _test_of(item.nodeid) not in wanted])
        items[:] = [item for item in items if _test_of(item.nodeid) in wanted]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A claim is in the table even when its test does not get as far as its figure."""
    for marker in item.iter_markers("claim"):
        item.user_properties.append((PROPERTY, [list(marker.args), str(marker.kwargs["control"]), SEED, ""]))


def _test_of(nodeid: str) -> str:
    """File and function, without parameters."""
    path, _, name = nodeid.partition("::")
    return f"{path}::{name.partition('[')[0]}"


@pytest.fixture
def claim(request: pytest.FixtureRequest) -> Claim:
    """The claim that the asking test is marked with."""
    marker = request.node.get_closest_marker("claim")
    if marker is None:
        raise pytest.UsageError(f"{request.node.nodeid}: no claim is marked")
    control = str(marker.kwargs["control"])

    def tell(figure: str) -> None:
        request.node.user_properties.append((PROPERTY, [list(marker.args), control, SEED, figure]))

    return Claim(tuple(marker.args), control, SEED, tell)


class _Table:
    """Gathers what was shown, from every process of the run."""

    def __init__(self) -> None:
        self.shown: list[Shown] = []
        self.outcomes: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown" or (report.when == "setup" and report.passed):
            return
        test = _test_of(report.nodeid)
        if self.outcomes.get(test, "passed") == "passed":
            self.outcomes[test] = report.outcome
        self.shown.extend(_lines(report))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        if not NIGHT or hasattr(config, "workerinput"):
            return
        lines = list(self.lines())
        terminalreporter.section("claims")
        for line in lines:
            how = f"seed {line.seed}, {line.seconds:.1f} s; {line.control}"
            terminalreporter.write_line(f"{line.claim:4} {line.outcome:9} {line.figure} ({how})")
        folder = config.rootpath / config.getoption("assurance")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{REPORT}.md").write_text(_page(lines), encoding="utf-8")
        table = {"run": dict(_run()), "claims": [asdict(line) for line in lines]}
        (folder / f"{REPORT}.json").write_text(json.dumps(table, indent=1), encoding="utf-8")
        terminalreporter.write_line(f"written to {folder / REPORT}.md and .json")

    def lines(self) -> Iterator[Shown]:
        """What was shown, by claim and then by requirement; a control that did not pass takes the claim with it, and a
        claim that no test of the run shows has a line that says so."""
        for claim in (*CLAIMS, *sorted({line.claim for line in self.shown} - set(CLAIMS))):
            found = list(_gathered(line for line in self.shown if line.claim == claim))
            for line in found:
                control = self.outcomes.get(f"{line.test.partition('::')[0]}::{line.control}", "not run")
                yield line if control == "passed" else _without_control(line, control)
            if not found:
                yield Shown(claim, "no test of this run", SEED, 0.0, "", "", "not shown")


def _lines(report: pytest.TestReport) -> Iterator[Shown]:
    """The last figure of the test for each of its claims."""
    last = {tuple(value[0]): value for name, value in report.user_properties if name == PROPERTY}
    outcome = {"passed": "shown", "failed": "FAILED", "skipped": "not shown"}[report.outcome]
    for ids, control, seed, figure in last.values():
        for claimed in ids:
            yield Shown(claimed, figure, seed, report.duration, _test_of(report.nodeid), control, outcome)


_WORST = ("FAILED", "not shown", "shown")


def _gathered(lines: Iterable[Shown]) -> Iterator[Shown]:
    """One line for each test: the parameters of one are its cases."""
    by_test: dict[str, list[Shown]] = {}
    for line in lines:
        by_test.setdefault(line.test, []).append(line)
    for cases in by_test.values():
        figures = (
            "; ".join(dict.fromkeys(case.figure for case in cases if case.figure))
            or f"{len(cases)} case{'s' * (len(cases) > 1)}"
        )
        outcome = min((case.outcome for case in cases), key=_WORST.index)
        yield replace(cases[0], figure=figures, seconds=sum(case.seconds for case in cases), outcome=outcome)


def _without_control(line: Shown, outcome: str) -> Shown:
    worst = line.outcome if line.outcome == "FAILED" else "not shown"
    return replace(line, control=f"{line.control}: {outcome}", outcome=worst)


def _run() -> Iterator[tuple[str, str | int]]:
    """What everybody who repeats it has to know."""
    yield "at", datetime.now(UTC).isoformat(timespec="seconds")
    yield "seed", SEED
    yield "cores", os.cpu_count() or 0
    yield "machine", f"{platform.system()} {platform.machine()}"
    yield "python", platform.python_version()


def _page(lines: Iterable[Shown]) -> str:
    run: Mapping[str, str | int] = dict(_run())
    rows = [_row(line) for line in lines]
    return (
        "# What the acceptance claims reached\n\n"
        f"{', '.join(f'{name} {value}' for name, value in run.items())}.\n"
        "A claim is shown when its test passed at full size and the same check failed in its control.\n\n"
        "| claim | what | outcome | figure | seed | seconds | test | control |\n|---|---|---|---|---|---|---|---|\n"
        + "\n".join(rows)
        + "\n"
    )


def _row(line: Shown) -> str:
    what = CLAIMS.get(line.claim, "requirement")
    test, control = (f"`{name}`" if name else "" for name in (line.test, line.control))
    cells = (line.claim, what, line.outcome, line.figure, str(line.seed), f"{line.seconds:.1f}", test, control)
    return f"| {' | '.join(cells)} |"
