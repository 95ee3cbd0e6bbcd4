"""What answers about cases look like (docs/cases.md). For the OpenAPI document alone: nothing is read or made by these.

A field with a default is left out of an answer where there is nothing to say; others may be added to any.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from vestige.api.answers.shape import Shape

State = Literal["intact", "erased", "altered", "missing"]


class Fault(Shape):
    """A pin that is not what it was."""

    event_id: str
    integrity: State
    reason: str


class Case(Shape):
    """A case: its own fields, who made and last changed it, and how many events are pinned."""

    id: str
    name: str
    description: str
    status: Literal["open", "investigating", "closed", "exported", "archived"]
    owner: str
    members: list[str]
    tags: list[str]
    created_by: str
    created_at: str
    updated_by: str
    updated_at: str
    revision: int
    events: int
    created: str = ""
    claimed_created_by: str = ""


class CaseIntegrity(Shape):
    """Of the pins that were checked, how many are of each state."""

    checked: int
    of: int
    intact: int = 0
    erased: int = 0
    altered: int = 0
    missing: int = 0
    altered_events: list[Fault] = Field(default_factory=list)


class ShownCase(Case):
    """A case, how many items of each kind are in it, and whether what is pinned is as it was."""

    items: dict[str, int]
    integrity: CaseIntegrity


class CaseList(Shape):
    """Cases, those changed last first."""

    cases: list[Case]
    next_cursor: str = ""


class CasePin(Shape):
    """A pinned event: what is said of it, and whether it still is what was pinned."""

    event_id: str
    leaf_hash: str
    annotation: str
    pinned: bool
    added_by: str
    added_at: str
    updated_by: str
    updated_at: str
    integrity: State
    reason: str = ""


class CasePins(Shape):
    """Pins in the order of the ledger."""

    events: list[CasePin]
    next_cursor: str = ""


class CaseTimeline(Shape):
    """A page of a case's events, and what the case says of each, where that was asked for."""

    events: list[dict[str, Any]]
    pins: list[CasePin] = Field(default_factory=list)
    next_cursor: str = ""
    previous_cursor: str = ""
    index_lag: int = 0


class Pinned(Shape):
    """What became of pinning: `selection` is its id, by which it can be undone; `matched` stands for queries."""

    case: str
    selection: str
    pinned: int
    already: int
    matched: int = 0


class Unpinned(Shape):
    """How many events were taken out."""

    case: str
    selection: str
    unpinned: int


class CaseCheck(Shape):
    """Every pin, and every event that items name, held against the ledger."""

    case: str
    ok: bool
    checked: int
    intact: int = 0
    erased: int = 0
    altered: int = 0
    missing: int = 0
    altered_events: list[Fault] = Field(default_factory=list)


class CaseAct(Shape):
    """Something that was done, as its entry says; of an erased one only where it stands."""

    id: str
    seq: int
    at: str
    leaf_hash: str
    act: str = ""
    by: str = ""
    detail: dict[str, Any] = Field(default_factory=dict)
    erased: bool = False


class CaseActivity(Shape):
    """What was done to a case, the newest first."""

    acts: list[CaseAct]
    next_cursor: str = ""


class Named(Shape):
    """An event that a note embeds, or that speaks for or against a hypothesis."""

    event_id: str
    leaf_hash: str
    position: int
    side: Literal["for", "against"] | None = None
    comment: str = ""
    by: str = ""
    at: str = ""


class Live(Shape):
    """An event that an item names, as it is now; null where the index does not have it."""

    event_id: str
    integrity: State
    event: dict[str, Any] | None


class CaseItem(Shape):
    """Something said in a case; which of the fields it has goes by its kind."""

    id: str
    kind: Literal["note", "task", "hypothesis", "entity", "indicator"]
    added_by: str
    added_at: str
    updated_by: str
    updated_at: str
    revision: int
    title: str = ""
    text: str = ""
    status: str = ""
    assignee: str = ""
    due: str = ""
    verdict: str = ""
    reason: str = ""
    type: str = ""
    value: str = ""
    added: str = ""
    events: list[Named] = Field(default_factory=list)
    evidence: list[Named] = Field(default_factory=list)
    live: list[Live] = Field(default_factory=list)


class CaseItems(Shape):
    """What was said in a case, the oldest first."""

    items: list[CaseItem]
    next_cursor: str = ""
