"""A time stamp authority: ``openssl ts -reply`` behind HTTP, with a root and a key of its own."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

CONFIGURATION = """
[tsa]
default_tsa = authority
[authority]
serial = serial
crypto_device = builtin
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[stamping]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[req]
distinguished_name = nobody
[nobody]
"""
EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-config", "tsa.cnf")


def openssl(folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["openssl", *words], cwd=folder, capture_output=True, check=False)


@dataclass(frozen=True, slots=True)
class TimestampAuthority:
    """One certificate goes into its answers: ``openssl`` does not sort several as DER has it,
    and our library is strict. ``root`` is the PEM file of its root, ``answers`` what it has said."""

    folder: Path
    answers: list[bytes]

    @property
    def root(self) -> Path:
        return self.folder / "root.pem"

    def reply(self, query: bytes) -> bytes:
        (self.folder / "query.tsq").write_bytes(query)
        done = openssl(
            self.folder, "ts", "-reply", "-queryfile", "query.tsq", "-config", "tsa.cnf", "-out", "reply.tsr"
        )
        assert done.returncode == 0, done.stderr
        self.answers.append((self.folder / "reply.tsr").read_bytes())
        return self.answers[-1]


def authority(folder: Path) -> TimestampAuthority:
    """With a fresh root; not yet listening."""
    folder.mkdir()
    (folder / "tsa.cnf").write_text(CONFIGURATION)
    (folder / "serial").write_text("01")
    for words in (
        ("req", "-x509", *EC, "-subj", "/CN=Root", "-extensions", "ca", "-keyout", "root.key", "-out", "root.pem"),
        ("req", *EC[:5], "-config", "tsa.cnf", "-subj", "/CN=Authority", "-keyout", "tsa.key", "-out", "tsa.csr"),
        ("x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", "2",
         "-extfile", "tsa.cnf", "-extensions", "stamping", "-out", "tsa.pem"),
    ):  # fmt: skip
        done = openssl(folder, *words)
        assert done.returncode == 0, done.stderr
    return TimestampAuthority(folder, [])


@asynccontextmanager
async def listening(made: TimestampAuthority) -> AsyncIterator[str]:
    """Its address while the block runs."""

    async def answer(request: web.Request) -> web.Response:
        assert request.content_type == "application/timestamp-query"
        said = await asyncio.to_thread(made.reply, await request.read())
        return web.Response(body=said, content_type="application/timestamp-reply")

    application = web.Application()
    application.router.add_post("/tsa", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/tsa"
    finally:
        await runner.cleanup()
