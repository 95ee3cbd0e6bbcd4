r"""The messages of sign-in programs, as patterns: one rule a line, ``type | outcome | action | pattern``.

A pattern matches a whole message. ``<name>`` is one word, ``<name*>`` any text, both as short as possible; words that
begin with ``@`` stand for the pieces in :data:`_PIECES`; the rest is a regular expression. ``{name}`` in an action is
what the pattern found. A line that begins with a space goes on with the pattern before it. Rules are tried in order.

What the names mean is :mod:`vestige.sources.general.syslog_messages`' business.

Sources: OpenSSH 5 to 9 (auth.c, auth2.c, packet.c, sshd.c), sudo's logging.c, shadow-utils, util-linux login and su,
dropbear, cronie and Debian cron, systemd, systemd-logind.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Rule(NamedTuple):
    """One thing a program says."""

    pattern: re.Pattern[str]
    event_type: str
    """Empty: the message's ``what`` decides."""
    action: str
    outcome: str
    first_word: str
    """The first word of everything it matches; empty where that is not one word."""


_PIECES = {
    "@from": r"(?P<ip>\S+)(?: port (?P<port>\d+))?",
    "@at": r"(?P<ip>\S+):(?P<port>\d+)",
    "@who": r"(?P<bad>invalid user |illegal user )?(?P<user>.*?)",
    "@user": r"(?:(?:authenticating user |(?P<bad>invalid) user |user )(?P<user>.*?) )?",
    "@pre": r"(?P<pre> \[preauth\])?",
    "@ssh": r"\s*(?:ssh\d?)?(?:: (?P<key>\S+) (?P<fp>\S+).*)?",
    "@alarm": r"(?: - POSSIBLE (?P<alarm>BREAK-IN) ATTEMPT!)?",
    "@quoted": r"[`'\"](?P<target>[^'\"]+)['\"]",
    "@group": r"[`'\"](?P<group>[^'\"]+)['\"]",
}
_LITERAL = re.compile(r"[\w:,'\"/=-]+")
_INERT = re.compile(r"\\.|\[[^\]]*\]", re.DOTALL)
"""Where a bracket or bar of a regular expression means itself."""
_PIECE = re.compile("|".join(sorted(_PIECES, key=len, reverse=True)))

SSHD = r"""
auth.login | success | Accepted {method} | Accepted <method> for @who from @from@ssh
auth.login_failed | failure | Failed {method} | Failed <method> for @who from @from@ssh
log.line | | Postponed {method} | Postponed <method> for @who from @from.*
auth.mfa | unknown | Partial {method} | Partial <method> for @who from @from.*
auth.login_failed | failure | Invalid user | Invalid user <user*> from @from
auth.login_failed | failure | Illegal user | Illegal user <user*> from @from
auth.probe | failure | invalid user | input_userauth_request: invalid user <user*>@pre
auth.login_failed | failure | not allowed | User <user> from <ip> not allowed because <reason*>
auth.login_failed | failure | not allowed | User <user> not allowed because <reason*>
auth.login_failed | failure | ROOT LOGIN REFUSED | ROOT LOGIN REFUSED FROM @from
auth.login_failed | failure | maximum authentication attempts exceeded | maximum authentication attempts exceeded for
  @who from @from(?: ssh\d?)?@pre
auth.check_failed | failure | PAM | PAM: (?P<reason>[^:]*?) for @who from <ip>
auth.check_failed | failure | more authentication failures | PAM (?P<count>\d+) more authentication failures?; <pam*>
auth.probe | failure | Disconnecting | Disconnecting: (?P<reason>Too many authentication failures)(?: for @who)?@pre
auth.probe | | Disconnecting | Disconnecting: <reason*>@pre
auth.probe | failure | Disconnecting | Disconnecting @user@from: <reason*>@pre
auth.logout | | Disconnected | Disconnected from @user@from@pre
network.connection | | Received disconnect | Received disconnect from @from: ?(?P<code>\d+): <reason*>@pre
service.stopped | | Received signal | Received signal (?P<signal>\d+); terminating\.
service.stopped | | Exiting | Exiting on signal (?P<signal>\d+)\.?
network.connection | | Connection | Connection from @from on (?P<dst>\S+?)(?: port (?P<dport>\d+))?(?: rdomain .*)?
network.connection | | Connection | Connection from @from
auth.probe | | Connection {how} | Connection (?P<how>closed|reset) by @user@from@pre
auth.probe | | Did not receive identification string | Did not receive identification string from @from
auth.probe | | Bad protocol version | Bad protocol version identification <sent*> from @from
auth.probe | | Unable to negotiate | Unable to negotiate with @from: <reason*>@pre
auth.probe | | Protocol versions differ | Protocol major versions differ for @from: .*
auth.probe | | banner exchange | banner exchange: Connection from @from: <reason*>
auth.probe | | Timeout before authentication | Timeout before authentication for (?:connection from )?@from(?: to .*)?
auth.probe | | kex_exchange_identification | kex_exchange_identification: <reason*>
auth.probe | | ssh_dispatch_run_fatal | ssh_dispatch_run_fatal: Connection from @from: <reason*>
auth.probe | | reverse mapping failed | reverse mapping checking getaddrinfo for <claimed> \[(?P<ip>[^\]]+)\]
  failed@alarm
auth.probe | | reverse mapping failed | reverse mapping checking getaddrinfo for <claimed> failed@alarm
auth.probe | | address does not map back | Address <ip> maps to <claimed>, but this does not map back to the
  address\.?@alarm
auth.probe | | Nasty PTR record | Nasty PTR record \"<claimed*>\" is set up for <ip>, ignoring
service.started | | Server listening | Server listening on <dst> port (?P<dport>\d+)\.?
session.opened | success | Starting session | Starting session: <what*> for <user> from @from id (?P<id>\d+)
session.closed | | Close session | Close session: user <user> from @from id (?P<id>\d+)
service.request | | subsystem request | subsystem request for <what>(?: by user <user>)?.*
auth.check_failed | failure | Authentication refused | Authentication refused: <reason*>
auth.check_failed | failure | no shadow information | Could not get shadow information for <user>
auth.probe | failure | refused connect | refused connect from (?:<claimed> \()?@from\)?
"""

SUDO = r"""
auth.privilege_refused | failure | sudo | (?P<user>\S+) : (?P<why>[^;=]*?) ; (?P<parts>(?:[A-Z]+=).*)
auth.privilege_used | success | sudo | (?P<user>\S+) : (?P<parts>(?:[A-Z]+=).*COMMAND=.*)
log.line | | sudo command continued | (?P<user>\S+) : \(command continued\) <more*>
"""

SU = r"""
auth.privilege_used | success | Successful su | Successful su for <target> by <user>
auth.privilege_refused | failure | FAILED su | FAILED (?:su|SU) for <target> by <user>
auth.privilege_refused | failure | FAILED su | FAILED SU \(to (?P<target>[^)]+)\) <user> on <tty>
auth.privilege_used | success | su | \(to (?P<target>[^)]+)\) <user> on <tty>
auth.privilege_refused | failure | BAD SU | BAD SU <user> to <target> on <tty>
auth.privilege_used | success | su | <user> to <target> on <tty>
log.line | | su {sign} | (?P<sign>[+-]) <tty> (?P<user>[^:\s]+):<target>
"""

CRON = r"""
schedule.ran | | CMD | \((?P<user>[^)]+)\) CMD \(<command*>\)?\)
 | | crontab {what} | \((?P<user>[^)]+)\) (?P<what>BEGIN EDIT|END EDIT|REPLACE|DELETE|LIST) \((?P<target>[^)]*)\)
schedule.ran | | Job started | Job [`'\"](?P<command>[^'\"]+)['\"] started
"""

LOGIND = r"""
session.opened | success | New session | New session <id> of user <user*>\.?
session.closed | | Removed session | Removed session <id*>\.
log.line | | Session logged out | Session <id> logged out\. .*
"""

SYSTEMD = r"""
session.opened | success | Started session | Started Session <id> of [Uu]ser <user*>\.
service.started | | Started | Started (?!target)<what*>\.?
service.stopped | | Stopped | Stopped (?!target)<what*>\.?
service.error | failure | Failed to start | Failed to start <what*>\.?
service.error | failure | Failed | (?P<what>\S+\.service): Failed with result <reason*>
"""

ACCOUNTS = r"""
account.created | success | new user | new user: name=(?P<target>[^,]+), <parts*>
account.created | success | new group | new group: name=(?P<group>[^,]+), <parts*>
account.created | success | group added | group added to \S+: name=(?P<group>[^,]+)(?:, <parts*>)?
account.created | failure | failed adding | failed adding (?P<what>user|group) @quoted(?:, <reason*>)?
access.granted | success | added to group | add @quoted to (?:shadow )?group @group
access.granted | success | added to group | user <target> added by <user> to group <group>
access.revoked | success | removed from group | delete @quoted from (?:shadow )?group @group
access.revoked | success | removed from group | user <target> removed by <user> from group <group>
account.deleted | success | delete user | delete user @quoted
account.deleted | success | removed group | remove(?:d)? (?:shadow )?group @group.*
account.deleted | success | removed group | group @group removed(?: from .*)?
account.credential_changed | success | password changed | changed? (?:user|group) @quoted(?:'s)? (?P<what>password)
account.changed | success | changed | (?:changed?|(?:un)?lock(?:ed)?) (?:user|group) @quoted.*
account.credential_changed | success | password changed | password for @quoted changed by '(?P<user>[^']+)'
account.changed | success | changed password expiry | changed password expiry for <target>
"""

LOGIN = r"""
auth.login_failed | failure | FAILED LOGIN | FAILED LOGIN (?:SESSION )?(?:\(?\d+\)? )?
 (?:FROM <ip>|on '(?P<tty>[^']+)'(?: from '(?P<ip2>[^']+)')?) FOR '?(?P<user>[^',]+)'?.*
auth.login | success | LOGIN | (?:ROOT )?LOGIN ON <tty>(?: BY <user>)?(?: FROM <ip>)?
"""

DROPBEAR = r"""
auth.login | success | {method} auth succeeded | <method> auth succeeded for '(?P<user>[^']+)'
 (?: with key <key> <fp>)? from @at
auth.login_failed | failure | Bad {method} attempt | Bad <method> attempt for '(?P<user>[^']+)'
 (?: with key \S+ \S+)? from @at
auth.login_failed | failure | nonexistent user | Login attempt for nonexistent user(?: '(?P<user>[^']+)')? from @at
network.connection | | Child connection | Child connection from @at
auth.probe | | Exit before auth | Exit before auth(?: from <@at>)?.*
"""

FTPD = r"""
network.connection | | connection | connection from <ip> \((?P<claimed>[^)]*)\) at .*
"""

PAM = r"""
auth.logout | | logged out | user <user> logged out\.
"""


def rules_of(table: str) -> list[Rule]:
    """The rules of a table, ready to match."""
    lines: list[str] = []
    for line in table.strip("\n").split("\n"):
        if line.startswith(" ") and not line.startswith(" | "):
            lines[-1] += line[1:]
        else:
            lines.append(line)
    return [_rule(*(part.strip() for part in line.split("|", 3))) for line in lines]


def _rule(event_type: str, outcome: str, action: str, pattern: str) -> Rule:
    pattern = re.sub(r"(?<!\?P)<(\w+)>", r"(?P<\1>\\S+)", pattern)
    pattern = re.sub(r"<(\w+)\*>", r"(?P<\1>.*?)", pattern)
    pattern = _PIECE.sub(lambda found: _PIECES[found[0]], pattern)
    return Rule(re.compile(pattern, re.DOTALL), event_type, action, outcome, _first_word(pattern))


def _first_word(pattern: str) -> str:
    word, space, _ = pattern.partition(" ")
    return word if space and _LITERAL.fullmatch(word) and not _is_choice(pattern) else ""


def _is_choice(pattern: str) -> bool:
    """Whether a bar outside all brackets makes the pattern a choice of several."""
    depth = 0
    for mark in re.findall(r"[()|]", _INERT.sub("", pattern)):
        depth += {"(": 1, ")": -1}.get(mark, 0)
        if mark == "|" and depth == 0:
            return True
    return False
