"""What the commands of ``vestige case`` share: where things are, how they are sent, how they are told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from vestige.cli.connection import JSON
from vestige.cli.options import Globals, put, say, shown
from vestige.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from vestige.cli.connection import Connection

SCREEN = 100
"""Lines of a list for a person."""


def path_of(case: str, *parts: str) -> str:
    """Where a case, or a part of it, is.

    Raises:
        UsageError: it is named by a name that cannot stand there, which only older cases have.
    """
    if not case.strip():
        raise UsageError("the case is not named", expected="its id or name", got="nothing")
    if "/" in case:
        raise UsageError(
            'a name with "/" names no case', expected="the id of the case", got=case[:80],
            hint="`vestige case list` shows the ids",
        )  # fmt: skip
    return "/".join(["/v1/cases", *(quote(part, safe="") for part in (case, *parts))])


def shape_of(output: str, given: str | None, endings: Mapping[str, Sequence[str]], otherwise: str) -> str:
    """The shape of a file: as given, else as its ending says.

    Args:
        output: the file's name; ``-`` is standard output.
        given: the shape that was named, if one was.
        endings: which shapes an ending may have, the usual one first.
        otherwise: the shape where nothing is said.

    Raises:
        UsageError: the name of the file says something else, and whoever opens it would take it for that.
    """
    fitting = endings.get(Path(output).suffix.lower(), ()) if output != "-" else ()
    if given is None:
        return fitting[0] if fitting else otherwise
    if fitting and given not in fitting:
        raise UsageError(
            "the file's ending and --format contradict one another",
            expected=f"--format {fitting[0]}, or another ending",
            got=f"--format {given} for {Path(output).name}", hint="leave --format out: the ending says it",
        )  # fmt: skip
    return given


def send(connection: Connection, method: str, path: str, body: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Send JSON, read JSON."""
    return connection.request(method, path, content=orjson.dumps(body), headers=JSON).json()


def told(options: Globals, body: dict[str, Any], line: str) -> int:
    """An answer: as it is for a program, as a line for a person."""
    put(orjson.dumps(body).decode() if options.json else shown(line))
    return 0


def pages(connection: Connection, path: str, name: str, **params: object) -> Iterator[dict[str, Any]]:
    """Everything of a list, page by page."""
    cursor = None
    while True:
        page = connection.get(path, **params, cursor=cursor)
        yield from page[name]
        cursor = page.get("next_cursor")
        if cursor is None:
            return


def put_all(
    options: Globals,
    found: Iterator[dict[str, Any]],
    limit: int | None,
    nothing: str,
    line: Callable[[dict[str, Any]], str],
) -> int:
    """A list: all of it as JSON lines, its beginning for a person."""
    wanted = limit if limit is not None or options.json else SCREEN
    count = 0
    for one in found:
        if count == wanted:
            if not options.json:
                say(options, f"the first {count}; --limit N shows more, --json gives all")
            return 0
        put(orjson.dumps(one).decode() if options.json else line(one))
        count += 1
    if count == 0:
        say(options, nothing)
    return 0


def item_line(item: dict[str, Any]) -> str:
    """One line for something that was said."""
    mark = item.get("verdict") or item.get("status") or item.get("type") or ""
    what = item.get("title") or item.get("value") or item.get("text", "")
    evidence = [one["side"] for one in item.get("evidence", ())]
    weighed = f"  ({evidence.count('for')} for, {evidence.count('against')} against)" if evidence else ""
    return f"{item['id']}  {item['kind']:<10} {mark:<12} {' '.join(what.split())[:160]}{weighed}"
