"""Which formats a Content-Type can mean."""

import pytest

import schemas
from gateway.web.api.media import named, offers

OFFERS = offers(schemas.load().formats.values())


@pytest.mark.parametrize(
    ("content_type", "names"),
    [
        ("application/xml", {"xml"}),
        ("text/xml; charset=utf-8", {"xml"}),
        ("Application/JSON", {"json"}),
        ("application/vnd.csenet", {"csenet"}),
        ("application/vnd.csenet; form=to-server", {"csenet-out"}),
        ("application/vnd.ndnh-w4", {"w4"}),
        ("text/csv; order=nj", {"newhire-csv-nj"}),
        ('text/csv;ORDER="NJ"; header=present', {"newhire-csv-nj"}),
        ("text/csv", {"newhire-csv-nc", "newhire-csv-nj", "newhire-csv-ga", "ks-injury-claims"}),
        ("text/csv; order=zz", set()),
        ("text/html", set()),
        ("", set()),
    ],
)
def test_a_content_type_means_the_formats_with_its_parameters_else_those_of_its_type(content_type, names):
    assert set(named(content_type, OFFERS)) == names
