"""What a line of the route table says: a method, a path, the function that answers and the operation's description."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import NoReturn, TypeVar

from aiohttp import web
from pydantic import BaseModel

from gateway.core.errors import Forbidden, NotFound, Refused
from gateway.core.ids import is_id
from gateway.core.model import Partner, PartnerKey, Principal
from gateway.core.swift import swift
from gateway.core.unproven import Unproven
from gateway.web.access import Access
from gateway.web.api import bodies
from gateway.web.api.media import Offer
from gateway.web.auth import Scope
from gateway.web.callers import Callers
from gateway.web.limits import Limits
from gateway.web.parts import Parts

M = TypeVar("M", bound=BaseModel)
JSON = "application/json"
_PATTERN = re.compile(r":[^}]*\}")


@dataclass(frozen=True, slots=True)
class Answer:
    """One successful answer: its meaning, its model (None: not JSON) and its own header fields."""

    summary: str
    model: type[BaseModel] | None = None
    media_type: str | None = JSON
    """None: no body."""
    headers: tuple[str, ...] = ()
    or_media_type: str | None = None
    """Another one that the same answer may have."""


@dataclass(frozen=True, slots=True)
class AnyBody:
    """The body is a file in one of the formats, not a request document."""

    only: tuple[str, ...] = ()
    """The formats that it may be in; empty: every one that is read."""


@dataclass(frozen=True, slots=True)
class Form:
    """The body is a form (application/x-www-form-urlencoded) with these members."""

    model: type[BaseModel]


@dataclass(frozen=True, slots=True)
class Operation:
    """The description of one route; the OpenAPI document is made of it."""

    name: str
    summary: str
    tag: str
    scope: Scope
    answers: Mapping[int, Answer]
    problems: tuple[str, ...] = ()
    """Codes of ``gateway.web.problems.PROBLEMS`` besides those that every operation of its kind can answer."""
    body: type[BaseModel] | AnyBody | Form | None = None
    query: type[BaseModel] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Request header fields of its own -> what they mean; a name that ends with ``*`` is required."""
    rated: bool = False
    """A public operation that costs work: the rate of each address is limited."""


@dataclass(frozen=True, slots=True)
class Door:
    """What answers need that let callers in themselves."""

    access: Access
    callers: Callers
    note: Callable[[Unproven], Awaitable[None]]
    """Writes down that somebody did not prove who it is."""


@dataclass(frozen=True, slots=True)
class StandingPage:
    """What never changes while the process runs: description, reference, rules."""

    body: Callable[[], bytes]
    media_type: str


@dataclass(frozen=True, slots=True)
class Site:
    """What every call finds around it: made once when the application is built."""

    parts: Parts
    limits: Limits
    offers: Mapping[str, tuple[Offer, ...]]
    """Media type -> the formats that are read under it."""
    pages: Mapping[str, StandingPage]
    """By path."""
    door: Door


@swift
class Call:
    """One request with its caller."""

    site: Site
    request: web.Request
    entity: str
    """The request id: a UUIDv7."""
    principal: Principal | None

    @property
    def parts(self) -> Parts:
        return self.site.parts

    @property
    def limits(self) -> Limits:
        return self.site.limits

    @property
    def caller(self) -> Principal:
        """Who calls; only routes with a scope have one."""
        if self.principal is None:
            raise LookupError("a public route has no caller")
        return self.principal

    @property
    def partner(self) -> PartnerKey:
        """The calling partner. Raises Forbidden for an operator's key."""
        if self.caller.partner is None:
            raise Forbidden("Only a partner can do this.")
        return self.caller.partner

    async def sender(self) -> Partner:
        """The calling partner with its settings. Raises Forbidden when it is not (or no longer) a partner."""
        partner = (await self.parts.directory()).partners.get(self.partner)
        if partner is None:
            raise Forbidden("The caller is not a partner here.")
        return partner

    def id(self, name: str = "id") -> str:
        """An id of the path. What is not a UUID cannot exist: NotFound."""
        value = self.request.match_info[name]
        if not is_id(value):
            raise NotFound
        return value

    def query(self, model: type[M]) -> M:
        """The query parameters. Raises InvalidMembers for unknown, wrong or doubled ones."""
        given = self.request.query
        if len(given) != len(set(given)):
            raise Refused("A query parameter comes twice.")
        return bodies.checked(model, dict(given))

    async def document(self, model: type[M]) -> M:
        """The request document."""
        return await bodies.document(self.request, self.limits, model)

    def not_modified(self, etag: str) -> bool:
        """Whether the caller has this version already (If-None-Match, RFC 9110, section 13.1.2)."""
        asked = self.request.headers.get("If-None-Match")
        return asked is not None and etag in {tag.strip().removeprefix("W/") for tag in asked.split(",")}


Answering = Callable[[Call], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the route table."""

    method: str
    path: str
    """A parameter may take in slashes: ``{place:.+}``."""
    answer: Answering
    operation: Operation

    @property
    def described(self) -> str:
        """The path as the description has it: without the patterns of its parameters."""
        return _PATTERN.sub("}", self.path)


def absent() -> NoReturn:
    """It does not exist, or not for this caller; both look the same."""
    raise NotFound
