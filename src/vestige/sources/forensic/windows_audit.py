"""What a Windows event log record means, for the tools that only hand such records on: plaso, Hayabusa, Chainsaw.

Two questions, each one function: :func:`kind_of` (which word of the vocabulary) and :func:`roles_in` (who did it, to
whom, from where), the latter from the record's fields under their own names. Tools that keep the values without the
names (plaso's ``strings``) get them back from :func:`named`, which knows the order of the commonest records.

References: Microsoft Learn, "Security auditing" (one page an event id); Sysmon's event list; the providers' manifests.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vestige.sources.reading.fields import canonical_ip, keys_of, port_of, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_AUDIT = """
auth.login                 4624
auth.login_failed          4625 4771
auth.logout                4634 4647
auth.privilege_used        4648 4672 4673 4674
auth.token_issued          4768 4769 4770 4776
session.opened             4778
session.closed             4779
session.locked             4800 4801
process.started            4688
process.stopped            4689
service.installed          4697
schedule.created           4698
schedule.deleted           4699
schedule.changed           4700 4701 4702
logging.changed            4719
logging.disabled           1102 1100
account.created            4720 4731 4727 4754 4741
account.enabled            4722
account.disabled           4725 4740
account.changed            4738 4742 4767 4781 4735 4737 4755
account.credential_changed 4723 4724
account.deleted            4726 4743 4734 4730 4758
account.read               4798 4799
access.granted             4728 4732 4756
access.revoked             4729 4733 4757
registry.changed           4657
file.read                  4663 5145 5140
access.checked             4656 4661 4662
network.connection         5156 5158
network.denied             5152 5157
policy.changed             4739 4713 4706 4946 4947 4948
host.clock_changed         4616
host.started               4608
"""
_SYSMON = """
process.started            1
file.attributes_changed    2
network.connection         3
service.status             4 16
process.stopped            5
module.loaded              6 7
process.injected           8 25
file.read                  9
process.accessed           10
file.created               11 15 29
registry.changed           12 13 14
pipe.used                  17 18
schedule.created           19 20 21
network.dns                22
file.deleted               23 26
alert.raised               27 28
service.error              255
"""
_SYSTEM = """
Service Control Manager                               service.status     7036 7035 7042
Service Control Manager                               service.changed    7040
Service Control Manager                               service.installed  7045
Service Control Manager                               service.error      7000 7001 7009 7011 7022 7023 7024 7026 7031 7032 7034
EventLog                                              host.started       6005 6009
EventLog                                              host.stopped       6006
EventLog                                              host.error         6008
EventLog                                              host.state         6011 6013
Microsoft-Windows-Eventlog                            logging.disabled   104
Microsoft-Windows-Eventlog                            logging.changed    105
Microsoft-Windows-Kernel-General                      host.clock_changed 1
Microsoft-Windows-Kernel-General                      host.started       12
Microsoft-Windows-Kernel-General                      host.stopped       13
Microsoft-Windows-Kernel-Power                        host.stopped       42 109
Microsoft-Windows-Kernel-Power                        host.error         41
Microsoft-Windows-Kernel-Power                        host.started       107
Microsoft-Windows-Power-Troubleshooter                host.started       1
Microsoft-Windows-Time-Service                        service.status     35 37
Microsoft-Windows-Time-Service                        service.error      50
USER32                                                host.stopped       1074
User32                                                host.stopped       1074
BugCheck                                              host.error         1001
Microsoft-Windows-Winlogon                            auth.login         7001
Microsoft-Windows-Winlogon                            auth.logout        7002
Microsoft-Windows-WindowsUpdateClient                 software.updated   19
Microsoft-Windows-WindowsUpdateClient                 service.status     18 22 27 43 44
Microsoft-Windows-WindowsUpdateClient                 service.error      20
MsiInstaller                                          software.installed 1033 11707
MsiInstaller                                          software.removed   1034 11724
Microsoft-Windows-UserPnp                             host.device_attached 20001 20003 20010
Microsoft-Windows-Dhcp-Client                         service.status     50036 50037
Microsoft-Windows-DHCPv6-Client                       service.status     51046 51047
Microsoft-Windows-GroupPolicy                         policy.verdict     1500 1501 1502 1503
Microsoft-Windows-FilterManager                       module.loaded      6
Microsoft-Windows-TerminalServices-LocalSessionManager session.opened    21 22
Microsoft-Windows-TerminalServices-LocalSessionManager session.closed    23
Microsoft-Windows-TerminalServices-LocalSessionManager session.locked    24 25
Microsoft-Windows-TerminalServices-RemoteConnectionManager auth.probe    261
Microsoft-Windows-TerminalServices-RemoteConnectionManager network.rdp   1149
Microsoft-Windows-TaskScheduler                       schedule.created   106
Microsoft-Windows-TaskScheduler                       schedule.changed   140
Microsoft-Windows-TaskScheduler                       schedule.deleted   141
Microsoft-Windows-TaskScheduler                       schedule.ran       129 200 201
Microsoft-Windows-PowerShell                          script.executed    4103 4104 4105 4106
PowerShell                                            script.executed    400 403 600 800
Microsoft-Windows-Windows Defender                    alert.raised       1006 1015 1116 1117 1118 1119
Microsoft-Windows-Windows Defender                    policy.changed     5001 5004 5007 5010 5012
Microsoft-Windows-Windows Defender                    scan.completed     1001
Microsoft-Windows-WMI-Activity                        schedule.created   5859 5860 5861
Microsoft-Windows-Bits-Client                         file.transferred   59 60
Microsoft-Windows-Application-Experience              service.status     201 206
Microsoft-Windows-Kernel-Processor-Power              host.state         26
Microsoft-Windows-DNS-Client                          network.dns        1014
Virtual Disk Service                                  service.status     3 4
Application Error                                     service.error      1000
Windows Error Reporting                               service.error      1001
"""  # noqa: E501 - a table: one provider and word a line


def _ids(table: str) -> dict[str, str]:
    rows = (line.split() for line in table.strip().splitlines())
    return {number: kind for kind, *numbers in rows for number in numbers}


_BY_PROVIDER = {
    **{
        (provider, number): kind
        for provider in ("Microsoft-Windows-Security-Auditing", "Security")
        for number, kind in _ids(_AUDIT).items()
    },
    ("Microsoft-Windows-Eventlog", "1100"): "logging.disabled",
    ("Microsoft-Windows-Eventlog", "1102"): "logging.disabled",
    **{("Microsoft-Windows-Sysmon", number): kind for number, kind in _ids(_SYSMON).items()},
}
for _line in _SYSTEM.strip().splitlines():
    _provider, _kind, *_numbers = re.split(r"  +| (?=[a-z]+\.[a-z_]+ )| (?=\d)", _line)
    _BY_PROVIDER.update(((_provider, _number), _kind) for _number in _numbers)

_ERRORS = frozenset({"1", "2"})
"""Levels of Windows: 1 critical, 2 error, 3 warning, 4 information, 5 verbose; 0 is that of audit records."""


def kind_of(provider: str, event_id: str, level: str = "") -> str:
    """The event type of a record; of one this module does not know, what its level tells."""
    kind = _BY_PROVIDER.get((provider, event_id))
    if kind:
        return kind
    return "service.error" if level in _ERRORS else "log.line"


_FAILED = frozenset({"4625", "4771"})
_SUCCEEDED = frozenset({"4624", "4634", "4647", "4648", "4672", "4688", "4697", "4698"})
_WITH_STATUS = frozenset({"4768", "4769", "4776"})


def ended(kind: str, event_id: str, data: Mapping[str, object]) -> tuple[str, str]:
    """The event type and the outcome of a security audit record, by its id and its status."""
    if event_id in _FAILED:
        return kind, "failure"
    if event_id in _WITH_STATUS:
        status = _given(data, "Status", "status")
        if not status:
            return kind, ""
        if status.lower() in {"0x0", "0"}:
            return kind, "success"
        return "auth.login_failed" if event_id == "4768" else "auth.check_failed", "failure"
    return kind, "success" if event_id in _SUCCEEDED else ""


_SUBJECT = "SubjectUserSid SubjectUserName SubjectDomainName SubjectLogonId"
_TARGET = "TargetUserName TargetDomainName TargetSid"
_ORDER = {
    "4624": f"{_SUBJECT} TargetUserSid TargetUserName TargetDomainName TargetLogonId LogonType LogonProcessName"
    " AuthenticationPackageName WorkstationName LogonGuid TransmittedServices LmPackageName KeyLength ProcessId"
    " ProcessName IpAddress IpPort",
    "4625": f"{_SUBJECT} TargetUserSid TargetUserName TargetDomainName Status FailureReason SubStatus LogonType"
    " LogonProcessName AuthenticationPackageName WorkstationName TransmittedServices LmPackageName KeyLength ProcessId"
    " ProcessName IpAddress IpPort",
    "4634": "TargetUserSid TargetUserName TargetDomainName TargetLogonId LogonType",
    "4647": "TargetUserSid TargetUserName TargetDomainName TargetLogonId",
    "4648": f"{_SUBJECT} LogonGuid TargetUserName TargetDomainName TargetLogonGuid TargetServerName TargetInfo"
    " ProcessId ProcessName IpAddress IpPort",
    "4672": f"{_SUBJECT} PrivilegeList",
    "4688": f"{_SUBJECT} NewProcessId NewProcessName TokenElevationType ProcessId CommandLine",
    "4689": f"{_SUBJECT} Status ProcessId ProcessName",
    "4697": f"{_SUBJECT} ServiceName ServiceFileName ServiceType ServiceStartType ServiceAccount",
    **dict.fromkeys(("4698", "4699", "4700", "4701", "4702"), f"{_SUBJECT} TaskName TaskContent"),
    **dict.fromkeys(("4720", "4722", "4723", "4724", "4725", "4726"), f"{_TARGET} {_SUBJECT}"),
    **dict.fromkeys(
        ("4728", "4729", "4732", "4733", "4756", "4757"),
        f"MemberName MemberSid {_TARGET} {_SUBJECT}",
    ),
    "4768": "TargetUserName TargetDomainName TargetSid ServiceName ServiceSid TicketOptions Status"
    " TicketEncryptionType PreAuthType IpAddress IpPort",
    "4769": "TargetUserName TargetDomainName ServiceName ServiceSid TicketOptions TicketEncryptionType IpAddress"
    " IpPort Status LogonGuid",
    "4776": "PackageName TargetUserName Workstation Status",
    "4771": "TargetUserName TargetSid ServiceName TicketOptions Status PreAuthType IpAddress IpPort",
    "7036": "ServiceName State",
    "7040": "ServiceName OldStartType NewStartType ServiceKey",
    "7045": "ServiceName ImagePath ServiceType StartType AccountName",
}
_ORDERS = {number: names.split() for number, names in _ORDER.items()}


def named(event_id: str, values: Sequence[object]) -> dict[str, object]:
    """The values of a record under their fields' names, where this module knows their order."""
    return dict(zip(_ORDERS.get(event_id, ()), values, strict=False))


_TOLD_BY_TARGET = frozenset({"auth.login", "auth.login_failed", "auth.logout", "auth.token_issued"})
"""Acts whose subject fields name the machine's own account: who acted stands in the target fields."""
_ABOUT_OTHERS = ("account.", "access.")
_OBJECTS = (
    ("NewProcessName", "process"), ("Image", "process"), ("ServiceName", "service"), ("TaskName", "task"),
    ("TargetFilename", "file"), ("TargetObject", "registry key"), ("ObjectName", "object"), ("ShareName", "share"),
    ("QueryName", "name"), ("ProcessName", "process"), ("Path", "path"), ("PipeName", "pipe"),
)  # fmt: skip
_NOBODY = frozenset({"", "-", "n/a", "S-1-0-0"})
_HASHES = re.compile(r"\b(?:MD5|SHA1|SHA256|IMPHASH)=([0-9A-Fa-f]{32,64})\b")


def _given(data: Mapping[str, object], *names: str) -> str:
    for name in names:
        value = text_of(data.get(name)).strip()
        if value not in _NOBODY:
            return value
    return ""


def _person(data: Mapping[str, object], side: str) -> tuple[str, str]:
    r"""An account as ``DOMAIN\name``, and its SID."""
    name, domain = _given(data, f"{side}UserName"), _given(data, f"{side}DomainName")
    sid = _given(data, f"{side}UserSid", f"{side}Sid")
    return f"{domain}\\{name}" if name and domain and "\\" not in name else name, sid


def roles_in(kind: str, data: Mapping[str, object]) -> tuple[dict[str, object], tuple[tuple[str, str], ...]]:
    """Who, whom, what and from where by a record's named fields, and its further correlation keys.

    The roles' names are those of :func:`vestige.sources.reading.generic.generic_event`; empty ones are left out.
    """
    subject, subject_sid = _person(data, "Subject")
    target, target_sid = _person(data, "Target")
    member, member_sid = _given(data, "MemberName"), _given(data, "MemberSid")
    roles: dict[str, object] = {}
    if kind in _TOLD_BY_TARGET:
        actor = target or subject
    else:
        actor = subject or _given(data, "User", "AccountName", "UserId")
        if kind.startswith(_ABOUT_OTHERS):
            roles["subject_id"] = member or member_sid or target
            if member or member_sid:
                roles["object_id"], roles["object_type"] = target, "group"
        elif target and target != actor:
            roles["subject_id"] = target
    roles["actor_id"] = actor
    for name, word in _OBJECTS:
        value = _given(data, name)
        if value and "object_id" not in roles:
            roles["object_id"], roles["object_type"] = value, word
    roles["src_ip"] = canonical_ip(_given(data, "IpAddress", "SourceIp", "ClientAddress", "SourceAddress"))
    roles["src_port"] = port_of(_given(data, "IpPort", "SourcePort"))
    roles["dst_ip"] = canonical_ip(_given(data, "DestinationIp", "DestAddress"))
    roles["dst_port"] = port_of(_given(data, "DestinationPort", "DestPort"))
    keys = [
        ("identity", _given({"sid": sid}, "sid"))
        for sid in (subject_sid, target_sid, member_sid)
        if sid.startswith("S-1-5-21-")
    ]
    keys += [("hash", value.lower()) for value in _HASHES.findall(text_of(data.get("Hashes"))[:1000])]
    keys += [("custom", _given(data, "ProcessGuid")), ("custom", _given(data, "ParentProcessGuid"))]
    return {name: value for name, value in roles.items() if value}, keys_of(keys)
