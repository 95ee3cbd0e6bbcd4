"""``vestige detect``: what rules of a folder find in the events."""

from __future__ import annotations

import re
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import click
import orjson

from vestige.cli.connection import JSON, connect
from vestige.cli.options import Globals, global_options, put, say, shown
from vestige.cli.progress import Progress
from vestige.model.errors import UsageError

EXIT_SOME_FAILED = 3
ENDINGS = frozenset({".yml", ".yaml"})
LARGEST = 1 << 20
"""Bytes of one file of rules at most."""
SCREEN = 5
"""Findings of one rule shown to a person; ``--json`` has all."""
_KNOWN = "what was found before is kept; run it again: nothing is kept twice"
_COLOURS = {"critical": "bright_red", "high": "red", "medium": "yellow", "low": "cyan"}
_TECHNIQUE = re.compile(r"attack\.t[0-9]")
_NAMED = 20
"""Rules that are named for one reason; how many more there are is said."""


@click.command()
@click.option(
    "--rules", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Sigma rules: a folder, or a file."
)
@click.option("--query", default="", metavar="Q", help="Look only at events that match this.")
@click.option("--from", "--start", "start", metavar="TIME", help="From this time on.")
@click.option("--to", "--end", "end", metavar="TIME", help="Up to, not including, this time.")
@click.option("--dry-run", is_flag=True, help="Keep nothing in the ledger.")
@global_options
def detect(options: Globals, rules: Path, query: str, start: str | None, end: str | None, dry_run: bool) -> int:
    """Find what Sigma rules describe, and keep each finding in the ledger, once."""
    files, unusable = read_folder(rules)
    request = {"rules": files, "query": query, "start": start, "end": end, "dry_run": dry_run}
    report: dict[str, Any] = {}
    seen: Counter[tuple[str, str]] = Counter()
    colour = not options.no_color and sys.stdout.isatty()
    begun = time.monotonic()
    with connect(options, "detect") as connection, Progress(options) as progress:
        for message in connection.stream("/v1/detect", known=_KNOWN, content=orjson.dumps(request), headers=JSON):
            if "progress" in message:
                progress.show(message["progress"] | {"seconds": time.monotonic() - begun})
            elif "detection" in message:
                found = message["detection"]
                title = (found["pattern"], found["title"])
                seen[title] += 1
                if options.json:
                    put(orjson.dumps(found).decode())
                elif seen[title] <= SCREEN:
                    put(_line(found, colour=colour))
            else:
                report = message["report"]
    if not options.json:
        for (_, name), count in seen.most_common():
            if count > SCREEN:
                say(options, shown(f"and {count - SCREEN} more of {name}; --json lists all"))
    refused = [*unusable, *report["refused"]]
    for line in _account(report, refused):
        say(options, line)
    return EXIT_SOME_FAILED if refused or report["capped"] else 0


def read_folder(rules: Path) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """The files of rules in a folder and below, and those that cannot be read, with the reason.

    Raises:
        UsageError: there is no such folder, or no rule in it.
    """
    try:
        paths = (
            sorted(path for path in rules.rglob("*") if path.suffix.lower() in ENDINGS) if rules.is_dir() else [rules]
        )
    except OSError as error:
        raise UsageError(f"{rules} cannot be looked into", got=error.strerror or str(error), field="--rules") from None
    if not rules.exists() or not paths:
        raise UsageError(
            "there are no rules", expected="a folder with .yml files, or one such file", got=str(rules), field="--rules"
        )
    files, unusable = [], []
    for path in paths:
        name = str(path.relative_to(rules)) if rules.is_dir() else path.name
        name = name.encode("utf-8", "backslashreplace").decode()
        try:
            large = path.stat().st_size > LARGEST
            text = "" if large else path.read_bytes().decode()
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
            unusable.append({"file": name, "rule": "", "reason": f"the file cannot be read: {reason}"})
            continue
        if large:
            unusable.append({"file": name, "rule": "", "reason": f"the file is larger than {LARGEST} bytes"})
        else:
            files.append({"name": name, "text": text})
    return files, unusable


def _line(found: dict[str, Any], *, colour: bool) -> str:
    stamp = found["started_at"] or "undated"
    more = f" and {len(found['evidence']) - 1} more" if len(found["evidence"]) > 1 else ""
    keys = "".join(f"  {key['value']}" for key in found["keys"])
    mark = "*" if found["new"] else " "
    line = shown(f"{stamp:<30}{mark} {found['severity']:<8}  {found['title']}{keys}")
    if colour and found["severity"] in _COLOURS:
        line = click.style(line, fg=_COLOURS[found["severity"]])
    return f"{found['evidence'][0]}{more}  {line}"


def _account(report: dict[str, Any], refused: list[dict[str, str]]) -> list[str]:
    levels = ", ".join(f"{count} {level}" for level, count in report["levels"].items()) or "none"
    kept = "nothing kept" if report["new"] is None else f"{report['new']} new in the ledger"
    lines = [f"{report['rules']:,} rules: {report['detections']:,} findings ({levels}); {kept}"]
    techniques = [
        (tag.removeprefix("attack.").upper(), n) for tag, n in report["tags"].items() if _TECHNIQUE.match(tag)
    ]
    if techniques:
        lines.append("ATT&CK: " + ", ".join(f"{name} {n}" for name, n in techniques))
    if report["capped"]:
        lines.append(f"matched more events than are taken of one rule, the oldest were: {', '.join(report['capped'])}")
    reasons: dict[str, list[str]] = defaultdict(list)
    for one in refused:
        reasons[one["reason"]].append(one["file"])
    for reason, files in sorted(reasons.items(), key=lambda item: -len(item[1])):
        more = f", and {len(files) - _NAMED} more" if len(files) > _NAMED else ""
        lines.append(shown(f"not used: {reason}: {', '.join(files[:_NAMED])}{more}"))
    return lines
