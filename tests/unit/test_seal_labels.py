"""Federal tax data lie under keys of their own, wherever they lie, and can be destroyed apart from all else."""

from dataclasses import replace

import pytest

from adapters.mailbox import MailboxAdapter, context
from gateway.core.errors import Tampered, Unavailable
from gateway.core.labels import Label, open_labelled, open_record, strictest, tax_formats
from gateway.core.model import FormatName, RecordId
from gateway.work import examine
from gateway.work.intake import IntakeLimits
from keys.envelope import MAGIC
from tests.unit.test_work_registry import FEDERAL, FPLS, OHIO, answer, known, posted
from tests.unit.work_site import agreement, open_site

TAX = answer(b"A01", 60, b"C01")
TAX = TAX[:700] + b" " * 100 + TAX[800:]
ANSWERS = FormatName("fpls-answers")


@pytest.fixture
async def site(sqlite_url, tmp_path, token_address):
    async with open_site(sqlite_url, tmp_path, token_address) as opened:
        tax = agreement(FPLS, OHIO, key="registry-tax", kinds=FEDERAL, filters={"federal_tax": frozenset({"Y"})})
        known(opened, tax)
        yield opened


async def both(site):
    """One answer with federal tax data and one without, stored."""
    await posted(site, FPLS, ANSWERS, TAX)
    await posted(site, FPLS, ANSWERS, answer(b"H99"))
    return {id_: bytes(sealed) for id_, sealed in site.rows("SELECT id, sealed FROM records")}


def labels(site, sealed):
    return sorted(site.sealer.label(one) for one in sealed)


def end_of_tax_keys(site):
    """As after the destruction of every key of the label."""
    site.keys.rotate(Label.FEDERAL_TAX)
    for facts in site.keys.list():
        if facts.label == Label.FEDERAL_TAX and facts.state == "decrypt-only":
            site.keys.destroy(facts.id)
    site.sealer.refresh()


def readable(site, rows):
    found = {}
    for id_, sealed in rows.items():
        try:
            open_record(site.sealer, RecordId(id_), sealed)
        except Unavailable:
            found[id_] = False
        else:
            found[id_] = True
    return found


@pytest.mark.claim("F01", control="test_control_without_labels_the_same_destruction_takes_all")
async def test_destroying_the_key_of_federal_tax_data_leaves_all_else_readable(site, claim):
    rows = await both(site)
    assert labels(site, rows.values()) == ["federal-tax", "records"]
    tax = {id_ for id_, sealed in rows.items() if sealed.startswith(MAGIC + bytes([25]) + b"kek:federal-tax:")}
    assert len(tax) == 1
    end_of_tax_keys(site)
    assert readable(site, rows) == {id_: id_ not in tax for id_ in rows}
    claim.measured("1 tax record unreadable, 1 other readable")


async def test_control_without_labels_the_same_destruction_takes_all(site, monkeypatch):
    monkeypatch.setattr(examine, "label_of", lambda _: Label.FEDERAL_TAX)
    rows = await both(site)
    end_of_tax_keys(site)
    assert not any(readable(site, rows).values())


async def test_a_payload_with_tax_data_is_sealed_under_their_label_in_the_mailbox(site):
    await both(site)
    async with site.dispatching():
        await site.come_to_rest()
    adapter = MailboxAdapter(site.stores.mailbox, site.sealer, site.clock)
    for parcel in site.door.taken:
        await adapter.hand_over(parcel, site.directory.partners[OHIO])
    found = {id_: bytes(sealed) for id_, sealed in site.rows("SELECT delivery, sealed FROM mailbox")}
    assert labels(site, found.values()) == ["federal-tax", "records"]
    bodies = {open_labelled(site.sealer, context(id_), sealed) for id_, sealed in found.items()}
    assert bodies == {parcel.body for parcel in site.door.taken}


@pytest.mark.parametrize(("taxing", "expected"), [(frozenset({ANSWERS}), "federal-tax"), (frozenset(), "records")])
async def test_a_spooled_body_that_may_hold_tax_data_is_kept_as_if_it_did(site, taxing, expected):
    desk = replace(site.desk(IntakeLimits(records_at_once=1)), taxing=taxing)
    upload = desk.begin(site.directory.partners[FPLS], "key", ANSWERS, "request")
    await upload.feed(answer(b"H99") * 3)
    await upload.finish()
    assert set(labels(site, [bytes(sealed) for (sealed,) in site.rows("SELECT sealed FROM spool")])) == {expected}
    await site.backlog().step()
    assert site.rows("SELECT count(*) FROM records WHERE state = 'routed'") == [(3,)]


async def test_the_catalog_knows_which_formats_may_bring_tax_data(site):
    found = tax_formats(site.speech.catalog)
    assert {"fpls-answers", "fpls-answers-cp037", "csenet", "xml", "json"} <= found
    assert not {"w4", "newhire-wa"} & found


async def test_a_label_changed_in_a_sealed_row_opens_nothing(site):
    (row,) = {id_: sealed for id_, sealed in (await both(site)).items() if b"federal-tax" in sealed[:40]}.items()
    id_, sealed = row
    for other in (b"records\0\0\0\0", b"federal-tay"):
        with pytest.raises((Tampered, Unavailable)):
            open_record(site.sealer, RecordId(id_), sealed.replace(b"federal-tax", other, 1))


def test_what_is_made_of_several_records_has_the_strictest_label():
    assert strictest([]) is Label.RECORDS
    assert strictest([Label.FEDERAL_TAX, Label.RECORDS]) is Label.FEDERAL_TAX
