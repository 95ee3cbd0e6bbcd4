"""The hook program: whatever it is given and wherever it runs, the agent sees nothing of it."""

from __future__ import annotations

import ast
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.capturing import payload, person
from vestige.capture import hook
from vestige.capture.taking import Message
from vestige.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.capturing import Person

PROGRAM = str(Path(hook.__file__))


@pytest.fixture
def ann(tmp_path: Path) -> Iterator[Person]:
    with person(tmp_path) as one:
        yield one


class Listener:
    """Stands where the capture program does."""

    def __init__(self, ann: Person, answer: bytes | None = b"ok\n") -> None:
        ann.state.mkdir(parents=True, mode=0o700)
        self.heard: list[Message] = []
        self._answer = answer
        self._socket = socket.socket(socket.AF_UNIX)
        # By way of the folder's descriptor, as a socket's path may have no more than 107 bytes.
        folder = os.open(ann.state, os.O_RDONLY)
        self._socket.bind(f"/proc/self/fd/{folder}/socket")
        os.close(folder)
        self._socket.listen(100)
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                road, _ = self._socket.accept()
            except OSError:
                return
            parts = []
            while part := road.recv(1 << 16):
                parts.append(part)
            self.heard.append(Message.read(b"".join(parts)))
            if self._answer is None:
                time.sleep(3)
            else:
                road.sendall(self._answer)
            road.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def call(ann: Person, *words: str, given: bytes = b"", **env: str) -> tuple[int, bytes, bytes, float]:
    """Run the program; status, output, errors, seconds."""
    begun = time.monotonic()
    command = [sys.executable, "-IS", PROGRAM, *words]
    done = subprocess.run(
        command, input=given, env=ann.env | env, cwd=ann.home, capture_output=True, check=False, timeout=60
    )
    return done.returncode, done.stdout, done.stderr, time.monotonic() - begun


def test_it_imports_nothing_that_is_slow() -> None:
    """`socket`, `json`, `pathlib` or `subprocess` would cost as much as everything else together."""
    tree = ast.parse(Path(PROGRAM).read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert imported == {"os", "sys", "time", "select", "_socket", "fcntl"}
    assert not any(isinstance(node, ast.ImportFrom) for node in ast.walk(tree))


def test_what_was_given_is_handed_over_as_it_came(ann: Person) -> None:
    listener = Listener(ann)
    given = payload(ann.home, "PreToolUse") + b"\n\0\xff"
    before = time.time_ns()
    assert call(ann, "agent", "claude_code_hooks", given=given)[:3] == (0, b"", b"")
    (message,) = listener.heard
    assert (message.what, message.words, message.given) == ("agent", ("claude_code_hooks",), given)
    assert (message.directory, message.late) == (str(ann.home), False)
    assert before <= message.at <= time.time_ns()
    assert len(message.id) == 32
    listener.close()


def test_two_at_once_are_two(ann: Person) -> None:
    listener = Listener(ann)
    given = payload(ann.home, "PreToolUse")
    many = [
        subprocess.Popen(
            [sys.executable, "-IS", PROGRAM, "agent", "claude_code_hooks"], stdin=subprocess.PIPE, env=ann.env
        )
        for _ in range(8)
    ]
    for one in many:
        one.communicate(given)
    assert len({message.id for message in listener.heard}) == 8
    listener.close()


@pytest.mark.parametrize("given", [b"", b"garbage", b"\0" * 1000, b"{" * 10_000, b"\xff\xfe{}"])
def test_garbage_is_handed_over_too(ann: Person, given: bytes) -> None:
    listener = Listener(ann)
    assert call(ann, "agent", "claude_code_hooks", given=given)[:3] == (0, b"", b"")
    assert [message.given for message in listener.heard] == [given]
    listener.close()


def test_of_50_megabytes_all_is_read_and_the_beginning_handed_over(ann: Person) -> None:
    listener = Listener(ann)
    given = payload(ann.home, "PostToolUse", tool_response="x" * (50 << 20))
    assert call(ann, "agent", "claude_code_hooks", given=given)[:3] == (0, b"", b"")
    (message,) = listener.heard
    assert message.words == ("claude_code_hooks", str(len(given)))
    assert message.given == given[: hook.HEAD]
    listener.close()


def test_as_much_as_may_be_is_handed_over_whole(ann: Person) -> None:
    listener = Listener(ann)
    given = b"x" * hook.MOST
    assert call(ann, "agent", "claude_code_hooks", given=given)[:3] == (0, b"", b"")
    assert (listener.heard[0].words, len(listener.heard[0].given)) == (("claude_code_hooks",), hook.MOST)
    listener.close()


def test_a_program_that_does_not_answer_is_not_waited_for(ann: Person) -> None:
    listener = Listener(ann, None)
    status, out, errors, seconds = call(ann, "agent", "claude_code_hooks", given=b"{}")
    assert (status, out, errors) == (0, b"", b"")
    assert seconds < hook.WAIT + 1.5
    assert len(listener.heard) == 1
    listener.close()


def test_a_folder_that_others_may_enter_is_given_nothing(ann: Person) -> None:
    listener = Listener(ann)
    ann.state.chmod(0o711)
    assert call(ann, "agent", "claude_code_hooks", given=b"{}")[:3] == (0, b"", b"")
    assert listener.heard == []
    listener.close()


@pytest.mark.parametrize("words", [(), ("agent",), ("git",), ("nonsense", "x"), ("git", "post-commit")])
def test_words_that_are_missing_do_no_harm(ann: Person, words: tuple[str, ...]) -> None:
    assert call(ann, *words)[:3] == (0, b"", b"")


@pytest.mark.parametrize("home", ["/proc/1/nothing", "/dev/null", ""])
def test_a_home_that_cannot_be_written_does_no_harm(ann: Person, home: str) -> None:
    status, out, errors, seconds = call(ann, "agent", "claude_code_hooks", given=b"{}", HOME=home)
    assert (status, out, errors) == (0, b"", b"")
    assert seconds < 5


def test_without_a_program_the_call_ends_at_once_and_is_handed_over_when_there_is_one(ann: Person) -> None:
    folder = ann.repository()
    given = payload(folder, "SessionStart")
    status, out, errors, seconds = call(ann, "agent", "claude_code_hooks", given=given)
    assert (status, out, errors) == (0, b"", b"")
    assert seconds < 1.5
    due = time.monotonic() + 60
    while not ann.spooled() and time.monotonic() < due:
        time.sleep(0.1)
    assert [record["hook_event_name"] for record in ann.spooled()] == ["SessionStart"]


def test_what_can_be_handed_to_nobody_is_noted(ann: Person) -> None:
    ann.state.mkdir(parents=True, mode=0o700)
    (ann.state / "refused").write_text("it does not find secrets\n")
    (ann.state / "lock").mkdir()  # so that no program can start
    assert call(ann, "agent", "claude_code_hooks", given=b"a secret")[:3] == (0, b"", b"")
    due = time.monotonic() + 20
    while not (ann.state / "lost").exists() and time.monotonic() < due:
        time.sleep(0.1)
    told = (ann.state / "lost").read_bytes()
    assert told.split()[1] == str(ann.home).encode()
    assert b"secret" not in told
    status, out, errors, _ = call(ann, "git", "post-commit", "/nowhere")
    assert (status, out) == (0, b"")
    assert b"it does not find secrets" in errors


@pytest.mark.parametrize(
    "data", [b"", b"\0\0\0\1", b"\xff\xff\xff\xff1", b"\0\0\0\x0b2\0a\0b\01\0\0/", b"\0\0\0\x0b1\0a\0b\0x\0\0/"]
)
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        Message.read(data)


def test_a_message_is_read_as_it_was_said() -> None:
    fields: list[Any] = [hook.VERSION, "agent", "a" * 32, "7", "late", "/x/\udcff", "kind"]
    message = Message.read(hook.message(fields, b"given"))
    assert (message.at, message.late, message.directory, message.given) == (7, True, "/x/\udcff", b"given")
