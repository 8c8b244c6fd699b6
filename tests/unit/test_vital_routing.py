"""A registrar's file goes to the state's child support program, as its agreement says, and to nobody else."""

import pytest

from gateway.core.model import AgreementKey, AgreementMode, FormatName, Kind, Role
from tests.unit.vital_rules import ACKNOWLEDGEMENT
from tests.unit.vital_samples import EXAMPLES, birth
from tests.unit.work_site import OHIO, SPEECH, PartnerKey, agreement, open_site, partner

REGISTRAR, TANF = PartnerKey("ohio-vital-records"), PartnerKey("ohio-tanf")
PARENTAGE, DEATH = Kind("parentage"), Kind("death-notice")
NATALITY = FormatName("ije-natality")
SENDER = partner(REGISTRAR, "VITAL-OH", role=Role.AGENCY, program="vital-records")
BIRTHS = agreement(REGISTRAR, OHIO, kinds=frozenset({PARENTAGE, DEATH}), legal_basis="42 USC 666(a)(5)")


@pytest.fixture
async def site(sqlite_url, tmp_path):
    async with open_site(sqlite_url, tmp_path) as opened:
        yield opened


def meet(site, *, form="xml", more=(), filters=None):
    """The registrar, and an Ohio that takes parentage in a format."""
    ohio = partner(OHIO, "39", formats={PARENTAGE: FormatName(form), DEATH: FormatName("json")})
    terms = agreement(REGISTRAR, OHIO, kinds=BIRTHS.kinds, filters=filters or {})
    others = [one for one, _ in more]
    site.know(SENDER, ohio, *others, agreements=(terms, *(contract for _, contract in more)))


async def post(site, body, form=NATALITY):
    upload = site.desk().begin(site.directory.partners[REGISTRAR], "key", form, "request")
    await upload.feed(body)
    await upload.finish()
    return site.told


async def delivered(site):
    async with site.dispatching():
        await site.come_to_rest()
    return site.door.taken


def contents(form, parcels):
    engine = SPEECH().formats[FormatName(form)]
    for parcel in parcels:
        reader = engine.reader()
        for frame in [*reader.feed(parcel.body), *reader.finish()]:
            yield engine.decode(frame, reader.heading).content


@pytest.mark.parametrize("form", ["xml", "json", "bfdr-birth"])
async def test_birth_records_leave_as_parentage_in_the_format_of_the_child_support_program(site, form):
    meet(site, form=form)
    owed = await post(site, (EXAMPLES / "ohio-births.ije").read_bytes())
    assert [one.partner for one in owed] == [OHIO] * 4
    taken = await delivered(site)
    assert {(one.sender, one.kind) for one in taken} == {(REGISTRAR, PARENTAGE)}
    got = {one.get("Certificate/CertificateNumber"): one for one in contents(form, taken)}
    assert {number: one.get("Paternity/AcknowledgementCode") for number, one in got.items()} == {
        "000101": "Y",
        "000102": "X",
        "000103": "N",
        "000104": "U",
    }
    assert got["000101"].get("Father/PersonSSNIdentification") == "900010002"
    assert not any(b"3210" in one.body for one in taken), "the weight at birth stays with the registrar"


async def test_death_records_leave_as_notices(site):
    meet(site)
    await post(site, (EXAMPLES / "ohio-deaths.ije").read_bytes(), FormatName("ije-mortality"))
    got = list(contents("json", await delivered(site)))
    assert sorted(one.get("DeathDate") for one in got) == ["2026-02-14", "2026-02-XX"]


async def test_an_agreement_may_ask_for_the_births_that_matter_to_child_support_only(site):
    meet(site, filters={"acknowledgement": frozenset({"Y", "N", "U"})})
    owed = await post(site, (EXAMPLES / "ohio-births.ije").read_bytes())
    assert len(owed) == 3, "the child of married parents is parked"


async def test_no_other_program_gets_a_birth_record_whatever_its_agreement_says(site):
    tanf = partner(TANF, "TANF-OH", role=Role.AGENCY, program="IV-A", formats={PARENTAGE: FormatName("xml")})
    copies = agreement(
        REGISTRAR, TANF, kinds=frozenset({PARENTAGE}), mode=AgreementMode.SUBSCRIPTION, key=AgreementKey("copies")
    )
    meet(site, more=[(tanf, copies)])
    owed = await post(site, birth(IDOB_YR="2025"))
    assert [one.partner for one in owed] == [OHIO]


async def test_a_registrar_reports_for_its_own_jurisdiction_only(site):
    meet(site)
    assert await post(site, birth(IDOB_YR="2025", BSTATE="MI")) == []


async def test_a_hospital_reports_an_acknowledgement_under_its_own_locator(site):
    hospital = partner(PartnerKey("hospital"), "HOSPITAL-7", role=Role.AGENCY, program="vital-records")
    site.know(
        hospital,
        partner(OHIO, "39", formats={PARENTAGE: FormatName("json")}),
        agreements=(agreement(PartnerKey("hospital"), OHIO, kinds=frozenset({PARENTAGE})),),
    )
    body = SPEECH().formats[FormatName("xml")].encode([ACKNOWLEDGEMENT], None).body
    upload = site.desk().begin(site.directory.partners[PartnerKey("hospital")], "key", FormatName("xml"), "request")
    await upload.feed(body)
    await upload.finish()
    assert list(contents("json", await delivered(site))) == [ACKNOWLEDGEMENT]
