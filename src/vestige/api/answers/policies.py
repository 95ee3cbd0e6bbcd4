"""What answers about policies look like (docs/policies.md). For the OpenAPI document alone."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from vestige.api.answers.shape import Shape

End = Literal["passed", "warned", "blocked", "undecided"]


class HeldPolicy(Shape):
    """A policy in force; beside what stands here, the parameters of its type."""

    model_config = ConfigDict(extra="allow")

    name: str
    type: str
    action: str = ""
    entry: str
    digest: str
    revision: Annotated[int, Field(ge=1)]
    by: str
    at: str
    new: bool = False
    repositories_here: int = 0
    unreadable: str = ""


class PolicyList(Shape):
    """Policies by name."""

    policies: list[HeldPolicy]


class PolicyResult(Shape):
    """What one policy says of one commit; without a commit, of the whole push."""

    policy: str
    type: str
    severity: str
    result: Literal["pass", "fail", "indeterminate", "waived"]
    action: Literal["block", "warn", "pass"]
    commit: str
    detail: str
    evidence: list[dict[str, Any]]


class PolicyDecision(Shape):
    """What policies say of a push."""

    passed: bool
    blocked: bool
    results: list[PolicyResult]
    decision: str
    repository: str
    commits: int
    policies: int
    digests: dict[str, str]


class SessionSeal(Shape):
    """A session that had a part in a commit; without a seal, it is not sealed as it stands."""

    id: str
    seal: str


class JudgedCommit(Shape):
    """What is known of one commit: its seal, its sessions, and whose the lines are that it adds."""

    oid: str
    subject: str
    seal: str
    sessions: list[SessionSeal]
    lines: dict[str, int]
    unread: int
    paths: list[str]
    cut: str


class JudgingRule(Shape):
    """A policy that was held against the commits, and the entry that put it in force."""

    name: str
    type: str
    severity: str
    action: str
    description: str
    entry: str
    sha256: str
    revision: int


class CommitAttestation(Shape):
    """A statement of one commit: the entry that sealed it, and a DSSE envelope around it and its proof."""

    commit: str
    entry: str
    envelope: str


class PolicyVerification(PolicyDecision):
    """What policies say of commits that were pushed, and what is known of them."""

    judged: list[JudgedCommit]
    cut: str
    coverage: dict[str, int]
    rules: list[JudgingRule]
    attestations: list[CommitAttestation]


class PolicyBundle(Shape):
    """An entry with policies, what opens its commitment (base64, hexadecimal), and its proof."""

    entry: str
    repository: str
    until: str
    policies: int
    payload: str
    leaf: str
    salt: str
    proof: str
    origin: str
    vkey: str


class PolicyDecisionSummary(Shape):
    """A decision as lists have it; with a reason, something that could not be decided."""

    id: str
    at: str
    by: str
    repository: str
    gate: str
    passed: bool
    blocked: bool
    commits: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    reason: str = ""
    end: End = "blocked"


class PolicyDecisionList(Shape):
    """Decisions, the newest first."""

    decisions: list[PolicyDecisionSummary]
    next_cursor: str = ""


class PolicyVersions(Shape):
    """Every version that a policy ever had, the newest first."""

    policy: str
    in_force: bool
    versions: list[HeldPolicy]


class TriedPolicy(Shape):
    """A policy of a document that is tried; beside what stands here, the parameters of its type."""

    model_config = ConfigDict(extra="allow")

    name: str
    type: str
    action: str
    state: Literal["new", "changed", "same"]


class TriedCommit(Shape):
    """A commit that was judged."""

    oid: str
    subject: str


class Tried(Shape):
    """What policies would say of a push, or of a range of commits."""

    passed: bool
    blocked: bool
    results: list[PolicyResult]
    commits: list[TriedCommit]


class TriedPush(Tried):
    """Of a push that was decided, by the facts of its decision, and what came of it then."""

    decision: str
    at: str
    was: Literal["passed", "warned", "blocked"]


class TriedRange(Tried):
    """Of commits by what is known now; `unsealed`: sessions that a push would seal, and that count as sealed."""

    range: str
    unsealed: int


class PolicyTrial(Shape):
    """Policies that are not in force by this, and what they would say."""

    policies: list[TriedPolicy]
    pushes: tuple[TriedPush, ...] = ()
    unread: int = 0
    """Pushes that were decided and are left out: their entries hold facts that are not known here."""
    commits: TriedRange | None = None


class PolicySum(Shape):
    """How many decisions there were, how they ended, and how many results of each kind are in them."""

    decisions: int
    ends: dict[str, int]
    results: dict[str, int]


class PolicyTime(PolicySum):
    """Those of a day, or of the week that begins with it."""

    day: str = ""
    week: str = ""


class PolicyOf(PolicySum):
    """Those in which one policy said something."""

    policy: str


class PolicyResults(Shape):
    """What came of policies. `left_out`: older decisions, which are not counted."""

    by: Literal["day", "week"]
    total: PolicySum
    rows: list[PolicyTime]
    policies: list[PolicyOf]
    left_out: int


class PolicyReplay(Shape):
    """A decision made again."""

    decision: str
    same: bool
    digests_hold: bool
    engine_same: bool
    policies_in_ledger: bool
    differs: list[dict[str, Any]]


class PolicyWaiver(Shape):
    """A policy that is let be for a while."""

    id: str
    policy: str
    repository: str
    commit: str
    until: str
    reason: str
    by: str
    at: str
    state: Literal["in force", "over", "withdrawn"]
    withdrawn_by: str = ""


class PolicyWaiverList(Shape):
    """Waivers, the newest first."""

    waivers: list[PolicyWaiver]
