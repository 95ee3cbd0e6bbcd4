"""``vestige price``: price lists of one's own, in place of list prices."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from vestige.cli.connection import connect
from vestige.cli.given import given_text
from vestige.cli.options import Globals, global_options, put, say, shown
from vestige.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST = 80 << 10
"""Bytes of a signed list: no larger file is read; the server bounds it too."""
_RATES = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h", "web_search")


@click.group()
@global_options
def price(options: Globals) -> None:
    """Prices of agents' tokens: lists of one's own, signed, in place of list prices."""
    click.get_current_context().obj = options


@price.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--key", "key", required=True, type=click.Path(path_type=Path), metavar="FILE",
              help="The private key: `openssl genpkey -algorithm ed25519`, mode 0600.")  # fmt: skip
@click.option("--name", default="prices", show_default=True, metavar="NAME", help="What the key signs as.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Where to.  [default: stdout]")
@global_options
def sign(options: Globals, file: Path, key: Path, name: str, output: Path | None) -> int:
    """Sign a price list (TOML, see docs/prices.md). The key to name to the server is told on stderr."""
    from vestige.app import sign_list  # noqa: PLC0415 - only what a command needs is read

    note, verifier = sign_list(given_text(file, "the price list", LONGEST), key, name)
    if output is None:
        put(note.decode().removesuffix("\n"))
    else:
        try:
            with output.open("xb") as stream:
                stream.write(note)
                os.fsync(stream.fileno())
        except OSError as error:
            raise UsageError("the signed list cannot be written", expected="a file that is not there yet",
                             got=f"{output}: {error.strerror}") from None  # fmt: skip
    say(options, f"signed by {verifier}; an owner names it once: vestige price key '{verifier}'")
    return 0


@price.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@global_options
def apply(options: Globals, file: Path) -> int:
    """Put a signed list in force, and say beside each seal of a session what it comes to by it."""
    with connect(options, "price apply") as connection:
        found = connection.post(
            "/v1/agents/prices", {"note": given_text(file, "the price list", LONGEST)}, repeatable=True
        )
    if options.json:
        put(orjson.dumps(found).decode())
    else:
        put("\n".join(_lines(found)))
    say(options, "in force" if found["new"] else "the same was in force already")
    say(options, f"{found['amended']} seals amended")
    if found["withheld"]:
        say(options, f"of {found['withheld']} seals some entries can no longer be read; nothing was said of them")
    return 0


@price.command("list")
@global_options
def list_(options: Globals) -> int:
    """The price table, the lists in force, and the keys that may sign one."""
    with connect(options, "price list") as connection:
        found = connection.get("/v1/agents/prices")
    if options.json:
        put(orjson.dumps(found).decode())
        return 0
    put(found["table"])
    for one in found["lists"]:
        put("\n".join(_lines(one)))
    for one in found.get("unreadable", ()):
        put(shown(f"{one['name']}  cannot be read: {one['reason']}"))
    for one in found["keys"]:
        put(shown(f"key {one}"))
    return 0


@price.command()
@click.argument("verifier", metavar="KEY")
@click.option("--forget", is_flag=True, help="It may sign none any more; what it signed stays in force.")
@global_options
def key(options: Globals, verifier: str, *, forget: bool) -> int:
    """Let a key sign price lists, as `vestige price sign` told it. An owner's alone to say."""
    with connect(options, "price key") as connection:
        found = connection.post("/v1/agents/prices/keys", {"key": verifier, "trusted": not forget}, repeatable=True)
    put(orjson.dumps(found).decode() if options.json else shown(found["key"]))
    if not found["new"]:
        say(options, "that was so already; nothing was written")
    return 0


def _lines(found: dict[str, Any]) -> Iterable[str]:
    yield shown(f"{found['name']}  sha256:{found['sha256']}  applied by entry {found['entry']}")
    for one in found["prices"]:
        span = f" from {one['from']}" if "from" in one else ""
        span += f" to {one['to']}" if "to" in one else ""
        of = f" of {one['agent']}" if "agent" in one else ""
        rates = ", ".join(f"{name} {one[name]}" for name in _RATES if name in one)
        yield shown(f"  {one['model']}{of}{span}: {rates}")
