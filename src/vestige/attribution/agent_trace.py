"""Agent Trace 0.1.0: a record per commit, ranges by conversation.

The form knows a contributor (human, ai, mixed, unknown) and a model; how it is known, the session and the tool call
stand in ``metadata["dev.vestige"]``, so that what was written here is read again without loss. What others wrote is
read as inferred: it is their word. Ranges of others that contradict each other are unknown.

Reference: agent-trace.dev, specification 0.1.0 (January 2026) and its JSON Schema. The schema holds versions to
``major.minor`` while the text and every example say ``0.1.0``: both are read, and the text's is written.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from uuid import NAMESPACE_URL, uuid5

import orjson

from vestige.attribution.notes import Claimed
from vestige.attribution.origins import UNKNOWN, Grade, Kind, Origin
from vestige.code import check_oid, check_path
from vestige.model.errors import FormatError, TooLargeError, VestigeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.attribution.notes import FileNote, Range

VERSION: Final = "0.1.0"
MEDIA_TYPE: Final = "application/vnd.agent-trace.record+json"
METADATA: Final = "dev.vestige"
MOST: Final = 16 << 20
"""Bytes of a record that is read."""
_VERSION: Final = re.compile(r"0\.1(\.\d+)?")
_TOLD: Final = ("session", "call", "prompt", "agent", "person")


def write(commit: str, notes: Mapping[str, FileNote], *, timestamp: str, version: str) -> bytes:
    """A record of a commit.

    Args:
        commit: in full.
        notes: what is known of its files.
        timestamp: when the record is made, RFC 3339 with ``Z``.
        version: of this program.
    """
    files: list[dict[str, Any]] = []
    details: dict[str, list[dict[str, Any]]] = {}
    for path, note in sorted(notes.items()):
        by_origin: dict[Origin, list[dict[str, int]]] = {}
        for start, end, origin in note.ranges:
            by_origin.setdefault(origin, []).append({"start_line": start, "end_line": end})
        conversations: list[dict[str, Any]] = []
        told: list[dict[str, Any]] = []
        for origin, lines in by_origin.items():
            contributor = {"type": str(origin.kind)} | ({"model_id": origin.model[:250]} if origin.model else {})
            conversations.append({"contributor": contributor, "ranges": lines})
            facts = {name: value for name in _TOLD if (value := getattr(origin, name))}
            told.append({"grade": origin.grade, **facts} | ({"shared": True} if origin.shared else {}))
        files.append({"path": path, "conversations": conversations})
        details[path] = told
    return orjson.dumps(
        {
            "version": VERSION,
            "id": str(uuid5(NAMESPACE_URL, f"vestige:{commit}")),
            "timestamp": timestamp,
            "vcs": {"type": "git", "revision": commit},
            "tool": {"name": "vestige", "version": version},
            "files": files,
            "metadata": {METADATA: {"conversations": details}},
        }
    )


def read(data: bytes) -> tuple[str, dict[str, tuple[Range, ...]]]:
    """The commit that a record is about, and what it says of its files.

    Raises:
        FormatError: it is no record of this version, or is about no commit of Git.
        TooLargeError: it is too long, or speaks of too many lines.
    """
    if len(data) > MOST:
        raise TooLargeError("the trace record is too large", expected=f"at most {MOST} bytes", got=str(len(data)))
    try:
        record = orjson.loads(data)
        if not _VERSION.fullmatch(record["version"]):
            raise FormatError("a trace record of another version", expected=VERSION, got=record["version"][:20])
        revision = record.get("vcs") or {}
        if revision.get("type") != "git":
            raise FormatError("the trace record is about no commit", expected='"vcs" of "git"', got=str(revision)[:80])
        ours = ((record.get("metadata") or {}).get(METADATA) or {}).get("conversations") or {}
        agent = str((record.get("tool") or {}).get("name", ""))
        found = Claimed()
        for file in record["files"]:
            _take(found, check_path(file["path"]), file["conversations"], ours.get(file["path"]) or [], agent)
    except VestigeError:
        raise
    except (orjson.JSONDecodeError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise FormatError("no trace record", expected="Agent Trace 0.1.0", got=str(error)[:200]) from None
    return check_oid(str(revision.get("revision", ""))), found.ranges()


def _take(
    found: Claimed, path: str, conversations: list[dict[str, Any]], details: list[dict[str, Any]], agent: str
) -> None:
    found.file(path)
    for number, conversation in enumerate(conversations):
        detail = details[number] if number < len(details) else None
        for row in conversation["ranges"]:
            contributor = row.get("contributor") or conversation.get("contributor") or {"type": "unknown"}
            origin = _origin(contributor, conversation, detail, agent)
            found.put(path, int(row["start_line"]), int(row["end_line"]), origin)


def _origin(
    contributor: dict[str, Any], conversation: dict[str, Any], detail: dict[str, Any] | None, agent: str
) -> Origin:
    kind = Kind(contributor["type"])
    if kind is Kind.UNKNOWN:
        return UNKNOWN
    model = str(contributor.get("model_id", ""))
    if detail is not None:
        told = {name: str(detail.get(name, "")) for name in _TOLD}
        return Origin(kind, Grade(detail["grade"]), model=model, shared=detail.get("shared") is True, **told)
    return Origin(kind, Grade.INFERRED, session=str(conversation.get("url", "")), agent=agent, model=model)
