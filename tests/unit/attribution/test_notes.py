from __future__ import annotations

import contextlib
import hashlib
import time
from typing import TYPE_CHECKING

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.attribution import UNKNOWN, FileNote, Grade, Kind, Notes, Origin, Range, agent_trace, git_ai
from vestige.attribution.notes import MOST_CLAIMED, MOST_LINE, join, ranges
from vestige.model.errors import FormatError, InputError, IntegrityError, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable

COMMIT, BLOB = "a" * 40, "b" * 40
AGENT = Origin(Kind.AI, Grade.OBSERVED, "s1", "c1", "p1", "claude", "anthropic/claude-opus-5")
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
ORIGINS = st.one_of(
    st.just(UNKNOWN),
    st.builds(
        Origin,
        st.sampled_from([Kind.AI, Kind.HUMAN, Kind.MIXED]),
        st.sampled_from(Grade),
        TEXT,
        TEXT,
        TEXT,
        TEXT,
        TEXT,
        TEXT,
        st.booleans(),
    ),
)


@pytest.mark.parametrize(
    ("pairs", "joined"),
    [
        ([(1, 3), (2, 5)], [(1, 5)]),
        ([(1, 2), (3, 4)], [(1, 4)]),
        ([(1, 2), (5, 6)], [(1, 2), (5, 6)]),
        ([(5, 6), (1, 2)], [(1, 2), (5, 6)]),
    ],
)
def test_ranges_that_touch_are_one(pairs: list[tuple[int, int]], joined: list[tuple[int, int]]) -> None:
    assert join(pairs) == joined


@given(st.lists(ORIGINS, max_size=12))
def test_ranges_say_what_the_lines_did(origins: list[Origin]) -> None:
    note = FileNote(BLOB, ranges(origins))
    assert note.lines(["x"] * len(origins)).origins == tuple(origins)
    assert all(one.origin != UNKNOWN for one in note.ranges)


def test_names_are_held_to_their_form() -> None:
    for commit, path in (("HEAD", "a"), (COMMIT, "../a"), (COMMIT, "/a"), (COMMIT, ""), ("A" * 40, "a")):
        with pytest.raises(InputError):
            Notes().put(commit, path, FileNote(BLOB, ()))
    with pytest.raises(InputError):
        Origin(Kind.AI)
    with pytest.raises(InputError):
        Origin(Kind.UNKNOWN, Grade.OBSERVED)
    with pytest.raises(IntegrityError):
        FileNote(BLOB, (Range(1, 3, AGENT),)).lines(["one"])


# Agent Trace.


@given(st.lists(ORIGINS, max_size=12))
def test_a_trace_record_of_ours_comes_back_as_it_was(origins: list[Origin]) -> None:
    files = {"a.py": FileNote(BLOB, ranges(origins))}
    record = agent_trace.write(COMMIT, files, timestamp="2026-11-26T10:00:00Z", version="0.1.0")
    assert agent_trace.read(record) == (COMMIT, {"a.py": ranges(origins)})


def test_a_trace_record_has_what_its_specification_asks_for() -> None:
    note = FileNote(
        BLOB, (Range(1, 3, AGENT), Range(5, 5, AGENT), Range(7, 7, Origin(Kind.HUMAN, Grade.OBSERVED, person="p")))
    )
    record = orjson.loads(agent_trace.write(COMMIT, {"a.py": note}, timestamp="2026-11-26T10:00:00Z", version="0.1.0"))
    assert {"version", "id", "timestamp", "files"} <= record.keys()
    assert record["version"] == "0.1.0"
    assert record["vcs"] == {"type": "git", "revision": COMMIT}
    first, second = record["files"][0]["conversations"]
    assert first == {
        "contributor": {"type": "ai", "model_id": "anthropic/claude-opus-5"},
        "ranges": [{"start_line": 1, "end_line": 3}, {"start_line": 5, "end_line": 5}],
    }
    assert second["contributor"] == {"type": "human"}


def test_a_trace_record_of_others_is_inferred_and_what_contradicts_itself_unknown() -> None:
    record = {
        "version": "0.1", "id": "550e8400-e29b-41d4-a716-446655440000", "timestamp": "2026-01-23T14:30:00Z",
        "vcs": {"type": "git", "revision": COMMIT}, "tool": {"name": "cursor", "version": "2.4.0"},
        "files": [{"path": "a.ts", "conversations": [
            {"url": "https://example.com/1", "contributor": {"type": "ai", "model_id": "openai/gpt-4o"},
             "ranges": [{"start_line": 1, "end_line": 4, "content_hash": "murmur3:9f2e8a1b"}]},
            {"ranges": [{"start_line": 4, "end_line": 4, "contributor": {"type": "human"}},
                        {"start_line": 6, "end_line": 6}]},
        ]}],
    }  # fmt: skip
    commit, files = agent_trace.read(orjson.dumps(record))
    origin = Origin(Kind.AI, Grade.INFERRED, session="https://example.com/1", agent="cursor", model="openai/gpt-4o")
    assert (commit, files) == (COMMIT, {"a.ts": (Range(1, 3, origin),)})


@pytest.mark.parametrize(
    "change",
    [{"version": "1.0"}, {"version": 1}, {"vcs": None}, {"vcs": {"type": "hg", "revision": "x"}},
     {"vcs": {"type": "git", "revision": "--help"}},
     {"files": [{"path": "../a", "conversations": []}]}, {"files": [{"path": "a"}]}, {"files": 3},
     {"files": [{"path": "a", "conversations": [{"ranges": [{"start_line": 0, "end_line": 1}]}]}]},
     {"files": [{"path": "a", "conversations": [{"ranges": [{"start_line": 1, "end_line": 10**9}]}]}]},
     {"files": [{"path": "a", "conversations": [{"contributor": {"type": "cat"},
                                                "ranges": [{"start_line": 1, "end_line": 1}]}]}]}],
)  # fmt: skip
def test_what_is_no_trace_record_is_refused(change: dict[str, object]) -> None:
    record = {"version": "0.1.0", "vcs": {"type": "git", "revision": COMMIT}, "files": []}
    assert agent_trace.read(orjson.dumps(record)) == (COMMIT, {})
    with pytest.raises((FormatError, InputError)):
        agent_trace.read(orjson.dumps(record | change))


# Git AI.

NOTE = """src/main.rs
  s_c9883b05a2487d::t_9f8e7d6c5b4a32 1-2,4
  h_31dce776f88375 5
"src/my lib.rs"
  abcd1234abcd1234 1
  s_c9883b05a2487d::t_a1b2c3d4e5f678 1-2
---
{"schema_version": "authorship/3.0.0", "base_commit_sha": "COMMIT",
 "prompts": {"abcd1234abcd1234": {"agent_id": {"tool": "cursor", "id": "old", "model": "gpt-4"}}},
 "humans": {"h_31dce776f88375": {"author": "A <a@example.com>"}},
 "sessions": {"s_c9883b05a2487d": {"agent_id": {"tool": "claude", "id": "conv", "model": "m"}}}}
""".replace("COMMIT", COMMIT)


def test_an_authorship_note_is_read() -> None:
    files = git_ai.read(NOTE)
    first = Origin(Kind.AI, Grade.INFERRED, "conv", "t_9f8e7d6c5b4a32", "", "claude", "m")
    person = Origin(Kind.HUMAN, Grade.INFERRED, person="A <a@example.com>")
    assert files["src/main.rs"] == (Range(1, 2, first), Range(4, 4, first), Range(5, 5, person))
    # Two keys claim the first line: it is unknown.
    assert [(start, end) for start, end, _ in files["src/my lib.rs"]] == [(2, 2)]


def test_an_authorship_note_of_ours_says_what_the_standard_can_say() -> None:
    origins = [
        AGENT,
        AGENT,
        UNKNOWN,
        Origin(Kind.MIXED, Grade.OBSERVED, "s1", "c1"),
        AGENT,
        Origin(Kind.HUMAN, Grade.OBSERVED, person="A <a@example.com>"),
    ]
    files = {"a b.py": FileNote(BLOB, ranges(origins)), "none.py": FileNote(BLOB, ())}
    text = git_ai.write(COMMIT, files, version="0.1.0")
    assert text.startswith('"a b.py"\n  s_')
    read = git_ai.read(text)
    assert [(start, end, origin.kind) for start, end, origin in read["a b.py"]] == [
        (1, 2, "ai"),
        (5, 5, "ai"),
        (6, 6, "human"),
    ]
    assert read["a b.py"][0].origin.session == "s1"
    assert "none.py" not in text
    part = git_ai.read(git_ai.write(COMMIT, files, version="0.1.0", only={"a b.py": {2}}))
    assert [(start, end) for start, end, _ in part["a b.py"]] == [(2, 2)]


def test_keys_are_those_of_the_standard() -> None:
    # "s_" and the first 14 digits of SHA-256("<tool>:<conversation>"); "h_" and those of SHA-256("Name <email>").
    text = git_ai.write(COMMIT, {"a": FileNote(BLOB, (Range(1, 1, AGENT),))}, version="0.1.0")
    assert f"  s_{hashlib.sha256(b'claude:s1').hexdigest()[:14]}::t_" in text


@pytest.mark.parametrize(
    ("old", "new"),
    [("---\n", ""), ("authorship/3.0.0", "authorship/2.0.0"), ("  h_31", "  x_31"), ("1-2,4", "1-2, 4"),
     ("1-2,4", "4-2"),
     ("1-2,4", "0"), ("  s_c9883b05a2487d::t_9f", " s_c9883b05a2487d::t_9f"), ("src/main.rs\n", ""),
     ("src/main.rs", "../main.rs"),
     ('"prompts"', '"prompt"'), ('{"schema', '["schema'), ("1-2,4", "1-9999999")],
)  # fmt: skip
def test_what_is_no_authorship_note_is_refused(old: str, new: str) -> None:
    assert old in NOTE
    with pytest.raises((FormatError, InputError)):
        git_ai.read(NOTE.replace(old, new, 1))


@given(st.integers(0, len(NOTE)), st.text(max_size=3), st.integers(0, 4))
def test_a_damaged_note_is_read_or_refused(at: int, put: str, cut: int) -> None:
    with contextlib.suppress(InputError):
        git_ai.read(NOTE[:at] + put + NOTE[at + cut :])


# Bounds of both.


def claims(*pairs: tuple[int, int]) -> list[tuple[Callable[[], object], tuple[Range, ...]]]:
    """Reading the same ranges of one agent in each form, and what comes of it."""
    rows = [{"start_line": start, "end_line": end} for start, end in pairs]
    conversation = {"contributor": {"type": "ai"}, "ranges": rows}
    record = orjson.dumps({"version": "0.1.0", "vcs": {"type": "git", "revision": COMMIT},
                           "files": [{"path": "a", "conversations": [conversation]}]})  # fmt: skip
    told = ",".join(f"{start}-{end}" for start, end in pairs)
    note = f'a\n  0123456 {told}\n---\n{{"schema_version": "authorship/3.0.0", "prompts": {{}}}}'
    origin = Origin(Kind.AI, Grade.INFERRED)
    whole = tuple(Range(start, end, origin) for start, end in join(pairs))
    return [(lambda: agent_trace.read(record)[1]["a"], whole), (lambda: git_ai.read(note)["a"], whole)]


@pytest.mark.parametrize("number", [0, 1])
def test_a_claim_speaks_of_so_many_lines_and_no_more(number: int) -> None:
    for most in (
        [(1, MOST_CLAIMED)],
        [(1, 10)] * (MOST_CLAIMED // 10),
        [(1, MOST_CLAIMED - 1), (MOST_LINE, MOST_LINE)],
    ):
        read, whole = claims(*most)[number]
        assert read() == whole
        with pytest.raises(TooLargeError, match="too many lines"):
            claims(*most, (1, 1))[number][0]()
    # The bound is met before the lines are: as many ranges as a claim has room for.
    with pytest.raises(TooLargeError, match="too many lines"):
        claims(*[(1, MOST_LINE)] * 20_000)[number][0]()
    with pytest.raises(FormatError, match="no range"):
        claims((1, MOST_LINE + 1))[number][0]()


def test_lines_far_down_many_files_cost_no_more_than_they_are() -> None:
    files = [{"path": f"f{n}", "conversations": [{"contributor": {"type": "human"}, "ranges": [
        {"start_line": MOST_LINE, "end_line": MOST_LINE}]}]} for n in range(3000)]  # fmt: skip
    record = orjson.dumps({"version": "0.1.0", "vcs": {"type": "git", "revision": COMMIT}, "files": files})
    started = time.process_time()
    found = agent_trace.read(record)[1]
    assert {(one.start, one.end) for (one,) in found.values()} == {(MOST_LINE, MOST_LINE)}
    assert time.process_time() - started < 5
