"""Anchoring: a checkpoint is shown to witnesses and authorities, and what they say of it becomes entries of its log.

Nothing is kept that was not verified, and nothing is kept of who did not answer: that is told, and they are asked
again. All of it is one transaction at the end, since the network is slow and a log's head must not wait for it.

A witness that has seen more of a log, or another tree, is told of as a contradiction, and an ``audit`` entry says so
in the log it is about: whoever reads that log later finds it even where nobody read the answer.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from vestige.anchors import stamps, superlog
from vestige.anchors.entries import COSIGNATURE, GIT, RFC3161, Anchor, anchor, anchors
from vestige.anchors.means import nobody
from vestige.anchors.report import Failure, Report
from vestige.anchors.witnesses import Head, WitnessAt, cosigned
from vestige.ledger import Kind, act_entry
from vestige.model.errors import (
    BusyError,
    IntegrityError,
    OutgoingError,
    ProofError,
    SignerError,
)
from vestige.model.instant import now
from vestige.model.principal import Principal
from vestige.proof import parse_canonical
from vestige.proof.cosignature import signature_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from vestige.anchors.git import GitRemote
    from vestige.anchors.means import Means
    from vestige.ledger import Ledger, PublishedCheckpoint, StoredEntry

MADE: Final = "anchor.made"
CONTRADICTED: Final = "anchor.contradicted"
QUERY: Final = "application/timestamp-query"
REPLY: Final = "application/timestamp-reply"
RETRY: Final = 60 * 1_000_000_000
"""Nanoseconds until who failed is asked again."""
_SECOND: Final = 1_000_000_000
_LOOK: Final = 64
"""Entries behind an anchored checkpoint that are looked at to see whether anything but anchors came since."""
_ITSELF: Final = Principal("vestige")
"""Who anchors on a schedule."""


@dataclass(slots=True)
class _Party:
    """What is known of one party and one log."""

    size: int = 0
    at: int = 0
    """When an anchor of theirs was kept last, or they contradicted the log last, by our clock."""
    failed: int = 0
    fresh: bool = True
    """Whether neither this process has asked them yet, nor another since this one looked first."""
    reason: str = ""
    contradicts: bool = False
    """Whether the reason is that they know another log."""
    told: str = ""
    """The contradiction that is an entry already."""
    stated: str = ""
    """The time their last anchor states."""


class Anchoring:
    """Anchors the logs of one installation.

    Args:
        ledger: where they are.
        means: who is asked.
        clock: nanoseconds since 1970.
    """

    def __init__(self, ledger: Ledger, means: Means, clock: Callable[[], int] = now) -> None:
        self._ledger = ledger
        self._means = means
        self._clock = clock
        self._mutex = threading.Lock()
        self._turns: dict[str, threading.Lock] = {}
        self._known: dict[tuple[str, str], _Party] = {}
        self._seen: dict[str, int] = {}
        """Of each log, up to which size its anchors were looked at."""

    @property
    def means(self) -> Means:
        """Who is asked."""
        return self._means

    def due(self, tenant: str, at: int | None = None) -> list[str]:
        """Who should be shown the log now: nothing anchored what came since, and their time has come.

        Args:
            tenant: whose log.
            at: nanoseconds since 1970; ``None``: now.
        """
        at = self._clock() if at is None else at
        found = []
        for name in self._means.parties:
            one = self._party(tenant, name)
            waited = at - one.at >= self._means.seconds * _SECOND and at - one.failed >= RETRY
            # A log that was put back may look as if nothing had come since: whoever remembers is asked at each start.
            begins = one.fresh and name not in self._means.authorities
            if waited and (begins or self.changed(tenant, one.size)):
                found.append(name)
        return found

    def run(
        self, tenant: str, by: Principal | None = None, parties: Sequence[str] | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> Report:  # fmt: skip
        """Sign the log's head, show it to everybody, and keep what they say.

        Args:
            tenant: whose log.
            by: in whose name; ``None``: in the installation's own.
            parties: who of them; ``None``: all.
            check: called before what they said is kept; raises where another process shows the logs by now.

        Raises:
            ConflictError: nobody is named whom it could be shown to.
            BusyError: it is being shown to them at this moment.
            SignerError: the log cannot be signed.
        """
        wanted = self._means.parties if parties is None else parties
        if not self._means.parties:
            raise nobody()
        with self._turn(tenant):
            checkpoint = self._ledger.checkpoint(tenant)
            report = Report(self._ledger.log(tenant).origin, checkpoint.size, checkpoint.root.hex())
            kept = anchors(self._ledger, tenant, lo=checkpoint.size)
            had = {one.by for one in kept if one.size == checkpoint.size and not one.superior}
            report.made, report.failures = self.ask(tenant, checkpoint, [name for name in wanted if name not in had])
            self.keep(tenant, report, by or _ITSELF, check)
        return report

    def run_all(
        self, tenants: Sequence[str], by: Principal | None = None, due: Mapping[str, Sequence[str]] | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> list[Report]:  # fmt: skip
        """Anchor several tenants' logs at once: one time stamp over the super-log covers all of them.

        Witnesses, and a git remote, are shown each log, and the super-log too. The last report is the super-log's own.
        A log that cannot be signed is told of, as a contradiction by the signer, and left out. What was said of each
        log itself is kept before the super-log is touched: no fault of that one loses it.

        Args:
            tenants: whose logs.
            by: in whose name; ``None``: in the installation's own.
            due: who is asked about each; ``None``: everybody.
            check: as of :meth:`run`.

        Raises:
            ConflictError: nobody is named whom they could be shown to.
            BusyError: they are being shown to them at this moment.
        """
        if not self._means.parties:
            raise nobody()
        wanted = {tenant: due[tenant] if due else self._means.parties for tenant in tenants}
        asked = {name for names in wanted.values() for name in names}

        def keep(tenant: str, report: Report) -> None:
            self.keep(tenant, report, by or _ITSELF, check)

        with self._turn(superlog.SUPER):
            reports: list[tuple[str, PublishedCheckpoint, Report]] = []
            refused: list[Report] = []
            for tenant in tenants:
                origin = self._ledger.log(tenant).origin
                try:
                    checkpoint = self._ledger.checkpoint(tenant)
                except SignerError as error:
                    refused.append(Report(origin, 0, "", [], [Failure("signer", str(error), contradiction=True)]))
                    continue
                report = Report(origin, checkpoint.size, checkpoint.root.hex())
                own = [name for name in wanted[tenant] if name not in self._means.authorities]
                report.made, report.failures = self.ask(tenant, checkpoint, own)
                keep(tenant, report)
                reports.append((tenant, checkpoint, report))
            if not reports:
                return refused
            above = self._above(reports, sorted(asked), keep)
        return [*refused, *(report for _, _, report in reports), above]

    def _above(
        self, reports: Sequence[tuple[str, PublishedCheckpoint, Report]], asked: Sequence[str],
        keep: Callable[[str, Report], None],
    ) -> Report:  # fmt: skip
        """Put checkpoints into the super-log, have that anchored, and keep what goes for each tenant's in theirs."""
        try:
            began = superlog.ready(self._ledger)
            signed, proofs = superlog.add(self._ledger, [checkpoint for _, checkpoint, _ in reports])
        except SignerError as error:
            refused = Failure("signer", str(error), contradiction=True)
            above = Report(self._ledger.log(superlog.SUPER).origin, 0, "", [], [refused])
            unasked = [refused._replace(by=url, contradiction=False) for url in self._means.authorities if url in asked]
            for tenant, _, report in reports:
                self._failed(tenant, report, unasked)
            return above
        above = Report(self._ledger.log(superlog.SUPER).origin, signed.size, signed.root.hex())
        above.made, above.failures = self.ask(superlog.SUPER, signed, asked)
        for (tenant, checkpoint, report), proof in zip(reports, proofs, strict=True):
            self._share(tenant, checkpoint, report, above, proof, keep)
        keep(superlog.SUPER, above)
        if began:
            above.failures.append(Failure("signer", began, contradiction=True))
        return above

    def _share(
        self, tenant: str, checkpoint: PublishedCheckpoint, report: Report, above: Report, proof: str,
        keep: Callable[[str, Report], None],
    ) -> None:  # fmt: skip
        """What authorities said of the super-log, or did not, goes for a tenant's checkpoint in it too."""
        shared = Report(report.origin, report.size, report.root)
        shared.made = [
            one._replace(size=checkpoint.size, root=report.root, superior=proof)
            for one in above.made if one.type == RFC3161
        ]  # fmt: skip
        keep(tenant, shared)
        report.made += shared.made
        self._failed(tenant, report, [one for one in above.failures if one.by in self._means.authorities])

    def _failed(self, tenant: str, report: Report, failures: Sequence[Failure]) -> None:
        report.failures += failures
        for failure in failures:
            party = self._party(tenant, failure.by)
            party.failed, party.reason, party.contradicts = self._clock(), failure.reason, False

    def run_due(
        self, tenants: Sequence[str], at: int | None = None, check: Callable[[], None] = lambda: None
    ) -> list[Report]:
        """What a schedule calls: anchor every log whose time has come, by the super-log where there are several.

        Args:
            tenants: all there are.
            at: nanoseconds since 1970; ``None``: now.
            check: as of :meth:`run`.
        """
        waiting = {tenant: found for tenant in tenants if (found := self.due(tenant, at))}
        if len(waiting) > 1:
            return self.run_all(list(waiting), due=waiting, check=check)
        return [self.run(tenant, parties=found, check=check) for tenant, found in waiting.items()]

    def ask(
        self, tenant: str, checkpoint: PublishedCheckpoint, wanted: Sequence[str]
    ) -> tuple[list[Anchor], list[Failure]]:
        """Ask everybody about a checkpoint. Nothing is written."""
        made: list[Anchor] = []
        failures: list[Failure] = []
        asked: list[tuple[str, Callable[[], Anchor]]] = [
            (str(one.key), lambda one=one: self._cosign(tenant, checkpoint, one))  # type: ignore[misc]
            for one in self._means.witnesses
        ]
        asked += [(url, lambda url=url: self._stamp(checkpoint, url)) for url in self._means.authorities]  # type: ignore[misc]
        if (git := self._means.git) is not None:
            asked.append((git.remote, lambda: self._commit(tenant, checkpoint, git)))
        for name, question in asked:
            if name not in wanted:
                continue
            party = self._party(tenant, name)
            party.fresh = False
            try:
                made.append(question())
                party.reason, party.contradicts = "", False
            except (OutgoingError, IntegrityError) as error:
                contradiction = isinstance(error, IntegrityError) and not isinstance(error, ProofError)
                party.failed, party.reason, party.contradicts = self._clock(), str(error), contradiction
                if contradiction:
                    party.at = party.failed
                failures.append(Failure(name, str(error), contradiction))
        return made, failures

    def keep(self, tenant: str, report: Report, by: Principal, check: Callable[[], None] = lambda: None) -> None:
        """Append what was made, and whose act it was; a contradiction is an entry too."""
        entries = [one.draft() for one in report.made]
        if report.made:
            entries.append(act_entry(MADE, by, {"size": report.size, "by": sorted(one.by for one in report.made)}))
        # On a schedule the same contradiction comes again and again: it is one entry of a process.
        for one in report.failures:
            party = self._party(tenant, one.by)
            if one.contradiction and (by is not _ITSELF or party.told != one.by):
                party.told = one.by
                entries.append(act_entry(CONTRADICTED, by, {"size": report.size, "by": one.by, "reason": one.reason}))
        if entries:
            check()
            committed = self._ledger.transact(tenant, lambda _: entries)
            ids = [item.ids[0] for item in committed.items]
            report.made = [one._replace(entry=entry) for one, entry in zip(report.made, ids, strict=False)]
        for made in report.made:
            party = self._party(tenant, made.by)
            party.size, party.at, party.stated = max(party.size, made.size), self._clock(), made.at
            party.reason, party.contradicts, party.told = "", False, ""

    def page(self, tenant: str, lo: int, limit: int) -> list[Anchor]:
        """Anchors of the tenant's current log from a seq on, the oldest first, so many at most."""
        return list(islice(anchors(self._ledger, tenant, lo=lo), limit))

    def newest_cosigned(self, tenant: str) -> tuple[int, list[Anchor]]:
        """The largest size a named witness has cosigned, 0 if none has, and all that was said since."""
        keys = [str(one.key) for one in self._means.witnesses]
        size = max((self._party(tenant, key).size for key in keys), default=0)
        found = list(anchors(self._ledger, tenant, lo=size)) if size else []
        return size, found

    def status(self, tenant: str) -> list[dict[str, Any]]:
        """For everybody who is asked: what they last anchored, and why they gave nothing since, if they did not."""
        due = set(self.due(tenant))
        found = []
        for name in self._means.parties:
            said: dict[str, Any] = {
                "by": name, "type": self._means.type_of(name), "due": name in due,
            }  # fmt: skip
            party = self._party(tenant, name)
            if party.size:
                said |= {"size": party.size, "at": party.stated}
            found.append(said | ({"failure": party.reason} if party.reason else {}))
        return found

    def failing(self, tenant: str) -> list[Failure]:
        """Who gave nothing for a log when they were asked last, and why; from memory, nobody is asked."""
        known = [(name, self._party(tenant, name)) for name in self._means.parties]
        return [Failure(name, party.reason, party.contradicts) for name, party in known if party.reason]

    def changed(self, tenant: str, size: int) -> bool:
        """Whether the log holds anything above a size but anchors and what was said of them."""
        log = self._ledger.log(tenant)
        head = self._ledger.head(tenant)
        if not 0 <= head - log.base - size <= _LOOK:
            return True
        return any(
            entry.kind is not Kind.ANCHOR and not self._is_ours(entry)
            for entry in self._ledger.read(tenant, log.base + size, head)
        )

    def _is_ours(self, entry: StoredEntry) -> bool:
        """Whether an entry only says that the log was anchored."""
        if entry.kind is not Kind.AUDIT or entry.salt is None:
            return False
        return parse_canonical(self._ledger.opened(entry)).get("act") in {MADE, CONTRADICTED}

    def _party(self, tenant: str, name: str) -> _Party:
        """What is known of a party; at first what the log holds of it, of whatever age.

        Whatever came since is taken in each time: another process may have asked them meanwhile.
        """
        log = self._ledger.log(tenant)
        head = self._ledger.head(tenant) - log.base
        with self._mutex:
            seen = self._seen.get(log.origin)
        last = {} if seen == head else {one.by: one for one in anchors(self._ledger, tenant, lo=seen or 0)}
        at = self._clock()
        with self._mutex:
            self._seen[log.origin] = head
            for each in last.keys() & set(self._means.parties):
                party = self._known.setdefault((log.origin, each), _Party())
                party.size, party.stated = max(party.size, last[each].size), last[each].at
                if seen is not None:
                    party.at, party.fresh = at, False
                    party.reason, party.contradicts, party.told = "", False, ""
            return self._known.setdefault((log.origin, name), _Party())

    @contextmanager
    def _turn(self, tenant: str) -> Iterator[None]:
        """Be the one who shows a log: whoever else wants to meanwhile is told so, and does not wait for a network."""
        with self._mutex:
            lock = self._turns.setdefault(tenant, threading.Lock())
        if not lock.acquire(blocking=False):
            raise BusyError(
                "the log is being shown to others at this moment", hint="`vestige anchor list` shows it soon"
            )
        try:
            yield
        finally:
            lock.release()

    def _cosign(self, tenant: str, checkpoint: PublishedCheckpoint, witness: WitnessAt) -> Anchor:
        head = self._head(tenant, checkpoint)
        known = self._party(tenant, str(witness.key)).size
        signature, at = cosigned(witness, head, self._means.outgoing, known)
        return anchor(COSIGNATURE, checkpoint, str(witness.key), at * _SECOND, signature_line(signature).encode())

    def _commit(self, tenant: str, checkpoint: PublishedCheckpoint, git: GitRemote) -> Anchor:
        commit = git.commit(self._head(tenant, checkpoint))
        return anchor(GIT, checkpoint, git.remote, self._clock(), commit.encode())

    def _head(self, tenant: str, checkpoint: PublishedCheckpoint) -> Head:
        log = self._ledger.log(tenant)
        return Head(
            log.origin, checkpoint.size, checkpoint.note.encode(),
            lambda old: self._ledger.consistency(tenant, old, checkpoint.size),
            lambda: self._ledger.head(tenant) - log.base,
        )  # fmt: skip

    def _stamp(self, checkpoint: PublishedCheckpoint, url: str) -> Anchor:
        note = checkpoint.note.encode()
        asked = stamps.ask(note)
        answer = self._means.outgoing.send(url, asked.query, QUERY, REPLY)
        if answer.status != 200:
            raise OutgoingError(f"the authority {url} gave no time stamp", expected="200", got=str(answer.status))
        try:
            said = stamps.check(answer.body, note, self._means.roots, asked.nonce)
        except ProofError as error:
            raise OutgoingError(
                f"what the authority {url} gave is not kept: {error.message}",
                expected=error.expected, got=error.got, hint=error.hint,
            ) from None  # fmt: skip
        return anchor(RFC3161, checkpoint, url, said.at, answer.body)
