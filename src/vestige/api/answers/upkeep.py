"""What answers about integrity, custody and jobs look like, for the OpenAPI document: nothing is made by these."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, RootModel

from vestige.api.answers.shape import Progress, Shape


class VerifierKey(Shape):
    """A key of the log, and the sizes it is valid for."""

    vkey: str
    epoch: int
    origin: str
    from_size: int
    to_size: int = 0
    last_good_size: int = 0
    second: str = ""


class VerifierKeys(RootModel[list[VerifierKey]]):
    """The keys of a log, the oldest first."""


class Job(Shape):
    """What is done by itself."""

    name: str
    about: str
    every_seconds: int
    state: str
    due: str = ""
    started: str = ""
    ended: str = ""
    last_good: str = ""
    runner: str = ""
    progress: Progress | None = None
    error: str = ""
    failures: int = 0
    result: dict[str, Any] = Field(default_factory=dict)


class Jobs(Shape):
    """Every job."""

    jobs: list[Job]
    error: str = ""


class Integrity(Shape):
    """What the last verifications found."""

    verdict: Literal["good", "failed", "unknown"]
    alarm: bool
    checks: list[Job]


class Anchor(Shape):
    """What somebody else says of a checkpoint."""

    id: str
    type: str
    size: int
    root: str
    at: str
    by: str
    over: str


class Party(Shape):
    """How an authority, witness or remote stands."""

    by: str
    type: str
    due: bool
    failure: str = ""
    size: int = 0
    at: str = ""


class Anchors(Shape):
    """Anchors of the log, the oldest first, and how each party stands."""

    anchors: list[Anchor]
    parties: list[Party]
    next: int = 0


class SourceDays(Shape):
    """A source that is kept for another time."""

    name: str
    days: int


class Retention(Shape):
    """How long evidence is kept."""

    days: int
    mode: str
    purge: Literal["on", "off"]
    sources: list[SourceDays]
    floor_days: int
    mode_about: str
    counted_from: str
    warning: str = ""


class Archive(Shape):
    """A week's archive."""

    week: str
    epoch: int
    entries: int
    records: int
    erased: int
    made: str
    manifest_sha256: str


class Archives(Shape):
    """The archives there are."""

    configured: bool
    archives: list[Archive]


class Rule(Shape):
    """What the tenant's custody asks for."""

    two_persons: bool
    hours: int
    sealed: bool


class Proposal(Shape):
    """What one person proposed, and what became of it."""

    id: str
    act: str
    state: str
    proposed_by: str
    proposed_at: str
    expires: str
    body: dict[str, Any]
    decided_by: str = ""
    decided_at: str = ""


class Proposals(Shape):
    """The newest proposals, the newest first."""

    proposals: list[Proposal]


class Act(Shape):
    """An act of the tenant's own."""

    id: str
    seq: int
    at: str
    kind: str
    action: str
    actor: str
    detail: dict[str, Any]
    resource: str = ""
    key: str = ""
    address: str = ""
    agent: str = ""
    request: str = ""


class Audit(Shape):
    """A page of acts."""

    entries: list[Act]
    next_cursor: str = ""
    index_lag: int = 0
