"""Deliveries of any forge or script, in a form of our own: one object, signed as Standard Webhooks has it.

Fields, of which only the first three must be there::

    vestige       1, the version of this form
    kind          "pushed", "tagged", "opened", "updated", "merged", "closed", "approved", "unapproved", "commented"
    repository    "host/owner/name", as `vestige code list` has it
    at            when, RFC 3339
    actor, actor_name, actor_mail                           who did it
    ref, before, after, commits[].id                        of a push or a tag
    number, title, base                                     of a request to merge: which, how it is called, into what
    head          the last commit of what is to be merged, or was
    commit        of "merged": the commit that has its changes; else what was reviewed, if that is not head

Reference: docs/receivers.md "Any other forge".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.model.event import Event
from vestige.sources.cloud.audit import first, first_time, paths, sentence, tags_with
from vestige.sources.cloud.forges import commits_of, real
from vestige.sources.reading.fields import keys_of, text_of
from vestige.sources.reading.kinds import JsonRecords

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

KINDS = {
    "pushed": ("code.pushed", "push"),
    "tagged": ("code.pushed", "tag_push"),
    "opened": ("code.reviewed", "merge_request.opened"),
    "updated": ("code.reviewed", "merge_request.updated"),
    "merged": ("code.reviewed", "merge_request.merged"),
    "closed": ("code.reviewed", "merge_request.closed"),
    "approved": ("code.reviewed", "merge_request.approved"),
    "unapproved": ("code.reviewed", "merge_request.unapproved"),
    "commented": ("message.sent", "merge_request.commented"),
}
"""By kind the event's type, and its action as the forges' own formats have it."""


def _is_delivery(record: Mapping[str, object]) -> bool:
    return record.get("vestige") == 1 and isinstance(record.get("kind"), str) and "repository" in record


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    kind, action = KINDS.get(text_of(record.get("kind")), ("event.generic", text_of(record.get("kind"))))
    who, repo = text_of(record.get("actor")), text_of(record.get("repository"))
    title = first(record, paths("title ref"))
    stamp = first_time(record, paths("at"), clock)
    number = text_of(record.get("number"))
    about = [text_of(record.get(name)) for name in ("head", "commit")]
    if action != "merge_request.merged":
        about = [first(record, paths("commit head"))]
    return Event(
        kind,
        stamp.at,
        stamp.text,
        stamp.quality,
        action=action,
        actor_id=who,
        actor_name=text_of(record.get("actor_name")) or who,
        actor_type="user" if who else "",
        object_id=repo,
        object_name=title,
        object_type="repository" if kind == "code.pushed" else "merge_request",
        message=sentence(action, who, " in ".join(filter(None, (title, repo)))),
        tags=tags_with(stamp),
        attributes=text,
        keys=keys_of([
            *(("commit", oid) for oid in real([text_of(record.get("after")), *about, *commits_of(record)])),
            ("identity", text_of(record.get("actor_mail"))),
            ("custom", f"merge_request:{number}" if number else ""),
        ]),
    )  # fmt: skip


FORMAT = JsonRecords(
    name="git_webhook",
    version="1",
    source_name="git.webhook",
    mine=_is_delivery,
    seen="deliveries about repositories",
    read=_read,
    confidence=0.92,
)
