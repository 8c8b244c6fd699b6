"""The verifier of audit logs: it stands alone and trusts nothing but the keys that it is given (docs/audit-log.md).

    from verifier import Trust, check_proof
    report = check_proof(Path("record.proof").read_text(), Trust.of("gateway.example/log+..."))

It imports nothing of the gateway, opens no connection, and needs only the standard library and ``cryptography``.
"""

from __future__ import annotations

from verifier.checkpoint import Head, Trust
from verifier.consistency import check_consistency
from verifier.evidence import check_evidence
from verifier.export import check_log
from verifier.faults import NotProved, Unreadable
from verifier.proofs import check_proof
from verifier.receipt import check_receipt

__all__ = [
    "Head",
    "NotProved",
    "Trust",
    "Unreadable",
    "check_consistency",
    "check_evidence",
    "check_log",
    "check_proof",
    "check_receipt",
]
