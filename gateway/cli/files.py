"""Commands on files: submit to a gateway, validate and convert here."""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.attestation import attesting
from gateway.cli.client import Client, wait_until_judged
from gateway.cli.exits import Exit
from gateway.cli.options import ApiKeyOption, Attest, Ca, Drafts, Format, Json, Url
from gateway.cli.out import progress, put, say
from gateway.cli.results import Out, expect_file
from gateway.core.protection import Profile

if TYPE_CHECKING:
    from gateway.offline import Checked
    from gateway.offline.convert import Rewritten

PIECE = 256 * 2**10


def register(app: typer.Typer) -> None:
    app.command()(submit)
    app.command()(validate)
    app.command()(convert)


class _Watched:
    """A file that moves a progress bar while it is read."""

    def __init__(self, file: Any, tell: Any) -> None:  # noqa: ANN401 - http.client asks for read() only
        self._file, self._tell = file, tell

    def read(self, size: int = PIECE) -> bytes:
        piece: bytes = self._file.read(size)
        self._tell(len(piece))
        return piece


def submit(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The file.")],
    format: Annotated[
        str | None,
        typer.Option("--format", "-f", help="csenet, w4, xml, newhire-csv-nc, ...; default: what its content says."),
    ] = None,
    idempotency_key: Annotated[
        str | None, typer.Option(help="Default: the SHA-256 of the file, and what is attested.")
    ] = None,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for the judgement of a big file.")] = 0,
    protected: Annotated[
        Profile | None,
        typer.Option(help="The file is a message of this profile (docs/wire.md), made by your own tools."),
    ] = None,
    attest: Attest = None,
    url: Url = None,
    key: ApiKeyOption = None,
    ca: Ca = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Post a file; print the receipt. A repeat of the same file is answered with the same receipt."""
    client = Client.of(url, key, ca)
    _expect_again(file, "write it into a file first")
    known = format or _told_by_content(file, protected)
    used = idempotency_key or _key(file, attest)
    size = file.stat().st_size
    with progress("sent", size) as bar, file.open("rb") as opened:
        body = _Watched(opened, bar.advance)
        headers = {"Idempotency-Key": f'"{used}"', "Content-Length": str(size), **_media_type(protected)}
        headers |= attesting(attest)
        answer = client.send("POST", f"/v1/submissions?format={known}", body, headers)  # type: ignore[arg-type] # http.client reads anything with read()
    receipt = answer.json()
    if wait and receipt["state"] != "judged":
        receipt = wait_until_judged(client, receipt["submission"], wait)
    if json:
        put(receipt)
    else:
        _show_receipt(receipt, replayed="idempotent-replayed" in answer.headers)
    if receipt["state"] == "judged" and _lacking(receipt):
        raise typer.Exit(Exit.FINDINGS)


def _expect_again(file: Path, way: str = "name its --format, or write it into a file first") -> None:
    """It is read more than once: for its format, its digest, and what is in it. Of a pipe nothing is left then."""
    if not file.is_file():
        raise typer.BadParameter(f"{file} can be read only once: {way}.", param_hint="FILE")


def _lacking(receipt: dict[str, Any]) -> bool:
    """Whether something of the file is not taken: records, or all of it, of which no record is counted."""
    return receipt["counts"]["refused"] > 0 or any(found["severity"] == "fatal" for found in receipt["findings"])


def _told_by_content(file: Path, protected: Profile | None) -> str:
    if protected not in {None, Profile.NONE}:
        raise typer.BadParameter("What is protected does not show its format.", param_hint="--format")
    from gateway.offline import validator  # noqa: PLC0415 - heavy, needed here only

    found = validator().format_of(file, None)
    say(f"Taken for {found}.")
    return found


def _media_type(protected: Profile | None) -> dict[str, str]:
    if protected is None or protected is Profile.NONE:
        return {}
    from keys.wire.protection import WAYS  # noqa: PLC0415 - cryptography, needed here only

    return {"Content-Type": WAYS[protected].media_type}


def _key(file: Path, attest: str | None) -> str:
    """Of the same file another one with another attestation: what was refused for want of it is judged anew."""
    return _digest(file) if attest is None else f"{_digest(file)}:{attest}"


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _show_receipt(receipt: dict[str, Any], *, replayed: bool) -> None:
    counts, submission = receipt["counts"], receipt.get("submission") or receipt["id"]
    again = " (received before; this is its first receipt: --idempotency-key has it judged anew)" if replayed else ""
    say(f"Submission {submission}: {receipt['state']}{again}.")
    if receipt["state"] == "held":
        say(f"{held(receipt['stopped'])} gateway status {submission} tells when it goes on.")
        return
    if receipt["state"] != "judged":
        say(f"It is durable and judged in the background: gateway status {submission} --wait 600")
        return
    say(", ".join(f"{value} {name}" for name, value in counts.items()))
    show_findings(receipt["findings"])


def held(stopped: dict[str, str]) -> str:
    """Why nobody judges a submission, in a sentence."""
    return f"It is durable, but held: {stopped['meaning']}. Nothing has to be sent again."


def show_findings(findings: list[dict[str, Any]]) -> None:
    """One finding in two lines: what and where, then how to mend it. Plain text, so that it can be cut and pasted."""
    for f in findings:
        field = f" {f['field']}" if f["field"] else ""
        times = "once" if f["count"] == 1 else f"{f['count']} times"
        place = _first_place(f["samples"])
        print(f"{f['severity']:<8}{f['code']}{field}: {f['title']} ({times}{', first at ' if place else ''}{place})")
        if f["fix"]:
            print(f"{'':8}{f['fix']}")


def _first_place(samples: list[dict[str, Any]]) -> str:
    if not samples:
        return ""
    first = samples[0]
    parts = [f"{name} {first[name]}" for name in ("record", "line", "columns") if first.get(name) is not None]
    return ", ".join(parts) or str(first.get("path") or "")


def validate(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="The files.")],
    format: Format = None,
    sender: Annotated[
        str | None,
        typer.Option("--as", metavar="FILE[:KEY]", help="Check as the partner of this partner file (TOML) sends it."),
    ] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page for people here.")] = None,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write JUnit XML for a build server here.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="Write CSV for a spreadsheet here.")] = None,
    drafts: Drafts = False,  # noqa: FBT002 - an option of typer
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Check files here, without server or database: layout, schema and rules. Values are never shown."""
    from gateway.core.succession import Line  # noqa: PLC0415 - as the next lines
    from gateway.memory import calm_collector  # noqa: PLC0415 - as the next line
    from gateway.offline import validator  # noqa: PLC0415 - heavy, needed here only

    if format is None:
        for file in files:
            _expect_again(file)
    partner, key = _partner_file(sender)
    judge = validator(partner, key, drafts=drafts)
    calm_collector()
    named = [(file, judge.format_of(file, format)) for file in files]
    line = Line()
    with progress("read", sum(file.stat().st_size for file in files)) as bar:
        checked = [judge.check(file, name, bar.advance, line) for file, name in named]
    _write_reports(checked, html, junit)
    _write_sheet(checked, csv)
    if json:
        put({"files": [one.document() for one in checked]})
    else:
        for file, one in zip(files, checked, strict=True):
            _show_checked(one)
            if format and one.faulty and (others := judge.others(file, one.info.name)):
                print(f"Its content looks like {' or '.join(others)}: was --format {one.info.name} meant?")
    if any(one.faulty for one in checked):
        raise typer.Exit(Exit.FINDINGS)


def _partner_file(text: str | None) -> tuple[Path | None, str | None]:
    """The partner file and the key behind its colon, if any."""
    if text is None:
        return None, None
    path, colon, key = text.rpartition(":")
    file, named = (Path(path), key) if colon and not Path(text).exists() else (Path(text), None)
    if not file.is_file():
        raise typer.BadParameter(f"there is no file {file}", param_hint="--as")
    return file, named


def _write_reports(checked: list[Checked], html: Path | None, junit: Path | None) -> None:
    if html is not None:
        from gateway.reports.page import page  # noqa: PLC0415 - needed here only

        html.write_text(page(checked, _today()), encoding="utf-8")
        say(f"Wrote {html}.")
    if junit is not None:
        from gateway.reports.junit import junit as suites  # noqa: PLC0415 - needed here only

        junit.write_text(suites(checked), encoding="utf-8")
        say(f"Wrote {junit}.")


def _write_sheet(checked: list[Checked], csv: Path | None) -> None:
    if csv is not None:
        from gateway.reports.sheet import sheet  # noqa: PLC0415 - needed here only

        csv.write_text(sheet(checked), encoding="utf-8", newline="")
        say(f"Wrote {csv}.")


def _today() -> str:
    from gateway.clock import utc_now  # noqa: PLC0415 - heavy, needed here only

    return utc_now().strftime("%d %B %Y")


def _show_checked(one: Checked) -> None:
    print(f"{one.file}: {one.info.name}, {one.records} records, {one.refused} with faults that would refuse them.")
    if one.whole:
        print("The file would be refused as a whole: none of its records would be taken.")
    if one.reservation:
        print(f"The format is {one.reservation}.")
    findings: Any = one.document()["findings"]
    show_findings(findings)


def convert(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The file.")],
    to: Annotated[str, typer.Option("--to", help="The format to write.")],
    format: Format = None,
    out: Out = None,
    drafts: Drafts = False,  # noqa: FBT002 - an option of typer
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Rewrite a file in another format; refuses when a record has a fault or does not fit."""
    from gateway.offline import findings_told, validator  # noqa: PLC0415 - heavy, needed here only
    from gateway.offline.convert import rewrite  # noqa: PLC0415 - as above

    expect_file(out, json=json)
    if format is None:
        _expect_again(file)
    judge = validator(drafts=drafts)
    name = judge.format_of(file, format)
    # Nothing half written may pass for a whole file; beside the target, so that renaming is one step.
    folder = out.parent if out is not None and not _is_no_file(out) else None
    with NamedTemporaryFile(dir=folder, delete=False) as spool, progress("read", file.stat().st_size) as bar:
        try:
            told = rewrite(judge, file, name, to, spool.write, bar.advance)
            spool.flush()
            size = spool.tell() if out is not None and told.written else None
            if told.written:
                _hand_over(Path(spool.name), out)
        finally:
            Path(spool.name).unlink(missing_ok=True)
    _show_rewritten(told)
    if json:
        findings = findings_told(told.findings)
        put({"file": str(out) if told.written else None, "bytes": size, "records": told.records, "findings": findings})
    if not told.written:
        raise typer.Exit(Exit.FINDINGS)
    if out is not None:
        say(f"Wrote {out} ({size} bytes, {told.records} records).")


def _show_rewritten(told: Rewritten) -> None:
    for one in told.findings:
        place = f" {one.group.field}" if one.group.field else ""
        once = one.group.samples[0].note if one.group.count == 1 and one.group.samples else None
        say(f"{one.group.severity:<8}{one.group.rule}{place}: {one.title} ({once or one.group.count})")


def _is_no_file(out: Path) -> bool:
    """A device, a pipe or a link is written into: a file renamed onto ``/dev/null`` would take its place."""
    return out.is_symlink() or (out.exists() and not out.is_file())


def _hand_over(spool: Path, out: Path | None) -> None:
    if out is not None and not _is_no_file(out):
        spool.replace(out)
        return
    with spool.open("rb") as made:
        if out is None:
            shutil.copyfileobj(made, sys.stdout.buffer)
            sys.stdout.buffer.flush()
            return
        with out.open("wb") as target:
            shutil.copyfileobj(made, target)
