"""Time stamps of checkpoints (RFC 3161): an authority outside says when a signed checkpoint was there at the latest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.x509 import Certificate, load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    TimeStampRequest,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from gateway.core.errors import Misconfigured, Transient


def roots_of(pem: bytes) -> tuple[Certificate, ...]:
    """The certificates that a time stamp must lead to. Raises Misconfigured."""
    try:
        return tuple(load_pem_x509_certificates(pem))
    except ValueError:
        raise Misconfigured("The file of time stamp roots holds no PEM certificates.", code="timestamp-roots") from None


@dataclass(frozen=True, slots=True)
class Asked:
    """What an authority is asked, and what its answer is held against."""

    note: bytes
    request: TimeStampRequest

    @classmethod
    def about(cls, note: bytes) -> Asked:
        """SHA-256 of the signed note, a fresh nonce, and the wish for the authority's certificate in the answer."""
        builder = TimestampRequestBuilder().data(note).hash_algorithm(HashAlgorithm.SHA256)
        return cls(note, builder.nonce(nonce=True).cert_request(cert_request=True).build())

    def body(self) -> bytes:
        """DER of the request."""
        return self.request.as_bytes()

    def confirmed(self, answer: bytes, roots: Sequence[Certificate]) -> datetime:
        """The time that the answer tells. Raises Transient (``timestamp-unfit``) when it is no time stamp, not of this
        note and this request, or not by an authority under these roots: the log goes on and asks again."""
        builder = VerifierBuilder.from_request(self.request)
        for root in roots:
            builder = builder.add_root_certificate(root)
        try:
            response = decode_timestamp_response(answer)
            builder.build().verify_message(response, self.note)
        except (VerificationError, ValueError):
            raise Transient("the time stamp is not one of this checkpoint", code="timestamp-unfit") from None
        return response.tst_info.gen_time
