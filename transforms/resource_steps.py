"""Going from a resource to one of its members, and making the way there."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.core.resource_table import Step

Node = dict[str, object]


class Astray(Exception):
    """The resource is of another shape than the way to the member; the text says how (never a value)."""


def holder(resource: Node, way: Sequence[Step]) -> Node | None:
    """The object in which the last step is taken; None when it is not there. Raises Astray."""
    node = resource
    for step in way[:-1]:
        if step.name not in node:
            return None
        found = _one(_within(node[step.name], step)) if step.key or step.index is not None else node[step.name]
        if found is None:
            return None
        if not isinstance(found, dict):
            raise Astray(f"{step.name} is no object")
        node = found
    return node


def _within(value: object, step: Step) -> list[object]:
    """The elements of a list that a step means."""
    if not isinstance(value, list):
        raise Astray(f"{step.name} is no list")
    if step.index is not None:
        return value[step.index :] if step.rest else value[step.index : step.index + 1]
    return [one for one in value if isinstance(one, dict) and one.get(step.key) == step.value]


def _one(found: Sequence[object]) -> object | None:
    if len(found) > 1:
        raise Astray("more than one is meant")
    return found[0] if found else None


def taken(node: Node, step: Step) -> object | None:
    """What stands at the last step; None when there is nothing. Raises Astray."""
    value = node.get(step.name)
    if value is None or step.index is None:
        return value
    found = _within(value, step)
    if not step.rest:
        return _one(found)
    texts = [one for one in found if isinstance(one, str)]
    if len(texts) != len(found):
        raise Astray(f"{step.name} is no list of texts")
    return " ".join(texts) or None


def opened(resource: Node, way: Sequence[Step]) -> Node:
    """The object in which the last step is taken; made as far as it is not there."""
    node = resource
    for step in way[:-1]:
        if not (step.key or step.index is not None):
            node = _child(node.setdefault(step.name, {}))
            continue
        members = node.setdefault(step.name, [])
        found = _one(_within(members, step))
        if found is None:
            found = {step.key: step.value} if step.key else {}
            _append(members, found, step)
        node = _child(found)
    return node


def put(node: Node, step: Step, value: object) -> None:
    """Write the last step. Raises Astray where a list would get a hole."""
    if step.index is None:
        node[step.name] = value
    else:
        _append(node.setdefault(step.name, []), value, step)


def _append(members: object, value: object, step: Step) -> None:
    if not isinstance(members, list) or (step.index is not None and len(members) != step.index):
        raise Astray(f"{step.name} would have a hole")
    members.append(value)


def _child(value: object) -> Node:
    if not isinstance(value, dict):
        raise Astray("a value stands where an object is wanted")
    return value
