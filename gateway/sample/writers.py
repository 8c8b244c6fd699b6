"""Which format writes the samples of a format."""

from __future__ import annotations

from dataclasses import replace

from gateway.core.model import FormatName
from gateway.core.ports.formats import Format
from gateway.tools import Speech
from transforms.files import FixedFile

READ_FORM = {FormatName("csenet"): FormatName("csenet-out")}
"""Formats that write another form than they read -> the format that writes the form they read."""
SAMPLED_ALONE = frozenset(
    map(
        FormatName,
        (
            "ije-natality",
            "ije-mortality",
            "insurance-match",
            "ks-offset-collections",
            "ks-ui-withholding",
            "ks-ui-claimants",
            "ks-court-payments",
            "mmis-ks-policies",
            "icr-results",
            "eiwo-result",
            "ks-tanf-benefits",
            "lien",
            "credit-report",
        ),
    )
)
"""Formats that are never written to a partner, because not all of a record is known or kept, but whose records are
valid with the rest left blank."""


def written_by(spoken: Speech, name: FormatName) -> Format:
    """The format that writes what a format reads."""
    if name not in SAMPLED_ALONE:
        return spoken.formats[READ_FORM.get(name, name)]
    known = spoken.catalog.formats
    return FixedFile(replace(spoken.catalog, formats={**known, name: replace(known[name], writes=True)}), name)
