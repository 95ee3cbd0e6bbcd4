"""What descriptions of answers are made of."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


def _without_defaults(schema: dict[str, Any]) -> None:
    for one in schema.get("properties", {}).values():
        one.pop("default", None)


class Shape(BaseModel):
    """An answer, or a part of one. A field with a default is left out where there is nothing to say."""

    model_config = ConfigDict(extra="allow", json_schema_extra=_without_defaults)


class Progress(Shape):
    """How far long work is."""

    done: int
    of: int
