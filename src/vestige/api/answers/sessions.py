"""What answers about sessions of coding agents look like (docs/sessions.md).

For the OpenAPI document alone. A field with a default is left out of an answer where there is nothing to say.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from vestige.api.answers.shape import Shape

Number = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Evidence = dict[str, list[str]]
"""By witness, the ids of the events that tell it."""


class SessionTokens(Shape):
    """Tokens, each answer's once. Input came from no cache and went into none; output includes reasoning."""

    input: Number
    output: Number
    reasoning: Number
    cache_read: Number
    cache_write_5m: Number
    cache_write_1h: Number
    web_searches: Number
    answers: Number


class Unpriced(Shape):
    """A model without a price, and why."""

    model: str
    reason: str


class SessionCost(Shape):
    """List prices in US dollars, as text. None where any answer has no price; never zero for want of one."""

    usd: str | None
    prices: str
    priced_usd: str = ""
    unpriced: tuple[Unpriced, ...] = ()


class SessionCoverage(Shape):
    """What the witnesses of a session told of its calls. No share with one witness: nobody knows what it left out."""

    calls: Number
    by: dict[str, int]
    by_all: Number
    snapshots: Number
    witnesses: list[str]
    complete: bool
    holes: Number
    share: Share | None
    snapshot_share: Share | None
    reason: str = ""


class SealedCoverage(Shape):
    """Coverage as it was when it was sealed."""

    calls: Number
    by_all: Number
    snapshots: Number
    witnesses: list[str]
    holes: Number
    by: dict[str, int]


class SealedSum(Shape):
    """What a session came to by price tables; no sum where anything has no price."""

    prices: str
    cost_usd: str = ""


class SealAmendment(Shape):
    """What a seal came to by other prices, said by a later entry."""

    id: str
    before: SealedSum
    after: SealedSum


class SessionSeal(Shape):
    """A seal: what was in the ledger of a session at a time, and what that came to."""

    id: str
    session: str
    entries: Number
    first: str
    last: str
    digest: str
    tokens: SessionTokens
    prices: str
    coverage: SealedCoverage
    cost_usd: str = ""
    earlier: str = ""
    amendments: tuple[SealAmendment, ...] = ()


class SealsMade(Shape):
    """Seals that were made."""

    sealed: list[SessionSeal]
    commits: Number
    index_lag: int = 0
    index_reason: str = ""


class SealDifference(Shape):
    """A field of a seal that is not as the ledger has it."""

    field: str
    sealed: object
    ledger: object


class DifferingSeal(Shape):
    """A seal that differs."""

    seal: str
    session: str
    differs: list[SealDifference]


class DifferingCommit(Shape):
    """A commit that changes something else than was sealed."""

    seal: str
    commit: str
    repository: str


class CommitSealsVerified(Shape):
    """What came of holding seals of commits against the repositories; `not_here`: commits that are in none."""

    seals: Number
    not_here: Number
    differ: list[DifferingCommit]


class SealsVerified(Shape):
    """What came of working all seals out again. Of those with erased or redacted entries, figures are not checked."""

    ok: bool
    seals: Number
    figures_withheld: Number
    differ: list[DifferingSeal]
    commits: CommitSealsVerified
    index_lag: int = 0
    index_reason: str = ""


class SessionSummary(Shape):
    """A session as lists have it."""

    id: str
    agent: str
    agents: list[str]
    repository: str
    author: str
    directories: list[str]
    first_seen: str
    last_seen: str
    events: Number
    prompts: Number
    tool_calls: Number
    edits: Number
    files: Number
    commands: Number
    denials: Number
    errors: Number
    models: list[str]
    tokens: SessionTokens
    tokens_of: str
    cost: SessionCost
    coverage: SessionCoverage
    sources: list[str]
    query: str
    sealed: Literal["all", "part", "none"]
    seal: SessionSeal | None = None


class SessionList(Shape):
    """A page of sessions."""

    sessions: list[SessionSummary]
    next_cursor: str = ""
    index_lag: int = 0
    index_reason: str = ""


class SessionEdit(Shape):
    """What a call did to a file."""

    path: str
    outcome: str = ""
    lines_added: int = 0
    lines_removed: int = 0


class SessionItem(Shape):
    """Something that happened in a session: a prompt, a message, a call, another act."""

    type: str
    evidence: Evidence
    at: str = ""
    text: str = ""
    subagent: str = ""
    outcome: str = ""
    tool: str = ""
    tool_use_id: str = ""
    denied: bool = False
    command: str = ""
    edits: tuple[SessionEdit, ...] = ()
    commits: tuple[str, ...] = ()
    snapshots: tuple[str, ...] = ()


class SessionTurn(Shape):
    """A prompt, if there is one, and what was done because of it."""

    items: list[SessionItem]
    sealed: bool
    prompt: SessionItem | None = None


class SessionFile(Shape):
    """A file that was changed; lines are none where no record shows them."""

    path: str
    edits: Number
    lines_added: int | None
    lines_removed: int | None


class SessionCommit(Shape):
    """A commit that was named, and where."""

    commit: str
    evidence: list[str]


class SessionProgram(Shape):
    """A program that commands ran."""

    program: str
    calls: Number


class SessionHole(Shape):
    """Something that a witness did not tell."""

    reason: str
    detail: str
    witness: str = ""
    use: str = ""
    tool: str = ""
    evidence: tuple[str, ...] = ()


class ModelTokens(Shape):
    """Tokens of one model."""

    model: str
    tokens: SessionTokens


class Session(SessionSummary):
    """A session with its turns."""

    tokens_by_model: list[ModelTokens]
    turns: list[SessionTurn]
    changed: list[SessionFile]
    commits: list[SessionCommit]
    software: list[SessionProgram]
    subagents: list[str]
    model_switches: list[SessionItem]
    holes: list[SessionHole]
    index_lag: int = 0
    index_reason: str = ""


class CacheSavings(Shape):
    """What caching saved in US dollars, as text: gross, what writing cost more, and what is left of it.

    None where an answer that used a cache has no price, or nobody told tokens; never zero for want of one.
    """

    gross_usd: str | None
    extra_usd: str | None
    net_usd: str | None


class SessionLength(Shape):
    """Seconds from the first to the last thing of each session that states a time."""

    sessions: Number
    seconds: float
    median: float | None
    longest: float | None


class SummedCoverage(Shape):
    """How far witnesses tell the same: `by_all` of the calls `compared`, those of sessions that several told of."""

    complete: Number
    several: Number
    one: Number
    calls: Number
    compared: Number
    by_all: Number
    share: Share | None
    by: dict[str, int]
    holes: Number


class SessionSum(Shape):
    """A sum over sessions."""

    sessions: Number
    prompts: Number
    tool_calls: Number
    edits: Number
    commands: Number
    denials: Number
    errors: Number
    tokens: SessionTokens
    cost: SessionCost
    cache: CacheSavings
    length: SessionLength
    coverage: SummedCoverage


class SessionSumRow(Shape):
    """A sum, what it is of, and what is behind it: sessions, those seen last first, and the query for their entries.

    Of a tool, a server or a program only calls are summed, and `evidence` names events of some.
    """

    sessions: Number
    tool_calls: Number
    edits: Number
    commands: Number
    denials: Number
    errors: Number
    session_ids: list[str]
    query: str
    agent: str = ""
    author: str = ""
    model: str = ""
    repository: str = ""
    day: str = ""
    week: str = ""
    witnesses: str = ""
    tool: str = ""
    server: str = ""
    program: str = ""
    start: str = ""
    end: str = ""
    prompts: int = 0
    tokens: SessionTokens | None = None
    cost: SessionCost | None = None
    cache: CacheSavings | None = None
    length: SessionLength | None = None
    coverage: SummedCoverage | None = None
    evidence: tuple[str, ...] = ()


class SumTable(Shape):
    """Sums by something; `left_out`: rows with less in them that are not told."""

    by: list[str]
    rows: list[SessionSumRow]
    left_out: int = 0


class SessionStats(SumTable):
    """Sums over sessions: the first table, the others, and all of it together."""

    total: SessionSum
    prices: str
    tables: tuple[SumTable, ...] = ()
    index_lag: int = 0
    index_reason: str = ""


class LineSeal(Shape):
    """A seal of a commit, and where the commit is: the repository's id."""

    seal: str
    commit: str
    repository: str


class LineSum(Shape):
    """Lines that commits added, by whose they are. `added` has each class with its grade; shares are of all lines."""

    commits: Number
    unsealed: Number
    lines: Number
    classes: dict[str, int]
    grades: dict[str, int]
    added: dict[str, int]
    ai_share: Share | None
    known_share: Share | None
    seals: list[LineSeal]


class LineSumRow(LineSum):
    """A sum, and what it is of."""

    repository: str = ""
    author: str = ""
    day: str = ""
    week: str = ""


class LineStats(Shape):
    """Sums over commits. `left_out`: rows with fewer lines that are not told; `commits_left_out`: older commits."""

    by: list[str]
    rows: list[LineSumRow]
    total: LineSum
    left_out: int = 0
    commits_left_out: int = 0
    index_lag: int = 0
    index_reason: str = ""
