"""Where a Windows rule's events are: the channels its service writes to, the channels and numbers of its category.

A rule names a *category* (what happens: ``process_creation``) or a *service* (who writes: ``security``). A category is
told by several loggers, so it stands for several channels with the numbers that mean it there.

References: Sigma's taxonomy of log sources; Microsoft's documentation of Sysmon events and of the channels.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Written(NamedTuple):
    """Events of a channel, by its name in lower case; of these numbers, or all of them."""

    channel: str
    numbers: tuple[int, ...] = ()


_SYSMON: Final = "microsoft-windows-sysmon/operational"
_SECURITY: Final = "security"
_POWERSHELL: Final = ("microsoft-windows-powershell/operational", "powershellcore/operational")
_CLASSIC: Final = "windows powershell"


def _sysmon(*numbers: int) -> tuple[Written, ...]:
    return (Written(_SYSMON, numbers),)


def _modern(number: int) -> tuple[Written, ...]:
    return tuple(Written(channel, (number,)) for channel in _POWERSHELL)


CATEGORIES: Final = {
    "process_creation": (*_sysmon(1), Written(_SECURITY, (4688,))),
    "file_change": _sysmon(2),
    "network_connection": (*_sysmon(3), Written(_SECURITY, (5156,))),
    "sysmon_status": _sysmon(4, 16),
    "process_termination": (*_sysmon(5), Written(_SECURITY, (4689,))),
    "driver_load": _sysmon(6),
    "image_load": _sysmon(7),
    "create_remote_thread": _sysmon(8),
    "raw_access_thread": _sysmon(9),
    "process_access": _sysmon(10),
    "file_event": _sysmon(11),
    "registry_add": _sysmon(12),
    "registry_delete": _sysmon(12),
    "registry_set": (*_sysmon(13), Written(_SECURITY, (4657,))),
    "registry_rename": _sysmon(14),
    "registry_event": (*_sysmon(12, 13, 14), Written(_SECURITY, (4657,))),
    "create_stream_hash": _sysmon(15),
    "pipe_created": _sysmon(17, 18),
    "wmi_event": _sysmon(19, 20, 21),
    "dns_query": _sysmon(22),
    "file_delete": _sysmon(23, 26),
    "clipboard_capture": _sysmon(24),
    "process_tampering": _sysmon(25),
    "file_block_executable": _sysmon(27),
    "file_block_shredding": _sysmon(28),
    "file_executable_detected": _sysmon(29),
    "sysmon_error": _sysmon(255),
    "ps_module": _modern(4103),
    "ps_script": _modern(4104),
    "ps_classic_start": (Written(_CLASSIC, (400,)),),
    "ps_classic_provider_start": (Written(_CLASSIC, (600,)),),
    "ps_classic_script": (Written(_CLASSIC, (800,)),),
    "file_access": (Written("microsoft-windows-kernel-file/analytic", (12,)),),
    "file_rename": (Written("microsoft-windows-kernel-file/analytic", (19, 27)),),
    "antivirus": (Written("microsoft-windows-windows defender/operational", (1006, 1015, 1116, 1117)),),
}
"""What each category means in events."""

_CHANNELS: Final = {
    "application": "Application",
    "security": "Security",
    "system": "System",
    "sysmon": "Microsoft-Windows-Sysmon/Operational",
    "powershell-classic": "Windows PowerShell",
    "applocker": "Microsoft-Windows-AppLocker/MSI and Script|Microsoft-Windows-AppLocker/EXE and DLL|"
    "Microsoft-Windows-AppLocker/Packaged app-Deployment|Microsoft-Windows-AppLocker/Packaged app-Execution",
    "appmodel-runtime": "Microsoft-Windows-AppModel-Runtime/Admin",
    "appxdeployment-server": "Microsoft-Windows-AppXDeploymentServer/Operational",
    "appxpackaging-om": "Microsoft-Windows-AppxPackaging/Operational",
    "audit-cve": "Application",
    "bitlocker": "Microsoft-Windows-BitLocker/BitLocker Management",
    "bits-client": "Microsoft-Windows-Bits-Client/Operational",
    "capi2": "Microsoft-Windows-CAPI2/Operational",
    "certificateservicesclient-lifecycle-system": "Microsoft-Windows-CertificateServicesClient-Lifecycle-System/"
    "Operational",
    "codeintegrity-operational": "Microsoft-Windows-CodeIntegrity/Operational",
    "dhcp": "Microsoft-Windows-DHCP-Server/Operational",
    "diagnosis-scripted": "Microsoft-Windows-Diagnosis-Scripted/Operational",
    "dns-client": "Microsoft-Windows-DNS Client Events/Operational|Microsoft-Windows-DNS-Client/Operational",
    "dns-server": "DNS Server",
    "dns-server-analytic": "Microsoft-Windows-DNS-Server/Analytical",
    "dns-server-audit": "Microsoft-Windows-DNS-Server/Audit",
    "driver-framework": "Microsoft-Windows-DriverFrameworks-UserMode/Operational",
    "firewall-as": "Microsoft-Windows-Windows Firewall With Advanced Security/Firewall",
    "hyper-v-worker": "Microsoft-Windows-Hyper-V-Worker",
    "iis-configuration": "Microsoft-IIS-Configuration/Operational",
    "kernel-event-tracing": "Microsoft-Windows-Kernel-EventTracing",
    "kernel-shimengine": "Microsoft-Windows-Kernel-ShimEngine/Operational|"
    "Microsoft-Windows-Kernel-ShimEngine/Diagnostic",
    "ldap": "Microsoft-Windows-LDAP-Client/Debug",
    "ldap_debug": "Microsoft-Windows-LDAP-Client/Debug",
    "lsa-server": "Microsoft-Windows-LSA/Operational",
    "microsoft-servicebus-client": "Microsoft-ServiceBus-Client",
    "msexchange-management": "MSExchange Management",
    "ntfs": "Microsoft-Windows-Ntfs/Operational",
    "ntlm": "Microsoft-Windows-NTLM/Operational",
    "openssh": "OpenSSH/Operational",
    "printservice-admin": "Microsoft-Windows-PrintService/Admin",
    "printservice-operational": "Microsoft-Windows-PrintService/Operational",
    "security-mitigations": "Microsoft-Windows-Security-Mitigations/Kernel Mode|"
    "Microsoft-Windows-Security-Mitigations/User Mode",
    "sense": "Microsoft-Windows-SENSE/Operational",
    "shell-core": "Microsoft-Windows-Shell-Core/Operational",
    "smbclient-connectivity": "Microsoft-Windows-SmbClient/Connectivity",
    "smbclient-security": "Microsoft-Windows-SmbClient/Security",
    "smbserver-connectivity": "Microsoft-Windows-SMBServer/Connectivity",
    "taskscheduler": "Microsoft-Windows-TaskScheduler/Operational",
    "terminalservices-localsessionmanager": "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",
    "vhdmp": "Microsoft-Windows-VHDMP/Operational",
    "windefend": "Microsoft-Windows-Windows Defender/Operational",
    "wmi": "Microsoft-Windows-WMI-Activity/Operational",
}
SERVICES: Final = {
    service: tuple(Written(channel.lower()) for channel in channels.split("|"))
    for service, channels in _CHANNELS.items()
} | {"powershell": tuple(Written(channel) for channel in _POWERSHELL)}
"""Which channels each service writes to."""

OTHER_NAMES: Final = {
    "Image": ("NewProcessName", "Application"),
    "ParentImage": ("ParentProcessName",),
    "IntegrityLevel": ("MandatoryLabel",),
    "TargetObject": ("ObjectName",),
    "Details": ("NewValue",),
    "SourceIp": ("SourceAddress",),
    "DestinationIp": ("DestAddress", "DestinationAddress"),
    "DestinationPort": ("DestPort",),
    "Data": ("Message",),
    "ContextInfo": ("Message",),
}
"""What else a field is called: by the security log, or by a collector that keeps only the rendered text."""
FIRST_NAMES: Final = {"EventType": ("EventTypeOrignal",)}
"""What a field is called by a collector that gives its own name to something else."""
SPACED: Final = frozenset({"microsoft-windows-windows defender/operational"})
"""Channels whose fields are written with spaces between the words, where rules write none."""
