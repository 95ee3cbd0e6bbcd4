"""Where the original fields of formats go in the Elastic Common Schema: by their own names, as each format writes them.

A value is put only if it can be what the schema says (a number for a port or a pid); otherwise it stays where it is
kept anyway, under ``vestige.attributes``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_TEXT, _NUMBER = "text", "number"

_TABLE = """
http.request.method         text    method http_method httpMethod request_method cs-method
http.request.referrer       text    referrer http_referer referer cs(Referer)
http.response.status_code   number  status status_code response_code http_status sc-status
http.response.body.bytes    number  bytes body_bytes_sent response_bytes sc-bytes
http.request.body.bytes     number  request_bytes cs-bytes
http.version                text    http_version
url.original                text    url request_url
url.path                    text    path url_path cs-uri-stem
url.query                   text    query url_query cs-uri-query
url.domain                  text    vhost url_host cs-host
user_agent.original         text    user_agent userAgent http_user_agent cs(User-Agent)
process.pid                 number  pid procid process_id ProcessId NewProcessId
process.name                text    app_name program process_name comm
process.executable          text    exe Image NewProcessName process_path
process.command_line        text    CommandLine cmdline ProcessCommandLine proctitle
process.working_directory   text    cwd CurrentDirectory
process.parent.pid          number  ppid ParentProcessId
process.parent.executable   text    ParentImage ParentProcessName
process.parent.command_line text    ParentCommandLine
file.path                   text    TargetFilename file_path filename
registry.path               text    TargetObject
dns.question.name           text    QueryName query_name rrname
log.level                   text    level severity_label log_level
log.syslog.facility.name    text    facility
log.syslog.severity.name    text    severity
log.syslog.msgid            text    msgid
log.logger                  text    logger
winlog.channel              text    Channel
winlog.provider_name        text    SourceName Provider
winlog.event_id             number  EventID
cloud.account.id            text    recipientAccountId accountId
cloud.region                text    awsRegion region
container.id                text    container_id
orchestrator.namespace      text    namespace
"""
_FIELDS: Final = {
    name: (path, kind)
    for path, kind, *names in (line.split() for line in _TABLE.strip().splitlines())
    for name in names
}


def original_fields(attributes: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """The (path, value) pairs of the original fields that the schema has a place for."""
    for name, value in attributes.items():
        if name in _FIELDS:
            path, kind = _FIELDS[name]
            fitting = _number(value) if kind == _NUMBER else value if isinstance(value, str) else None
            if fitting is not None:
                yield path, fitting


def _number(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii():
        try:
            return int(value, 16 if value[:2].lower() == "0x" else 10)
        except ValueError:
            return None
    return None
