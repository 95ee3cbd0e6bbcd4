"""The files of a working tree, as tool calls and people change them.

Snapshots are taken up when no call is open any more: only then it is known how each ended. Between two looks at a file:

* one call was open and went well: what changed is its own, but for what it does not say it wrote, if it says;
* several were open at once and all went well: it is an agent's, and which call's is not said;
* a call that was denied never ran; one that failed, or of which nothing was heard again, wrote nothing that counts:
  what changed meanwhile is unknown;
* none was open: unknown, unless the text is one that is known: a commit's, or what was there before (a stash, an undo).
  That a person was at the keyboard is no evidence. An editor that saw somebody type says so with a call of its own.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.attribution.origins import NOTHING, UNKNOWN, Grade, Kind, Lines, Origin, digest, split, unread
from vestige.attribution.snapshots import Outcome, Snapshot
from vestige.attribution.step import How, advance, compose, likest, removals, said
from vestige.attribution.tokens import evident

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vestige.attribution.history import History, Rewrite
    from vestige.attribution.snapshots import Call

_STATES: Final = 32
"""States of one file that are remembered."""
_NEAR: Final = 4
"""States of a file in which lines are looked for that came while nothing was watching."""
_WAITING: Final = 10_000
"""Snapshots that wait for a call to end. After so many, nothing will be heard of it."""
_TEXTS: Final = 4096
"""Texts that are remembered by their digest, of all files."""


class _State(NamedTuple):
    lines: Lines
    age: int
    """How many commits had been made when it was seen."""


class Worktree:
    """What is known of a working tree.

    Args:
        history: of the repository's commits.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._now: dict[str, Lines] = {}
        self._states: defaultdict[str, list[_State]] = defaultdict(list)
        self._by_digest: OrderedDict[str, Lines] = OrderedDict()
        self._queue: list[Snapshot] = []
        self._open: dict[str, Call] = {}
        self._made: list[str | Rewrite] = []
        self._here: OrderedDict[str, None] = OrderedDict()
        """Commits that were made here."""
        self._age = 0

    def see(self, snapshot: Snapshot) -> None:
        """Take up what was seen."""
        self._queue.append(snapshot)
        if snapshot.outcome is None:
            self._open[snapshot.call.id] = snapshot.call
        else:
            self._open.pop(snapshot.call.id, None)
        if len(self._queue) > _WAITING:
            for call in [call for call in self._open.values() if call.id != snapshot.call.id]:
                self._queue.append(Snapshot(call, {}, Outcome.LOST))
                del self._open[call.id]
        self._settle()

    def lost(self, session: str) -> None:
        """A session is over: of its calls that are still open nothing will be heard."""
        for call in [call for call in self._open.values() if call.session == session]:
            self.see(Snapshot(call, {}, Outcome.LOST))

    def committed(self, commit: str) -> None:
        """A commit was made. It is noted as soon as no call is open: it may hold what one is writing."""
        self._made.append(commit)
        self._here[commit] = None
        if len(self._here) > _TEXTS:
            self._here.popitem(last=False)
        self._settle()

    def rewritten(self, rewrites: Iterable[Rewrite]) -> None:
        """Commits were made of others here, the oldest first (``post-rewrite``). They wait as others do."""
        self._made += rewrites
        self._settle()

    def lines(self, path: str) -> Lines:
        """A file as it was last seen."""
        return self._now.get(path, NOTHING)

    def states(self, path: str) -> list[Lines]:
        """What a file was, the last first.

        Of what was seen before the last commit only the present is seen still: the rest is known by its text alone.
        """
        now = self._now.get(path)
        return [
            state.lines if state.lines is now or state.age >= self._age else state.lines.at_best(Grade.CARRIED)
            for state in reversed(self._states.get(path, []))
        ]

    def _settle(self) -> None:
        if self._open:
            return
        outcomes = {shot.call.id: shot.outcome for shot in self._queue if shot.outcome is not None}
        queue, self._queue = self._queue, []
        _Replay(self, outcomes).run(queue)
        while self._made:
            one = self._made[0]
            if isinstance(one, str):
                self._history.committed(one, self.states)
                self._age += 1
            else:
                self._history.rewritten([one], self.states)
            # Only now: what could not be noted is tried again.
            del self._made[0]

    def paths(self) -> set[str]:
        """The files that were seen."""
        return set(self._now)

    def all(self) -> list[Lines]:
        """Every file as it was last seen."""
        return list(self._now.values())

    def keep(self, path: str, lines: Lines) -> None:
        """A file is so now."""
        if lines == self._now.get(path):
            return
        self._now[path] = lines
        if not lines.texts:
            return
        kept = self._states[path]
        kept.append(_State(lines, self._age))
        del kept[:-_STATES]
        name = digest(lines.texts)
        self._by_digest[name] = lines
        self._by_digest.move_to_end(name)
        if len(self._by_digest) > _TEXTS:
            self._by_digest.popitem(last=False)

    def again(self, path: str, texts: tuple[str, ...]) -> Lines | None:
        """What a file was when it had exactly these texts before."""
        found = next((state for state in self.states(path) if state.texts == texts), None)
        return None if found is None else found.at_best(Grade.CARRIED)

    def known(self, texts: tuple[str, ...]) -> Lines | None:
        """Lines of exactly these texts that were seen in any file, if they say enough to be the same ones."""
        found = self._by_digest.get(digest(texts))
        return found.at_best(Grade.CARRIED) if found and any(map(evident, texts)) else None

    def were(self, path: str) -> dict[str, Origin]:
        """The lines that a file had and has not now, without space around them, with their last origins."""
        found: dict[str, Origin] = {}
        for state in reversed(self.states(path)):
            for text, origin in zip(state.texts, state.at_best(Grade.CARRIED).origins, strict=True):
                found[text.strip()] = origin
        for text in self.lines(path).texts:
            found.pop(text.strip(), None)
        return found

    def at_head(self, commit: str, path: str) -> Lines:
        """A file as a commit has it."""
        return self._history.lines(commit, path) if commit else NOTHING

    def moved(self, old: str, new: str) -> tuple[set[str], bool]:
        """The files that differ between two commits, and whether all that lies between them was made here."""
        commits = self._history.between(old, new)
        return self._history.differing(old, new), bool(commits) and all(commit in self._here for commit in commits)

    @staticmethod
    def read(data: bytes | None) -> tuple[str, ...]:
        """A file's lines; none if there is no such file, or it is not attributed."""
        return () if data is None or unread(data) else split(data)


class _Replay:
    """Takes snapshots up in their order, all of whose calls have ended."""

    def __init__(self, tree: Worktree, outcomes: Mapping[str, Outcome]) -> None:
        self._tree = tree
        self._outcomes = outcomes
        self._running: dict[str, Snapshot] = {}
        """By call what was seen before it. Of denied ones nothing: they never ran."""
        self._blurred: set[str] = set()
        """Paths that a call may have changed and that were not looked at when it ended."""
        self._clear: set[str] | None = None
        """After a call that may have changed any path, and behind which nobody looked: those that were seen since."""
        self._brought: set[str] = set()
        """Calls that checked out what was not made here."""

    def run(self, queue: list[Snapshot]) -> None:
        """Take them up."""
        for shot in queue:
            self._look(shot)
            began = self._running.pop(shot.call.id, None)
            if shot.outcome is None:
                if self._outcomes[shot.call.id] is not Outcome.DENIED:
                    self._running[shot.call.id] = shot
            elif began is not None and not shot.whole:
                self._blurred |= began.files.keys() - shot.files.keys()
                if began.whole:
                    self._clear = set(shot.files)

    def _look(self, shot: Snapshot) -> None:
        tree = self._tree
        seen = {path: tree.read(data) for path, data in shot.files.items()}
        if shot.whole:
            others = tree.paths() | self._committed(shot)
            seen |= {path: tree.at_head(shot.head, path).texts for path in others - seen.keys()}
        for path in seen.keys() - tree.paths():
            whole = next((began for began in self._running.values() if began.whole), None)
            if whole is not None:
                tree.keep(path, tree.at_head(whole.head, path))
        if shot.call.id in self._running:
            for path, data in (shot.original or {}).items():
                if (texts := tree.read(data)) != tree.lines(path).texts:
                    tree.keep(path, self._adrift(shot, path, texts, {}, told=()))
        changed = {path: texts for path, texts in seen.items() if texts != tree.lines(path).texts}
        gone = self._gone(changed) if len(changed) > 1 else {}
        found = {path: self._step(shot, path, texts, gone) for path, texts in changed.items()}
        for path in seen:
            tree.keep(path, found[path] if path in found else tree.lines(path))
        self._blurred -= seen.keys()
        if self._clear is not None:
            self._clear = None if shot.whole else self._clear | seen.keys()

    def _committed(self, shot: Snapshot) -> set[str]:
        """What a call has committed: it differs from nothing any more when the call ends."""
        began = self._running.get(shot.call.id)
        if began is None or not began.whole or began.head == shot.head or not shot.head:
            return set()
        paths, here = self._tree.moved(began.head, shot.head)
        if not here:
            self._brought.add(shot.call.id)
        return paths

    def _gone(self, changed: Mapping[str, tuple[str, ...]]) -> dict[str, Origin]:
        """The lines that went away anywhere: they may have come elsewhere."""
        found: dict[str, Origin] = {}
        for path, texts in changed.items():
            for line, origin in removals(self._tree.lines(path), texts).items():
                found[line] = origin if found.get(line, origin).who == origin.who else UNKNOWN
        return found

    def _step(self, shot: Snapshot, path: str, texts: tuple[str, ...], gone: Mapping[str, Origin]) -> Lines:
        """The lines of a file that changed since it was last looked at."""
        if not texts:
            return NOTHING
        tree = self._tree
        old = tree.lines(path)
        actor, stated = self._actor(shot, path)
        if (again := tree.again(path, texts)) is not None:
            return again
        if not old.texts and stated is None and (known := tree.known(texts)) is not None:
            return known
        if actor is UNKNOWN:
            # Nobody looked before the call, or it cannot be told whose this is: what it wrote is its own word.
            trusted = shot.outcome is Outcome.OK and not shot.changed and not shot.call.bringing
            told = (shot.stated or {}).get(path, ()) if trusted else ()
            return self._adrift(shot, path, texts, gone, told)
        # A file that is new may be another's copy, changed.
        base = old if old.texts else likest(texts, tree.all()).at_best(Grade.CARRIED)
        step = advance(base, texts, actor, gone=gone, stated=None if stated is None else said(stated))
        return _with(step.lines, tree.were(path), [why is How.NEW for why in step.how])

    def _adrift(
        self, shot: Snapshot, path: str, texts: tuple[str, ...], gone: Mapping[str, Origin], told: tuple[str, ...]
    ) -> Lines:
        """What changed while nothing was watching: known where its text is known, inferred where it is told."""
        if not texts:
            return NOTHING
        tree = self._tree
        old, head = tree.lines(path), tree.at_head(shot.head, path)
        others = tree.states(path)[:_NEAR]
        if not old.texts and not head.texts:
            others.append(likest(texts, tree.all()))
        sources = [old, head, *(source.at_best(Grade.CARRIED) for source in others)]
        step = compose(texts, [source for source in sources if source.texts])
        new = [why is How.NEW for why in step.how]
        lines = _with(step.lines, gone, new)
        own = shot.call.origin().at_best(Grade.INFERRED)
        stated = said(told)
        return _with(lines, {text.strip(): own for text in texts if said([text]) <= stated}, new)

    def _actor(self, shot: Snapshot, path: str) -> tuple[Origin, tuple[str, ...] | None]:
        """Who changed a file since it was last looked at, and what they say of it; unknown if that cannot be told."""
        running = [began.call for began in self._running.values() if began.whole or path in began.files]
        if (
            not running
            or path in self._blurred
            or (self._clear is not None and path not in self._clear)
            or any(self._outcomes[call.id] is not Outcome.OK or call.bringing for call in running)
            or any(call.id in self._brought for call in running)
        ):
            return UNKNOWN, None
        if len(running) == 1:
            # What it says of itself is told when it ended.
            told = None if shot.stated is None or shot.call.id != running[0].id else shot.stated.get(path, ())
            return running[0].origin(changed=shot.changed and shot.call.id == running[0].id), told
        if any(call.person for call in running):
            return UNKNOWN, None
        first = running[0]
        if any(call.session != first.session for call in running):
            return Origin(Kind.AI, Grade.OBSERVED), None
        prompt = first.prompt if all(call.prompt == first.prompt for call in running) else ""
        return replace(first.origin(), call="", prompt=prompt), None


def _with(lines: Lines, known: Mapping[str, Origin], where: list[bool]) -> Lines:
    """Lines with the origins of known ones, where a line says something and ``where`` is true."""
    return Lines(
        lines.texts,
        tuple(
            known.get(text.strip(), origin) if free and evident(text) else origin
            for text, origin, free in zip(lines.texts, lines.origins, where, strict=True)
        ),
    )
