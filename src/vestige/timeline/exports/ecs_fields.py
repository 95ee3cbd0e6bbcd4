"""Where the original fields of formats go in the Elastic Common Schema: by their own names, as each format writes them.

A value is put only if it can be what the schema says (a number for a port or a pid); otherwise it stays where it is
kept anyway, under ``vestige.attributes``. What a name means in one format only stands in a table of its own, and wins
over the general one: a ``path`` is a program's to Santa and a URL's to a web server.

References: Elastic Common Schema 8.17 field reference; Filebeat's modules for which field of a format goes where.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
destination.domain          text    vhost
user_agent.original         text    user_agent userAgent http_user_agent cs(User-Agent)
process.pid                 number  pid procid process_id ProcessId NewProcessId
process.thread.id           number  tid ThreadID
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
_OWN = """
auditd       host.architecture            text    arch_name
auditd       process.args                 texts   args
auditd       process.args_count           number  argc
auditd       process.exit_code            number  exit
auditd       user.audit.id                text    auid
auditd       user.effective.id            text    euid
auditd       user.effective.group.id      text    egid
auditd       user.filesystem.id           text    fsuid
auditd       user.filesystem.group.id     text    fsgid
auditd       user.group.id                text    gid
auditd       user.saved.id                text    suid
auditd       user.saved.group.id          text    sgid
santa        process.executable           text    path
santa        process.hash.sha256          text    sha256
santa        process.command_line         text    args
santa        user.id                      text    uid
santa        group.id                     text    gid
santa        group.name                   text    group
osquery      user.name                    text    decorations.username
syslog       user.id                      text    by_uid UID
haproxy      http.response.bytes          number  bytes
iis          url.original                 text    cs-uri-stem
iis          source.address               text    c-ip
iis          destination.address          text    s-ip
web_access   source.address               text    client
web_access   source.domain                name    client
web_access   http.request.id              text    req_id
mysql_slow   source.domain                text    host
nats         client.ip                    text    client
nats         client.port                  number  client_port
pensando     client.ip                    text    srcaddr
pensando     client.port                  number  srcport
pensando     server.ip                    text    destaddr
pensando     server.port                  number  destport
"""
_MOST_ARGS: Final = 1_000


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii():
        try:
            return int(value, 16 if value[:2].lower() == "0x" else 10)
        except ValueError:
            return None
    return None


def _texts(value: object) -> list[str] | None:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return None
    return value[:_MOST_ARGS]


def _name(value: object) -> str | None:
    """A host's name: neither an address nor a socket's path."""
    if not isinstance(value, str) or ":" in value or "/" in value:
        return None
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return value
    return None


_KINDS: Final[dict[str, Callable[[object], object]]] = {
    "text": _text,
    "number": _number,
    "texts": _texts,
    "name": _name,
}
_Places = dict[str, list[tuple[str, "Callable[[object], object]"]]]


def _places() -> tuple[_Places, dict[str, _Places]]:
    """The places of each name: of any format, and of single ones."""
    general: _Places = defaultdict(list)
    own: dict[str, _Places] = defaultdict(lambda: defaultdict(list))
    for path, kind, *names in (line.split() for line in _TABLE.strip().splitlines()):
        for name in names:
            general[name].append((path, _KINDS[kind]))
    for form, path, kind, *names in (line.split() for line in _OWN.strip().splitlines()):
        for name in names:
            own[form][name].append((path, _KINDS[kind]))
    return dict(general), {form: dict(places) for form, places in own.items()}


_GENERAL, _FORMATS = _places()


def original_fields(attributes: dict[str, Any], form: str) -> Iterator[tuple[str, object]]:
    """The (path, value) pairs of the original fields that the schema has a place for, whatever format they are of."""
    own = _FORMATS.get(form, {})
    for name, value in attributes.items():
        if name in _GENERAL and not (name == "path" and name in own):
            yield from _fitting(_GENERAL[name], value)


def own_fields(attributes: dict[str, Any], form: str) -> Iterator[tuple[str, object]]:
    """The same of the fields that mean something in this format only."""
    for name, places in _FORMATS.get(form, {}).items():
        outer, _, inner = name.partition(".")
        value = attributes.get(outer)
        if inner:
            value = value.get(inner) if isinstance(value, dict) else None
        yield from _fitting(places, value)


def derived_fields(document: dict[str, Any], form: str) -> Iterator[tuple[str, object]]:
    """What follows from fields already placed, by the schema's own words."""
    url, process = document.get("url", {}), document.get("process", {})
    last = str(url.get("path", "")).rpartition("/")[2]
    if "." in last.strip("."):
        yield "url.extension", last.rpartition(".")[2]
    if form == "santa" and "executable" in process:
        # "Array of process arguments, starting with the absolute path to the executable"; Santa joins them by spaces.
        words = str(process.get("command_line", "")).split()[:_MOST_ARGS]
        yield "process.args", [process["executable"], *words]
        yield "process.args_count", len(words) + 1
    elif isinstance(process.get("args"), list) and "args_count" not in process:
        yield "process.args_count", len(process["args"])


def _fitting(places: list[tuple[str, Callable[[object], object]]], value: object) -> Iterator[tuple[str, object]]:
    for path, fit in places:
        fitting = fit(value)
        if fitting is not None:
            yield path, fitting
