"""The SQL of the declared timeline: which events bear an id, a digest or another name, of one log.

Everything is found by correlation keys (``event_keys`` is sorted by kind and value); values are bound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vestige.query import scattered
from vestige.timeline import Place

if TYPE_CHECKING:
    from collections.abc import Collection

    from vestige.query import Reader

CUSTOM, HASH = "custom", "hash"
MOST_IDS: Final = 20_000
"""Ids that are looked for at once."""


class Store:
    """Reads one log."""

    def __init__(self, reader: Reader, log: int) -> None:
        self._reader = reader
        self._log = log

    def bearing(
        self, kind: str, values: Collection[str], *, types: Collection[str] = (), most: int
    ) -> dict[str, list[Place]]:
        """Where events stand that have a key of any of these values, the oldest first.

        Args:
            kind: of the keys.
            values: at most :data:`MOST_IDS`.
            types: only events of these types; none: of any.
            most: places for each value.
        """
        found: dict[str, list[Place]] = {}
        if not values:
            return found
        only = "AND event_type IN {types:Array(String)} " if types else ""
        params: dict[str, Any] = {"log": self._log, "kind": kind, "values": sorted(values), "types": sorted(types)}
        rows = self._reader.query(
            f"SELECT value, occurred_at, seq, sub FROM {self._reader.database}.event_keys "  # noqa: S608 - our own name
            "WHERE log = {log:UInt32} AND kind = {kind:String} AND value IN {values:Array(String)} "
            f"{only}ORDER BY value, occurred_at, seq, sub LIMIT {int(most)} BY value",
            params if types else {name: value for name, value in params.items() if name != "types"},
            scattered(len(values)),
        ).rows
        for value, at, seq, sub in rows:
            found.setdefault(str(value), []).append(Place(int(at), int(seq), int(sub)))
        return found
