"""What answers about sources and receivers look like. For the OpenAPI document alone: nothing is made by these."""

from __future__ import annotations

from pydantic import Field, RootModel

from vestige.api.answers.shape import Shape


class TimeQuality(Shape):
    """Of how many events the time is of each quality."""

    exact: int
    assumed_zone: int
    assumed_year: int
    missing: int


class Generic(Shape):
    """Events whose type says only what kind of source spoke."""

    events: int
    share: float


class FormatCounts(Shape):
    """What one format read of a source."""

    events: int
    generic: int
    share: float


class SourceSettings(Shape):
    """What is said of a source."""

    zone: str = ""
    year: int = 0
    clock_offset: str = ""
    evidence: list[str] = Field(default_factory=list)
    because: str = ""
    date_order: str = ""
    format: str = ""
    keys: dict[str, str] = Field(default_factory=dict)


class Source(Shape):
    """A source: what it holds, how far its times may be trusted, and what is said of it."""

    id: str
    name: str
    acquisitions: int
    settings: SourceSettings
    records: int = 0
    events: int = 0
    unparsed: int = 0
    skipped: int = 0
    first: str = ""
    last: str = ""
    last_received: str = ""
    received_last_hour: int = 0
    stamped_in_the_future: int = 0
    time_quality: TimeQuality | None = None
    generic: Generic | None = None
    formats: dict[str, FormatCounts] = Field(default_factory=dict)


class SourceList(Shape):
    """Every source."""

    sources: list[Source]
    index_lag: int = 0


class Band(Shape):
    """A stretch of time of which there is evidence."""

    first: str
    last: str
    events: int
    acquisitions: int
    terms: list[str]


class Covered(Shape):
    """Of which stretches there is evidence of a source."""

    source: str
    events: int
    bands: list[Band]


class Coverage(Shape):
    """Of which stretches there is evidence of each source."""

    join_seconds: float
    sources: list[Covered]


class Listener(Shape):
    """What listens by itself, and what became of what came."""

    name: str
    address: str
    received: int
    received_bytes: int
    committed: int
    waiting: int
    dropped: int
    refused: int
    cut: int
    torn: int
    connections: int = 0
    error: str = ""


class Listeners(RootModel[list[Listener]]):
    """Everything that listens by itself."""
