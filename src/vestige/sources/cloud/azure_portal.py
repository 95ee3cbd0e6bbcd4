"""What the portals of Entra ID and Azure let one download as CSV: sign-ins, audit records, the activity log.

Columns (compared without case, blanks and underscores)::

    sign-ins    Date (UTC), Request ID, Correlation ID, User ID, User, Username, Application, Application ID, Resource,
                Resource ID, IP address, Status, Sign-in error code, Failure reason, Client app, Device ID, Session ID;
                of service principals: Service principal ID, Service principal name
    audit       Date (UTC), CorrelationId, Service, Category, Activity, Result, ResultReason, IPAddress, ActorType,
                ActorDisplayName, ActorObjectId, ActorUserPrincipalName, Target1Type, Target1DisplayName,
                Target1ObjectId, Target1UserPrincipalName, … Target3…, AdditionalDetail1Key, AdditionalDetail1Value, …
    activity    Correlation id, Operation name, Status, Event category, Level, Time, Subscription, Event initiated by,
                Resource type, Resource group, Resource

A row is put into the shape the same record has as JSON, and read as such (:mod:`~vestige.sources.cloud.entra`,
:mod:`~vestige.sources.cloud.azure_activity`). ``Date (UTC)`` states its zone by its name. An interrupted sign-in asked
for one more step, whatever its error code. Attributes: the row's cells under the columns' own names.

References: learn.microsoft.com "How to download logs in Microsoft Entra ID", "Azure Monitor activity log".
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from vestige.sources.cloud.azure_activity import azure_event
from vestige.sources.cloud.entra import entra_event
from vestige.sources.reading.either import RowRecords
from vestige.sources.reading.fields import text_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from vestige.model.event import Event, Reading
    from vestige.sources.reading.timefield import Clock

_SIGN_IN = {
    "requestid": "id",
    "correlationid": "correlationId",
    "userid": "userId",
    "user": "userDisplayName",
    "username": "userPrincipalName",
    "application": "appDisplayName",
    "applicationid": "appId",
    "resource": "resourceDisplayName",
    "resourceid": "resourceId",
    "ipaddress": "ipAddress",
    "failurereason": "resultDescription",
    "sign-inerrorcode": "resultType",
    "status": "result",
    "clientapp": "clientAppUsed",
    "sessionid": "sessionId",
    "serviceprincipalid": "servicePrincipalId",
    "serviceprincipalname": "servicePrincipalName",
    "uniquetokenidentifier": "uniqueTokenIdentifier",
    "signinidentifier": "alternateSignInName",
    "sign-inidentifier": "alternateSignInName",
}
_ACTIVITY = {
    "time": "eventTimestamp",
    "correlationid": "correlationId",
    "eventinitiatedby": "caller",
    "operationname": "operationName",
    "status": "resultType",
    "eventcategory": "category",
    "level": "level",
    "resource": "resourceId",
    "resourcetype": "resourceType",
}
_ACTOR = ("actordisplayname", "actorobjectid", "actoruserprincipalname")
_TARGETS, _DETAILS = 3, 10
_NOTHING = frozenset({"", "none", "null", "n/a"})


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    return name.replace(" ", "").replace("_", "").lower()


def _kind(names: Collection[str]) -> str:
    plain = {_plain(name) for name in names}
    if (
        "date(utc)" in plain
        and "requestid" in plain
        and plain & {"sign-inerrorcode", "status"}
        and "ipaddress" in plain
    ):
        return "sign-in"
    if "date(utc)" in plain and {"activity", "result"} <= plain and plain & {"service", *_ACTOR, "actortype"}:
        return "audit"
    return "activity" if {"operationname", "eventinitiatedby", "time", "status"} <= plain else ""


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    cells = {_plain(name): value for name, value in record.items() if text_of(value).strip().lower() not in _NOTHING}
    kind = _kind(record.keys())
    if kind == "activity":
        return azure_event({name: cells[cell] for cell, name in _ACTIVITY.items() if cell in cells}, text, clock)
    date = text_of(cells.get("date(utc)")).strip()
    stated = {"createdDateTime": f"{date} (UTC)" if date and not date.endswith("Z") else date}
    event = _sign_in(cells, stated, text, clock) if kind == "sign-in" else _audit(cells, stated, text, clock)
    return event._replace(time_text=date)


def _sign_in(cells: Mapping[str, object], stated: Mapping[str, object], text: str, clock: Clock) -> Event:
    device = {"deviceId": cells.get("deviceid"), "operatingSystem": cells.get("operatingsystem")}
    shaped = {name: cells[cell] for cell, name in _SIGN_IN.items() if cell in cells}
    event = entra_event({**stated, **shaped, "category": "SignInLogs", "deviceDetail": device}, text, clock)
    if text_of(cells.get("status")).strip().lower() != "interrupted":
        return event
    said = event.message.replace(": failure ", ": interrupted ", 1)
    return event._replace(event_type="auth.mfa", outcome="unknown", message=said)


def _audit(cells: Mapping[str, object], stated: Mapping[str, object], text: str, clock: Clock) -> Event:
    name, ident, upn = (cells.get(cell) for cell in _ACTOR)
    actor = {"displayName": name, "id": ident, "userPrincipalName": upn, "ipAddress": cells.get("ipaddress")}
    if text_of(cells.get("actortype")).lower() in {"application", "serviceprincipal"} or not (ident or upn):
        program = cells.get("actorserviceprincipalid") or ident
        by = {"app": {"displayName": cells.get("actorserviceprincipalname") or name, "servicePrincipalId": program}}
    else:
        by = {"user": actor}
    targets = [
        {
            "type": cells.get(f"target{place}type"),
            "displayName": cells.get(f"target{place}displayname"),
            "id": cells.get(f"target{place}objectid"),
            "userPrincipalName": cells.get(f"target{place}userprincipalname"),
        }
        for place in range(1, _TARGETS + 1)
        if f"target{place}type" in cells or f"target{place}displayname" in cells
    ]
    details = [
        {"key": cells.get(f"additionaldetail{place}key"), "value": cells.get(f"additionaldetail{place}value")}
        for place in range(1, _DETAILS + 1)
        if f"additionaldetail{place}key" in cells
    ]
    shaped = {
        "activityDateTime": stated["createdDateTime"],
        "activityDisplayName": cells.get("activity"),
        "category": cells.get("category"),
        "correlationId": cells.get("correlationid"),
        "result": cells.get("result"),
        "resultReason": cells.get("resultreason") or cells.get("reason"),
        "ipAddress": cells.get("ipaddress"),
        "initiatedBy": by,
        "targetResources": targets,
        "additionalDetails": details,
    }
    return entra_event(shaped, text, clock)


FORMAT = RowRecords(
    name="azure_portal",
    version="1",
    source_name="azure.portal",
    mine=lambda names: bool(_kind(names)),
    seen="of a download from the portal of Entra ID or Azure",
    read=_read,
    times=("Time",),
    confidence=0.94,
)
