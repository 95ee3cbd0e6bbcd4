"""Schemas that strangers register: what is kept, and every bound on both sides."""

from __future__ import annotations

import time
from typing import Any

import orjson
import pytest

from vestige.declared.contracts import MOST_BYTES, MOST_CHAINED, MOST_DEPTH, MOST_FAULTS, MOST_PARTS, Contract
from vestige.declared.envelope import Fault
from vestige.declared.kinds import built_in
from vestige.model.errors import InputError, TooLargeError


def contract(schema: Any) -> Contract:
    return Contract.of(orjson.dumps(schema))


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    for _ in range(depth):
        schema = {"not": schema}
    return schema


def doubled(times: int) -> dict[str, Any]:
    """A schema of a few lines that is two to that power once its references are followed."""
    parts = {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(times)}
    return {"$defs": parts | {f"a{times}": {"type": "object"}}, "$ref": "#/$defs/a0"}


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "/x", "type": "object"},
        {"$defs": {"a/b": {"type": "string"}}, "properties": {"x": {"$ref": "#/$defs/a~1b"}}},
        {"properties": {"$ref": {"type": "string"}, "$id": {"type": "string"}, "$anchor": {}}},
        {"description": "x" * (MOST_BYTES - 30)},
        nested(MOST_DEPTH),
        doubled(8),
        {"properties": {"x": {"pattern": "^(a+)+$", "format": "date-time"}}},
    ],
)
def test_a_schema_within_the_bounds_is_kept(schema: dict[str, Any]) -> None:
    assert contract(schema).faults({}) == []


def chained(links: int) -> dict[str, Any]:
    steps: dict[str, Any] = {f"s{n}": {"$ref": f"#/$defs/s{n + 1}"} for n in reversed(range(links))}
    return {"$defs": {f"s{links}": {}} | steps, "$ref": "#/$defs/s0"}


def test_references_may_lead_to_references() -> None:
    contract(chained(MOST_CHAINED - 3))


@pytest.mark.parametrize(
    ("schema", "error", "words"),
    [
        ({"description": "x" * MOST_BYTES}, TooLargeError, "too long"),
        (nested(MOST_DEPTH + 1), TooLargeError, "too many parts"),
        ({"enum": list(range(MOST_PARTS))}, TooLargeError, "too many parts"),
        (doubled(20), TooLargeError, "references are followed"),
        ({"$ref": "#"}, InputError, "without end"),
        ({"properties": {"x": {"$ref": "#/properties"}}}, InputError, "without end"),
        ({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}, InputError, "without end"),
        ({"$ref": "https://example.org/schema"}, InputError, "outside"),
        ({"$ref": "file:///etc/passwd"}, InputError, "outside"),
        ({"$ref": "other.json#/x"}, InputError, "outside"),
        ({"$ref": "#anchor"}, InputError, "outside"),
        ({"$ref": "#/$defs/none"}, InputError, "does not have"),
        ({"$defs": {"%61": {}, "a": {}}, "$ref": "#/$defs/%61"}, InputError, "escaped"),
        (chained(MOST_CHAINED + 1), TooLargeError, "references lead|references of the schema lead"),
        ({"$dynamicRef": "#x"}, InputError, "not read"),
        ({"properties": {"x": {"$anchor": "y"}}}, InputError, "not read"),
        ({"properties": {"x": {"$id": "http://example.org/x"}}}, InputError, r"\$id"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, InputError, "dialect"),
        ({"type": "strin"}, InputError, "no JSON Schema"),
        ({"properties": {"x": {"pattern": "(?=x)"}}}, InputError, "no JSON Schema"),
        ({"properties": {"x": {"pattern": "(x"}}}, InputError, "no JSON Schema"),
        ({"properties": {"x": {"pattern": "a{1000}{1000}"}}}, InputError, "no JSON Schema"),
    ],
)
def test_a_schema_out_of_bounds_is_refused(schema: dict[str, Any], error: type[InputError], words: str) -> None:
    with pytest.raises(error, match=words):
        contract(schema)


def test_faults_name_the_field_and_never_quote_what_stands_there() -> None:
    schema = {
        "required": ["a"],
        "properties": {"details": {"required": ["b"], "properties": {"c": {"pattern": "^x"}, "d": {"maxItems": 1}}}},
    }
    found = contract(schema).faults({"details": {"c": "a secret of some length, which is cut " * 3, "d": [1, 2]}})
    assert {one.field for one in found} == {"a", "details.b", "details.c", "details.d"}
    assert all("secret" not in one.expected for one in found)
    assert all(len(one.got) < 80 for one in found)
    assert Fault("a", '"a" is a required property', "nothing") in found
    many = contract({"required": [f"f{n}" for n in range(100)]}).faults({})
    assert len(many) == MOST_FAULTS


def test_a_pattern_takes_no_longer_than_its_text_is_long() -> None:
    begun = time.process_time()
    assert contract({"properties": {"x": {"pattern": "^(a+)+$"}}}).faults({"x": "a" * 100_000 + "b"})
    # Backtracking would not end in this universe's time.
    assert time.process_time() - begun < 5


def test_the_normative_kinds_have_one_contract_each() -> None:
    assert set(built_in()) == {
        *("scan.completed", "policy.verdict", "attestation.verified", "evidence.ingested"),
        *("notify.sent", "runtime.alert", "redaction_notice", "ack"),
    }
    for name, versions in built_in().items():
        assert list(versions) == [1]
        schema = orjson.loads(versions[1].text)
        assert schema["$id"] == f"/v1/schemas/events/{name}/1"
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert versions[1].to_json()["title"]
