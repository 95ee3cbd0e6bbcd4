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
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from vestige.sources.general import syslog_rules as said_by
from vestige.sources.general import syslog_system_rules as said_by_system
from vestige.sources.general.syslog_meaning import PARTS, Details, Meaning, Sayings, listed_parts, meant
from vestige.sources.reading.fields import canonical_ip, port_of_text

if TYPE_CHECKING:
    from collections.abc import Callable

_SSHD = Sayings(said_by.rules_of(said_by.SSHD))
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
_REPEATED = re.compile(r"message repeated (\d+) times?: \[ ?(.*)\]", re.DOTALL)
_RAISING = frozenset({"sudo", "su", "sudo-i", "su-l", "runuser", "runuser-l", "polkit-1", "doas"})
_TELLING = frozenset({"sshd"})
_CHILDREN = re.compile(r"sshd(?:-session|-auth)?")


@lru_cache(maxsize=4096)
def _speaker(program: str) -> tuple[str, bool, Sayings | None]:
    """A program's plain name, whether it is sshd, and what it is known to say."""
    name = program.partition("(")[0].rpartition("/")[2]
    kind = _KINDS.get(name) or _KINDS.get(name.lower(), "")
    return name, _CHILDREN.fullmatch(name) is not None, _sayings(kind, name if name in _SYSTEM else "")


@cache
def _sayings(kind: str, system: str) -> Sayings | None:
    rules = [*_OTHERS.get(kind, ()), *_SYSTEM.get(system, ())]
    return Sayings(rules) if rules else None


def understand(program: str, message: str, host: str, pid: str) -> Meaning | None:
    """The meaning of one program's message, or none.

    Args:
        program: the tag of the line, without the process id.
        message: without white space around it.
        host: where it was written, to qualify ids that mean something only there.
        pid: of the process that wrote it.
    """
    name, is_sshd, sayings = _speaker(program)
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
        if message[:1] == "[":
            message = _UPTIME.sub("", message, count=1)
        packet = _PACKET.search(message) if " OUT=" in message else None
        if packet is not None:
            return _packet(message[: packet.start("parts")].strip(), dict(PARTS.findall(packet["parts"])))
    return None if sayings is None else sayings.meaning(message, host, "")


_MARKS = ("error: ", "fatal: ", "warning: ", "debug1: ")


def _sshd(message: str, session: str) -> Meaning | None:
    if message.startswith(_MARKS):
        message = message.partition(" ")[2]
    meaning = _SSHD.meaning(message, "", session)
    return Meaning("log.line", "", session=session) if meaning is None and session else meaning


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


def _pam(found: re.Match[str] | None, name: str, host: str, pid: str) -> Meaning | None:
    if found is None:
        return None
    module, service, _, said = found.groups()
    return _pam_said(said, service or name, module, host, pid)


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
    user, by, uid = found.groups()
    raised = service in _RAISING and by
    if uid is not None:
        details = (*details, ("by_uid", uid))
    actor, subject = (by, user) if raised else (user, "")
    return meant("session.opened", "session opened", "success", actor, subject, session, details)


def _pam_closed(found: re.Match[str], _service: str, details: Details, session: str) -> Meaning:
    return meant("session.closed", "session closed", "", found[1], "", session, details)


def _pam_refused(found: re.Match[str], service: str, details: Details, session: str) -> Meaning:
    named = dict(listed_parts(found["parts"]))
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
