"""A state orders an employer to withhold, and the employer answers: each gets the file that it reads."""

from __future__ import annotations

import pytest

from gateway.core.model import FormatName
from tests.journeys.meaning import contents
from tests.journeys.partner_files import EXAMPLES, QUICK_RETRY, https, partner
from tests.journeys.site import until, whole
from tests.unit.fixed_width_samples import CATALOG, COVER
from transforms import formats

AGREEMENTS = (EXAMPLES / "partners" / "withholding.toml").read_text("utf-8")
ORDERS, ANSWERS = ((EXAMPLES / "fixed" / f"{name}.txt").read_bytes() for name in ("eiwo-order", "eiwo-answer"))


@pytest.fixture
async def site(sqlite_url, tmp_path):
    def changed(port):
        return {
            "ohio": partner("ohio", https(port, "ohio"), f'income-withholding = "eiwo-answer"\n{QUICK_RETRY}'),
            "acme": partner("acme", https(port, "acme"), f'income-withholding = "eiwo-order"\n{QUICK_RETRY}')
            + AGREEMENTS,
        }

    async with whole(tmp_path, sqlite_url, changed=changed) as site:
        yield site


async def bodies(site, who, count):
    arrivals = await until(lambda: len(site.partners.to(who)) == count and site.partners.to(who), f"{who} has {count}")
    return sorted((one.body for one in arrivals), key=lambda body: body.splitlines()[2])


async def test_an_order_arrives_at_its_employer_and_the_answer_at_the_state(site):
    receipt = await site.api.accepted("ohio", "eiwo-order", ORDERS)
    assert (receipt["counts"]["records"], receipt["counts"]["unroutable"], receipt["counts"]["withheld"]) == (3, 0, 0)
    got = [body.splitlines() for body in await bodies(site, "acme", 2)]
    assert [[line[:3] for line in lines] for lines in got] == [[b"FHI", b"BHI", b"DTL", b"BTI", b"FTI"]] * 2
    assert sorted(lines[2] for lines in got) == sorted(ORDERS.splitlines()[2:4]), "the orders are the same bytes"

    answers = of_acme("eiwo-answer", ANSWERS)
    await site.api.accepted("acme", "json", formats(CATALOG)[FormatName("json")].encode(answers, COVER).body)
    got = await bodies(site, "ohio", len(answers))
    assert {body[:3] for body in got} == {b"FHA"}
    told = [one for body in got for one in contents("eiwo-answer", body)]
    assert all(dict(one.fields) in told for one in answers)


def of_acme(name, body):
    """The answers of one employer among those of an example."""
    format_ = formats(CATALOG)[FormatName(name)]
    reader = format_.reader()
    read = [format_.decode(frame, reader.heading).content for frame in [*reader.feed(body), *reader.finish()]]
    return [one for one in read if one.get("Answer/EmployerFEINID") == "990000001"]
