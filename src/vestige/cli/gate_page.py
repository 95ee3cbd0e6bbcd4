"""What a person sees of a decision: each policy that does not hold, the commit, the line, the session, the call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vestige.cli.options import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SHORT = 12
MOST = 10
"""Pieces of evidence of one result that are shown."""
_WORDS = {"block": "blocked", "warn": "warning", "pass": "open"}


def verdict_lines(results: Iterable[dict[str, Any]]) -> Iterator[str]:
    """The results that are no pass, each with what shows it."""
    for one in results:
        if one.get("result") == "pass":
            continue
        word = "waived" if one.get("result") == "waived" else _WORDS.get(str(one.get("action")), "blocked")
        of = f" in commit {str(one['commit'])[:SHORT]}" if one.get("commit") else ""
        yield shown(f"{word}: {one.get('policy')} ({one.get('type')}, {one.get('result')}){of}: {one.get('detail')}")
        evidence = [part for part in one.get("evidence", ()) if isinstance(part, dict)]
        for part in evidence[:MOST]:
            # A mark of ours stands first: a path that begins like a runner's command must not be one.
            yield shown(f"    - {_piece(part)}")
        if len(evidence) > MOST:
            yield f"    and {len(evidence) - MOST} more"


def _piece(part: dict[str, Any]) -> str:
    words = []
    if "path" in part:
        where = f"{part['path']}:{part['start']}-{part['end']}" if "start" in part else str(part["path"])
        words.append(
            where if part.get("start") != part.get("end") or "start" not in part else f"{part['path']}:{part['start']}"
        )
    for name, value in part.items():
        if name in {"path", "start", "end"} or value == "":
            continue
        words.append(f"{name} {str(value)[:SHORT] if name == 'commit' else value}")
    return "  ".join(words)
