"""The offline commands as a developer of a state uses them: sample, validate, show, convert, compare; no server."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from lxml import etree

from tests.servers.gateway_process import bare_environment

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
MEMORY = """
import sys
from gateway.cli import main
try:
    main()
except SystemExit as ended:
    code = ended.code
with open("/proc/self/status") as status:
    print(next(line.split()[1] for line in status if line.startswith("VmHWM")), file=sys.stderr)
sys.exit(code)
"""
"""The peak of resident memory in KiB. That of getrusage is inherited from the tests' own process, which is bigger."""
PAIR = 2


@pytest.fixture
def run(command_line, tmp_path):
    def command(*arguments, code=0, binary=False):
        done = command_line.run(arguments, tmp_path, {}, binary=binary)
        assert done.returncode == code, (done.stdout[-800:], done.stderr[-800:])
        return done

    return command


def test_the_formats_are_listed_with_their_state(run):
    told = json.loads(run("formats", "--json").stdout)
    listed = {one["format"]: one for one in told["formats"]}
    assert listed["w4"]["length"] == "801"
    assert (listed["w4"]["state"], listed["w4"]["direction"]) == ("partial", "in and out")
    assert all(one["confidence"] and one["kinds"] and one["direction"] for one in listed.values())
    assert all(bool(one["missing"]) is (one["state"] != "complete") for one in listed.values())
    assert all(one["title"] and one["reason"] for one in told["not_spoken"])
    shown = run("formats").stdout
    assert "newhire-csv-nc" in shown
    assert "QUICK" in shown


def test_a_layout_is_shown_with_its_source(run):
    done = run("layout", "show", "w4-header")
    assert "transmitter_state_code" in done.stdout
    assert "Confidence: official" in done.stderr
    [layout] = json.loads(run("layout", "show", "w4-data", "--json").stdout)["layouts"]
    assert sum(field["length"] for field in layout["fields"]) == layout["length"] == 801
    assert len(json.loads(run("layout", "show", "csenet", "--json").stdout)["layouts"]) == 8
    assert "FEIN" in run("layout", "show", "newhire-csv-ga").stdout
    assert "Paternity/AcknowledgementCode" in run("layout", "show", "bfdr-birth").stdout
    run("layout", "show", "nonsense", code=5)


def test_a_rule_explains_itself(run):
    rule = json.loads(run("rules", "show", "nh-ssn", "--json").stdout)
    assert (rule["severity"], rule["field"]) == ("error", "employee ssn")
    assert rule["title"]
    assert rule["fix"]
    assert rule["source"]
    assert "Did you mean FIX-DATE" in run("rules", "show", "FIX-DAY", code=5).stderr
    every = json.loads(run("rules", "list", "--json").stdout)["rules"]
    of_w4 = {one["code"] for one in json.loads(run("rules", "list", "date", "-f", "w4", "--json").stdout)["rules"]}
    assert "NH-HIRE-DATE" in of_w4, "a rule about the kind that the format carries"
    assert not {code for code in of_w4 if code.startswith("CSE-")}, "and none about another kind"
    assert "Did you mean w4" in run("rules", "list", "--format", "w5", code=5).stderr
    hires = json.loads(run("rules", "list", "--kind", "new-hire", "--json").stdout)["rules"]
    assert 0 < len(hires) < len(every)


def test_examples_are_recognised_and_judged_in_one_run(run, tmp_path):
    files = [EXAMPLES / name for name in ("ohio-new-hires.w4", "faulty.csenet", "acme-new-hires-nc.csv")]
    done = run("validate", *files, "--json", "--html", "report.html", "--junit", "report.xml", code=4)
    checked = json.loads(done.stdout)["files"]
    assert [(one["format"], one["refused"] > 0) for one in checked] == [
        ("w4", False),
        ("csenet", True),
        ("newhire-csv-nc", False),
    ]
    assert "<script" not in (tmp_path / "report.html").read_text(encoding="utf-8")
    suites = etree.fromstring((tmp_path / "report.xml").read_bytes())
    assert [suite.get("name") for suite in suites] == [file.name for file in files]
    told = run("validate", files[0])
    assert "25 records, 0 with faults" in told.stdout
    assert "partial" in told.stdout


def test_a_file_whose_own_counts_disagree_is_said_to_be_refused_as_a_whole_with_each_of_them(run, tmp_path):
    body = (EXAMPLES / "fixed" / "ks-ui-withholding.txt").read_bytes()
    (tmp_path / "short.txt").write_bytes(body.replace(b"0000000002 000000000009150", b"0000000003 000000000009151"))
    done = run("validate", "short.txt", "--format", "ks-ui-withholding", code=4)
    assert "2 records, 0 with faults" in done.stdout
    assert "refused as a whole" in done.stdout
    assert {"FILE-COUNT", "FILE-AMOUNT"} <= set(re.findall(r"FILE-[A-Z]+", done.stdout))


def test_a_file_that_no_format_fits_is_said_to_be_unknown(run, tmp_path):
    (tmp_path / "notes.txt").write_text("Dear Sir,\nplease find attached\n")
    assert "say which it is with --format" in run("validate", "notes.txt", code=4).stderr
    unknown = run("validate", "notes.txt", "--format", "newhire-csv", code=4).stderr
    assert "Did you mean newhire-csv-" in unknown
    assert len(unknown) < 200
    draft = run("validate", "notes.txt", "--format", "newhire-ut", code=4).stderr
    assert "is a draft, which needs --drafts" in draft


def test_a_partner_is_checked_as_itself(run):
    states = EXAMPLES / "partners" / "states.toml"
    run("validate", EXAMPLES / "ohio-new-hires.w4", "--as", f"{states}:ohio")
    done = run("validate", EXAMPLES / "ohio-new-hires.w4", "--as", f"{states}:michigan", "--json", code=4)
    [group] = json.loads(done.stdout)["files"][0]["findings"]
    assert (group["code"], group["count"]) == ("SENDER-MISMATCH", 25)
    run("validate", EXAMPLES / "ohio-new-hires.w4", "--as", "nobody.toml", code=2)


@pytest.mark.parametrize("name", ["csenet", "newhire-csv-nj"])
def test_a_sample_with_faults_is_found_out(run, tmp_path, name):
    run("sample", name, "--count", 40, "--seed", 7, "--out", "good")
    again = run("sample", name, "--count", 40, "--seed", 7, binary=True).stdout
    assert (tmp_path / "good").read_bytes() == again
    run("validate", "good")
    made = run("sample", name, "--count", 40, "--seed", 7, "--faults", 0.5, "--out", "bad")
    planted = sum(int(count) for count in re.findall(r"^  [a-z-]+: (\d+), first", made.stderr, re.MULTILINE))
    checked = json.loads(run("validate", "bad", "--json", code=4).stdout)["files"][0]
    assert checked["refused"] == planted > 5


def test_a_serial_number_that_comes_twice_is_found(run, tmp_path):
    run("sample", "csenet", "--count", 6, "--out", "good")
    body = (tmp_path / "good").read_bytes()
    (tmp_path / "twice").write_bytes(body + body.split(b"\r")[PAIR] + b"\r")
    [group] = json.loads(run("validate", "twice", "--json", code=4).stdout)["files"][0]["findings"]
    assert (group["code"], group["samples"][0]["record"]) == ("CSE-SERIAL-DUPLICATE", 7)


def test_a_record_is_shown_without_its_values_unless_asked(run, tmp_path):
    run("sample", "w4", "--count", 3, "--out", "a.w4")
    ssn = (tmp_path / "a.w4").read_bytes().split(b"\n")[2][2:11].decode()
    masked, open_ = run("show", "a.w4", "--record", 2), run("show", "a.w4", "--record", 2, "--unmask")
    assert ssn not in masked.stdout
    assert "'999999999'" in masked.stdout
    assert ssn in open_.stdout
    shown = json.loads(run("show", "a.w4", "-n", 2, "--json").stdout)
    assert (shown["masked"], shown["bytes"]) == (True, 801)
    run("show", "a.w4", "--record", 4, code=5)


def test_a_file_is_converted_whole_or_not_at_all(run, tmp_path):
    run("sample", "newhire-csv-nc", "--count", 2_500, "--out", "a.csv")
    run("convert", "a.csv", "--to", "w4", "--out", "a.w4")
    assert json.loads(run("validate", "a.w4", "--json").stdout)["files"][0]["records"] == 2_500
    run("convert", "a.w4", "--to", "xml", "--out", "a.xml")
    run("convert", "a.xml", "--to", "json", "--out", "a.json")
    assert len(json.loads((tmp_path / "a.json").read_bytes())["records"]) == 2_500
    run("sample", "w4", "--count", 50, "--faults", 0.2, "--out", "bad.w4")
    refused = run("convert", "bad.w4", "--to", "json", "--out", "bad.json", code=4)
    assert "error" in refused.stderr
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.csv", "a.json", "a.w4", "a.xml", "bad.w4"]
    assert run("convert", "bad.w4", "--to", "json", code=4).stdout == ""


def test_what_is_no_file_is_written_into_and_not_replaced(run, tmp_path):
    run("sample", "w4", "--count", 3, "--out", "a.w4")
    converted = run("convert", "a.w4", "--to", "xml", binary=True).stdout
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        run("convert", "a.w4", "--to", "xml", "--out", "pipe")
        assert os.read(reader, len(converted) + 1) == converted
    finally:
        os.close(reader)
    assert (tmp_path / "pipe").is_fifo()
    (tmp_path / "kept.xml").write_bytes(b"")
    (tmp_path / "latest.xml").symlink_to("kept.xml")
    told = json.loads(run("convert", "a.w4", "--to", "xml", "--out", "latest.xml", "--json").stdout)
    assert told["bytes"] == len(converted)
    assert (tmp_path / "latest.xml").is_symlink()
    assert (tmp_path / "kept.xml").read_bytes() == converted


@pytest.mark.parametrize(
    "command",
    [
        ("sample", "w4"),
        ("convert", EXAMPLES / "ohio-new-hires.w4", "--to", "xml"),
    ],
    ids=lambda command: command[0],
)
def test_a_folder_that_is_not_there_is_a_sentence_and_no_traceback(run, command):
    said = run(*command, "--out", "missing/file", code=2).stderr
    assert "missing/" in said
    assert "no such file or directory" in said
    assert "Traceback" not in said


def test_a_disk_that_is_full_is_a_sentence_and_no_traceback(tmp_path):
    command = [sys.executable, "-c", "from gateway.cli import main; main()", "formats", "--json"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, cwd=tmp_path, env=bare_environment(), stdout=full, stderr=-1, check=False)
    assert done.returncode == 1
    assert b"no space left on device" in done.stderr
    assert b"Traceback" not in done.stderr


def test_rules_of_two_days_are_compared(run):
    done = run("rules", "diff", "2026-01-01", "2027-01-01", EXAMPLES / "faulty.w4", "--json")
    found = json.loads(done.stdout)
    assert (found["records"], found["newly_refused"]) == (12, 0)
    run("rules", "diff", "soon", "2027-01-01", EXAMPLES / "faulty.w4", code=2)


def test_memory_stays_flat_however_long_the_file(run, tmp_path):
    def peak(*arguments):
        """In a process of its own from the start, so that its memory is all its own."""
        done = subprocess.run(
            [sys.executable, "-c", MEMORY, *arguments],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
            env={**bare_environment(), "PYTHONPATH": os.fspath(ROOT)},
            timeout=110,
        )
        return int(done.stderr.split()[-1])

    run("sample", "w4", "--count", 500, "--out", "short.w4")
    header, *lines = (tmp_path / "short.w4").read_bytes().splitlines(keepends=True)
    (tmp_path / "long.w4").write_bytes(header + b"".join(lines) * 20)
    for command in (("validate",), ("convert", "--to", "json", "--out", "x.json")):
        short, long = (peak(command[0], f"{length}.w4", *command[1:]) for length in ("short", "long"))
        assert long - short < 40 * 1024, command
