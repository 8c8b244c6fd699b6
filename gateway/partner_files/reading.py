"""Files in, partners and agreements out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.core.errors import Misconfigured
from gateway.core.model import Agreement, Partner, PartnerKey
from gateway.core.routing import Directory
from gateway.partner_files.clashes import bare_agreements, repeated_keys, shared_locators, shared_proofs
from gateway.partner_files.file import Fault, parse
from gateway.partner_files.known import Known
from gateway.partner_files.protection import WantedKey
from gateway.partner_files.references import agreement_faults, key_faults, partner_faults


@dataclass(frozen=True, slots=True)
class Applied:
    """What files set, whether or not it is so already."""

    partners: tuple[Partner, ...]
    agreements: tuple[Agreement, ...]
    wire_keys: tuple[WantedKey, ...] = ()


def read(files: Mapping[str, str], present: Directory, known: Known) -> Applied:
    """Partners and agreements of all files (name -> text). Raises Misconfigured listing every fault with its line."""
    faults: list[Fault] = []
    parsed = [one for name, text in files.items() if (one := parse(name, text, faults)) is not None]
    keys = set(present.partners) | {partner.key for one in parsed for partner in one.file.partner}
    for one in parsed:
        faults.extend(partner_faults(one, known))
        faults.extend(agreement_faults(one, known, keys))
        faults.extend(key_faults(one, known))
    faults.extend(bare_agreements(parsed, present))
    faults.extend(repeated_keys(parsed))
    faults.extend(shared_locators(parsed, present))
    faults.extend(shared_proofs(parsed, present))
    if faults:
        faults.sort(key=lambda fault: (fault.file, fault.line or 0))
        raise Misconfigured("\n".join(str(fault) for fault in faults), code="partner-file")
    return Applied(
        tuple(partner.value() for one in parsed for partner in one.file.partner),
        tuple(agreement.value() for one in parsed for agreement in one.file.agreement),
        tuple(
            WantedKey(PartnerKey(partner.key), wanted.use, known.read_key(wanted.pem))
            for one in parsed
            for partner in one.file.partner
            for wanted in partner.wire_keys
        ),
    )
