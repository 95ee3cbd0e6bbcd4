"""Row 1: importing JSON lines, durable, hashed and indexed, against the least it could cost, and against row by row.

The import is the product's own (``Intake.import_paths``) of one file into a fresh data directory, in one process, timed
until every entry is in the index: survey with two digests, a kept copy of the file, records, salts, commitments,
leaves, Merkle tiles, two ledger tables with a durable commit per batch, parsing, and ten index tables.

The *bare limit* is the same payloads and the same rows of the ``events`` table alone, in one thread:
``orjson.loads`` and SHA-256 of every payload, then the insert of a prepared Arrow table per block of the same size
through the same engine with the same settings. Reading the file, cutting it into records, parsing it into events and
building the tables are done before the clock starts; there is no ledger, and none of the tables of keys,
entities and counts.
"""

from __future__ import annotations

import gc
import shutil
import statistics
import threading
import time
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from bench import streamtrace_pattern
from bench.parts import Measure, rate, ratios

from vestige.app import ImportOptions, Installation, Settings
from vestige.index import Block, Index
from vestige.index.columns import transpose
from vestige.index.schema import EVENTS
from vestige.ingest.projector import BLOCK
from vestige.model import instant
from vestige.model.event import Event
from vestige.model.ids import ulid_run
from vestige.model.principal import Principal
from vestige.sources import Context, format_named

if TYPE_CHECKING:
    import pyarrow as pa
    from bench.parts import Bench

FIRST = 3
"""The seq of an import's first record: a key, an acquisition and a normalisation entry stand before it."""


def measure(bench: Bench) -> list[Measure]:
    """The row."""
    files = bench.files(bench.segment)
    patterns = [streamtrace_pattern.sample(bench, files[0])]
    ours: list[dict[str, Any]] = []
    bare: list[dict[str, Any]] = []
    for number, file in enumerate(files):
        turns = [("vestige", ours), ("bare", bare)]
        for name, answers in turns if number % 2 == 0 else reversed(turns):
            place = bench.place(name)
            answers.append(bench.part(f"bench.import_speed:{name}", data=str(place), file=str(file)))
            shutil.rmtree(place)
        bench.say(
            f"import {number + 1}/{len(files)}: {ours[-1]['events'] / ours[-1]['seconds']:,.0f} events/s, "
            f"bare {bare[-1]['events'] / bare[-1]['seconds']:,.0f}"
        )
    patterns.append(streamtrace_pattern.sample(bench, files[-1]))
    our_rates = [one["events"] / one["seconds"] for one in ours]
    bare_rates = [one["events"] / one["seconds"] for one in bare]
    loop, insert = (statistics.median(one[part] / one["seconds"] for one in bare) for part in ("loop", "insert"))
    return [
        ratios("import / bare limit", our_rates, bare_rates, least=0.25, aim=0.4),
        ratios(
            "import / bare limit, by processor time",
            [one["processor"] for one in bare],
            [one["processor"] for one in ours],
        ),
        rate("import", our_rates, note=f"ClickHouse {ours[0]['engine']}, fresh store per {bench.segment:,} events"),
        rate("bare limit", bare_rates, note=f"{loop:.0%} loads and SHA-256, {insert:.0%} insert"),
        *streamtrace_pattern.measures(patterns, statistics.median(our_rates)),
    ]


def vestige(data: str, file: str) -> dict[str, object]:
    """Import one file into a new store."""
    with Installation.open(Settings(data=Path(data))) as installation:
        rooms = installation.rooms_of_slug(None)
        start, spent = time.perf_counter(), time.process_time()
        report = rooms.intake.import_paths(
            [Path(file)], ImportOptions(Principal("bench")), progress=lambda _: None, stop=threading.Event()
        )
        seconds, spent = time.perf_counter() - start, time.process_time() - spent
        found = rooms.timeline.count()
        if not report.records == report.parsed == found.dated:
            message = f"{report.records} records, {report.parsed} parsed, {found.dated} in the index"
            raise RuntimeError(message)
        ((engine,),) = installation.index.query("SELECT version()").rows
        return {"events": report.records, "seconds": seconds, "processor": spent, "engine": engine}


def bare(data: str, file: str) -> dict[str, object]:
    """Load, hash and insert the same rows, prepared."""
    payloads = Path(file).read_bytes().split(b"\n")[:-1]
    tables = _tables(payloads, Path(file).stem)
    index = Index.open("", Path(data), "bench")
    loads, digest, clock = orjson.loads, sha256, time.perf_counter
    loop = insert = 0.0
    gc.collect()
    gc.disable()
    spent = time.process_time()
    for number, table in enumerate(tables):
        start = clock()
        for payload in payloads[number * BLOCK : (number + 1) * BLOCK]:
            loads(payload)
            digest(payload).digest()
        looped = clock()
        index.engine.insert(EVENTS.place(index.database), table, f"bare-{number}")
        insert += clock() - looped
        loop += looped - start
    spent = time.process_time() - spent
    ((stored,),) = index.query(f"SELECT count() FROM {EVENTS.place(index.database)}").rows  # noqa: S608 - our own name
    if stored != len(payloads):
        message = f"{stored} of {len(payloads)} rows are in the index"
        raise RuntimeError(message)
    index.close()
    return {"events": len(payloads), "seconds": loop + insert, "processor": spent, "loop": loop, "insert": insert}


def _tables(payloads: list[bytes], source: str) -> list[pa.Table]:
    """The rows an import of these payloads makes of ``events``, a table per block."""
    form = format_named("json")
    now = instant.now()
    ids, _ = ulid_run(0, now // 1_000_000, len(payloads))
    tables = []
    for lo in range(0, len(payloads), BLOCK):
        events = form.parse(payloads[lo : lo + BLOCK], Context(received_at=now))
        count = len(events)
        block = Block(
            log=1,
            lo=FIRST + lo,
            hi=FIRST + lo + count,
            tip="",
            seqs=range(FIRST + lo, FIRST + lo + count),
            subs=[0] * count,
            ids=ids[lo : lo + count],
            received=[now] * count,
            sources=[source] * count,
            parsers=[f"{form.name}/{form.version}"] * count,
            parts=[[event for event in events if isinstance(event, Event)]],
            statuses=[0] * count,
        )
        tables.append(transpose(block, 1).table())
    return tables
