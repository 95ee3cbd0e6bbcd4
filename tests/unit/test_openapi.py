"""The OpenAPI document is whole: what it refers to is there, and its tables name only operations that are."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from vestige.api import create_api, openapi
from vestige.api.public import PUBLIC
from vestige.settings import Settings


class Nothing:
    settings = Settings()


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    made: dict[str, Any] = create_api(Nothing()).openapi()  # type: ignore[arg-type]
    return made


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {f"{method} {path}": one for path, found in document["paths"].items() for method, one in found.items()}


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    named = set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(document)))
    assert len(named) > 10
    assert {name.removeprefix("#/components/schemas/") for name in named} <= set(document["components"]["schemas"])


def test_every_operation_of_the_tables_exists(document: dict[str, Any]) -> None:
    known = set(operations(document))
    assert len(known) > 90
    assert {*openapi.SHAPES, *openapi.MEDIA, *openapi.REQUESTS, *openapi.ALSO, openapi.READY} - known == set()


def test_every_error_of_ours_is_a_problem_and_only_public_paths_lack_a_credential(document: dict[str, Any]) -> None:
    found = operations(document)
    ours = {name: one for name, one in found.items() if openapi.RECEIVERS not in one["tags"]}
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
    for name, one in ours.items():
        assert one["responses"]["default"]["content"] == {"application/problem+json": problem}, name
        assert "422" not in one["responses"], name
    bare = {name for name, one in found.items() if "security" not in one}
    assert bare == {f"{method.lower()} {path}" for method, path in PUBLIC}
