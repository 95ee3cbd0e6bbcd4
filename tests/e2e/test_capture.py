"""Agents that work in a repository, from the hook to the ledger: nothing lost, nothing twice, no secret kept."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.capturing import SECRET, git, payload, person
from support.program import Vestige, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.capturing import Person

REMOTE = "https://ann:pass@gitlab.example.org/Team/Shop.git"
NAME = "gitlab.example.org/team/shop"
OTHER = "postgres://shop:Xk29vTq81LmZp4@db.internal:5432/shop"


@pytest.fixture
def ann(tmp_path: Path) -> Iterator[Person]:
    with person(tmp_path / "ann") as one:
        yield one


def free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def in_ledger(data: Path, query: str = "*") -> list[dict[str, Any]]:
    return Vestige(data).lines("search", query)


def captured(data: Path) -> list[str]:
    """The ids that capture gave what is in the ledger."""
    found = []
    for event in in_ledger(data, f'source:"agent:{NAME}"'):
        told = event["attributes"].get("vestige_capture", {})
        found += [told["id"]] if "id" in told else []
    return found


def edited(ann: Person, folder: Path, call: str, text: str) -> None:
    """An agent that edits a file, and says so before and after."""
    given = {
        "tool_name": "Write",
        "tool_use_id": call,
        "tool_input": {"file_path": str(folder / "a.py"), "content": text},
    }
    ann.hook(folder, "PreToolUse", **given)
    (folder / "a.py").write_text(text)
    ann.hook(folder, "PostToolUse", **given, tool_response={"type": "update", "filePath": str(folder / "a.py")})


def test_a_session_comes_into_the_ledger_with_what_it_changed_and_without_its_secrets(
    ann: Person, tmp_path: Path
) -> None:
    folder = ann.repository(remote=REMOTE)
    data = tmp_path / "data"
    with serving(data) as server:
        ann.extra |= {"VESTIGE_TOKEN": server.token or ""}
        told = ann.told(folder, "agent", "init", "--server", server.url)
        assert (told["repository"], told["source"], told["key"]) == (NAME, f"agent:{NAME}", "made")
        assert ann.told(folder, "agent", "init", "--server", server.url)["key"] == "kept"
        key = Vestige(data).lines("key", "list")[-1]
        assert (key["scopes"], key["sources"]) == (["ingest"], [f"agent:{NAME}"])
        credentials = ann.home / ".config/vestige/credentials.json"
        assert credentials.stat().st_mode & 0o777 == 0o600
        kept = next(iter(json.loads(credentials.read_text()).values()))
        for path in folder.rglob("*"):
            assert path.is_dir() or kept.encode() not in path.read_bytes()
        del ann.extra["VESTIGE_TOKEN"]

        ann.warm(folder)
        edited(ann, folder, "toolu_1", f"one = 1\ntoken = '{SECRET}'\n")
        shell = {"tool_name": "Bash", "tool_use_id": "toolu_2", "tool_input": {"command": f"psql {OTHER}"}}
        ann.hook(folder, "PreToolUse", **shell)
        (folder / "made.txt").write_text("made by a shell\n")
        ann.hook(folder, "PostToolUse", **shell, tool_response={"stdout": SECRET})
        git(folder, "add", "-A", env=ann.env)
        git(folder, "commit", "-qm", "work", env=ann.env)
        git(folder, "commit", "-q", "--amend", "-m", "better", env=ann.env)
        head = git(folder, "rev-parse", "HEAD")
        left = ann.told(folder, "agent", "flush")
        assert (left["waiting"], left["error"]) == ([], "")
        assert ann.told(folder, "agent", "status")["last_sent"] > 0

    events = in_ledger(data, f'source:"agent:{NAME}"')
    by_type: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        by_type.setdefault(event["event_type"], []).append(event)
    looks = [
        event["attributes"]["vestige_capture"].get("snapshot")
        for event in events
        if "hook_event_name" in event["attributes"]
    ]
    after = next(look for look in looks if look and "made.txt" in look["files"])
    texts = {
        event["attributes"]["vestige_capture"]["ref"]: event["attributes"]["vestige_capture"]
        for event in by_type["agent.snapshot"]
    }
    assert (after["when"], after["whole"]) == ("after", True)
    assert texts[after["files"]["made.txt"]]["text"] == "made by a shell\n"
    secret = texts[after["files"]["a.py"]]
    assert secret["text"].startswith("one = 1\ntoken = '[redacted:github-token:")
    assert list(secret["changed_lines"]) == ["2"]
    made = [event["attributes"]["vestige_capture"] for event in by_type["code.committed"]]
    assert [one["head"] for one in made].count(head) == 1
    (rewritten,) = by_type["code.rewritten"]
    assert rewritten["attributes"]["vestige_capture"]["lines"][0][1] == head
    assert "agent.capture_gap" not in by_type

    # Not a byte of a secret is anywhere but where the agent itself wrote it.
    for root in (ann.home, data):
        for path in root.rglob("*"):
            if path.is_file():
                held = path.read_bytes()
                assert SECRET.encode() not in held, path
                assert b"Xk29vTq81LmZp4" not in held, path


def test_two_calls_at_once_are_two_events(ann: Person) -> None:
    folder = ann.repository(remote=REMOTE)
    ann.vestige(folder, "agent", "init")
    ann.warm(folder)
    given = [payload(folder, "PreToolUse", tool_name="Bash", tool_use_id=f"t{n}", tool_input={}) for n in range(2)] * 4
    processes = [ann.begin(folder) for one in given]
    for process, one in zip(processes, given, strict=True):
        assert process.communicate(one, timeout=60) == (b"", b"")
        assert process.returncode == 0
    found = [record for record in ann.spooled() if record.get("tool_use_id")]
    assert len({record["vestige_capture"]["id"] for record in found}) == len(found) == 8


def test_calls_at_once_where_no_program_runs_all_arrive(ann: Person) -> None:
    folder = ann.repository(remote=REMOTE)
    ann.vestige(folder, "agent", "init")
    given = [payload(folder, "PreToolUse", tool_name="Bash", tool_use_id=f"t{n}", tool_input={}) for n in range(6)]
    processes = [ann.begin(folder) for one in given]
    for process, one in zip(processes, given, strict=True):
        assert process.communicate(one, timeout=60) == (b"", b"")
    due = time.monotonic() + 60
    while len(ann.spooled()) < 6 and time.monotonic() < due:
        time.sleep(0.1)
    found = ann.spooled()
    assert sorted(record["tool_use_id"] for record in found) == [f"t{n}" for n in range(6)]
    # What was there before the call cannot be known any more, and is not made up.
    assert {record["vestige_capture"]["snapshot"]["missed"] for record in found} == {"capture had not begun yet"}


def test_killed_again_and_again_and_without_a_server_all_arrive_once(ann: Person, tmp_path: Path) -> None:
    folder = ann.repository(remote=REMOTE)
    data = tmp_path / "data"
    port = free()
    url = f"http://127.0.0.1:{port}"
    with serving(data, "--port", str(port)) as server:
        ann.extra |= {"VESTIGE_TOKEN": server.token or ""}
        ann.vestige(folder, "agent", "init", "--server", url)
        del ann.extra["VESTIGE_TOKEN"]
    # No server for a while.
    said: set[str] = set()
    for number in range(4):
        ann.warm(folder)
        edited(ann, folder, f"toolu_{number}", f"n = {number}\n")
        said |= {record["vestige_capture"]["id"] for record in ann.spooled() if "id" in record["vestige_capture"]}
        os.kill(ann.pid(), signal.SIGKILL)
    assert len(said) == 4 * 3
    waiting = ann.told(folder, "agent", "status")["waiting"]
    assert waiting[0]["repository"] == NAME
    with serving(data, "--port", str(port)):
        # Killed while it sends: what was answered for and what was not are sent once.
        ann.warm(folder)
        for _ in range(3):
            os.kill(ann.pid(), signal.SIGKILL)
            ann.hook(folder, "Stop")
            ann.warm(folder)
        ann.told(folder, "agent", "flush")
        due = time.monotonic() + 60
        while ann.spooled() and time.monotonic() < due:
            time.sleep(0.2)
            ann.told(folder, "agent", "flush")
    found = captured(data)
    assert len(found) == len(set(found))
    assert said <= set(found)


def test_a_batch_whose_answer_was_lost_is_in_the_ledger_once(ann: Person, tmp_path: Path) -> None:
    folder = ann.repository(remote=REMOTE)
    data = tmp_path / "data"
    ann.vestige(folder, "agent", "init")
    ann.warm(folder)
    edited(ann, folder, "toolu_1", "x = 1\n")
    git(folder, "commit", "-qam", "x", env=ann.env)
    ann.stop()
    copies = {path: path.read_bytes() for path in ann.state.glob("spool/*/*.jsonl")}
    with serving(data) as server:
        ann.extra |= {"VESTIGE_TOKEN": server.token or ""}
        ann.vestige(folder, "agent", "init", "--server", server.url)
        del ann.extra["VESTIGE_TOKEN"]
        ann.warm(folder)
        ann.vestige(folder, "agent", "flush")
        first = len(in_ledger(data, f'source:"agent:{NAME}"'))
        ann.stop()
        for path, held in copies.items():
            path.write_bytes(held)
        ann.vestige(folder, "agent", "flush")
        assert ann.spooled() == []
    assert first >= 4
    assert len(in_ledger(data, f'source:"agent:{NAME}"')) == first


def test_where_the_disk_is_full_the_agent_goes_on_and_what_was_lost_is_told_afterwards(ann: Person) -> None:
    folder = ann.repository(remote=REMOTE)
    ann.vestige(folder, "agent", "init")
    ann.warm(folder)
    pid = ann.pid()
    before = len(ann.spooled())
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, hard))
    for _ in range(3):
        ann.hook(folder, "Stop")
    assert len(ann.spooled()) == before
    assert ann.told(folder, "agent", "status")["not_kept"] == 3
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))
    ann.hook(folder, "Stop")
    told = [record for record in ann.spooled() if record.get("event_type") == "agent.capture_gap"]
    assert [record["vestige_capture"]["events"] for record in told] == [3]


@pytest.mark.parametrize("given", [b"", b"garbage \xff", b"[]"])
def test_garbage_is_a_gap(ann: Person, given: bytes) -> None:
    folder = ann.repository(remote=REMOTE)
    ann.vestige(folder, "agent", "init")
    ann.warm(folder)
    process = ann.begin(folder)
    assert (*process.communicate(given, timeout=60), process.returncode) == (b"", b"", 0)
    (told,) = [record for record in ann.spooled() if record.get("event_type") == "agent.capture_gap"]
    assert told["vestige_capture"]["bytes"] == len(given)


def test_50_megabytes_are_told_as_the_event_they_were(ann: Person) -> None:
    folder = ann.repository(remote=REMOTE)
    ann.vestige(folder, "agent", "init")
    ann.warm(folder)
    given = payload(folder, "PostToolUse", tool_name="Read", tool_use_id="toolu_big", tool_response="x" * (50 << 20))
    process = ann.begin(folder, "PostToolUse")
    assert (*process.communicate(given, timeout=60), process.returncode) == (b"", b"", 0)
    (told,) = [record for record in ann.spooled() if record.get("tool_use_id") == "toolu_big"]
    assert told["hook_event_name"] == "PostToolUse"
    assert str(len(given)) in told["vestige_capture"]["unkept"]


def test_a_program_that_does_not_find_secrets_takes_nothing_and_says_so(ann: Person) -> None:
    folder = ann.repository(remote=REMOTE)
    ann.vestige(folder, "agent", "init")
    ann.state.mkdir(parents=True, exist_ok=True)
    (ann.state / "key").write_bytes(b"short")
    ann.hook(folder, "SessionStart")
    due = time.monotonic() + 30
    while not (ann.state / "refused").exists() and time.monotonic() < due:
        time.sleep(0.1)
    while not (ann.state / "lost").exists() and time.monotonic() < due:
        time.sleep(0.1)
    told = ann.told(folder, "agent", "status", code=1)
    assert "is no key" in told["refused"]
    assert ann.spooled() == []
    commit = subprocess.run(
        ["git", "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "x", "--allow-empty"],
        cwd=folder, env=ann.env, capture_output=True, check=True,
    )  # fmt: skip
    assert b"agents are not captured" in commit.stderr
    (ann.state / "key").unlink()
    os.utime(ann.state / "refused", (0, 0))
    ann.warm(folder)
    gaps = [record for record in ann.spooled() if record.get("event_type") == "agent.capture_gap"]
    assert sum(record["vestige_capture"]["events"] for record in gaps) >= 1
    assert "refused" not in ann.told(folder, "agent", "status")


def test_everything_comes_back_to_the_byte(ann: Person) -> None:
    folder = ann.repository()
    settings = folder / ".claude/settings.json"
    settings.parent.mkdir()
    settings.write_text(
        '{"env": {"A": "b"},\n "hooks": {"Stop": [{"hooks": [{"type": "command", "command": "say"}]}]}}'
    )
    (folder / ".codex").mkdir()
    hook = folder / ".git/hooks/post-commit"
    hook.write_text("#!/bin/sh\necho ran >> ran\n")
    hook.chmod(0o755)

    def held() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    before = held()
    told = ann.told(folder, "agent", "init")
    assert {path.rsplit("/", 2)[-2] for path in told["files"]} == {".claude", ".codex"}
    assert told["repository"].startswith("root:")
    again = ann.told(folder, "agent", "init")
    assert (again["files"], again["git_hooks"]) == ([], [])
    ann.vestige(folder, "agent", "init", "--uninstall")
    assert held() == before
    ann.vestige(folder, "agent", "init", "--uninstall")
    assert held() == before


def test_new_clones_are_covered_by_the_template_and_everybody_by_managed_settings(ann: Person) -> None:
    folder = ann.repository()
    ann.vestige(folder, "agent", "init", "--template")
    clone = folder.parent / "clone"
    git(folder, "clone", "-q", str(folder), str(clone), env=ann.env)
    assert "vestige-agent-hook" in (clone / ".git/hooks/post-commit").read_text()
    due = time.monotonic() + 60
    while not ann.spooled() and time.monotonic() < due:
        time.sleep(0.1)
    assert {record["event_type"] for record in ann.spooled()} == {"code.checked_out"}
    ann.vestige(folder, "agent", "init", "--template", "--uninstall")
    git(folder, "clone", "-q", str(folder), str(folder.parent / "later"), env=ann.env)
    assert not (folder.parent / "later/.git/hooks/post-commit").exists()
    assert ann.env["HOME"] not in git(folder, "config", "--list", env=ann.env)
    managed = json.loads(ann.vestige(folder, "agent", "init", "--managed"))
    ann.vestige(folder, "agent", "init")
    assert managed["hooks"]["PreToolUse"][0]["hooks"][0]["command"] == ann.command(folder)


def test_working_trees_and_a_hooks_path_are_heard(ann: Person) -> None:
    folder = ann.repository()
    git(folder, "config", "core.hooksPath", ".husky")
    ann.vestige(folder, "agent", "init")
    assert (folder / ".husky/post-commit").exists()
    beside = folder.parent / "beside"
    git(folder, "worktree", "add", "-q", str(beside), env=ann.env)
    ann.warm(folder)
    (beside / ".husky").mkdir()
    (beside / ".husky/post-commit").write_bytes((folder / ".husky/post-commit").read_bytes())
    (beside / ".husky/post-commit").chmod(0o755)
    (beside / "new.py").write_text("n")
    given = payload(beside, "PostToolUse", tool_name="Bash", tool_use_id="t", tool_input={})
    process = ann.begin(folder, "PostToolUse")
    assert process.communicate(given, timeout=60) == (b"", b"")
    git(beside, "add", "-A", env=ann.env)
    git(beside, "commit", "-qm", "there", env=ann.env)
    head = git(beside, "rev-parse", "HEAD")
    assert [record for record in ann.spooled() if record.get("object", {}).get("id") == head]
    (look,) = [record["vestige_capture"] for record in ann.spooled() if record.get("tool_use_id") == "t"]
    assert "new.py" in look["snapshot"]["files"]
    assert len({record["vestige_capture"].get("repository") for record in ann.spooled()} - {None}) == 1


def test_every_call_of_the_measurement_is_kept_and_seen_from_before() -> None:
    """What a call costs is measured by `python -m bench.capture_speed`; here only that it is measured on real calls."""
    command = [sys.executable, "-m", "bench.capture_speed", "--files", "2000", "--calls", "20"]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, check=True, timeout=300)
    print(done.stdout.decode())
    assert b"20 of 20 calls kept, 0 without what was there before" in done.stdout
