"""Facts of pushes that never were, and what a policy says of them."""

from __future__ import annotations

import json
from typing import Any

from vestige.policy import Facts, decide, read_document

OID = "1" * 40
OTHER = "2" * 40
REPOSITORY = "host/team/shop"


def file(
    path: str = "src/a.py", status: str = "modified", unread: str = "", *, too_long: bool = False, **lines: int
) -> dict[str, Any]:
    """A file by how many lines of each class it gets."""
    spans = [{"start": 1, "end": n, "kind": kind, "session": "s1"} for kind, n in lines.items() if kind != "human"]
    known = {name: ("observed" if name != "unknown" else "") for name in lines}
    counted = {f"{name}:{known[name]}" if known[name] else name: n for name, n in lines.items() if n}
    told = {"path": path, "status": status, "lines": counted, "spans": spans, "unread": unread}
    return told | ({"too_long": True} if too_long else {})


def commit(*files: dict[str, Any], sessions: tuple[str, ...] = ("s1",), oid: str = OID, **more: Any) -> dict[str, Any]:
    """A commit of Ann's."""
    return {
        "oid": oid, "author": "ann@example.org", "author_name": "Ann", "committer": "ann@example.org",
        "files": list(files), "sessions": list(sessions), **more,
    }  # fmt: skip


def calls(**counts: int) -> list[dict[str, Any]]:
    """Calls that succeeded, by tool."""
    return [{"tool": tool, "outcome": "success", "count": n, "events": ["e1"]} for tool, n in counts.items()]


def session(name: str = "s1", *, sealed: bool = True, **more: Any) -> dict[str, Any]:
    """A session."""
    return {"id": name, "agent": "claude-code", "seal": "seal-1" if sealed else "", **more}


def facts(*commits: dict[str, Any], sessions: tuple[dict[str, Any], ...] = (), **more: Any) -> Facts:
    """What is known of a push."""
    told = {"repository": REPOSITORY, "commits": list(commits), "sessions": list(sessions), **more}
    return Facts.model_validate_json(json.dumps(told))


def policy(kind: str, **more: Any) -> Any:
    """One, read as a document is."""
    text = json.dumps({"version": 1, "policy": [{"name": "p", "type": kind, **more}]})
    return read_document(text, "yaml")[0]


def says(kind: str, known: Facts, **more: Any) -> list[str]:
    """The results of one policy."""
    return [one["result"] for one in decide(known, [policy(kind, **more)], [], 0)["results"]]
