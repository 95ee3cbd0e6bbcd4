"""The names of fields of which a tool handed on only the values, in the order of the event's own template.

plaso's ``strings`` are such. Values of an event not listed here are called ``param1``, ``param2``, …, as Windows itself
calls those that have no names.

References: the events' templates in their providers' manifests; learn.microsoft.com, "Advanced security audit events".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.sources.windows.meanings import short_provider

if TYPE_CHECKING:
    from collections.abc import Sequence

_SUBJECT = "SubjectUserSid SubjectUserName SubjectDomainName SubjectLogonId"
_TARGET = "TargetUserName TargetDomainName TargetSid"
_SECURITY = {
    4624: f"{_SUBJECT} TargetUserSid TargetUserName TargetDomainName TargetLogonId LogonType LogonProcessName"
    " AuthenticationPackageName WorkstationName LogonGuid TransmittedServices LmPackageName KeyLength ProcessId"
    " ProcessName IpAddress IpPort",
    4625: f"{_SUBJECT} TargetUserSid TargetUserName TargetDomainName Status FailureReason SubStatus LogonType"
    " LogonProcessName AuthenticationPackageName WorkstationName TransmittedServices LmPackageName KeyLength ProcessId"
    " ProcessName IpAddress IpPort",
    4634: "TargetUserSid TargetUserName TargetDomainName TargetLogonId LogonType",
    4647: "TargetUserSid TargetUserName TargetDomainName TargetLogonId",
    4648: f"{_SUBJECT} LogonGuid TargetUserName TargetDomainName TargetLogonGuid TargetServerName TargetInfo"
    " ProcessId ProcessName IpAddress IpPort",
    4672: f"{_SUBJECT} PrivilegeList",
    4688: f"{_SUBJECT} NewProcessId NewProcessName TokenElevationType ProcessId CommandLine",
    4689: f"{_SUBJECT} Status ProcessId ProcessName",
    4697: f"{_SUBJECT} ServiceName ServiceFileName ServiceType ServiceStartType ServiceAccount",
    **dict.fromkeys((4698, 4699, 4700, 4701, 4702), f"{_SUBJECT} TaskName TaskContent"),
    **dict.fromkeys((4720, 4722, 4723, 4724, 4725, 4726), f"{_TARGET} {_SUBJECT}"),
    **dict.fromkeys((4728, 4729, 4732, 4733, 4756, 4757), f"MemberName MemberSid {_TARGET} {_SUBJECT}"),
    4768: "TargetUserName TargetDomainName TargetSid ServiceName ServiceSid TicketOptions Status"
    " TicketEncryptionType PreAuthType IpAddress IpPort",
    4769: "TargetUserName TargetDomainName ServiceName ServiceSid TicketOptions TicketEncryptionType IpAddress"
    " IpPort Status LogonGuid",
    4776: "PackageName TargetUserName Workstation Status",
    4771: "TargetUserName TargetSid ServiceName TicketOptions Status PreAuthType IpAddress IpPort",
}
_ORDERS = {
    **{("security-auditing", number): names.split() for number, names in _SECURITY.items()},
    ("service control manager", 7045): ["ServiceName", "ImagePath", "ServiceType", "StartType", "AccountName"],
}
_MOST_VALUES = 64


def named(provider: str, number: int, values: Sequence[object]) -> dict[str, object]:
    """The values of an event under their fields' names."""
    order = _ORDERS.get((short_provider(provider), number))
    if order is None:
        return {f"param{place}": value for place, value in enumerate(values[:_MOST_VALUES], start=1)}
    return dict(zip(order, values, strict=False))
