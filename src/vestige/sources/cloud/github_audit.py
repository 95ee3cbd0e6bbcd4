"""GitHub audit log: organization and enterprise exports and streams, one object an event.

Fields used::

    @timestamp, created_at      milliseconds since 1970 (a text in some collectors' copies); created_at is the act's own
    _document_id, action        "org.invite_member": the part before the point is the kind of thing
    actor, actor_id, actor_ip, user, user_id, external_identity_nameid, actor_is_bot, programmatic_access_type
    org, org_id, repo, repo_id, repository, team, business, name, branch, hook_id, workflow_id, head_sha
    hashed_token, token_id      the digest GitHub shows of a token: what two events with one token have in common
    transport_protocol_name, permission, visibility, explanation, conclusion, request_id

Everything in the log was done; a conclusion of a workflow run or the words failed, denied and rejected tell of the
contrary. References: docs.github.com "Reviewing the audit log", "Audit log events".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.model.event import Event, Unparsed
from vestige.sources.cloud.acts import kind_by_words, table
from vestige.sources.cloud.audit import aliases, first, first_ip, first_time, paths, sentence, tags_with
from vestige.sources.reading.acts_github import GITHUB
from vestige.sources.reading.fields import keys_of, outcome_of, text_of
from vestige.sources.reading.kinds import JsonRecords

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

_KINDS = table(GITHUB)
_OWNERS = ("org", "business", "repo", "repository", "team", "_document_id")
_FAILED = ("failed", "denied", "rejected", "failure")

_WHEN = paths("created_at @timestamp")
_ACTOR = paths("actor user")
_ACTOR_ID = paths("actor_id")
_IP = paths("actor_ip actor_location.ip")
_REPO = paths("repo repository")
_THING = paths("team name branch hook_id workflow_id integration oauth_application_name key ruleset_name")


def _is_event(record: Mapping[str, object]) -> bool:
    action = record.get("action")
    if not isinstance(action, str) or not ("." in action or action == "invite_member") or " " in action:
        return False
    if "_document_id" in record and "actor" in record:
        return True
    if not isinstance(record.get("actor"), str):
        return "@timestamp" in record and "org" in record
    return any(name in record for name in _OWNERS) or action in _KINDS


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    action = text_of(record.get("action"))
    if not action:
        return Unparsed("no GitHub audit event: action is missing")
    get = record.get
    stamp = first_time(record, _WHEN, clock)
    actor, number = first(record, _ACTOR), first(record, _ACTOR_ID)
    subject = text_of(get("user")) or text_of(get("invitee")) or text_of(get("email"))
    subject = "" if subject == actor else subject
    repo, org = first(record, _REPO), text_of(get("org")) or text_of(get("business"))
    thing = first(record, _THING)
    outcome, how = _outcome(action, record)
    kind = _KINDS.get(action) or _kind_by_thing(action)
    src_ip = first_ip(record, _IP)
    about = " of ".join(filter(None, (subject or thing, repo or org)))
    return Event(
        kind,
        stamp.at,
        stamp.text,
        stamp.quality,
        action=action,
        outcome=outcome,
        actor_id=number or actor,
        actor_name=actor,
        actor_type="Bot" if get("actor_is_bot") is True else "User" if actor else "",
        subject_id=text_of(get("user_id")) if subject else "",
        subject_name=subject,
        subject_type="user" if subject else "",
        object_id=repo or org,
        object_name=thing,
        object_type="repository" if repo else "organization" if org else "",
        src_ip=src_ip,
        protocol=text_of(get("transport_protocol_name")),
        trace_id=text_of(get("request_id")),
        message=sentence(action, actor or number, about, src_ip, how),
        tags=tags_with(stamp),
        attributes=text,
        keys=keys_of([
            *aliases((actor, text_of(get("external_identity_nameid")), text_of(get("external_identity_username"))),
                     number or actor, actor),
            ("token", text_of(get("hashed_token"))),
            ("token", text_of(get("token_id"))),
            ("commit", text_of(get("head_sha"))),
            ("commit", text_of(get("after"))),
            ("custom", text_of(get("_document_id"))),
        ]),
    )  # fmt: skip


def _outcome(action: str, record: Mapping[str, object]) -> tuple[str, str]:
    """How it ended, and in which words."""
    said = text_of(record.get("conclusion")) or text_of(record.get("result"))
    word = outcome_of(said)
    if word:
        return word, said if word != "success" else ""
    if any(part in action for part in _FAILED):
        return "failure", text_of(record.get("reason")) or text_of(record.get("explanation"))
    if action in {"workflows.created_workflow_run", "workflows.prepared_workflow_job"}:
        return "", ""
    return "success", ""


def _kind_by_thing(action: str) -> str:
    thing, _, deed = action.partition(".")
    if thing == "protected_branch" or thing.endswith(("_ruleset", "_policy")):
        return "policy.changed"
    if thing == "workflows":
        return "ci.run"
    if thing.startswith("pull_request"):
        return "code.reviewed"
    if thing == "repo":
        return "repository.changed"
    return kind_by_words(f"{deed} {thing}", "resource.changed")


FORMAT = JsonRecords(
    name="github_audit",
    version="1",
    source_name="github.audit",
    mine=_is_event,
    seen="GitHub audit log events",
    read=_read,
    confidence=0.93,
    begins=lambda head: b'"_document_id"' in head and b'"action"' in head,
)
