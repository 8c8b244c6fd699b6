"""The shape of the code: who may import whom, what the core may not do, how modules are named and how long they are."""

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("gateway", "schemas", "adapters", "transforms", "keys", "verifier")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
PURE = [
    path
    for path in MODULES
    if path.relative_to(ROOT).as_posix().startswith(("gateway/core/", "gateway/audit/", "transforms/"))
]
LONGEST = 400
EMPTY_NAMES = {
    "utils", "util", "helpers", "helper", "manager", "managers", "handler", "handlers", "service", "services",
    "common", "misc", "base", "data", "info", "processor", "processors",
}  # fmt: skip
LAYERS = {"audit", "broker", "core", "store", "web", "work"}
"""The parts of the gateway that others may import; all else in it is the composition root."""
IMPURE_CALLS = {"open", "print", "input", "exec", "eval"}
IMPURE_ATTRIBUTES = {
    ("datetime", "now"), ("datetime", "utcnow"), ("date", "today"), ("time", "time"), ("time", "sleep"),
    ("time", "monotonic"), ("os", "urandom"), ("os", "environ"), ("random", "random"), ("uuid", "uuid4"),
}  # fmt: skip


def name(path):
    return path.relative_to(ROOT).as_posix()


def in_gateway(path):
    return path.is_relative_to(ROOT / "gateway")


def tree(path):
    return ast.parse(path.read_text(), name(path))


class Outline(NamedTuple):
    docstring: str | None
    classes: tuple[str, ...]
    imported_from: tuple[tuple[int, str], ...]


@cache
def outline(path):
    """What several tests ask of each module, out of one reading."""
    whole = tree(path)
    nodes = list(ast.walk(whole))
    return Outline(
        ast.get_docstring(whole),
        tuple(node.name for node in nodes if isinstance(node, ast.ClassDef)),
        tuple((node.lineno, node.module or "") for node in nodes if isinstance(node, ast.ImportFrom)),
    )


def test_the_import_contracts_of_the_project_hold():
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_the_contract_of_the_composition_root_names_all_of_it():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [named] = [one["forbidden_modules"] for one in contracts if one["name"].startswith("Only the composition root")]
    members = {path.relative_to(ROOT / "gateway").parts[0].removesuffix(".py") for path in MODULES if in_gateway(path)}
    assert set(named) == {f"gateway.{member}" for member in members - LAYERS - {"__init__"}}


def says_what_it_is(docstring):
    lines = (docstring or "").splitlines()
    return bool(lines) and (len(lines) > 1 or lines[0].rstrip().endswith((".", "?", ":", "`", ")")))


def test_every_module_says_in_its_first_line_what_it_is():
    assert [name(path) for path in MODULES if not says_what_it_is(outline(path).docstring)] == []


@pytest.mark.parametrize("docstring", [None, "", "No end", "\n"])
def test_a_module_that_says_nothing_is_noticed(docstring):
    assert not says_what_it_is(docstring)


def test_no_module_is_longer_than_one_reader_can_hold():
    lengths = {name(path): len(path.read_text().splitlines()) for path in MODULES if path.parent.name != "versions"}
    assert not {path for path, length in lengths.items() if length > LONGEST}


def test_modules_are_named_by_what_they_are():
    stems = {name(path): path.stem for path in MODULES}
    folders = {name(path): path.parent.name for path in MODULES}
    assert not [path for path, stem in (stems | folders).items() if stem in EMPTY_NAMES]
    classes = {
        f"{name(path)}:{found}"
        for path in MODULES
        for found in outline(path).classes
        if re.search(r"(Manager|Handler|Processor|Helper|Util|Service)s?$", found)
    }
    assert not classes


def impurities(whole, *, port=False):
    """Lines of what reaches out of the process or waits; a port may say that whoever keeps it waits."""
    for node in ast.walk(whole):
        if (
            (isinstance(node, ast.AsyncFunctionDef) and not port)
            or isinstance(node, ast.Await)
            or (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in IMPURE_CALLS)
            or (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and (node.value.id, node.attr) in IMPURE_ATTRIBUTES
            )
        ):
            yield node.lineno


def test_the_pure_parts_ask_no_clock_no_disk_and_no_chance():
    found = [
        f"{name(path)}:{line}"
        for path in PURE
        for line in impurities(tree(path), port=path.is_relative_to(ROOT / "gateway/core/ports"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "code", ["async def f(): pass", "async def f(): await g()", "open('x')", "datetime.now()", "time.sleep(1)"]
)
def test_what_is_not_pure_is_noticed(code):
    assert set(impurities(ast.parse(code))) == {1}


def test_nobody_outside_the_tests_imports_the_tests_or_the_benchmarks():
    found = [
        f"{name(path)}:{line}"
        for path in MODULES
        for line, module in outline(path).imported_from
        if module.split(".")[0] in {"tests", "bench"}
    ]
    assert not found


def test_every_channel_is_in_the_table_of_adapters():
    from adapters import ADAPTERS  # noqa: PLC0415 - the other guards must run when a package does not load
    from gateway.core.model import AdapterName  # noqa: PLC0415 - as above

    assert set(ADAPTERS) == set(AdapterName)
    assert all((ROOT / "adapters" / f"{channel}.py").exists() for channel in AdapterName)


NAMED = re.compile(r"(?<![\w/.-])\w[\w-]*(?:/|\.(?:py|toml|md|yml))(?![\w/])")


def absent(layout):
    """Names of files and folders in the layout of the design page that are not where it says."""
    found, package, folder = [], ROOT, ROOT
    for line in layout.splitlines():
        first = line.split()[0]
        if line.startswith(first):
            package = folder = ROOT / first
        elif line.startswith(f"  {first}"):
            folder = package / first
        places = (folder, package, ROOT)
        found += [name for name in NAMED.findall(line) if not any((place / name).exists() for place in places)]
    return found


def test_the_layout_of_the_design_page_is_the_one_of_the_tree():
    _, layout, _ = (ROOT / "docs/design.md").read_text().split("## Where things live")[1].split("```", 2)
    assert len(layout.splitlines()) > 20
    assert absent(layout.strip("\n")) == []


def test_control_a_name_that_is_nowhere_is_noticed():
    assert absent("gateway/   app.py\n  core/   model/ deadlines.py\nnowhere/  files") == ["deadlines.py", "nowhere/"]
