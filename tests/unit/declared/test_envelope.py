"""The envelope: whatever is sent is judged and never breaks the judge, and what passes is read whole."""

from __future__ import annotations

import os
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from support.one import event_of
from vestige.declared.contracts import Contract
from vestige.declared.envelope import MOST_FAULTS, MOST_REFS, NAME_LENGTH, TEXT_LENGTH, faults_of
from vestige.declared.kinds import built_in
from vestige.declared.personal_data import MOST_WARNINGS, warnings_of
from vestige.model.errors import VestigeError
from vestige.model.ids import is_ulid
from vestige.sources.general.declared_timeline import FORMAT

TIMES = 200 * int(os.environ.get("VESTIGE_TEST_FUZZ", "1"))
TENANTS = frozenset({"default"})
ULID = "01JAR1Z5E8D3XK3R5V3G7Z2Q4A"
GOOD: dict[str, Any] = {"timestamp": "2025-11-01T10:00:00Z", "category": "acme.x", "details": {}}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
DIGESTS = st.sampled_from(["sha256:" + "ab" * 32, "AB" * 16, "sha256:short"])
NAMES = st.sampled_from([*built_in(), "scanner", "acme.x", "vestige.audit", " ", "x" * 201, "a\x00b"])
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "event_id": st.sampled_from([ULID, ULID.lower(), "no"]),
    "tenant": st.sampled_from(["default", "other", []]),
    "kind": NAMES,
    "category": NAMES,
    "severity": st.sampled_from(["low", "HIGH", 3, "awful", True]),
    "outcome": st.sampled_from(["success", "deny", "", 0]),
    "timestamp": st.datetimes().map(lambda at: at.isoformat() + "Z") | st.just("2025-02-30T00:00:00Z"),
    "subject": st.text(max_size=20) | st.fixed_dictionaries({"id": JSON}),
    "digests": st.lists(DIGESTS, max_size=3) | st.dictionaries(st.text(max_size=5), DIGESTS, max_size=2),
    "supersedes": st.sampled_from([ULID, [ULID], [], "x"]),
    "refs": st.sampled_from([ULID, [ULID, ULID], [5]]),
    "tags": st.lists(st.text(max_size=5), max_size=3),
    "details": st.dictionaries(
        st.sampled_from(["findings", "decision", "rekor_uuid", "vault_id", "channel", "sbom_digest", "refs", "x"]),
        JSON | DIGESTS,
        max_size=4,
    ),
}
EVENTS = st.fixed_dictionaries(
    {name: FIELDS[name] | JSON for name in ("timestamp", "category", "details")},
    optional={name: values | JSON for name, values in FIELDS.items() if name not in GOOD} | {"other": JSON},
)


@settings(max_examples=TIMES, deadline=None)
@given(EVENTS | st.dictionaries(st.text(max_size=10), JSON, max_size=5))
def test_any_event_is_judged_and_what_passes_is_read_whole(event: dict[str, Any]) -> None:
    found = faults_of(event, TENANTS)
    assert len(found) <= MOST_FAULTS
    assert all(fault.field and fault.expected and fault.got and len(fault.got) < 100 for fault in found)
    stated = {name: value for name, value in event.items() if value is not None}
    for versions in built_in().values():
        for fault in versions[1].contract.faults(stated):
            assert len(fault.field) <= 200
    assert len(warnings_of(event)) <= MOST_WARNINGS
    if found:
        return
    read = event_of(FORMAT, orjson.dumps(event))
    assert read.occurred_at is not None
    assert read.time_quality == "exact"
    assert read.event_type == str(event.get("kind") or event["category"]).strip()
    assert (("custom", str(event.get("event_id")).upper()) in read.keys) == bool(event.get("event_id"))


def made(schema: dict[str, Any]) -> Contract | str:
    """A contract, or the reason why there is none."""
    try:
        return Contract.of(orjson.dumps(schema))
    except VestigeError as error:
        return error.message


@settings(max_examples=TIMES, deadline=None)
@given(JSON)
def test_any_json_is_a_schema_or_refused_with_a_reason(schema: Any) -> None:
    if not isinstance(schema, dict):
        return
    one = made(schema)
    if isinstance(one, Contract):
        one.faults(GOOD)
    else:
        assert one


def test_every_bound_holds_on_both_sides() -> None:
    def fields(**change: Any) -> list[str]:
        return [fault.field for fault in faults_of(GOOD | change, TENANTS)]

    assert fields() == []
    assert fields(tenant="default") == []
    assert fields(tenant="other") == fields(tenant=["default"]) == fields(tenant={}) == ["tenant"]
    assert fields(category="x" * NAME_LENGTH) == []
    assert fields(category="x" * (NAME_LENGTH + 1)) == ["category"]
    assert fields(message="x" * TEXT_LENGTH) == []
    assert fields(message="x" * (TEXT_LENGTH + 1)) == ["message"]
    assert fields(refs=[ULID] * MOST_REFS) == []
    assert fields(refs=[ULID] * (MOST_REFS + 1)) == ["refs"]
    assert fields(digests=["ab" * 16] * 100) == []
    assert fields(digests=["ab" * 16] * 101) == ["digests"]
    assert fields(tags=["x" * NAME_LENGTH]) == []
    assert fields(tags=["x" * (NAME_LENGTH + 1), 5]) == ["tags.0", "tags.1"]
    assert len(fields(tags=[5] * 100)) == MOST_FAULTS
    assert is_ulid(ULID)
