"""What the records of one audit event say together.

The record that tells the act leads: the first one that is no supplement of a system call (``AVC``, ``USER_LOGIN``,
``CONFIG_CHANGE``), else the system call, else what there is. The others add files (``PATH``), arguments (``EXECVE``),
addresses (``SOCKADDR``) and the command line (``PROCTITLE``).

Who: the login id (``auid``) is the person who once signed in and stays that person through ``su`` and ``sudo``; where
there is none, the account a program speaks of (``acct``), else ``uid``. For programs that raise rights or change
accounts ``acct`` is whom the act is about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson

from vestige.sources.linux.audit_line import arguments_of, socket_of, stamp_of
from vestige.sources.linux.audit_names import AUXILIARY, MEANINGS
from vestige.sources.linux.audit_syscalls import arch_name, syscall_name
from vestige.sources.reading.fields import canonical_ip, keys_of, make_event, port_of_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.model.event import Event
    from vestige.sources.linux.audit_line import Fields, Line, Socket

_UNSET = frozenset({"", "4294967295", "-1", "unset"})
_OUTCOMES = {
    **dict.fromkeys(("yes", "success", "1", "granted", "ok"), "success"),
    **dict.fromkeys(("no", "failed", "fail", "0", "failure", "denied"), "failure"),
}
_REFUSED = ("-1", "-13", "EPERM", "EACCES")
"""Errors that mean "not allowed"."""
_UNDER_WAY = ("-115", "EINPROGRESS")
_ACCOUNT_TOOLS = """
    su sudo runuser pkexec doas passwd chpasswd useradd userdel usermod groupadd groupdel groupmod gpasswd chage
    chfn chsh newusers vipw unix_chkpwd accounts-daemon
"""
_ABOUT_OTHERS = frozenset(_ACCOUNT_TOOLS.split())
"""Programs whose ``acct`` is another account than the one that acts."""
_RAISE = frozenset({"su", "sudo", "runuser", "pkexec", "doas"})
_TELL_THE_END = frozenset({"sshd", "sshd-session", "sshd-auth", "login", "gdm-session-worker", "lightdm", "sddm"})
"""Programs that write how a sign-in ended as a record of its own (USER_LOGIN)."""

_CALLS = {
    "process.started": "execve execveat fork vfork clone clone3",
    "process.stopped": "exit exit_group",
    "file.created": "creat mkdir mkdirat mknod mknodat link linkat symlink symlinkat",
    "file.read": "open openat openat2 open_by_handle_at read pread64 readv readlink readlinkat access faccessat"
    " faccessat2 stat lstat newfstatat statx getdents getdents64 chdir",
    "file.changed": "truncate ftruncate truncate64 ftruncate64 write pwrite64 writev fallocate",
    "file.attributes_changed": "chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat chown32 fchown32 lchown32"
    " setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr utime utimes utimensat futimesat",
    "file.deleted": "unlink unlinkat rmdir",
    "file.renamed": "rename renameat renameat2",
    "network.connection": "connect accept accept4 sendto recvfrom sendmsg recvmsg sendmmsg recvmmsg",
    "network.listening": "bind listen",
    "module.loaded": "init_module finit_module",
    "process.accessed": "ptrace process_vm_readv pidfd_getfd",
    "process.injected": "process_vm_writev",
    "host.clock_changed": "settimeofday clock_settime adjtimex clock_adjtime stime clock_settime64",
    "host.device_attached": "mount umount umount2 fsmount move_mount",
    "host.stopped": "reboot",
    "host.state": "sethostname setdomainname",
}
_CALL_TYPES = {name: kind for kind, names in _CALLS.items() for name in names.split()}
_INBOUND = frozenset({"accept", "accept4", "recvfrom", "recvmsg", "recvmmsg"})
_FLAGS = {"open": "a1", "openat": "a2"}
_POKES = frozenset({"4", "5", "6", "d", "f", "4205"})
"""``ptrace`` requests that write into another program."""
_SIGNALS = {"kill": "a1", "tkill": "a1", "tgkill": "a2", "pidfd_send_signal": "a1"}
_ENDING = frozenset({"9", "f", "2", "6"})


class _Parts(NamedTuple):
    """The records of one event, put together."""

    lead: str
    """The record type that tells the act."""
    fields: Fields
    types: tuple[str, ...]
    paths: tuple[Fields, ...]
    arguments: tuple[str, ...]
    socket: Socket | None
    call: str
    """The system call's name, or empty."""


def audit_event(lines: Sequence[Line], host: str = "", observed: int | None = None) -> Event:
    """The event of the records of one serial; ``host`` where the carrier names the machine."""
    first = lines[0]
    parts, attributes = _together(lines)
    fields = parts.fields
    host = first.node or host
    at, text, quality, tag = stamp_of(first.time)
    kind, outcome = _kind(parts)
    actor_id, actor_name, subject = _people(parts)
    object_id, object_name, object_type = _object(parts, kind)
    src_ip, src_port, dst_ip, dst_port = _addresses(parts)
    session = fields.get("ses", "")
    session = "" if session in _UNSET else f"{host}:{session}" if host else session
    action = parts.call if parts.lead == "SYSCALL" and parts.call else parts.lead
    tags = [f"audit:{label}" for label in fields.get("key", "").split("\x01") if label]
    if tag:
        tags.append(tag)
    if "SYSCALL" not in parts.types and parts.lead in AUXILIARY:
        tags.append("audit:part")
    return make_event((
        kind, at, text, quality, observed, action, outcome, _severity(parts.lead, kind, outcome, fields),
        actor_id, actor_name, "user" if actor_id or actor_name else "",
        subject, "", ("group" if "GROUP" in parts.lead or "GRP" in parts.lead else "user") if subject else "",
        object_id, object_name, object_type,
        src_ip, dst_ip, src_port, dst_port, "",
        "", "", "", host, session, "",
        _message(parts, action, outcome, actor_name or actor_id, subject, object_id, src_ip, dst_ip),
        tuple(tags),
        orjson.dumps(attributes).decode(),
        _keys(first, fields, {actor_id, actor_name, subject}),
    ))  # fmt: skip


def _together(lines: Sequence[Line]) -> tuple[_Parts, dict[str, object]]:
    """All fields of all records, and the attributes: a name that comes again with another value is told by record."""
    fields: Fields = {}
    again: dict[str, list[str]] = {}
    arguments: list[str] = []
    types = tuple(dict.fromkeys(line.type for line in lines))
    lead = next((kind for kind in types if kind not in AUXILIARY and kind != "SYSCALL"), "")
    lead = lead or ("SYSCALL" if "SYSCALL" in types else types[0])
    # What the leading record says counts first: an AVC names another file or mask than the call's own records.
    for line in sorted(lines, key=lambda line: (line.type != lead, line.type != "SYSCALL")):
        if line.type == "PATH":
            continue
        if line.type == "EXECVE":
            arguments += arguments_of(line.fields)
        elif not fields and not line.more:
            fields = dict(line.fields)
            continue
        for name, value in (*line.fields.items(), *line.more):
            if line.type == "EXECVE" and name[1:2].isdigit():
                continue
            if fields.setdefault(name, value) != value:
                again.setdefault(f"{line.type}.{name}", []).append(value)
    call = fields.get("SYSCALL", "") or syscall_name(fields.get("arch", ""), fields.get("syscall", ""))
    socket = socket_of(fields["saddr"]) if "saddr" in fields else None
    paths = tuple(line.fields for line in lines if line.type == "PATH")
    parts = _Parts(lead, fields, types, paths, tuple(arguments), socket, call)
    return parts, _attributes(lines[0], parts, again)


def _attributes(first: Line, parts: _Parts, again: dict[str, list[str]]) -> dict[str, object]:
    """Every field under its own name, and what was made of some."""
    fields, socket = parts.fields, parts.socket
    arch = fields.get("arch", "")
    found: dict[str, object] = {"type": list(parts.types), "time": first.time, "serial": first.serial, **fields}
    found |= {name: values[0] if len(values) == 1 else values for name, values in again.items()}
    made: tuple[tuple[str, object], ...] = (
        ("node", first.node),
        ("paths", parts.paths),
        ("args", parts.arguments),
        ("syscall_name", parts.call if parts.call != fields.get("syscall") else ""),
        ("arch_name", arch_name(arch) if arch_name(arch) != arch else ""),
        ("socket", {name: value for name, value in socket._asdict().items() if value} if socket else None),
    )
    return found | {name: value for name, value in made if value}


def _outcome(fields: Fields) -> str:
    for name in ("res", "result", "success", "seresult"):
        if name in fields:
            return _OUTCOMES.get(fields[name].lower(), "")
    verdict = fields.get("apparmor", "")
    return "failure" if verdict == "DENIED" else "success" if verdict else ""


def _kind(parts: _Parts) -> tuple[str, str]:
    """The event's type, and how it ended."""
    fields, lead = parts.fields, parts.lead
    outcome = _outcome(fields)
    if lead == "SYSCALL":
        return _call(parts, outcome)
    kind = MEANINGS.get(lead, "process.syscall" if "SYSCALL" in parts.types else "log.line")
    if lead in {"AVC", "USER_AVC"} or kind == "access.denied":
        return _judged(parts, kind, outcome)
    if outcome == "failure":
        return _refused(kind, lead, _program(fields)), outcome
    return _sharper(kind, lead, fields), outcome


def _judged(parts: _Parts, kind: str, outcome: str) -> tuple[str, str]:
    """What an access rule said. Where it only watched, the call's own record tells what was done."""
    fields = parts.fields
    verdict = (fields.get("seresult") or fields.get("apparmor", "")).lower()
    denied = verdict == "denied" if verdict else kind == "access.denied"
    if denied and fields.get("permissive") != "1":
        return "access.denied", "failure"
    if "SYSCALL" in parts.types and not denied:
        return _call(parts, outcome)
    return "access.checked", "success"


def _refused(kind: str, lead: str, program: str) -> str:
    """The type of a record that tells of a failure."""
    if kind == "auth.login":
        return "auth.login_failed"
    if lead in {"USER_AUTH", "USER_ACCT", "GRP_AUTH", "CRED_ACQ", "CRED_REFR"}:
        if program in _RAISE:
            return "auth.privilege_refused"
        return "auth.check_failed" if program in _TELL_THE_END or lead != "USER_AUTH" else "auth.login_failed"
    if kind == "auth.privilege_used":
        return "auth.privilege_refused"
    if kind == "access.checked":
        return "access.denied"
    return "service.error" if lead == "SERVICE_START" else kind


def _sharper(kind: str, lead: str, fields: Fields) -> str:
    op = fields.get("op", "")
    if lead == "CONFIG_CHANGE" and (
        fields.get("audit_enabled") == "0" or op.replace("-", "_").strip('"') == "remove_rule"
    ):
        return "logging.disabled"
    if lead == "VIRT_CONTROL":
        return {"start": "container.started", "stop": "container.stopped", "create": "resource.created"}.get(op, kind)
    if lead == "SOFTWARE_UPDATE":
        return {"install": "software.installed", "remove": "software.removed"}.get(op, kind)
    if lead == "BPF" and op == "UNLOAD":
        return "process.syscall"
    return kind


def _call(parts: _Parts, outcome: str) -> tuple[str, str]:
    """The type and outcome of a system call, by its name, its arguments and the files it met."""
    fields, call = parts.fields, parts.call
    if outcome == "failure":
        code = fields.get("exit", "").partition("(")[0]
        if code in _UNDER_WAY:
            outcome = "unknown"
        elif code in _REFUSED:
            return "access.denied", outcome
    kind = _CALL_TYPES.get(call, "process.syscall")
    if kind == "network.connection" and call not in {"connect", "accept", "accept4"}:
        kind = kind if parts.socket is not None and parts.socket.ip else "process.syscall"
    elif kind == "file.read" and call in {"open", "openat", "openat2"}:
        kind = _opened(parts)
    elif call == "ptrace" and fields.get("a0", "") in _POKES:
        kind = "process.injected"
    elif call in _SIGNALS and fields.get(_SIGNALS[call], "") in _ENDING:
        kind = "process.stopped"
    return kind, outcome


def _opened(parts: _Parts) -> str:
    """What opening a file means: making it, writing to it, or reading it."""
    if any(path.get("nametype") == "CREATE" for path in parts.paths):
        return "file.created"
    flags = parts.fields.get(_FLAGS.get(parts.call, ""), "")
    if "O_WRONLY" in flags or "O_RDWR" in flags:
        return "file.changed"
    try:
        return "file.changed" if int(flags, 16) & 3 else "file.read"
    except ValueError:
        return "file.read"


def _program(fields: Fields) -> str:
    return (fields.get("exe") or fields.get("comm", "")).rpartition("/")[2].removesuffix(" (deleted)")


def _people(parts: _Parts) -> tuple[str, str, str]:
    """Id and name of who acted, and the account it was about."""
    fields = parts.fields
    acct = fields.get("acct") or fields.get("id_name", "")
    auid, name = fields.get("auid", ""), fields.get("AUID", "")
    if parts.lead == "VIRT_CONTROL" and fields.get("user"):
        name = fields["user"]
    if (
        not acct
        and fields.get("id", "") not in {"", *_UNSET}
        and parts.lead.startswith(("USER_", "ADD_", "DEL_", "ACCT"))
    ):
        acct = fields.get("ID") or fields["id"]
    about = parts.lead.startswith(("ADD_", "DEL_", "ACCT_", "ROLE_", "GRP_", "USER_MGMT", "USER_CHAUTHTOK"))
    if acct and not about and _program(fields) not in _ABOUT_OTHERS:
        return ("" if auid in _UNSET else auid) or acct, acct, ""
    if auid not in _UNSET:
        return auid, "" if name == "unset" else name, acct if acct not in {auid, name} else ""
    uid = fields.get("uid", "")
    return ("" if uid in _UNSET else uid), fields.get("UID", "") if uid not in _UNSET else "", acct


_FILE_CALLS = ("file.", "process.started", "access.denied", "module.", "host.device")


def _object(parts: _Parts, kind: str) -> tuple[str, str, str]:
    """Id, name and type of what was acted on."""
    fields = parts.fields
    command = _command(parts, kind)
    if command:
        return command, fields.get("exe", "") if parts.lead not in {"USER_CMD", "TTY", "USER_TTY"} else "", "command"
    for name, what in _NAMED:
        if fields.get(name):
            return fields[name], "", what
    found, what = _thing(parts, kind)
    return found, "", what if found else ""


def _command(parts: _Parts, kind: str) -> str:
    """The command line that ran, or was typed."""
    fields = parts.fields
    if parts.lead in {"USER_CMD", "TTY", "USER_TTY"}:
        return fields.get("cmd") or fields.get("data", "")
    if parts.arguments:
        return " ".join(parts.arguments)
    return (fields.get("proctitle") or fields.get("exe", "")) if kind == "process.started" else ""


def _thing(parts: _Parts, kind: str) -> tuple[str, str]:
    """The file, module, socket or program a record speaks of, and which of them it is."""
    fields = parts.fields
    named = fields.get("path") or fields.get("name", "")
    if parts.lead in {"AVC", "USER_AVC"} and named:
        return named, fields.get("tclass", "file")
    path = _path(parts)
    if path and (kind.startswith(_FILE_CALLS) or parts.lead in {"SYSCALL", "PATH", "CONFIG_CHANGE"}):
        return path, "file"
    if parts.lead == "KERN_MODULE":
        return named, "module"
    if parts.socket is not None and parts.socket.path:
        return parts.socket.path, "socket"
    if kind in {"process.stopped", "access.denied", "process.state"}:
        return fields.get("exe") or fields.get("comm") or fields.get("proctitle", ""), "program"
    return fields.get("path") or fields.get("dir", ""), "file"


_NAMED = (
    ("unit", "service"), ("vm", "machine"), ("sw", "package"), ("grp", "group"), ("new_group", "group"),
    ("table", "firewall table"),
)  # fmt: skip


def _path(parts: _Parts) -> str:
    """The file a call was about: what it deleted or made before what it went through."""
    cwd = parts.fields.get("cwd", "")
    for wanted in (("DELETE",), ("CREATE",), ("NORMAL", "UNKNOWN", "")):
        for path in parts.paths:
            name = path.get("name", "")
            if path.get("nametype", "") in wanted and name:
                return name if name.startswith("/") or not cwd else f"{cwd.rstrip('/')}/{name}"
    return next((path["name"] for path in parts.paths if path.get("name")), "")


def _addresses(parts: _Parts) -> tuple[str, int, str, int]:
    """Source and destination."""
    fields, socket = parts.fields, parts.socket
    if socket is not None and socket.ip:
        if parts.call in _INBOUND or parts.call == "getpeername":
            return socket.ip, socket.port, "", 0
        return "", 0, socket.ip, socket.port
    if "saddr" in fields and parts.lead == "NETFILTER_PKT":
        return (
            canonical_ip(fields["saddr"]), port_of_text(fields.get("sport", "")),
            canonical_ip(fields.get("daddr", "")), port_of_text(fields.get("dport", "")),
        )  # fmt: skip
    source = canonical_ip(fields.get("addr") or fields.get("src") or fields.get("raddr") or fields.get("hostname", ""))
    target = canonical_ip(fields.get("laddr") or fields.get("dst") or fields.get("dest", ""))
    port = fields.get("rport") or fields.get("src_port") or (fields.get("port", "") if source else "")
    return (
        source, port_of_text(port),
        target, port_of_text(fields.get("lport", "")),
    )  # fmt: skip


def _severity(lead: str, kind: str, outcome: str, fields: Fields) -> int:
    if kind == "alert.raised" or (kind == "logging.disabled" and lead == "CONFIG_CHANGE"):
        return 2
    if lead == "ANOM_ABEND" or (lead == "MAC_STATUS" and fields.get("enforcing") == "0"):
        return 2
    return 1 if kind == "access.denied" and outcome == "failure" else 0


def _message(
    parts: _Parts, action: str, outcome: str, who: str, subject: str, thing: str, src_ip: str, dst_ip: str
) -> str:
    """Who did what to what from where, and how it ended."""
    fields = parts.fields
    op = fields.get("op") or fields.get("operation", "")
    words = [f"{who}:" if who else "", action, op]
    if subject:
        words.append(f"for {subject}")
    if thing:
        words.append(thing)
    moved = [path["name"] for path in parts.paths if path.get("nametype") == "CREATE" and path.get("name")]
    if moved and moved[0] != thing and action.startswith("rename"):
        words.append(f"to {moved[0]}")
    if fields.get("exe") and fields["exe"] != thing:
        words.append(f"by {fields['exe']}")
    if src_ip:
        words.append(f"from {src_ip}")
    if dst_ip:
        words.append(f"to {dst_ip}")
    if fields.get("seperms") or fields.get("requested_mask"):
        words.append(f"({fields.get('seperms') or fields['requested_mask']})")
    text = " ".join(filter(None, words))
    return f"{text}: {outcome}" if outcome else text


def _keys(first: Line, fields: Fields, told: set[str]) -> tuple[tuple[str, str], ...]:
    names = [fields.get(name, "") for name in ("acct", "UID", "AUID")]
    pairs = [("identity", name) for name in names if name and name not in told and name not in _UNSET]
    if fields.get("fp"):
        pairs.append(("hash", fields["fp"]))
    return keys_of([("custom", f"audit:{':'.join(first.key)}"), *pairs])
