"""Commands of the gateway, each in a process of its own that is forked from one which has loaded the program.

Loading takes longer than most commands. ``test_command_line.py`` and ``test_cli_remote.py`` start the program itself.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.servers.gateway_process import bare_environment

ROOT = Path(__file__).parents[2]
PROGRAM = """
import json, os, sys, traceback
import gateway.foundation, gateway.offline, gateway.offline_convert, gateway.partner_store, gateway.sample.files
import schemas
from gateway.cli import main

for drafts in (False, True):
    schemas.load(drafts=drafts)

def become(wish):
    os.chdir(wish["cwd"])
    os.environ.clear()
    os.environ.update(wish["env"])
    for number, name in enumerate((os.devnull, wish["out"], wish["err"])):
        os.dup2(os.open(name, os.O_RDWR | os.O_CREAT, 0o600), number)
    sys.argv = ["gateway", *wish["arguments"]]
    try:
        main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0

for line in sys.stdin:
    child = os.fork()
    if not child:
        os._exit(become(json.loads(line)))
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class CommandLine:
    """Runs one command after the other; none sees anything of the one before but files."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self._folder = folder

    def run(
        self, arguments: Sequence[object], cwd: Path, settings: Mapping[str, str], *, binary: bool = False
    ) -> subprocess.CompletedProcess[str] | subprocess.CompletedProcess[bytes]:
        out, err = (self._folder / name for name in ("out", "err"))
        for said in (out, err):
            said.write_bytes(b"")
        words = [str(one) for one in arguments]
        env = {**bare_environment(), **settings}
        wish = {"arguments": words, "cwd": str(cwd), "env": env, "out": str(out), "err": str(err)}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(wish) + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        if binary:
            return subprocess.CompletedProcess(words, code, out.read_bytes(), err.read_bytes())
        return subprocess.CompletedProcess(words, code, out.read_text(), err.read_text())


@pytest.fixture(scope="session")
def command_line() -> Iterator[CommandLine]:
    with (
        TemporaryDirectory() as folder,
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=bare_environment(),
        ) as process,
    ):
        yield CommandLine(process, Path(folder))
        assert process.stdin is not None
        process.stdin.close()
        process.wait(10)
