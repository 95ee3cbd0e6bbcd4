"""The row ``gate``: how long a push waits for its decision, 50 commits that agents made in 20 sessions.

Over HTTP, to a server that has all of it: how long ``POST /v1/policies/check`` takes with every condition in force. The
first time after something came, who wrote the lines is worked out anew; later times that is remembered. By itself:
``python bench/gate_speed.py [COMMITS] [SESSIONS]``.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":  # run as a script: modules are found from the root, as bench/run.py finds them
    sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[1] / "tests")]

from bench.parts import Measure

from support.attributing.commits import Commits
from support.attributing.sent import send_edit
from support.world import world_in
from vestige.capture.packing import pack

if TYPE_CHECKING:
    import httpx
    from bench.parts import Bench

COMMITS, SESSIONS = 50, 20
CALLS = 40
"""Calls of tools in a session, beside its edits."""
NAME = "host/team/bench"
MOST_MS = 2000.0
POLICIES: list[dict[str, Any]] = [
    {"type": "trace_completeness"}, {"type": "ai_percentage_threshold", "threshold": 100},
    {"type": "model_allowlist", "allowed_models": ["claude-*"]}, {"type": "sensitive_path", "patterns": ["payments"]},
    {"type": "required_tool_call", "tool_names": ["Lint"]}, {"type": "token_budget", "max_tokens": 500_000},
    {"type": "conditional_tool_call", "tool_name": "Lint", "min_count": 2, "when_files_match": ["**/*.py"]},
    {"type": "expr", "cel": "sessions.all(s, s.calls.exists(c, c.tool == 'Lint')) && commit.lines.ai >= 0"},
    {"type": "coverage_min", "min_percent": 90}, {"type": "unattributed_max", "max_percent": 20},
    {"type": "human_review_required"}, {"type": "secret_in_session"}, {"type": "permission_mode_forbidden"},
    {"type": "mcp_server_allowlist", "allowed_servers": []}, {"type": "commit_trailers", "required": ["Signed-off-by"]},
]  # fmt: skip


def measure(bench: Bench) -> list[Measure]:
    """The row."""
    bench.say(f"gate: {COMMITS} commits, {SESSIONS} sessions")
    found = bench.part("bench.gate_speed:look", folder=str(bench.place("gate")), commits=COMMITS, sessions=SESSIONS)
    return [Measure(name, statistics.median(ms), "ms", most=MOST_MS, samples=ms) for name, ms in found["figures"]]


def look(folder: str, commits: int, sessions: int) -> dict[str, object]:
    """Have agents make commits, and time what is decided of them: name and samples of each figure."""
    with world_in(Path(folder) / "data") as world:
        owner = world.client("owner")
        made = Commits(Path(folder) / "work")
        first = made.commit()
        bring(owner, made)
        made_of(owner, made, commits, sessions)
        bring(owner, made)
        text = json.dumps({"version": 1, "policy": [{"name": f"p{n}", **one} for n, one in enumerate(POLICIES)]})
        owner.post("/v1/policies", json={"text": text, "form": "yaml"}).raise_for_status()
        body = {"repository": NAME, "updates": [{"old": first, "new": made.git("rev-parse", "HEAD")}]}
        begun = asked(owner, body, commits)
        later = [asked(owner, body, commits) for _ in range(5)]
    return {"figures": [("a decision after something came", [begun]), ("a decision", later)]}


def asked(owner: httpx.Client, body: dict[str, Any], commits: int) -> float:
    """Milliseconds of one decision."""
    began = time.perf_counter()
    answer = owner.post("/v1/policies/check", json=body).raise_for_status().json()
    taken = (time.perf_counter() - began) * 1000
    if (answer["commits"], answer["policies"]) != (commits, len(POLICIES)):
        raise RuntimeError(f"something else was decided: {answer['commits']} commits, {answer['policies']} policies")
    return taken


def made_of(owner: httpx.Client, made: Commits, commits: int, sessions: int) -> None:
    """Commits of three files, and what the sessions did that wrote them."""
    texts: dict[str, str] = {}
    for number in range(commits):
        session = f"session-{number % sessions}"
        path = f"src/part{number % 7}/file{number}.py"
        before = texts.get(path, "")
        texts[path] = before + "".join(f"value_{number}_{line} = {line}\n" for line in range(40))
        made.put(path, texts[path])
        made.put(f"docs/{number}.md", f"# {number}\n")
        oid = made.commit()
        send_edit(owner, NAME, oid, path, (before, texts[path]), session=session, call=f"toolu_{number}")
    for number in range(sessions):
        base: dict[str, Any] = {"session_id": f"session-{number}", "cwd": "/w", "permission_mode": "default",
                "timestamp": "2026-03-02T10:00:05Z"}  # fmt: skip
        records = [{"hook_event_name": "SessionStart", "model": "claude-opus-4-1", **base}]
        for call in range(CALLS):
            name, use = "Lint" if call % 2 else "Read", f"call-{number}-{call}"
            about = base | {"tool_name": name, "tool_use_id": use, "tool_input": {}}
            records += [{"hook_event_name": "PreToolUse", **about}, {"hook_event_name": "PostToolUse", **about}]
        lines = "".join(f"{json.dumps(one)}\n" for one in records)
        headers = {"X-Source-Id": f"agent:{NAME}", "X-Filename": f"{number}.jsonl"}
        owner.post("/v1/ingest/raw", content=lines, headers=headers).raise_for_status()


def bring(owner: httpx.Client, made: Commits) -> None:
    """Bring what is new, as ``vestige code push`` does."""
    repository = owner.post("/v1/code/repositories", json={"name": NAME}).raise_for_status().json()["id"]
    there = owner.get(f"/v1/code/repositories/{repository}/tips").json()["tips"]
    with tempfile.TemporaryFile() as out:
        pack(made.folder, set(there), out)
        out.seek(0)
        owner.post(f"/v1/code/repositories/{repository}/bundles", content=out.read()).raise_for_status()


def main(commits: int, sessions: int) -> None:
    with tempfile.TemporaryDirectory(prefix="vestige-bench-") as folder:
        for name, samples in look(folder, commits, sessions)["figures"]:  # type: ignore[attr-defined]
            print(f"{name:<40} {statistics.median(samples):9.1f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else COMMITS, int(sys.argv[2]) if len(sys.argv) > 2 else SESSIONS)
