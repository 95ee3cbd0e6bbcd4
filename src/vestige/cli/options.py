"""Global options, accepted before and after every command, and the words every command shares."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable


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
        given = {name: kwargs.pop(name) for name in _NAMES}
        before = context.find_object(Globals) or Globals()
        return command(before.merged(given), *args, **kwargs)

    call.__doc__ = command.__doc__
    call.__name__ = command.__name__
    call.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    wrapped: Callable[..., Any] = call
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def remember_globals(group: Callable[..., Any]) -> Callable[..., Any]:
    """Give a group the global options; what is given before the command is kept for it."""

    def call(options: Globals, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as above
        click.get_current_context().obj = options
        return group(options, *args, **kwargs)

    call.__doc__ = group.__doc__
    call.__name__ = group.__name__
    return global_options(call)


UNSAFE = {code: f"\\x{code:02x}" for code in [*range(32), *range(127, 160)] if code != 10} | {
    code: f"\\u{code:04x}" for code in [0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
}


def shown(text: str) -> str:
    """Text with control and direction characters made visible: what a log says must not steer a terminal."""
    return text.translate(UNSAFE)


def say(options: Globals, text: str) -> None:
    """Words for a person, on stderr."""
    if not options.quiet:
        sys.stderr.write(shown(text) + "\n")
        sys.stderr.flush()


def put(text: str) -> None:
    """Data, on stdout."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
