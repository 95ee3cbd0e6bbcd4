"""vsftpd's own log (``vsftpd.log``): who signed in to an FTP server and which files went in and out.

::

    Mon Jun  6 18:43:28 2026 [pid 2] CONNECT: Client "192.0.2.7"
    Mon Jun  6 18:43:32 2026 [pid 1] [bob] OK LOGIN: Client "192.0.2.7"
    Mon Jun  6 18:43:59 2026 [pid 3] [bob] OK UPLOAD: Client "192.0.2.7", "/a.png", 1884 bytes, 41264.44Kbyte/sec
    Mon Jun  6 18:44:01 2026 [pid 3] [bob] FAIL DOWNLOAD: Client "192.0.2.7", "/b", 0.00Kbyte/sec

Times state no zone. Attributes: ``time``, ``pid``, ``user``, ``result``, ``action``, ``client``, ``path``, ``bytes``,
``rate``, ``anon_password``, ``message``.

References: vsftpd.conf(5), ``vsftpd_log_file``; vsftpd's logging.c.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Unparsed
from vestige.sources.reading.fields import canonical_ip, make_event
from vestige.sources.reading.kinds import LineRecords
from vestige.sources.reading.timefield import ASSUMED_ZONE

if TYPE_CHECKING:
    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

_LINE = re.compile(
    r"(?P<time>[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}) \[pid (?P<pid>\d{1,10})\] "
    r"(?:\[(?P<user>[^\]\n]{1,200})\] )?(?:(?P<result>OK|FAIL) )?(?P<action>[A-Z][A-Z ]{1,30}[A-Z]): "
    r'Client "(?P<client>[^"\n]{1,100})"(?P<rest>.*)',
    re.DOTALL,
)
_REST = re.compile(
    r'(?:, anon password "(?P<anon_password>[^"]*)")?(?:, "(?P<path>.*?)")?(?:, (?P<bytes>\d+) bytes)?'
    r"(?:, (?P<rate>[\d.]+)Kbyte/sec)?\s*",
    re.DOTALL,
)
_KINDS = {
    "CONNECT": ("network.connection", "connects"),
    "LOGIN": ("auth.login", "signs in"),
    "UPLOAD": ("file.transferred", "uploads"),
    "APPEND": ("file.transferred", "appends to"),
    "DOWNLOAD": ("file.transferred", "downloads"),
    "DELETE": ("file.deleted", "deletes"),
    "RENAME": ("file.renamed", "renames"),
    "MKDIR": ("file.created", "makes the folder"),
    "RMDIR": ("file.deleted", "removes the folder"),
    "CHMOD": ("file.attributes_changed", "changes the mode of"),
}


def _read(text: str, clock: Clock) -> Reading:
    found = _LINE.fullmatch(text)
    if found is None:
        return Unparsed("no line of vsftpd's log: expected a date, [pid N], an act and its client")
    parts = {name: value for name, value in found.groupdict().items() if value and name != "rest"}
    rest = _REST.fullmatch(found["rest"])
    if rest is not None:
        parts |= {name: value for name, value in rest.groupdict().items() if value}
    action, user, path = parts["action"], parts.get("user", ""), parts.get("path", "")
    failed = parts.get("result") == "FAIL"
    kind, does = _KINDS.get(action, ("network.ftp", action))
    if action == "LOGIN" and failed:
        kind = "auth.login_failed"
    outcome = "failure" if failed else "success" if "result" in parts or action == "CONNECT" else ""
    fields: dict[str, object] = {**parts, "pid": int(parts["pid"]), "message": text}
    shown = (user or "a client", does, path, "from", parts["client"], "(failed)" if failed else "")
    at, time_text, quality, tag = clock.local(parts["time"])
    return make_event((
        kind, at, time_text, quality, None, action, outcome, 0,
        user, "", "user" if user else "", "", "", "", path, "", "file" if path else "",
        canonical_ip(parts["client"]), "", 0, 0, "ftp", "", "", "", "", "", "",
        " ".join(filter(None, shown)), (tag,) if tag else (), orjson.dumps(fields).decode(), (),
    ))  # fmt: skip


FORMAT = LineRecords(
    name="vsftpd",
    version="1",
    source_name="vsftpd",
    mine=lambda text: _LINE.fullmatch(text) is not None,
    seen="lines of vsftpd's log",
    read=_read,
    quality=lambda _: ASSUMED_ZONE,
    confidence=0.96,
)
