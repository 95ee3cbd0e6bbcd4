"""A real repository with people and agents at work in it, and what hooks would tell of them."""

from __future__ import annotations

import os
import random
import subprocess
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from support.attributing.editing import edit, reformat
from support.attributing.kept import Kept
from support.attributing.truth import PERSON, Truth
from vestige.attribution import Call, Grade, History, Kind, Notes, Origin, Outcome, Snapshot, Worktree, rewrites
from vestige.attribution.origins import split
from vestige.attribution.replay import replay
from vestige.code import Repository

ENVIRONMENT: Final = {
    "PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.com", "GIT_EDITOR": "true", "GIT_SEQUENCE_EDITOR": "true", "LC_ALL": "C",
}  # fmt: skip
HOOKS: Final = {
    "post-rewrite": '#!/bin/sh\ncat >> "$(git rev-parse --git-dir)/told-rewritten"\n',
    "post-commit": '#!/bin/sh\ngit rev-parse HEAD >> "$(git rev-parse --git-dir)/told-committed"\n',
}

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Score:
    """What was said of lines, and whether it was so, by operation and grade."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()

    def table(self) -> str:
        """By operation: agents' lines, how many were said to be so, and how many of those were."""
        rows = [
            (
                f"{'operation':16} {'lines':>7} {'agents':>7} {'known':>7} {'recall':>7}"
                f"  {'grade':9} {'said':>6} {'right':>8} {'precision':>9}"
            )
        ]
        for name in sorted({name for name, _ in self.counts} - {"conflicts"}):
            c = {what: count for (op, what), count in self.counts.items() if op == name}
            known, found = c.get("known", 0), c.get("found", 0)
            head = f"{name:16} {c.get('lines', 0):7} {c.get('agents', 0):7} {known:7} {_share(found, known):>7}"
            for grade in Grade:
                if said := c.get(f"said {grade}", 0):
                    right = c.get(f"right {grade}", 0)
                    rows.append(f"{head}  {grade:9} {said:6} {right:8} {_share(right, said):>9}")
                    head = " " * len(head)
            if not head.isspace():
                rows.append(head)
        return "\n".join(rows)

    def sum(self, what: str, among: Callable[[str], bool] = lambda _: True) -> int:
        """Of some operations."""
        return sum(count for (op, name), count in self.counts.items() if name == what and among(op))


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.4f}" if whole else "-"


class Wrong(NamedTuple):
    """A claim that is not so."""

    operation: str
    path: str
    line: str
    said: str
    writers: tuple[str, ...]


class World:
    """One repository, its truth, and the code under test fed with what hooks tell."""

    def __init__(self, folder: Path, score: Score) -> None:
        self.folder = folder
        self.score = score
        self.truth = Truth()
        self.wrong: list[Wrong] = []
        self.seen: set[str] = set()
        """Calls of which hooks told everything."""
        self._calls = 0
        self._names = 0
        self._scored: set[str] = set()
        self.git("init", "-q", "-b", "main")
        self.git("config", "rerere.enabled", "false")
        for name, text in HOOKS.items():
            hook = folder / ".git" / "hooks" / name
            hook.write_text(text)
            hook.chmod(0o755)
        self.history = History(Repository(folder), Notes())
        self.tree = Worktree(self.history)
        self.kept = Kept()
        rng = random.Random(1)
        for name in ("app.py", "lib/core.py", "web.js"):
            lines = [self.truth.write(PERSON, rng) for _ in range(12)]
            self.put(name, lines)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "start")
        self._told("committed")
        self._scored.update(self.git("rev-list", "HEAD").split())

    # The repository.

    def git(self, *words: str, ok: bool = True, data: str | None = None) -> str:
        done = subprocess.run(
            ["git", "-C", str(self.folder), *words], input=data, env=ENVIRONMENT, capture_output=True, text=True,
            check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0 or not ok, (words, done.stdout, done.stderr)
        return done.stdout if done.returncode == 0 else ""

    def head(self) -> str:
        return self.git("rev-parse", "HEAD").strip()

    def paths(self) -> list[str]:
        return sorted(
            path.relative_to(self.folder).as_posix()
            for path in self.folder.rglob("*") if path.is_file() and ".git" not in path.parts
        )  # fmt: skip

    def get(self, path: str) -> list[str]:
        file = self.folder / path
        return file.read_text().splitlines() if file.exists() else []

    def put(self, path: str, lines: list[str]) -> None:
        file = self.folder / path
        file.parent.mkdir(exist_ok=True)
        file.write_text("".join(f"{line}\n" for line in lines))

    def dirty(self) -> bool:
        return bool(self.git("status", "--porcelain").strip())

    def name(self) -> str:
        self._names += 1
        return f"n{self._names}"

    # What hooks tell.

    def call(self, *, person: bool = False, bringing: bool = False) -> Call:
        self._calls += 1
        if person:
            return Call(PERSON, person="a@example.com")
        return Call(
            f"c{self._calls}", f"s{self._calls % 3}", f"p{self._calls // 4}", "claude-code", "m", bringing=bringing
        )

    def before(self, call: Call, *paths: str) -> None:
        """A look before a call: at some files, or at all that a shell might touch."""
        self._see(call, paths, None, None, None)

    def after(
        self, call: Call, *paths: str, outcome: Outcome = Outcome.OK, stated: dict[str, tuple[str, ...]] | None = None,
        original: dict[str, bytes | None] | None = None,
    ) -> None:  # fmt: skip
        """A look after it."""
        self._see(call, paths, outcome, stated, original)

    def _see(
        self, call: Call, paths: tuple[str, ...], outcome: Outcome | None,
        stated: dict[str, tuple[str, ...]] | None, original: dict[str, bytes | None] | None,
    ) -> None:  # fmt: skip
        head = self.head()
        if paths:
            files = {path: self._bytes(path) for path in paths}
        else:
            rows = self.git("status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames").split("\0")
            files = {row[3:]: self._bytes(row[3:]) for row in rows if row}
        shot = Snapshot(call, files, outcome, head, not paths, stated, original)
        self.tree.see(shot)
        self.kept.saw(shot)

    def lost(self, session: str) -> None:
        """Nothing more is heard of a session's calls."""
        self.tree.lost(session)
        self.kept.stopped(session)

    def _bytes(self, path: str) -> bytes | None:
        file = self.folder / path
        return file.read_bytes() if file.is_file() else None

    def _told(self, what: str) -> list[str]:
        file = self.folder / ".git" / f"told-{what}"
        lines = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return lines

    def told(self) -> None:
        """The hooks of git come through."""
        for commit in dict.fromkeys(self._told("committed")):
            if self.git("cat-file", "-t", commit, ok=False):
                self.tree.committed(commit)
                self.kept.committed(commit)
        pairs = [(line.split()[0], line.split()[1]) for line in self._told("rewritten")]
        self.tree.rewritten(rewrites(pairs))
        self.kept.rewritten(pairs)

    def unheard(self) -> None:
        """The hooks of git did not run: another machine did this."""
        self._told("committed")
        self._told("rewritten")

    # Scenes.

    def agent_edits(self, path: str, kind: str, rng: random.Random, fault: str = "") -> None:
        """An edit tool changes a file."""
        call = self.call()
        if fault != "no before":
            self.before(call, path)
        if fault in {"denied", "failed"}:
            self.after(call, path, outcome=Outcome.DENIED if fault == "denied" else Outcome.FAILED)
            return
        old = self.get(path)
        if fault == "meanwhile":
            old = edit(old, "insert", PERSON, self.truth, rng)
            self.put(path, old)
        new = edit(old, kind, call.id, self.truth, rng)
        self.put(path, new)
        if fault == "no after":
            self.lost(call.session)
            return
        had = Counter(old)
        stated = tuple(line for line in new if not had[line])
        if not fault:
            self.seen.add(call.id)
        # A line that was only moved or copied is in what a tool says it wrote too.
        stated += tuple(line for line in new if self.truth.writers(line) >= {call.id})
        original = "".join(f"{line}\n" for line in old).encode() if fault == "meanwhile" or rng.random() < 0.5 else None
        self.after(call, path, stated={path: stated}, original=None if original is None else {path: original})

    def agent_shell(
        self, what: Callable[[Call], object], *, outcome: Outcome = Outcome.OK, bringing: bool = False
    ) -> None:
        """A shell command does something."""
        call = self.call(bringing=bringing)
        self.before(call)
        what(call)
        if outcome is Outcome.OK:
            self.seen.add(call.id)
        else:
            self.truth.void.add(call.id)
        self.after(call, outcome=outcome)

    def agents_at_once(self, path: str, rng: random.Random) -> None:
        """Two calls whose times overlap."""
        one, two = self.call(), self.call()
        self.before(one, path)
        self.before(two, path)
        self.put(path, edit(self.get(path), "insert", one.id, self.truth, rng))
        self.after(one, path)
        self.put(path, edit(self.get(path), "insert", two.id, self.truth, rng))
        self.after(two, path)
        self.seen |= {one.id, two.id}

    def person_edits(self, path: str, kind: str, rng: random.Random, *, watched: bool) -> None:
        """A person changes a file; an editor may see it."""
        call = self.call(person=True)
        if watched:
            self.before(call, path)
        self.put(path, edit(self.get(path), kind, PERSON, self.truth, rng))
        if watched:
            self.after(call, path)

    def formatter(self, path: str, rng: random.Random) -> None:
        """A formatter runs."""
        self.put(path, reformat(self.get(path), self.truth, rng))

    def commit(self, *words: str) -> None:
        """What is staged becomes a commit."""
        self.git("commit", "-q", "--allow-empty", "-m", "change", *words)
        self.told()

    def stage_part(self, path: str, rng: random.Random) -> None:
        """Some hunks of a file are staged."""
        diff = self.git("diff", "-U0", "--no-color", "--", path)
        head, *parts = diff.split("\n@@ ")
        chosen = [part for part in parts if rng.random() < 0.5]
        if not chosen:
            return
        patch = "\n@@ ".join([head, *chosen])
        self.git(
            "apply", "--cached", "--unidiff-zero", "-", data=patch if patch.endswith("\n") else f"{patch}\n", ok=False
        )

    # What came of it.

    def score_new(self, operation: str) -> None:
        """Look at the commits that are new and reached."""
        for commit in self.git("rev-list", "--reverse", "HEAD").split():
            if commit in self._scored:
                continue
            self._scored.add(commit)
            self._score(operation, commit)

    def score_far(self, operation: str, olds: list[str], news: list[str]) -> None:
        """What a server says that has the notes of the old commits, the new commits, and nothing else."""
        # Within a second, and without a change, git makes the very same commit.
        news = [commit for commit in news if commit not in olds]
        notes = Notes()
        for commit in self.history.notes:
            if commit not in news:
                for path, note in self.history.notes.of(commit).items():
                    notes.put(commit, path, note)
        far = History(Repository(self.folder), notes)
        far.rewritten(far.matched(olds, news))
        had = {
            line.strip() for old in olds for path in self.git("ls-tree", "-r", "--name-only", old).split()
            for line in self.git("show", f"{old}:{path}").splitlines()
        }  # fmt: skip
        for commit in news:
            self._score(f"{operation}, far", commit, far, had)

    def score_replayed(self) -> None:
        """What comes of the records that capture would have kept, looked at when all is done."""
        repository = Repository(self.folder)
        replayed = replay(repository, self.kept.shuffled(), self.kept.texts.get, heads=[self.head()])
        history = History(repository, replayed.notes)
        for commit in self.git("rev-list", "HEAD").split():
            self._score("replayed", commit, history)

    def _score(self, operation: str, commit: str, history: History | None = None, had: set[str] | None = None) -> None:
        parents = self.git("rev-list", "--parents", "-1", commit).split()[1:]
        for path in self.git(
            "diff-tree", "-r", "--root", "--name-only", "--no-commit-id", *parents[:1], commit
        ).split():
            text = self.git("show", f"{commit}:{path}", ok=False)
            lines = (history or self.history).lines(commit, path)
            if not text:
                continue
            assert lines.texts == split(text.encode()), (path, lines.texts)
            were = Counter(
                line for parent in parents
                for line in self.git("show", f"{parent}:{path}", ok=False).splitlines()
            )  # fmt: skip
            wrong = len(self.wrong)
            for line, origin in zip(*lines, strict=True):
                self._count(operation, path, line, origin, new=not were[line] and (had is None or line.strip() in had))
            if len(self.wrong) > wrong:
                rows = [
                    f"{origin.kind:8} {origin.grade or '':9} {origin.call:8} | {line}  <- {self.truth.writers(line)}"
                    for line, origin in zip(*lines, strict=True)
                ]
                print(f"{operation} {commit} {path}", *rows, sep="\n")

    def _count(self, operation: str, path: str, line: str, origin: Origin, *, new: bool) -> None:
        counts, truth = self.score.counts, self.truth
        right = truth.allows(line, origin)
        if origin.kind is Kind.MIXED:
            # A line that was written anew and still shares most of its words with what it replaced is called mixed.
            counts[operation, "mixed"] += 1
            counts[operation, "right mixed"] += right
        elif not right:
            said = f"{origin.kind} {origin.grade} {origin.call}"
            self.wrong.append(Wrong(operation, path, line, said, tuple(sorted(truth.writers(line)))))
        if origin.kind is Kind.AI:
            counts[operation, f"said {origin.grade}"] += 1
            counts[operation, f"right {origin.grade}"] += right
        if new:
            counts[operation, "lines"] += 1
            if truth.agents(line):
                counts[operation, "agents"] += 1
                if truth.writers(line) <= self.seen:
                    counts[operation, "known"] += 1
                    counts[operation, "found"] += origin.kind is Kind.AI and right
