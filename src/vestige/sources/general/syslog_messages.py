"""What the messages of a system's programs say: sign-in programs, account tools, and the system's own services.

``understand(program, message, host, pid)`` answers with a :class:`Meaning`, or none where the message says nothing this
module knows. Each refused sign-in is one ``auth.login_failed``: PAM's own line about a check that failed inside sshd is
``auth.check_failed``, since sshd writes how the attempt ended itself; a program that leaves that to PAM gets
``auth.login_failed``.

Session ids of logind and process ids of sshd mean something on one host only, so the session they become is
qualified: ``web-1:258``, ``web-1:sshd[17262]``.

The messages themselves stand in :mod:`vestige.sources.general.syslog_rules` (sshd, sudo, su, cron, logind, account
tools) and :mod:`vestige.sources.general.syslog_system_rules` (systemd, kernel, mail, DNS, DHCP and others); those of
PAM's modules (Linux-PAM) and of netfilter's LOG target, ``IN=eth0 OUT= SRC=… DST=… PROTO=TCP SPT=… DPT=…``, here.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from vestige.sources.general import syslog_rules as said_by
from vestige.sources.general import syslog_system_rules as said_by_system
from vestige.sources.reading.fields import canonical_ip, port_of_text

if TYPE_CHECKING:
    from collections.abc import Callable


Details = tuple[tuple[str, str], ...]


class Meaning(NamedTuple):
    """What a message says, in the event model's words; ``details`` are its parts under their own names."""

    event_type: str
    action: str
    outcome: str = ""
    actor: str = ""
    subject: str = ""
    object_id: str = ""
    object_type: str = ""
    src_ip: str = ""
    src_port: int = 0
    session: str = ""
    keys: tuple[tuple[str, str], ...] = ()
    severity: int = 0
    details: Details = ()
    dst_ip: str = ""
    dst_port: int = 0
    protocol: str = ""


_SSHD = said_by.by_first_word(said_by.SSHD)
_OTHERS = {
    "sudo": said_by.rules_of(said_by.SUDO),
    "su": said_by.rules_of(said_by.SU),
    "cron": said_by.rules_of(said_by.CRON),
    "systemd-logind": said_by.rules_of(said_by.LOGIND),
    "systemd": said_by.rules_of(said_by.SYSTEMD),
    "accounts": said_by.rules_of(said_by.ACCOUNTS),
    "login": said_by.rules_of(said_by.LOGIN),
    "dropbear": said_by.rules_of(said_by.DROPBEAR),
    "ftpd": said_by.rules_of(said_by.FTPD),
    "pam": said_by.rules_of(said_by.PAM),
}

_KINDS = {
    **{name: name for name in _OTHERS},
    **dict.fromkeys(("runuser",), "su"),
    **dict.fromkeys(("crond", "crontab", "anacron"), "cron"),
    **dict.fromkeys(("useradd", "usermod", "userdel", "adduser", "chfn", "chsh", "chage"), "accounts"),
    **dict.fromkeys(("groupadd", "groupmod", "groupdel", "gpasswd", "passwd", "chpasswd"), "accounts"),
}
_SYSTEM = {program: said_by.rules_of(table) for program, table in said_by_system.BY_PROGRAM.items()}
_PACKET = re.compile(r"(?:^|\s)(?P<parts>IN=\S* OUT=\S* .*)", re.DOTALL)
_UPTIME = re.compile(r"\[ *\d+\.\d+\] ?")
_BLOCKING = re.compile(r"block|drop|den(?:y|ied)|reject", re.IGNORECASE)
_LETTING = re.compile(r"allow|accept|pass|permit", re.IGNORECASE)
_PAM = re.compile(r"pam_(?P<module>\w+)(?:\((?P<service>[^:()]*):(?P<phase>\w+)\)|\[\d+\])?: (?P<said>.*)", re.DOTALL)
_OPENED = re.compile(
    r"session opened for user (?P<user>[^\s(]+)(?:\(uid=\d+\))?(?: by (?P<by>[^\s(]*)(?:\(uid=(?P<uid>\d+)\))?)?"
)
_CLOSED = re.compile(r"session closed for user (?P<user>\S+)")
_REFUSED = re.compile(r"(?:\d+ more )?authentication failures?; (?P<parts>.*)")
_CHANGED = re.compile(r"password changed for (?P<user>\S+)")
_UNKNOWN = re.compile(r"user [\"'](?P<user>[^\"']*)[\"'] does not exist.*|check pass; user unknown")
_LOCKED = re.compile(
    r"(?:user (?P<user>\S+) \(\d+\) tally"
    r"|Consecutive login failures for user (?P<user2>\S+) account temporarily locked).*"
)
_PARTS = re.compile(r"(?<!\w)(\w+)=(\S*)")
_REPEATED = re.compile(r"message repeated (\d+) times?: \[ ?(.*)\]", re.DOTALL)
_RAISING = frozenset({"sudo", "su", "sudo-i", "su-l", "runuser", "runuser-l", "polkit-1", "doas"})
_TELLING = frozenset({"sshd"})
_CHILDREN = re.compile(r"sshd(?:-session|-auth)?")
_EDITS = {"REPLACE": "resource.changed", "DELETE": "resource.deleted", "LIST": "resource.read"}


@lru_cache(maxsize=4096)
def _speaker(program: str) -> tuple[str, bool, list[said_by.Rule] | None]:
    """A program's plain name, whether it is sshd, and the rules for what it says."""
    name = program.partition("(")[0].rpartition("/")[2]
    rules = [*_OTHERS.get(_KINDS.get(name) or _KINDS.get(name.lower(), ""), ()), *_SYSTEM.get(name, ())]
    return name, _CHILDREN.fullmatch(name) is not None, rules or None


def understand(program: str, message: str, host: str, pid: str) -> Meaning | None:
    """The meaning of one program's message, or none.

    Args:
        program: the tag of the line, without the process id.
        message: without white space around it.
        host: where it was written, to qualify ids that mean something only there.
        pid: of the process that wrote it.
    """
    name, is_sshd, rules = _speaker(program)
    if message.startswith("pam_"):
        return _pam(_PAM.match(message), name, host, pid)
    if message.startswith("message repeated ") and (found := _REPEATED.fullmatch(message)) is not None:
        inner = understand(program, found[2].strip(), host, pid)
        return None if inner is None else inner._replace(details=(*inner.details, ("repeated", found[1])))
    if program.endswith("(pam_unix)"):
        return _pam_said(message, name, "", host, pid)
    if is_sshd:
        return _sshd(message, f"{host}:sshd[{pid}]" if pid else "")
    if name in {"kernel", "ulogd"}:
        message = _UPTIME.sub("", message, count=1)
        packet = _PACKET.search(message) if " OUT=" in message else None
        if packet is not None:
            return _packet(message[: packet.start("parts")].strip(), dict(_PARTS.findall(packet["parts"])))
    return None if rules is None else _first(rules, message, host, "")


_MARKS = ("error: ", "fatal: ", "warning: ", "debug1: ")


def _sshd(message: str, session: str) -> Meaning | None:
    if message.startswith(_MARKS):
        message = message.partition(" ")[2]
    rules = _SSHD.get(message.partition(" ")[0])
    meaning = None if rules is None else _first(rules, message, "", session)
    return Meaning("log.line", "", session=session) if meaning is None and session else meaning


def _first(rules: list[said_by.Rule], message: str, host: str, session: str) -> Meaning | None:
    for rule in rules:
        found = rule.pattern.fullmatch(message)
        if found is not None:
            return _meaning(found.groupdict(), rule, host, session)
    return None


def _packet(prefix: str, named: dict[str, str]) -> Meaning:
    """A packet that a firewall's LOG rule saw; its prefix is all that tells what became of it."""
    refused = _BLOCKING.search(prefix) is not None
    return Meaning(
        "network.denied" if refused else "network.connection",
        prefix or "LOG",
        "failure" if refused else "success" if _LETTING.search(prefix) else "",
        src_ip=canonical_ip(named.get("SRC", "")),
        src_port=port_of_text(named.get("SPT", "")),
        details=tuple((name, value) for name, value in named.items() if value),
        dst_ip=canonical_ip(named.get("DST", "")),
        dst_port=port_of_text(named.get("DPT", "")),
        protocol=named.get("PROTO", "").lower(),
    )


def _meaning(parts: dict[str, str | None], rule: said_by.Rule, host: str, session: str) -> Meaning:
    """Turn a rule's named groups into a meaning; groups without a field of their own become details."""
    get = parts.get
    _, kind, action, outcome = rule
    if get("pre") and kind in {"auth.logout", "network.connection"}:
        kind = "auth.probe"
    elif not kind:
        kind = _EDITS.get(get("what") or "", "log.line")
    if "{" in action:
        action = action.format_map({name: value or "" for name, value in parts.items()})
    details = [(name, value) for name, value in parts.items() if value and name in _SHOWN]
    if get("bad"):
        details.append(("invalid_user", "true"))
    actor, subject, address = (get("user") or "").strip(), get("target") or "", get("ip") or get("ip2") or ""
    object_id, object_type = _object(parts, kind)
    listed = get("parts") or get("pam")
    if listed:
        named = dict(_sudo_parts(listed) if "COMMAND=" in listed or "TTY=" in listed else _listed(listed))
        details += named.items()
        actor, subject = actor or named.get("user", ""), subject or named.get("USER", "")
        address = address or named.get("rhost", "")
        if "COMMAND" in named:
            object_id, object_type = named["COMMAND"], "command"
    fingerprint, number = get("fp"), get("id")
    return Meaning(
        kind,
        action,
        outcome,
        actor,
        subject,
        object_id,
        object_type,
        canonical_ip(address) if address else "",
        port_of_text(get("port") or ""),
        f"{host}:{number}" if number and host else "" if kind.startswith("service.") else session,
        (("hash", fingerprint),) if fingerprint else (),
        2 if get("alarm") or "NOT in sudoers" in (get("why") or "") else 0,
        tuple(details),
        canonical_ip(get("dst") or ""),
        port_of_text(get("dport") or ""),
    )


def _object(parts: dict[str, str | None], kind: str) -> tuple[str, str]:
    """What was acted on: a command, a group, a service, or what else a pattern names."""
    what = parts.get("what")
    for name, kept in _OBJECTS.items():
        found = parts.get(name)
        if found:
            return found, kept
    if what and kind.startswith("service."):
        return what, "service"
    return what or "" if kind.startswith("session.") else "", ""


_OBJECTS = {
    **{name: name for name in ("command", "group", "program", "device", "module", "package", "domain", "file")},
    "act": "action",
    "lease": "address",
    "mail": "message",
}
"""Groups of a pattern that name what was acted on, and what it then is."""
_SHOWN = frozenset({
    "how", "level", "service", "jail", "record", "lease", "act", "mail", "uid", "device",
    "method", "key", "fp", "reason", "code", "count", "signal", "dst", "dport", "claimed", "sent", "what", "why", "tty",
    "more", "group", "command", "id",
})  # fmt: skip


def _listed(text: str) -> list[tuple[str, str]]:
    return [(name, value.rstrip(",")) for name, value in _PARTS.findall(text) if value.rstrip(",")]


def _sudo_parts(text: str) -> list[tuple[str, str]]:
    """``TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=…``; the command is the rest, whatever it holds."""
    head, mark, command = text.partition("COMMAND=")
    parts = []
    for piece in head.split(" ; "):
        name, equals, value = piece.strip().partition("=")
        if equals:
            parts.append((name, value.removesuffix(" ;")))
    return [*parts, ("COMMAND", command)] if mark else parts


def _pam(found: re.Match[str] | None, name: str, host: str, pid: str) -> Meaning | None:
    if found is None:
        return None
    return _pam_said(found["said"], found["service"] or name, found["module"], host, pid)


def _pam_said(said: str, service: str, module: str, host: str, pid: str) -> Meaning | None:
    """What a PAM module reports on behalf of a service."""
    details = tuple((name, value) for name, value in (("service", service), ("module", module)) if value)
    session = f"{host}:sshd[{pid}]" if service == "sshd" and pid else ""
    for pattern, make in _PAM_RULES:
        found = pattern.match(said)
        if found is not None:
            return make(found, service, details, session)
    return Meaning("log.line", "", session=session, details=details) if session else None


def _pam_opened(found: re.Match[str], service: str, details: Details, session: str) -> Meaning:
    user, by = found["user"], found["by"] or ""
    raised = service in _RAISING and by != ""
    if found["uid"] is not None:
        details = (*details, ("by_uid", found["uid"]))
    return Meaning(
        "session.opened",
        "session opened",
        "success",
        by if raised else user,
        user if raised else "",
        session=session,
        details=details,
    )


def _pam_closed(found: re.Match[str], _service: str, details: Details, session: str) -> Meaning:
    return Meaning("session.closed", "session closed", "", found["user"], session=session, details=details)


def _pam_refused(found: re.Match[str], service: str, details: Details, session: str) -> Meaning:
    named = dict(_listed(found["parts"]))
    if service in _RAISING:
        kind, actor, target = (
            "auth.privilege_refused",
            named.get("ruser") or named.get("logname", ""),
            named.get("user", ""),
        )
    else:
        kind = "auth.check_failed" if service in _TELLING else "auth.login_failed"
        actor, target = named.get("user", ""), ""
    return Meaning(
        kind, "authentication failure", "failure", actor, target,
        src_ip=canonical_ip(named.get("rhost", "")) if named.get("rhost") else "",
        session=session, details=(*details, *named.items()),
    )  # fmt: skip


def _pam_changed(found: re.Match[str], _service: str, details: Details, session: str) -> Meaning:
    return Meaning(
        "account.credential_changed",
        "password changed",
        "success",
        subject=found["user"],
        session=session,
        details=details,
    )


def _pam_unknown(found: re.Match[str], service: str, details: Details, session: str) -> Meaning:
    user = found["user"] or ""
    if service in {"chpasswd", "passwd"}:
        return Meaning("account.credential_changed", "user does not exist", "failure", subject=user, details=details)
    return Meaning("auth.check_failed", "user unknown", "failure", user, session=session, details=details)


def _pam_locked(found: re.Match[str], _service: str, details: Details, session: str) -> Meaning:
    user = found["user"] or found["user2"] or ""
    return Meaning("account.changed", "locked after failures", "", subject=user, session=session, details=details)


_PAM_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], str, Details, str], Meaning]], ...] = (
    (_OPENED, _pam_opened),
    (_CLOSED, _pam_closed),
    (_REFUSED, _pam_refused),
    (_CHANGED, _pam_changed),
    (_UNKNOWN, _pam_unknown),
    (_LOCKED, _pam_locked),
)
