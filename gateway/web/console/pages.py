"""Renders the console's templates: automatic escaping, undefined names are errors, one nonce for each response."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from gateway.core.model import Partner
from gateway.web.console.plots import DASH, figure, signed
from gateway.web.console.rights import Right
from gateway.web.console.vendor import HTMX, USWDS, VENDOR
from gateway.web.console.visit import Visit
from gateway.web.console.words import age, tone, took

HERE = Path(__file__).parent
STATIC = HERE / "static"


@cache
def _environment(vendored: bool) -> jinja2.Environment:  # noqa: FBT001 - a cache tells positions apart better
    """Templates are shipped with the program: loaded and compiled once a process."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {"age": age, "number": figure, "signed": signed, "tone": tone, "clock": clock, "hex": bytes.hex}
    made.filters |= {"minute": minute, "options": options, "pairs": pairs, "took": took, "sentence": sentence}
    made.globals |= {
        "right": Right,
        "vendored": vendored,
        "htmx": f"/static/vendor/{HTMX}",
        "uswds": f"/static/vendor/{USWDS}",
        "own": {name: f"/static/{name}?v={_fingerprint(STATIC / name)}" for name in ("console.css", "console.js")},
    }
    return made


class Pages:
    """The templates, and the addresses of their files."""

    def __init__(self) -> None:
        self.vendored = (VENDOR / "THIRD_PARTY.txt").is_file()
        """Whether `make assets` ran; without it the pages are plain HTML with our own stylesheet."""
        self._environment = _environment(self.vendored)

    def page(self, visit: Visit, template: str, values: Mapping[str, object]) -> str:
        """A whole page, or a fragment for a live region (a template in ``live/``)."""
        return self._environment.get_template(template).render(visit=visit, url=visit.url, now=visit.now, **values)


def clock(at: datetime | None) -> str:
    """A UTC time as a ``time`` element, or a dash. In a narrow column it breaks after the day, not within it."""
    if at is None:
        return DASH
    shown = Markup('<time datetime="{}"><span class="gw-day">{}</span> {}</time>')
    return shown.format(at.isoformat(timespec="seconds"), f"{at:%Y-%m-%d}", f"{at:%H:%M:%S}")


def minute(at: datetime | None) -> str:
    """A UTC time as a field for date and time takes it, its year in four digits; empty for none."""
    return "" if at is None else at.replace(tzinfo=None).isoformat(timespec="minutes")


def sentence(text: str) -> Markup:
    """Words of a table as a sentence: a capital, a full stop, and code where the table has back-ticks."""
    parts = f"{text[:1].upper()}{text[1:]}.".split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if odd % 2 else part for odd, part in enumerate(parts)
    )


def options(partners: Iterable[Partner]) -> list[tuple[str, str]]:
    """Partners as the choices of a select."""
    return [(partner.key, partner.name) for partner in partners]


def pairs(words: Iterable[str]) -> list[tuple[str, str]]:
    """Words as the choices of a select."""
    return [(str(word), str(word)) for word in words]


def _fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
