"""Microsoft 365 unified audit log: Management Activity API objects, and CSV exports holding them in ``AuditData``.

Fields used (common schema and the workloads' own)::

    CreationTime (UTC by the schema's definition, usually without a zone), Id, Operation, RecordType, Workload
    ResultStatus, LogonError, ErrorNumber       how it ended; Exchange writes "True", Azure AD "Success" on failures too
    UserId, UserKey, UserType, Actor[].ID       the UPN is the actor's name and id; key and object id are identity keys
    ClientIP, ClientIPAddress, ActorIpAddress   may carry a port, brackets or both
    ObjectId, SourceFileName, SiteUrl, ItemType, MailboxOwnerUPN, Target[].ID, TargetUserOrGroupName, Parameters[]
    AppAccessContext.{AADSessionId,UniqueTokenId}, SessionId, DeviceProperties[], ApplicationId

CSV columns: CreationDate, RecordType, Operation(s), UserId(s), AuditData (the object above as text); what the object
lacks is taken from the row. References: learn.microsoft.com "Office 365 Management Activity API schema",
"Search-UnifiedAuditLog", "Export, configure, and view audit log records".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO, ClassVar

from vestige.model.event import Event, Unparsed
from vestige.sources.cloud.acts import kind_by_words, table, with_outcome
from vestige.sources.cloud.audit import (
    aliases,
    dig,
    first,
    first_ip,
    has,
    in_utc,
    items,
    joined,
    named_values,
    opened,
    paths,
    sentence,
    tags_with,
)
from vestige.sources.reading.acts_m365 import M365, M365_SPACED
from vestige.sources.reading.fields import keys_of, outcome_of, port_of_text, severity_of, text_of
from vestige.sources.reading.kinds import JsonRecords, TableRecords
from vestige.sources.reading.timefield import NO_STAMP

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vestige.model.event import Reading, Record
    from vestige.sources.contract import Context, Detection, Sample
    from vestige.sources.reading.timefield import Clock, Stamp

_KINDS = {**table(M365), **M365_SPACED}
_USER_TYPES = {"0": "Regular", "1": "Reserved", "2": "Admin", "3": "DcAdmin", "4": "System", "5": "Application",
               "6": "ServicePrincipal", "7": "CustomPolicy", "8": "SystemPolicy"}  # fmt: skip
_WORD_TYPE = 2
_COLUMNS = frozenset({"CreationDate", "CreationTime", "Operations", "Operation", "RecordType", "UserIds", "UserId"})
_FORWARD = ("ForwardTo", "ForwardingSmtpAddress", "ForwardingAddress", "RedirectTo", "ForwardAsAttachmentTo")

_WHEN = paths("CreationTime CreationDate")
_ACT = paths("Operation Operations")
_USER = paths("UserId UserIds")
_IP = paths("ClientIP ClientIPAddress ActorIpAddress ClientIPaddress DeviceInformation.IPAddress")
_THING = paths(
    "SourceFileName ObjectId Item.Subject TeamName MailboxOwnerUPN SiteUrl Destination ItemName ArtifactName"
)
_PLACE = paths("ObjectId SiteUrl MailboxGuid ItemId TeamGuid")
_SORT = paths("ItemType Workload")
_TARGET = paths("TargetUserOrGroupName TargetUserId Members.UPN MailboxOwnerUPN")
_SESSION = paths("AppAccessContext.AADSessionId SessionId BrowserId")
_TOKEN = paths("AppAccessContext.UniqueTokenId")
_TRACE = paths("CorrelationId AppAccessContext.CorrelationId InterSystemsId ClientRequestId")


def _is_record(record: Mapping[str, object]) -> bool:
    if has(record, "AuditData") and (has(record, "Operations") or has(record, "Operation")):
        return True
    said = sum(has(record, name) for name in ("RecordType", "Workload", "UserType", "OrganizationId", "UserKey"))
    return has(record, "CreationTime", "Operation") and said >= 2


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    inner = opened(record.get("AuditData"))
    if not inner and "AuditData" in record and not first(record, _ACT):
        return Unparsed("no audit record: AuditData holds no JSON object")
    merged: Mapping[str, object] = {**record, **inner} if inner else record
    action = first(merged, _ACT)
    if not action:
        return Unparsed("no audit record: Operation is missing")
    return _event(merged, action, text, clock)


def _event(record: Mapping[str, object], action: str, text: str, clock: Clock) -> Event:
    stamp = _when(record, clock)
    outcome = _outcome(record, action)
    parameters = named_values(dig(record, ("Parameters",)))
    kind = _sharpen(_kind(action, outcome), action, parameters)
    user, key = (_somebody(text) for text in (first(record, _USER), text_of(dig(record, ("UserKey",)))))
    others = _ids(record, "Actor")
    subject = _subject(record, action, user, parameters)
    place = first(record, _PLACE)
    thing = first(record, _THING)
    src_ip, address = first_ip(record, _IP), first(record, _IP)
    device = named_values(dig(record, ("DeviceProperties",)))
    user_type = text_of(dig(record, ("UserType",)))
    error = text_of(dig(record, ("LogonError",)))
    forward = joined([text_of(parameters.get(name)) for name in _FORWARD])
    about = " to ".join(filter(None, (subject or thing or place, forward)))
    ending = (error or outcome) if outcome == "failure" else ""
    return Event(
        kind,
        stamp.at,
        stamp.text,
        stamp.quality,
        action=action,
        outcome=outcome,
        severity=severity_of(dig(record, ("Severity",))),
        actor_id=user or key,
        actor_name=user,
        actor_type=_USER_TYPES.get(user_type, user_type),
        subject_id=subject,
        subject_type="user" if subject else "",
        object_id=place,
        object_name=thing if thing != place else "",
        object_type=first(record, _SORT),
        src_ip=src_ip,
        src_port=_port_behind(address),
        device_id=text_of(device.get("Id")),
        device_name=text_of(device.get("Name")) or text_of(device.get("DisplayName")),
        device_type=text_of(device.get("OS")),
        session=first(record, _SESSION) or text_of(device.get("SessionId")),
        trace_id=first(record, _TRACE),
        message=sentence(action.rstrip("."), user or key, about, src_ip, ending),
        tags=tags_with(stamp),
        attributes=text,
        keys=keys_of([
            *aliases((key, *others), user or key, user),
            *(aliases(_ids(record, "Target"), subject) if subject else ()),
            ("token", first(record, _TOKEN)),
            ("custom", text_of(dig(record, ("Id",)))),
            ("custom", text_of(dig(record, ("ApplicationId",))) or text_of(dig(record, ("AppId",)))),
            ("custom", text_of(dig(record, ("InternetMessageId",)))),
        ]),
    )  # fmt: skip


def _somebody(name: str) -> str:
    return "" if name in {"Not Available", "NotAvailable", "Unknown"} else name


def _port_behind(address: str) -> int:
    return port_of_text(address.rpartition(":")[2]) if address.count(":") == 1 or "]:" in address else 0


def _ids(record: Mapping[str, object], name: str) -> list[str]:
    """The ids of a party; type 2 is the word ``User`` and its kin."""
    return [
        text_of(item.get("ID"))
        for item in items(dig(record, (name,)))
        if isinstance(item, dict) and item.get("Type") != _WORD_TYPE
    ]


def _when(record: Mapping[str, object], clock: Clock) -> Stamp:
    """``CreationTime`` is UTC by the schema; a row's ``CreationDate`` stands in where there is none."""
    for path in _WHEN:
        value = dig(record, path)
        if isinstance(value, str) and value.strip():
            return in_utc(value, clock)
    return NO_STAMP


def _kind(action: str, outcome: str) -> str:
    kind = _KINDS.get(action) or _KINDS.get(f"{action}.") or kind_by_words(action, "event.generic")
    return with_outcome(kind, outcome)


def _outcome(record: Mapping[str, object], action: str) -> str:
    """A sign-in that failed says so in its name or in ``LogonError``, while its ``ResultStatus`` may say Success."""
    if "fail" in action.lower() or text_of(dig(record, ("LogonError",))):
        return "failure"
    said = text_of(dig(record, ("ResultStatus",)))
    word = outcome_of(said)
    if word or not said:
        return word
    return "unknown" if said.lower().startswith("partial") else ""


def _sharpen(kind: str, action: str, parameters: Mapping[str, object]) -> str:
    """``Set-Mailbox`` is many things; only forwarding, delegates and auditing make it one of them."""
    if action == "Set-Mailbox":
        if any(text_of(parameters.get(name)) for name in (*_FORWARD, "GrantSendOnBehalfTo")):
            return "email.rule_changed"
        if text_of(parameters.get("AuditEnabled")).lower() == "false":
            return "logging.disabled"
        return "account.changed"
    if (
        action == "Set-AdminAuditLogConfig"
        and text_of(parameters.get("UnifiedAuditLogIngestionEnabled")).lower() == "true"
    ):
        return "logging.changed"
    return kind


def _subject(record: Mapping[str, object], action: str, user: str, parameters: Mapping[str, object]) -> str:
    """Whom it concerns: the other side of a sharing, a changed account, a mailbox of somebody else."""
    named = first(record, _TARGET)
    if not named and "Mailbox" in action:
        named = text_of(parameters.get("Identity"))
    if not named and dig(record, ("AzureActiveDirectoryEventType",)) is not None and action.endswith("."):
        named = text_of(dig(record, ("ObjectId",)))
    return "" if named == user else named


_OBJECTS = JsonRecords(
    name="m365",
    version="1",
    source_name="m365",
    mine=_is_record,
    seen="Microsoft 365 audit records",
    read=_read,
    begins=lambda head: b'"CreationTime"' in head and b'"Operation"' in head and b'"Workload"' in head,
)
_ROWS = TableRecords(
    name="m365",
    version="1",
    source_name="m365",
    mine=lambda names: "AuditData" in names and not _COLUMNS.isdisjoint(names),
    seen="a table with AuditData and Operations",
    read=_read,
    times=("CreationDate", "CreationTime"),
)


@dataclass(frozen=True)
class UnifiedAuditLog:
    """Objects or rows, told apart at detection by whether there is a header."""

    name: str = "m365"
    version: str = "1"
    media_type: str = "application/json"
    rendered: bool = False
    source_name: str | None = "m365"
    objects: ClassVar[JsonRecords] = _OBJECTS

    def detect(self, sample: Sample) -> Detection | None:
        """Either form. A zone is never missing: the schema states it."""
        found = _OBJECTS.detect(sample) or _ROWS.detect(sample)
        if found is None:
            return None
        return replace(found, extra=tuple(entry for entry in found.extra if entry[0] != "zone"))

    def split(
        self, stream: BinaryIO, *, start: int = 0, number: int = 0, context: Context | None = None
    ) -> Iterator[list[Record]]:
        """As the form asks."""
        form = _ROWS if context is not None and context.header else _OBJECTS
        return form.split(stream, start=start, number=number, context=context)

    def parse(self, payloads: Sequence[bytes], context: Context) -> list[Reading]:
        """One reading per object or row."""
        return (_ROWS if context.header else _OBJECTS).parse(payloads, context)


FORMAT = UnifiedAuditLog()
