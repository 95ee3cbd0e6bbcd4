"""Seals of commits: what a commit changes and who wrote it, as it was known at a time, by an entry of kind ``seal``.

Sealed are the commits that names in a repository lead to, as soon as their objects are here. When more becomes known of
a commit's lines, it is sealed again, and the later seal names the earlier in ``refs``: nothing that was said is
rewritten. A seal is checked against the repository: that the commit still changes what was sealed.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from vestige.app.seals import seals_in
from vestige.attribution import History
from vestige.attribution import Kind as Class
from vestige.attribution.diff import align
from vestige.ledger import Draft, Kind
from vestige.model.errors import TooLargeError
from vestige.proof.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vestige.app.attributing import Attributing
    from vestige.attribution import Notes, Origin
    from vestige.attribution.replay import Replayed
    from vestige.code import Browsing, Mirror, Mirrors
    from vestige.ingest.intake import Stores
    from vestige.ledger import Transaction
    from vestige.model.principal import Principal
    from vestige.proof.canonical import Encodable

MOST: Final = 500
"""Commits of one repository that are looked at in one round: the newest; so many that are not sealed yet are sealed."""
_MOST_SESSIONS: Final = 50


class CommitSeals:
    """The seals of a tenant's commits. Safe to share between threads."""

    def __init__(self, stores: Stores, mirrors: Mirrors, attributing: Attributing) -> None:
        self._stores = stores
        self._mirrors = mirrors
        self._attributing = attributing
        self._lock = threading.Lock()
        self._sealing = threading.Lock()
        """One at a time: two would seal the same commit twice."""
        self._seen = 0
        self._found: dict[tuple[str, str], list[tuple[str, dict[str, Any]]]] = {}
        """By repository's name and commit its seals: the entry, and what it says."""

        self._done: dict[str, Replayed] = {}
        """By repository what was known when it was sealed last: until more is, there is nothing to do."""

    def seal(
        self,
        by: Principal,
        source_of: Callable[[str], str],
        hold: Callable[[Transaction], None] | None = None,
    ) -> int:
        """Seal what is new in every repository; how many commits that were.

        Args:
            by: who does it.
            source_of: what the ledger calls what was captured in a repository, by its name.
            hold: called within each transaction before anything is written.
        """
        count = 0
        with self._sealing:
            for mirror in self._mirrors.all():
                if mirror.received_at:
                    replayed = self._attributing.notes(mirror.id, source_of(mirror.name))
                    if self._done.get(mirror.id) is not replayed:
                        count += self._seal(mirror, replayed, by, hold)
                        self._done[mirror.id] = replayed
        return count

    def _seal(
        self, mirror: Mirror, replayed: Replayed, by: Principal, hold: Callable[[Transaction], None] | None
    ) -> int:
        browsing = self._mirrors.browse(mirror.id)
        known = self._caught_up()
        drafts: list[Draft] = []
        for commit in _newest(browsing):
            earlier = known.get((mirror.name, commit), [])
            body = _body(browsing, replayed.notes, commit) | {"repository": mirror.name, "by": by.name}
            if earlier and {**earlier[-1][1], "by": by.name} == body:
                continue
            refs = (earlier[-1][0],) if earlier else (replayed.told[commit],) if commit in replayed.told else ()
            drafts.append(Draft(Kind.SEAL, canonical(body), refs=refs))

        def say(tx: Transaction) -> list[Draft]:
            if hold is not None:
                hold(tx)
            return drafts

        if drafts:
            self._stores.ledger.transact(self._stores.tenant, say)
        return len(drafts)

    def of(self, name: str, commits: Sequence[str]) -> dict[str, str]:
        """Of some commits of the repository of a name, those that are sealed, each with the entry of its last seal."""
        known = self._caught_up()
        return {oid: known[name, oid][-1][0] for oid in commits if (name, oid) in known}

    def last(self) -> dict[tuple[str, str], tuple[str, dict[str, Any]]]:
        """By repository's name and commit the last seal: its entry, and what it says."""
        return {place: seals[-1] for place, seals in self._caught_up().items()}

    def verify(self) -> dict[str, Any]:
        """Hold every commit's last seal against the repository, and name those that differ."""
        by_name = {mirror.name: mirror for mirror in self._mirrors.all()}
        checked = gone = 0
        differ: list[dict[str, str]] = []
        for (name, commit), seals in self._caught_up().items():
            mirror = by_name.get(name)
            browsing = self._mirrors.browse(mirror.id) if mirror is not None else None
            if browsing is None or not browsing.holds(commit):
                gone += 1
                continue
            checked += 1
            entry, body = seals[-1]
            now = _changes(browsing, commit)
            if {**body, **now} != body:
                differ.append({"seal": entry, "commit": commit, "repository": name})
        return {"seals": checked, "not_here": gone, "differ": differ}

    def held(self, name: str, commit: str) -> tuple[str, dict[str, Any], str] | None:
        """One commit's last seal, held against the repository of that name.

        Returns:
            its entry, what it says, and in what the commit differs from that, empty if in nothing; ``None``: no seal.
        """
        mirror, seals = self._mirrors.named(name), self._caught_up().get((name, commit))
        if mirror is None or not seals:
            return None
        entry, body = seals[-1]
        now = _changes(self._mirrors.browse(mirror.id), commit)
        return entry, body, ", ".join(sorted(key for key, value in now.items() if body.get(key) != value))

    def _caught_up(self) -> dict[tuple[str, str], list[tuple[str, dict[str, Any]]]]:
        ledger, tenant = self._stores.ledger, self._stores.tenant
        with self._lock:
            head = ledger.head(tenant)
            for entry, body in seals_in(ledger, tenant, self._seen, head):
                if "commit" in body:
                    place = str(body.get("repository", "")), str(body["commit"])
                    self._found.setdefault(place, []).append((entry.id, body))
            self._seen = max(self._seen, head)
            return {place: list(seals) for place, seals in self._found.items()}


def _newest(browsing: Browsing) -> list[str]:
    """The newest commits that names lead to, the oldest of them first."""
    tips = {ref.commit for ref in browsing.refs() if ref.commit and ref.kind in {"branch", "tag"}}
    return browsing.newest(sorted(tips), MOST)


def _changes(browsing: Browsing, commit: str) -> dict[str, Encodable]:
    """What a commit changes: its parents, and SHA-256 over the patch against the first parent."""
    try:
        patch = browsing.patch(commit)
    except TooLargeError:
        digest = ""
    else:
        digest = hashlib.sha256(patch).hexdigest()
    return {"commit": commit, "parents": list(browsing.parents(commit)), "patch_sha256": digest}


def _body(browsing: Browsing, notes: Notes, commit: str) -> dict[str, Encodable]:
    added = list(_added(browsing, notes, commit))
    classes = Counter(f"{origin.kind}:{origin.grade}" if origin.grade else str(origin.kind) for origin in added)
    sessions = sorted({origin.session for origin in added if origin.session})
    return _changes(browsing, commit) | {
        "added": dict(sorted(classes.items())),
        "ai_lines": sum(origin.kind is Class.AI for origin in added),
        "lines": len(added),
        "sessions": list(sessions[:_MOST_SESSIONS]),
    }


def _added(browsing: Browsing, notes: Notes, commit: str) -> Iterator[Origin]:
    """Where each line comes from that a commit has and the first it rests on has not."""
    history = History(browsing, notes)
    parents = browsing.parents(commit)
    for change in browsing.changes(parents[0] if parents else "", commit):
        now = history.lines(commit, change.path)
        before = history.lines(parents[0], change.before).texts if parents and change.before else ()
        for origin, place in zip(now.origins, align(before, now.texts), strict=True):
            if place < 0:
                yield origin
