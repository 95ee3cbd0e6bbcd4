"""Sessions of coding agents as people ask for them: told by several, each thing once; what is missing is said."""

from __future__ import annotations

import gzip
import json
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from support.inside import Inside
from support.program import Vestige, serving
from support.samples.agents import EDIT, answered, claude, said
from vestige.agents.software import programs_in
from vestige.app import Installation, Settings, sessions
from vestige.app.seals import Seal, Seals
from vestige.capture.records import gap
from vestige.model.instant import parse_bound
from vestige.model.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SESSION = "5f0c"
ALL = (
    claude("user", 0, message={"role": "user", "content": "make a two"}),
    claude("assistant", 1, message=answered("msg_1", {"type": "tool_use", "id": "toolu_1", "name": "Edit", "input": {
        "file_path": "/w/app/pay.py", "old_string": "a = 1", "new_string": "a = 2\nb = 3"}})),
    claude("user", 2, message=said({"type": "tool_result", "tool_use_id": "toolu_1", "content": "done"}),
           toolUseResult=EDIT),
    claude("assistant", 3, message=answered("msg_2", {"type": "tool_use", "id": "toolu_2", "name": "Bash",
                                                      "input": {"command": "git commit -am two"}})),
    claude("user", 4, message=said({"type": "tool_result", "tool_use_id": "toolu_2", "content": "[main 1a2b3c4] two"}),
           toolUseResult={"stdout": "[main 1a2b3c4] two\n", "stderr": "", "interrupted": False}),
    claude("assistant", 5, message=answered("msg_3", {"type": "text", "text": "a is two"})),
)  # fmt: skip


def hook(name: str, second: int, **fields: object) -> dict[str, object]:
    return {
        "session_id": SESSION, "transcript_path": "/h/5f0c.jsonl", "cwd": "/w/app", "permission_mode": "default",
        "hook_event_name": name, "timestamp": f"2026-11-01T09:00:{second:02}Z", **fields,
    }  # fmt: skip


_EDIT = {"tool_name": "Edit", "tool_use_id": "toolu_1", "tool_input": {"file_path": "/w/app/pay.py"}}
_SHELL = {"tool_name": "Bash", "tool_use_id": "toolu_2", "tool_input": {"command": "git commit -am two"}}
HOOKS = (
    hook("SessionStart", 0, source="startup", model="claude-opus-5"),
    hook("UserPromptSubmit", 0, prompt="make a two"),
    hook("PreToolUse", 1, **_EDIT, vestige_capture={"snapshot": {"when": "before"}}),
    hook("PostToolUse", 2, **_EDIT, tool_response=EDIT, vestige_capture={"snapshot": {"when": "after"}}),
    hook("PreToolUse", 3, **_SHELL),
    hook("PostToolUse", 4, **_SHELL, tool_response={"stdout": "[main 1a2b3c4] two\n"}),
    hook("Stop", 6),
)


def lines(records: Iterable[object]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def shown(tmp_path: Path, transcript: bytes = b"", hooks: bytes = b"") -> dict[str, Any]:
    """The session, after these were taken in."""
    (tmp_path / "in").mkdir()
    for name, content in (("5f0c.jsonl", transcript), ("hooks.jsonl", hooks)):
        if content:
            (tmp_path / "in" / name).write_bytes(content)
    vestige = Inside(tmp_path / "data")
    vestige.run("import", str(tmp_path / "in"))
    found: dict[str, Any] = vestige.json("agent", "show", SESSION)
    return found


def reasons(found: dict[str, Any]) -> set[tuple[str, str]]:
    return {(hole["reason"], hole.get("use", "")) for hole in found["holes"]}


def test_a_session_told_by_two_is_one_and_counts_once(tmp_path: Path) -> None:
    found = shown(tmp_path, lines(ALL), lines(HOOKS))
    counts = {
        name: found[name] for name in ("prompts", "tool_calls", "edits", "files", "commands", "denials", "errors")
    }
    assert counts == {
        "prompts": 1, "tool_calls": 2, "edits": 1, "files": 1, "commands": 1, "denials": 0, "errors": 0,
    }  # fmt: skip
    assert found["coverage"]["by"] == {"hooks": 2, "transcript": 2}
    assert (found["coverage"]["share"], found["coverage"]["complete"], found["holes"]) == (1.0, True, [])
    assert (found["coverage"]["snapshots"], found["coverage"]["snapshot_share"]) == (1, 0.5)
    assert (found["tokens"]["answers"], found["tokens"]["output"], found["tokens_of"]) == (3, 300, "transcript")
    assert Decimal(found["cost"]["usd"]) > 0
    assert [one["program"] for one in found["software"]] == list(programs_in("git commit -am two")) == ["git"]
    assert [one["commit"] for one in found["commits"]] == ["1a2b3c4"]
    (turn,) = [turn for turn in found["turns"] if "prompt" in turn]
    assert set(turn["prompt"]["evidence"]) == {"hooks", "transcript"}
    calls = [item for item in turn["items"] if item["type"] == "agent.call"]
    assert [(call["tool"], call["outcome"]) for call in calls] == [("Edit", "success"), ("Bash", "success")]
    assert [(edit["path"], edit["lines_added"]) for edit in calls[0]["edits"]] == [("/w/app/pay.py", 2)]
    # Every line leads to events that are there.
    vestige = Inside(tmp_path / "data")
    for item in (turn["prompt"], *turn["items"]):
        for one in (ids[0] for ids in item["evidence"].values()):
            assert vestige.json("show", one)["session"] == SESSION


def logged(name: str, second: int, **fields: object) -> dict[str, object]:
    told = {"session.id": SESSION, "event.name": name, **fields}
    return {
        "timeUnixNano": str((1_772_355_600 + second) * 10**9),
        "body": {"stringValue": f"claude_code.{name}"},
        "attributes": [{"key": key, "value": {"stringValue": str(value)}} for key, value in told.items()],
    }


def telemetry(*records: dict[str, object]) -> bytes:
    scope = {"scope": {"name": "com.anthropic.claude_code.events"}, "logRecords": list(records)}
    service = [{"key": "service.name", "value": {"stringValue": "claude-code"}}]
    return lines([{"resourceLogs": [{"resource": {"attributes": service}, "scopeLogs": [scope]}]}])


ASKED = {"model": "claude-opus-5", "input_tokens": 2, "output_tokens": 100, "cache_read_tokens": 10000}
SENT = (
    logged("user_prompt", 0, prompt="make a two"),
    logged("tool_result", 2, tool_name="Edit", tool_use_id="toolu_1", success="true"),
    logged("tool_decision", 3, tool_name="Bash", tool_use_id="toolu_2", decision="accept"),
    logged("tool_result", 4, tool_name="Bash", tool_use_id="toolu_2", success="true"),
    *(logged("api_request", n, request_id=f"req_{n}", **ASKED) for n in range(3)),
)


def test_telemetry_is_a_third_witness_and_its_tokens_do_not_count_twice(tmp_path: Path) -> None:
    (tmp_path / "otel").mkdir()
    (tmp_path / "otel" / "otel.json").write_bytes(telemetry(*SENT))
    alone = Inside(tmp_path / "alone")
    alone.json("import", str(tmp_path / "otel"))
    found = alone.json("agent", "show", SESSION)
    assert (found["agent"], found["tokens_of"], found["prompts"], found["tool_calls"]) == (
        "claude-code",
        "telemetry",
        1,
        2,
    )
    assert (found["tokens"]["answers"], found["tokens"]["output"]) == (3, 300)
    assert found["coverage"]["reason"] == "only telemetry told of this session"
    together = shown(tmp_path, lines(ALL), lines(HOOKS))
    vestige = Inside(tmp_path / "data")
    vestige.json("import", str(tmp_path / "otel"))
    all_three = vestige.json("agent", "show", SESSION)
    assert all_three["tokens"] == together["tokens"]
    assert (all_three["tokens_of"], all_three["tool_calls"], all_three["prompts"]) == ("transcript", 2, 1)
    assert all_three["coverage"]["by"] == {"hooks": 2, "transcript": 2, "telemetry": 2}
    assert (all_three["coverage"]["share"], all_three["holes"]) == (1.0, [])


def test_a_call_that_telemetry_says_was_refused_is_denied(tmp_path: Path) -> None:
    refused = logged("tool_decision", 5, tool_name="Write", tool_use_id="toolu_5", decision="reject")
    (tmp_path / "otel.json").write_bytes(telemetry(*SENT, refused))
    vestige = Inside(tmp_path / "data")
    vestige.json("import", str(tmp_path / "otel.json"))
    found = vestige.json("agent", "show", SESSION)
    assert (found["denials"], found["tool_calls"], found["errors"]) == (1, 3, 0)


def test_a_hook_that_was_taken_out_lets_the_figure_fall_and_is_named(tmp_path: Path) -> None:
    without = [one for one in HOOKS if (one["hook_event_name"], one.get("tool_name")) != ("PostToolUse", "Bash")]
    found = shown(tmp_path, lines(ALL), lines(without))
    assert (found["coverage"]["share"], found["coverage"]["complete"]) == (0.5, False)
    assert reasons(found) == {("hook_absent", "toolu_2")}


def test_a_call_that_a_hook_missed_is_told_from_a_hook_that_is_not_there(tmp_path: Path) -> None:
    other = {**_SHELL, "tool_use_id": "toolu_9"}
    more = (hook("PreToolUse", 5, **other), hook("PostToolUse", 5, **other, tool_response={"stdout": ""}))
    without = [one for one in HOOKS if (one["hook_event_name"], one.get("tool_name")) != ("PostToolUse", "Bash")]
    found = shown(tmp_path, lines(ALL), lines([*without, *more]))
    assert reasons(found) == {("hook_missed", "toolu_2"), ("transcript", "toolu_9")}
    assert found["coverage"]["share"] == round(1 / 3, 4)


@pytest.mark.parametrize("only", ["hooks", "transcript"])
def test_one_witness_says_so_and_is_never_complete(tmp_path: Path, only: str) -> None:
    found = shown(tmp_path, lines(ALL) if only == "transcript" else b"", lines(HOOKS) if only == "hooks" else b"")
    assert (found["coverage"]["share"], found["coverage"]["complete"]) == (None, False)
    assert found["coverage"]["reason"] == f"only {only} told of this session"
    missing = {("transcript_missing", "")} if only == "hooks" else set()
    assert reasons(found) == {("one_witness", "")} | missing
    if only == "hooks":
        # Nobody told tokens: that is no price, and not nothing.
        assert (found["cost"]["usd"], found["tokens"]["answers"]) == (None, 0)


def test_a_torn_line_of_the_transcript_is_why_its_call_is_missing(tmp_path: Path) -> None:
    whole = lines(ALL[:3]) + lines(ALL[3:4])[:-60] + b"\n" + lines(ALL[5:])
    found = shown(tmp_path, whole, lines(HOOKS))
    assert reasons(found) == {("unread", ""), ("unread", "toolu_2")}
    assert found["coverage"]["share"] == 0.5


def test_what_the_spool_let_go_is_a_hole_of_the_sessions_of_that_time_and_of_no_others(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "5f0c.jsonl").write_bytes(lines(ALL))
    (tmp_path / "in" / "hooks.jsonl").write_bytes(lines(HOOKS))
    vestige = Inside(tmp_path / "data")
    vestige.json("import", "--source", "agent:host/a/b", str(tmp_path / "in"))
    before = vestige.json("agent", "show", SESSION)
    assert (before["repository"], before["holes"]) == ("host/a/b", [])

    def gone(told: str, first: str, last: str, repository: str = "host/a/b") -> bytes:
        at = {name: parse_bound(text, field=name) for name, text in (("told", told), ("first", first), ("last", last))}
        about = {"records": 7, "first_at": at["first"], "last_at": at["last"]}
        return gap("the spool was full, or too old", at["told"], repository, **about)

    with Installation.open(Settings(data=tmp_path / "data")) as installation:
        rooms = installation.rooms_of_slug(None)
        for event in (
            # Told a month after the session, of what went missing in its time.
            gone("2026-12-01", "2026-06-01", "2026-06-02"),
            # Told in its time, of what went missing long before; and of another repository.
            gone("2026-06-01", "2025-01-01", "2025-01-02"),
            gone("2026-06-01", "2026-06-01", "2026-06-01", "host/c/d"),
        ):
            rooms.intake.declare(event, source="agent:host/a/b", by=Principal("capture"), idempotency_key="")
    found = vestige.json("agent", "show", SESSION)
    (hole,) = found["holes"]
    assert (hole["reason"], hole["detail"]) == ("capture_gap", "not captured: the spool was full, or too old")
    assert vestige.json("show", hole["evidence"][0])["attributes"]["vestige_capture"]["records"] == 7
    assert (before["coverage"]["complete"], found["coverage"]["complete"]) == (True, False)


def test_a_model_without_a_price_has_none_and_says_why(tmp_path: Path) -> None:
    odd = json.loads(json.dumps(ALL[5]).replace("claude-opus-5", "claude-nobody-9"))
    found = shown(tmp_path, lines([*ALL[:5], odd]))
    assert found["cost"]["usd"] is None
    assert Decimal(found["cost"]["priced_usd"]) > 0
    assert [one["model"] for one in found["cost"]["unpriced"]] == ["claude-nobody-9"]


def test_a_session_is_sealed_as_it_goes_on_and_a_seal_that_differs_is_named(tmp_path: Path) -> None:
    path = tmp_path / "5f0c.jsonl"
    path.write_bytes(lines(ALL))
    vestige = Inside(tmp_path / "data")
    vestige.json("import", str(path))
    assert vestige.json("agent", "show", SESSION)["sealed"] == "none"
    (first,) = vestige.json("agent", "seal")["sealed"]
    assert (first["entries"], first["tokens"]["answers"]) == (6, 3)
    assert vestige.json("agent", "seal", SESSION)["sealed"] == []
    later = claude("user", 7, message={"role": "user", "content": "and three"})
    path.write_bytes(lines([*ALL, later]))
    vestige.json("import", str(path))
    found = vestige.json("agent", "show", SESSION)
    assert (found["sealed"], [turn["sealed"] for turn in found["turns"]]) == ("part", [True, False])
    (second,) = vestige.json("agent", "seal", SESSION)["sealed"]
    assert (second["entries"], second["earlier"]) == (7, first["id"])
    found = vestige.json("agent", "show", SESSION)
    assert (found["sealed"], [turn["sealed"] for turn in found["turns"]]) == ("all", [True, True])
    told = vestige.json("agent", "seal", "--verify")
    commits = {"seals": 0, "not_here": 0, "differ": []}
    assert told == {"ok": True, "seals": 2, "figures_withheld": 0, "differ": [], "commits": commits}
    # What stands in the table of entries is changed behind the ledger's back: a byte of one leaf.
    with sqlite3.connect(tmp_path / "data" / "vestige.sqlite") as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        (leaf,) = database.execute("SELECT leaf FROM ledger_entries WHERE id = ?", (first["last"],)).fetchone()
        database.execute(
            "UPDATE ledger_entries SET leaf = ? WHERE id = ?", (leaf.replace(b'"n":', b'"m":'), first["last"])
        )
    told = vestige.json("agent", "seal", "--verify", code=4)
    assert {one["seal"] for one in told["differ"]} == {first["id"], second["id"]}
    assert {part["field"] for one in told["differ"] for part in one["differs"]} == {"digest"}


def told_by(session: str, second: int = 0) -> bytes:
    said = {"role": "user", "content": "begin"}
    return lines([claude("user", second, message=said, sessionId=session, uuid=f"u-{session}")])


def test_many_are_sealed_as_each_would_be_and_two_who_seal_at_once_make_no_fork(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    names = {f"s-{number}" for number in range(450)}
    for name in names:
        (tmp_path / "in" / f"{name}.jsonl").write_bytes(told_by(name))
    vestige = Inside(tmp_path / "data")
    vestige.json("import", str(tmp_path / "in"))
    by = Principal("ann")
    with Installation.open(Settings(data=tmp_path / "data")) as installation:
        rooms = installation.rooms_of_slug(None)
        rooms.settle()
        before = installation.ledger.written()[0]
        wholes = list(rooms.sessions.some(rooms.sessions.places()))
        # Threads of one server wait for each other.
        with ThreadPoolExecutor(4) as pool:
            made = [one for found in pool.map(lambda _: rooms.seals.seal(by), range(4)) for one in found]
        assert {one["session"] for one in made} == names
        assert len(made) == 450
        # A few hundred in each transaction, of which there are as many as there are threads.
        assert installation.ledger.written()[0] - before <= 4 * 3
        # Another server asks what was sealed, seals, and is late by then.
        another = Seals(installation.ledger, installation.access.tenant().id, rooms.sessions)
        size = installation.ledger.head(installation.access.tenant().id)
        late: list[dict[str, Seal]] = [{}]
        now = another._lasts
        monkeypatch.setattr(another, "_lasts", lambda sessions: late.pop() if late else now(sessions))
        another.seal_these(Principal("bob"), wholes)
        assert late == []
        assert installation.ledger.head(installation.access.tenant().id) == size
        told = rooms.seals.verify()
        assert (told["ok"], told["seals"]) == (True, 450)


def test_too_many_to_sum_up_says_from_when_on_they_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        (tmp_path / f"{number}.jsonl").write_bytes(told_by(f"s-{number}", number))
    vestige = Inside(tmp_path / "data")
    vestige.json("import", *map(str, sorted(tmp_path.glob("*.jsonl"))))
    assert vestige.json("agent", "stats", "--by", "agent")["total"]["sessions"] == 5
    monkeypatch.setattr(sessions, "MOST_SUMMED", 3)
    code, _, said = vestige.run("agent", "stats", "--by", "agent")
    start = said.split("ask from ")[1].split(" on")[0]
    assert (code, start) == (2, "2026-03-01T09:00:01.000000001Z")
    assert vestige.json("agent", "stats", "--by", "agent", "--since", start)["total"]["sessions"] == 3


def test_lists_are_paged_and_sifted_and_bad_questions_refused(tmp_path: Path) -> None:
    vestige = Vestige(tmp_path / "data")
    for number in range(5):
        text = lines(ALL).replace(b"5f0c", f"s-{number}".encode()).replace(b"2026-03", f"2026-0{number + 1}".encode())
        text = text.replace(b"msg_", f"msg_{number}_".encode()).replace(b'"uuid": "', f'"uuid": "{number}'.encode())
        (tmp_path / f"s-{number}.jsonl").write_bytes(text)
        vestige.json("import", str(tmp_path / f"s-{number}.jsonl"))
    with serving(tmp_path / "data") as running:
        headers = {"Authorization": f"Bearer {running.token}"}
        with httpx.Client(base_url=running.url, headers=headers, timeout=60) as client:
            seen, cursor = [], None
            while True:
                params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
                page = client.get("/v1/agents/sessions", params=params).json()
                seen += [one["id"] for one in page["sessions"]]
                cursor = page.get("next_cursor")
                if cursor is None:
                    break
            assert seen == ["s-4", "s-3", "s-2", "s-1", "s-0"]

            def ask(**params: str) -> list[str]:
                found = client.get("/v1/agents/sessions", params=params).json()
                return [one["id"] for one in found["sessions"]]

            assert ask(start="2026-02-15", end="2026-04-15") == ["s-3", "s-2"]
            assert ask(agent="claude-code", model="claude-opus-5") == seen
            assert ask(agent="codex") == ask(repository="github.com/a/b") == []
            stats = client.get("/v1/agents/stats", params={"by": "day,agent"}).json()
            assert [row["sessions"] for row in stats["rows"]] == [1] * 5
            assert (stats["total"]["tool_calls"], stats["total"]["tokens"]["output"]) == (10, 1500)
            for path, params in (
                ("/v1/agents/sessions", {"cursor": "x"}),
                ("/v1/agents/sessions", {"model": 'a"b'}),
                ("/v1/agents/sessions", {"start": "soon"}),
                ("/v1/agents/stats", {"by": "colour"}),
            ):
                assert client.get(path, params=params).status_code in {400, 422}, (path, params)
            assert client.get("/v1/agents/sessions/none").status_code == 404


def counted(files: Iterable[Path]) -> tuple[dict[str, int], int]:
    """An independent count: output tokens by model, each message once by its largest telling; and calls by their id."""
    best: dict[str, tuple[int, int, str]] = {}
    calls: set[tuple[str, str]] = set()
    for file in files:
        content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        for line in content.split(b"\n"):
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if not isinstance(record, dict):
                continue
            tellings = [record.get("message")]
            inner = (record.get("data") or {}).get("message") if isinstance(record.get("data"), dict) else None
            tellings += [inner.get("message")] if isinstance(inner, dict) else []
            for message in tellings:
                if not isinstance(message, dict) or message.get("role") != "assistant":
                    continue
                usage, name = message.get("usage"), message.get("id")
                if isinstance(usage, dict) and name:
                    total = sum(value for value in usage.values() if type(value) is int)
                    if name not in best or total > best[name][0]:
                        best[name] = (total, usage.get("output_tokens") or 0, str(message.get("model")))
            content_of = (
                (record.get("message") or {}).get("content") if isinstance(record.get("message"), dict) else None
            )
            for part in content_of if isinstance(content_of, list) else ():
                if isinstance(part, dict) and (use := part.get("id") or part.get("tool_use_id")):
                    calls.add((str(record.get("sessionId")), use))
    sums: dict[str, int] = {}
    for _, output, model in best.values():
        sums[model] = sums.get(model, 0) + output
    return {model: n for model, n in sums.items() if n}, len(calls)


@pytest.fixture
def taken(corpus: Path, tmp_path: Path) -> tuple[Inside, list[Path]]:
    folder = corpus / "ai-sessions" / "claude-code"
    vestige = Inside(tmp_path / "data")
    vestige.run("import", str(folder))
    return vestige, sorted(file for file in folder.rglob("*") if ".jsonl" in file.name)


@pytest.mark.corpus
def test_the_corpus_adds_up_and_its_tokens_are_what_an_independent_count_says(
    taken: tuple[Inside, list[Path]],
) -> None:
    vestige, files = taken
    sessions = vestige.lines("agent", "sessions")
    stats = vestige.json("agent", "stats", "--by", "model")
    for name in ("prompts", "tool_calls", "edits", "commands", "denials", "errors"):
        assert sum(one[name] for one in sessions) == stats["total"][name], name
    assert stats["total"]["sessions"] == len(sessions) > 30
    output, calls = counted(files)
    assert {row["model"]: row["tokens"]["output"] for row in stats["rows"] if row["tokens"]["output"]} == output
    assert stats["total"]["tool_calls"] == calls
    assert all(one["coverage"]["complete"] is False for one in sessions)


def test_what_is_sent_again_adds_nothing_and_two_hooks_at_once_are_two(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as running:
        headers = {"Authorization": f"Bearer {running.token}", "X-Source-Id": "agent:host/a/b"}
        with httpx.Client(base_url=running.url, headers=headers, timeout=60) as client:

            def settled(path: str, **params: Any) -> Any:
                """An answer that has everything that was sent."""
                while "index_lag" in (found := client.get(path, params=params).raise_for_status().json()):
                    time.sleep(0.1)
                return found

            def send(records: Iterable[object], name: str) -> int:
                # One import at a time: whoever is told that one is under way sends again, as the capture program does.
                while '"busy"' in (answer := client.post(
                    "/v1/ingest/raw", content=lines(records), headers={"X-Filename": name}
                )).text:  # fmt: skip
                    time.sleep(0.1)
                assert '"outcome":"complete"' in answer.text
                return len(settled("/v1/search", q=f'session:"{SESSION}"', limit=1000)["events"])

            def tokens() -> Any:
                return settled(f"/v1/agents/sessions/{SESSION}")["tokens"]

            # One event, posted twice; then a batch whose answer was lost, sent again.
            assert send(HOOKS[:1], "one.jsonl") == send(HOOKS[:1], "one.jsonl") == 1
            once, first = send(ALL, "5f0c.jsonl"), tokens()
            assert (send(ALL, "5f0c.jsonl"), tokens()) == (once, first)
            assert first["answers"] == 3
            # Two hooks that ran at the same moment say different things: both are there.
            pair = (hook("PreToolUse", 8, tool_name="Read", tool_use_id="toolu_7"),
                    hook("PreToolUse", 8, tool_name="Read", tool_use_id="toolu_8"))  # fmt: skip
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(lambda one: send([one], f"{one['tool_use_id']}.jsonl"), pair))
            found = settled(f"/v1/agents/sessions/{SESSION}")
            calls = [item["tool_use_id"] for turn in found["turns"] for item in turn["items"] if "tool_use_id" in item]
            assert sorted(calls) == ["toolu_1", "toolu_2", "toolu_7", "toolu_8"]
            assert (found["repository"], found["tool_calls"]) == ("host/a/b", 4)
