"""The second story: the same everywhere, a repository that Git takes, and records in their programs' own forms."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import orjson
import pytest

from support.agent_events import events_in
from vestige.demo.objects import Author, Objects
from vestige.demo.payments import BRANCH, Heard, Payments, tell
from vestige.demo.payments.repository import replaced
from vestige.model.vocabulary import VOCABULARY

if TYPE_CHECKING:
    from pathlib import Path

SECOND = 10**9


@pytest.fixture(scope="module")
def told() -> Payments:
    return tell(5)


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def repository(told: Payments, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("payments")
    (folder / "bundle").write_bytes(told.bundle)
    git(folder, "clone", "-q", "--bare", "bundle", "made")
    return folder / "made"


def test_a_seed_tells_one_story_and_another_seed_another(told: Payments) -> None:
    assert tell(5) == told
    other = tell(6)
    assert other.transcripts.keys().isdisjoint(told.transcripts)
    # The people, their words and their clocks are the story's own, so its commits are too.
    assert (other.head, other.truth.line) == (told.head, told.truth.line)
    later = tell(5, end=told.heard[-1].at + 999 * SECOND)
    assert later.head != told.head


def test_git_takes_the_repository_and_calls_its_commits_as_we_do(told: Payments, repository: Path) -> None:
    git(repository, "fsck", "--strict", "--no-dangling")
    assert git(repository, "rev-parse", BRANCH).strip() == told.head
    commits = git(repository, "rev-list", BRANCH).split()
    assert len(commits) == 15
    made = {one.commit.oid: one for one in told.heard if one.commit is not None}
    assert set(made) < set(commits)
    for oid, one in made.items():
        assert one.commit is not None
        assert git(repository, "log", "-1", "--format=%ct %T", oid).split() == [str(one.at // SECOND), one.commit.tree]
    lines = git(repository, "show", f"{told.truth.commit}:{told.truth.path}").split("\n")
    assert lines[told.truth.line - 1] == told.truth.text
    names = git(repository, "ls-tree", "-r", "--name-only", BRANCH).split()
    assert {name.rpartition(".")[2] for name in names} == {"md", "sql", "py", "ts", "go", "sh"}
    assert len(names) == 8


def test_an_object_is_called_as_git_calls_it() -> None:
    objects = Objects()
    assert objects.blob(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    assert objects.tree({}) == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def test_large_objects_and_folders_beside_files_of_their_names_are_packed_right(tmp_path: Path) -> None:
    objects = Objects()
    files = {"a.b": "x" * 70_000, "a/b": "1\n", "a-b": "2\n", "a0/c/d": "3\n"}
    tree = objects.tree(files)
    commit = objects.commit(tree, (), Author("A B", "a@example.com"), SECOND, "all")
    (tmp_path / "bundle").write_bytes(objects.bundle({"refs/heads/main": commit}))
    git(tmp_path, "clone", "-q", "--bare", "bundle", "made")
    git(tmp_path / "made", "fsck", "--strict")
    assert git(tmp_path / "made", "show", "main:a.b") == files["a.b"]
    assert git(tmp_path / "made", "ls-tree", "-r", "--name-only", "main").split() == ["a-b", "a.b", "a/b", "a0/c/d"]


def test_hooks_are_called_in_the_order_of_their_times_at_each_desk(told: Payments) -> None:
    desks: dict[str, list[Heard]] = {}
    for one in told.heard:
        desks.setdefault(one.desk, []).append(one)
    assert len(desks) == 3
    for heard in desks.values():
        assert [one.at for one in heard] == sorted({one.at for one in heard})


def test_what_is_seen_after_an_edit_is_what_it_says_it_wrote(told: Payments) -> None:
    for one in told.heard:
        if one.seen is None or one.payload is None or one.payload["hook_event_name"] != "PostToolUse":
            continue
        if one.payload["tool_name"] == "Edit":
            answer = one.payload["tool_response"]
            given = one.payload["tool_input"]
            assert isinstance(answer, dict)
            assert isinstance(given, dict)
            (after,) = one.seen.files.values()
            assert after == replaced(answer["originalFile"], given["old_string"], given["new_string"])


def test_transcripts_are_read_as_claude_codes_and_name_the_hooks_calls(told: Payments) -> None:
    called = {
        str(one.payload["tool_use_id"])
        for one in told.heard
        if one.payload is not None and "tool_use_id" in one.payload
    }
    seen = set()
    for name, transcript in told.transcripts.items():
        events = events_in(transcript)
        assert {event.session for event in events} == {name.removesuffix(".jsonl")}
        assert {event.event_type for event in events} >= {"agent.prompt", "agent.tool_use", "agent.usage", "agent.edit"}
        assert {event.actor_id for event in events if event.actor_type == "agent"} == {"claude-code"}
        assert all(event.occurred_at is not None for event in events)
        seen |= {
            value.removeprefix("tool_use:")
            for event in events
            for kind, value in event.keys
            if kind == "custom" and value.startswith("tool_use:")
        }
    assert seen == called


def test_what_the_sources_declare_is_of_known_types_and_names_commits_that_are_there(
    told: Payments, repository: Path
) -> None:
    commits = set(git(repository, "rev-list", BRANCH).split())
    for lines in told.events.values():
        events = [orjson.loads(line) for line in lines.splitlines()]
        assert {event["event_type"] for event in events} <= VOCABULARY.keys()
        assert {event["commit"] for event in events if "commit" in event} <= commits
        times = [event.get("occurred_at", event.get("timestamp")) for event in events]
        assert times == sorted(times)


@pytest.mark.parametrize("part", ["absent", "a"])
def test_a_text_is_replaced_only_where_it_is_there_once(part: str) -> None:
    assert replaced("abc", "b", "x") == "axc"
    with pytest.raises(ValueError, match="once"):
        replaced("abca", part, "x")
