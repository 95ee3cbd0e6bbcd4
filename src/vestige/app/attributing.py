"""Who wrote the lines of a tenant's repositories: what capture kept of them, taken up against their commits.

Notes are a view (:mod:`vestige.attribution.replay`): made anew when something more was captured or came into the
repository, and kept in memory until then. Which records there are, the index tells; what they say is read from the
ledger, entry by entry, in its turn.

What others only say of lines fills what nobody saw, and is kept apart: whoever decides by notes asks for those in which
nobody's word is, since a clone's own key may bring one.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import unquote

import orjson

from vestige.attribution import FileNote, History
from vestige.attribution.captured import Captured
from vestige.attribution.exchange import Claim, Form
from vestige.attribution.history import Merged
from vestige.attribution.notes import ranges
from vestige.attribution.replay import Replayed, replay
from vestige.capture.records import FIELD
from vestige.capture.repository import source_of
from vestige.code import check_path
from vestige.code.ahead import ask
from vestige.model.errors import BusyError, NotFoundError, TooLargeError
from vestige.model.vocabulary import FORGES
from vestige.query import Reader, Scope
from vestige.sources.cloud.forges import MERGED, merge_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.code import Browsing, Mirrors
    from vestige.ingest.intake import Stores
    from vestige.query import Index

_NAMELESS: Final = ("root:", "folder:")
"""How names begin of repositories that no forge has."""
CLAIMED: Final = "code.claimed"
"""The type of an event that has others' word on a commit's lines."""
MOST: Final = 500_000
"""Records of one repository that are taken up."""
MOST_CLAIMS: Final = 10_000
"""Claims of one repository that are read: the earliest. No more are taken in."""
MOST_CLAIMED_TEXT: Final = 64 << 20
"""Characters of them that are read, one claim more at most."""
MOST_MERGES: Final = 2_000
"""Merges of one repository that forges told of and that are read: the newest."""
_KEPT: Final = 8
"""Repositories whose notes are in memory; those of one with claims count twice, with them and without."""
AHEAD: Final = 300
"""Commits about which is asked at once before they are taken up: the newest."""
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
    ORDER BY seq LIMIT {claims:UInt32}"""
_COUNTED: Final = """
    SELECT count(), max(seq) FROM {db}.events
    WHERE {where} AND event_type NOT IN ('code.push_begun', 'code.checked_out', 'code.claimed')"""
"""Of these nothing is taken up: that a push begins makes no notes anew. Claims are counted by themselves."""
_MERGED: Final = """
    SELECT seq, any(toString(id)) FROM {db}.events
    WHERE {where} AND event_type = 'code.reviewed' AND action IN {actions:Array(String)}
          AND source IN {sources:Array(String)}
          AND ({name:String} = '' OR endsWith(concat('/', {name:String}), concat('/', lower(object_id))))
    GROUP BY seq ORDER BY seq DESC LIMIT {merges:UInt32}"""
"""Of one repository, by the name a forge has for it; of one without such a name by its commits alone."""


class _State(NamedTuple):
    """What notes were made of: another state makes them anew."""

    records: int
    newest: int
    refs: str
    claims: tuple[int, ...]
    """Where the ledger has them; none where they are not asked for."""
    merges: tuple[tuple[int, str], ...]
    """What forges told of merges: where the ledger has it, and its entry."""


class _Of(NamedTuple):
    """Which notes: with claims and without are made apart, so that no claim delays what is decided without it."""

    repository: str
    claimed: bool


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
        self._made: OrderedDict[_Of, tuple[_State, Replayed]] = OrderedDict()
        self._reading: dict[_Of, Browsing] = {}
        self._locks: dict[_Of, threading.Lock] = {}
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
        """All that is known of a repository's commits, with what others say where nobody saw it.

        Raises:
            BusyError: as :meth:`lines`.
            TooLargeError: there is too much to take up.
        """
        return self._notes(repository, source, self.claims(source))

    def claims(self, source: str) -> tuple[int, ...]:
        """Where the ledger has the claims of a source that are read, the earliest first."""
        return tuple(int(seq) for (seq,) in self._ask(_CLAIMS, source))

    def seen(self, repository: str, source: str) -> Replayed:
        """The same without what others only say: of their lines nobody knows, and their sessions are not named.

        Raises:
            BusyError: as :meth:`lines`.
            TooLargeError: as :meth:`notes`.
        """
        return self._notes(repository, source, ())

    def _notes(self, repository: str, source: str, claims: tuple[int, ...]) -> Replayed:
        which = _Of(repository, bool(claims))
        with self._lock:
            lock = self._locks.setdefault(which, threading.Lock())
        if not lock.acquire(timeout=_WAIT):
            raise BusyError("who wrote the lines is being worked out", hint="try again in a minute")
        try:
            browsing = self._mirrors.browse(repository)
            state = self._state(source, browsing, claims, self._merges(source))
            known = self._made.get(which)
            if known is None or known[0] != state:
                # What it read of objects, which never change, is not read again.
                reading = self._reading.setdefault(which, browsing)
                tips = {ref.commit for ref in browsing.refs() if ref.commit}
                ask(reading, reading.newest(sorted(tips), AHEAD))
                known = state, self._replay(source, reading, claims, state.merges)
            with self._lock:
                self._made[which] = known
                self._made.move_to_end(which)
                while len(self._made) > _KEPT:
                    gone, _ = self._made.popitem(last=False)
                    self._reading.pop(gone, None)
            return known[1]
        finally:
            lock.release()

    def _merges(self, source: str) -> tuple[tuple[int, str], ...]:
        """Where forges told of merges of a source's repository, the earliest first."""
        name = unquote(source.removeprefix(source_of(""))).lower()
        rows = self._ask(
            _MERGED, "", name="" if name.startswith(_NAMELESS) else name, actions=list(MERGED),
            sources=list(FORGES), merges=MOST_MERGES,
        )  # fmt: skip
        return tuple((int(seq), str(entry)) for seq, entry in reversed(rows))

    def _state(
        self, source: str, browsing: Browsing, claims: tuple[int, ...], merges: tuple[tuple[int, str], ...]
    ) -> _State:
        ((records, newest),) = self._ask(_COUNTED, source)
        refs = orjson.dumps([[ref.name, ref.oid] for ref in browsing.refs()]).decode()
        return _State(int(records), int(newest), refs, claims, merges)

    def _replay(
        self, source: str, browsing: Browsing, claims: tuple[int, ...], merges: tuple[tuple[int, str], ...]
    ) -> Replayed:
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
        told = ((merge_of(self._payload(seq)), entry) for seq, entry in merges)
        became = [Merged(merge.head, merge.commit, entry) for merge, entry in told if merge is not None]
        return replay(browsing, records, text, heads=heads, claims=self._claims(claims), merges=became)

    def _claims(self, positions: tuple[int, ...]) -> list[Claim]:
        """What others say of the repository's commits, the earliest first."""
        found: list[Claim] = []
        length = 0
        for seq in positions:
            if length > MOST_CLAIMED_TEXT:
                break
            said = self._payload(seq).get("claim")
            if isinstance(said, dict) and said.get("form") in list(Form):
                found.append(Claim(Form(said["form"]), str(said.get("commit", "")), str(said.get("text", ""))))
                length += len(found[-1].text)
        return found

    def _payload(self, position: int) -> Mapping[str, Any]:
        """What a record says; nothing where it was erased."""
        try:
            found = orjson.loads(self._stores.ledger.payload(self._stores.tenant, position))
        except (orjson.JSONDecodeError, NotFoundError):
            return {}
        return found if isinstance(found, dict) else {}

    def _ask(self, sql: str, source: str, **more: Any) -> list[list[Any]]:  # noqa: ANN401 - bound values
        """Rows of the events of a source, or of any, in the tenant's log."""
        scope = Scope(self._stores.log)
        found = self._reader.filter(f'source:"{source}"' if source else "", scope)
        text = sql.replace("{db}", self._reader.database).replace("{where}", found.where)
        params = dict(found.params) | {"log": scope.log, "most": MOST + 1, "claims": MOST_CLAIMS} | more
        return [list(row) for row in self._reader.query(text, params).rows]
