"""The disclosure guard: what may leave, to whom. One pure function over the policy, deny by default.

The policy is data (``schemas/disclosure``): each of its rows names its source. What cannot be a row stands here: the
order of the questions, the dates, and the rules on people in danger (42 USC 653(b)(2), 654(26); V01 to V06):

* nothing that was found about a protected person goes to anybody; that nothing may be told is told;
* what agencies say of such a person themselves goes to child support agencies only, and to the registry that the law
  tells of the danger;
* a notice holds for the person, in every record of every case, until the state that placed it takes it back;
* a court may order one release: for one request, one person, one recipient, until a day, once. Of two protected
  persons each needs an order of its own.

Nothing reaches a channel without a :class:`Clearance`, and only :meth:`Guard.clear` makes one.
"""

from __future__ import annotations

from gateway.core.disclosure.decision import DANGER, Decision, Withheld
from gateway.core.disclosure.guard import Clearance, Guard
from gateway.core.disclosure.passage import Override, Passage, Way
from gateway.core.disclosure.tags import (
    BEYOND,
    CASE_STATUS,
    COURT,
    CUSTODY,
    LOCATE_TYPE,
    REGISTRY_ENTRY,
    TOLD,
    VERIFIED_BY,
    VERIFIED_ON,
    asks_registry,
)

__all__ = [
    "BEYOND",
    "CASE_STATUS",
    "COURT",
    "CUSTODY",
    "DANGER",
    "LOCATE_TYPE",
    "REGISTRY_ENTRY",
    "TOLD",
    "VERIFIED_BY",
    "VERIFIED_ON",
    "Clearance",
    "Decision",
    "Guard",
    "Override",
    "Passage",
    "Way",
    "Withheld",
    "asks_registry",
]
