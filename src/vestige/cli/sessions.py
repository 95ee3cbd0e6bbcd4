"""``vestige agent sessions``, ``show`` and ``stats``: what agents did, as the ledger has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
import orjson

from vestige.cli.connection import at_home, connect
from vestige.cli.options import Globals, global_options, put, say, shown
from vestige.cli.session_page import lines_line, page_lines, row_line, savings_line, sum_line
from vestige.model.errors import UsageError
from vestige.model.instant import parse_bound

DIFFERS = 4
"""The exit status of a verification that failed."""
PAGE = 200
SCREEN = 50
"""Lines shown to a person who names no limit; ``--json`` has none."""

_REPOSITORY = click.option("--repository", metavar="NAME", help="Only of this repository: host/owner/name.")
_AGENT = click.option("--agent", metavar="NAME", help="Only of this agent: claude-code, codex, …")
_ACTOR = click.option("--actor", metavar="NAME", help="Only with something this person or agent did.")
_MODEL = click.option("--model", metavar="NAME", help="Only with this model.")
_SINCE = click.option("--since", metavar="TIME", help="Only with something from this time on.")
_UNTIL = click.option("--until", metavar="TIME", help="Only with something before this time.")


@click.command()
@_REPOSITORY
@_AGENT
@_ACTOR
@_MODEL
@_SINCE
@_UNTIL
@click.option("--limit", type=click.IntRange(1), help="Most sessions to give.  [default: 50, none with --json]")
@global_options
def sessions(options: Globals, limit: int | None, since: str | None, until: str | None, **filters: str | None) -> int:
    """Sessions, those seen last first: when, agent, prompts, calls, files, tokens, cost, coverage, id."""
    wanted = limit if limit is not None or options.json else SCREEN
    params = filters | _span(since, until)
    told, more = 0, False
    with connect(at_home(options, Path.cwd()), "agent sessions") as connection:
        cursor = None
        while wanted is None or told < wanted:
            size = PAGE if wanted is None else min(PAGE, wanted - told)
            found = connection.get("/v1/agents/sessions", **params, limit=size, cursor=cursor)
            for one in found["sessions"]:
                put(orjson.dumps(one).decode() if options.json else row_line(one))
            told += len(found["sessions"])
            cursor = found.get("next_cursor")
            more = cursor is not None
            if not more:
                break
    if not options.json:
        say(
            options,
            "no session" if not told else f"the newest {told}; --limit N shows more" if more else f"{told} sessions",
        )
    return 0


def _span(since: str | None, until: str | None) -> dict[str, str | None]:
    """From when until when, as the server is asked; refused here, where the options have their own names.

    Raises:
        UsageError: one is no time.
    """
    for name, text in (("--since", since), ("--until", until)):
        if text is not None:
            parse_bound(text, field=name)
    return {"start": since, "end": until}


@click.command()
@click.argument("session")
@global_options
def show(options: Globals, session: str) -> int:
    """One session: each prompt and what was done because of it, what it changed and cost, and what is missing."""
    with connect(at_home(options, Path.cwd()), "agent show") as connection:
        found = connection.get(f"/v1/agents/sessions/{quote(session, safe='')}")
    put(orjson.dumps(found).decode() if options.json else "\n".join(page_lines(found)))
    return 0


@click.command()
@click.option(
    "--by", metavar="NAMES",
    help="agent, author, model, repository, day, week, witnesses, tool, server or program; several with commas; "
    "further tables with semicolons.  [default: agent; with --lines repository]",
)  # fmt: skip
@click.option("--lines", is_flag=True, help="Whose the lines are that commits added, by repository, author, day, week.")
@click.option("--author", metavar="NAME", help="Only whose sessions, or commits, these are.")
@_REPOSITORY
@_AGENT
@_ACTOR
@_MODEL
@_SINCE
@_UNTIL
@global_options
def stats(
    options: Globals, by: str | None, since: str | None, until: str | None, *, lines: bool, **filters: str | None
) -> int:
    """Sums over sessions: how many, prompts, calls, denied calls, tokens, cost; or over the lines of commits."""
    path, usual = ("/v1/agents/lines", "repository") if lines else ("/v1/agents/stats", "agent")
    span = _span(since, until)
    with connect(at_home(options, Path.cwd()), "agent stats") as connection:
        found: dict[str, Any] = connection.get(path, by=by or usual, **filters, **span)
    if options.json:
        put(orjson.dumps(found).decode())
        return 0
    line = lines_line if lines else sum_line
    for table in (found, *found.get("tables", ())):
        for row in table["rows"]:
            put(line(row, "  ".join(row[name] or "(unknown)" for name in table["by"])))
        if table.get("left_out"):
            put(f"{table['left_out']} more with less in them")
    put(line(found["total"], "together"))
    if found.get("commits_left_out"):
        put(f"{found['commits_left_out']} older commits are not among them")
    if not lines:
        put(savings_line(found["total"]))
        say(options, f"prices: {found['prices']}")
    return 0


@click.command()
@click.argument("session", required=False)
@click.option("--verify", is_flag=True, help="Make none; work all seals out again from the ledger.")
@global_options
def seal(options: Globals, session: str | None, *, verify: bool) -> int:
    """Seal a session, or all that have gone on since their last seal: what is in the ledger of it, in one entry."""
    if verify and session:
        raise UsageError("--verify checks the seals of all sessions", expected="no session beside it", got=session[:80])
    with connect(at_home(options, Path.cwd()), "agent seal") as connection:
        if verify:
            found = connection.get("/v1/agents/seals/verify")
        else:
            found = connection.post("/v1/agents/seals", {"session": session} if session else {})
    if options.json:
        put(orjson.dumps(found).decode())
    elif verify:
        put(f"{found['seals']} seals, {len(found['differ'])} differ from the ledger")
        for one in found["differ"]:
            fields = ", ".join(part["field"] for part in one["differs"])
            put(shown(f"  {one['seal']} of session {one['session']}: {fields}"))
    else:
        for one in found["sealed"]:
            put(shown(f"{one['id']}  {one['entries']} entries  {one['session']}"))
        say(options, f"{len(found['sealed'])} sealed")
    return DIFFERS if verify and not found["ok"] else 0


SESSION_COMMANDS = (sessions, show, stats, seal)
