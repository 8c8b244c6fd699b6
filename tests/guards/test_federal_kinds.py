"""What the disclosure policy labels as federal asks for strong proof, and nothing asks for it that is not."""

from __future__ import annotations

from gateway.core.caller_floor import FEDERAL_KINDS
from gateway.tools import speech

FEDERAL_LABELS = frozenset({"FPLS", "FCR", "NDNH", "IRS"})
BESIDE = frozenset({"asset-match", "insurance-match", "federal-offset", "wage", "medical-match"})
"""Kinds that come from federal matches whatever labels their values have."""


def test_every_kind_with_a_federal_label_asks_for_more_than_a_key():
    policy = speech(warm=False, drafts=True).catalog.policy
    labelled = {kind for kind, one in policy.kinds.items() if FEDERAL_LABELS & one.labels}
    assert labelled - set(FEDERAL_KINDS) == set()
    assert set(FEDERAL_KINDS) - labelled <= BESIDE
