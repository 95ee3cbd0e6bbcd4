"""The index held against rows computed again from the ledger, and what of it differs: by table, by field, by event.

A row read by another version of its parser is no damage: the ledger says what that version was, and a rebuild reads it
anew. It is told as ``stale`` and is no failure. Everything else that differs is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.index import Differences, TableDigest

PARSER: Final = "parser"
MOST_NAMED: Final = 20


def compared(
    entries: int, before: Mapping[str, TableDigest], after: Mapping[str, TableDigest], found: Differences | None
) -> dict[str, Any]:
    """The verdict on an index.

    Args:
        entries: how many entries were computed again.
        before: what the tables say.
        after: what they should say.
        found: what of the events differs, if anything does.

    Returns:
        ``ok``; ``tables`` that differ with their rows; ``events`` that differ, by id; ``stale`` rows; ``reason``.
    """
    tables = {
        name: {"rows": before[name].rows, "expected": after[name].rows} for name in after if before[name] != after[name]
    }
    stale = 0
    events: list[dict[str, str]] = []
    if found is not None:
        newer = found.fields.get(PARSER)
        stale = newer.rows if newer is not None and newer.rows == found.changed else 0
        for name, change in found.fields.items():
            events += [{"id": one.id, "field": name} for one in change.examples]
        events += [{"id": one, "field": "", "what": "missing"} for one in found.added_ids]
        events += [{"id": one, "field": "", "what": "not in the ledger"} for one in found.removed_ids]
    only_stale = bool(stale) and found is not None and not (found.added or found.removed or found.doubled)
    reason = ""
    if tables and only_stale:
        reason = f"{stale} events were read by another version of their parser: run `vestige index rebuild`"
    elif tables:
        named = ", ".join(dict.fromkeys(one["id"] for one in events[:3]))
        reason = f"the index differs from the ledger in {', '.join(tables)}" + (f": first {named}" if named else "")
    told: dict[str, Any] = {"ok": not tables or only_stale, "entries": entries, "reason": reason}
    told |= {"tables": tables} if tables else {}
    told |= {"stale": stale} if only_stale else {}
    return told | ({"events": events[:MOST_NAMED]} if events and not only_stale else {})
