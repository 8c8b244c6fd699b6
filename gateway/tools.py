"""The computing tools of one process: formats, canonical form and rules from the catalog, sealing from the keys."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import schemas
import transforms
from gateway.core.catalog import Catalog
from gateway.core.model import FormatName
from gateway.core.ports.formats import CanonicalForm, Format, Rules
from gateway.core.ports.keys import Indexer, Sealer
from gateway.core.rules import BusinessRules
from gateway.work.compose import Composer
from gateway.work.examine import Examiner
from keys.snapshot import KeySnapshot


@dataclass(frozen=True, slots=True)
class Speech:
    """What the gateway can read and write."""

    catalog: Catalog
    formats: Mapping[FormatName, Format]
    canonical: CanonicalForm
    rules: Rules


@dataclass(frozen=True, slots=True)
class Tools:
    examiner: Examiner
    composer: Composer


def speech(*, warm: bool = False, drafts: bool = False) -> Speech:
    """Load and check everything that is data. Raises Misconfigured naming file and field. ``warm``: also make
    every engine and schema ready; for processes that serve. ``drafts``: also the formats whose facts
    nobody official has confirmed. Loaded once a process: it is shipped with the program and does not change."""
    spoken = _loaded(drafts)
    if warm:
        transforms.warm(spoken.formats, spoken.canonical)
    return spoken


@cache
def _loaded(drafts: bool) -> Speech:  # noqa: FBT001 - a cache tells positions apart better
    catalog = schemas.load(drafts=drafts)
    form = transforms.canonical(catalog)
    return Speech(catalog, transforms.formats(catalog), form, BusinessRules(catalog))


def tools(spoken: Speech, sealer: Sealer, indexer: Indexer) -> Tools:
    examiner = Examiner(spoken.formats, spoken.canonical, spoken.rules, sealer, indexer)
    classed = frozenset(kind for kind, info in spoken.catalog.kinds.items() if info.prohibited is not None)
    return Tools(examiner, Composer(spoken.formats, spoken.canonical, sealer, spoken.catalog.bridging, classed))


def tools_from(snapshot: KeySnapshot, *, drafts: bool = False) -> Tools:
    """The tools of a worker process. Not warm: nobody there waits for the first schema fault to be explained."""
    spoken = speech(drafts=drafts)
    return tools(spoken, snapshot.sealer(os.urandom), snapshot.indexer())
