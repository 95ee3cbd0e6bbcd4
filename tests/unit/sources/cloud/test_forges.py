"""What GitLab and other forges tell, read field by field; and as what a delivery says that a branch was merged."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.reading import event_of
from vestige.model.instant import parse_rfc3339
from vestige.sources.cloud.forges import Merge, merge_of
from vestige.sources.cloud.git_webhook import FORMAT as GIT
from vestige.sources.cloud.git_webhook import KINDS
from vestige.sources.cloud.github_webhook import FORMAT as GITHUB
from vestige.sources.cloud.gitlab_webhook import FORMAT as GITLAB

HEAD, SQUASH, OTHER = "ab" * 20, "cd" * 20, "ef" * 20
AT = "2026-01-02T03:04:05Z"


def gitlab(kind: str, **more: Any) -> dict[str, Any]:
    return {
        "object_kind": kind,
        "user": {"id": 7, "username": "bob", "name": "Bob", "email": "[REDACTED]"},
        "project": {"path_with_namespace": "team/shop"},
        **more,
    }


def request(action: str, **more: Any) -> dict[str, Any]:
    about = {"id": 9, "iid": 1, "title": "Pay", "author_id": 3, "action": action, "updated_at": AT,
             "last_commit": {"id": HEAD}, **more}  # fmt: skip
    return gitlab("merge_request", object_attributes=about)


def commits(event: Any) -> list[str]:
    return [value for kind, value in event.keys if kind == "commit"]


def test_a_merge_request_is_read_field_by_field() -> None:
    event = event_of(GITLAB, request("open"))
    assert (event.event_type, event.action, event.outcome) == ("code.reviewed", "merge_request.opened", "")
    assert (event.occurred_at, event.time_quality) == (parse_rfc3339(AT)[0], "exact")
    assert (event.actor_id, event.actor_name, event.object_id, event.object_name) == ("bob", "Bob", "team/shop", "Pay")
    assert event.message == "merge_request.opened by bob on Pay in team/shop"
    assert event.keys == (("commit", HEAD), ("custom", "merge_request:9"))


@pytest.mark.parametrize(
    ("action", "author", "read"),
    [
        ("approved", 3, "merge_request.approved"),
        ("approval", 3, "merge_request.approved"),
        ("approval", 7, "merge_request.own_approval"),
        ("approved", 7, "merge_request.own_approval"),
        ("unapproved", 3, "merge_request.unapproved"),
        ("unapproval", 7, "merge_request.unapproved"),
        ("close", 3, "merge_request.closed"),
        ("merge", 3, "merge_request.merged"),
    ],
)
def test_what_was_done_to_a_request(action: str, author: int, read: str) -> None:
    assert event_of(GITLAB, request(action, author_id=author)).action == read


@pytest.mark.parametrize(
    ("told", "kind", "outcome"),
    [
        (gitlab("push", ref="refs/heads/main", after=SQUASH), "code.pushed", ""),
        (gitlab("tag_push", ref="refs/tags/v1", after=SQUASH), "code.pushed", ""),
        (gitlab("note", object_attributes={"note": "ok", "created_at": AT}), "message.sent", ""),
        (gitlab("pipeline", object_attributes={"status": "success", "sha": SQUASH}), "ci.run", "success"),
        (gitlab("build", build_status="failed", sha=SQUASH), "ci.run", "failure"),
        (gitlab("deployment", status="success"), "deploy.completed", "success"),
        (gitlab("deployment", status="running"), "deploy.started", ""),
        (gitlab("something_new"), "event.generic", ""),
    ],
)
def test_what_a_delivery_is_about_tells_its_kind(told: dict[str, Any], kind: str, outcome: str) -> None:
    event = event_of(GITLAB, told)
    assert (event.event_type, event.outcome, event.actor_id) == (kind, outcome, "bob")


def test_a_push_is_found_by_its_commits_and_a_ref_that_is_not_there_is_none() -> None:
    pushed = {"ref": "refs/heads/main", "before": "0" * 40, "after": SQUASH, "commits": [{"id": HEAD}, {"id": SQUASH}]}
    assert commits(event_of(GITLAB, gitlab("push", **pushed))) == [SQUASH, HEAD]
    assert commits(event_of(GITLAB, gitlab("push", ref="refs/heads/gone", after="0" * 40))) == []
    told = {"repository": {"full_name": "o/r"}, "sender": {"login": "ann"}}
    assert commits(event_of(GITHUB, {**told, **pushed})) == [SQUASH, HEAD]
    assert commits(event_of(GITHUB, {**told, "ref": "x", "after": "0" * 40, "commits": []})) == []


def test_githubs_review_is_of_what_was_looked_at_and_its_merge_names_both_ends() -> None:
    told = {"repository": {"full_name": "o/r"}, "sender": {"login": "ann"}}
    pull = {"head": {"sha": HEAD}, "merged": True, "merge_commit_sha": SQUASH}
    event = event_of(GITHUB, {**told, "action": "closed", "pull_request": pull})
    assert (event.action, commits(event)) == ("pull_request.merged", [HEAD, SQUASH])
    event = event_of(GITHUB, {**told, "action": "closed", "pull_request": {**pull, "merged": False}})
    assert (event.action, commits(event)) == ("pull_request.closed", [HEAD])
    review = {"state": "approved", "commit_id": OTHER}
    event = event_of(GITHUB, {**told, "action": "submitted", "review": review, "pull_request": pull})
    assert (event.action, commits(event)) == ("review.submitted", [OTHER])


@pytest.mark.parametrize("kind", KINDS)
def test_a_form_of_our_own(kind: str) -> None:
    told = {"vestige": 1, "kind": kind, "repository": "git.example.org/o/r", "at": AT, "actor": "ann", "number": 7,
            "head": HEAD, "commit": SQUASH}  # fmt: skip
    event = event_of(GIT, told)
    assert (event.event_type, event.action) == KINDS[kind]
    assert (event.occurred_at, event.actor_id, event.object_id) == (
        parse_rfc3339(AT)[0], "ann", "git.example.org/o/r")  # fmt: skip
    assert commits(event) == ([HEAD, SQUASH] if kind == "merged" else [SQUASH])


def test_as_what_a_branch_was_merged() -> None:
    pull = {"head": {"sha": HEAD}, "merged": True, "merge_commit_sha": SQUASH}
    made = Merge(HEAD, SQUASH)
    assert merge_of({"pull_request": pull}) == made
    assert merge_of(request("merge", merge_commit_sha=SQUASH)) == made
    assert merge_of(request("merge", merge_commit_sha=OTHER, squash_commit_sha=SQUASH)) == made
    assert merge_of({"vestige": 1, "kind": "merged", "head": HEAD, "commit": SQUASH}) == made
    for nothing in (
        {"pull_request": {**pull, "merged": False}},
        {"pull_request": {**pull, "merged": "true"}},
        {"pull_request": {**pull, "merge_commit_sha": None}},
        {"pull_request": {**pull, "merge_commit_sha": HEAD}},
        {"pull_request": {**pull, "merge_commit_sha": "0" * 40}},
        {"pull_request": {**pull, "merge_commit_sha": SQUASH[:12]}},
        {"pull_request": {**pull, "head": None}},
        request("merge"),
        request("close", merge_commit_sha=SQUASH),
        {"vestige": 1, "kind": "closed", "head": HEAD, "commit": SQUASH},
    ):
        assert merge_of(nothing) is None, nothing


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "sha", "head"]), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = [
    "object_attributes",
    "pull_request",
    "user",
    "project",
    "commits",
    "after",
    "head",
    "commit",
    "action",
    "kind",
]


@given(st.dictionaries(st.sampled_from(FIELDS), ANYTHING))
def test_whatever_stands_in_any_field_nothing_breaks(fields: dict[str, Any]) -> None:
    merge_of(fields)
    event_of(GITLAB, gitlab("merge_request") | fields | {"project_id": 1})
    event_of(GIT, {"vestige": 1, "repository": "r"} | fields | {"kind": "merged"})
