"""Real transcripts and payloads: all are recognised, every record is accounted for, and every token counted once."""

from __future__ import annotations

import gzip
import io
import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.agent_events import events_in, of_type
from support.samples.agents import SAMPLES
from vestige.agents import answers, by_model, cost_of
from vestige.model.event import Event, Skipped, Unparsed
from vestige.model.vocabulary import VOCABULARY
from vestige.sources import Context, Sample, batches, detect, format_named
from vestige.sources.agents.shape import is_agent_shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

OTHERS = {"droid-session.settings.json", "pi-session-simple.jsonl", "pi-session-tool.jsonl",
          "windsurf-session-simple.jsonl"}  # fmt: skip
"""Of agents without a format here; settings of one of them are no session."""
UNKNOWN = {
    "before_edit", "after_edit", "during_edit", "invalid_event", "invalid_event_name", "preToolUse", "postToolUse",
    "somethingElse", "afterFileEdit", "EventType", "Status",
}  # fmt: skip
FORMS = ("claude_code", "claude_code_hooks", "codex", "copilot", "opencode", "gemini", "cursor")


def members(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.name.endswith((".json", ".jsonl", ".jsonl.gz")):
            data = path.read_bytes()
            data = gzip.decompress(data) if path.suffix == ".gz" else data
            if data:
                yield path, data


@pytest.mark.corpus
def test_transcripts_are_recognised_and_their_records_accounted_for(corpus: Path) -> None:
    forms: Counter[str] = Counter()
    records = parsed = 0
    unparsed: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    folder = corpus / "ai-sessions"
    for path, data in (*members(folder / "claude-code"), *members(folder / "multi-agent")):
        choice = detect(Sample("", data[: 64 * 1024], complete=len(data) <= 64 * 1024))
        assert choice.format is not None
        assert choice.detection is not None
        forms[choice.format.name] += 1
        assert (choice.format.name == "json") == (path.name in OTHERS)
        context = choice.detection.apply(Context(received_at=0))
        for batch, under in batches(choice.format, io.BytesIO(data), context):
            records += len(batch)
            for reading in choice.format.parse([record.payload for record in batch], under):
                if isinstance(reading, Unparsed):
                    unparsed[choice.format.name] += 1
                elif isinstance(reading, Skipped):
                    skipped[choice.format.name] += 1
                else:
                    parsed += 1
                    for event in (reading,) if isinstance(reading, Event) else reading:
                        assert event.event_type in VOCABULARY
                        assert event.message or choice.format.name in {"json", "mixed"}
    assert forms == {"claude_code": 60, "copilot": 7, "cursor": 1, "json": 4, "mixed": 1}
    assert dict(unparsed) == {"mixed": 3}
    assert dict(skipped) == {"claude_code": 521}
    assert records == parsed + sum(unparsed.values()) + sum(skipped.values())
    assert records == counted(corpus)


def counted(corpus: Path) -> int:
    """Records by the corpus's own manifest: lines of ``.jsonl``, whole values of ``.json``."""
    total = 0
    for item in json.loads((corpus / "MANIFEST.json").read_text()):
        name = item["file"]
        if name.startswith(("ai-sessions/claude-code/", "ai-sessions/multi-agent/")) and ".json" in name:
            total += 1 if name.endswith(".json") else item["counts"]["non_empty_lines"]
    return total


@pytest.mark.corpus
def test_every_payload_of_a_hook_gives_events(corpus: Path) -> None:
    seen: Counter[str] = Counter()
    unknown = []
    for _, data in members(corpus / "ai-sessions" / "hook-payloads"):
        for line in data.splitlines():
            payload = json.dumps(json.loads(line)["payload"]).encode()
            choice = detect(Sample("", payload, complete=True))
            assert choice.format is not None
            seen[choice.format.name] += 1
            (reading,) = choice.format.parse([payload], Context(received_at=0))
            assert not isinstance(reading, Unparsed | Skipped)
            assert is_agent_shape(payload)
            if choice.format.name == "json":
                unknown.append(json.loads(payload)["hook_event_name"])
    assert sum(seen.values()) == 98
    # Tab completions, names that their tests made up, and payloads that name no session.
    assert set(unknown) <= UNKNOWN
    assert seen["json"] == len(unknown) < 30


@pytest.mark.corpus
def test_whatever_holds_a_session_looks_like_one_before_it_is_read(corpus: Path) -> None:
    for path, data in members(corpus / "ai-sessions"):
        assert is_agent_shape(data[: 64 * 1024]) == (path.name != "droid-session.settings.json"), path


def sessions(corpus: Path) -> Iterator[tuple[str, list[bytes]]]:
    """Each Claude Code session's files: its own, then its subagents'."""
    for path, data in members(corpus / "ai-sessions" / "claude-code"):
        if "subagents" in path.parts or path.name.startswith("agent-"):
            continue
        name = path.name.partition(".")[0]
        beside = [other for place, other in members(path.parent) if place.name.startswith("agent-")
                  and (name in place.parts or f'"sessionId":"{name}"'.encode() in other)]  # fmt: skip
        yield path.name, [data, *beside]


def by_hand(files: Iterable[bytes]) -> Counter[tuple[str, str]]:
    """Tokens by model, counted with nothing but JSON: of each message's tellings the one that adds up to most."""
    best: dict[str, tuple[int, str, dict[str, int]]] = {}
    for data in files:
        for line in data.splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if not isinstance(record, dict):
                continue
            inner = record.get("data") if record.get("type") == "progress" else None
            if isinstance(inner, dict) and inner.get("type") == "agent_progress":
                record = inner["message"]
            message = record.get("message")
            if record.get("type") != "assistant" or not isinstance(message, dict) or not message.get("usage"):
                continue
            if message["model"] == "<synthetic>":
                continue
            usage = message["usage"]
            split = usage.get("cache_creation") or {}
            figures = {
                "input": usage.get("input_tokens") or 0,
                "output": usage.get("output_tokens") or 0,
                "cache_read": usage.get("cache_read_input_tokens") or 0,
                "5m": split.get("ephemeral_5m_input_tokens", 0)
                if split
                else usage.get("cache_creation_input_tokens", 0),
                "1h": split.get("ephemeral_1h_input_tokens", 0),
            }
            known = best.get(message["id"])
            if known is None or sum(figures.values()) > known[0]:
                best[message["id"]] = (sum(figures.values()), message["model"], figures)
    out: Counter[tuple[str, str]] = Counter()
    for _, model, figures in best.values():
        out.update({(model, name): count for name, count in figures.items()})
    return +out


@pytest.mark.corpus
def test_tokens_of_every_session_are_what_a_count_by_hand_gives(corpus: Path) -> None:
    looked_at = with_subagents = 0
    for name, files in sessions(corpus):
        events = [event for data in files for event in events_in(data)]
        ours: Counter[tuple[str, str]] = Counter()
        for (_, _, model), sums in by_model(answers(events)).items():
            figures = {"input": sums.input, "output": sums.output, "cache_read": sums.cache_read,
                       "5m": sums.cache_write_5m, "1h": sums.cache_write_1h}  # fmt: skip
            ours.update({(model, figure): count for figure, count in figures.items()})
        assert +ours == by_hand(files), name
        looked_at += bool(ours)
        with_subagents += any(found[1] for found in by_model(answers(events)))
    assert looked_at >= 15
    assert with_subagents >= 3


@pytest.mark.corpus
def test_real_sessions_have_a_price_and_edits(corpus: Path) -> None:
    files = dict(sessions(corpus))
    events = [event for data in files["258c7280-ae70-4798-800f-63464d01a85d.jsonl.gz"] for event in events_in(data)]
    cost = cost_of(answers(events))
    assert cost.amount is not None
    assert cost.amount > 1
    edits = of_type(events, "edit")
    assert len(edits) > 20
    assert {edit.outcome for edit in edits} == {"success"}


@st.composite
def mangled(draw: st.DrawFn) -> object:
    """A real-shaped record with values changed, of other kinds, taken out, or nested where none should be."""
    member = draw(st.sampled_from([one for members in SAMPLES.values() for one in members]))
    record = json.loads(draw(st.sampled_from(member.splitlines())) if member.count(b"\n{") else member)
    short = st.text(max_size=3)
    names = st.sampled_from(["type", "text", "id", "content", "command", "path"])
    odd = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(allow_nan=False),
        st.text(max_size=8),
        st.lists(st.one_of(st.none(), st.integers(), short, st.dictionaries(short, st.none())), max_size=3),
        st.dictionaries(names, st.integers(), max_size=3),
    )
    for _ in range(draw(st.integers(1, 4))):
        part = record
        while isinstance(part, dict | list) and part:
            key = draw(st.sampled_from(sorted(part))) if isinstance(part, dict) else draw(st.integers(0, len(part) - 1))
            inner = part[key]
            if not isinstance(inner, dict | list) or not inner or draw(st.booleans()):
                part[key] = draw(odd)
                break
            part = inner
    return record


@pytest.mark.parametrize("name", FORMS)
@given(record=mangled())
def test_no_record_of_a_known_shape_breaks_a_parser(name: str, record: object) -> None:
    form = format_named(name)
    payload = json.dumps(record).encode()
    (reading,) = form.parse([payload], Context(received_at=0))
    assert form.parse([payload], Context(received_at=0)) == [reading]
    for event in (
        () if isinstance(reading, Unparsed | Skipped) else (reading,) if isinstance(reading, Event) else reading
    ):
        assert event.event_type.startswith("agent.")
        assert isinstance(json.loads(event.attributes), dict)
        assert event.message
        assert all(kind and value for kind, value in event.keys)
    if isinstance(record, dict):
        assert form.detect(Sample("", payload, complete=True)) is None or is_agent_shape(payload)
