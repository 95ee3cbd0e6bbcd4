"""``vestige case note|task|hypothesis|evidence|entity|indicator|items|item|drop``: what people say in a case."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import orjson

from vestige.cli.case_common import item_line, path_of, send, told
from vestige.cli.connection import JSON, connect
from vestige.cli.options import Globals, checked_id, global_options, put, say, shown
from vestige.cli.render import event_line
from vestige.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS: Final = ("note", "task", "hypothesis", "entity", "indicator")
NOTE_BYTES: Final = 200_000
"""Of a file that is to be a note: no more can be 50,000 characters."""
_CASE: Final = click.argument("case_id", metavar="CASE")
_ITEM: Final = click.argument("item", metavar="ITEM")


def _edit(what: str) -> Callable[[Any], Any]:
    return click.option(
        "--edit", metavar="ITEM", help=f"Change this {what} instead of making one; what is not given stays."
    )


def _said(options: Globals, case_id: str, kind: str, item: str | None, given: dict[str, str | None]) -> int:
    """Say something new, or something that was said otherwise."""
    body: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    with connect(options, f"case {kind}") as connection:
        if item is None:
            said = send(connection, "POST", path_of(case_id, "items"), body | {"kind": kind})
        else:
            before = connection.get(path_of(case_id, "items", checked_id(item)))
            if before["kind"] != kind:
                raise UsageError(f"that is no {kind}", expected=f"the id of a {kind}", got=f"a {before['kind']}")
            # Others may have changed it meanwhile: then this is refused, and told.
            headers = JSON | {"If-Match": f'"{before["revision"]}"'}
            content = orjson.dumps(body)
            said = connection.request("PATCH", path_of(case_id, "items", item), content=content, headers=headers).json()
    return told(options, said, item_line(said))


@click.command()
@_CASE
@click.argument("text", required=False)
@click.option("--file", type=click.Path(path_type=Path), help="Take the text from this file; `-` is standard input.")
@click.option("--title", help="Its title.")
@_edit("note")
@global_options
def note(
    options: Globals, case_id: str, text: str | None, file: Path | None, title: str | None, edit: str | None
) -> int:
    """Write a note in Markdown. `[[event:ID]]` in it stands for a live event."""
    if text is not None and file is not None:
        raise UsageError("the text comes from one place", expected="TEXT or --file FILE", got="both")
    if file is not None:
        text = _read(file)
    if text is None and (edit is None or title is None):
        raise UsageError("a note needs a text", expected="TEXT or --file FILE", got="neither")
    return _said(options, case_id, "note", edit, {"text": text, "title": title})


@click.command()
@_CASE
@click.argument("title", required=False)
@click.option("--text", help="More about it.")
@click.option("--status", type=click.Choice(["open", "doing", "done", "dropped"]), help="How far it is.")
@click.option("--assignee", metavar="WHO", help="Who does it.")
@click.option("--due", metavar="TIME", help="Until when; ISO 8601.")
@_edit("task")
@global_options
def task(options: Globals, case_id: str, title: str | None, edit: str | None, **given: str | None) -> int:
    """Add a task, or say how far one is."""
    if title is None and edit is None:
        raise UsageError("a task needs a title", expected="TITLE, or --edit ITEM", got="neither")
    return _said(options, case_id, "task", edit, given | {"title": title})


@click.command()
@_CASE
@click.argument("statement", required=False)
@click.option("--text", help="More about it.")
@click.option(
    "--verdict", type=click.Choice(["open", "supported", "refuted", "inconclusive"]), help="What became of it."
)
@click.option("--reason", help="Why that is the verdict.")
@_edit("hypothesis")
@global_options
def hypothesis(options: Globals, case_id: str, statement: str | None, edit: str | None, **given: str | None) -> int:
    """State a hypothesis, or give a verdict on one."""
    if statement is None and edit is None:
        raise UsageError("a hypothesis needs a statement", expected="STATEMENT, or --edit ITEM", got="neither")
    return _said(options, case_id, "hypothesis", edit, given | {"title": statement})


@click.command()
@_CASE
@click.argument("kind", metavar="KIND")
@click.argument("value")
@click.option("--text", help="What is known of it.")
@global_options
def entity(options: Globals, case_id: str, kind: str, value: str, text: str | None) -> int:
    """Name an entity of the case: KIND is that of a key, such as identity, ip, host or hash."""
    return _said(options, case_id, "entity", None, {"type": kind, "value": value, "text": text})


@click.command()
@_CASE
@click.argument("kind", metavar="TYPE")
@click.argument("value")
@click.option("--text", help="What it shows.")
@global_options
def indicator(options: Globals, case_id: str, kind: str, value: str, text: str | None) -> int:
    """Name an indicator: TYPE is ipv4, ipv6, domain, url, email, user, file, md5, sha1, sha256 or sha512."""
    return _said(options, case_id, "indicator", None, {"type": kind, "value": value, "text": text})


@click.command()
@_CASE
@_ITEM
@click.argument("event", metavar="EVENT")
@click.option("--for", "speaks_for", is_flag=True, help="It speaks for the hypothesis.")
@click.option("--against", is_flag=True, help="It speaks against it.")
@click.option("--remove", is_flag=True, help="Take it away again.")
@click.option("--comment", default="", metavar="TEXT", help="How it does.")
@global_options
def evidence(
    options: Globals,
    case_id: str,
    item: str,
    event: str,
    comment: str,
    *,
    speaks_for: bool,
    against: bool,
    remove: bool,
) -> int:
    """Put an event for or against the hypothesis ITEM."""
    ways = {"for": speaks_for, "against": against, "remove": remove}
    sides = [way for way, is_meant in ways.items() if is_meant]
    if len(sides) != 1:
        got = " and ".join(f"--{side}" for side in sides) or "none of them"
        raise UsageError("which way does it speak?", expected="one of --for, --against or --remove", got=got)
    (side,) = sides
    event = checked_id(event)
    with connect(options, "case evidence") as connection:
        where = path_of(case_id, "items", checked_id(item), "evidence")
        if side == "remove":
            said = connection.request("DELETE", f"{where}/{event}").json()
        else:
            said = send(connection, "POST", where, {"event_id": event, "side": side, "comment": comment})
    return told(options, said, item_line(said))


@click.command()
@_CASE
@click.option("--kind", type=click.Choice(KINDS), help="Only these.")
@global_options
def items(options: Globals, case_id: str, kind: str | None) -> int:
    """What was said in a case, the oldest first."""
    with connect(options, "case items") as connection:
        found = connection.get(path_of(case_id, "items"), kind=kind)["items"]
    for one in found:
        put(orjson.dumps(one).decode() if options.json else shown(item_line(one)))
    if not found:
        say(options, "nothing was said; `vestige case note`, `task` and `hypothesis` say something")
    return 0


@click.command()
@_CASE
@_ITEM
@global_options
def item(options: Globals, case_id: str, item: str) -> int:
    """One item, with the events it names as they are now."""
    with connect(options, "case item") as connection:
        found = connection.get(path_of(case_id, "items", checked_id(item)))
    if options.json:
        put(orjson.dumps(found).decode())
        return 0
    put(shown(item_line(found)))
    for name in ("text", "reason", "assignee", "due"):
        for line in str(found.get(name, "")).splitlines():
            put(shown(f"  {line}" if name == "text" else f"  {name}: {line}"))
    sides = {one["event_id"]: one for one in found.get("evidence", ())}
    for one in found.get("live", ()):
        side = sides.get(one["event_id"], {})
        mark = f"{side.get('side', 'shown'):<8} {one['integrity']:<8}"
        event = one["event"]
        put(f"  {mark} " + (shown(one["event_id"]) if event is None else event_line(event, colour=False)))
        if side.get("comment"):
            put(shown(f"    {side['comment']}"))
    put(shown(f"  said by {found['added_by']} at {found['added_at']}, last by {found['updated_by']}"))
    return 0


@click.command()
@_CASE
@_ITEM
@global_options
def drop(options: Globals, case_id: str, item: str) -> int:
    """Take an item away; what it said stays in the ledger."""
    with connect(options, "case drop") as connection:
        connection.request("DELETE", path_of(case_id, "items", checked_id(item)))
    say(options, "taken away")
    return 0


def _read(file: Path) -> str:
    try:
        if str(file) == "-":
            content = sys.stdin.buffer.read(NOTE_BYTES + 1)
        else:
            with file.open("rb") as opened:
                content = opened.read(NOTE_BYTES + 1)
        text = content.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("the file cannot be read as text", expected="UTF-8", got=str(error)[:100]) from None
    if len(content) > NOTE_BYTES:
        raise UsageError("the file is too long for a note", expected=f"at most {NOTE_BYTES:,} bytes", got="more")
    return text


COMMANDS: Final = (note, task, hypothesis, evidence, entity, indicator, items, item, drop)
"""What joins the group."""
