"""From the records of a repository to the notes of its commits.

A view: of the same records and the same commits it is always the same, wherever it is made. So nothing of it has to be
kept, and a commit that comes later is answered by doing it anew.

Each working tree has its own state, and its records are taken up in the order capture took them; between working trees
time decides, so that what one committed is known when another builds on it. What was made where nobody looked (picked
or squashed by a server) is found by what commits change.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from vestige.attribution.captured import Committed, Idle, Reader, Rewritten
from vestige.attribution.exchange import said_of
from vestige.attribution.history import History, Rewrite, squashes
from vestige.attribution.notes import Notes
from vestige.attribution.worktree import Worktree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from vestige.attribution.captured import Captured, Texts
    from vestige.attribution.exchange import Claim
    from vestige.attribution.history import Merged, Said
    from vestige.code import Repository


class Replayed(NamedTuple):
    """What came of it."""

    notes: Notes
    told: dict[str, str]
    """By commit the entry that told of its making."""
    merged: dict[str, str]
    """By commit the end of the branch that a forge says it was made of."""


def replay(
    repository: Repository,
    records: Iterable[Captured],
    texts: Texts,
    *,
    heads: Iterable[str] = (),
    claims: Iterable[Claim] = (),
    merges: Sequence[Merged] = (),
) -> Replayed:
    """What is known of the lines of a repository's commits.

    Args:
        repository: where the commits are.
        records: of all its working trees, in any order.
        texts: what files held.
        heads: commits in whose histories those are looked for that were made elsewhere.
        claims: what others say, the earliest first; it fills what nobody here saw.
        merges: what forges say that branches became, the earliest first.
    """
    tips = list(heads)
    run = _Run(repository, said_of(claims), merges)
    run.claimed(tips)
    for one in _ordered(records):
        run.take(one, texts)
    return run.end(tips)


class _Tree(NamedTuple):
    worktree: Worktree
    reader: Reader
    sessions: set[str]


class _Run:
    def __init__(self, repository: Repository, claims: Mapping[str, Sequence[Said]], merges: Sequence[Merged]) -> None:
        self._repository = repository
        became = squashes(repository, merges)
        self._merged = {commit: one.head for commit, one in became.items()}
        self._entries = {commit: one.entry for commit, one in became.items()}
        self._history = History(repository, Notes(), claims, self._merged)
        self._trees: dict[str, _Tree] = {}
        self._told: dict[str, str] = {}
        self._looked: set[str] = set()
        """Commits in whose histories was looked for what was made elsewhere."""

    def claimed(self, heads: Iterable[str]) -> None:
        self._history.claimed(heads)

    def take(self, one: Captured, texts: Texts) -> None:
        tree = self._trees.get(one.tree)
        if tree is None:
            tree = self._trees[one.tree] = _Tree(Worktree(self._history), Reader(texts), set())
        for act in tree.reader.acts(one):
            if isinstance(act, Committed):
                self._committed(tree.worktree, act)
            elif isinstance(act, Rewritten):
                tree.worktree.rewritten(self._held(act.rewrites))
            elif isinstance(act, Idle):
                tree.worktree.lost(act.session)
            else:
                tree.sessions.add(act.call.session)
                tree.worktree.see(act)

    def end(self, heads: Iterable[str]) -> Replayed:
        for tree in self._trees.values():
            for session in sorted(tree.sessions):
                # What still runs may write yet; a later replay will know.
                tree.worktree.lost(session)
        for head in heads:
            self._elsewhere(head)
        for commit in sorted(self._history.by_forge):
            self._told.setdefault(commit, self._entries[commit])
        return Replayed(self._history.notes, self._told, self._merged)

    def _committed(self, worktree: Worktree, act: Committed) -> None:
        if not self._repository.holds(act.commit):
            return  # never brought here: what became of it is found without it
        for parent in self._repository.parents(act.commit):
            self._elsewhere(parent)
        self._told.setdefault(act.commit, act.entry)
        worktree.committed(act.commit)

    def _elsewhere(self, head: str) -> None:
        if head not in self._looked:
            self._looked.add(head)
            self._history.rewritten(self._history.elsewhere(head))

    def _held(self, rewrites: Iterable[Rewrite]) -> Iterator[Rewrite]:
        """Of what was made of what, those of which the repository has both."""
        for made in rewrites:
            olds = tuple(filter(self._repository.holds, made.olds))
            if olds and self._repository.holds(made.new):
                yield Rewrite(made.new, olds)


def _ordered(records: Iterable[Captured]) -> list[Captured]:
    """Records by time, those of one working tree in the order they were taken, whatever its clock said."""
    trees: defaultdict[str, list[Captured]] = defaultdict(list)
    for one in records:
        trees[one.tree].append(one)
    placed: list[tuple[int, str, int, Captured]] = []
    for name, found in trees.items():
        now = 0
        for number, one in enumerate(sorted(found, key=lambda one: one.place)):
            now = max(now, one.at)
            placed.append((now, name, number, one))
    return [one for *_, one in sorted(placed, key=lambda row: row[:3])]
