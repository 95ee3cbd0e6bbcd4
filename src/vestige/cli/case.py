"""``vestige case``: what belongs to an investigation, and proof that nothing of it was altered."""

from __future__ import annotations

import hashlib
import sys
from typing import TYPE_CHECKING, Any

import click
import orjson

from vestige.cli.case_common import SCREEN, item_line, pages, path_of, put_all, send, shape_of, told
from vestige.cli.case_items import COMMANDS
from vestige.cli.case_report import report
from vestige.cli.connection import JSON, connect
from vestige.cli.export import whole_file
from vestige.cli.options import Bound, Globals, checked_id, global_options, put, readable, say, shown
from vestige.cli.render import event_line
from vestige.model.errors import UsageError

if TYPE_CHECKING:
    from vestige.cli.connection import Connection

PAGE = 500
AT_ONCE = 1000
"""Events of one request."""
EXIT_ALTERED = 4
STATUSES = ("open", "investigating", "closed", "exported", "archived")
SHAPES = ("json", "csv", "markdown", "stix")
ENDINGS = {".json": ("json", "stix"), ".csv": ("csv",), ".md": ("markdown",), ".markdown": ("markdown",)}
"""Which shapes a file of an ending may have; the first is meant where none is named."""


@click.group()
@global_options
def case(options: Globals) -> None:
    """Cases: events pinned with proof, notes, tasks, hypotheses, indicators. CASE is an id, or a name of one only."""
    click.get_current_context().obj = options


@case.command()
@click.argument("name")
@click.option("--description", default="", help="What it is about.")
@click.option("--owner", help="Who answers for it.  [default: who makes it]")
@click.option("--member", "members", multiple=True, metavar="WHO", help="Who works on it; may be given again.")
@click.option("--tag", "tags", multiple=True, help="A tag; may be given again.")
@global_options
def new(
    options: Globals, name: str, description: str, owner: str | None, members: tuple[str, ...], tags: tuple[str, ...]
) -> int:
    """Make a case."""
    body: dict[str, Any] = {"name": name, "description": description, "members": members, "tags": tags}
    with connect(options, "case new") as connection:
        made = send(connection, "POST", "/v1/cases", body | ({"owner": owner} if owner else {}))
    told(options, made, f"{made['id']}  {made['name']}")
    if not options.json:
        say(options, f"pin events to it: vestige case pin {made['id']} --query Q")
    return 0


@case.command("list")
@click.option("--status", type=click.Choice(STATUSES), help="Only those of this status.")
@click.option("--owner", metavar="WHO", help="Only those of this owner.")
@click.option("--limit", type=click.IntRange(1), help=f"At most so many.  [default: {SCREEN}; all with --json]")
@global_options
def list_(options: Globals, status: str | None, owner: str | None, limit: int | None) -> int:
    """Cases, those changed last first."""
    with connect(options, "case list") as connection:
        found = pages(connection, "/v1/cases", "cases", status=status, owner=owner, limit=PAGE)
        nothing = "no such case" if status or owner else "there is no case; `vestige case new NAME` makes one"
        return put_all(options, found, limit, nothing, _case_line)


@case.command()
@click.argument("case_id", metavar="CASE")
@global_options
def show(options: Globals, case_id: str) -> int:
    """A case, what is said in it, and whether what is pinned is as it was; exit code 4 if it is not."""
    with connect(options, "case show") as connection:
        found = connection.get(path_of(case_id))
        items = connection.get(path_of(case_id, "items"))["items"]
    if options.json:
        put(orjson.dumps(found).decode())
        return _altered(found["integrity"])
    put(shown(_case_line(found)))
    for name in ("description", "owner", "created_by", "created_at", "updated_at"):
        if found[name]:
            put(shown(f"  {name.replace('_', ' '):<12} {found[name]}"))
    for name in ("members", "tags"):
        if found[name]:
            put(shown(f"  {name:<12} {', '.join(found[name])}"))
    for item in items:
        put(shown(f"  {item_line(item)}"))
    put(f"  {'integrity':<12} {_integrity(found['integrity'])}")
    for one in found["integrity"].get("altered_events", ()):
        put(shown(f"  {one['event_id']}  {one['integrity']}: {one['reason']}"))
    return _altered(found["integrity"])


@case.command("set")
@click.argument("case_id", metavar="CASE")
@click.option("--name", help="Another name.")
@click.option("--description", help="Another description.")
@click.option("--status", type=click.Choice(STATUSES), help="Another status.")
@click.option("--owner", help="Another owner.")
@click.option("--member", "members", multiple=True, metavar="WHO", help="Add a member; may be given again.")
@click.option("--no-member", "no_members", multiple=True, metavar="WHO", help="Take a member away.")
@click.option("--tag", "tags", multiple=True, help="Add a tag; may be given again.")
@click.option("--no-tag", "no_tags", multiple=True, help="Take a tag away.")
@global_options
def set_(
    options: Globals,
    case_id: str,
    members: tuple[str, ...],
    no_members: tuple[str, ...],
    tags: tuple[str, ...],
    no_tags: tuple[str, ...],
    **fields: str | None,
) -> int:
    """Set fields of a case; what is not named stays."""
    body: dict[str, Any] = {name: value for name, value in fields.items() if value is not None}
    with connect(options, "case set") as connection:
        headers = dict(JSON)
        lists = {"members": (members, no_members), "tags": (tags, no_tags)}
        if any(added or gone for added, gone in lists.values()):
            before = connection.get(path_of(case_id))
            # What is added is added to what was read, so it must still be that.
            headers["If-Match"] = f'"{before["revision"]}"'
            for name, (added, gone) in lists.items():
                if added or gone:
                    body[name] = sorted((set(before[name]) | set(added)) - set(gone))
        answer = connection.request("PATCH", path_of(case_id), content=orjson.dumps(body), headers=headers)
    found = answer.json()
    return told(options, found, _case_line(found))


@case.command()
@click.argument("case_id", metavar="CASE")
@global_options
def close(options: Globals, case_id: str) -> int:
    """Close a case: nothing is pinned, said or changed in it until it is opened again."""
    with connect(options, "case close") as connection:
        found = send(connection, "PATCH", path_of(case_id), {"status": "closed"})
    return told(options, found, _case_line(found))


@case.command()
@click.argument("case_id", metavar="CASE")
@click.argument("events", metavar="[EVENT]...", nargs=-1)
@click.option("--query", metavar="Q", help="Pin all events that match; the language of `search`.")
@click.option("--from", "start", type=Bound(), metavar="TIME", help="With --query: from this time on.")
@click.option("--to", type=Bound(), metavar="TIME", help="With --query: up to, not including, this time.")
@click.option("--annotation", default="", metavar="TEXT", help="What is to be said of them.")
@click.option("--mark", is_flag=True, help="Mark them among the others; also those that are pinned already.")
@global_options
def pin(
    options: Globals,
    case_id: str,
    events: tuple[str, ...],
    query: str | None,
    start: str | None,
    to: str | None,
    annotation: str,
    *,
    mark: bool,
) -> int:
    """Pin events to a case, with the leaf hash of each: by their ids, or all that a query finds."""
    if (query is None) == (not events):
        raise UsageError("pin what?", expected="ids of events, or --query Q", got="both" if events else "neither")
    if query is None and (start or to):
        raise UsageError("--from and --to are of --query", expected="--query Q beside them")
    if query is not None and mark:
        raise UsageError("--mark is for single events", expected="ids of events beside it")
    with connect(options, "case pin") as connection:
        if query is not None:
            body = {"query": query, "annotation": annotation}
            body |= {name: at for name, at in (("start", start), ("end", to)) if at is not None}
            made = send(connection, "POST", path_of(case_id, "selection"), body)
        else:
            made = _pin(connection, case_id, [checked_id(event) for event in events], annotation, mark=mark)
    if options.json:
        put(orjson.dumps(made).decode())
    else:
        already = f"; {made['already']:,} already in the case, and left as they are" if made["already"] else ""
        say(options, f"pinned: {made['pinned']:,}{f'; marked: {len(events):,}' if mark else already}")
        if made.get("index_lag"):
            say(options, f"the index lags: the last {made['index_lag']} entries were not looked at")
    return 0


def _pin(connection: Connection, case_id: str, ids: list[str], annotation: str, *, mark: bool) -> dict[str, Any]:
    made: dict[str, Any] = {"pinned": 0, "already": 0}
    for at in range(0, len(ids), AT_ONCE):
        body = {"events": ids[at : at + AT_ONCE], "annotation": annotation, "pinned": mark}
        one = send(connection, "POST", path_of(case_id, "events"), body)
        made = {name: made[name] + one[name] for name in made} | {"case": one["case"]}
    if mark:
        for event in ids:
            send(connection, "PATCH", path_of(case_id, "events", event), {"pinned": True})
    return made


@case.command()
@click.argument("case_id", metavar="CASE")
@click.argument("events", metavar="EVENT...", nargs=-1, required=True)
@global_options
def unpin(options: Globals, case_id: str, events: tuple[str, ...]) -> int:
    """Take events out of a case; that they were in it stays in the ledger."""
    with connect(options, "case unpin") as connection:
        for event in events:
            connection.request("DELETE", path_of(case_id, "events", checked_id(event)))
    say(options, f"{len(events):,} events taken out")
    return 0


@case.command()
@click.argument("case_id", metavar="CASE")
@click.argument("event", metavar="EVENT")
@click.argument("text")
@global_options
def annotate(options: Globals, case_id: str, event: str, text: str) -> int:
    """Say something of a pinned event; what was said before stays in the ledger."""
    with connect(options, "case annotate") as connection:
        said = send(connection, "PATCH", path_of(case_id, "events", checked_id(event)), {"annotation": text})
    return told(options, said, f"{said['event_id']}  {said['annotation']}")


@case.command()
@click.argument("case_id", metavar="CASE")
@click.option("--limit", type=click.IntRange(1), help=f"At most so many.  [default: {SCREEN}; all with --json]")
@global_options
def events(options: Globals, case_id: str, limit: int | None) -> int:
    """What is pinned, in the order of the ledger: who pinned it, and whether it is as it was."""
    with connect(options, "case events") as connection:
        found = pages(connection, path_of(case_id, "events"), "events", limit=PAGE)
        nothing = "nothing is pinned; `vestige case pin CASE --query Q` pins all events of a query"
        return put_all(options, found, limit, nothing, _pin_line)


@case.command()
@click.argument("case_id", metavar="CASE")
@click.option("--query", default="", metavar="Q", help="Only those that match.")
@click.option("--from", "start", type=Bound(), metavar="TIME", help="From this time on.")
@click.option("--to", type=Bound(), metavar="TIME", help="Up to, not including, this time.")
@click.option(
    "--order", type=click.Choice(["asc", "desc"]), default="asc", show_default=True, help="Oldest or newest first."
)
@click.option("--undated", is_flag=True, help="Those without a usable time.")
@click.option("--limit", type=click.IntRange(1), help=f"At most so many.  [default: {SCREEN}; all with --json]")
@global_options
def timeline(
    options: Globals,
    case_id: str,
    query: str,
    start: str | None,
    to: str | None,
    order: str,
    limit: int | None,
    *,
    undated: bool,
) -> int:
    """A case's events in order of time. `case:CASE` in any query asks for the same."""
    colour = not options.no_color and sys.stdout.isatty()
    params = {"q": query or None, "start": start, "end": to, "order": order, "undated": "true" if undated else None}
    with connect(options, "case timeline") as connection:
        found = pages(connection, path_of(case_id, "timeline"), "events", **params, limit=PAGE)
        return put_all(options, found, limit, "no event", lambda event: event_line(event, colour=colour))


@case.command()
@click.argument("case_id", metavar="CASE")
@global_options
def check(options: Globals, case_id: str) -> int:
    """Hold every pin, and all events that notes and hypotheses name, against the ledger; exit code 4 if any differs."""
    with connect(options, "case check") as connection:
        found = connection.get(path_of(case_id, "check"))
    if options.json:
        put(orjson.dumps(found).decode())
    else:
        put(_integrity(found | {"of": found["checked"]}))
        for one in found.get("altered_events", ()):
            put(shown(f"{one['event_id']}  {one['integrity']}: {one['reason']}"))
    return 0 if found["ok"] else EXIT_ALTERED


@case.command()
@click.argument("case_id", metavar="CASE")
@click.option("--limit", type=click.IntRange(1), help=f"At most so many.  [default: {SCREEN}; all with --json]")
@global_options
def activity(options: Globals, case_id: str, limit: int | None) -> int:
    """What was done to a case, by whom and when, the newest first."""
    with connect(options, "case activity") as connection:
        found = pages(connection, path_of(case_id, "activity"), "acts", limit=PAGE)
        return put_all(options, found, limit, "nothing was done", _act_line)


@case.command()
@click.argument("case_id", metavar="CASE")
@click.option(
    "--format", "shape", type=click.Choice(SHAPES), help="The shape.  [default: by the file's ending, else markdown]"
)
@click.option(
    "-o", "--output", type=click.Path(), required=True, metavar="FILE", help="Where to; `-` is standard output."
)
@global_options
def export(options: Globals, case_id: str, shape: str | None, output: str) -> int:
    """Write a copy of a whole case: Markdown, CSV (its events), JSON, STIX 2.1 (its entities and indicators)."""
    shape = shape_of(output, shape, ENDINGS, "markdown")
    digest, size = hashlib.sha256(), 0
    with connect(options, "case export") as connection:
        answer = connection.download(path_of(case_id, "export"), format=shape)
        with answer as response, whole_file(output) as file:
            for chunk in response.iter_bytes():
                file.write(chunk)
                digest.update(chunk)
                size += len(chunk)
    if output == "-":
        return 0
    if options.json:
        made = {"file": readable(output), "format": shape, "bytes": size, "sha256": digest.hexdigest()}
        put(orjson.dumps(made).decode())
    else:
        say(options, f"{size:,} bytes, to {readable(output)}; SHA-256 {digest.hexdigest()}")
    return 0


def _case_line(one: dict[str, Any]) -> str:
    return shown(f"{one['id']}  {one['status']:<13} {one['events']:>8,} events  {one['name']}")


def _pin_line(one: dict[str, Any]) -> str:
    mark = "*" if one["pinned"] else " "
    reason = f" ({one['reason']})" if one.get("reason") else ""
    return shown(
        f"{one['event_id']}{mark} {one['integrity']:<8}{reason} {one['added_by']}  {one['annotation']}".rstrip()
    )


def _act_line(one: dict[str, Any]) -> str:
    if one.get("erased"):
        return shown(f"{one['at']}  (erased)  {one['id']}")
    return shown(f"{one['at']}  {one['by']:<20} {one['act'].removeprefix('case.'):<16} {_summary(one['detail'])}"[:400])


def _summary(detail: dict[str, Any]) -> str:
    """What an act was about, without what only a program needs."""
    detail = dict(detail)
    if "body" in detail:
        body = detail.pop("body")
        detail["said"] = body.get("title") or body.get("value") or body.get("text", "")
    if isinstance(detail.get("event"), list):
        detail["event"] = detail["event"][0]
    for name in ("pins", "position", "before", "selection", "item"):
        detail.pop(name, None)
    after = detail.pop("after", {})
    said = (detail | after).items()
    return "  ".join(
        f"{name}={value if isinstance(value, str) else orjson.dumps(value).decode()}" for name, value in said
    )


def _integrity(found: dict[str, Any]) -> str:
    states = [f"{found[state]:,} {state}" for state in ("intact", "erased", "altered", "missing") if found.get(state)]
    more = f" of {found['of']:,}; `vestige case check` holds all" if found["checked"] < found["of"] else ""
    return f"{found['checked']:,} checked{more}: {', '.join(states) or 'nothing is pinned'}"


def _altered(found: dict[str, Any]) -> int:
    return EXIT_ALTERED if found.get("altered") or found.get("missing") else 0


for _one in (*COMMANDS, report):
    case.add_command(_one)
