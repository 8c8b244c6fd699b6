"""The audit log is kept for seven years and then pruned from its beginning; everything later is proved as before."""

from __future__ import annotations

import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import delete

from gateway.audit.proof import check_proof
from gateway.core.errors import Refused
from gateway.core.retention import HoldScope, later
from gateway.disclosed import Export
from gateway.published import Publisher
from gateway.retaining import eraser, local_desk
from gateway.store.tables import audit_entries
from tests.contract.archive import BEGIN, LOCATE, OPERATOR, archive
from verifier import Trust, check_log

DAY = timedelta(days=1)


@pytest.fixture(params=["sqlite", "postgresql"])
async def site(tmp_path, database_url):
    async with archive(tmp_path, database_url) as opened:
        yield opened


@pytest.fixture
def database_url(request):
    return request.getfixturevalue("sqlite_url" if request.node.callspec.params["site"] == "sqlite" else "postgres_url")


async def old_and_new(site):
    """More than a bundle of entries seven years ago, and some of now; returns a proof of each time."""
    (old, *_) = await site.fill(140, LOCATE, each=70)
    early = await site.base.logbook.proof(old.id)
    site.now = later(BEGIN, 83)
    (new, *_) = await site.fill(3, LOCATE)
    return early, new


async def pruned_at(site, moment):
    """How many entries have gone after a run at this moment."""
    site.now = moment
    await eraser(site.base).run(OPERATOR)
    await site.integrate()
    return await site.base.stores.audit.first()


def proved(site, proof):
    return check_proof(proof, *(str(key) for key in site.base.logbook.verify_keys)).ok


@pytest.mark.claim("F06", control="test_a_log_that_lost_its_beginning_without_saying_so_does_not_verify")
async def test_entries_stay_seven_years_and_then_go_and_later_proofs_hold(site, claim):
    early, new = await old_and_new(site)
    assert await pruned_at(site, later(BEGIN, 84) - DAY) == 0
    gone = await pruned_at(site, later(BEGIN, 84) + DAY)
    assert gone == 256 * (gone // 256) > 0
    assert proved(site, early)
    assert proved(site, await site.base.logbook.proof(new.id))
    report = await site.base.logbook.verify()
    claim.measured(f"0 entries pruned a day before and {gone} a day after 7 years, {report.size} verified")
    assert report.faults == ()


async def test_a_log_that_lost_its_beginning_without_saying_so_does_not_verify(site):
    await old_and_new(site)
    async with site.base.stores.database.write() as connection:
        await connection.execute(delete(audit_entries).where(audit_entries.c.seq < 256))
    faults = (await site.base.logbook.verify()).faults
    assert [(fault.kind, fault.first, fault.last) for fault in faults] == [("gap", 0, 255)]


@pytest.mark.parametrize("site", ["sqlite"], indirect=True)
async def test_a_hold_keeps_the_entries_of_its_record(site):
    early, _new = await old_and_new(site)
    desk = await local_desk(site.base)
    await desk.hold(OPERATOR, HoldScope.RECORD, site.stored[0].id, "litigation")
    assert await pruned_at(site, later(BEGIN, 90)) == 0
    assert proved(site, early)


@pytest.mark.parametrize("site", ["sqlite"], indirect=True)
async def test_a_pruned_log_is_exported_and_verified_by_the_program_for_outsiders(site, tmp_path):
    await old_and_new(site)
    gone = await pruned_at(site, later(BEGIN, 84) + DAY)
    export = Export(site.base.logbook)
    with pytest.raises(Refused, match=f"entries {gone} to"):
        await export.write(tmp_path / "all.zip", 1, None, lambda _: None)
    await export.write(tmp_path / "kept.zip", 0, None, lambda _: None)
    trust = Trust.of(*(str(key) for key in site.base.logbook.verify_keys))
    assert check_log(tmp_path / "kept.zip", trust).first == gone
    names = zipfile.ZipFile(tmp_path / "kept.zip").namelist()
    assert "tile/entries/000" not in names
    published = Publisher(site.base.stores.audit, site.base.heads)
    assert await published.file("tile/entries/000") is None
    assert len(await published.file("tile/0/000")) == 256 * 32
