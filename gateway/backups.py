"""Back-ups: one directory with a copy of the database, the checkpoint of its log, and a manifest with digests."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from gateway import __version__
from gateway.audit.checkpoint import open_checkpoint, parse_head
from gateway.audit.note import VerifyKey, note_parts
from gateway.core.audit_entry import timestamp
from gateway.core.backup import Manifest, Part, manifest
from gateway.core.errors import Conflict, Misconfigured, NotFound, Tampered, Unavailable
from gateway.core.four_eyes import Act, Request, State
from gateway.core.model import Actor
from gateway.core.ports.audit_log import Checkpoint
from gateway.foundation import Foundation, foundation
from gateway.key_rows import KeyRows
from gateway.settings import Settings
from gateway.store.copies import copy_in, copy_out, dialect_of, readable
from gateway.store.engine import Dialect
from gateway.store.migrations import NEWER, current, is_newer, migrate
from gateway.transports import database_transport
from gateway.web.approving import Wish
from keys.head_file import FILE_NAME, HeadFile

DATABASE, CHECKPOINT, MANIFEST, KEYS = "database", "checkpoint", "manifest.json", "keys"
_BLOCK = 2**20
_PRIVATE_FOLDER, _PRIVATE_FILE = 0o700, 0o600


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restored log says: the root that its entries give at the size of the back-up's checkpoint."""

    size: int
    root: str


def expect_vacant(folder: Path) -> None:
    """Raises Conflict when there is something where a back-up is to be made."""
    if folder.exists():
        raise _taken(folder)


def copying_keys(folder: Path, purpose: str) -> Wish:
    """What two people agree on before keys leave: one back-up, in this directory, for this purpose."""
    return Wish(Act.COPY_KEYS, "backup:keys", {"directory": str(folder.absolute()), "purpose": purpose})


async def create(base: Foundation, folder: Path, actor: Actor, keys: Request | None = None) -> Manifest:
    """Write a back-up into a new directory. ``keys``: the permission that was used for the keys to be in it; None: they
    are not. Raises Conflict when the directory exists, or when the permission is none for it (``approval-needed``),
    NotFound while the log is empty."""
    if keys is not None:
        _expect_agreed(keys, folder)
    url = base.settings.db.url
    head = await base.stores.audit.head()
    if head is None:
        raise NotFound("The log has no checkpoint yet.")
    needs = tuple(sorted(await KeyRows.of(base).needed()))
    _make(folder)
    _write(folder / CHECKPOINT, head.note.encode())
    await copy_out(url, folder / DATABASE, database_transport(base.settings))
    if keys is not None:
        await asyncio.to_thread(_copy_keys, base.settings.keys.directory, folder / KEYS)
    told = Manifest(
        made_at=timestamp(base.clock()),
        version=__version__,
        schema=await current(url, database_transport(base.settings)) or "",
        dialect=dialect_of(url).value,
        origin=parse_head(note_parts(head.note)[0]).origin,
        log_size=head.size,
        log_root=head.root.hex(),
        keys=keys is not None,
        files=await asyncio.to_thread(_parts, folder),
        needs=needs,
    )
    _write(folder / MANIFEST, told.text().encode())
    digest = hashlib.sha256(told.text().encode()).hexdigest()
    details: dict[str, str | int] = {"log_size": told.log_size, "manifest_sha256": digest}
    if keys is not None:
        details |= {"approval": keys.id, "asked_by": keys.asked_by, "approved_by": keys.decided_by or ""}
    await base.stores.audit.write([base.scribe.entry(actor, "backup.made", "backup", details=details)])
    return told


def _expect_agreed(keys: Request, folder: Path) -> None:
    two = keys.decided_by not in (None, keys.asked_by)
    about = keys.act is Act.COPY_KEYS and keys.terms.get("directory") == str(folder.absolute())
    if not (two and about and keys.state is State.USED):
        raise Conflict("Nobody else agreed to keys in this back-up.", code="approval-needed")


def verify_keys(base: Foundation, folder: Path) -> tuple[VerifyKey, ...]:
    """Under the name that the log had when the back-up was made: under another one it is another log."""
    return tuple(VerifyKey(_manifest(folder).origin, key) for key in base.keys.public_keys())


async def verify(folder: Path, keys: tuple[VerifyKey, ...]) -> Manifest:
    """Every file as the manifest says, the copy readable to its end, the checkpoint signed and the one of the manifest.
    Raises Tampered when not, and Refused or NotFound when it is no back-up."""
    told = await _whole(folder)
    head = open_checkpoint((folder / CHECKPOINT).read_text(encoding="utf-8"), keys)
    if (head.size, head.root.hex()) != (told.log_size, told.log_root):
        raise Tampered("the checkpoint of the back-up is not that of its manifest", code="backup-changed")
    if not await readable(Dialect(told.dialect), folder / DATABASE):
        raise Tampered("the copy of the database cannot be read", code="backup-changed")
    return told


async def _whole(folder: Path) -> Manifest:
    told = _manifest(folder)
    if await asyncio.to_thread(_parts, folder) != told.files:
        raise Tampered("the files of the back-up are not those of its manifest", code="backup-changed")
    return told


async def restore(settings: Settings, folder: Path, *, with_keys: bool = False) -> Restored:
    """Fill the empty database of the settings, bring it to the schema of this program, and derive its log anew.

    Raises Conflict (``backup-behind``) when the log that this site remembers outside its database is longer than the
    back-up's, Conflict when the database is not empty or is of the other kind, Misconfigured (``schema-newer``) for a
    back-up that a later version made, and as :func:`verify`.
    """
    told = await _whole(folder)
    if dialect_of(settings.db.url).value != told.dialect:
        raise Conflict(f"This is a back-up of {told.dialect}; the database of the settings is another kind.")
    if is_newer(told.schema or None):  # before anything is written: a database that was filled is not empty any more
        raise Misconfigured(f"The back-up is {NEWER}.", code="schema-newer")
    if with_keys:
        _restore_keys(folder, told, settings.keys.directory)
    _refuse_older(settings, told)
    async with foundation(settings) as base:
        keys = verify_keys(base, folder)
    await verify(folder, keys)
    transport = database_transport(settings)
    await copy_in(settings.db.url, folder / DATABASE, transport)
    await migrate(settings.db.url, transport=transport)
    return await _derived(settings, folder, told, keys)


async def _derived(settings: Settings, folder: Path, told: Manifest, keys: tuple[VerifyKey, ...]) -> Restored:
    """The log of the restored rows holds the checkpoint of the back-up, and itself."""
    note = (folder / CHECKPOINT).read_text(encoding="utf-8")
    async with foundation(settings) as base:
        report = await base.logbook.verify([note], keys=keys)
        if report.faults:
            raise Tampered("the restored log does not hold the checkpoint of the back-up", code="inconsistent-log")
        found = await _at(base, told.log_size)
    return Restored(found.size, found.root.hex())


async def _at(base: Foundation, size: int) -> Checkpoint:
    """The stored checkpoint of this size; the whole log was just derived and compared with all of them."""
    for one in await base.stores.audit.checkpoints_after(size - 1, 1):
        if one.size == size:
            return one
    raise Tampered("the restored log lacks the checkpoint of the back-up", code="inconsistent-log")


def _refuse_older(settings: Settings, told: Manifest) -> None:
    """Signing on from here would contradict what was signed: the one thing that a log must never do."""
    note = HeadFile(settings.audit.head_file or settings.keys.directory / FILE_NAME).read()
    head = None if note is None else parse_head(note_parts(note)[0])
    if head is not None and head.origin == settings.log_name and head.size > told.log_size:
        raise Conflict(
            f"The back-up's log has {told.log_size} entries, and {head.size} were signed: {head.size - told.log_size} "
            "are lost. Look for a newer back-up; without one, go on under a new log_name (docs/retention.md).",
            code="backup-behind",
        )


def _manifest(folder: Path) -> Manifest:
    try:
        return manifest((folder / MANIFEST).read_text(encoding="utf-8"))
    except OSError as error:
        raise NotFound(f"{folder / MANIFEST} cannot be read ({error.strerror}).") from None


def _parts(folder: Path) -> dict[str, Part]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST)
    return {path.relative_to(folder).as_posix(): _part(path) for path in files}


def _part(path: Path) -> Part:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            size += len(block)
    return Part(digest.hexdigest(), size)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=_PRIVATE_FOLDER, parents=True)
    except FileExistsError:
        raise _taken(folder) from None
    except OSError as error:
        raise Unavailable(f"{folder} cannot be made: {error.strerror}.") from None


def _taken(folder: Path) -> Conflict:
    return Conflict(f"{folder} is there already: every back-up has a directory of its own.")


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=_PRIVATE_FILE)
    path.write_bytes(content)


def _copy_keys(source: Path, target: Path) -> None:
    """The files of the directory as they are; those with a passphrase stay protected by it."""
    target.mkdir(mode=_PRIVATE_FOLDER)
    for file in sorted(source.iterdir()):
        if file.is_file() and file.name != FILE_NAME:
            shutil.copyfile(file, target / file.name)
            (target / file.name).chmod(_PRIVATE_FILE)


def _restore_keys(folder: Path, told: Manifest, target: Path) -> None:
    if not told.keys:
        raise Misconfigured("The back-up holds no keys.")
    if target.exists():
        raise Conflict(f"{target} is there already: keys are restored into a new directory only.")
    target.parent.mkdir(parents=True, exist_ok=True)
    _copy_keys(folder / KEYS, target)
