"""Which commits are asked about: ranges and names as a person or a runner says them, and what a checkout makes of them.

A name in full that the checkout lacks is asked about as it is, since the server may have it: a shallow clone is enough
then. What is left to the server to find out is held against the checkout where that is whole.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vestige.model.errors import FormatError, InputError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from vestige.cli.ci import Told

MOST_COMMITS: Final = 500
_OID: Final = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")


class Attempt(NamedTuple):
    """One way to ask."""

    ref: str = ""
    old: str = ""
    new: str = ""
    without: tuple[str, ...] = ()
    commits: tuple[str, ...] = ()

    @classmethod
    def of_commits(cls, root: Path, text: str) -> Attempt:
        """``SHA,SHA``.

        Raises:
            UsageError: there are none, or too many.
        """
        words = [one.strip() for one in text.split(",") if one.strip()]
        if not 0 < len(words) <= MOST_COMMITS:
            raise UsageError("that is no list of commits", expected=f"1 to {MOST_COMMITS}, parted by commas",
                             got=str(len(words)), field="commits")  # fmt: skip
        return cls(commits=tuple(dict.fromkeys(named(root, one) for one in words)))

    @classmethod
    def of_range(cls, root: Path, text: str, base: str | None) -> Attempt:
        """``A..B``; an ``A`` of zeros: all that B has, but for what ``base`` has.

        Raises:
            UsageError: it is none.
        """
        old, dots, new = text.partition("..")
        if not dots or not old or new.startswith("."):
            raise UsageError("that is no range", expected="A..B", got=text[:80], field="range")
        begins = named(root, old) if old.strip("0") else ""
        if new and not new.strip("0"):
            raise UsageError("the range ends at nothing", expected="A..B", got=text[:180], field="range")
        ends = named(root, new or "HEAD")
        if begins != ends and _is_ancestor(root, ends, begins):
            raise UsageError("the range is the wrong way round: there is nothing in it", expected="A..B, A the older",
                             got=text[:180], field="range")  # fmt: skip
        return cls(old=begins, new=ends, without=(named(root, base),) if base else ())

    @property
    def body(self) -> dict[str, Any]:
        """As it is asked."""
        if self.commits:
            return {"commits": self.commits}
        return {"updates": [{"ref": self.ref, "old": self.old, "new": self.new}], "without": self.without}

    @property
    def names(self) -> tuple[str, ...]:
        """Every object it names."""
        return tuple(one for one in (self.new, self.old, *self.without, *self.commits) if one)

    @property
    def words(self) -> str:
        """For a person."""
        if self.commits:
            return f"{len(self.commits)} commits by their names"
        less = "".join(f" without {oid[:12]}" for oid in self.without)
        return f"{self.old[:12]}..{self.new[:12]}{less}" if self.old else f"all of {self.new[:12]}{less}"


def attempts(root: Path, told: Told) -> list[Attempt]:
    """What to ask for a run of CI, in order; nothing, where the ref is gone.

    Raises:
        InputError: the branch that commits are to come into is needed, and is not here.
    """
    if not told.new:
        return []
    new = named(root, told.new)
    found = [Attempt(told.ref, named(root, told.old), new)] if told.old else []
    if told.base:
        base = _commit(root, f"refs/remotes/origin/{told.base}")
        if base:
            found.append(Attempt(told.ref, "", new, (base,)))
        elif not found:
            raise InputError(
                "what a new branch brings is what the branch it is made from has not, and that is not here",
                expected=f"refs/remotes/origin/{told.base}", got="nothing",
                hint=f"git fetch origin +refs/heads/{told.base}:refs/remotes/origin/{told.base}",
            )  # fmt: skip
    return found or [Attempt(told.ref, "", new)]


def named(root: Path, revision: str) -> str:
    """The commit that a revision comes to; a name in full of what is not here stays what it is.

    Raises:
        InputError: it is neither here nor a name in full.
    """
    found = _commit(root, revision)
    if found:
        return found
    if _OID.fullmatch(revision):
        return revision
    raise InputError("the checkout has no such commit", expected="a revision of Git, or a commit's name in full",
                     got=revision[:80], hint="git fetch; a shallow clone lacks what came before")  # fmt: skip


def complete(root: Path, asked: Attempt, found: Any) -> None:  # noqa: ANN401 - whatever was answered
    """Hold an answer against what was asked, and against the checkout where that is whole.

    Raises:
        FormatError: it is no answer, or not about all of these commits and no others.
    """
    if not isinstance(found, dict):
        raise FormatError("the server's answer is no decision", expected="an object", got=type(found).__name__,
                          hint="is it a Vestige of this version?")  # fmt: skip
    results, judged = found.get("results"), found.get("judged")
    if (
        not isinstance(found.get("blocked"), bool) or not isinstance(found.get("passed"), bool)
        or not isinstance(results, list) or not all(isinstance(one, dict) for one in results)
        or not isinstance(judged, list) or not isinstance(found.get("rules"), list)
    ):  # fmt: skip
        raise FormatError("the server's answer is no decision", expected="blocked, results and judged",
                          hint="is it a Vestige of this version?")  # fmt: skip
    if found.get("cut"):
        raise FormatError("not every commit was judged", expected=f"{MOST_COMMITS} at most",
                          got=str(found["cut"])[:200], hint="ask about a shorter range")  # fmt: skip
    got = [str(one["oid"]) for one in judged]
    wanted = list(asked.commits) or _range(root, asked)
    if wanted is not None and sorted(got) != sorted(wanted):
        raise FormatError("other commits were judged than were asked about", expected=f"{len(wanted)} commits",
                          got=f"{len(got)}: {', '.join(sorted(set(got) ^ set(wanted))[:3])}"[:200])  # fmt: skip


def _range(root: Path, asked: Attempt) -> list[str] | None:
    """The commits of a range as the checkout has them; ``None`` where it is not whole."""
    from vestige.capture import repository  # noqa: PLC0415 - only what a command needs is read

    if repository.text(root, "rev-parse", "--is-shallow-repository") != "false":
        return None
    if any(repository.git(root, "cat-file", "-e", oid) is None for oid in asked.names):
        return None
    less = [oid for oid in (asked.old, *asked.without) if oid]
    words = ("--no-replace-objects", "rev-list", f"--max-count={MOST_COMMITS + 1}", asked.new, "--not", *less)
    out = repository.git(root, *words)
    if out is None:
        raise FormatError("the checkout does not say what is in the range", got=asked.words, hint="git fsck")
    return out.decode("ascii").split()


def _is_ancestor(root: Path, old: str, new: str) -> bool:
    """Whether the checkout knows that one commit comes before another."""
    from vestige.capture import repository  # noqa: PLC0415 - as above

    return bool(old and new) and repository.git(root, "merge-base", "--is-ancestor", old, new) is not None


def _commit(root: Path, revision: str) -> str:
    from vestige.capture import repository  # noqa: PLC0415 - as above

    words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    return repository.text(root, *words)
