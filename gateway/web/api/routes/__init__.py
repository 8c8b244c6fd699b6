"""The route table: everything that the API answers, each line with its operation."""

from __future__ import annotations

from gateway.web.api.operation import Route
from gateway.web.api.routes.about import ABOUT
from gateway.web.api.routes.amendments import AMENDMENTS
from gateway.web.api.routes.deliveries import DELIVERIES, REPLAYS
from gateway.web.api.routes.log import LOG
from gateway.web.api.routes.mailbox import MAILBOX
from gateway.web.api.routes.oauth import OAUTH
from gateway.web.api.routes.public import PUBLIC
from gateway.web.api.routes.queries import QUERIES
from gateway.web.api.routes.receipts import RECEIPTS
from gateway.web.api.routes.records import RECORDS
from gateway.web.api.routes.submissions import SUBMISSIONS
from gateway.web.api.routes.wire_keys import WIRE_KEYS

ROUTES: tuple[Route, ...] = (
    *SUBMISSIONS,
    *RECEIPTS,
    *QUERIES,
    *RECORDS,
    *MAILBOX,
    *DELIVERIES,
    *AMENDMENTS,
    *REPLAYS,
    *WIRE_KEYS,
    *LOG,
    *OAUTH,
    *ABOUT,
    *PUBLIC,
)
"""Order matters only where a fixed path and a pattern meet: the fixed one first."""
