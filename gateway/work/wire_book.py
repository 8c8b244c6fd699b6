"""The register of wire keys in memory, our private keys opened; read anew when the version of the directory grows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import structlog

from gateway.core.errors import GatewayError
from gateway.core.ports.keys import Sealer
from gateway.core.ports.wire_keys import StoredKey, WireKeys
from gateway.core.protection import GATEWAY, WireKey
from gateway.core.routing import Directory

log = structlog.get_logger()
LABEL = "records"


def key_context(id_: str) -> str:
    """What a sealed private key is bound to."""
    return f"wire_keys.sealed:{id_}"


@dataclass(slots=True)
class WireBook:
    keys: WireKeys
    sealer: Sealer
    _of: Mapping[str, tuple[WireKey, ...]] = field(default_factory=dict, repr=False)

    @property
    def ours(self) -> tuple[WireKey, ...]:
        """Retired ones among them, without their private side."""
        return self.of(GATEWAY)

    def of(self, owner: str) -> tuple[WireKey, ...]:
        return self._of.get(owner, ())

    async def follow(self, _directory: Directory) -> None:
        """For :class:`DirectoryWatch`: the register may have changed. A key that does not open must not keep the
        directory from being followed: the keys stay as they were."""
        try:
            await self.reload()
        except GatewayError as error:
            log.error("wire.keys_unread", code=error.problem)  # noqa: TRY400 - an alarm, not a defect

    async def reload(self) -> None:
        """Raises Tampered or Unavailable when a private key of ours does not open."""
        found: defaultdict[str, list[WireKey]] = defaultdict(list)
        for one in await self.keys.all():
            found[one.key.owner].append(self._opened(one))
        self._of = {owner: tuple(keys) for owner, keys in found.items()}

    def _opened(self, one: StoredKey) -> WireKey:
        if one.sealed is None:
            return one.key
        return replace(one.key, private=self.sealer.open(LABEL, key_context(one.key.id), one.sealed))
