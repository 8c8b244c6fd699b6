"""Applying partner files to the store, with one audit entry for each partner and agreement that is set."""

from __future__ import annotations

from collections.abc import Mapping

import adapters
from gateway.core.model import Actor, FormatName, Kind
from gateway.core.places import AT_HOME, Places
from gateway.fips import refuse_unfit_parties
from gateway.foundation import Foundation
from gateway.partner_files import Applied, Known
from gateway.tools import Speech
from gateway.wire import wire_desk
from gateway.work.wire_desk import Wanted
from keys.wire.material import read

_CODES_OF_TAGS = {"state_of_hire": "state-postal"}
"""Tags of filters whose values are those of one list, whatever the format."""


def known(spoken: Speech, places: Places | None = AT_HOME) -> Known:
    """What partner files may refer to, from the catalog and the adapters; ``places`` as :class:`Known` has it."""
    catalog = spoken.catalog
    written: Mapping[FormatName, frozenset[Kind]] = {
        info.name: frozenset(info.kinds) for info in catalog.formats.values() if info.writes
    }
    return Known(
        formats_written=written,
        formats_read=frozenset(info.name for info in catalog.formats.values() if info.reads),
        kinds=frozenset(catalog.kinds),
        tags=frozenset(tag for info in catalog.kinds.values() for tag in (*info.facts.tags, *info.facts.flags)),
        tag_codes={tag: frozenset(catalog.codes[name].codes) for tag, name in _CODES_OF_TAGS.items()},
        purposes=catalog.policy.purposes,
        requesters=catalog.policy.requesters,
        check_endpoint=adapters.check_options,
        check_queries=adapters.check_queries,
        read_key=read,
        places=places,
        file_orders={name: one.choices for name, one in catalog.successions.items()},
    )


async def apply(base: Foundation, actor: Actor, wanted: Applied) -> int:
    """Store what differs; returns how many partners, agreements and wire keys changed. Raises Conflict when a partner
    would have too many live keys; partners and agreements are stored by then. Raises Misconfigured (``not-approved``)
    for what ``crypto.fips`` does not allow; nothing is stored then."""
    refuse_unfit_parties(base.settings, wanted.partners, ())
    objects = [f"partner:{partner.key}" for partner in wanted.partners]
    objects += [f"agreement:{agreement.key}" for agreement in wanted.agreements]
    entries = [base.scribe.entry(actor, "partner.applied", name) for name in objects]
    changed = await base.stores.partners.apply(wanted.partners, wanted.agreements, entries)
    keys = [Wanted(one.partner, one.use, one.material) for one in wanted.wire_keys]
    return changed + await wire_desk(base).add(actor, keys)
