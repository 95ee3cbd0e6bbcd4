"""What is known of what is being pushed, as plain values: commits with their lines, sessions with what they did.

Policies see this and nothing else, so that a decision can be made again from its record. Every value is text, a whole
number, a truth value, or a list or object of these: it has one canonical JSON, and that has one digest. What is not
known is absent or empty, never zero.

What is from where: commits, their paths and messages are read from objects, whose names are digests of them. Who wrote
a line, and all that sessions are said to have done, is what the machine on which the agent ran has sent: its grade is
``client-reported``. ``told`` is what others sent about a commit under keys of their own: reviews, runs of CI. What came
under a key of capture stands there too, and counts for nothing.
"""

from __future__ import annotations

from functools import cached_property
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

AI, MIXED, HUMAN, UNKNOWN = "ai", "mixed", "human", "unknown"
_CAPTURE: Final = "agent:"
"""How the sources of clones' captures begin."""
_ASSISTED: Final = frozenset({"assisted-by", "generated-by", "generated-with"})
_AGENTS: Final = ("@anthropic.com", "codex@openai.com", "copilot@users.noreply.github.com", "cursoragent@cursor.com")


class Fact(BaseModel):
    """Values that do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Span(Fact):
    """Lines of one origin that a commit adds, counted from 1, both ends in it."""

    start: int
    end: int
    kind: str
    grade: str = ""
    session: str = ""
    call: str = ""


class File(Fact):
    """A path that a commit changes, as Git writes it. A renamed file is one that went and one that came."""

    path: str
    status: str
    """``added``, ``modified``, ``deleted`` or ``retyped``."""
    lines: dict[str, int] = {}
    """Of the lines that the commit adds, how many are of each class and grade: ``ai:observed``, ``unknown``."""
    spans: tuple[Span, ...] = ()
    """Where those lines are that are not a person's; the first ones."""
    spans_cut: bool = False
    """Whether there are more of them."""
    unread: str = ""
    """Why it has no lines: it is no text, or too long."""
    too_long: bool = False
    """Whether it may have lines that nobody counted: there is more of it than is read."""

    def count(self, *kinds: str) -> int:
        """How many added lines are of these classes."""
        return sum(n for name, n in self.lines.items() if name.partition(":")[0] in kinds)

    @property
    def total(self) -> int:
        """How many lines the commit adds to it."""
        return sum(self.lines.values())


class Told(Fact):
    """What somebody sent about a commit under a key of their own: that it was reviewed, that CI ran."""

    kind: str
    """The event's type: ``code.reviewed``, ``ci.run``, …"""
    action: str = ""
    state: str = ""
    """What it came to, in its sender's own word: ``approved``."""
    outcome: str = ""
    actor: str = ""
    source: str = ""
    event: str = ""

    @property
    def by_capture(self) -> bool:
        """Whether it came under the key of a clone's own capture, which is that of whoever pushes."""
        return self.source.startswith(_CAPTURE)


class Commit(Fact):
    """A commit that is being pushed."""

    oid: str
    parents: tuple[str, ...] = ()
    author: str = ""
    """The author's address, as the commit says."""
    author_name: str = ""
    committer: str = ""
    subject: str = ""
    trailers: tuple[tuple[str, str], ...] = ()
    message_cut: bool = False
    """Whether the message is longer than is read, or has more trailers."""
    signature: str = ""
    """``pgp``, ``ssh``, ``x509`` or ``other`` if it bears one; whether that is good is not looked at."""
    files: tuple[File, ...] = ()
    """What it changes that none of the commits it rests on has: a clean merge changes nothing."""
    cut: str = ""
    """Why not all of its files, of their lines, or of what others told is here."""
    sessions: tuple[str, ...] = ()
    """That wrote lines of it, or one of whose calls made it."""
    after_last_edit: dict[str, int] | None = None
    """By tool, how many calls that succeeded began after the last edit in any of these sessions; none where no edit of
    theirs is known. Of another session than that edit's a call counts if both state a time and its is later."""
    seal: str = ""
    """The entry of its last seal."""
    told: tuple[Told, ...] = ()
    """In the ledger's order; the last ones."""

    @property
    def own(self) -> bool:
        """Whether it changes anything itself."""
        return bool(self.files or self.cut)

    @property
    def paths(self) -> list[str]:
        """What it changes."""
        return [file.path for file in self.files]

    def count(self, *kinds: str) -> int:
        """How many of the lines it adds are of these classes."""
        return sum(file.count(*kinds) for file in self.files)

    @property
    def by_agents(self) -> bool:
        """Whether anything shows that an agent had a part in it. That nothing does is no evidence that none had."""
        return bool(
            self.sessions
            or self.count(AI, MIXED)
            or any(
                name.lower() in _ASSISTED
                or (name.lower() == "co-authored-by" and value.lower().rstrip("> ").endswith(_AGENTS))
                for name, value in self.trailers
            )
        )


class Calls(Fact):
    """Calls of one tool that ended in one way."""

    tool: str
    outcome: str
    """``success``, ``failure``, ``denied`` or ``unknown``."""
    count: int
    after_last_edit: int = 0
    """How many of them began after its own session's last change of a file that succeeded."""
    server: str = ""
    """Of a tool of MCP, the server's name."""
    events: tuple[str, ...] = ()
    """Of the first ones, an event each that tells of it."""


class Secret(Fact):
    """Secrets that were taken out of what a session said, by the rule that found them."""

    rule: str
    count: int
    event: str


class Mode(Fact):
    """A mode in which the agent ran, with an event that tells so."""

    mode: str
    event: str


class Session(Fact):
    """A session that had a part in one of the commits, as it stood when it was sealed last."""

    id: str
    agent: str = ""
    repository: str = ""
    grade: Literal["client-reported"] = "client-reported"
    sources: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    """Every model that answered or was switched to, in subagents too."""
    modes: tuple[Mode, ...] = ()
    calls: tuple[Calls, ...] = ()
    tokens: dict[str, int] = {}
    """Empty where nobody told of any."""
    cost_usd: str = ""
    """Empty where it is not known: no tokens told, or a model without a price."""
    priced_usd: str = ""
    """What those answers cost that have a price."""
    prices: str = ""
    calls_counted: int = 0
    calls_by_all: int = 0
    """How many calls all of the session's witnesses tell."""
    witnesses: tuple[str, ...] = ()
    holes: dict[str, int] = {}
    """How often something is missing, by reason."""
    secrets: tuple[Secret, ...] = ()
    seal: str = ""
    """The entry of its last seal; empty if it has none that holds all of it."""
    seal_digest: str = ""

    @property
    def taken(self) -> int:
        """Tokens that its models read and wrote, caches with them."""
        return sum(self.tokens.get(name, 0) for name in _TAKEN)


_TAKEN: Final = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")


class Update(Fact):
    """A ref that is being pushed: what it named and what it shall name; empty for nothing."""

    ref: str
    old: str = ""
    new: str = ""
    forced: bool = False
    """Whether the new one does not rest on the old one."""


class Facts(Fact):
    """All that a decision is made from."""

    schema_version: Literal[1] = 1
    repository: str
    gate: str = ""
    """What asked: ``pre-push``, ``pre-receive``, ``range``, ``ci``. A claim of whoever asked."""
    updates: tuple[Update, ...] = ()
    commits: tuple[Commit, ...] = ()
    """The oldest first."""
    sessions: tuple[Session, ...] = ()
    cut: str = ""
    """Why not every commit that is being pushed is here."""
    git_only: bool = False
    """Whether Git alone was asked: that there is no session, origin or review here says nothing then."""

    @cached_property
    def by_id(self) -> dict[str, Session]:
        """The sessions by their ids."""
        return {one.id: one for one in self.sessions}

    def sessions_of(self, commit: Commit) -> tuple[list[Session], list[str]]:
        """The sealed sessions of a commit, and the ids of its others."""
        sealed = [one for name in commit.sessions if (one := self.by_id.get(name)) is not None and one.seal]
        known = {one.id for one in sealed}
        return sealed, [name for name in commit.sessions if name not in known]
