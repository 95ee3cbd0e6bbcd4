"""GitHub webhook deliveries: the body of each, one object an event; the kind of event shows in the fields it has.

Fields used::

    action                      "opened", "completed", …; the event's name is a header and not in the body
    sender.{login,id,type}      who did it; pusher.{name,email} for pushes
    repository.{full_name,id}, organization.login
    pull_request, review, comment, issue, workflow_run, workflow_job, check_run, release, deployment, deployment_status,
    member, team, ref, commits[], pages[], forkee, alert, key, hook, ruleset: their title, number, state and times

A pull request that was closed says in ``merged`` whether it was merged, and then in ``merge_commit_sha`` as what.

A delivery states no time of its own; what it speaks of says when it was last updated, and a push sets
``repository.pushed_at``. The dates of commits are their authors' and no time of a delivery.
Reference: docs.github.com "Webhook events and payloads".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.model.event import Event
from vestige.sources.cloud.acts import kind_by_words
from vestige.sources.cloud.audit import first, first_time, items, paths, sentence, tags_with
from vestige.sources.cloud.forges import commits_of, real
from vestige.sources.reading.fields import keys_of, mapping, outcome_of, text_of
from vestige.sources.reading.kinds import JsonRecords

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

_THINGS = {
    "pull_request_review": "code.reviewed",
    "review": "code.reviewed",
    "comment": "message.sent",
    "pull_request": "code.reviewed",
    "workflow_job": "ci.run",
    "workflow_run": "ci.run",
    "check_run": "ci.run",
    "check_suite": "ci.run",
    "deployment_status": "deploy.started",
    "deployment": "deploy.started",
    "alert": "alert.raised",
    "release": "resource.created",
    "pages": "data.written",
    "forkee": "repository.changed",
    "issue": "data.written",
    "discussion": "message.sent",
    "member": "access.granted",
    "membership": "access.granted",
    "team": "access.granted",
    "rule": "policy.changed",
    "ruleset": "policy.changed",
    "repository_ruleset": "policy.changed",
    "key": "account.credential_changed",
    "hook": "policy.changed",
    "package": "resource.created",
    "installation": "policy.changed",
    "commits": "code.pushed",
    "head_commit": "code.pushed",
    "ref_type": "repository.changed",
    "starred_at": "repository.accessed",
    "changes": "repository.changed",
}
"""What a delivery has, the most telling first, and what it then is."""
_COMMITS = paths(
    "after head_commit.id workflow_run.head_sha workflow_job.head_sha check_run.head_sha check_suite.head_sha"
)
_GONE = frozenset({"removed", "deleted", "member_removed", "revoked"})
_DEPLOYED = {"success": "deploy.completed", "failure": "deploy.failed", "error": "deploy.failed"}


def _is_delivery(record: Mapping[str, object]) -> bool:
    home = mapping(record.get("repository")) or mapping(record.get("organization"))
    if not ("full_name" in home or "login" in home or "name" in home):
        return False
    if isinstance(record.get("sender"), dict) and "login" in mapping(record.get("sender")):
        return True
    return "full_name" in home and any(name in record for name in ("action", "ref", *_THINGS))


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    thing = next((name for name in _THINGS if name in record), "")
    held = record.get(thing)
    part = mapping(items(held)[0]) if isinstance(held, list) and held else mapping(held)
    act = text_of(record.get("action")) or ("push" if thing in {"commits", "head_commit"} else "")
    merged = thing == "pull_request" and act == "closed" and part.get("merged") is True
    act = "merged" if merged else act
    name = f"{thing or 'repository'}.{act}" if act else thing or "repository"
    repo = first(record, paths("repository.full_name repository.name organization.login"))
    who = first(record, paths("sender.login pusher.name"))
    outcome = outcome_of(text_of(part.get("conclusion"))) or outcome_of(text_of(part.get("state")))
    kind = _kind(thing, act, part)
    stamp = first_time(part, paths("updated_at submitted_at completed_at started_at"), clock)
    if thing in {"commits", "head_commit", "starred_at"} or name == "repository.push":
        stamp = first_time(record, paths("repository.pushed_at starred_at"), clock)
    subject = first(record, paths("member.login membership.user.login"))
    title = first(part, paths("title name display_title page_name tag_name")) or text_of(record.get("ref"))
    number = first(part, paths("id number sha"))
    return Event(
        kind,
        stamp.at,
        stamp.text,
        stamp.quality,
        action=name,
        outcome=outcome,
        actor_id=who or first(record, paths("sender.id")),
        actor_name=who,
        actor_type=first(record, paths("sender.type")),
        subject_name=subject,
        subject_id=first(record, paths("member.id membership.user.id")),
        subject_type="user" if subject else "",
        object_id=repo,
        object_name=title,
        object_type=thing or "repository",
        host=first(part, paths("runner_name")),
        message=sentence(name, who, " in ".join(filter(None, (title, repo))), "", text_of(part.get("conclusion"))),
        tags=tags_with(stamp),
        attributes=text,
        keys=keys_of([
            *(("commit", oid) for oid in _commits(record, thing, merged=merged)),
            ("identity", first(record, paths("pusher.email"))),
            ("custom", f"{thing}:{number}" if thing and number else ""),
        ]),
    )  # fmt: skip


def _commits(record: Mapping[str, object], thing: str, *, merged: bool) -> list[str]:
    """The commits a delivery is about. A review is of what was looked at, whatever was pushed meanwhile."""
    found = [first(record, (path,)) for path in _COMMITS]
    if thing == "review":
        found += [first(record, paths("review.commit_id pull_request.head.sha"))]
    else:
        found += [first(record, paths("pull_request.head.sha"))]
    found += [first(record, paths("pull_request.merge_commit_sha"))] if merged else []
    return real(found + commits_of(record))


def _kind(thing: str, act: str, part: Mapping[str, object]) -> str:
    kind = _THINGS.get(thing, "")
    if thing == "deployment_status":
        return _DEPLOYED.get(text_of(part.get("state")), "deploy.started")
    if kind == "access.granted" and act in _GONE:
        return "access.revoked"
    if kind == "alert.raised" and act not in {"created", "appeared_in_branch", "reopened"}:
        return "alert.changed"
    if kind:
        return kind
    return "repository.changed" if not act else kind_by_words(f"{act} repository", "repository.changed")


FORMAT = JsonRecords(
    name="github_webhook",
    version="2",
    source_name="github.webhook",
    mine=_is_delivery,
    seen="GitHub webhook deliveries",
    read=_read,
    confidence=0.88,
)
