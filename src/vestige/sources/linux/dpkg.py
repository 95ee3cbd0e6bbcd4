"""dpkg's own log (``/var/log/dpkg.log``): every package Debian's package manager touched.

::

    2026-01-01 10:00:00 startup archives unpack                 a run begins: type and command
    2026-01-01 10:00:00 install curl:amd64 <none> 8.5.0-2       install, upgrade, remove, purge, disappear: versions
    2026-01-01 10:00:01 configure curl:amd64 8.5.0-2 <none>     configure, trigproc: a package's scripts run
    2026-01-01 10:00:01 status half-configured curl:amd64 8.5.0-2
    2026-01-01 10:00:01 conffile /etc/curlrc keep               a configuration file was kept or replaced

Times state no zone. The acts are installing, replacing and removing; a ``status`` says how a package stands on the way
there, and is no act of its own. Who ran dpkg is not in it. Attributes: ``time``, ``action``, and what follows under
``package``, ``architecture``, ``installed_version``, ``available_version``, ``state``, ``type``, ``command``,
``filename``, ``decision``; a version ``<none>`` is none.

Reference: dpkg(1), option ``--log``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Unparsed
from vestige.sources.reading.fields import make_event
from vestige.sources.reading.kinds import LineRecords
from vestige.sources.reading.timefield import ASSUMED_ZONE

if TYPE_CHECKING:
    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

_PACKAGE = r"(?P<package>[^\s:]+)(?::(?P<architecture>[\w-]+))?"
_LINE = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:"
    r"(?P<startup>startup) (?P<type>archives|packages) (?P<command>[\w-]+)"
    rf"|(?P<status>status) (?P<state>[a-z-]+) {_PACKAGE} (?P<installed_version>\S+)"
    rf"|(?P<act>install|upgrade|remove|purge|disappear|configure|trigproc) "
    rf"{_PACKAGE.replace('<', '<of_')} (?P<from>\S+) (?P<to>\S+)"
    r"|(?P<conffile>conffile) (?P<filename>.+) (?P<decision>install|keep))"
)
_KINDS = {
    "install": "software.installed",
    "upgrade": "software.updated",
    "remove": "software.removed",
    "purge": "software.removed",
    "disappear": "software.removed",
}
_SAID = {
    "install": "installs",
    "upgrade": "upgrades",
    "remove": "removes",
    "purge": "purges",
    "disappear": "drops",
    "configure": "configures",
    "trigproc": "runs the triggers of",
}


def _read(text: str, clock: Clock) -> Reading:
    found = _LINE.fullmatch(text.rstrip())
    if found is None:
        return Unparsed("no line of dpkg's log: expected a time, and startup, status, conffile or an act on a package")
    parts = found.groupdict()
    action = parts["startup"] or parts["status"] or parts["conffile"] or parts["act"] or ""
    fields = {
        "time": parts["time"],
        "action": action,
        "package": parts["package"] or parts["of_package"],
        "architecture": parts["architecture"] or parts["of_architecture"],
        "installed_version": parts["installed_version"] or parts["from"],
        "available_version": parts["to"],
        **{name: parts[name] for name in ("state", "type", "command", "filename", "decision")},
    }
    fields = {name: value for name, value in fields.items() if value and value != "<none>"}
    kind, thing, name, thing_type, message = _told(action, fields)
    at, time_text, quality, tag = clock.local(parts["time"])
    return make_event((
        kind, at, time_text, quality, None, action, "", 0,
        "", "", "", "", "", "", thing, name, thing_type,
        "", "", 0, 0, "", "", "", "", "", "", "",
        message, (tag,) if tag else (), orjson.dumps(fields).decode(), (),
    ))  # fmt: skip


def _told(action: str, fields: dict[str, str]) -> tuple[str, str, str, str, str]:
    """Event type, object with its name and type, and the message."""
    get = fields.get
    if action == "startup":
        return "process.started", "dpkg", "", "process", f"dpkg starts: {get('type')} {get('command')}"
    if action == "conffile":
        kept = get("decision") == "keep"
        said = "keeps the present" if kept else "puts in place the package's"
        return (
            "host.state" if kept else "file.changed", fields["filename"], "", "file", f"dpkg {said} {get('filename')}",
        )  # fmt: skip
    package, architecture = fields["package"], get("architecture", "")
    thing = f"{package}:{architecture}" if architecture else package
    before, after = get("installed_version", ""), get("available_version", "")
    if action == "status":
        return "host.state", thing, package, "package", f"{thing} {before} is {get('state')}".replace("  ", " ")
    versions = " to ".join(filter(None, (before, after)))
    message = f"dpkg {_SAID[action]} {thing} {versions}".rstrip()
    return _KINDS.get(action, "host.state"), thing, package, "package", message


FORMAT = LineRecords(
    name="dpkg",
    version="1",
    source_name="dpkg",
    mine=lambda text: _LINE.fullmatch(text.rstrip()) is not None,
    seen="lines of dpkg's log",
    read=_read,
    quality=lambda _: ASSUMED_ZONE,
    confidence=0.96,
)
