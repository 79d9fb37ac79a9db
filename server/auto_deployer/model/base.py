"""The two base classes of all our data: frozen, and either snake_case (log document) or camelCase (wire)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Structural:
    """Marks a string field that is never free text (an id, a status, a time), so that masking leaves it alone."""


Identifier = Annotated[str, Structural()]
"""A string made by us: never masked."""

Time = Annotated[str, Structural()]
"""A moment as ISO 8601 text."""

JsonObject = dict[str, Any]
"""A JSON object whose form belongs to somebody else."""


class Model(BaseModel):
    """Frozen data; unknown fields are ignored, so that a newer writer's logs stay readable."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class WireModel(Model):
    """Params and results of the wire: camelCase there, snake_case here."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class WireParams(WireModel):
    """Params a client sends: unknown fields are ignored, wrong types are refused rather than converted."""

    model_config = ConfigDict(strict=True)
