"""What every answer is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Told(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True)
