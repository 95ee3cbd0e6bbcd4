"""Why Vestige says something else than Filebeat, or nothing, where it does. No reason makes a difference count less."""

from __future__ import annotations

_REASONS = """
icinga/main message | Filebeat keeps the empty line behind a record
kafka/log kafka.log.component | Filebeat takes a `[delete]` within the message (`cleanup.policy -> [delete]`) for a component
kafka/log message | as above: it then leaves out what stands before
apache/access url.path | Filebeat decodes the path; here it stays as it was sent
nginx/access url.path | Filebeat decodes the path; here it stays as it was sent
nginx/ingress_controller url.path | Filebeat decodes the path; here it stays as it was sent
iis/access url.query | Filebeat reads `+` as a space; here the query stays as it was logged
iis/access own | a row has fewer values than the `#Fields` line above it names: it is kept as unparsed
iis/access * | a row has fewer values than the `#Fields` line above it names: it is kept as unparsed
iis/error url.extension | Filebeat takes the rest after the last dot of the path, slashes included
auditd/log event.outcome | Filebeat passes the record's `1` on, which is no outcome of the schema
auditd/log host.architecture | a record alone, without the system call it belongs to
auditd/log process.args | a command in one text is not cut into arguments here; where they end is not stated
auditd/log process.args_count | as above
auditd/log process.executable | of a lone EXECVE record Filebeat takes the first argument for the program; it is what the caller chose
auditd/log user.id | who acted is the audit user (`auid`), under whichever `uid`; both are in the export
postgresql/log @timestamp | `EST` in July: Filebeat takes it as New York's clock, which has EDT then; here it is five hours behind
postgresql/log postgresql.log.query | Filebeat keeps the empty line at the end of the file
mysql/slowlog mysql.slowlog.query | what the server writes when it opens the log is no part of the statement before it
santa/log process.args | Filebeat's expectation has the arguments sorted
system/auth system.auth.sudo.command | white space at the end of a message is no part of the command
"""
_BY_FIELD = {tuple(head.split()): reason.strip() for head, _, reason in
             (line.partition("|") for line in _REASONS.strip().splitlines())}  # fmt: skip


def reason_of(module: str, field: str) -> str:
    """The reason, or empty where nobody has looked yet."""
    for place in ((module, field), (module, "*"), (module.partition("/")[0] + "/", "*")):
        if place in _BY_FIELD:
            return _BY_FIELD[place]
    return ""
