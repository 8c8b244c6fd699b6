"""The process behind ``loaded_program.py``: it has loaded the program, and forks a child for every wish.

It starts no thread and no event loop, so that a child is what a new process is once it has loaded the same.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import runpy
import signal
import socket
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

import aio_pika  # noqa: F401 - what commands import when they run is loaded here, once for all
import aiosqlite  # noqa: F401 - as above
import asyncpg  # noqa: F401 - as above
import sqlalchemy.dialects.postgresql.asyncpg
import sqlalchemy.dialects.sqlite.aiosqlite  # noqa: F401 - as above

import gateway.app
import gateway.offline
import gateway.offline.convert
import gateway.partner_store
import gateway.sample.files  # noqa: F401 - as above
from gateway.cli.application import whole
from gateway.cli.runtime import event_loop
from gateway.memory import rare_collector
from gateway.tools import speech

LARGEST = 2**17
"""Bytes of a wish: an environment, mostly."""


def load() -> None:
    """Everything that is the same in every process of the program."""
    rare_collector()
    event_loop()
    assert whole().commands, "every command's module"
    assert speech(warm=True).catalog.policy.released, "made once and kept, as in every process"
    speech(drafts=True)
    gc.collect()
    gc.freeze()


def fulfil(link: socket.socket) -> bool:
    """Take one wish; False when nobody is left to have one."""
    said, files, _, _ = socket.recv_fds(link, LARGEST, 2)
    if not said:
        return False
    wish = json.loads(said)
    if "ended" in wish:
        link.send(str(os.waitstatus_to_exitcode(os.waitpid(wish["ended"], 0)[1])).encode())
    elif not os.fork():
        os._exit(child(link, wish, files))
    for file in files:
        os.close(file)
    return True


def child(link: socket.socket, wish: Mapping[str, Any], files: Sequence[int]) -> int:
    """Become the wished process; its exit code. Who wished hears of it when it leads its own session."""
    os.setsid()
    for name, limits in wish["limits"].items():
        resource.setrlimit(getattr(resource, name), limits)
    os.chdir(wish["cwd"])
    os.environ.clear()
    os.environ.update(wish["env"])
    tempfile.tempdir = None
    for number, file in enumerate((os.open(os.devnull, os.O_RDONLY), *files)):
        os.dup2(file, number)
        os.close(file)
    handle = os.pidfd_open(os.getpid())
    socket.send_fds(link, [str(os.getpid()).encode()], [handle])
    os.close(handle)
    link.close()
    return run(wish["arguments"])


def run(arguments: Sequence[str]) -> int:
    """What the interpreter does with a script, its path and its arguments."""
    sys.argv = list(arguments)
    try:
        runpy.run_path(arguments[0], run_name="__main__")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001 - as the interpreter, which prints whatever it is
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    load()
    with socket.socket(fileno=int(sys.argv[1])) as wishes:
        while fulfil(wishes):
            pass
