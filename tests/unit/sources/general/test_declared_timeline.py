"""The declared timeline's own format: what an event says, and which keys it shares with others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.one import attributes, claim, event_of
from vestige.model.event import Severity
from vestige.sources import bare_digest, digests_of, ids_in
from vestige.sources.general.declared_timeline import FORMAT, MOST_KEYS

A, B, C = (f"01JAR1Z5E8D3XK3R5V3G7Z2Q4{letter}" for letter in "ABC")
HEX = "0123456789abcdef" * 4


def of(**fields: Any) -> Any:
    base = {"timestamp": "2025-11-01T10:01:00.5Z", "category": "acme", "details": {}}
    return event_of(FORMAT, json.dumps(base | fields))


def test_every_field_has_its_place() -> None:
    event = of(
        event_id=A.lower(),
        kind="scan.completed",
        category="scanner",
        severity="HIGH",
        outcome="denied",
        subject={"id": "s", "name": "n", "type": "t"},
        actor="alice",
        trace_id="t1",
        tags=["x"],
        details={"deep": {"n": 1}},
    )
    assert (event.event_type, event.severity, event.outcome) == ("scan.completed", Severity.HIGH, "failure")
    assert (event.subject_id, event.subject_name, event.subject_type) == ("s", "n", "t")
    assert (event.actor_id, event.trace_id, event.message) == ("alice", "t1", "scan.completed n")
    assert event.tags == ("x", "category:scanner")
    assert (event.time_text, event.time_quality) == ("2025-11-01T10:01:00.5Z", "exact")
    assert event.occurred_at == 1_761_991_260_500_000_000
    assert attributes(event)["details"] == {"deep": {"n": 1}}
    assert event.keys == (("custom", A),)


@pytest.mark.parametrize(
    ("category", "kind", "said", "tags"),
    [
        ("scan.completed", None, "scan.completed", ()),
        ("scan", "scan.completed", "scan.completed", ()),
        ("scanner", "scan.completed", "scan.completed", ("category:scanner",)),
        ("acme", None, "acme", ()),
        ("vestige.audit", None, "event.generic", ("category:vestige.audit",)),
        ("x", "record.skipped", "event.generic", ("category:x",)),
    ],
)
def test_a_kind_may_stand_in_category_and_never_is_ours(
    category: str, kind: str | None, said: str, tags: tuple[str, ...]
) -> None:
    event = of(category=category, kind=kind)
    assert (event.event_type, event.tags) == (said, tags)


def test_what_an_event_names_is_a_key() -> None:
    event = of(
        subject=f"sha256:{HEX.upper()}",
        digests={"sha1": HEX[:40], "blake3": f"blake3:{HEX[::-1]}"},
        supersedes=A,
        refs=[B, "no id"],
        details={
            "supersedes": [C],
            "rekor_uuid": "24296f",
            "log": {"rekorUUID": "7", "nested": {"vault-id": "v"}},
            "bundle_digest": "sha256:" + HEX[:32] * 2,
            "note_digest": "short",
        },
    )
    assert set(event.keys) == {
        *((("custom", one)) for one in (A, B, C, "24296f", "7", "v")),
        *(("hash", one) for one in (HEX, HEX[:40], HEX[::-1], HEX[:32] * 2)),
    }


def test_keys_are_bounded() -> None:
    event = of(details={f"d{n}": {"vault_id": f"v{n}"} for n in range(MOST_KEYS + 50)})
    assert len(event.keys) == MOST_KEYS
    deep: dict[str, Any] = {"vault_id": "deepest"}
    for _ in range(50):
        deep = {"x": deep}
    assert of(details=deep).keys == ()


def test_a_time_is_never_made_up() -> None:
    assert of(timestamp=None).time_quality == "missing"
    assert of(timestamp="soon").occurred_at is None


def test_it_is_recognised_by_its_own_fields_alone() -> None:
    own = {"event_id": A, "timestamp": "2025-11-01T10:01:00Z", "category": "x", "details": {}}
    found = claim(FORMAT, json.dumps(own) + "\n")
    assert found is not None
    assert found.confidence > 0.9
    for other in ({"event_type": "a.b", "occurred_at": "2025-11-01T10:01:00Z"}, own | {"details": "text"}, {"a": 1}):
        assert claim(FORMAT, json.dumps(other) + "\n") is None


def test_the_small_words() -> None:
    assert bare_digest(f"sha256:{HEX.upper()}") == HEX
    assert bare_digest(HEX[:31]) == bare_digest(5) == bare_digest("sha256:xyz") == ""
    assert digests_of({"digests": {"sha256": HEX}}) == [f"sha256:{HEX}"]
    assert digests_of({"digests": [HEX, 5]}) == [HEX]
    assert ids_in({"refs": A, "details": {"refs": [A, B.lower()]}}, "refs") == [A, B]
