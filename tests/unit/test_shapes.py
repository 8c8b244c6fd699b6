"""Remembered shapes write what the schema's walk would, and stay few."""

from gateway.core.model import Content, Kind
from gateway.core.outline import outline
from tests.unit.contents import CATALOG, valid_new_hire
from transforms import canonical
from transforms.shapes import ELEMENTS, SHAPES, Shape, Shapes


def test_a_shape_met_before_is_written_as_it_was_the_first_time():
    form = canonical(CATALOG)
    first = valid_new_hire()
    again = Content(Kind("new-hire"), dict(reversed(first.fields.items())))
    assert form.write(first) == form.write(first) == form.write(again)


def test_a_value_that_needs_escaping_is_escaped_in_a_shape_met_before_too():
    form = canonical(CATALOG)
    content = valid_new_hire()
    form.write(content)
    path = "Employer/EmployerName"
    odd = Content(content.kind, {**content.fields, path: "A & B <%s> 100% C"})
    assert form.read(form.write(odd)).fields[path] == "A & B <%s> 100% C"


def test_shapes_are_forgotten_before_they_get_many():
    shapes = Shapes()
    for number in range(SHAPES + 1):
        shapes.keep(outline((f"path-{number}",)), Shape(("", ""), (f"path-{number}",)))
    assert shapes.get(outline(("path-0",))) is None
    assert shapes.get(outline((f"path-{SHAPES}",))) is not None


def test_the_shape_of_a_very_big_document_is_not_kept():
    paths = tuple(f"path-{number}" for number in range(ELEMENTS + 1))
    shapes = Shapes()
    shapes.keep(outline(paths), Shape(("",) * (len(paths) + 1), paths))
    assert shapes.get(outline(paths)) is None
