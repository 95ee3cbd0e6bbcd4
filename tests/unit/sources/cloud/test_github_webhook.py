from __future__ import annotations

from typing import Any

import pytest

from support.reading import event_of
from vestige.model.event import Event
from vestige.model.instant import parse_rfc3339
from vestige.sources.cloud.github_webhook import FORMAT


def delivery(**more: Any) -> dict[str, Any]:
    return {
        "repository": {"full_name": "o/r", "pushed_at": 1767323045},
        "sender": {"login": "ann", "type": "User"},
        **more,
    }


def test_a_pull_request_is_read_field_by_field() -> None:
    event = event_of(FORMAT, delivery(action="closed", pull_request={
        "id": 5, "title": "Fix", "updated_at": "2026-01-02T03:04:05Z", "state": "closed", "head": {"sha": "ab12"},
    }))  # fmt: skip
    assert event == Event(
        "code.reviewed",
        parse_rfc3339("2026-01-02T03:04:05Z")[0],
        "2026-01-02T03:04:05Z",
        "exact",
        action="pull_request.closed",
        actor_id="ann", actor_name="ann", actor_type="User",
        object_id="o/r", object_name="Fix", object_type="pull_request",
        message="pull_request.closed by ann on Fix in o/r",
        attributes=event.attributes,
        keys=(("commit", "ab12"), ("custom", "pull_request:5")),
    )  # fmt: skip


def test_a_push_has_the_time_of_the_push_and_not_of_its_commits() -> None:
    event = event_of(FORMAT, delivery(
        ref="refs/heads/main", after="cd34", pusher={"name": "ann", "email": "ann@example.org"},
        commits=[{"id": "cd34", "timestamp": "2020-01-01T00:00:00Z"}],
        head_commit={"id": "cd34", "timestamp": "2020-01-01T00:00:00Z"},
    ))  # fmt: skip
    assert (event.event_type, event.action, event.time_text) == ("code.pushed", "commits.push", "1767323045")
    assert event.keys[:2] == (("commit", "cd34"), ("identity", "ann@example.org"))


@pytest.mark.parametrize(
    ("more", "kind", "outcome"),
    [
        ({"action": "completed", "workflow_run": {"conclusion": "failure"}}, "ci.run", "failure"),
        ({"action": "completed", "workflow_job": {"conclusion": "success"}}, "ci.run", "success"),
        ({"action": "in_progress", "workflow_job": {"status": "in_progress"}}, "ci.run", ""),
        ({"deployment_status": {"state": "failure"}, "action": "created"}, "deploy.failed", "failure"),
        ({"deployment_status": {"state": "success"}, "action": "created"}, "deploy.completed", "success"),
        ({"action": "added", "member": {"login": "eve"}}, "access.granted", ""),
        ({"action": "removed", "member": {"login": "eve"}}, "access.revoked", ""),
        ({"action": "created", "alert": {"number": 1}}, "alert.raised", ""),
        ({"action": "resolved", "alert": {"number": 1}}, "alert.changed", ""),
        ({"action": "publicized"}, "repository.changed", ""),
        ({"pages": [{"page_name": "Home"}]}, "data.written", ""),
    ],
)
def test_what_a_delivery_holds_tells_its_kind(more: dict[str, Any], kind: str, outcome: str) -> None:
    event = event_of(FORMAT, delivery(**more))
    assert (event.event_type, event.outcome) == (kind, outcome)
    assert event.occurred_at is None


@pytest.mark.parametrize("bad", [None, 7, [], "text", [[]], True, {"id": []}])
@pytest.mark.parametrize("name", ["pull_request", "action", "commits", "ref", "member"])
def test_any_type_in_any_field_leaves_it_empty(name: str, bad: object) -> None:
    assert event_of(FORMAT, delivery(**{name: bad})).actor_id == "ann"
