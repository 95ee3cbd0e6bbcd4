"""The meaning of a Windows event by its provider and number, for every format whose records are Windows events.

The tables (:mod:`vestige.sources.windows.security_ids`, :mod:`vestige.sources.windows.other_ids`) have a section per
provider and a line per event::

    number  type[/type if it failed]  actor subject object[:kind] details [outcome] | what happened

``actor`` and ``subject`` name a group of fields (:data:`vestige.sources.windows.who.PEOPLE`) or one field; ``object``
and ``details`` name fields (``_`` stands for a space), ``@`` standing for the kind the record states itself. The
outcome is ``+`` (such an event is a success), ``!`` (a failure), ``%`` or ``%Field`` (a status code tells); without
one only the audit keywords tell.

References: learn.microsoft.com: "Advanced security audit events", "Events to monitor", Sysmon, and the providers' own
manifests.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from vestige.sources.windows.other_ids import OTHER
from vestige.sources.windows.security_ids import SECURITY


class Meaning(NamedTuple):
    """What one kind of event says, and which of its fields play which role."""

    kind: str
    failed: str
    """The type where the outcome is a failure."""
    actor: str
    subject: str
    object: str
    object_kind: str
    details: tuple[str, ...]
    outcome: str
    title: str


def _read(line: str) -> tuple[str, Meaning]:
    left, _, title = line.partition("|")
    number, kinds, actor, subject, about, details, *sign = left.split()
    kind, _, failed = kinds.partition("/")
    name, _, object_kind = about.partition(":")
    blank = ["" if word == "-" else word for word in (actor, subject, name, details)]
    words = [word.replace("_", " ") for word in blank]
    listed = tuple(words[3].split(",")) if words[3] else ()
    return number, Meaning(
        kind,
        failed or kind,
        words[0],
        words[1],
        words[2],
        object_kind.replace("_", " "),
        listed,
        "".join(sign),
        title.strip(),
    )


def _sections(text: str) -> dict[str, dict[str, Meaning]]:
    out: dict[str, dict[str, Meaning]] = {}
    rows: dict[str, Meaning] = {}
    for line in text.splitlines():
        if line.startswith("["):
            rows = out.setdefault(line.strip("[]"), {})
        elif line:
            number, meaning = _read(line)
            rows[number] = meaning
    return out


PROVIDERS = _sections(SECURITY + OTHER)

_ALIASES = {
    "security": "security-auditing",
    "microsoft windows security auditing.": "security-auditing",
    "microsoft windows security": "security-auditing",
    "windows powershell": "powershell",
    "powershellcore": "powershell",
    "microsoft antimalware": "windows defender",
    "kernel-pnpconfiguration": "kernel-pnp",
    "certificateservicesclient-lifecycle-user": "certificateservicesclient-lifecycle-system",
    "certificationauthority": "security-auditing",
    "windows defender antivirus": "windows defender",
    "microsoft-antimalware-scan-interface": "windows defender",
    "terminalservices-clientactivexcore": "terminalservices-rdpclient",
    "smbwitnessclient": "smbclient",
    "kernel-tm": "kernel-general",
    "outofprocesspowershell": "powershell",
}
_TASKS = {
    12288: ("host.state", "security state of the system changed"),
    12289: ("host.state", "security system extension"),
    12290: ("host.state", "integrity of the system"),
    12292: ("service.status", "other system event"),
    12544: ("auth.login", "logon"),
    12545: ("auth.logout", "logoff"),
    12546: ("auth.check_failed", "account lockout"),
    12548: ("auth.privilege_used", "special logon"),
    12551: ("session.locked", "other logon or logoff event"),
    12800: ("file.read", "file system"),
    12801: ("registry.read", "registry"),
    12804: ("access.checked", "other object access"),
    12805: ("access.checked", "certification services"),
    12808: ("file.read", "file share"),
    12809: ("network.denied", "packet dropped by the filtering platform"),
    12810: ("network.connection", "connection through the filtering platform"),
    13056: ("auth.privilege_used", "sensitive privilege use"),
    13312: ("process.started", "process creation"),
    13313: ("process.stopped", "process termination"),
    13568: ("logging.changed", "audit policy change"),
    13569: ("policy.changed", "authentication policy change"),
    13570: ("policy.changed", "authorisation policy change"),
    13573: ("policy.changed", "other policy change"),
    13824: ("account.changed", "user account management"),
    13825: ("account.changed", "computer account management"),
    13826: ("account.changed", "security group management"),
    13829: ("account.changed", "other account management"),
    14080: ("data.read", "directory service access"),
    14081: ("data.written", "directory service changes"),
    14336: ("auth.check_failed", "credential validation"),
    14337: ("auth.token_issued", "Kerberos service ticket operations"),
    14339: ("auth.token_issued", "Kerberos authentication service"),
}
"""What a security event of an unknown number is about, by its task category."""
_ERROR = 3


def short_provider(name: str) -> str:
    """A provider's name as the tables have it: without the vendor, in lower case."""
    name = name.lower().removeprefix("microsoft-windows-")
    return _ALIASES.get(name, name)


@lru_cache(maxsize=16384)
def meaning_of(provider: str, channel: str, number: int, task: int, severity: int) -> Meaning:
    """What an event means; where its number is unknown, what its provider, task or level tells."""
    section = PROVIDERS.get(short_provider(provider)) or PROVIDERS.get(_of_channel(provider, channel), {})
    if not section and not provider and channel.lower() in {"system", "application"}:
        section = _anywhere(number)
    found = section.get(str(number)) or section.get("*")
    if found is not None:
        return found
    title = f"{provider or channel or 'Windows'} event {number}"
    if section is PROVIDERS["security-auditing"]:
        kind, words = _TASKS.get(task, ("event.generic", ""))
        return Meaning(kind, kind, "S", "", "", "", (), "", f"{title} ({words})" if words else title)
    if severity >= _ERROR:
        return Meaning("service.error", "service.error", "X", "", "", "", ("Data", "Message"), "", title)
    return Meaning("event.generic", "event.generic", "X", "", "", "", ("Data", "Message"), "", title)


def _of_channel(provider: str, channel: str) -> str:
    """The provider a channel is named after. A channel all may write to tells only where no provider is named."""
    name = short_provider(channel.partition("/")[0])
    return "" if provider and name == "security-auditing" else name


def _anywhere(number: int) -> dict[str, Meaning]:
    """The one section of the system log that knows a number, where exactly one does."""
    names = ("service control manager", "eventlog", "kernel-general", "user32", "kernel-power", "windowsupdateclient")
    known = [PROVIDERS[name] for name in names if str(number) in PROVIDERS[name]]
    return known[0] if len(known) == 1 else {}
