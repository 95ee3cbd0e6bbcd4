"""One tenant's rooms, wired: what a request handler speaks to."""

from __future__ import annotations

import base64
import copy
import hashlib
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from vestige.app import spool
from vestige.app.agreeing import Agreeing
from vestige.app.answers import Answers, State, made_of
from vestige.app.archives import Archives
from vestige.app.bundling import Bundles
from vestige.app.cases import CaseRoom, Picked
from vestige.app.code import Code
from vestige.app.compliance import Compliance
from vestige.app.custody import Custody
from vestige.app.declaring import DeclaredTimeline
from vestige.app.entities import Entities
from vestige.app.intake import Intake
from vestige.app.investigation import Investigation
from vestige.app.ledgerview import LedgerView
from vestige.app.policies import Policies
from vestige.app.policy_book import PolicyBook
from vestige.app.policy_decisions import Decisions
from vestige.app.policy_results import PolicyResults
from vestige.app.policy_trials import PolicyTrials
from vestige.app.prices import Prices
from vestige.app.push_facts import PushFacts
from vestige.app.remarking import Remarking
from vestige.app.reporting import Reporting
from vestige.app.retention import Retention, worm_of
from vestige.app.seals import Seals
from vestige.app.sequences import Sequences
from vestige.app.sessions import Sessions
from vestige.app.sources import Sources
from vestige.app.stories import Stories
from vestige.app.views import Views
from vestige.app.watching import Watch
from vestige.cases import Cases
from vestige.ingest.intake import Stores
from vestige.ingest.projector import Projector
from vestige.ledger import KeyEncryptionKey, Kind, act_entry, brought_seed
from vestige.model.errors import BusyError, ConflictError, ForbiddenError, NotFoundError
from vestige.model.ids import is_ulid
from vestige.model.permission import Permission
from vestige.query import counts_back
from vestige.timeline import Timeline

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from vestige.access import Tenant
    from vestige.app.answers import Reply
    from vestige.app.installation import Installation
    from vestige.correlate import Reach
    from vestige.ingest.declared import Answer
    from vestige.ledger import Draft, StoredEntry
    from vestige.model.principal import Principal
    from vestige.timeline import Around, Pace, Player, Window

MOST_DIGITS = 5
"""Digits of an event's place within its record."""
MOST_NAMED = 10
"""Events that are named where an id means several."""
READ_WAIT = 2.0
"""Seconds a read waits for the index to pass the head it saw, before it answers and says so (ledger.md section 3)."""


class Raw(NamedTuple):
    """A record's exact bytes and what identifies them."""

    payload: bytes
    media_type: str
    log: str
    seq: int
    leaf_hash: str

    @property
    def sha256(self) -> str:
        """The digest of the bytes, in hex: what `sha256sum` prints."""
        return hashlib.sha256(self.payload).hexdigest()

    @property
    def sha256_base64(self) -> str:
        """The same digest as RFC 9530 spells it in ``Repr-Digest``."""
        return base64.b64encode(hashlib.sha256(self.payload).digest()).decode()


def _projector(installation: Installation, tenant: Tenant) -> Projector:
    """Whose blocks are spans of their own, where there are any."""
    made = Projector(installation.ledger, installation.index, installation.db, tenant.id, installation.may_write_index)
    made.around = lambda lo, hi: installation.span(
        "index.block", {"vestige.tenant": tenant.slug, "vestige.from": lo, "vestige.to": hi}
    )
    return made


class Rooms:
    """Everything that serves one tenant."""

    def __init__(self, installation: Installation, tenant: Tenant) -> None:
        settings = installation.settings
        self.tenant = tenant
        self._settings = settings
        self._own = ""
        self._audit = True
        self._ledger = installation.ledger
        self._index = installation.index
        self._stores = Stores(
            installation.ledger,
            installation.db,
            installation.ledger.blobs_of(tenant.id),
            tenant.id,
            installation.ledger.log(tenant.id).first,
            installation.redactions.of(lambda use, text: installation.ledger.dedup_key(tenant.id, use, text)),
        )
        self.ledger = LedgerView(installation.ledger, installation.blobs, tenant.id)
        self._cases = cases = Cases(installation.db, installation.ledger, tenant.id)
        self._picked = picked = Picked(cases, installation.index, self._stores.log)
        self.timeline = Timeline(installation.index, self._stores.log, self._numbered, case=picked)
        self.cases = CaseRoom(self, self._stores, installation.index, cases, picked)
        self.reports = Reporting(self, self._stores)
        self.code = Code(self._stores, settings, installation.index, self.settle, self._declare)
        self._investigation = Investigation(installation.index, self._stores.log, self.timeline)
        self.entities = Entities(installation.index, self._stores.log, self.timeline, picked)
        self.sessions = Sessions(installation.index, self._stores.log, case=picked)
        self.seals = Seals(installation.ledger, tenant.id, self.sessions)
        self.sessions.sealed = self.seals.of
        self.prices = Prices(self._stores)
        self.sessions.book = self.prices.book
        self.stories = Stories(self, self._stores, settings)
        self.policies = Policies(book := PolicyBook(self._stores), self._stores, self.code)
        facts = PushFacts(self.code, self.sessions, self.seals, installation.index, self._stores.log)
        self.decisions = Decisions(book, self._stores, facts, self.settle)
        self.policy_results, self.policy_trials = PolicyResults(book), PolicyTrials(book, self.decisions, self.code)
        self.sequences = Sequences(self._stores, installation.index)
        self.projector = _projector(installation, tenant)
        self.sources = Sources(self._stores, self.projector, self.timeline)
        self.bundles = Bundles(self._stores, installation.index, self.settle, cases, picked, self._numbered)
        self.custody = Custody(installation, self._stores, self.projector, cases, picked)
        self.retention = Retention(self._stores, self.custody, worm_of(settings))
        self.compliance = Compliance(installation, self)
        self.archives = Archives(settings, installation.ledger, installation.db, self)
        self.custody.copies = self.archives.forget
        self.remarking = Remarking(self._stores, self.projector)
        self.agreeing = Agreeing(
            installation.db,
            installation.ledger,
            tenant.id,
            self.custody,
            self.remarking,
            self.retention,
            settings.job_lease_seconds,
        )
        self.views = Views(self._stores, self.timeline, self.settle)
        self._answers = Answers(self._state)
        self.intake = Intake(
            self._stores, self.projector, settings, self.behind, installation.figures, installation.span
        )
        self.declared = self._declaring(self)
        self._watch = Watch(self.sequences.scan_arrived, settings.scan_seconds) if settings.scan_seconds else None
        if self._watch is not None:
            self.projector.written = self._watch.note
        # Before anything is served: a backup that was put back brings back what was erased since.
        self.custody.replay()
        self.projector.start()
        self.custody.resume_soon()
        self.agreeing.settle_soon()

    def _numbered(self, position: int) -> dict[str, Any]:
        """How an entry is numbered to people: by its leaf's own seq, and after epoch 0 with what tells it apart.

        With it goes what later entries say of it: that it is redacted, amended, or erased.
        """
        log, seq = self._ledger.log(self.tenant.id).locate(position)
        epoch = {"epoch": log.epoch, "position": position} if log.epoch else {}
        return {"seq": seq} | epoch | self.projector.contexts.remarks.of(position)

    def close(self) -> None:
        """Stop following files, and the ledger."""
        self.intake.close()
        self.agreeing.close()
        self.custody.close()
        self.projector.close()
        if self._watch is not None:
            self._watch.close()

    def own(self, name: str) -> Rooms:
        """The same rooms for somebody who sees what their own agents did and nothing else."""
        rooms = copy.copy(self)
        rooms._own = name  # noqa: SLF001 - its own class
        rooms.timeline = Timeline(self._index, self._stores.log, self._numbered, own=name)
        rooms.sessions = Sessions(self._index, self._stores.log, own=name)
        rooms.sessions.sealed = self.seals.of
        rooms.sessions.book = self.prices.book
        return rooms

    @cached_property
    def without_audit(self) -> Rooms:
        """The same rooms for somebody who reads evidence, but not the trail of what people and keys did here."""
        rooms = copy.copy(self)
        rooms._audit = False  # noqa: SLF001 - its own class
        rooms.timeline = Timeline(self._index, self._stores.log, self._numbered, case=self._picked, audit=False)
        rooms.cases = CaseRoom(rooms, self._stores, self._index, self._cases, self._picked, audit=False)
        rooms.bundles = Bundles(self._stores, self._index, self.settle, self._cases, self._picked, audit=False)
        rooms.reports = Reporting(rooms, self._stores)
        rooms.entities = Entities(self._index, self._stores.log, rooms.timeline, self._picked, audit=False)
        rooms.sessions = Sessions(self._index, self._stores.log, case=self._picked, audit=False)
        rooms.sessions.sealed = self.seals.of
        rooms.sessions.book = self.prices.book
        rooms.declared = self._declaring(rooms)
        return rooms

    def _declaring(self, rooms: Rooms) -> DeclaredTimeline:
        """The declared timeline as somebody sees it who has these rooms."""
        return DeclaredTimeline(
            rooms, self._settings, self._ledger, self._index, self.intake.arrivals, self._stores.log
        )

    def _declare(self, body: bytes, source: str, by: Principal, key: str) -> Sequence[Answer]:
        return self.intake.declare(body, source=source, by=by, idempotency_key=key)

    def record(self, entry: Draft) -> None:
        """Append the entry of an act that changes nothing else; committed when this returns."""
        self._ledger.transact(self.tenant.id, lambda _: [entry])
        self.projector.nudge()

    def without_secrets(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """What somebody said, with a marker in place of each secret in it: as it may be kept."""
        return dict(orjson.loads(self._stores.redaction.payload(orjson.dumps(said))))

    def watching(self) -> dict[str, Any]:
        """Whether what arrives is scanned by itself, and how that goes."""
        return {} if self._watch is None else {"on_arrival": self._watch.state()}

    def settle(self) -> int:
        """Wait, briefly, until the index has everything appended so far; how many entries it lags if it has not."""
        return self.projector.wait(self._ledger.head(self.tenant.id), READ_WAIT)

    def lag(self) -> int:
        """How many entries the index lags behind the ledger at this moment."""
        return self.projector.wait(self._ledger.head(self.tenant.id), 0.0)

    def answer(self, name: str, make: Callable[[], Mapping[str, object]]) -> Reply:
        """The answer to a question of the index, which has by then all that was appended so far, or says what it lacks.

        Args:
            name: the question: everything that shapes its answer. One that counts back from now is never kept.
            make: works it out, without waiting for the index itself.
        """
        reply, lag = self._answer(name, make)
        return reply.beside(self.behind(lag))

    def answer_bytes(self, name: str, make: Callable[[], bytes]) -> tuple[bytes, int]:
        """The same for an answer that is no object; and how many entries the index lags."""
        reply, lag = self._answer(name, make)
        return reply.body, lag

    def _answer(self, name: str, make: Callable[[], Mapping[str, object] | bytes]) -> tuple[Reply, int]:
        head = self._ledger.head(self.tenant.id)
        lag = self.projector.wait(head, READ_WAIT)
        if counts_back(name):
            return made_of(make()), lag
        return self._answers.get(f"{self._audit}\n{self._own}\n{name}", max(head - lag, 0), make), lag

    def _state(self) -> State:
        return State(self._index.generation(self._stores.log), self.projector.watermark)

    def behind(self, lag: int) -> dict[str, Any]:
        """What an answer says of an index that lags so many entries: ``index_lag``, and why if something is wrong."""
        error = self.projector.error
        reason = {} if error is None else {"index_reason": str(error)}
        return {"index_lag": lag} | reason if lag else {}

    def has(self, epoch: int, seq: int) -> bool:
        """Whether an epoch's log has an entry of that seq."""
        here = self._ledger.log(self.tenant.id)
        bases = {log.epoch: log.base for log in here.epochs}
        if epoch not in bases:
            return False
        position = bases[epoch] + seq
        return position < self._ledger.head(self.tenant.id) and here.locate(position)[0].epoch == epoch

    def new_epoch(self, by: Principal) -> dict[str, Any]:
        """Let a log that can be signed no more go on as the next epoch, and say what is known lost.

        Raises:
            ConflictError: the log can go on as it is.
            BusyError: an import or a rebuild of the index is under way.
        """
        with self.intake.paused(), self.projector.anew():
            act = act_entry("ledger.new_epoch", by, {})
            made = self._ledger.new_epoch(self.tenant.id, lambda: [act, *self.custody.holds.set_again()])
            # Streams that were begun before the database was put back may be gone from it.
            self.intake.arrivals.forget()
        return {"epoch": made.log.epoch, "origin": made.log.origin, "restore": made.restore.to_json()}

    def rotate_key(self, by: Principal, compromised_after: int | None, brought: Path | None = None) -> dict[str, Any]:
        """Give the log a new signing key, and sign the head with both at once.

        Args:
            by: who does it.
            compromised_after: up to which size the old key's signature alone still counts; ``None``: it always does.
            brought: a file with the new private key; ``None``: one is made.

        Raises:
            UsageError: the log has never had that size.
        """
        detail = {} if compromised_after is None else {"compromised_after": compromised_after}
        seed = None if brought is None else brought_seed(brought)
        self._ledger.rotate(self.tenant.id, compromised_after, [act_entry("ledger.rotate", by, detail)], seed)
        self._ledger.checkpoint(self.tenant.id)
        return self.ledger.keys()[-1]

    def add_second_key(self, by: Principal) -> dict[str, Any]:
        """Let an ML-DSA-44 key sign beside the log's own from now on, and sign the head with both at once."""
        self._ledger.add_second_key(self.tenant.id, [act_entry("ledger.second_key", by, {})])
        self._ledger.checkpoint(self.tenant.id)
        return self.ledger.keys()[-1]

    def rewrap_keys(self, by: Principal, file: Path) -> dict[str, Any]:
        """Wrap all private keys of the installation under the key-encryption key in a file.

        Raises:
            UsageError: the file holds none, or others may read it.
        """
        kek = KeyEncryptionKey.from_existing(file)
        self._ledger.rewrap(kek)
        entry = act_entry("ledger.rewrap", by, {"kek": kek.fingerprint})
        self._ledger.transact(self.tenant.id, lambda _: [entry])
        return {"kek": kek.fingerprint}

    def spool(self) -> spool.Spool:
        """A place for a request body."""
        return spool.Spool(self._settings.data / "spool")

    def rebuild_index(self, progress: Callable[[int, int], None], stop: threading.Event) -> dict[str, Any]:
        """Compute the index again from the ledger, and say whether it came out equal.

        Returns:
            Entries read, per table the rows before and after and whether their digests are equal, and what changed in
            the events by field (``None`` if nothing did).
        """
        self.settle()  # no longer: whatever keeps the index behind is what a rebuild is to mend
        entries, before, after, found = self.projector.rebuild(progress, stop)
        tables = {
            name: {
                "rows_before": before[name].rows,
                "rows_after": after[name].rows,
                "equal": before[name] == after[name],
            }
            for name in after
        }
        differences = None
        if found is not None:
            fields = {
                name: {"rows": change.rows, "examples": [example._asdict() for example in change.examples]}
                for name, change in found.fields.items()
            }
            differences = found._asdict() | {"fields": fields}
        return {"entries": entries, "equal": before == after, "tables": tables, "differences": differences}

    def entry(self, event_id: str) -> tuple[StoredEntry, int]:
        """The ledger entry an event id names, and which of the entry's events it is; a producer's own id names it too.

        Raises:
            NotFoundError: no such entry.
            ConflictError: several events bear that id of a producer's.
            ForbiddenError: it is of the audit trail, and these rooms are :attr:`without_audit`.
        """
        entry_id, _, sub = event_id.partition(".")
        if sub and not (sub.isascii() and sub.isdigit() and len(sub) <= MOST_DIGITS):
            raise NotFoundError(f"no event {event_id[:64]!r}")
        try:
            entry = self._ledger.entry(self.tenant.id, entry_id.upper())
        except NotFoundError as error:
            entry, sub = self._declared_as(entry_id, sub, error)
        if not self._audit and orjson.loads(entry.leaf)["kind"] == Kind.AUDIT:
            raise ForbiddenError(
                "this entry is of the audit trail", expected=f"the permission {Permission.AUDIT_READ}", got="none of it"
            )
        if self._own:
            self.settle()
            if not self.timeline.shows(entry.position):
                # As if it were not there: nobody is to learn which ids are others'.
                raise NotFoundError("there is no such entry", expected="an id of this tenant's log", got=entry_id[:40])
        return entry, int(sub or "0")

    def _declared_as(self, identity: str, sub: str, error: NotFoundError) -> tuple[StoredEntry, str]:
        """The entry, and which of its events, that a producer gave an id of its own."""
        if sub or not is_ulid(identity.upper()):
            raise error
        lag = self.settle()
        try:
            found = self.declared.named(identity)
        except NotFoundError:
            raise self.not_yet(lag) or error from None
        if len(found) > 1 and self._own:
            raise error  # nobody is to learn which ids are others'
        if len(found) > 1:
            raise ConflictError(
                f"{len(found)} events bear the event_id {identity.upper()}",
                expected="the id of one of them",
                got=", ".join(found[:MOST_NAMED]),
                hint="ask for it by its own id",
            )
        entry_id, _, sub = found[0].partition(".")
        return self._ledger.entry(self.tenant.id, entry_id), sub

    def event(self, event_id: str, *, settled: bool = False) -> dict[str, Any]:
        """One event as the timeline shows it, with its provenance from the ledger.

        Args:
            event_id: the event.
            settled: whether the caller has waited for the index already.

        Raises:
            NotFoundError: no such entry, or the entry has no such event.
        """
        lag = self.lag() if settled else self.settle()
        entry, sub = self.entry(event_id)
        try:
            shown = self.timeline.event(entry.position, sub)
        except NotFoundError as error:
            raise self.not_yet(lag) or error from None
        leaf = orjson.loads(entry.leaf)
        provenance = {
            "log": leaf["log"],
            "kind": leaf["kind"],
            "acquisition": leaf.get("acq"),
            "offset": leaf.get("off"),
            "record": leaf.get("n"),
            "length": leaf["len"],
            "media_type": leaf["mt"],
            "commitment": leaf["c"],
            "leaf_hash": entry.leaf_hash.hex(),
        }
        found = self.intake.checks.of(leaf.get("acq", ""))
        if found is not None:
            name = {"verified": "source_verified", "altered": "source_contradicted"}.get(
                found["verdict"], "source_unproven"
            )
            provenance[name] = {key: value for key, value in found.items() if value and key != "verdict"}
        told: dict[str, Any] = {"provenance": {name: value for name, value in provenance.items() if value is not None}}
        told |= self.behind(lag)
        # What later events say of it is said by others: who sees only their own is not told.
        if self._own:
            return shown | told
        held = [hold.to_json() for hold in self.custody.holds.over(entry.position)]
        return shown | self.declared.later(shown) | ({"holds": held} if held else {}) | told

    def opening(self, event_id: str) -> dict[str, Any]:
        """What opens a record's commitment: its leaf, the salt, the payload's SHA-256.

        Raises:
            NotFoundError: no such entry, or its payload was erased.
            RedactedError: the record is redacted, and these would let its words be guessed.
        """
        entry, _ = self.entry(event_id)
        self.remarking.refuse_hidden(entry)
        return self.ledger.opening(entry)

    def not_yet(self, lag: int) -> BusyError | None:
        """The error for something that is in the ledger but not in the index yet, if the index lags."""
        if lag == 0:
            return None
        reason = self.behind(lag).get("index_reason")
        got = f"{lag} entries behind" + (f": {reason}" if reason else "")
        return BusyError("the index has not come to this event yet", got=got, hint="ask again")

    def context(self, event_id: str, *, within: int, count: int, query: str = "") -> list[dict[str, Any]]:
        """An event among what happened around it, in order of time.

        Args:
            event_id: the event.
            within: nanoseconds on either side.
            count: how many events on either side at most.
            query: what to show around it; everything if empty.
        """
        lag = self.settle()
        entry, sub = self.entry(event_id)
        try:
            found = self.timeline.context(entry.position, sub, count=count, within=within, query=query)
        except NotFoundError as error:
            raise self.not_yet(lag) or error from None
        return [*found.before, found.event, *found.after]

    def around(self, event_id: str, query: str, window: Window, limit: int) -> Around:
        """The page of a list that has an event in its middle; or why the event is not listed.

        Raises:
            NotFoundError: no such event.
            BusyError: it is not in the index yet.
        """
        entry, sub = self.entry(event_id)
        try:
            return self.timeline.around(entry.position, sub, query, window, limit=limit)
        except NotFoundError as error:
            raise self.not_yet(self.settle()) or error from None

    def chain(self, event_id: str, reach: Reach) -> dict[str, Any]:
        """The events that belong with one, each with the link that leads to it and its reason.

        Raises:
            NotFoundError: no such event.
        """
        lag = self.settle()
        entry, sub = self.entry(event_id)
        try:
            return self._investigation.chain(entry.position, sub, reach) | self.behind(lag)
        except NotFoundError as error:
            raise self.not_yet(lag) or error from None

    def replay(self, query: str, window: Window, pace: Pace, after: str = "") -> Player:
        """The events that match, to be told again at the pace they happened.

        Args:
            query: which.
            window: from when to when.
            pace: how fast.
            after: the id of the event they go on behind; from the beginning if empty.

        Raises:
            NotFoundError: no such event.
        """
        lag = self.settle()
        if not after:
            return self.timeline.replay(query, window, pace)
        entry, sub = self.entry(after)
        try:
            place = self.timeline.place(entry.position, sub)
        except NotFoundError as error:
            raise self.not_yet(lag) or error from None
        return self.timeline.replay(query, window, pace, place)

    def correlated(self, event_id: str, window: int, limit: int) -> dict[str, Any]:
        """The events that share a key with one, the most telling first.

        Raises:
            NotFoundError: no such event.
        """
        lag = self.settle()
        entry, sub = self.entry(event_id)
        try:
            return self.entities.correlated(entry.position, sub, window, limit) | self.behind(lag)
        except NotFoundError as error:
            raise self.not_yet(lag) or error from None

    def detect(
        self, files: Sequence[tuple[str, str]], query: str, start: int | None, end: int | None, *, dry: bool
    ) -> Callable[[Callable[[dict[str, Any]], None], threading.Event], dict[str, Any]]:
        """Prepare a scan by Sigma rules, given by name and text; what is answered makes it, and tells its account.

        Raises:
            QueryError: the text is not a query.
        """
        # Its compiler is of no use to whoever does not ask for it.
        from vestige.app.detecting import Detecting  # noqa: PLC0415

        lag = self.settle()
        detecting = Detecting(self._ledger, self._index, self._stores.log, self.tenant.id)
        window = detecting.window(query, start, end)

        def work(tell: Callable[[dict[str, Any]], None], stop: threading.Event) -> dict[str, Any]:
            report = detecting.sigma(files, window, dry=dry, tell=tell, stop=stop)
            self.projector.nudge()
            return report | self.behind(lag)

        return work

    def raw(self, event_id: str, *, reveal: bool = False) -> Raw:
        """The exact bytes of the record an event was read from; of one that is redacted only to ``reveal`` it.

        Raises:
            NotFoundError: no such entry, or its payload was erased.
            RedactedError: the record is redacted.
            IntegrityError: what is stored is not what the entry commits to.
        """
        entry, _ = self.entry(event_id)
        self.remarking.refuse_hidden(entry, reveal=reveal)
        payload = self._ledger.opened(entry)
        leaf = orjson.loads(entry.leaf)
        return Raw(payload, leaf["mt"], leaf["log"], entry.seq, entry.leaf_hash.hex())
