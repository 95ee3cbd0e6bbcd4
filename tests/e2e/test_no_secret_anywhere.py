"""Every transcript and payload there is, with secrets planted among their records: none is anywhere afterwards."""

from __future__ import annotations

import gzip
import json
import logging
import re
from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest
import re2
from opentelemetry._logs import LogRecord
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource

from support.dumping import everything
from support.program import Vestige, serving
from vestige.secrets.selftest import CANARIES, FORMS, Canary

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.corpus
ROADS = ("raw", "events", "otlp json", "otlp protobuf")
LIVES = ("3f1c2d4e5f60718293a4b5c6d7e8f90123456789", "1b4e28ba-2fa1-41d2-883f-0016d3cca427", "variable_name_of_theirs")
"""What is no secret, and shows that what is looked for would be found."""


def canaries(random: Random) -> dict[str, Canary]:
    """A secret of every kind: those of the check vectors are among them."""
    return {rule: Canary(before, shape, random) for rule, (before, shape) in CANARIES.items()}


def needles(canary: Canary, traces: list[str]) -> list[str]:
    """What of a secret is looked for: parts of it that no accident makes, however much is looked through."""
    spans = [canary.secret[first:last] for first, last in canary._chance]
    long = [piece for text in spans if len(text) >= 12 for piece in (text[:16], text[-16:])]
    return [*long, *(trace for trace in traces if not re.fullmatch("[0-9a-fA-F]*", trace))]


def planted(corpus: Path, folder: Path, random: Random) -> tuple[int, dict[str, str]]:
    """Copy the corpus with records of secrets between its own; how many, and what may not remain of which."""
    traces: dict[str, str] = {}
    count = 0
    files = sorted(path for path in (corpus / "ai-sessions").rglob("*") if path.is_file() and path.stat().st_size)
    for number, path in enumerate(files):
        target = folder / path.relative_to(corpus / "ai-sessions")
        target.parent.mkdir(parents=True, exist_ok=True)
        packed = path.suffix == ".gz"
        data = gzip.decompress(path.read_bytes()) if packed else path.read_bytes()
        name = path.name.removesuffix(".gz")
        if name.endswith(".jsonl") and data.startswith(b"{"):
            lines = [line.rstrip(b"\n") + b"\n" for line in data.splitlines(keepends=True)]
            made = canaries(random)
            behind: dict[int, list[bytes]] = {}
            for rule, canary in list(made.items())[number % 10 :: 10]:
                form = list(FORMS)[(count + number) % len(FORMS)]
                one = FORMS[form](canary)
                # Each behind a record of the file's own: what is in pieces is not parted by another secret.
                behind.setdefault(random.randrange(len(lines)), []).extend(record + b"\n" for record in one.records)
                traces |= dict.fromkeys(needles(canary, one.traces), f"{rule}, {form}")
                count += 1
            lines = [record for at, line in enumerate(lines) for record in (line, *behind.get(at, ()))]
            data = b"".join(lines)
        target.write_bytes(gzip.compress(data) if packed else data)
    return count, traces


def talk(text: str) -> dict[str, Any]:
    return {"type": "user", "sessionId": "s-planted", "message": {"role": "user", "content": text}}


def send_all(url: str, token: str, random: Random) -> dict[str, str]:
    """The same kinds over every road that records of agents come by."""
    traces: dict[str, str] = {}
    headers = {"Authorization": f"Bearer {token}"}
    provider = LoggerProvider(resource=Resource.create({"service.name": "claude-code"}))
    provider.add_log_record_processor(
        SimpleLogRecordProcessor(OTLPLogExporter(url + "/v1/logs", headers=headers, timeout=30))
    )
    logger = provider.get_logger("com.anthropic.claude_code.events")
    with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
        for number, (rule, canary) in enumerate(canaries(random).items()):
            text, road = f"use {canary.before}{canary.secret} for it", ROADS[number % len(ROADS)]
            traces |= dict.fromkeys(needles(canary, canary.traces()), f"{rule}, {road}")
            if road == "raw":
                hook = {"hook_event_name": "UserPromptSubmit", "session_id": "s-hook", "prompt": text, "cwd": "/w"}
                client.post("/v1/ingest/raw", content=orjson.dumps(hook), headers={
                    "X-Source-Id": "agent:host/a/b", "X-Filename": f"{number}.jsonl"}).raise_for_status()  # fmt: skip
            elif road == "events":
                event = {"event_type": "agent.snapshot", "message": "seen", "vestige_capture": {"text": text},
                         "hook_event_name": "x"}  # fmt: skip
                client.post("/v1/ingest/events", content=orjson.dumps(event)).raise_for_status()
            elif road == "otlp json":
                value = {"key": "prompt", "value": {"stringValue": text}}
                record = {"timeUnixNano": "1772355600000000000", "body": {"stringValue": "claude_code.user_prompt"},
                          "attributes": [value]}  # fmt: skip
                body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}
                client.post("/v1/logs", json=body).raise_for_status()
            else:
                logger.emit(LogRecord(timestamp=1_772_355_600_000_000_000, body="claude_code.user_prompt",
                                      attributes={"session.id": "s-otel", "prompt": text}))  # fmt: skip
        client.post("/v1/ingest/raw", content=orjson.dumps(talk(" ".join(LIVES))), headers={
            "X-Source-Id": "agent:host/a/b", "X-Filename": "lives.jsonl"}).raise_for_status()  # fmt: skip
    provider.shutdown()
    return traces


def test_no_secret_is_anywhere_in_the_data_directory(corpus: Path, tmp_path: Path) -> None:
    logging.getLogger("opentelemetry").setLevel(logging.ERROR)
    random = Random("canaries")
    count, traces = planted(corpus, tmp_path / "in", random)
    assert count > 200
    data = tmp_path / "data"
    report = Vestige(data).json("import", str(tmp_path / "in"), code=3)
    with serving(data) as server:
        traces |= send_all(server.url, server.token or "", random)
    options = re2.Options()
    options.max_mem = 1 << 30
    looked_for = re2.compile("|".join(map(re.escape, sorted(traces))).encode(), options)
    left: Counter[str] = Counter()
    found: set[str] = set()
    places: Counter[str] = Counter()
    removed: Counter[str] = Counter()
    for name, content in everything(data):
        places[name.partition(" ")[0]] += len(content)
        left.update(
            f"{traces[one.decode()]}: in {name.partition(' ')[0].partition('/')[0]}"
            for one in looked_for.findall(content)
        )
        found |= {f"{name.partition(' ')[0]}: {text}" for text in LIVES if text.encode() in content}
        if name.startswith("payload "):
            removed.update(told(content))
    print(f"{count} planted in files; {len(traces)} traces looked for in {sum(places.values()):,} bytes")
    print("\n".join(f"{rule:28} {number}" for rule, number in sorted(removed.items())))
    assert sorted(left.items()) == []
    # What was looked through would have shown them: what is no secret is there, in ledger and index.
    assert {f"{place}: {text}" for place in ("payload", "index") for text in LIVES} <= found
    assert report["redacted"] >= count
    assert set(removed) >= set(CANARIES) - {"generic"}


def told(payload: bytes) -> dict[str, int]:
    """What an acquisition says was taken out, by rule."""
    try:
        body = json.loads(payload)
    except ValueError:
        return {}
    taken = body.get("redacted") if isinstance(body, dict) else None
    rows = taken.get("removed", []) if isinstance(taken, dict) else []
    counts: Counter[str] = Counter()
    for one in rows:
        counts[one["rule"]] += one["count"]
    return counts
