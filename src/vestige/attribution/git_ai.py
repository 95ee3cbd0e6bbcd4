"""Git AI Standard v3.0.0: notes under ``refs/notes/ai``, one for each commit.

::

    src/main.rs
      s_c9883b05a2487d::t_9f8e7d6c5b4a32 1-10,15-20
      h_31dce776f88375 25
    ---
    {"schema_version": "authorship/3.0.0", "base_commit_sha": …, "prompts": {}, "sessions": {…}, "humans": {…}}

``s_`` is a session and ``t_`` one of its calls, ``h_`` a person an editor saw typing, and bare digits a session of
older notes. A line without a key is untracked: unknown, not a person's. The form knows neither mixed lines nor how
something is known; of mixed lines nothing is written, since it would call them an agent's. What others wrote is read as
inferred; where two keys claim one line, it is unknown.

Reference: Git AI Standard v3.0.0, sections 1.2 and 1.2.3.1; erratum E-001 (``overriden_lines``).
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import orjson

from vestige.attribution.notes import Claimed, join
from vestige.attribution.origins import UNKNOWN, Grade, Kind, Origin
from vestige.code import check_oid, check_path
from vestige.model.errors import FormatError, TooLargeError, VestigeError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from vestige.attribution.notes import FileNote, Range

SCHEMA: Final = "authorship/3.0.0"
REF: Final = "refs/notes/ai"
MOST: Final = 16 << 20
"""Bytes of a note that is read."""
_DIVIDER: Final = "---"
_SESSION: Final = re.compile(r"(s_[0-9a-f]{14})::(t_[0-9a-f]{14})")
_PERSON: Final = re.compile(r"h_[0-9a-f]{14}")
_LEGACY: Final = re.compile(r"[0-9a-f]{16}|[0-9a-f]{7}")
_ROW: Final = re.compile(r"  (\S+) (\d{1,7}(?:-\d{1,7})?(?:,\d{1,7}(?:-\d{1,7})?)*)")


def write(
    commit: str, notes: Mapping[str, FileNote], *, version: str, only: Mapping[str, Collection[int]] | None = None
) -> str:
    """The note of a commit.

    Args:
        commit: in full.
        notes: what is known of its files.
        version: of this program.
        only: by path the lines to tell of, counted from 1: those that the commit added.
    """
    told: list[str] = []
    sessions: dict[str, dict[str, Any]] = {}
    humans: dict[str, dict[str, str]] = {}
    for path, note in sorted(notes.items()):
        rows: dict[str, list[tuple[int, int]]] = {}
        for start, end, origin in note.ranges:
            key = _key(origin, sessions, humans)
            if key is None:
                continue
            lines = range(start, end + 1)
            kept = lines if only is None else [line for line in lines if line in only.get(path, ())]
            rows.setdefault(key, []).extend((line, line) for line in kept)
        rows = {key: pairs for key, pairs in rows.items() if pairs}
        if rows:
            told.append(f'"{path}"' if re.search(r"\s", path) else path)
            told += [f"  {key} {','.join(_pair(*pair) for pair in join(pairs))}" for key, pairs in rows.items()]
    named = {row.split()[0].split("::")[0] for row in told if row.startswith("  ")}
    metadata = {
        "schema_version": SCHEMA,
        "git_ai_version": f"vestige/{version}",
        "base_commit_sha": check_oid(commit),
        "prompts": {},
        "humans": {key: value for key, value in humans.items() if key in named},
        "sessions": {key: value for key, value in sessions.items() if key in named},
    }
    text = orjson.dumps(metadata, option=orjson.OPT_INDENT_2).decode()
    return "\n".join([*told, _DIVIDER, text]) + "\n"


def _key(origin: Origin, sessions: dict[str, dict[str, Any]], humans: dict[str, dict[str, str]]) -> str | None:
    if origin.kind is Kind.HUMAN and origin.person:
        key = f"h_{_hash(origin.person)}"
        humans[key] = {"author": origin.person}
        return key
    if origin.kind is not Kind.AI or not origin.session:
        return None
    key = f"s_{_hash(f'{origin.agent}:{origin.session}')}"
    sessions[key] = {"agent_id": {"tool": origin.agent, "id": origin.session, "model": origin.model}}
    # The standard has chance here; a digest of the call makes the same note of the same lines.
    return f"{key}::t_{_hash(f'{origin.agent}:{origin.session}:{origin.call}')}"


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:14]


def _pair(start: int, end: int) -> str:
    return str(start) if start == end else f"{start}-{end}"


def read(text: str) -> dict[str, tuple[Range, ...]]:
    """What a note says of a commit's files.

    Raises:
        FormatError: it is no note of this standard.
        TooLargeError: it is too long, or speaks of too many lines.
    """
    if len(text) > MOST:
        raise TooLargeError("the note is too large", expected=f"at most {MOST} characters", got=str(len(text)))
    lines = text.split("\n")
    if _DIVIDER not in lines:
        raise FormatError("no authorship note", expected=f"a line {_DIVIDER}", got=text[:80])
    at = lines.index(_DIVIDER)
    try:
        metadata = orjson.loads("\n".join(lines[at + 1 :]))
        if metadata["schema_version"] != SCHEMA:
            raise FormatError("a note of another version", expected=SCHEMA, got=str(metadata["schema_version"])[:40])
        return _files(lines[:at], metadata)
    except VestigeError:
        raise
    except (orjson.JSONDecodeError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise FormatError("no authorship note", expected=f"metadata of {SCHEMA}", got=str(error)[:200]) from None


def _files(rows: list[str], metadata: dict[str, Any]) -> dict[str, tuple[Range, ...]]:
    found = Claimed()
    here: str | None = None
    for number, row in enumerate(rows, 1):
        if not row:
            continue
        if not row.startswith(" "):
            here = check_path(row[1:-1] if len(row) > 2 and row[0] == row[-1] == '"' else row)
            found.file(here)
            continue
        parts = _ROW.fullmatch(row)
        if parts is None or here is None:
            raise FormatError(f"line {number} of the note is none", expected="two spaces, a key, ranges", got=row[:80])
        origin = _origin(parts[1], metadata)
        for piece in parts[2].split(","):
            start, _, end = piece.partition("-")
            found.put(here, int(start), int(end or start), origin)
    return found.ranges()


def _origin(key: str, metadata: dict[str, Any]) -> Origin:
    """Who a key stands for. One that the note does not explain is an agent's of which no more is known."""
    if session := _SESSION.fullmatch(key):
        record = (metadata.get("sessions") or {}).get(session[1]) or {}
        call = session[2]
    elif _PERSON.fullmatch(key):
        record = metadata.get("humans", {}).get(key) or {}
        return Origin(Kind.HUMAN, Grade.INFERRED, person=str(record["author"])) if "author" in record else UNKNOWN
    elif _LEGACY.fullmatch(key):
        record, call = metadata["prompts"].get(key) or {}, ""
    else:
        raise FormatError("a key of the note is none", expected="s_…::t_…, h_… or 16 digits", got=key[:60])
    agent = record.get("agent_id") or {}
    return Origin(
        Kind.AI, Grade.INFERRED, session=str(agent.get("id", "")), call=call, agent=str(agent.get("tool", "")),
        model=str(agent.get("model", "")),
    )  # fmt: skip
