"""What a body says, whatever its format."""

from __future__ import annotations

import schemas
import transforms
from gateway.core.model import FormatName

FORMATS = transforms.formats(schemas.load())


def contents(form, body):
    """The values of each record by canonical path."""
    format_ = FORMATS[FormatName(form)]
    reader = format_.reader()
    frames = [*reader.feed(body), *reader.finish()]
    decoded = [format_.decode(frame, reader.heading) for frame in frames]
    return [dict(one.content.fields) for one in decoded if one.content is not None]
