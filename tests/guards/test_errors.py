"""The error tree: stable codes, a status for each, and nothing of a record in any message."""

import importlib
import inspect
import pkgutil
import re

import pytest

import gateway
from gateway.core import errors
from gateway.core.errors import DeliveryFailed, GatewayError, Permanent, Refused, Transient, Unavailable, Unreadable

CODES = {
    "internal": 500,
    "bad-request": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "not-found": 404,
    "conflict": 409,
    "too-large": 413,
    "unsupported-media-type": 415,
    "unprocessable": 422,
    "unreadable": 422,
    "too-many-requests": 429,
    "delivery-failed": 502,
    "delivery-transient": 502,
    "delivery-permanent": 502,
    "unavailable": 503,
    "overloaded": 503,
    "misconfigured": 500,
    "tampered": 500,
}
"""Published: partners' programs branch on them. A code may be added, never changed."""


def family(root):
    yield root
    for child in root.__subclasses__():
        yield from family(child)


def load_everything():
    for package in (
        gateway,
        *(importlib.import_module(name) for name in ("adapters", "keys", "schemas", "transforms")),
    ):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith(("__main__", ".env")) and ".versions" not in module.name:
                importlib.import_module(module.name)


def test_every_error_of_the_tree_has_its_own_published_code_and_status():
    own = [cls for cls in family(GatewayError) if cls.__module__ == errors.__name__]
    assert {cls.code: cls.status for cls in own} == CODES
    assert len({cls.code for cls in own}) == len(own)
    assert all("code" in vars(cls) for cls in own)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", cls.code) for cls in own)
    assert all(cls.title and not cls.title.endswith(".") for cls in own)


def test_an_error_class_made_elsewhere_shares_no_code_with_another_one():
    load_everything()
    named = [cls for cls in family(GatewayError) if "code" in vars(cls)]
    codes = [cls.code for cls in named]
    assert len(codes) == len(set(codes))


def test_the_docstring_draws_every_class_of_the_tree():
    drawn = errors.__doc__
    for cls in family(GatewayError):
        if cls.__module__ == errors.__name__ and cls is not Unreadable:
            assert cls.__name__ in drawn, cls.__name__


@pytest.mark.parametrize(
    "cls", [cls for _, cls in inspect.getmembers(errors, inspect.isclass)], ids=lambda c: c.__name__
)
def test_without_a_detail_an_error_says_its_title_and_a_code_given_later_is_the_problem(cls):
    if not issubclass(cls, GatewayError) or cls is Unreadable:
        return
    assert (str(cls()), cls().detail, cls().problem) == (cls.title, cls.title, cls.code)
    assert cls("words", code="finer").problem == "finer"
    assert cls("words").detail == "words"


def test_who_must_act_is_told_by_the_branch():
    assert all(400 <= cls.status < 500 for cls in family(Refused))
    assert all(issubclass(cls, DeliveryFailed) for cls in (Transient, Permanent))
    assert not issubclass(Unavailable, DeliveryFailed)
    assert not issubclass(Unavailable, Refused)


def test_a_partners_answer_is_kept_short():
    assert len(Transient(answer="x" * 10_000).answer) == 500
