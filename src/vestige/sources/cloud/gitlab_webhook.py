"""GitLab webhook deliveries: the body of each, one object an event; ``object_kind`` says what it is about.

Fields used::

    object_kind                 "push", "tag_push", "merge_request", "note", "pipeline", "build", "deployment", …
    user.{id,username,name,email}; of pushes user_username, user_name, user_email; who did it
    project.{path_with_namespace,web_url}; of some project_name
    ref, before, after, checkout_sha, commits[].id                                              of pushes
    object_attributes.{id,iid,action,state,status,title,note,url,sha,updated_at,created_at,finished_at,author_id,
        last_commit.id,merge_commit_sha,squash_commit_sha}
    build_{id,name,status,finished_at}, sha, status, status_changed_at, environment, tag, action, commit.id

``approval`` and ``approved`` (the last one that was needed) are both an approval of ``last_commit`` by the user, and
likewise taken back; one by whoever opened the request is told as ``own_approval``. A push states no time of its own.
Reference: docs.gitlab.com "Webhook events".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.model.event import Event
from vestige.sources.cloud.audit import first, first_time, paths, sentence, tags_with
from vestige.sources.cloud.forges import commits_of, real
from vestige.sources.reading.fields import keys_of, mapping, outcome_of, text_of
from vestige.sources.reading.kinds import JsonRecords

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

_KINDS = {
    "push": "code.pushed",
    "tag_push": "code.pushed",
    "merge_request": "code.reviewed",
    "note": "message.sent",
    "emoji": "message.sent",
    "pipeline": "ci.run",
    "build": "ci.run",
    "deployment": "deploy.started",
    "release": "resource.created",
    "milestone": "data.written",
    "issue": "data.written",
    "work_item": "data.written",
    "wiki_page": "data.written",
    "feature_flag": "policy.changed",
    "access_token": "account.credential_changed",
    "member": "access.granted",
    "subgroup": "repository.changed",
    "project": "repository.changed",
    "vulnerability": "alert.raised",
}
_DEPLOYED = {"success": "deploy.completed", "failed": "deploy.failed", "canceled": "deploy.failed"}
_ACTS = {
    "merge": "merged",
    "open": "opened",
    "close": "closed",
    "reopen": "reopened",
    "update": "updated",
    "approval": "approved",
    "unapproval": "unapproved",
}
_COMMITS = paths(
    "after checkout_sha object_attributes.last_commit.id object_attributes.sha sha commit.id",
    "merge_request.last_commit.id",
)
_MERGED = paths("object_attributes.squash_commit_sha object_attributes.merge_commit_sha")


def _is_delivery(record: Mapping[str, object]) -> bool:
    if not isinstance(record.get("object_kind"), str):
        return False
    home = mapping(record.get("project"))
    return "path_with_namespace" in home or "project_id" in record or "group" in record


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    kind = text_of(record.get("object_kind"))
    part = mapping(record.get("object_attributes"))
    act = _act(record, kind, part)
    name = f"{kind}.{act}" if act else kind
    who = first(record, paths("user.username user_username user.name user_name"))
    state = first(record, paths("object_attributes.status build_status status"))
    repo = first(record, paths("project.path_with_namespace project_name group.full_path"))
    title = first(record, paths("object_attributes.title ref object_attributes.ref build_name environment tag"))
    number = first(record, paths("object_attributes.id build_id deployment_id id"))
    wanted = "updated_at finished_at created_at"
    stamp = first_time(part, paths(wanted), clock)
    if stamp.at is None:
        stamp = first_time(record, paths("build_finished_at build_started_at status_changed_at released_at"), clock)
    ended = kind in {"pipeline", "build", "deployment"}
    commits = [first(record, (path,)) for path in _COMMITS]
    commits += [first(record, (path,)) for path in _MERGED] if act == "merged" else []
    return Event(
        _DEPLOYED.get(state, "deploy.started") if kind == "deployment" else _KINDS.get(kind, "event.generic"),
        stamp.at,
        stamp.text,
        stamp.quality,
        action=name,
        outcome=outcome_of(state) if ended else "",
        actor_id=who or first(record, paths("user.id user_id")),
        actor_name=first(record, paths("user.name user_name")) or who,
        actor_type="user" if who else "",
        object_id=repo,
        object_name=title,
        object_type=kind,
        host=first(record, paths("runner.description")),
        message=sentence(name, who, " in ".join(filter(None, (title, repo))), "", state if ended else ""),
        tags=tags_with(stamp),
        attributes=text,
        keys=keys_of([
            *(("commit", oid) for oid in real(commits + commits_of(record))),
            ("identity", _mail(record)),
            ("custom", f"{kind}:{number}" if number else ""),
        ]),
    )  # fmt: skip


def _act(record: Mapping[str, object], kind: str, part: Mapping[str, object]) -> str:
    act = text_of(part.get("action")) or text_of(record.get("action"))
    act = _ACTS.get(act, act)
    if act == "approved" and kind == "merge_request":
        who = text_of(mapping(record.get("user")).get("id"))
        return "own_approval" if who and who == text_of(part.get("author_id")) else act
    return act


def _mail(record: Mapping[str, object]) -> str:
    found = first(record, paths("user.email user_email"))
    return found if "@" in found else ""


FORMAT = JsonRecords(
    name="gitlab_webhook",
    version="1",
    source_name="gitlab.webhook",
    mine=_is_delivery,
    seen="GitLab webhook deliveries",
    read=_read,
    confidence=0.88,
)
