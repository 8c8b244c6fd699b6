"""The channels to partners, one file each; this table lists them."""

from __future__ import annotations

from collections.abc import Mapping

from adapters import folder, https, mailbox, sftp
from adapters.cleared import Cleared, ClearedLine
from adapters.kit import Entry, Kit
from adapters.options import complete
from adapters.queries import QUERY_OPTIONS, HttpsLine, check_queries
from gateway.core.model import AdapterName, Endpoint
from gateway.core.ports.adapters import Adapter
from gateway.core.ports.queries import QueryLine

ADAPTERS: Mapping[AdapterName, Entry] = {
    AdapterName.HTTPS: Entry(https.HttpsAdapter.of, https.OPTIONS, https.check),
    AdapterName.SFTP: Entry(sftp.SftpAdapter.of, sftp.OPTIONS, sftp.check),
    AdapterName.MAILBOX: Entry(mailbox.MailboxAdapter.of, mailbox.OPTIONS, mailbox.check),
    AdapterName.FOLDER: Entry(folder.FolderAdapter.of, folder.OPTIONS, folder.check),
}


def check_options(endpoint: Endpoint) -> None:
    """Raises Misconfigured that names the first key of the endpoint that is unknown, missing or wrong. Reads no file
    and asks no server."""
    entry = ADAPTERS[endpoint.adapter]
    complete(endpoint.options, entry.options)
    entry.check(endpoint.options)


def make_adapters(kit: Kit) -> dict[AdapterName, Adapter]:
    """One adapter a channel, each behind the check of the guard's word. Close each when done."""
    return {name: Cleared(entry.make(kit)) for name, entry in ADAPTERS.items()}


def make_query_line(kit: Kit) -> QueryLine:
    """Where synchronous queries go. Close it when done."""
    return ClearedLine(HttpsLine(kit.secrets, kit.clock, restricted=kit.restricted))


__all__ = [
    "ADAPTERS",
    "QUERY_OPTIONS",
    "Entry",
    "Kit",
    "check_options",
    "check_queries",
    "make_adapters",
    "make_query_line",
]
