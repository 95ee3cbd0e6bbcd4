"""Row 7: all public Windows rules over all Windows events of the corpus, against pySigma's own SQLite backend.

The rival is the usual way of doing it: the events flattened into one table of SQLite in memory, one SELECT for each
rule. It is given an advantage: the table has only the columns that the rules name, its statements are made beforehand,
and ours are made within our time. Both must find the same events for each rule, or the row fails.
"""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from bench.parts import CORPUS, ROOT, Measure, rate, ratios
from sigma.backends.sqlite.sqlite import sqliteBackend
from sigma.conditions import ConditionFieldEqualsValueExpression
from sigma.processing.conditions import LogsourceCondition
from sigma.processing.pipeline import ProcessingItem, ProcessingPipeline
from sigma.processing.transformations import AddConditionTransformation

from support.detecting import Scene, members, rule_files
from support.engine import opened
from vestige.correlate.sigma import Store as SigmaStore
from vestige.correlate.sigma import Window, read_rules, scan
from vestige.correlate.sigma.windows import CATEGORIES, FIRST_NAMES, OTHER_NAMES, SERVICES
from vestige.query import Reader, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.parts import Bench
    from sigma.rule import SigmaRule

    from vestige.correlate.sigma.rules import EventRule
    from vestige.index import Index

ROUNDS = 1
_QUICK = 20_000
_AT_ONCE = 10_000


def corpus_folder() -> Path:
    """Where the real logs lie."""
    return Path(os.environ.get(CORPUS, str(ROOT.parent / "shared" / "data")))


def measure(bench: Bench) -> list[Measure]:
    """The row."""
    name = "detect: all Windows rules / one SELECT a rule on SQLite"
    if not (corpus_folder() / "sigma" / "rules.tar.gz").is_file():
        return [Measure(name, 0.0, "ratio", note=f"not measured: no rules and events at {corpus_folder()}")]
    bench.say("detect: all Windows rules over the Windows events of the corpus, then as one SELECT a rule on SQLite")
    found = bench.part("bench.detect_speed:both", most=_QUICK if bench.quick else 0)
    if found["unequal"]:
        message = f"rules matched different events: {found['unequal'][:5]}"
        raise subprocess.SubprocessError(message)
    note = f"{found['rules']:,} rules, {found['events']:,} events, {found['matches']:,} matches, equal sets"
    return [
        ratios(name, found["ours"], found["rival"], least=10.0),
        rate("detect", found["ours"], note=note),
        rate("SQLite, one SELECT a rule", found["rival"]),
    ]


def both(most: int) -> dict[str, Any]:
    """Events a second of either, and the rules that did not match the same events.

    Args:
        most: events at most; 0 for all there are.
    """
    corpus = corpus_folder()
    pack = read_rules(file for file in rule_files(corpus) if "product: windows" in file.text)
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as index:
        scene = Scene(index)
        for path in sorted((corpus / "windows-json-otrf").rglob("*")):
            for name, data in members(path) if path.is_file() and path.suffix in {".zip", ".gz"} else ():
                if not most or len(scene.names) < most:
                    scene.read(f"{path.name}/{name}", data)
        scene.write()
        reader = Reader(index)
        window = Window(reader.filter("parser:windows_json", Scope(scene.log)))
        begun = time.perf_counter()
        found = scan(SigmaStore(reader), window, pack)
        ours = time.perf_counter() - begun
        refused = {one.rule for one in found.refused}
        rules = [one for one in pack.events if one.detector.name not in refused]
        mine: dict[str, set[int]] = {one.detector.name: set() for one in rules}
        for one in found.detections:
            mine[one.detector.name].add(one.evidence[0].seq)
        events = _events(index, scene.log, len(scene.names))
        theirs, rival = _sqlite(events, rules)
    unequal = [
        f"{name}: ours {sorted(mine[name] - theirs[name])[:3]}, theirs {sorted(theirs[name] - mine[name])[:3]}"
        for name in mine
        if mine[name] != theirs[name]
    ]
    return {
        "ours": [len(events) / ours],
        "rival": [len(events) / rival],
        "rules": len(rules),
        "events": len(events),
        "matches": sum(map(len, mine.values())),
        "unequal": unequal,
    }


def _events(index: Index, log: int, count: int) -> list[tuple[int, dict[str, str]]]:
    """The events flattened: each field's text by Sigma's name, and everything an event says as one text."""
    out: list[tuple[int, dict[str, str]]] = []
    for lo in range(0, count, _AT_ONCE):
        rows = index.query(
            f"SELECT seq, action, host, message, attributes FROM {index.database}.events "  # noqa: S608 - our own name
            "WHERE log = {log:UInt32} AND parser LIKE 'windows_json/%' AND seq >= {lo:UInt64} AND seq < {hi:UInt64} "
            "ORDER BY seq",
            {"log": log, "lo": lo, "hi": lo + _AT_ONCE},
        ).rows
        out += [(seq, _flat(*row)) for seq, *row in rows]
    return out


def _flat(action: str, host: str, message: str, attributes: str) -> dict[str, str]:
    record = orjson.loads(attributes)
    # A beat keeps the event's own fields apart; NXLog writes all of them side by side.
    beat = record.get("winlog", record)
    own = beat.get("event_data") or beat.get("user_data") or record
    flat = {name: _text(value) for name, value in own.items() if value is not None}
    flat.setdefault("Channel", beat.get("channel") or beat.get("log_name") or "")
    provider, _, number = action.rpartition(" ")
    for name, others in OTHER_NAMES.items():
        for other in others:
            if name not in flat and other in flat:
                flat[name] = flat[other]
    for name, firsts in FIRST_NAMES.items():
        for first in firsts:
            flat[name] = flat.get(first, flat.get(name, ""))
    flat |= {"EventID": number, "Provider_Name": provider, "Computer": host}
    flat["fulltext"] = "\n".join([*_leaves(record), message])
    return flat


def _text(value: object) -> str:
    # SQLite's LIKE reads a text only up to a NUL, which PowerShell's events hold now and then.
    return (value if isinstance(value, str) else orjson.dumps(value).decode()).replace("\0", "")


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from _leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one)
    else:
        yield _text(value)


def _sqlite(events: list[tuple[int, dict[str, str]]], rules: list[EventRule]) -> tuple[dict[str, set[int]], float]:
    """What each rule matches, and the seconds that all SELECTs took."""
    backend: Any = sqliteBackend(_pipeline(), fulltext_field="fulltext")  # type: ignore[no-untyped-call]
    # A rule that is converted is changed; the names of its fields are asked for first.
    names = sorted({name for one in rules for name in _fields(one.rule)} | {"Channel", "EventID", "fulltext"})
    statements = {one.detector.name: backend.convert_rule(one.rule) for one in rules}
    # SQLite knows no case of names: names that differ in nothing else are one column.
    columns: dict[str, list[str]] = {}
    for name in names:
        columns.setdefault(name.lower(), []).append(name)
    database = sqlite3.connect(":memory:")
    database.create_function("REGEXP", 2, _matches, deterministic=True)
    quoted = ", ".join(f'"{name}" TEXT COLLATE NOCASE' for name in columns)
    database.execute(f"CREATE TABLE logs (row_id INTEGER PRIMARY KEY, {quoted})")
    places = ", ".join("?" for _ in range(len(columns) + 1))
    database.executemany(
        f"INSERT INTO logs VALUES ({places})",  # noqa: S608 - question marks
        ((seq, *_row(flat, columns)) for seq, flat in events),
    )
    found: dict[str, set[int]] = {}
    begun = time.perf_counter()
    for name, queries in statements.items():
        found[name] = {row[0] for query in queries for row in database.execute(query)}
    return found, time.perf_counter() - begun


def _row(flat: Mapping[str, str], columns: Mapping[str, list[str]]) -> list[str | None]:
    return [next((flat[name] for name in names if name in flat), None) for names in columns.values()]


def _matches(pattern: str, text: str | None) -> bool:
    return text is not None and re.search(pattern, text) is not None


def _fields(rule: SigmaRule) -> set[str]:
    names: set[str] = set()
    waiting: list[Any] = [condition.parsed for condition in rule.detection.parsed_condition]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ConditionFieldEqualsValueExpression):
            names.add(node.field)
            names.add(getattr(node.value, "field", node.field))
        waiting += getattr(node, "args", [])
    return names


def _pipeline() -> ProcessingPipeline:
    """The log sources as conditions on channel and number, from the same tables that ours go by."""
    items = []
    for kind, table in (("category", CATEGORIES), ("service", SERVICES)):
        for name, written in table.items():
            wanted: dict[str, Any] = {"Channel": [one.channel for one in written]}
            numbers = sorted({number for one in written for number in one.numbers})
            if numbers:
                wanted["EventID"] = numbers
            source = LogsourceCondition(product="windows", **{kind: name})
            items.append(ProcessingItem(AddConditionTransformation(wanted), rule_conditions=[source]))
    return ProcessingPipeline(items=items)
