"""Composing: the sealed records of a delivery are opened and written in the partner's format. Pure computing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.core.errors import Unprocessable
from gateway.core.model import Digest, FormatName
from gateway.core.ports.crew import Composed, Composition
from gateway.core.ports.formats import CanonicalForm, Cover, Format
from gateway.core.ports.keys import Sealer
from gateway.work.examine import RECORDS, record_context


@dataclass(frozen=True, slots=True)
class Composer:
    """The bytes are a function of the sealed records and the delivery's row alone: a retry writes the same bytes."""

    formats: Mapping[FormatName, Format]
    canonical: CanonicalForm
    sealer: Sealer

    def compose(self, task: Composition) -> Composed:
        delivery = task.claimed.delivery
        format_ = self.formats.get(delivery.format)
        if format_ is None:
            raise Unprocessable(f"There is no format {delivery.format}.")
        contents = [
            self.canonical.read(self.sealer.open(RECORDS, record_context(record), sealed))
            for record, sealed in task.claimed.records
        ]
        cover = Cover(task.sender, task.recipient, delivery.created_at, delivery.number)
        encoded = format_.encode(contents, cover)
        digest = Digest(hashlib.sha256(encoded.body).hexdigest())
        return Composed(encoded.body, encoded.media_type, encoded.extension, digest, encoded.findings)
