"""Slow query logs of MySQL, MariaDB and Percona Server.

A record is what the server knows of one statement, in lines of ``# Name: value``, then the statement::

    # Time: 2019-03-24T14:01:47.811234Z            when it ended; old servers write local time, and only on change
    # User@Host: root[root] @ localhost [192.0.2.1]  Id:    14
    # Query_time: 2.475469  Lock_time: 0.000287 Rows_sent: 10  Rows_examined: 3145718
    use employees;
    SET timestamp=1553436105;                      when it began
    SELECT ...;

The event happened when the statement began (``SET timestamp``: exact), and was observed when it ended. Attributes: the
``#`` lines' names and values, ``user``, ``client``, ``host`` (the client's name), ``database``, ``duration``
(``Query_time``, seconds), ``query``.

References: MySQL Reference Manual, "The Slow Query Log"; Percona Server and MariaDB, extended slow query log.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Skipped, Unparsed
from vestige.sources.reading.blocks import BlockRecords
from vestige.sources.reading.fields import canonical_ip, host_key, make_event
from vestige.sources.reading.timefield import ASSUMED_ZONE, EXACT, NO_STAMP

if TYPE_CHECKING:
    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock, Stamp

_BANNER = re.compile(rb"\S+, Version: .*started with:")
_USER = re.compile(r"# User@Host: ([^\[\n]*)\[([^\]\n]*)\] @ +(\S*) *\[([^\]\n]*)\]")
_TIME = re.compile(r"# Time: (\d{4}-\d\d-\d\dT\S+|\d{6} +\d{1,2}:\d\d:\d\d)")
_SET = re.compile(r"SET (?:last_insert_id=\d+,)?(?:insert_id=\d+,)?timestamp=(\d{1,12}(?:\.\d{1,9})?);")
_USE = re.compile(r"use `?([^`;\n]+)`?;", re.IGNORECASE)
_ADMIN = "# administrator command: "
_MOST = 200


def _begins(line: bytes, before: bytes) -> bool:
    if line.startswith(b"# Time: "):
        return True
    if line.startswith(b"# User@Host: "):
        return not before.startswith(b"# Time: ")
    return _BANNER.match(line) is not None


def _read(text: str, clock: Clock) -> Reading:
    if _BANNER.match(text[:2000].encode("utf-8", "replace")):
        return Skipped("what the server writes when it opens the log")
    who = _USER.search(text[:4000])
    if not text.startswith("# ") or who is None:
        return Unparsed("no slow query entry: expected `# User@Host:` and what was measured")
    told, statement = _parts(text)
    account, effective, host, address = (part.strip() for part in who.groups())
    user = account or effective
    fields: dict[str, object] = {"user": user, "client": address or host, **({"host": host} if host else {}), **told}
    began, database, query = _statement(statement)
    database = database or told.get("Schema", "")
    more = {"database": database, "duration": told.get("Query_time", ""), "query": query}
    fields |= {name: value for name, value in more.items() if value}
    ended = _ended(text, clock)
    at, time_text, quality, tag = clock.read(began)._replace(text=began) if began else ended
    observed = ended.at if began and ended.quality == EXACT else None
    error = told.get("Last_errno") or told.get("Errno") or ""
    took = told.get("Query_time", "")
    shown = " ".join(query.split()) or "a statement"
    source = canonical_ip(address)
    return make_event((
        "database.queried", at, time_text, quality, observed, query.split(None, 1)[0].upper()[:40] if query else "",
        "" if not error else "success" if error == "0" else "failure", 1,
        user, "", "user", effective if effective != account else "", "", "user" if effective != account else "",
        database, "", "database" if database else "",
        source, "", 0, 0, "",
        "", "", "", "", "", "",
        f"{user} from {address or host}: {shown} took {took} s" if took else f"{user}: {shown}",
        (tag,) if tag else (), orjson.dumps(fields).decode(),
        host_key(host),
    ))  # fmt: skip


def _parts(text: str) -> tuple[dict[str, str], list[str]]:
    """What the ``#`` lines say, and the lines of the statement."""
    told: dict[str, str] = {}
    plan: list[str] = []
    lines = text.split("\n")
    told_in = 0
    for line in lines:
        if not line.startswith("#") or line.startswith(_ADMIN):
            break
        told_in += 1
        if line.startswith("# Time: "):
            told["Time"] = line[8:].strip()
            continue
        if line.startswith("# explain:"):
            plan.append(line[10:].strip())
            continue
        body = line.partition("]  ")[2] if line.startswith("# User@Host: ") else line[1:]
        name = ""
        for word in body.split()[:_MOST]:
            if word.endswith(":"):
                name = word[:-1]
            elif name:
                told[name] = word
                name = ""
    if plan:
        told["explain"] = "\n".join(plan)
    return told, lines[told_in:]


def _statement(lines: list[str]) -> tuple[str, str, str]:
    """When the statement began, the database it ran in, and the statement itself."""
    began = database = ""
    for index, line in enumerate(lines):
        bare = line.strip()
        used, stamp = _USE.fullmatch(bare), _SET.fullmatch(bare)
        if used is not None:
            database = used[1]
        elif stamp is not None:
            began = stamp[1]
        elif bare:
            return began, database, "\n".join(lines[index:]).strip().removeprefix(_ADMIN)
    return began, database, ""


def _ended(text: str, clock: Clock) -> Stamp:
    found = _TIME.match(text)
    if found is None:
        return NO_STAMP
    time = found[1]
    if time[4:5] == "-":
        return clock.local(time)
    hour = time[6:].strip()
    iso = f"20{time[:2]}-{time[2:4]}-{time[4:6]}T{hour if hour[2] == ':' else '0' + hour}"
    return clock.local(iso)._replace(text=time)


FORMAT = BlockRecords(
    name="mysql_slow",
    version="2",
    source_name=None,
    mine=lambda text: text.startswith(("# Time: ", "# User@Host: ")) or "started with:" in text,
    seen="a slow query",
    read=_read,
    quality=lambda text: ASSUMED_ZONE if re.match(r"# Time: \d{6} ", text) else "",
    confidence=0.95,
    begins=_begins,
)
