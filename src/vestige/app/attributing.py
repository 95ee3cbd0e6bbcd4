"""Who wrote the lines of a tenant's repositories: what capture kept of them, taken up against their commits.

Notes are a view (:mod:`vestige.attribution.replay`): made anew when something more was captured or came into the
repository, and kept in memory until then. Which records there are, the index tells; what they say is read from the
ledger, entry by entry, in its turn.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from vestige.attribution import FileNote, History
from vestige.attribution.captured import Captured
from vestige.attribution.exchange import Claim, Form
from vestige.attribution.notes import ranges
from vestige.attribution.replay import Replayed, replay
from vestige.capture.records import FIELD
from vestige.code import check_path
from vestige.model.errors import BusyError, NotFoundError, TooLargeError
from vestige.query import Reader, Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.code import Browsing, Mirrors
    from vestige.ingest.intake import Stores
    from vestige.query import Index

CLAIMED: Final = "code.claimed"
"""The type of an event that has others' word on a commit's lines."""
MOST: Final = 500_000
"""Records of one repository that are taken up."""
_KEPT: Final = 8
"""Repositories whose notes are in memory."""
_WAIT: Final = 120.0
"""Seconds somebody waits for notes that are being made."""
_RECORDS: Final = """
    SELECT any(toString(id)), seq, any(JSONExtractString(attributes, 'vestige_capture', 'worktree')),
           any(JSONExtractInt(attributes, 'vestige_capture', 'order')),
           any(JSONExtractInt(attributes, 'vestige_capture', 'at'))
    FROM {db}.events
    WHERE {where} AND JSONHas(attributes, 'vestige_capture')
          AND (event_type IN ('code.committed', 'code.rewritten') OR JSONHas(attributes, 'hook_event_name'))
    GROUP BY seq LIMIT {most:UInt32}"""
_TEXTS: Final = """
    SELECT JSONExtractString(attributes, 'vestige_capture', 'ref') AS ref, min(seq)
    FROM {db}.events WHERE {where} AND event_type = 'agent.snapshot' GROUP BY ref"""
_CLAIMS: Final = """
    SELECT DISTINCT seq FROM {db}.events WHERE {where} AND event_type = 'code.claimed' AND JSONHas(attributes, 'claim')
    ORDER BY seq LIMIT {most:UInt32}"""
_COUNTED: Final = "SELECT count(), max(seq) FROM {db}.events WHERE {where}"


class _State(NamedTuple):
    """What notes were made of: another state makes them anew."""

    records: int
    newest: int
    refs: str


class Attributing:
    """Answers who wrote what. Safe to share between threads.

    Args:
        stores: of the tenant.
        index: where the records are found.
        mirrors: the tenant's repositories.
    """

    def __init__(self, stores: Stores, index: Index, mirrors: Mirrors) -> None:
        self._stores = stores
        self._reader = Reader(index)
        self._mirrors = mirrors
        self._made: OrderedDict[str, tuple[_State, Replayed]] = OrderedDict()
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def lines(self, repository: str, source: str, commit: str, path: str) -> FileNote:
        """What is known of a file of a commit.

        Args:
            repository: its id.
            source: what the ledger calls what was captured in it.
            commit: in full.
            path: the file.

        Raises:
            BusyError: the notes are being made, and that takes longer than anybody waits.
        """
        browsing = self._mirrors.browse(repository)
        notes = self.notes(repository, source).notes
        note = notes.get(commit, check_path(path))
        if note is not None:
            return note
        blob = browsing.entry(commit, path)
        return FileNote(blob, ranges(History(browsing, notes).lines(commit, path).origins))

    def notes(self, repository: str, source: str) -> Replayed:
        """All that is known of a repository's commits.

        Raises:
            BusyError: as :meth:`lines`.
            TooLargeError: there is too much to take up.
        """
        with self._lock:
            lock = self._locks.setdefault(repository, threading.Lock())
        if not lock.acquire(timeout=_WAIT):
            raise BusyError("who wrote the lines is being worked out", hint="try again in a minute")
        try:
            browsing = self._mirrors.browse(repository)
            state = self._state(source, browsing)
            known = self._made.get(repository)
            if known is None or known[0] != state:
                known = state, self._replay(source, browsing)
            with self._lock:
                self._made[repository] = known
                self._made.move_to_end(repository)
                while len(self._made) > _KEPT:
                    self._made.popitem(last=False)
            return known[1]
        finally:
            lock.release()

    def _state(self, source: str, browsing: Browsing) -> _State:
        ((records, newest),) = self._ask(_COUNTED, source)
        refs = orjson.dumps([[ref.name, ref.oid] for ref in browsing.refs()]).decode()
        return _State(int(records), int(newest), refs)

    def _replay(self, source: str, browsing: Browsing) -> Replayed:
        rows = self._ask(_RECORDS, source)
        if len(rows) > MOST:
            # Some of them would say what is not so.
            raise TooLargeError(
                "more was captured of the repository than is taken up", expected=f"at most {MOST} records"
            )
        records = [
            Captured(entry, tree, int(order), int(at), lambda seq=int(seq): self._payload(seq))  # type: ignore[misc]
            for entry, seq, tree, order, at in rows
        ]
        refs = self._ask(_TEXTS, source)
        seen = {ref: int(seq) for ref, seq in refs}

        def text(ref: str) -> bytes | None:
            said = self._payload(seen[ref]).get(FIELD) if ref in seen else None
            found = said.get("text") if isinstance(said, dict) else None
            return found.encode("utf-8", "surrogatepass") if isinstance(found, str) else None

        heads = [ref.oid for ref in browsing.refs() if ref.kind == "branch"]
        return replay(browsing, records, text, heads=heads, claims=self._claims(source))

    def _claims(self, source: str) -> list[Claim]:
        """What others say of the repository's commits, the earliest first."""
        found = []
        for (seq,) in self._ask(_CLAIMS, source):
            said = self._payload(int(seq)).get("claim")
            if isinstance(said, dict) and said.get("form") in list(Form):
                found.append(Claim(Form(said["form"]), str(said.get("commit", "")), str(said.get("text", ""))))
        return found

    def _payload(self, position: int) -> Mapping[str, Any]:
        """What a record says; nothing where it was erased."""
        try:
            found = orjson.loads(self._stores.ledger.payload(self._stores.tenant, position))
        except (orjson.JSONDecodeError, NotFoundError):
            return {}
        return found if isinstance(found, dict) else {}

    def _ask(self, sql: str, source: str) -> list[list[Any]]:
        """Rows of the events of a source, in the tenant's log."""
        scope = Scope(self._stores.log)
        found = self._reader.filter(f'source:"{source}"', scope)
        text = sql.replace("{db}", self._reader.database).replace("{where}", found.where)
        params = dict(found.params) | {"log": scope.log, "most": MOST + 1}
        return [list(row) for row in self._reader.query(text, params).rows]
