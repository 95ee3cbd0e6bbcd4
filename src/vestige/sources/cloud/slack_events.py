"""Slack's Events API: what an app is told by HTTP, one delivery an event.

Fields used::

    type                        "event_callback"; team_id, api_app_id, event_id, event_time (seconds) are the delivery's
    event.{type,subtype}        "message", "team_join", "member_joined_channel", …
    event.event_ts, event.ts    seconds with six digits, exact
    event.user, event.bot_id, event.inviter, event.channel, event.channel_type, event.text
    event.user.{id,name,profile}, event.channel.{id,name}    objects in some events
    event.file_id, event.item.{type,channel,ts,file}, event.item_user, event.subteam.{id,name}, event.tokens

Reference: docs.slack.dev, "Events API" and its event types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.model.event import Event, Unparsed
from vestige.sources.cloud.acts import table
from vestige.sources.cloud.audit import first, first_time, paths, sentence, tags_with
from vestige.sources.reading.fields import keys_of, mapping, text_of
from vestige.sources.reading.kinds import JsonRecords

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

_KINDS = table({
    "message.sent": "message app_mention",
    "account.created": "team_join",
    "account.changed": "user_change user_profile_changed user_status_changed",
    "access.granted": "member_joined_channel subteam_self_added channel_shared invite_requested app_installed",
    "access.revoked": "member_left_channel subteam_self_removed channel_unshared app_uninstalled",
    "auth.token_revoked": "tokens_revoked",
    "policy.changed": "team_domain_change email_domain_changed team_rename subteam_members_changed subteam_updated",
    "resource.created": "channel_created subteam_created",
    "resource.deleted": "channel_deleted group_deleted",
    "resource.changed": "channel_archive channel_unarchive channel_rename group_archive group_unarchive group_rename",
    "file.created": "file_created",
    "file.deleted": "file_deleted",
    "data.shared": "file_shared file_public",
    "data.written": "file_change emoji_changed",
})  # fmt: skip
_WHEN = paths("event.event_ts event.ts event_time")
_WHO = paths("event.user.id event.user event.user_id event.bot_id event.message.user event.previous_message.user")
_NAME = paths("event.user.profile.email event.user.name event.user.real_name event.username")
_OTHER = paths("event.item_user event.inviter")
_CHANNEL = paths("event.channel.id event.channel event.channel_id event.item.channel")
_CHANNEL_NAME = paths("event.channel.name")
_THING = paths("event.file_id event.file.id event.subteam.id event.item.ts")
_TEXT = paths("event.text event.message.text")
_ABOUT = frozenset({"team_join", "user_change", "user_profile_changed", "user_status_changed"})
"""Events that tell whom something happened to, and not who did it."""


def _is_delivery(record: Mapping[str, object]) -> bool:
    return (
        record.get("type") == "event_callback" and "event" in record and ("event_id" in record or "team_id" in record)
    )


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    event = mapping(record.get("event"))
    kind = text_of(event.get("type"))
    if not kind:
        return Unparsed("no delivery of Slack's Events API: event.type is missing")
    subtype = text_of(event.get("subtype"))
    action = f"{kind}.{subtype}" if subtype else kind
    stamp = first_time(record, _WHEN, clock)
    who, name = first(record, _WHO), first(record, _NAME)
    channel, thing = first(record, _CHANNEL), first(record, _THING)
    about = kind in _ABOUT
    said = first(record, _TEXT)
    place = first(record, _CHANNEL_NAME) or channel
    return Event(
        _kind(kind, subtype),
        stamp.at,
        stamp.text,
        stamp.quality,
        action=action,
        actor_id="" if about else who,
        actor_name="" if about else name,
        actor_type="" if about or not who else "bot" if event.get("bot_id") and not event.get("user") else "user",
        subject_id=who if about else first(record, _OTHER),
        subject_name=name if about else "",
        subject_type="user" if about or first(record, _OTHER) else "",
        object_id=channel or thing,
        object_name=first(record, _CHANNEL_NAME),
        object_type="channel" if channel else "file" if thing.startswith("F") else "",
        message=said or sentence(action, "" if about else name or who, (name or who) if about else place, "", ""),
        tags=tags_with(stamp),
        attributes=text,
        keys=keys_of([
            ("custom", text_of(record.get("event_id"))),
            ("custom", thing),
            ("identity", name),
            ("identity", first(record, paths("event.user.profile.email"))),
        ]),
    )  # fmt: skip


def _kind(kind: str, subtype: str) -> str:
    if kind == "message":
        if subtype == "message_deleted":
            return "resource.deleted"
        if subtype in {"channel_join", "group_join"}:
            return "access.granted"
        if subtype in {"channel_leave", "group_leave"}:
            return "access.revoked"
    return _KINDS.get(kind, "event.generic")


FORMAT = JsonRecords(
    name="slack_events",
    version="1",
    source_name="slack.events",
    mine=_is_delivery,
    seen="deliveries of Slack's Events API",
    read=_read,
    confidence=0.95,
)
