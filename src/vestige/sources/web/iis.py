"""Access logs of Microsoft's Internet Information Services in the W3C extended format.

Columns::

    date time (GMT)                         when the answer was sent
    s-sitename s-computername s-ip s-port   the site, the server, and where it was reached
    cs-method cs-uri-stem cs-uri-query      what was asked for
    cs-username c-ip [c-port]               by whom; the user is named once signed in
    cs-version cs(User-Agent) cs(Cookie) cs(Referer) cs-host
    sc-status sc-substatus sc-win32-status  how it ended; the latter two tell why
    sc-bytes cs-bytes time-taken            sizes, and milliseconds
    any other                               custom columns: kept; X-Forwarded-For gives a further address

Attributes: every column under its name, and the parts of the request under the family's plain names (``method``,
``url``, ``path``, ``query``, ``status``, ``bytes``, ``http_version``, ``referrer``, ``user_agent`` with spaces for
its ``+``, ``user``, ``vhost``, ``client``, ``duration`` in milliseconds).

A 401 is a refused sign-in where a user is named, or where substatus 1 comes with Windows' "logon failure"; the other
401s are the handshake's questions. 401.3 and 403 are refusals for want of rights.

References: Microsoft, "W3C Extended Log File Format (IIS 6.0)", "HTTP status codes in IIS"; winerror.h.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from vestige.sources.reading.fields import canonical_ip, keys_of, make_event, port_of_text
from vestige.sources.web.requests import count_of, ending_of, kind_of, telling
from vestige.sources.web.w3c import W3cRecords

if TYPE_CHECKING:
    from vestige.model.event import Event
    from vestige.sources.reading.timefield import Stamp

_PLAIN = {
    "cs-method": "method",
    "cs-uri-stem": "path",
    "cs-uri-query": "query",
    "cs(Referer)": "referrer",
    "cs-username": "user",
    "cs-host": "vhost",
    "c-ip": "client",
    "time-taken": "duration",
}
_LOGON_FAILURES = frozenset({"1326", "2148074252"})
"""ERROR_LOGON_FAILURE and SEC_E_LOGON_DENIED."""
_FORWARDED = ("X-Forwarded-For", "cs(X-Forwarded-For)", "x-forwarded-for")


def _read(row: dict[str, str], stamp: Stamp) -> Event:
    get = row.get
    method, path, query, status = (
        get("cs-method", ""),
        get("cs-uri-stem", ""),
        get("cs-uri-query", ""),
        get("sc-status", ""),
    )
    url = f"{path}?{query}" if query else path
    outcome, severity, code = ending_of(status)
    user, client = get("cs-username", ""), get("c-ip", "")
    fields: dict[str, object] = {**row, **{plain: row[name] for name, plain in _PLAIN.items() if name in row}}
    version = get("cs-version", "").removeprefix("HTTP/")
    plain = {
        "url": url,
        "status": code,
        "bytes": count_of(get("sc-bytes", "")),
        "http_version": version,
        "user_agent": get("cs(User-Agent)", "").replace("+", " "),
    }
    fields |= {name: value for name, value in plain.items() if value not in {None, ""}}
    forwarded = next((row[name] for name in _FORWARDED if name in row), "")
    at, time_text, quality, tag = stamp
    return make_event((
        _kind(code, user, row), at, time_text, quality, None, method, outcome, severity,
        user, "", "user" if user else "", "", "", "",
        path, "", "url" if path else "",
        canonical_ip(client), canonical_ip(get("s-ip", "")),
        port_of_text(get("c-port", "")), port_of_text(get("s-port", "")), "http" if method else "",
        "", "", "", get("s-computername") or get("cs-host", "").partition(":")[0], "", "",
        telling(f"{user} from {client}" if user else client, f"{method} {url}".strip() or "a request", status),
        (tag,) if tag else (), orjson.dumps(fields).decode(),
        keys_of([("ip", canonical_ip(forwarded.partition(",")[0]))]) if forwarded else (),
    ))  # fmt: skip


def _kind(code: int | None, user: str, row: dict[str, str]) -> str:
    if code == 401 and not user:
        substatus = row.get("sc-substatus")
        if substatus == "1" and row.get("sc-win32-status") in _LOGON_FAILURES:
            return "auth.login_failed"
        if substatus == "3":
            return "access.denied"
    return kind_of(code, user)


def _mine(names: frozenset[str]) -> bool:
    return "c-ip" in names and bool(names & {"cs-uri-stem", "cs-method", "sc-status"}) and "s-reason" not in names


_BASIC = (
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer)"
    " sc-status sc-substatus sc-win32-status time-taken"
)
_ALL = (
    "date time s-sitename s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs-version"
    " cs(User-Agent) cs(Cookie) cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken"
)
_LAYOUTS = (_BASIC, _BASIC.replace(" cs(Referer)", ""), _ALL, f"{_ALL} X-Forwarded-For")
"""The columns IIS 7 and later write unless told otherwise, IIS 6's, all there are, and the usual custom one behind."""

FORMAT = W3cRecords(
    name="iis",
    version="1",
    source_name=None,
    mine=_mine,
    seen="a W3C extended log of requests",
    read=_read,
    layouts=tuple(tuple(layout.split()) for layout in _LAYOUTS),
)
