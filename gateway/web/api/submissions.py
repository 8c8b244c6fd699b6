"""Submissions and validations: the way in, and what became of it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from aiohttp import web

from gateway.core.errors import Refused, TooLarge, Unsupported
from gateway.core.model import FormatName, Partner, RuleCode, Submission, SubmissionId, SubmissionState
from gateway.core.nearest import near
from gateway.core.ports.intake import Upload, Validation
from gateway.core.ports.submissions import Replayed
from gateway.web import operations
from gateway.web.api import answers, asked, bodies, documents, protected, told
from gateway.web.api.attestation import weighed
from gateway.web.api.media import named
from gateway.web.api.operation import JSON, Call, absent
from gateway.web.api.visibility import sees_submission, sent

_KEY = re.compile(r"[A-Za-z0-9._:\-]{1,128}")
_ACCEPTED = 202


async def post_submission(call: Call) -> web.Response:
    """The hot path: nothing here but the headers, the body and the commit."""
    key = idempotency_key(call.request)
    sender = await call.sender()
    if protected.is_protected(sender):
        return await _post_protected(call, sender, key)
    form = named_format(call, sender)
    attested = weighed(call)
    refuse_early(call, sender)
    with call.parts.admission.enter(sender.key):
        upload = call.parts.intake.begin(sender, key, form, call.entity, attested)
        await _feed(call, upload)
        result = await upload.finish()
    return _receipt(call, result)


async def _post_protected(call: Call, sender: Partner, key: str) -> web.Response:
    """The submission is what lies in the message: its digest is that of the payload, so that a message that is made
    anew for a repeat is still the same submission."""
    attested = weighed(call)
    with call.parts.admission.enter(sender.key):
        opened = await protected.opened(call, sender, key)
        form = named_format(call, sender, opened.media_type or "")
        upload = call.parts.intake.begin(sender, key, form, call.entity, attested)
        try:
            for piece in protected.in_pieces(opened.plain):
                await upload.feed(piece)
        except BaseException:
            await upload.abandon()
            raise
        result = await upload.finish()
    return _receipt(call, result)


async def _feed(call: Call, upload: Upload) -> None:
    try:
        async for piece in bodies.pieces(call.request, call.limits):
            await upload.feed(piece)
    except BaseException:
        await upload.abandon()
        raise


def _receipt(call: Call, result: Submission | Replayed) -> web.Response:
    replayed = isinstance(result, Replayed)
    submission = result.submission if isinstance(result, Replayed) else result
    headers = {"Location": f"/v1/submissions/{submission.id}"}
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    if submission.state is SubmissionState.RECEIVED:
        headers["Retry-After"] = str(call.limits.judging_retry_seconds)
    return web.Response(status=_ACCEPTED, body=submission.receipt, content_type=JSON, headers=headers)


def idempotency_key(request: web.Request) -> str:
    """The key, quoted (as the draft has it) or not. Raises Refused. It may not look like free text, because it is kept
    and shown."""
    given = request.headers.getall("Idempotency-Key", ())
    if len(given) > 1:  # whoever passes the request on may look at the other one
        raise Refused("There are several Idempotency-Key fields.", code="idempotency-key-unfit")
    value = given[0].strip() if given else ""
    if not value:
        raise Refused("Idempotency-Key is required.", code="idempotency-key-missing")
    if value.startswith('"') and value.endswith('"'):
        value = value[1:-1]
    if not _KEY.fullmatch(value):
        raise Refused("An Idempotency-Key has 1 to 128 letters, digits and ._:-", code="idempotency-key-unfit")
    return value


def named_format(call: Call, sender: Partner, media_type: str | None = None) -> FormatName:
    """The format of the body: ``?format=``, else the one that its media type names (None: Content-Type), else the only
    one that the sender may post. Raises Unsupported."""
    query = call.request.query
    if query:
        wanted = call.query(asked.BodyQuery).format
        if wanted is not None:
            return _readable(call, sender, FormatName(wanted))
    if media_type is None:
        media_type = call.request.headers.get("Content-Type", "")
    candidates = named(media_type, call.site.offers)
    if not media_type and len(sender.accepts) == 1:
        candidates = tuple(sender.accepts)
    if len(candidates) > 1 and sender.accepts:
        candidates = tuple(name for name in candidates if name in sender.accepts)
    if not candidates:
        raise Unsupported(
            f"No format is read under this Content-Type: name one with ?format=.{_taken(sender)}", code="format-unknown"
        )
    if len(candidates) > 1:
        several = ", ".join(sorted(candidates))
        raise Unsupported(f"This Content-Type may mean {several}: name one with ?format=", code="format-ambiguous")
    return candidates[0]


def _readable(call: Call, sender: Partner, name: FormatName) -> FormatName:
    info = call.parts.formats.get(name)
    if info is None or not info.reads:
        readable = sender.accepts or [one.name for one in call.parts.formats.values() if one.reads]
        meant = " or ".join(near(name, readable))
        did = f" Did you mean {meant}?" if meant else ""
        raise Unsupported(f"No format of this name is read here.{did}{_taken(sender)}", code="format-unknown")
    return name


def _taken(sender: Partner) -> str:
    """What a caller may name. All formats are too many for an answer; they are in the reference."""
    if not sender.accepts:
        return " All are in docs/formats and listed by `gateway formats`."
    return f" You may post {', '.join(sorted(sender.accepts))}."


def refuse_early(call: Call, sender: Partner) -> None:
    """Turn away what its headers already show to be too large."""
    if (call.request.content_length or 0) > sender.body_limit:
        raise TooLarge


async def post_validation(call: Call) -> web.Response:
    sender = await call.sender()
    if protected.is_protected(sender):
        return await _validate_protected(call, sender)
    form, attested = named_format(call, sender), weighed(call)
    refuse_early(call, sender)
    with call.parts.admission.enter(sender.key):
        validation: Validation = call.parts.intake.validation(sender, form, attested)
        body: AsyncIterator[bytes] = bodies.pieces(call.request, call.limits)
        async for piece in body:
            await validation.feed(piece)
        verdict = await validation.finish()
    return answers.told(documents.verdict(verdict, call.parts.rules))


async def _validate_protected(call: Call, sender: Partner) -> web.Response:
    with call.parts.admission.enter(sender.key):
        opened = await protected.opened(call, sender, None)
        form = named_format(call, sender, opened.media_type or "")
        validation = call.parts.intake.validation(sender, form, weighed(call))
        for piece in protected.in_pieces(opened.plain):
            await validation.feed(piece)
        verdict = await validation.finish()
    return answers.told(documents.verdict(verdict, call.parts.rules))


async def list_submissions(call: Call) -> web.Response:
    query = call.query(asked.SubmissionsQuery)
    found = await call.parts.submissions.list(call.caller.partner, answers.page(query), query.state)
    rows = [documents.submission(row, call.parts.rules) for row in found.rows]
    return answers.listed(call, told.Submissions(rows=rows, next=found.next), found.next)


async def get_submission(call: Call) -> web.Response:
    found = await _visible(call)
    ended = await call.parts.receipts.ready(found)
    facts = (found.id, found.state, found.cause, found.progress, found.counts, ended)
    etag = answers.version_of(*facts, call.parts.version)
    headers = {"ETag": etag}
    if found.state is SubmissionState.RECEIVED:
        headers["Retry-After"] = str(call.limits.judging_retry_seconds)
    if call.not_modified(etag):
        return web.Response(status=304, headers=headers)
    summary = await call.parts.submissions.summary(found.id)
    return answers.told(documents.submission_detail(found, summary, call.parts.rules, ended=ended), headers=headers)


async def retry_submission(call: Call) -> web.Response:
    reason = (await call.document(asked.Because)).reason
    found = await operations.judge_again(call.parts, call.caller.actor, SubmissionId(call.id()), reason)
    return answers.told(documents.submission(found, call.parts.rules))


async def list_records(call: Call) -> web.Response:
    query = call.query(asked.RecordsQuery)
    found = await _visible(call)
    page = await call.parts.submissions.records(found.id, query.state, answers.page(query))
    rows = [documents.record(row, own=sent(call.caller, row)) for row in page.rows]
    return answers.listed(call, told.Records(rows=rows, next=page.next), page.next)


async def list_findings(call: Call) -> web.Response:
    query = call.query(asked.FindingsQuery)
    found = await _visible(call)
    rule = None if query.rule is None else RuleCode(query.rule)
    page = await call.parts.submissions.findings(found.id, rule, answers.page(query))
    rows = [documents.finding(row) for row in page.rows]
    return answers.listed(call, told.Findings(rows=rows, next=page.next), page.next)


async def _visible(call: Call) -> Submission:
    found = await call.parts.submissions.get(SubmissionId(call.id()))
    return found if found is not None and sees_submission(call.caller, found) else absent()
