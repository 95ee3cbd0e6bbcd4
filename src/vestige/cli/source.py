"""``vestige source``: what there is of each source, how it is read, and how its clock stands."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
import orjson

from vestige.cli.connection import JSON, connect
from vestige.cli.coverage import coverage
from vestige.cli.given import given_bytes
from vestige.cli.importing import EXIT_SOME_FAILED, read_mapping, record_mapping
from vestige.cli.options import Globals, global_options, put, say, shown
from vestige.cli.progress import Progress
from vestige.model.errors import UsageError
from vestige.model.instant import FIRST_YEAR, LAST_YEAR

KNOWN = "what was said is in the ledger or nothing is; `vestige source show NAME` tells, and the index is seen to"
SAMPLE_BYTES = 16 << 20


@click.group()
@global_options
def source(options: Globals) -> None:
    """Sources: what they hold, how they are read, how their clocks stand."""
    click.get_current_context().obj = options


source.add_command(coverage)


@source.command("list")
@global_options
def list_(options: Globals) -> int:
    """Every source: events, from when to when, how far their times may be trusted, how many are generic."""
    with connect(options, "source list") as connection:
        found = connection.get("/v1/sources")["sources"]
    for one in found:
        put(orjson.dumps(one).decode() if options.json else shown(_line(one)))
    if not found:
        say(options, "nothing has come in yet")
    return 0


@source.command()
@click.argument("name", metavar="NAME")
@global_options
def show(options: Globals, name: str) -> int:
    """One source in full, by name or id."""
    with connect(options, "source show") as connection:
        found = connection.get(f"/v1/sources/{quote(name)}")
    put(orjson.dumps(found).decode() if options.json else _page(found))
    return 0


@source.command("set")
@click.argument("name", metavar="NAME")
@click.option("--zone", metavar="Z", help="Zone of stamps that state none: Europe/Berlin, +02:00.")
@click.option("--year", type=click.IntRange(FIRST_YEAR, LAST_YEAR), help="Year of stamps that state none.")
@click.option("--clock-offset", metavar="SPAN", help="Add this to every time: +5m, -2h, +93.25s.")
@click.option("--evidence", multiple=True, metavar="ID", help="An event that shows the offset; may be repeated.")
@click.option("--because", metavar="CODE", help="Or a code for what the offset rests on: ntp_log.")
@click.option("--date-order", metavar="ORDER", help="How 03/04/2026 is read: dmy or mdy.")
@click.option("--format", "form", metavar="NAME|FILE.toml", help="Read what was taken in so far as this format.")
@click.option("--key", "keys", multiple=True, metavar="PATH=KIND", help="A field that is a key; may be repeated.")
@click.option("--unset", multiple=True, metavar="FIELD", help="Let a setting no longer hold; may be repeated.")
@global_options
def set_(
    options: Globals,
    name: str,
    zone: str | None,
    year: int | None,
    clock_offset: str | None,
    evidence: tuple[str, ...],
    because: str | None,
    date_order: str | None,
    form: str | None,
    keys: tuple[str, ...],
    unset: tuple[str, ...],
) -> int:
    """Say how a source is read. No record changes; every event is computed again, and what changed is told."""
    from vestige.app import KEY  # noqa: PLC0415 - as in `source test`

    given = {
        "zone": zone, "year": year, "clock_offset": clock_offset, "because": because, "date_order": date_order,
        "format": form, "evidence": list(evidence), "keys": dict(map(_key, keys)),
        "unset": [one.replace("-", "_") if not one.startswith(KEY) else one for one in unset],
    }  # fmt: skip
    body = {field: value for field, value in given.items() if value not in (None, [], {})}
    mapping = None if form is None else read_mapping(form)
    report: dict[str, Any] = {}
    started = time.monotonic()
    with connect(options, "source set") as connection, Progress(options) as progress:
        if mapping is not None:
            body["format"] = record_mapping(connection, mapping)
        path = f"/v1/sources/{quote(name)}"
        for message in connection.stream(path, known=KNOWN, content=orjson.dumps(body), headers=JSON):
            if "progress" in message:
                progress.show(message["progress"] | {"seconds": time.monotonic() - started})
            else:
                report = message["report"]
    if options.json:
        put(orjson.dumps(report).decode())
    else:
        _tell(report)
    return 0


@source.command()
@click.argument("mapping", metavar="MAPPING", type=click.Path(path_type=Path))
@click.argument("sample", metavar="SAMPLE", type=click.Path(path_type=Path))
@global_options
def test(options: Globals, mapping: Path, sample: Path) -> int:
    """Try a mapping on a sample: what is recognised, read, left unread, and left out. Nothing is taken in."""
    from vestige.app import MAPPING_BYTES, try_sample  # noqa: PLC0415 - every format comes with it

    described = given_bytes(mapping, "the mapping", MAPPING_BYTES)
    data = given_bytes(sample, "the sample", SAMPLE_BYTES)

    found = try_sample(described, data, str(mapping))
    if options.json:
        put(orjson.dumps(found).decode())
    else:
        _tell_trial(found)
    return EXIT_SOME_FAILED if found["unparsed"] or not found["records"] else 0


@source.command()
@global_options
def skew(options: Globals) -> int:
    """How far clocks of sources stand apart that saw the same acts, and what would mend it. Changes nothing."""
    with connect(options, "source skew") as connection:
        found = connection.get("/v1/sources/skew")["pairs"]
    for pair in found:
        put(orjson.dumps(pair).decode() if options.json else _pair(pair))
    if not found:
        say(options, "no two sources share a session, trace, token, address with port, or sign-in")
    return 0


def _key(text: str) -> tuple[str, str]:
    path, _, kind = text.rpartition("=")
    if not path or not kind:
        raise UsageError("that declares no key", expected="PATH=KIND, such as order.id=custom", got=text[:80])
    return path, kind


def _line(one: dict[str, Any]) -> str:
    counts = f"{one.get('events', 0):>10,} events"
    span = f"{one['first']} to {one['last']}" if "first" in one else "no time"
    quality = ", ".join(f"{name} {count:,}" for name, count in one.get("time_quality", {}).items() if count)
    generic = one.get("generic", {}).get("share", 0)
    parts = [f"{one['name']:<24} {counts}  {span}", f"  {quality}" if quality else ""]
    parts.append(f"  generic {generic:.1%}" if generic else "")
    parts.append("  set: " + _settings(one["settings"]) if one["settings"] else "")
    return "".join(parts)


def _page(one: dict[str, Any]) -> str:
    lines = []
    for name, value in one.items():
        if name == "settings":
            lines.append(f"{'settings':<22} {_settings(value) or 'none'}")
        elif name == "formats":
            lines += [f"{'format':<22} {form}: {counts['events']:,} events, {counts['generic']:,} generic"
                      for form, counts in value.items()]  # fmt: skip
        elif isinstance(value, dict):
            lines.append(f"{name:<22} " + ", ".join(f"{key} {inner}" for key, inner in value.items()))
        else:
            lines.append(f"{name:<22} {value}")
    return "\n".join(map(shown, lines))


def _settings(settings: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} {', '.join(f'{path}={kind}' for path, kind in value.items()) if isinstance(value, dict) else value}"
        for name, value in settings.items()
    )


def _tell(report: dict[str, Any]) -> None:
    """What changed. Values come from evidence, so examples are shown escaped."""
    if report["changed"] is None:
        put("all of it held already; nothing was written")
        return
    changed = report["changed"]
    put(shown(f"{report['source']['name']}: {_settings(report['from']) or 'nothing set'} -> "
              f"{_settings(report['to']) or 'nothing set'}"))  # fmt: skip
    put(f"{changed['events']:,} events changed, {changed['added']:,} added, {changed['removed']:,} removed")
    for name, change in changed["fields"].items():
        put(f"  {name:<14} {change['rows']:>12,} rows")
        for example in change["examples"]:
            put(f"    {example['id']}  {example['before']!r} -> {example['after']!r}")


def _tell_trial(found: dict[str, Any]) -> None:
    rival = f"; without --format it would be read as {found['rival']}" if found["rival"] else ""
    lines = [
        f"{found['confidence']:.0%} sure: {found['why']}{rival}",
        (f"{found['records']:,} records: {found['events']:,} events, {found['skipped']:,} skipped, "
        f"{found['unparsed']:,} unparsed; {found['undated']:,} events undated"),
        *(f"  {name:<26} {count:,}" for name, count in [*found["types"].items(), *found["time_quality"].items()]),
        *(f"not read: record {one['record']}: {one['reason']}: {one['text']!r}" for one in found["failures"]),
        *(f"{one.get('occurred_at', 'undated')}  {one['event_type']}  {one.get('message', '')}"
          for one in found["first"]),
        "never filled: " + (", ".join(found["unfilled"]) or "nothing"),
    ]  # fmt: skip
    for line in lines:
        put(shown(line.replace("\n", "\\n")))


_VERDICTS = {
    "in_step": "in step",
    "zone_error": "likely a zone error",
    "clock_skew": "clock skew",
    "unsteady": "differences say nothing: they lie near no one value",
    "too_few": "too few acts seen by both to say",
}


def _pair(pair: dict[str, Any]) -> str:
    lines = [
        f"{pair['a']} and {pair['b']}: {_VERDICTS[pair['verdict']]}",
        (
            f"  {pair['offset']} by {pair['pairs']:,} acts known by {', '.join(pair['kinds'])}; "
            f"{pair['share']:.0%} explained, deviation {pair['deviation_ns'] / 1e9:.3f} s"
        ),
    ]
    if "says" in pair:
        why = f" ({pair['why']})" if "why" in pair else " (or the other way round: which one is wrong they do not tell)"
        lines.append(f"  {pair['says']}{why}")
        lines += [f"  {one['a']} and {one['b']}: {one['difference']}" for one in pair["evidence"]]
        lines += [f"  mend: {pair['mend']}", f"  or:   {pair['otherwise']}"]
    return "\n".join(map(shown, lines))
