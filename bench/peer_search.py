"""Beside peers: the same questions to the same events in PostgreSQL with GIN, in SQLite with FTS5, and by ripgrep.

Each peer gets what it is at its best with: a bulk load in one transaction, its indexes made afterwards, the fields of
an event in columns and its message in the text index, statistics gathered. It keeps no proof, no raw evidence, no
entities and no relations; what loading costs it and what it lies on the disk is shown beside. Ripgrep has the raw file,
and nothing to load. All must find as many events for each word and each actor as the others.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
import statistics
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import psycopg
from bench.import_speed import vestige
from bench.parts import Measure
from bench.query_speed import Sample

from vestige.app import Installation, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.parts import Bench

TIMES = 15
BUCKETS = 1500
QUESTIONS = ("word, newest 100", "actor, newest 100", "actors, the ten most", "density, 1500 buckets")
SCHEMA = """
CREATE TABLE events (id bigint PRIMARY KEY, at timestamptz NOT NULL, type text NOT NULL, actor text NOT NULL,
  message text NOT NULL, doc jsonb NOT NULL, search tsvector NOT NULL)
"""
GIVEN = """
CREATE TEMP TABLE given (id bigint, at timestamptz, type text, actor text, message text, doc jsonb) ON COMMIT DROP
"""
FILL = """
INSERT INTO events SELECT *, to_tsvector('simple', regexp_replace(message, '[^[:alnum:]]+', ' ', 'g')) FROM given
"""
"""Words as the others cut them: its own parser takes a path for one word."""
INDEXES = (
    "CREATE INDEX ON events (at)",
    "CREATE INDEX ON events (actor, at)",
    "CREATE INDEX ON events (type, at)",
    "CREATE INDEX ON events USING gin (search)",
    "ANALYZE events",
)


def measure(bench: Bench) -> list[Measure]:
    """The row."""
    file = bench.one_file(bench.events)
    database = bench.server.create()
    found: dict[str, dict[str, Any]] = {}
    try:
        bench.say("search: ours")
        found["vestige"] = bench.part("bench.peer_search:ours", data=str(bench.place("ours")), file=str(file))
        asked = {"words": found["vestige"].pop("words"), "actors": found["vestige"].pop("actors")}
        bench.say("search: PostgreSQL with GIN")
        found["PostgreSQL + GIN"] = bench.part(
            "bench.peer_search:postgres", url=bench.server.url(database), file=str(file), asked=asked
        )
        bench.say("search: SQLite with FTS5")
        found["SQLite + FTS5"] = bench.part(
            "bench.peer_search:sqlite", folder=str(bench.place("sqlite")), file=str(file), asked=asked
        )
        if shutil.which("rg"):
            bench.say("search: ripgrep")
            found["ripgrep"] = bench.part("bench.peer_search:ripgrep", file=str(file), asked=asked)
    finally:
        bench.server.drop(database)
    return [*_loads(found, bench.events), *_answers(found)]


def _loads(found: dict[str, dict[str, Any]], events: int) -> list[Measure]:
    out = []
    for name, one in found.items():
        if "load" in one:
            out.append(Measure(f"load, {name}", events / one["load"], "events/s", note=one["disk"]))
    if "ripgrep" not in found:
        out.append(Measure("word, ripgrep", 0.0, "ms", note="not measured: ripgrep is not here"))
    return out


def _answers(found: dict[str, dict[str, Any]]) -> list[Measure]:
    out = []
    counts = {name: one["counts"] for name, one in found.items()}
    unequal = sorted(name for name, one in counts.items() if one != counts["vestige"])
    for question in QUESTIONS:
        ours = statistics.median(found["vestige"]["seconds"][question])
        for name, one in found.items():
            samples = [seconds * 1e3 for seconds in one["seconds"].get(question, ())]
            if samples:
                middle = statistics.median(samples)
                note = "" if name == "vestige" else f"{middle / 1e3 / ours:.2f} times ours"
                out.append(Measure(f"{question}, {name}", middle, "ms", samples=samples, note=note))
    said = f"hits differ in {', '.join(unequal)}" if unequal else f"of {len(counts['vestige'])} words and actors"
    out.append(Measure("peers that find as many", float(len(counts) - len(unequal)), f"of {len(counts)}", note=said))
    return out


def _events(file: str) -> Iterator[tuple[int, bytes, dict[str, Any]]]:
    with Path(file).open("rb") as lines:
        for number, line in enumerate(lines):
            yield number, line, orjson.loads(line)


def _timed(acts: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    """Seconds of each question, after one that is not counted."""
    found = {}
    for name, act in acts.items():
        act()
        seconds = []
        for _ in range(TIMES):
            begun = time.perf_counter()
            act()
            seconds.append(time.perf_counter() - begun)
        found[name] = seconds
    return found


class _Turns:
    """The words and actors in turn, the same for everybody."""

    def __init__(self, asked: dict[str, list[str]]) -> None:
        self._asked = asked
        self._at = dict.fromkeys(asked, 0)

    def __call__(self, kind: str) -> str:
        self._at[kind] += 1
        return self._asked[kind][self._at[kind] % len(self._asked[kind])]


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def ours(data: str, file: str) -> dict[str, Any]:
    """Vestige: import, then ask."""
    taken = vestige(data, file)
    with Installation.open(Settings(data=Path(data))) as installation:
        rooms = installation.rooms_of_slug(None)
        timeline = rooms.timeline
        rooms.settle()
        chance, sample = random.Random(7), Sample(rooms)  # noqa: S311 - the same each time
        asked = {
            "words": chance.sample(sample.words, min(20, len(sample.words))),
            "actors": [term.partition(":")[2].strip('"') for term in chance.sample(sample.actors, 20)],
        }
        turn = _Turns(asked)
        seconds = _timed({
            QUESTIONS[0]: lambda: timeline.page(f"message:{turn('words')}", limit=100),
            QUESTIONS[1]: lambda: timeline.page(f'actor.id:"{turn("actors")}"', limit=100),
            QUESTIONS[2]: lambda: timeline.facets(["actor.id"], limit=10),
            QUESTIONS[3]: lambda: timeline.density(buckets=BUCKETS),
        })  # fmt: skip
        counts = [timeline.count(f"message:{word}").dated for word in asked["words"]]
        counts += [timeline.count(f'actor.id:"{name}"').dated for name in asked["actors"]]
    root = Path(data)
    parts = {"ledger": _size(root) - _size(root / "index") - _size(root / "blobs"), "index": _size(root / "index"),
             "the file as it came": _size(root / "blobs")}  # fmt: skip
    told = ", ".join(f"{name} {size >> 20} MiB" for name, size in parts.items())
    return {"load": taken["seconds"], "disk": told, "seconds": seconds, "counts": counts, **asked}


def postgres(url: str, file: str, asked: dict[str, list[str]]) -> dict[str, Any]:
    """PostgreSQL with a GIN index over the message's words."""
    turn = _Turns(asked)
    with psycopg.connect(url, autocommit=True) as connection:
        begun = time.perf_counter()
        with connection.transaction():
            connection.execute(SCHEMA)
            connection.execute(GIVEN)
            with connection.cursor().copy("COPY given FROM STDIN") as copy:
                for number, line, one in _events(file):
                    copy.write_row((number, one["occurred_at"], one["event_type"], one["actor"]["id"], one["message"],
                                    line.decode()))  # fmt: skip
            connection.execute(FILL)
        for sql in INDEXES:
            connection.execute(sql)
        load = time.perf_counter() - begun

        def rows(sql: str, *given: object) -> list[Any]:
            return connection.execute(sql.encode(), given).fetchall()

        newest = "SELECT id, at, doc FROM events WHERE {} ORDER BY at DESC, id DESC LIMIT 100"
        density = (
            "SELECT width_bucket(extract(epoch FROM at), lo, hi, %s), count(*) FROM events, (SELECT "
            "extract(epoch FROM min(at)) lo, extract(epoch FROM max(at)) + 1 hi FROM events) AS ends GROUP BY 1"
        )
        word = "search @@ plainto_tsquery('simple', %s)"
        seconds = _timed({
            QUESTIONS[0]: lambda: rows(newest.format(word), turn("words")),
            QUESTIONS[1]: lambda: rows(newest.format("actor = %s"), turn("actors")),
            QUESTIONS[2]: lambda: rows("SELECT actor, count(*) FROM events GROUP BY 1 ORDER BY 2 DESC LIMIT 10"),
            QUESTIONS[3]: lambda: rows(density, BUCKETS),
        })  # fmt: skip
        counts = [rows(f"SELECT count(*) FROM events WHERE {word}", one)[0][0] for one in asked["words"]]  # noqa: S608
        counts += [rows("SELECT count(*) FROM events WHERE actor = %s", one)[0][0] for one in asked["actors"]]
        ((size,),) = rows("SELECT pg_total_relation_size('events')")
    return {"load": load, "disk": f"table with indexes {size >> 20} MiB", "seconds": seconds, "counts": counts}


def sqlite(folder: str, file: str, asked: dict[str, list[str]]) -> dict[str, Any]:
    """SQLite with an FTS5 index over the message's words."""
    turn = _Turns(asked)
    path = Path(folder) / "events.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        run = connection.execute
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        begun = time.perf_counter()
        run("BEGIN")
        run("CREATE TABLE events (id INTEGER PRIMARY KEY, at TEXT, type TEXT, actor TEXT, message TEXT, doc BLOB)")
        run("CREATE VIRTUAL TABLE words USING fts5(message, content='events', content_rowid='id')")
        connection.executemany(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)",
            ((number, one["occurred_at"], one["event_type"], one["actor"]["id"], one["message"], line)
             for number, line, one in _events(file)),
        )  # fmt: skip
        for index in ("(at)", "(actor, at)", "(type, at)"):
            run(f"CREATE INDEX by_{index[1:3]}_{len(index)} ON events {index}")
        run("INSERT INTO words (words) VALUES ('rebuild')")
        run("COMMIT")
        run("ANALYZE")
        run("PRAGMA wal_checkpoint(TRUNCATE)")
        load = time.perf_counter() - begun

        def rows(sql: str, *given: object) -> list[Any]:
            return run(sql, given).fetchall()

        by_word = (
            "SELECT id, at, doc FROM events WHERE id IN (SELECT rowid FROM words WHERE words MATCH ?) "
            "ORDER BY at DESC, id DESC LIMIT 100"
        )
        density = (
            "SELECT CAST((julianday(at) - lo) / (hi - lo) * ? AS INTEGER), count(*) FROM events, (SELECT "
            "julianday(min(at)) lo, julianday(max(at)) + 1e-5 hi FROM events) GROUP BY 1"
        )
        by_actor = "SELECT id, at, doc FROM events WHERE actor = ? ORDER BY at DESC, id DESC LIMIT 100"
        seconds = _timed({
            QUESTIONS[0]: lambda: rows(by_word, f'"{turn("words")}"'),
            QUESTIONS[1]: lambda: rows(by_actor, turn("actors")),
            QUESTIONS[2]: lambda: rows("SELECT actor, count(*) FROM events GROUP BY 1 ORDER BY 2 DESC LIMIT 10"),
            QUESTIONS[3]: lambda: rows(density, BUCKETS),
        })  # fmt: skip
        counts = [rows("SELECT count(*) FROM words WHERE words MATCH ?", f'"{one}"')[0][0] for one in asked["words"]]
        counts += [rows("SELECT count(*) FROM events WHERE actor = ?", one)[0][0] for one in asked["actors"]]
    return {"load": load, "disk": f"file {_size(Path(folder)) >> 20} MiB", "seconds": seconds, "counts": counts}


def ripgrep(file: str, asked: dict[str, list[str]]) -> dict[str, Any]:
    """Ripgrep over the raw file: all lines of a word within a message, of which the last 100 are kept."""
    turn = _Turns(asked)

    def found(pattern: str, *words: str) -> bytes:
        command = ["rg", "--no-config", "--no-filename", *words, "--", pattern, file]
        return subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout

    def message(word: str) -> str:
        return rf'"message":"([^"\\]|\\.)*\b{word}\b'

    seconds = _timed({
        QUESTIONS[0]: lambda: found(message(turn("words"))).splitlines()[-100:],
        QUESTIONS[1]: lambda: found(f'"id":"{turn("actors")}"', "--fixed-strings").splitlines()[-100:],
    })  # fmt: skip
    counts = [int(found(message(one), "--count", "--ignore-case") or 0) for one in asked["words"]]
    counts += [int(found(f'"actor":{{"id":"{one}"', "--count", "--fixed-strings") or 0) for one in asked["actors"]]
    return {"seconds": seconds, "counts": counts}
