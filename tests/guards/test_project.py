"""What holds for every file: reasons beside every exception, no real person, no place on anybody's machine, no key."""

import re
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest

from gateway.core.ports.formats import Heading
from gateway.tools import speech

ROOT = Path(__file__).parents[2]
OURS = ("gateway", "schemas", "adapters", "transforms", "keys", "verifier", "tests", "bench", "docs", "examples", ".ci")
TEXT = {".py", ".toml", ".md", ".xsd", ".csv", ".xml", ".json", ".html", ".css", ".js", ".yml", ".yaml", ".txt", ".sh",
        ".vector", ".csenet", ".w4", ".cfg", ".ini", ".mako", ".svg"}  # fmt: skip
LARGEST = 2 * 2**20
SYMBOLIC_LINK = "120000"
NOT_OURS = {"node_modules", "__pycache__", "vendor", ".venv"}


@cache
def files():
    """Every text file of ours with its text; what tools and servers leave behind is not ours."""
    top = [path for path in ROOT.iterdir() if path.is_file() and path.suffix in TEXT | {""} and path.name != "uv.lock"]
    deep = [path for folder in OURS for path in (ROOT / folder).rglob("*") if path.is_file() and path.suffix in TEXT]
    wanted = [path for path in (*top, *deep) if not NOT_OURS & set(path.relative_to(ROOT).parts)]
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(errors="replace")
        for path in wanted
        if path.stat().st_size < LARGEST
    }


def lines(ending, pattern):
    """Places whose line the pattern finds."""
    compiled = re.compile(pattern)
    return [
        (f"{name}:{number}", line)
        for name, text in files().items()
        if name.endswith(ending)
        for number, line in enumerate(text.splitlines(), 1)
        if compiled.search(line)
    ]


def test_the_scan_sees_the_project():
    assert {
        "pyproject.toml",
        "gateway/core/model/record.py",
        "examples/faulty.w4",
        "tests/guards/test_project.py",
    } <= set(files())


def test_every_exception_from_a_rule_names_the_rule_and_its_reason():
    pattern = r"#\s*(noqa|type:\s*ignore|nosec|pragma)"
    named = r"(noqa: [A-Z]+\d+(, [A-Z]+\d+)*|type: ignore\[[a-z-]+(, ?[a-z-]+)*\]|pragma: no cover)"
    good = re.compile(rf"#\s*{named}\s+[-#(] ?\S+")
    bare = [place for place, line in lines(".py", pattern) if not good.search(line) and not quoted(line)]
    assert not bare


def quoted(line):
    """This guard and its like speak of the words themselves."""
    return 'r"#\\s*' in line or 're.compile(r"#' in line


def test_no_place_of_anybodys_machine_is_named():
    folders = ["root", "work", "home/[a-z]+", "Users"]
    places = rf"(?<![\w./-])/({'|'.join(folders)})/" + "|bash" + "_jobs"
    found = [place for place, _ in lines("", places)]
    assert not found


def test_no_link_to_anywhere_is_kept():
    """A link holds a place of whoever made it."""
    assert not links(ROOT)


def test_the_check_of_links_finds_one(tmp_path):
    """The control."""
    (tmp_path / "shortcut").symlink_to("/elsewhere")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    assert links(tmp_path) == ["shortcut"]


def links(root):
    if not (root / ".git").exists():
        pytest.skip("the tree is no clone")
    kept = (line.split(maxsplit=3) for line in git(root, "ls-files", "-s").splitlines())
    return [name for mode, _, _, name in kept if mode == SYMBOLIC_LINK]


def git(root, *arguments):
    found = shutil.which("git")
    if found is None:
        pytest.skip("git is not installed")
    return subprocess.run([found, "-C", str(root), *arguments], check=True, capture_output=True, text=True).stdout


def test_no_private_key_lies_in_the_tree():
    begin = "-----BEGIN [A-Z ]*" + "PRIVATE KEY-----"
    assert not [place for place, line in lines("", begin) if "\\n" not in line and "{" not in line]


# --- people ----------------------------------------------------------------------------------------------------------

NEVER_ISSUED = re.compile(r"^(000|666|9\d\d)\d{6}$|^\d{3}00\d{4}$|^\d{5}0000$")
FORMATS = {".csenet": "csenet", ".w4": "w4", ".xml": "xml", ".json": "json", ".csv": "newhire-csv-nc"}


def examples():
    return sorted(path for path in (ROOT / "examples").iterdir() if path.suffix in FORMATS)


@pytest.mark.parametrize("path", examples(), ids=lambda path: path.name)
def test_every_social_security_number_of_an_example_is_one_that_was_never_issued(path):
    """Read with our own formats, so that every field of every layout counts."""
    format_ = speech().formats[FORMATS[path.suffix]]
    reader = format_.reader()
    frames = [*reader.feed(path.read_bytes()), *reader.finish()]
    numbers = []
    for frame in frames:
        content = format_.decode(frame, reader.heading or Heading()).content
        fields = content.fields if content else {}
        numbers += [value for name, value in fields.items() if "SSN" in name and re.fullmatch(r"\d{9}", value)]
    assert not [number for number in numbers if not NEVER_ISSUED.match(number)]
    assert numbers or "hostile" in path.name or "faulty" in path.name


def test_no_other_number_in_the_tree_looks_like_that_of_a_person():
    tagged = r"SSN\w*[\"'>:=,\s]{1,4}(\d{9})\b|\b\d{3}-\d{2}-\d{4}\b"
    suspicious = []
    for place, line in lines("", tagged):
        for number in re.findall(r"\b\d{3}-\d{2}-\d{4}\b|\b\d{9}\b", line):
            digits = number.replace("-", "")
            if not NEVER_ISSUED.match(digits):
                suspicious.append(place)
    assert not suspicious


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.w4")), ids=lambda path: path.name)
def test_the_numbers_in_their_columns_of_a_w4_file_were_never_issued(path):
    rows = [row for row in path.read_text(errors="replace").splitlines() if row.startswith("W4")]
    numbers = [row[2:11] for row in rows if row[2:11].isdigit()]
    assert numbers
    assert all(NEVER_ISSUED.match(number) for number in numbers)


@pytest.mark.parametrize(
    ("number", "issued"), [("123456789", True), ("900000001", False), ("666123456", False), ("000123456", False)]
)
def test_the_guard_knows_an_issued_number_when_it_sees_one(number, issued):
    assert bool(NEVER_ISSUED.match(number)) is not issued


# --- packaging -------------------------------------------------------------------------------------------------------


def test_test_files_have_names_of_their_own():
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert len(names) == len(set(names))


def test_every_dependency_has_a_lower_and_an_upper_bound():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    assert all(">=" in one and ",<" in one for one in wanted)
