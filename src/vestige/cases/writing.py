"""A case written out: CSV (one row an event), Markdown for people, JSON for programs. Streamed, whatever its size.

Events come as the timeline shows them, each with what the case says of it. What people wrote in Markdown stays
Markdown, but for two things: a heading of theirs does not look like one of ours, and raw HTML is written as text. What
an event says is put in code, so that it can neither be markup nor steer what shows it.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any, Final

import orjson

from vestige.cases.items import shown_in
from vestige.model.cells import no_formula

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from vestige.cases.models import Case, Item

Line = dict[str, Any]
COLUMNS: Final = (
    "event_type", "occurred_at", "time_quality", "actor_id", "source_id", "severity", "annotation", "pinned", "message",
    "event_id", "leaf_hash", "integrity", "added_by", "added_at",
)  # fmt: skip
"""StreamTrace's six names are among them; its order is not kept."""
_HEADING: Final = re.compile(r"^(\s{0,3})(#{1,6})(?=\s)", re.MULTILINE)
_MESSAGE: Final = 300


def as_csv(lines: Iterable[Line]) -> Iterator[bytes]:
    """A header and a row an event, RFC 4180; no cell can be taken for a formula."""
    yield _row(COLUMNS)
    for line in lines:
        event, pin = line["event"], line["pin"]
        values = {
            **{
                name: event.get(name, "")
                for name in ("event_type", "occurred_at", "time_quality", "severity", "message")
            },
            "actor_id": event.get("actor", {}).get("id", ""),
            "source_id": event.get("source", ""),
            **{name: pin[name] for name in ("annotation", "event_id", "leaf_hash", "added_by", "added_at")},
            "pinned": "true" if pin["pinned"] else "false",
            "integrity": line["integrity"],
        }
        yield _row([no_formula(str(values[name])) for name in COLUMNS])


def as_json(head: Mapping[str, Any], items: Iterable[Item], lines: Iterable[Line]) -> Iterator[bytes]:
    """One object: the case, what is said in it, its events."""
    yield b'{"case":' + orjson.dumps(dict(head)) + b',"items":['
    for number, item in enumerate(items):
        yield (b",\n" if number else b"\n") + orjson.dumps(item.to_json())
    yield b'],"events":['
    for number, line in enumerate(lines):
        yield (b",\n" if number else b"\n") + orjson.dumps(line)
    yield b"]}\n"


def as_markdown(
    case: Case,
    items: Callable[[str], Iterable[Item]],
    lines: Iterable[Line],
    shown: Callable[[str], str],
    head: Iterable[str],
) -> Iterator[bytes]:
    """A page for people.

    Args:
        case: the case.
        items: what is said in it, by kind.
        lines: its events, oldest first.
        shown: one line for an event of an id, which notes embed.
        head: what is to be said of how the page was made, line by line.
    """
    yield _text(f"# {plain(case.name)}\n\n")
    about = {
        "case": case.id, "status": case.status, "owner": case.owner, "members": ", ".join(case.members),
        "tags": ", ".join(case.tags), "created by": case.created_by, "events": str(case.pins),
    }  # fmt: skip
    yield _text("".join(f"- {name}: {plain(value)}\n" for name, value in about.items() if value))
    yield _text("".join(f"- {line}\n" for line in head) + "\n")
    if case.description:
        yield _text(f"{tamed(case.description)}\n\n")
    yield from _said(items, shown)
    yield _text("## Events\n\n| time | type | who | what | note | pinned | entry | leaf hash | integrity |\n")
    yield _text("|---|---|---|---|---|---|---|---|---|\n")
    for line in lines:
        yield _text(_event_row(line))


def _said(items: Callable[[str], Iterable[Item]], shown: Callable[[str], str]) -> Iterator[bytes]:
    for item in items("hypothesis"):
        body = item.body
        yield _text(f"## Hypothesis: {plain(body['title'])}\n\n- verdict: {body['verdict']}\n")
        yield _text(f"- why: {plain(body['reason'])}\n" if body.get("reason") else "")
        yield _text(f"- said by {plain(item.added_by)}\n\n")
        yield _text(f"{tamed(body['text'])}\n\n" if body.get("text") else "")
        for side in ("for", "against"):
            evidence = [one for one in body.get("evidence", ()) if one["side"] == side]
            yield _text(f"Evidence {side}:\n\n" if evidence else "")
            for one in evidence:
                comment = f": {plain(one['comment'])}" if one.get("comment") else ""
                yield _text(f"- {shown(one['event_id'])}{comment}\n")
            yield _text("\n" if evidence else "")
    for item in items("note"):
        yield _text(f"## Note{': ' + plain(item.body['title']) if item.body.get('title') else ''}\n\n")
        yield _text(f"*{plain(item.added_by)}*\n\n{shown_in(tamed(item.body['text']), shown)}\n\n")
    yield from _lists(items)


def _lists(items: Callable[[str], Iterable[Item]]) -> Iterator[bytes]:
    yield from _listed("Tasks", (_task(item) for item in items("task")))
    for kind, title in (("entity", "Entities"), ("indicator", "Indicators")):
        yield from _listed(title, (_named(item) for item in items(kind)))


def _listed(title: str, lines: Iterable[str]) -> Iterator[bytes]:
    """Lines under a heading, which is not there without any."""
    begun = False
    for line in lines:
        yield _text(line if begun else f"## {title}\n\n{line}")
        begun = True
    yield _text("\n" if begun else "")


def _task(item: Item) -> str:
    body = item.body
    more = [f"{name} {plain(body[name])}" for name in ("status", "assignee", "due") if body.get(name)]
    mark = "x" if body["status"] in {"done", "dropped"} else " "
    return f"- [{mark}] {plain(body['title'])} ({', '.join(more)})\n"


def _named(item: Item) -> str:
    said = f": {plain(item.body['text'])}" if item.body.get("text") else ""
    return f"- {item.body['type']} {code(item.body['value'])}{said}\n"


def _event_row(line: Line) -> str:
    event, pin = line["event"], line["pin"]
    cells = [
        code(str(event.get("occurred_at", ""))) or "no time",
        code(str(event.get("event_type", ""))),
        code(_who(event)),
        code(str(event.get("message", ""))[:_MESSAGE]),
        plain(pin["annotation"]),
        "yes" if pin["pinned"] else "",
        pin["event_id"],
        pin["leaf_hash"],
        line["integrity"],
    ]
    return f"| {' | '.join(cells)} |\n"


def event_line(event: Mapping[str, Any]) -> str:
    """One line of Markdown for an event."""
    parts = [code(str(event.get("occurred_at", ""))) or "no time", code(str(event.get("event_type", "")))]
    parts += [code(_who(event)), code(str(event.get("message", ""))[:_MESSAGE]), f"(event {event['id']})"]
    return " ".join(part for part in parts if part)


def _who(event: Mapping[str, Any]) -> str:
    actor = event.get("actor", {})
    return str(actor.get("name") or actor.get("id") or "")


def code(text: str) -> str:
    """Text of an event in Markdown: code, in one line, in a table's cell too."""
    line = "".join(letter if letter.isprintable() else " " for letter in text).strip()
    if not line:
        return ""
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", line)), default=0))
    pad = " " if line[0] == "`" or line[-1] == "`" else ""
    # A backslash of the event's before a bar would undo ours, and the rest of the cell would be markup.
    return f"{fence}{pad}{line}{pad}{fence}".replace("\\|", "\\ |").replace("|", "\\|")


def plain(text: str) -> str:
    """What a person wrote as one line without markup of its own."""
    line = " ".join(text.split())
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", line)


def tamed(text: str) -> str:
    """What a person wrote in Markdown, below our own headings, and without raw HTML."""
    lowered = _HEADING.sub(lambda match: f"{match[1]}{'#' * min(6, len(match[2]) + 2)}", text)
    return lowered.replace("<", "&lt;")


def _row(values: Iterable[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(values)
    return out.getvalue().encode("utf-8", "replace")


def _text(text: str) -> bytes:
    return text.encode("utf-8", "replace")
