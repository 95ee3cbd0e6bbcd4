"""What every log of HTTP requests tells alike: the request line's parts, and what a status says of how it ended.

The names of a request's parts are the same in the attributes of every format of this family, so that one export finds
them: ``method``, ``url`` (as the request line has it), ``path``, ``query``, ``http_version``, ``status``, ``bytes``
(of the answer's body), ``referrer``, ``user_agent``, ``user``, ``vhost``, ``client``, ``duration`` (as written).

A request is ``service.request``. A status of 403 (and of 401 or 407 where the log names the user that was refused)
says more: ``access.denied`` and ``auth.login_failed``. A bare 401 is a question for credentials, not a refusal of any.

References: RFC 9110 sections 9, 15 (methods, status codes), RFC 9112 section 3 (request line).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_CACHED = 512
_CACHE = 8192


class Request(NamedTuple):
    """A request line's parts; all but ``url`` are empty where the line is none."""

    method: str
    url: str
    path: str
    query: str
    version: str


ABSENT = frozenset({"-", "", '""'})
"""How servers write that there is nothing to write."""
NO_REQUEST = Request("", "", "", "", "")
_METHOD = re.compile(r"[A-Za-z][A-Za-z_-]{0,30}")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")


def request_of(line: str) -> Request:
    """A request line's parts; of anything else none."""
    return _short_request(line) if len(line) <= _CACHED else _request(line)


def _request(line: str) -> Request:
    method, _, rest = line.partition(" ")
    if not rest or not _METHOD.fullmatch(method):
        return NO_REQUEST
    url, _, protocol = rest.rpartition(" ")
    name, _, version = protocol.partition("/")
    if not url or name.upper() != "HTTP":
        url, version = rest, ""
    path, query = split_url(url)
    return Request(method, url, path, query, version)


_short_request = lru_cache(_CACHE)(_request)


def split_url(url: str) -> tuple[str, str]:
    """Path and query of a request's target; the scheme and authority of an absolute one are no part of the path."""
    found = None if url.startswith("/") else _ABSOLUTE.match(url)
    path, _, query = (url if found is None else url[found.end() :] or "/").partition("?")
    return path, query


class Ending(NamedTuple):
    """What a status says."""

    outcome: str
    severity: int
    code: int | None


_UNSAID = Ending("", 0, None)


@lru_cache(2048)
def ending_of(status: str) -> Ending:
    """How a request with this status ended: 4xx (low) and 5xx (medium) are failures; ``-`` and 000 say nothing."""
    if not (len(status) == 3 and status.isascii() and status.isdigit()):
        return _UNSAID
    code = int(status)
    if code < 100:
        return Ending("", 0, code)
    if code < 400:
        return Ending("success", 0, code)
    return Ending("failure", 1 if code < 500 else 2, code)


def kind_of(code: int | None, user: str) -> str:
    """The event type of a request that ended so."""
    if code == 403:
        return "access.denied"
    if user and code in {401, 407}:
        return "auth.login_failed"
    return "service.request"


def count_of(text: str) -> int | None:
    """A count of bytes as a number; none for ``-``."""
    return int(text) if len(text) < 19 and text.isascii() and text.isdigit() else None


def put_request(fields: dict[str, object], request: Request, line: str) -> None:
    """Put a request's parts among the attributes; of a line that is no request, the line."""
    method, url, path, query, version = request
    if method:
        fields["method"] = method
        fields["url"] = url
        fields["path"] = path
        if query:
            fields["query"] = query
        if version:
            fields["http_version"] = version
    elif line not in ABSENT:
        fields["request"] = line


def asked(request: Request, line: str) -> str:
    """What was asked for, for a message."""
    if request.method:
        return f"{request.method} {request.url}"
    return "no request" if line in ABSENT else f'request "{line}"'


def telling(who: str, request: str, status: str) -> str:
    """One line for a person: who asked for what, and what they got."""
    said = f"{who}: {request}" if who else request
    return said if status in ABSENT else f"{said} answered {status}"
