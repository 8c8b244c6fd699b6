"""What needs no key: health, version, the reference, rules and problems."""

from __future__ import annotations

import asyncio

from aiohttp import web

from gateway.web.api import answers, asked, documents, told
from gateway.web.api.operation import Call, absent
from gateway.web.api.reference import problem_page
from gateway.web.problems import PROBLEMS
from gateway.web.readiness import state_of

_ADMISSION = "admission"


async def livez(_call: Call) -> web.Response:
    """The process alone: a liveness check that asks the database restarts what a restart cannot mend."""
    return web.Response(text="ok\n")


async def readyz(call: Call) -> web.Response:
    verbose = call.query(asked.ReadyQuery).verbose is not None
    checks = call.parts.checks
    found = await asyncio.gather(*(state_of(name, check) for name, check in checks.items()))
    states = dict(zip(checks, found, strict=True))
    ready = all(state == "ok" for state in states.values())
    # A full gateway stays ready: acknowledgements and mailboxes, which make room, come through the same listener.
    full = {_ADMISSION: await state_of(_ADMISSION, call.parts.admission.check)}
    document = told.Ready(ready=ready, checks={**states, **full} if verbose else {})
    return answers.told(document, status=200 if ready else 503)


async def version(call: Call) -> web.Response:
    return answers.told(told.Version(version=call.parts.version))


async def page(call: Call) -> web.Response:
    """A page that stays as it is while the process runs."""
    found = call.site.pages[call.request.path]
    return web.Response(body=answers.payload(found.body()), headers={"Content-Type": found.media_type})


async def problem(call: Call) -> web.Response:
    found = PROBLEMS.get(call.request.match_info["code"])
    if found is None:
        absent()
    return web.Response(body=problem_page(found), headers={"Content-Type": "text/html; charset=utf-8"})


async def get_rule(call: Call) -> web.Response:
    found = call.parts.rules.get(call.request.match_info["code"])
    return answers.told(documents.rule(absent() if found is None else found))
