"""A statement-pattern emulation of StreamTrace's ingest on PostgreSQL, with one writer.

What is emulated, from a reading of its public code (geeknik/streamtrace at 6a43a16): the statements it sends for one
event and the indexes they keep up. The schema below is written from that description. It is no measurement of
StreamTrace itself, and its figures are never to be called one.

Per batch of 1000 events: BEGIN, one ``raw_events`` row, COMMIT. Per event, one round trip each: one ``events`` row
(30 columns, a trigger over ten fields, five B-trees and three GINs), one statement for all ``correlation_keys``, per
entity an upsert of ``entities`` and a row of ``entity_events``, per relation an upsert of ``entity_relationships``.

It is kind to what it emulates: statements are prepared in the server and sent through libpq from parameters encoded
before the clock starts, over a Unix socket; there is no HTTP, no parsing, no key hashing, no audit row, and no second
writer to wait for or to deadlock with. The tables are not split by time.
"""

from __future__ import annotations

import json
import time
import uuid
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from zlib import crc32

import psycopg
from bench.parts import Measure, rate
from psycopg.pq import ExecStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.parts import Bench
    from psycopg.pq.abc import PGconn, PGresult

BATCH = 1000
MIXES = {"full": 16, "plain": 10, "syslog": 4}
"""Shapes of an event and the statements each takes: ``plain`` is what the generator's events have, ``full`` adds a
destination and a device, ``syslog`` has a host alone."""

SCHEMA = """
CREATE TABLE raw_events (
  id uuid NOT NULL, content bytea NOT NULL, content_hash text NOT NULL, content_type text NOT NULL,
  source_id text NOT NULL, source_type text NOT NULL, source_name text, received_at timestamptz NOT NULL,
  byte_size bigint NOT NULL);
CREATE INDEX ON raw_events (received_at DESC);
CREATE TABLE events (
  id uuid NOT NULL, raw_event_id uuid NOT NULL, event_type text NOT NULL, severity smallint NOT NULL,
  occurred_at timestamptz NOT NULL, observed_at timestamptz, received_at timestamptz NOT NULL,
  actor_id text, actor_name text, actor_type text, subject_id text, subject_name text, subject_type text,
  object_id text, object_name text, object_type text, src_ip inet, dst_ip inet, src_port int, dst_port int,
  protocol text, device_id text, device_name text, device_type text, hostname text,
  source_id text NOT NULL, source_type text NOT NULL, source_name text, tags text[] NOT NULL,
  custom_fields jsonb NOT NULL, search tsvector);
CREATE INDEX ON events (occurred_at DESC);
CREATE INDEX ON events (event_type, occurred_at DESC);
CREATE INDEX ON events (actor_id, occurred_at DESC);
CREATE INDEX ON events (source_id, occurred_at DESC);
CREATE INDEX ON events (src_ip, occurred_at DESC);
CREATE INDEX ON events USING gin (search);
CREATE INDEX ON events USING gin (tags);
CREATE INDEX ON events USING gin (custom_fields);
CREATE FUNCTION events_search() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  NEW.search :=
    setweight(to_tsvector('simple', coalesce(NEW.event_type, '')), 'A') ||
    setweight(to_tsvector('simple', coalesce(NEW.source_id, '')), 'A') ||
    setweight(to_tsvector('simple', coalesce(NEW.actor_id, '')), 'B') ||
    setweight(to_tsvector('simple', coalesce(NEW.actor_name, '')), 'B') ||
    setweight(to_tsvector('simple', coalesce(NEW.subject_id, '')), 'B') ||
    setweight(to_tsvector('simple', coalesce(NEW.subject_name, '')), 'B') ||
    setweight(to_tsvector('simple', coalesce(NEW.object_id, '')), 'C') ||
    setweight(to_tsvector('simple', coalesce(NEW.object_name, '')), 'C') ||
    setweight(to_tsvector('simple', coalesce(NEW.source_name, '')), 'C') ||
    setweight(to_tsvector('simple', coalesce(NEW.hostname, '')), 'C');
  RETURN NEW; END $$;
CREATE TRIGGER events_search BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION events_search();
CREATE TABLE correlation_keys (
  event_id uuid NOT NULL, key_type text NOT NULL, key_value text NOT NULL, occurred_at timestamptz NOT NULL);
CREATE INDEX ON correlation_keys (key_type, key_value, occurred_at DESC);
CREATE INDEX ON correlation_keys (event_id);
CREATE INDEX ON correlation_keys (occurred_at DESC);
CREATE TABLE entities (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), entity_type text NOT NULL, identifier text NOT NULL,
  display_name text, first_seen_at timestamptz NOT NULL, last_seen_at timestamptz NOT NULL,
  metadata jsonb NOT NULL DEFAULT '{}', UNIQUE (entity_type, identifier));
CREATE INDEX ON entities (entity_type);
CREATE INDEX ON entities (identifier);
CREATE INDEX ON entities (last_seen_at DESC);
CREATE TABLE entity_events (
  entity_id uuid NOT NULL, event_id uuid NOT NULL, role text NOT NULL, occurred_at timestamptz NOT NULL,
  PRIMARY KEY (entity_id, event_id, role));
CREATE INDEX ON entity_events (entity_id, occurred_at DESC);
CREATE INDEX ON entity_events (event_id);
CREATE INDEX ON entity_events (occurred_at DESC);
CREATE TABLE entity_relationships (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), source_entity_id uuid NOT NULL,
  target_entity_id uuid NOT NULL, relationship_type text NOT NULL,
  first_seen_at timestamptz NOT NULL, last_seen_at timestamptz NOT NULL, event_count bigint NOT NULL DEFAULT 1,
  sample_event_id uuid, UNIQUE (source_entity_id, target_entity_id, relationship_type));
CREATE INDEX ON entity_relationships (source_entity_id);
CREATE INDEX ON entity_relationships (target_entity_id);
"""

_TABLES = "raw_events, events, correlation_keys, entities, entity_events, entity_relationships"
_EVENT_COLUMNS = (
    "id, raw_event_id, event_type, severity, occurred_at, observed_at, received_at, actor_id, actor_name, actor_type, "
    "subject_id, subject_name, subject_type, object_id, object_name, object_type, src_ip, dst_ip, src_port, dst_port, "
    "protocol, device_id, device_name, device_type, hostname, source_id, source_type, source_name, tags, custom_fields"
)


def _marks(first: int, count: int) -> str:
    return ", ".join(f"${number}" for number in range(first, first + count))


def _rows(rows: int, columns: int) -> str:
    return ", ".join(f"({_marks(row * columns + 1, columns)})" for row in range(rows))


_STATEMENTS = {
    "raw": "INSERT INTO raw_events VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id",
    "event": f"INSERT INTO events ({_EVENT_COLUMNS}) VALUES ({_marks(1, 30)}) RETURNING id",  # noqa: S608 - our own
    "entity": "INSERT INTO entities (entity_type, identifier, first_seen_at, last_seen_at) VALUES ($1, $2, $3, $3) "
    "ON CONFLICT (entity_type, identifier) DO UPDATE SET "
    "first_seen_at = least(entities.first_seen_at, EXCLUDED.first_seen_at), "
    "last_seen_at = greatest(entities.last_seen_at, EXCLUDED.last_seen_at) RETURNING id",
    "link": "INSERT INTO entity_events VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    "relation": "INSERT INTO entity_relationships (source_entity_id, target_entity_id, relationship_type, "
    "first_seen_at, last_seen_at, sample_event_id) VALUES ($1, $2, $3, $4, $4, $5) "
    "ON CONFLICT (source_entity_id, target_entity_id, relationship_type) DO UPDATE SET "
    "last_seen_at = greatest(entity_relationships.last_seen_at, EXCLUDED.last_seen_at), "
    "event_count = entity_relationships.event_count + 1, sample_event_id = EXCLUDED.sample_event_id RETURNING id",
    **{
        f"keys{count}": f"INSERT INTO correlation_keys VALUES {_rows(count, 4)}"  # noqa: S608 - our own
        for count in range(1, 8)
    },
}


class Sent(NamedTuple):
    """One event's parameters, encoded."""

    id: bytes
    at: bytes
    row: Sequence[bytes]
    """With None for NULL, which libpq takes and its type does not say."""
    keys: list[bytes]
    entities: list[tuple[bytes, bytes, bytes]]
    """Type, identifier, role."""
    relations: list[tuple[int, int, bytes]]


def sample(bench: Bench, file: Path) -> dict[str, float]:
    """Events per second of each mix, on a new database."""
    bench.say("statement-pattern emulation")
    name = bench.server.create()
    try:
        count = 2_000 if bench.quick else 10_000
        found = bench.part("bench.streamtrace_pattern:write", url=bench.server.url(name), file=str(file), count=count)
    finally:
        bench.server.drop(name)
    return {mix: found[mix] for mix in MIXES}


def measures(samples: list[dict[str, float]], ours: float) -> list[Measure]:
    """The lines of the row; of several samples the emulation's best counts."""
    best = {mix: max(one[mix] for one in samples) for mix in MIXES}
    return [
        *(
            Measure(
                f"import / statement-pattern emulation, {MIXES[mix]} statements",
                ours / best[mix],
                "ratio",
                least=25 if mix == "full" else None,
                aim=40 if mix == "full" else None,
            )
            for mix in MIXES
        ),
        *(
            rate(f"statement-pattern emulation, {MIXES[mix]} statements", [one[mix] for one in samples])
            for mix in MIXES
        ),
    ]


def write(url: str, file: str, count: int) -> dict[str, float]:
    """Write ``count`` events in each mix; events per second."""
    with Path(file).open("rb") as lines:
        payloads = [line.rstrip(b"\n") for line in islice(lines, count)]
    rates = {}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SCHEMA.encode())
        server = connection.pgconn
        for name, sql in _STATEMENTS.items():
            _check(server.prepare(name.encode(), sql.encode()))
        for mix, statements in MIXES.items():
            connection.execute(f"TRUNCATE {_TABLES} CASCADE".encode())
            taken, sent = 0.0, 0
            for lo in range(0, len(payloads), BATCH):
                batch = payloads[lo : lo + BATCH]
                raw_id = str(uuid.uuid4()).encode()
                raw = [raw_id, b"\\x" + b"\n".join(batch).hex().encode(), b"0" * 64, b"application/json"]
                raw += [b"bench", b"direct", b"bench", b"2026-11-20T00:00:00Z", str(sum(map(len, batch))).encode()]
                events = [_event(json.loads(payload), raw_id, mix) for payload in batch]
                start = time.perf_counter()
                sent += _batch(server, raw, events)
                taken += time.perf_counter() - start
            if sent != statements * len(payloads):
                message = f"{sent} statements for {len(payloads)} events, not {statements} each"
                raise RuntimeError(message)
            rates[mix] = len(payloads) / taken
    return rates


def _batch(server: PGconn, raw: list[bytes], events: list[Sent]) -> int:
    """One transaction; how many statements its events took."""
    run = server.exec_prepared
    sent = 0
    _check(server.exec_(b"BEGIN"))
    _check(run(b"raw", raw))
    for event in events:
        _check(run(b"event", event.row))
        _check(run(b"keys%d" % (len(event.keys) // 4), event.keys))
        ids = []
        for kind, identifier, role in event.entities:
            found = _check(run(b"entity", [kind, identifier, event.at])).get_value(0, 0) or b""
            ids.append(found)
            _check(run(b"link", [found, event.id, role, event.at]))
        for source, target, kind in event.relations:
            _check(run(b"relation", [ids[source], ids[target], kind, event.at, event.id]))
        sent += 2 + 2 * len(event.entities) + len(event.relations)
    _check(server.exec_(b"COMMIT"))
    return sent


def _check(result: PGresult) -> PGresult:
    if result.status not in {ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK}:
        raise RuntimeError(result.get_error_message())
    return result


def _event(body: dict[str, Any], raw_id: bytes, mix: str) -> Sent:
    """The parameters one event is sent as."""
    at = str(body["occurred_at"])
    fields = {"actor": str(body["actor"]["id"]), "host": str(body["device"]["hostname"])}
    fields |= {"src": str(body["network"]["src_ip"]), "session": str(body["session"])}
    if mix == "full":
        chance = crc32(fields["session"].encode())
        fields |= {"dst": f"198.51.100.{chance % 200 + 1}", "device": f"lt-{crc32(fields['actor'].encode()) % 800}"}
    elif mix == "syslog":
        fields = {"host": fields["host"]}
    named = fields.get
    actor = body["actor"] if "actor" in fields else {}
    custom = {name: value for name, value in body.items() if name in {"session", "trace_id", "message", "service"}}
    event_id = str(uuid.uuid4())
    row = [event_id, None, body["event_type"], "0", at, None, at, named("actor"), actor.get("name"), actor.get("type")]
    row += [None] * 6 + [named("src"), named("dst"), None, None, None, named("device"), None, None, named("host")]
    row += ["bench", "direct", "bench", "{}", json.dumps(custom)]
    encoded = [None if value is None else str(value).encode() for value in row]
    encoded[1] = raw_id
    kinds = {"actor": "identity", "src": "ip", "dst": "ip", "device": "device", "host": "host", "session": "session"}
    keys = [part for name, kind in kinds.items() if name in fields for part in (event_id, kind, fields[name], at)]
    return Sent(
        event_id.encode(),
        at.encode(),
        cast("Sequence[bytes]", encoded),
        [part.encode() for part in keys],
        *_entities(fields),
    )


def _entities(fields: dict[str, str]) -> tuple[list[tuple[bytes, bytes, bytes]], list[tuple[int, int, bytes]]]:
    """The entities an event names, and the relations among them."""
    roles = {"actor": ("user", "actor"), "src": ("ip", "source"), "dst": ("ip", "target")}
    roles |= {"device": ("device", "device"), "host": ("host", "host")}
    found = [name for name in roles if name in fields]
    related = (
        ("actor", "src", "from_ip"),
        ("actor", "device", "used_device"),
        ("actor", "host", "hosted_on"),
        ("device", "src", "from_ip"),
    )
    entities = [(roles[name][0].encode(), fields[name].encode(), roles[name][1].encode()) for name in found]
    relations = [
        (found.index(source), found.index(target), kind.encode())
        for source, target, kind in related
        if source in found and target in found
    ]
    return entities, relations
