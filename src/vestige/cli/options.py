"""Global options, accepted before and after every command, and the words every command shares."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import unicodedata
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from click.core import ParameterSource

from vestige.model.errors import QueryError, UsageError
from vestige.model.instant import NANOS, now, to_text
from vestige.model.offset import relative_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vestige.model.errors import VestigeError

MOST_ECHOED = 300
"""Characters of what a person or a server said that an error repeats."""
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
YEAR = 366 * 86_400
"""Seconds of the longest span."""
_AROUND = 40
"""Characters of a query shown before and behind a fault."""

_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}(\.[0-9]{1,5})?", re.IGNORECASE)


class Terminated(BaseException):
    """The process was asked to end (SIGTERM) while a command had something to say about it first."""


@dataclass(frozen=True, slots=True)
class Globals:
    """What the global options say. ``None`` and ``False`` mean: not given."""

    data: Path | None = None
    server: str | None = None
    token: str | None = None
    tenant: str | None = None
    json: bool = False
    quiet: bool = False
    no_color: bool = False

    def merged(self, given: dict[str, Any]) -> Globals:
        """These options with those given again, after the command."""
        return replace(self, **{name: value for name, value in given.items() if value})


_OPTIONS: list[Callable[[Any], Any]] = [
    click.option(
        "--data",
        type=click.Path(path_type=Path),
        envvar="VESTIGE_DATA",
        help="The data directory.  [default: ./vestige-data]",
    ),
    click.option("--server", metavar="URL", envvar="VESTIGE_SERVER", help="Work on a server instead of a directory."),
    click.option("--token", envvar="VESTIGE_TOKEN", help="The server's token (better: VESTIGE_TOKEN)."),
    click.option("--tenant", metavar="SLUG", help="The tenant to work in."),
    click.option("--json", is_flag=True, help="Machine-readable output: one object, or one a line."),
    click.option("--quiet", is_flag=True, help="No words and no progress on stderr."),
    click.option("--no-color", is_flag=True, help="No colour."),
]
_NAMES = ("data", "server", "token", "tenant", "json", "quiet", "no_color")


def global_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the global options; it receives them merged, as its first argument."""

    def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - click passes what the command declares
        context = click.get_current_context()
        _refuse_no_text(context.command, kwargs)
        before = context.find_object(Globals) or Globals()
        given = {name: kwargs.pop(name) for name in _NAMES}
        for name in _NAMES:
            # What was said before the command goes before what the environment says.
            if context.get_parameter_source(name) is ParameterSource.ENVIRONMENT and getattr(before, name):
                del given[name]
        return command(before.merged(given), *args, **kwargs)

    call.__doc__ = command.__doc__
    call.__name__ = command.__name__
    call.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    wrapped: Callable[..., Any] = call
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def _refuse_no_text(command: click.Command, values: dict[str, Any]) -> None:
    """Names of files are bytes; whatever else a person says must be text to be sent or looked for."""
    files = {param.name for param in command.params if isinstance(param.type, click.Path)}
    for name, value in values.items():
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str) and name not in files and text != readable(text):
                got = "" if name == "token" else ascii(text)[:60]
                raise UsageError(f"{name} is not text", expected="UTF-8", got=got, field=name)


def remember_globals(group: Callable[..., Any]) -> Callable[..., Any]:
    """Give a group the global options; what is given before the command is kept for it."""

    def call(options: Globals, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as above
        click.get_current_context().obj = options
        return group(options, *args, **kwargs)

    call.__doc__ = group.__doc__
    call.__name__ = group.__name__
    return global_options(call)


UNSAFE = (
    {code: f"\\x{code:02x}" for code in [*range(32), *range(127, 160)]}
    | {code: f"\\u{code:04x}" for code in [0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]}
    | {ord("\n"): "\\n"}
)


def shown(text: str) -> str:
    """One line of text with control and direction characters made visible.

    What a log says must not steer a terminal, nor look like a line of ours.
    """
    return text.translate(UNSAFE)


def readable(name: str) -> str:
    """A file's name, as the system gave it, as text: bytes that are no UTF-8 are replaced."""
    return os.fsencode(name).decode("utf-8", "replace")


def explained(error: VestigeError) -> str:
    """An error for a person, in as many lines as it has things to say."""
    place = _pointed(error) if isinstance(error, QueryError) else []
    parts = {
        "": cut(error.message),
        "  expected: ": error.expected,
        "  got:      ": cut(error.got),
        "  next:     ": error.hint,
    }
    first, *others = [head + shown(text) for head, text in parts.items() if text]
    return "\n".join([first, *place, *others])


def _pointed(error: QueryError) -> list[str]:
    """Where in a query the fault is: what stands around it, and a caret below, as wide as a terminal draws both."""
    at = error.column - 1
    if not error.query or not 0 <= at <= len(error.query):
        return [f"  column:   {error.column}"]
    start, end = max(0, at - _AROUND), at + _AROUND
    before, behind = error.query[start:at], error.query[at:end]
    before = ("…" if start else "") + shown(before)
    behind = shown(behind) + ("…" if end < len(error.query) else "")
    return [f"  query:    {before}{behind}", f"  {' ' * (10 + _width(before))}^ column {error.column}"]


def _width(text: str) -> int:
    """How many places of a terminal a text takes."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(unicodedata.category(letter) in {"Mn", "Me", "Cf"} for letter in text)


def cut(text: str) -> str:
    """Text of a length a person reads."""
    return text if len(text) <= MOST_ECHOED else f"{text[:MOST_ECHOED]}… ({len(text):,} characters)"


def checked_id(text: str) -> str:
    """The id of an event or an entry, if it can be one.

    Raises:
        UsageError: it cannot.
    """
    if not _ID.fullmatch(text):
        raise UsageError(
            "that is no id",
            expected="26 letters and digits as `vestige timeline` shows them, such as 01ARZ3NDEKTSV4RRFFQ69G5FAV",
            got=repr(text[:60]),
        )
    return text.upper()


class Bound(click.ParamType[str]):
    """A time that bounds what is asked for: ISO 8601 as the server reads it, or relative to now, as ``now-2h``.

    A relative one is made absolute once, here: the pages of one list must all be of the same.
    """

    name = "time"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text that is sent."""
        del param, ctx
        at = relative_to(value, now())
        return value if at is None else to_text(at)


class Ending(click.ParamType[str]):
    """When something ends: a span from now on, as ``90d`` or ``12h``, or a time as :class:`Bound` takes it."""

    name = "time"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text that is sent."""
        text = value.strip()
        if text and "".join(number + unit for number, unit in _SPAN.findall(text)) == text:
            return to_text(now() + int(seconds_of(text, "--expires") * NANOS))
        return Bound().convert(value, param, ctx)


class Zone(click.ParamType[tzinfo]):
    """A zone whose clock times are shown by: an IANA name, ``UTC``, or an offset as ``+02:00``."""

    name = "zone"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tzinfo:
        """The zone of a name."""
        try:
            if value[:1] in {"+", "-"}:
                return datetime.strptime(value, "%z").tzinfo or UTC
            return ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.fail(f"{value!r} is no zone; such as Europe/Berlin, UTC or +02:00", param, ctx)


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM be heard once, as :class:`Terminated`; the next one ends the process."""

    def ask(*_: object) -> None:
        signal.signal(signal.SIGTERM, before)
        raise Terminated

    before = signal.signal(signal.SIGTERM, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def say(options: Globals, text: str) -> None:
    """Words for a person, on stderr: one line."""
    if not options.quiet:
        sys.stderr.write(shown(text) + "\n")
        sys.stderr.flush()


def put(text: str) -> None:
    """Data, on stdout."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def seconds_of(text: str, option: str) -> float:
    """The seconds of a span a person gave: ``30s``, ``5m``, ``1.5h``.

    Raises:
        UsageError: it is none.
    """
    parts = _SPAN.findall(text.strip())
    if not parts or "".join(number + unit for number, unit in parts) != text.strip():
        raise UsageError(f"{option} is not a span", expected="such as 500ms, 30s, 5m, 1h30m, 1d or 2w", got=text[:40])
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    if not 0 < seconds <= YEAR:
        raise UsageError(f"{option} is out of bounds", expected="above 0, at most 366d", got=text[:40])
    return seconds
