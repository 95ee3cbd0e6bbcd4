"""Commits: what is known of their lines, at their making and after history was rewritten.

A commit is put together from what it rests on and from states of the working tree that were seen. A rewritten one, from
what it rests on now and from the commits it was made of; what both sides of a merge disagree about is unknown. Every
text is compared with the object that Git has; no commit is guessed at by its message or date.

References: githooks(5) "post-rewrite"; git-patch-id(1); git-cherry-pick(1) ``-x``.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.attribution.notes import FileNote, Notes, ranges
from vestige.attribution.origins import NOTHING, Grade, Kind, Lines, split, unread
from vestige.attribution.step import compose, likest
from vestige.model.errors import FormatError, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from vestige.attribution.notes import Range
    from vestige.code import Repository

    Said = Mapping[str, tuple[Range, ...]]
    """What somebody says of a commit's files, by path."""

_DEEP: Final = 200
"""So many commits without notes are looked through at most; of what is behind them nothing is known."""
_NOTED: Final = 2000
_BRANCHES: Final = 50
"""Commits, and branches of them, among which the source of one is looked for that nobody told of: the last ones."""
_PICKED: Final = re.compile(r"^\(cherry picked from commit ([0-9a-f]{40}|[0-9a-f]{64})\)$", re.MULTILINE)


class Rewrite(NamedTuple):
    """A commit that was made of others."""

    new: str
    olds: tuple[str, ...]
    """The newest first."""


class Merged(NamedTuple):
    """What a forge told of a branch."""

    head: str
    """Its last commit, in full."""
    commit: str
    """What came of it: a squash, or the merge that brought one."""
    entry: str
    """That says so."""


class History:
    """The lines of a repository's commits.

    Args:
        repository: where the commits are.
        notes: what is known of them; what is found out is put there.
        claims: by commit what others say of its files, the earliest first.
        merged: by commit the end of the branch that a forge says it was made of (:func:`squashes`).
    """

    def __init__(
        self,
        repository: Repository,
        notes: Notes,
        claims: Mapping[str, Sequence[Said]] | None = None,
        merged: Mapping[str, str] | None = None,
    ) -> None:
        self._repository = repository
        self.notes = notes
        self._claims = claims or {}
        self._merged = merged or {}
        self.by_forge: set[str] = set()
        """Commits of which only a forge's word says what they were made of."""
        self._only_claimed: set[str] = set()
        """Commits that are noted by what others say, and by nothing else."""

    def texts(self, commit: str, path: str) -> tuple[str, ...] | None:
        """The lines of a file of a commit; ``None`` if it has no such file, or one that is not attributed."""
        blob = self._repository.entry(commit, path)
        return self._split(blob)[0] if blob else None

    def _split(self, blob: str) -> tuple[tuple[str, ...] | None, str]:
        try:
            data = self._repository.blob(blob)
        except TooLargeError as error:
            return None, error.explain()
        why = unread(data)
        return (None, why) if why else (split(data), "")

    def lines(self, commit: str, path: str) -> Lines:
        """The lines of a file of a commit; none if it has no such file."""
        return self._lines(commit, path, _DEEP)

    def _lines(self, commit: str, path: str, deep: int) -> Lines:
        blob = self._repository.entry(commit, path)
        texts = self._split(blob)[0] if blob else None
        if texts is None:
            return NOTHING
        note = self.notes.get(commit, path)
        if note is None:
            commit = self._repository.touched(commit, path)
            note = self.notes.get(commit, path) if commit else None
        if note is not None and note.blob == blob:
            return note.lines(texts)
        if not deep or not commit:
            return Lines.of(texts)
        # Nobody looked when it was made: it has what the commits it rests on had.
        parents = self._repository.parents(commit)
        before = (
            {change.path: change.before for change in self._repository.changes(parents[0], commit)} if parents else {}
        )
        sources = [self._lines(parent, before.get(path) or path, deep - 1) for parent in parents]
        return compose(texts, sources).lines if sources else Lines.of(texts)

    def between(self, old: str, new: str) -> list[str]:
        """The commits that one has and another has not, the oldest first. ``old`` may be empty."""
        return self._repository.commits(new, *([old] if old else []))

    def differing(self, old: str, new: str) -> set[str]:
        """The files of a commit that are not so in another. ``old`` may be empty."""
        return {change.path for change in self._repository.changes(old, new)}

    def committed(self, commit: str, states: Callable[[str], Sequence[Lines]]) -> None:
        """Note a commit that was just made here.

        Args:
            commit: in full.
            states: of a path, the states of it that were seen, the best first.
        """
        self._forget(commit)
        parents = self._repository.parents(commit)
        for change in self._repository.changes(parents[0] if parents else "", commit):
            texts, why = self._split(change.blob)
            if texts is None:
                self.notes.put(commit, change.path, FileNote(change.blob, (), why))
                continue
            bases = [self.lines(parent, change.before or change.path) for parent in parents]
            seen = [*states(change.path)]
            if change.before and change.before != change.path:
                seen += states(change.before)
            self._put(commit, change.path, change.blob, compose(texts, [*seen, *bases]).lines)
        self.notes.mark(commit)
        self._fill(commit)

    def rewritten(self, rewrites: Iterable[Rewrite], states: Callable[[str], Sequence[Lines]] | None = None) -> None:
        """Note commits that were made of others: amended, rebased, picked, squashed.

        Args:
            rewrites: what was made of what, the oldest first: a commit is read against the one it rests on.
            states: as for :meth:`committed`, for what was resolved here by hand or by an agent.
        """
        for new, olds in rewrites:
            self._forget(new)
            parents = self._repository.parents(new)
            for change in self._repository.changes(parents[0] if parents else "", new):
                texts, why = self._split(change.blob)
                if texts is None:
                    self.notes.put(new, change.path, FileNote(change.blob, (), why))
                    continue
                bases = [self.lines(parent, change.before or change.path) for parent in parents]
                made_of = [self._source(old, change.path, change.before, texts) for old in olds]
                sources = [*bases[:1], *made_of, *bases[1:]]
                seen = [state.at_best(Grade.CARRIED) for state in states(change.path)] if states else []
                found = compose(texts, [*sources, *seen], agree=min(2, len(sources)), whole=False).lines
                known = self.notes.get(new, change.path)
                if known is not None and known.blob == change.blob:
                    found = _filled(known.lines(texts), found)
                self._put(new, change.path, change.blob, found)
            self.notes.mark(new)
            self._fill(new)

    def imported(self, commit: str, files: Mapping[str, tuple[Range, ...]]) -> None:
        """Note what others say of a commit, where nothing is known here.

        Raises:
            FormatError: they name a file or a line that the commit has not; then nothing is noted.
        """
        found: dict[str, tuple[str, Lines]] = {}
        for path, said in files.items():
            blob = self._repository.entry(commit, path)
            texts = self._split(blob)[0] if blob else None
            if texts is None or (said and said[-1].end > len(texts)):
                raise FormatError(
                    "a note of others is about another file than the commit has",
                    expected=f"{path} with at most {len(texts or ())} lines", got=str(said[-1].end if said else 0),
                )  # fmt: skip
            found[path] = (blob, _filled(self.lines(commit, path), FileNote(blob, said).lines(texts)))
        for path, (blob, lines) in found.items():
            self._put(commit, path, blob, lines)

    def claimed(self, heads: Iterable[str]) -> None:
        """Note what others say of commits that nobody here told of, from the oldest on.

        What becomes known of one later goes before it.
        """
        if not self._claims:
            return
        for commit in self._in_order(heads):
            if commit in self._claims and commit not in self.notes:
                self._fill(commit)
                if commit in self.notes:
                    self._only_claimed.add(commit)

    def _in_order(self, heads: Iterable[str]) -> list[str]:
        """The commits of some histories, each behind what it rests on."""
        found: dict[str, None] = {}
        for head in heads:
            found |= dict.fromkeys(self._repository.commits(head))
        return list(found)

    def _fill(self, commit: str) -> None:
        """Take what others say of a commit where nothing is known; of another file than it has, they say nothing."""
        for said in self._claims.get(commit, ()):
            with suppress(FormatError):
                self.imported(commit, said)

    def _forget(self, commit: str) -> None:
        """Let what others say of a commit stand back, as it is told of here."""
        if commit in self._only_claimed:
            self._only_claimed.discard(commit)
            self.notes.drop(commit)

    def elsewhere(self, head: str) -> list[Rewrite]:
        """Which commits of a history that nobody told of were made of noted ones elsewhere: picked, rebased, squashed.

        Told by what they change: a commit by one that changes the same, a squash by a branch that comes to the same.
        What was resolved on the way is only found where a forge said of which branch a commit was made; even then each
        line is looked for by its text.

        Args:
            head: where the history ends, in full.
        """
        news = [
            commit
            for commit in self._repository.commits(head, most=_DEEP)
            if commit not in self.notes or commit in self._only_claimed
        ]
        olds = [
            commit for commit in self.notes
            if commit not in self._only_claimed and self._repository.holds(commit)
        ][-_NOTED:]  # fmt: skip
        if not news or not olds:
            return []
        by_patch: dict[str, str] = {}
        for old, patch in self._repository.patch_ids(olds).items():
            by_patch.setdefault(patch, old)
        patches = self._repository.patch_ids(news)
        found: dict[str, tuple[str, ...]] = {
            new: (by_patch[patch],) for new, patch in patches.items() if patch in by_patch
        }
        tips = self._tips(olds)
        for new, patch in patches.items():
            if new not in found and (branch := self._branch(new, patch, tips)):
                found[new] = branch
        for new in news:
            if new not in found and (branch := self._told(new)):
                found[new] = branch
                self.by_forge.add(new)
        return [Rewrite(new, found[new]) for new in news if new in found]

    def _tips(self, olds: Sequence[str]) -> list[str]:
        """Commits that no other of these rests on, the last noted first."""
        under = {parent for old in olds for parent in self._repository.parents(old)}
        return [old for old in reversed(olds) if old not in under][:_BRANCHES]

    def _branch(self, new: str, patch: str, tips: Iterable[str]) -> tuple[str, ...]:
        """The commits of a branch that comes to what a commit changes, the newest first."""
        (base, *_) = [*self._repository.parents(new), ""]
        for tip in tips:
            fork = self._repository.fork(base, tip) if base else ""
            if fork and fork != tip and self._repository.patch_between(fork, tip) == patch:
                return tuple(reversed(self._repository.commits(tip, fork)))
        return ()

    def _told(self, new: str) -> tuple[str, ...]:
        """The commits of the branch that a forge says a commit was made of, the newest first."""
        head = self._merged.get(new, "")
        if not head or not self._repository.holds(head):
            return ()
        (base, *_) = [*self._repository.parents(new), ""]
        branch = self._repository.commits(head, *([base] if base else []), most=_DEEP)
        return () if new in branch else tuple(reversed(branch))

    def _source(self, old: str, path: str, before: str, texts: Sequence[str]) -> Lines:
        """The file of an older commit that a file was made of: of the same name, or the likest it changed."""
        for name in dict.fromkeys(name for name in (path, before) if name):
            if (found := self.lines(old, name)).texts:
                return found.at_best(Grade.CARRIED)
        parents = self._repository.parents(old)
        changed = self._repository.changes(parents[0] if parents else "", old)
        return likest(texts, [self.lines(old, change.path) for change in changed]).at_best(Grade.CARRIED)

    def _put(self, commit: str, path: str, blob: str, lines: Lines) -> None:
        self.notes.put(commit, path, FileNote(blob, ranges(lines.origins)))

    def matched(self, olds: Sequence[str], news: Sequence[str]) -> list[Rewrite]:
        """Which commits were made of which, where nobody tells: for a server, and for picked ones.

        By what they change (patch id); by the line that ``git cherry-pick -x`` writes. What is left over of both sides
        is one squash, or was resolved by hand: then every line is looked for in all of those.

        Args:
            olds: the commits there were, the oldest first.
            news: the commits there are, the oldest first.
        """
        by_patch: dict[str, str] = {}
        for old in olds:
            by_patch.setdefault(self._repository.patch_id(old), old)
        by_patch.pop("", None)
        found: dict[str, tuple[str, ...]] = {}
        for new in news:
            picked = [oid for oid in _PICKED.findall(self._repository.message(new)) if oid in olds]
            old = by_patch.get(self._repository.patch_id(new), picked[-1] if picked else "")
            if old:
                found[new] = (old,)
        taken = {old for (old,) in found.values()}
        left = tuple(old for old in reversed(olds) if old not in taken)
        return [Rewrite(new, found.get(new, left)) for new in news if new in found or left]


def squashes(repository: Repository, merged: Iterable[Merged]) -> dict[str, Merged]:
    """By commit what a forge told of its making, of those in a repository.

    A forge that squashes and then merges names the merge: the squash is what that brought. Where a merge, or a
    fast-forward, brought the branch as it was, nothing was made of it.

    Args:
        repository: where the commits are.
        merged: what forges said, the earliest first. One end may have been merged more than once, each time by
            another commit; of one commit the latest counts.
    """
    found: dict[str, Merged] = {}
    for one in merged:
        if not (repository.holds(one.commit) and repository.holds(one.head)):
            continue
        parents = repository.parents(one.commit)
        new = parents[1] if len(parents) == 2 else one.commit
        if len(parents) <= 2 and new != one.head:
            found[new] = one
    return found


def rewrites(pairs: Iterable[tuple[str, str]]) -> list[Rewrite]:
    """What ``post-rewrite`` tells (old and new commit, the oldest first), by new commit."""
    found: dict[str, list[str]] = {}
    for old, new in pairs:
        found.setdefault(new, []).insert(0, old)
    return [Rewrite(new, tuple(olds)) for new, olds in found.items()]


def _filled(lines: Lines, more: Lines) -> Lines:
    """Lines with what is unknown of them taken from elsewhere."""
    pairs = zip(lines.origins, more.origins, strict=True)
    return Lines(lines.texts, tuple(two if one.kind is Kind.UNKNOWN else one for one, two in pairs))
