"""Whose the lines are that commits added, in sums: of lines, never a mean of percentages, and with what nobody knows.

What is summed is what was sealed of each commit (:mod:`vestige.app.commit_seals`), so that every figure leads to seals.
Summed are the commits that branches and tags of each repository lead to now: what was rewritten away is not counted
beside what came of it. A merge adds no lines of its own, and is left out. Commits that are not sealed
yet are counted and said, not guessed at.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vestige.app.session_sums import day_of
from vestige.attribution import Kind as Class
from vestige.model.errors import UsageError
from vestige.model.instant import parse_rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vestige.app.commit_seals import CommitSeals
    from vestige.code import Browsing, Mirror, Mirrors
    from vestige.code.commits import Commit

LINES_BY: Final = ("repository", "author", "day", "week")
MOST_COMMITS: Final = 5_000
"""Commits of one repository that are summed: the newest."""
MOST_ROWS: Final = 1_000
MOST_NAMED: Final = 30
"""Seals that a sum names, those of the newest commits."""
_READ: Final = 500
_KEPT: Final = 200_000


class Commits(NamedTuple):
    """Which commits. Empty: all. ``start`` and ``end`` are nanoseconds of the author's date."""

    repository: str = ""
    author: str = ""
    start: int | None = None
    end: int | None = None
    sessions: frozenset[str] | None = None
    """Those of which one of these wrote a line."""


class _Known(NamedTuple):
    """What a commit says of itself, which never changes."""

    author: str
    at: int | None
    merges: bool


class LineSums:
    """Sums over the commits of one tenant. Safe to share between threads."""

    def __init__(self, mirrors: Mirrors, seals: CommitSeals) -> None:
        self._mirrors = mirrors
        self._seals = seals
        self._known: dict[str, _Known] = {}

    def summed(self, asked: Commits, by: Sequence[str]) -> dict[str, Any]:
        """Sums by what they are told apart by.

        Raises:
            UsageError: they cannot be told apart by that.
        """
        if not by or any(name not in LINES_BY for name in by):
            raise UsageError("lines cannot be summed by that", expected=", ".join(LINES_BY), got=", ".join(by)[:80],
                             field="by")  # fmt: skip
        sums: dict[tuple[str, ...], _Sum] = {}
        whole = _Sum()
        sealed = self._seals.last()
        beyond: list[int] = []
        for mirror, oid, known in self._commits(asked, beyond):
            seal = sealed.get((mirror.name, oid))
            wrote = set() if seal is None else set(seal[1].get("sessions", ()))
            if asked.sessions is not None and asked.sessions.isdisjoint(wrote):
                continue
            values = {"repository": mirror.name, "author": known.author, "day": _day(known.at, 1),
                      "week": _day(known.at, 7)}  # fmt: skip
            for one in (whole, sums.setdefault(tuple(values[name] for name in by), _Sum())):
                one.add(mirror, oid, seal)
        kept = sorted(sums, key=lambda keys: (-sums[keys].lines, keys))[:MOST_ROWS]
        rows = [dict(zip(by, keys, strict=True)) | sums[keys].to_json() for keys in sorted(kept)]
        answer: dict[str, Any] = {"by": list(by), "rows": rows, "total": whole.to_json()}
        answer |= {"left_out": len(sums) - len(kept)} if len(sums) > len(kept) else {}
        return answer | ({"commits_left_out": sum(beyond)} if any(beyond) else {})

    def _commits(self, asked: Commits, beyond: list[int]) -> Iterator[tuple[Mirror, str, _Known]]:
        """The commits that are asked for, but for whose lines they have: of each repository the newest first.

        To ``beyond`` is added how many older ones of each repository nobody looked at.
        """
        for mirror in self._mirrors.all():
            if not mirror.received_at or (asked.repository and mirror.name != asked.repository):
                continue
            browsing = self._mirrors.browse(mirror.id)
            tips = {ref.commit for ref in browsing.refs() if ref.commit and ref.kind in {"branch", "tag"}}
            oids = browsing.newest(sorted(tips), MOST_COMMITS)[::-1]
            if len(oids) == MOST_COMMITS:
                beyond.append(browsing.count(sorted(tips)) - MOST_COMMITS)
            commits = self._read(browsing, oids)
            for oid in oids:
                known = commits[oid]
                if not known.merges and _fits(known, asked):
                    yield mirror, oid, known

    def _read(self, browsing: Browsing, oids: Sequence[str]) -> dict[str, _Known]:
        """All that is known of commits, these among them; another thread may put another in its place meanwhile."""
        kept = self._known
        if len(kept) > _KEPT:
            kept = self._known = {}
        new = [oid for oid in oids if oid not in kept]
        for begin in range(0, len(new), _READ):
            found = browsing.read(new[begin : begin + _READ])
            kept |= {one.oid: _Known(_author(one), _at(one), len(one.parents) > 1) for one in found}
        return kept


class _Sum:
    def __init__(self) -> None:
        self.lines = 0
        self._commits = 0
        self._unsealed = 0
        self._added: Counter[str] = Counter()
        self._seals: list[dict[str, str]] = []

    def add(self, mirror: Mirror, oid: str, seal: tuple[str, Mapping[str, Any]] | None) -> None:
        self._commits += 1
        if seal is None:
            self._unsealed += 1
            return
        entry, body = seal
        for name, count in body["added"].items():
            self._added[str(name)] += int(count)
            self.lines += int(count)
        if len(self._seals) < MOST_NAMED:
            self._seals.append({"seal": entry, "commit": oid, "repository": mirror.id})

    def to_json(self) -> dict[str, Any]:
        classes = {kind.value: 0 for kind in Class}
        grades: Counter[str] = Counter()
        for name, count in self._added.items():
            kind, _, grade = name.partition(":")
            classes[kind] += count
            grades[grade] += count
        del grades[""]
        return {
            "commits": self._commits, "unsealed": self._unsealed, "lines": self.lines, "classes": classes,
            "grades": dict(sorted(grades.items())), "added": dict(sorted(self._added.items())),
            "ai_share": round(classes["ai"] / self.lines, 4) if self.lines else None,
            "known_share": round(1 - classes["unknown"] / self.lines, 4) if self.lines else None,
            "seals": self._seals,
        }  # fmt: skip


def _fits(known: _Known, asked: Commits) -> bool:
    if asked.author and known.author.lower() != asked.author.lower():
        return False
    if asked.start is None and asked.end is None:
        return True
    if known.at is None:
        return False  # what states no time is in no span
    return (asked.start is None or known.at >= asked.start) and (asked.end is None or known.at < asked.end)


def _author(commit: Commit) -> str:
    return commit.author.mail or commit.author.name


def _at(commit: Commit) -> int | None:
    try:
        return parse_rfc3339(commit.author.at)[0]
    except ValueError:
        return None  # it states none, or one that no clock of ours reaches


def _day(at: int | None, days: int) -> str:
    return "" if at is None else day_of(at, days)
