"""``vestige replay``: events told again at the pace they happened."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import click
import orjson

from vestige.cli.connection import connect
from vestige.cli.options import Bound, Globals, checked_id, global_options, put, say, seconds_of
from vestige.cli.render import event_line
from vestige.model.errors import VestigeError

if TYPE_CHECKING:
    from collections.abc import Iterator

_NANOS: Final = 1e9


@click.command()
@click.argument("query", nargs=-1)
@click.option("--speed", type=click.FloatRange(0, 1e9), default=1.0, help="Times as fast; 0 waits for nothing.  [1]")
@click.option("--max-gap", default="5s", metavar="SPAN", help="Longest silence, as waited; 0 cuts none.  [default: 5s]")
@click.option("--from", "start", type=Bound(), metavar="TIME", help="From this time on.")
@click.option("--to", type=Bound(), metavar="TIME", help="Up to, not including, this time.")
@click.option("--after", metavar="ID", help="Go on behind this event.")
@click.option("--limit", type=click.IntRange(1), help="Most events to tell.")
@global_options
def replay(
    options: Globals,
    query: tuple[str, ...],
    speed: float,
    max_gap: str,
    start: str | None,
    to: str | None,
    after: str | None,
    limit: int | None,
) -> int:
    """Events that match, oldest first, each when it is due; silence that is cut is told. Ctrl-C says how to go on."""
    gap = 0.0 if max_gap == "0" else seconds_of(max_gap, "--max-gap")
    params = {
        "q": " ".join(query), "speed": speed, "max_gap": gap, "start": start, "end": to, "limit": limit,
        "after": None if after is None else checked_id(after),
    }  # fmt: skip
    colour = not options.no_color and sys.stdout.isatty()
    last = ""
    try:
        with connect(options, "replay") as connection, connection.download("/v1/replay", **params) as response:
            for kind, data in _messages(response.iter_bytes()):
                if kind == "event":
                    last = data["id"]
                    put(orjson.dumps(data).decode() if options.json else event_line(data, colour=colour))
                elif kind == "gap":
                    say(options, f"… {data['cut_ns'] / _NANOS:,.0f} s of silence are left out")
                elif kind == "done":
                    say(options, f"{data['total']:,} events" + ("; there are more" if data["more"] else ""))
                    return 0
    except KeyboardInterrupt:
        if last:
            say(options, f"stopped; --after {last} goes on")
        raise
    raise VestigeError("the replay ended before its end", hint=f"--after {last} goes on" if last else "try again")


def _messages(chunks: Iterator[bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Kind and data of each message of a stream of server-sent events, as ours sends them: one line of data each."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n\n")
        for message in whole:
            fields = dict(line.partition(b": ")[::2] for line in message.split(b"\n"))
            if b"event" in fields:
                yield fields[b"event"].decode(), orjson.loads(fields[b"data"])
