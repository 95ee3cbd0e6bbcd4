"""A person with a home of their own, repositories, and agents that call hooks."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.program import environment

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "ghp_" + "a7Bq2Zr9Lx4Wm1Kt8Yv3Nc6Pd5Hs0Jf2Gu7E"
"""Made up here: no token of anybody's."""


def git(folder: Path, *words: str, env: dict[str, str] | None = None) -> str:
    """What Git prints; it must end well."""
    who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *who, *words], cwd=folder, env=env, capture_output=True, check=False)
    assert done.returncode == 0, (words, done.stderr.decode())
    return done.stdout.decode().strip()


@dataclass
class Person:
    """Somebody whose settings and state lie under ``home`` and nowhere else."""

    home: Path
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def env(self) -> dict[str, str]:
        """Their environment."""
        clean = {name: value for name, value in environment().items() if not name.startswith(("XDG_", "GIT_"))}
        return clean | {"HOME": str(self.home), "GIT_CONFIG_NOSYSTEM": "1"} | self.extra

    @property
    def state(self) -> Path:
        """Where capture keeps what changes."""
        return self.home / ".local/state/vestige/agent"

    def repository(self, name: str = "work", remote: str = "") -> Path:
        """A repository of theirs with one commit."""
        folder = self.home.parent / name
        folder.mkdir(parents=True)
        git(folder, "init", "-q", env=self.env)
        (folder / "a.py").write_text("one = 1\ntwo = 2\n")
        git(folder, "add", "-A", env=self.env)
        git(folder, "commit", "-qm", "first", env=self.env)
        if remote:
            git(folder, "remote", "add", "origin", remote, env=self.env)
        return folder

    def vestige(self, folder: Path, *words: str, code: int = 0) -> bytes:
        """Run a command in a folder; its standard output."""
        command = [sys.executable, "-m", "vestige", *words]
        done = subprocess.run(command, cwd=folder, env=self.env, capture_output=True, check=False, timeout=120)
        assert done.returncode == code, (words, done.returncode, done.stdout.decode(), done.stderr.decode())
        return done.stdout

    def told(self, folder: Path, *words: str, code: int = 0) -> Any:
        """The JSON a command prints."""
        return json.loads(self.vestige(folder, *words, "--json", code=code))

    def command(self, folder: Path, event: str = "PreToolUse") -> str:
        """What the agent calls for an event, as the repository's settings have it."""
        settings = json.loads((folder / ".claude/settings.json").read_text())
        found: str = settings["hooks"][event][-1]["hooks"][-1]["command"]
        return found

    def begin(self, folder: Path, event: str = "PreToolUse") -> subprocess.Popen[bytes]:
        """Call the hook as an agent does, and do not wait."""
        return subprocess.Popen(
            ["/bin/sh", "-c", self.command(folder, event)],
            cwd=folder,
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def hook(self, folder: Path, event: str, **fields: Any) -> None:
        """Call the hook; it must end well and say nothing."""
        given = payload(folder, event, **fields)
        process = self.begin(folder, event)
        out, errors = process.communicate(given, timeout=30)
        assert (process.returncode, out, errors) == (0, b"", b"")

    def warm(self, folder: Path, seconds: float = 60) -> None:
        """Have the capture program run: what is called after this is answered."""
        self.hook(folder, "SessionStart", source="startup")
        due = time.monotonic() + seconds
        while not (answer := self.ask("status")) or not json.loads(answer)["taken"]:
            assert time.monotonic() < due, (self.state / "refused").exists()
            time.sleep(0.05)

    def spooled(self) -> list[dict[str, Any]]:
        """The records that wait to be sent."""
        found = []
        for path in sorted(self.state.glob("spool/*/*.jsonl")):
            with contextlib.suppress(FileNotFoundError):
                found += [json.loads(line.split(b" ", 2)[2]) for line in path.read_bytes().splitlines()]
        return found

    def pid(self) -> int:
        """Of the capture program."""
        found: int = json.loads(self.ask("status"))["pid"]
        return found

    def ask(self, what: str) -> bytes:
        """Say something to the capture program; its answer, empty if it does not run."""
        script = (
            "import sys; sys.path.insert(0, sys.argv[1]); import hook; "
            "sys.stdout.buffer.write(hook.tell(hook.message(['1', sys.argv[2], '', '0', '', '/'], b''), 60) or b'')"
        )
        where = os.path.join(os.path.dirname(__file__), "../../src/vestige/capture")  # noqa: PTH118, PTH120
        command = [sys.executable, "-IS", "-c", script, where, what]
        return subprocess.run(command, env=self.env, capture_output=True, check=True, timeout=90).stdout

    def processes(self) -> list[int]:
        """Hooks and capture programs of theirs that are under way: whose environment names their home."""
        found = []
        own = f"HOME={self.home}".encode()
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                command = (folder / "cmdline").read_bytes()
                if (b"hook.py" in command or b"daemon" in command) and own in (folder / "environ").read_bytes().split(
                    b"\0"
                ):
                    found.append(int(folder.name))
        return found

    def stop(self) -> None:
        """End what is under way, one by one."""
        self.ask("stop")
        due = time.monotonic() + 10
        while found := self.processes():
            if time.monotonic() > due:
                for pid in found:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)


@contextlib.contextmanager
def person(folder: Path, **extra: str) -> Iterator[Person]:
    """Somebody, whose capture program is ended with the block."""
    home = folder / "home"
    home.mkdir(parents=True)
    one = Person(home, extra)
    try:
        yield one
    finally:
        one.stop()


def payload(folder: Path, event: str, **fields: Any) -> bytes:
    """What Claude Code gives a hook."""
    base = {
        "session_id": "5f0c9e7a-0000-4000-8000-000000000001",
        "transcript_path": "/nowhere/5f0c.jsonl",
        "cwd": str(folder),
        "permission_mode": "default",
        "hook_event_name": event,
    }
    return json.dumps(base | fields).encode()
