from __future__ import annotations

import json
from typing import Any

import pytest

from support.reading import event_of
from vestige.model.event import Event, Unparsed
from vestige.sources import Context, Sample
from vestige.sources.cloud.github_audit import FORMAT


def record(**more: Any) -> dict[str, Any]:
    base = {
        "@timestamp": 1767323045678, "created_at": 1767323045677, "_document_id": "d-1", "action": "org.add_member",
        "actor": "ann", "actor_id": 7, "actor_ip": "192.0.2.7", "user": "eve", "user_id": 8, "org": "acme",
        "hashed_token": "h=", "external_identity_nameid": "ann@example.org",
    }  # fmt: skip
    return {name: value for name, value in {**base, **more}.items() if value is not ...}


def test_an_event_is_read_field_by_field() -> None:
    event = event_of(FORMAT, record())
    assert event == Event(
        "access.granted",
        1767323045677_000000,
        "1767323045677",
        "exact",
        action="org.add_member",
        outcome="success",
        actor_id="7", actor_name="ann", actor_type="User",
        subject_id="8", subject_name="eve", subject_type="user",
        object_id="acme", object_type="organization",
        src_ip="192.0.2.7",
        message="org.add_member by ann on eve of acme from 192.0.2.7",
        attributes=event.attributes,
        keys=(("identity", "ann@example.org"), ("token", "h="), ("custom", "d-1")),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("git.clone", "repository.accessed"),
        ("git.push", "code.pushed"),
        ("protected_branch.destroy", "policy.changed"),
        ("protected_branch.some_new_thing", "policy.changed"),
        ("org.disable_two_factor_requirement", "policy.changed"),
        ("audit_log_streaming.destroy", "logging.disabled"),
        ("personal_access_token.create", "auth.token_issued"),
        ("personal_access_token.access_revoked", "auth.token_revoked"),
        ("secret_scanning_alert.create", "alert.raised"),
        ("repo.download_zip", "data.export"),
        ("team.destroy", "account.deleted"),
        ("pull_request.something", "code.reviewed"),
        ("workflows.completed_workflow_run", "ci.run"),
        ("thing.frobnicated", "resource.changed"),
    ],
)
def test_actions(action: str, kind: str) -> None:
    assert event_of(FORMAT, record(action=action)).event_type == kind


def test_outcomes() -> None:
    def ended(**more: Any) -> tuple[str, str]:
        event = event_of(FORMAT, record(**more))
        return event.outcome, event.message.partition(": ")[2]

    assert ended() == ("success", "")
    assert ended(action="workflows.completed_workflow_run", conclusion="failure") == ("failure", "failure")
    assert ended(action="workflows.completed_workflow_run", conclusion="success") == ("success", "")
    assert ended(action="workflows.created_workflow_run") == ("", "")
    assert ended(action="user.failed_login", reason="bad password") == ("failure", "bad password")
    assert event_of(FORMAT, record(action="user.failed_login")).event_type == "auth.login_failed"


def test_a_repository_is_the_object_and_a_head_is_a_commit_key() -> None:
    event = event_of(FORMAT, record(repo="acme/app", user=..., name="build", head_sha="ab12", actor_is_bot=True))
    assert (event.object_id, event.object_type, event.object_name) == ("acme/app", "repository", "build")
    assert ("commit", "ab12") in event.keys
    assert event.actor_type == "Bot"


@pytest.mark.parametrize("bad", [None, 7, [], {"a": 1}, [[]], True])
@pytest.mark.parametrize(
    "name", ["@timestamp", "created_at", "actor_id", "user", "repo", "org", "conclusion", "actor_ip"]
)
def test_any_type_in_any_field_leaves_it_empty(name: str, bad: object) -> None:
    assert event_of(FORMAT, record(**{name: bad})).action == "org.add_member"


def test_what_is_no_event_is_not_claimed() -> None:
    (reading,) = FORMAT.parse([b'{"actor":"a"}'], Context(received_at=0))
    assert reading == Unparsed("no GitHub audit event: action is missing")
    for other in ({"action": "a.b", "actor": {"id": 1}}, {"action": "user_login", "actor": "a"}, {"action": "a.b"}):
        assert FORMAT.detect(Sample("f", json.dumps(other).encode(), complete=True)) is None
