"""A team with a server, a repository that is pushed to, and a developer whose agent works in a clone of it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from support.attributing.sent import send_edit
from support.capturing import Person, git, person
from support.world import World, world_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "gitlab.example.org/team/shop"
URL = f"https://{NAME}.git"
MODEL = "claude-opus-4-1"


@dataclass
class Team:
    """Who pushes, to what, and what judges it."""

    world: World
    ann: Person
    work: Path
    """The clone."""
    bare: Path
    """Where it is pushed to."""
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 10_000)))

    @property
    def owner(self) -> Any:
        """The owner's client."""
        return self.world.client("owner")

    def git(self, *words: str) -> str:
        """What Git prints in the clone."""
        return git(self.work, *words, env=self.ann.env)

    def commit(self, path: str, text: str, message: str = "work") -> str:
        """A commit that nobody told of."""
        (self.work / path).parent.mkdir(parents=True, exist_ok=True)
        (self.work / path).write_text(text)
        self.git("add", "-A")
        self.git("-c", "core.hooksPath=/dev/null", "commit", "-qm", message)
        return self.git("rev-parse", "HEAD")

    def agent(
        self, path: str, text: str, *, message: str = "work", calls: dict[str, str] | None = None, model: str = MODEL,
        mode: str = "default", said: str = "do it",
    ) -> tuple[str, str]:  # fmt: skip
        """A commit of what an agent wrote in a session of its own; the commit, and the session."""
        file = self.work / path
        before = file.read_text() if file.exists() else ""
        commit = self.commit(path, text, message)
        session = f"session-{next(self.numbers)}"
        send_edit(self.owner, NAME, commit, path, (before, text), session=session, call=f"edit-{session}")
        self.session(session, calls or {}, model=model, mode=mode, said=said)
        return commit, session

    def traced(self, commit: str, path: str) -> str:
        """Tell afterwards that an agent wrote all of a file; the session."""
        session = f"session-{next(self.numbers)}"
        texts = ("", (self.work / path).read_text())
        send_edit(self.owner, NAME, commit, path, texts, session=session, call=f"edit-{session}")
        return session

    def transcript(self, session: str, **usage: int) -> None:
        """What the agent's own transcript tells: a prompt, and an answer with its tokens."""
        base = {"sessionId": session, "cwd": "/w", "version": "2.1.328", "isSidechain": False, "userType": "external",
                "timestamp": "2026-03-02T10:00:09Z"}  # fmt: skip
        said = [{"type": "text", "text": "ok"}]
        answer = {"id": f"msg-{session}", "role": "assistant", "model": MODEL, "content": said, "usage": usage}
        self.send(f"{session}.jsonl", [
            {**base, "type": "user", "uuid": f"{session}-1", "message": {"role": "user", "content": "do it"}},
            {**base, "type": "assistant", "uuid": f"{session}-2", "message": answer},
        ])  # fmt: skip

    def session(
        self, session: str, calls: dict[str, str], *, model: str = MODEL, mode: str = "default", said: str = "do it"
    ) -> None:
        """What an agent did besides, by tool and how it ended."""
        base = {"session_id": session, "timestamp": "2026-03-02T10:00:05Z", "cwd": "/w", "permission_mode": mode}
        start = {"model": model} if model else {}
        records: list[dict[str, Any]] = [{"hook_event_name": "SessionStart", "source": "startup", **start, **base}]
        records.append({"hook_event_name": "UserPromptSubmit", "prompt": said, **base})
        for tool, outcome in calls.items():
            call = {"tool_name": tool, "tool_use_id": f"call-{next(self.numbers)}", "tool_input": {}, **base}
            records.append({"hook_event_name": "PreToolUse", **call})
            end = {"success": "PostToolUse", "failure": "PostToolUseFailure", "denied": "PermissionDenied"}[outcome]
            records.append({"hook_event_name": end, **call, "tool_response": {"success": True}})
        self.send(f"{session}-{next(self.numbers)}.jsonl", records)

    def send(self, name: str, records: list[dict[str, Any]]) -> None:
        """Have a file of records taken in, as of this repository."""
        body = "".join(f"{json.dumps(one)}\n" for one in records)
        headers = {"X-Source-Id": f"agent:{NAME}", "X-Filename": name}
        self.owner.post("/v1/ingest/raw", content=body, headers=headers).raise_for_status()

    def policies(self, *found: dict[str, Any]) -> None:
        """Have these in force and no others."""
        for one in self.owner.get("/v1/policies").json()["policies"]:
            self.owner.delete(f"/v1/policies/{one['name']}").raise_for_status()
        if found:
            text = json.dumps({"version": 1, "policy": list(found)})
            answer = self.owner.post("/v1/policies", json={"text": text, "form": "yaml"})
            assert answer.status_code == 200, answer.text

    def push(self, *words: str, ref: str = "HEAD:main") -> subprocess.CompletedProcess[str]:
        """A real push, through whatever hooks there are."""
        command = ["git", "push", *words, "origin", ref]
        return subprocess.run(
            command, cwd=self.work, env=self.ann.env, capture_output=True, text=True, check=False, timeout=120
        )

    def there(self, ref: str = "main") -> str:
        """What the other side has under a name; empty for nothing."""
        done = subprocess.run(["git", "-C", str(self.bare), "rev-parse", "--verify", "-q", ref], capture_output=True,
                              text=True, check=False)  # fmt: skip
        return done.stdout.strip()

    def decided(self) -> dict[str, Any]:
        """The newest decision, or what could not be decided."""
        found: dict[str, Any] = self.owner.get("/v1/policies/decisions", params={"limit": 1}).json()["decisions"][0]
        return found


@contextlib.contextmanager
def team(folder: Path, **settings: Any) -> Iterator[Team]:
    """One, whose developer has run ``vestige agent init``, and has pushed a first commit."""
    with world_in(folder / "data", **settings) as world, person(folder / "ann") as ann:
        bare = folder / "shop.git"
        git(folder, "init", "-q", "--bare", str(bare), env=ann.env)
        work = ann.repository(remote=URL)
        git(work, "config", f"url.{bare}.pushInsteadOf", URL, env=ann.env)
        made = Team(world, ann, work, bare)
        token = world.client("owner").headers["Authorization"].removeprefix("Bearer ")
        ann.extra |= {"VESTIGE_TOKEN": token}
        ann.told(work, "agent", "init", "--server", world.url)
        del ann.extra["VESTIGE_TOKEN"]
        made.commit("a.txt", "a\n", "what init put here")
        done = made.push()
        assert done.returncode == 0, done.stderr
        git(work, "update-ref", "refs/remotes/origin/main", "HEAD", env=ann.env)
        yield made


def pre_receive(made: Team, token: str) -> None:
    """Let the other side ask by itself, with a key of its own."""
    hook = made.bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    command = f"{sys.executable} -P -m vestige policy pre-receive --repository {NAME} --server {made.world.url}"
    hook.write_text(f"#!/bin/sh\nVESTIGE_TOKEN={token} exec {command}\n")
    hook.chmod(0o755)
