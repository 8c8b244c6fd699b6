"""What needs no key: health, version, the reference, rules and problems."""

from __future__ import annotations

import asyncio

import structlog
from aiohttp import web

from gateway.core.errors import GatewayError
from gateway.web.api import answers, asked, documents, told
from gateway.web.api.operation import Call, absent
from gateway.web.api.reference import problem_page
from gateway.web.parts import Check
from gateway.web.problems import PROBLEMS

_log = structlog.get_logger()
_ADMISSION = "admission"
_CHECK_SECONDS = 2.0
"""A probe's own time-out is usually longer than this, so it sees which check hangs."""


async def livez(_call: Call) -> web.Response:
    """The process alone: a liveness check that asks the database restarts what a restart cannot mend."""
    return web.Response(text="ok\n")


async def readyz(call: Call) -> web.Response:
    verbose = call.query(asked.ReadyQuery).verbose is not None
    checks = call.parts.checks
    found = await asyncio.gather(*(_state(name, check) for name, check in checks.items()))
    states = dict(zip(checks, found, strict=True))
    ready = all(state == "ok" for state in states.values())
    # A full gateway stays ready: acknowledgements and mailboxes, which make room, come through the same listener.
    full = {_ADMISSION: await _state(_ADMISSION, call.parts.admission.check)}
    document = told.Ready(ready=ready, checks={**states, **full} if verbose else {})
    return answers.told(document, status=200 if ready else 503)


async def _state(name: str, check: Check) -> str:
    """``ok``, or the code of what is wrong. A defect in a check is a check that fails, and is logged as such."""
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            await check()
    except GatewayError as error:
        return error.problem
    except TimeoutError:
        return "timeout"
    except Exception as error:  # noqa: BLE001 - a probe must answer whatever a check does
        _log.error("readiness.defect", name=name, type=type(error).__name__)
        return "internal"
    return "ok"


async def version(call: Call) -> web.Response:
    return answers.told(told.Version(version=call.parts.version))


async def page(call: Call) -> web.Response:
    """A page that was made when the application was built."""
    body, media_type = call.site.pages[call.request.path]
    return web.Response(body=answers.payload(body), headers={"Content-Type": media_type})


async def problem(call: Call) -> web.Response:
    found = PROBLEMS.get(call.request.match_info["code"])
    if found is None:
        absent()
    return web.Response(body=problem_page(found), headers={"Content-Type": "text/html; charset=utf-8"})


async def get_rule(call: Call) -> web.Response:
    found = call.parts.rules.get(call.request.match_info["code"])
    return answers.told(documents.rule(absent() if found is None else found))
