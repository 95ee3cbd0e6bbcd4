"""What answers about chains, entities, patterns and findings look like (docs/chains.md, entities.md, sequences.md).

For the OpenAPI document alone. A field with a default is left out of an answer where there is nothing to say.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, WithJsonSchema

from vestige.api.answers.shape import Shape

Events = Annotated[
    list[dict[str, Any]],
    WithJsonSchema({"type": "array", "items": {"type": "object", "required": ["id"], "additionalProperties": True}}),
]
"""Events as the timeline shows them."""
Number = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class ChainLink(Shape):
    """Why an event belongs to a chain."""

    model_config = ConfigDict(populate_by_name=True)

    origin: Annotated[str, Field(alias="from")]
    to: str
    key: str
    value: str
    rarity: Number
    strength: Share
    reason: str


class ChainLeftOut(Shape):
    """A key, or events of it, that a chain did not take."""

    key: str
    value: str
    events: Number
    at_least: bool
    why: Literal["common", "far", "routine", "apart", "weak", "cap"]


class Chain(Shape):
    """An event and what belongs with it, oldest first; no window where the seed has no time."""

    seed: str
    acts: Number
    links: list[ChainLink]
    same_acts: list[list[str]]
    left_out: list[ChainLeftOut]
    events: Events
    start: str = ""
    end: str = ""
    index_lag: int = 0
    index_reason: str = ""


class EntityName(Shape):
    """What an entity is."""

    id: str
    kind: str
    value: str


class EntityRow(EntityName):
    """An entity of a list. Without dated events it was neither first nor last seen."""

    events: Number
    first_seen: str | None
    last_seen: str | None
    query: str


class EntityList(Shape):
    """A page of entities; the first page counts them by kind."""

    entities: list[EntityRow]
    totals: dict[str, int] = Field(default_factory=dict)
    next_cursor: str = ""
    index_lag: int = 0
    index_reason: str = ""


class Shown(Shape):
    """Ids of events that show the first and the last of something."""

    first: str = ""
    last: str = ""
    undated: str = ""


class Part(Shape):
    """How many of how many."""

    met: Number
    of: Number


class DayOf(Shape):
    """Events of a day, in UTC."""

    day: str
    events: Number


class ValueOf(Shape):
    """Events with a value."""

    value: str
    events: Number


class RelatedEntity(EntityRow):
    """An entity that was met, with the events that show it."""

    evidence: Shown


class AliasLink(Shape):
    """That two names are, or may be, one."""

    one: EntityName
    other: EntityName
    rule: Literal["account", "device", "local-part"]
    strength: Literal["joined", "ambiguous", "possible"]
    reason: str
    events: Number
    sources: list[str]
    first_seen: str | None
    last_seen: str | None
    evidence: str = ""


class Spelling(Shape):
    """How a name is written."""

    text: str
    times: Number
    evidence: str = ""


class CountedReason(Shape):
    """What was left out, and how many."""

    why: str
    count: Number


class EntityAliases(Shape):
    """What an entity is called: joined names, itself first, and every link that was looked at."""

    names: list[EntityName]
    links: list[AliasLink]
    spellings: list[Spelling]
    left_out: list[CountedReason]


class Entity(EntityRow):
    """What is known of one entity."""

    undated: Number
    evidence: Shown
    prevalence: dict[str, Part]
    activity: list[DayOf]
    sources: list[ValueOf]
    types: list[ValueOf]
    outcomes: list[ValueOf]
    values_left_out: Number
    related: list[RelatedEntity]
    related_totals: dict[str, int]
    related_by: Literal["meetings", "events"]
    aliases: EntityAliases
    not_counted: list[str] = Field(default_factory=list)


class GraphEntity(EntityRow):
    """An entity of a graph, how many steps away, and how many others it met in all."""

    level: Number
    peers: Number
    through: bool


class Meeting(Shape):
    """That two entities took part in one event."""

    model_config = ConfigDict(populate_by_name=True)

    origin: Annotated[str, Field(alias="from")]
    to: str
    events: Number
    first_seen: str | None
    last_seen: str | None
    strength: Share
    query: str
    evidence: str = ""


class GraphLeftOut(Shape):
    """What is not in a graph: of which entity (none: of the meetings as a whole), how many, and why."""

    count: Number
    why: Literal["hub", "peers", "level", "edges"]
    id: str = ""
    kind: str = ""
    value: str = ""


class EntityGraph(Shape):
    """Whom an entity met, whom those met."""

    center: str
    entities: list[GraphEntity]
    relationships: list[Meeting]
    left_out: list[GraphLeftOut]
    note: str = ""


class SequencePattern(Shape):
    """A pattern; one that cannot be read has its name, digest and why instead of the rest."""

    name: str
    digest: str
    origin: Literal["own", "built-in"]
    enabled: bool
    version: str = ""
    title: str = ""
    description: str = ""
    severity: str = ""
    tags: list[str] = Field(default_factory=list)
    unreadable: str = ""


class SequencePatternText(SequencePattern):
    """A pattern with its text, as it was applied."""

    text: str


class SequenceList(Shape):
    """Every pattern, and how the scans on arrival fare."""

    patterns: list[SequencePattern]


class Finding(Shape):
    """What a pattern or a rule found. Without times its events are not indexed, or undated."""

    id: str
    kind: str
    pattern: str
    version: str
    digest: str
    title: str
    severity: str
    tags: list[str]
    events: Number
    times: Number
    evidence: list[str]
    started_at: str = ""
    ended_at: str = ""


class FindingList(Shape):
    """The findings that are kept, the newest first."""

    detections: list[Finding]
    index_lag: int = 0
    index_reason: str = ""
