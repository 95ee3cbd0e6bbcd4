"""From a plan to the truth about it: what will stand where, told before it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.demo.clock import rfc3339_millis
from vestige.demo.truth import (
    SCHEMA,
    Clock,
    Duplicates,
    FileTruth,
    Late,
    Malformed,
    NearMiss,
    Sighting,
    SourceTruth,
    Step,
    Totals,
    Truth,
)

if TYPE_CHECKING:
    from vestige.demo.clock import Span
    from vestige.demo.plan import ChannelPlan
    from vestige.demo.scenario import Scenario
    from vestige.demo.story import Planted, Story

Found = tuple["Planted", str, int]
"""A planted record, the path of its file, and its number there."""


def reckon(told: Scenario, story: Story, plans: list[ChannelPlan], seed: int, span: Span) -> Truth:
    """The truth about a scenario laid out in these plans, one per channel."""
    found = [(place.planted, plan.files[place.file].path, place.number) for plan in plans for place in plan.places()]
    # By true time; acts of one instant in the order they are told.
    rank = {id(one): n for n, one in enumerate(story.planted)}
    found.sort(key=lambda row: (row[0].true_at, rank[id(row[0])]))
    steps = [row for row in found if row[0].role == "step"]
    malformed = [Malformed(path, number, one.name) for one, path, number in found if one.role == "malformed"]
    duplicates = [*_carried(plans), *_delivered_twice(found)]
    files = [file for plan in plans for file in _files(plan, malformed, duplicates)]
    records = sum(file.records for file in files)
    return Truth(
        schema=SCHEMA,
        scenario=told.name,
        title=told.title,
        telling=told.telling,
        seed=seed,
        starts_at=span.start,
        ends_at=span.end,
        totals=Totals(
            records=records,
            well_formed=records - len(malformed),
            malformed=len(malformed),
            duplicates=sum(file.duplicates for file in files),
            planted=len(story.planted),
            background=sum(sum(plan.counts) for plan in plans),
        ),
        sources=tuple(_source(plan, files) for plan in plans),
        files=tuple(files),
        steps=tuple(Step(n, row[0].name, row[0].what, _sighting(row)) for n, row in enumerate(steps, 1)),
        near_misses=tuple(
            NearMiss(
                name, why, tuple(_sighting(row) for row in found if (row[0].role, row[0].name) == ("near_miss", name))
            )
            for name, why in story.reasons.items()
        ),
        late=tuple(Late(path, number, one.entry.at, one.arrives_at) for one, path, number in found if one.is_late),
        malformed=tuple(malformed),
        duplicates=tuple(duplicates),
        clocks=tuple(
            Clock(channel.source, channel.clock_error, channel.clock_evidence)
            for channel in told.channels
            if channel.clock_error
        ),
    )


def _sighting(row: Found) -> Sighting:
    one, path, number = row
    return Sighting(
        source=one.source,
        file=path,
        number=number,
        at=one.entry.at,
        at_text=rfc3339_millis(one.entry.at),
        true_at=one.true_at,
        true_at_text=rfc3339_millis(one.true_at),
        event_type=one.entry.event_type,
        outcome=one.entry.outcome,
        actor=one.entry.actor,
        keys=one.entry.keys,
    )


def _carried(plans: list[ChannelPlan]) -> list[Duplicates]:
    return [
        Duplicates(file.path, 0, file.carried, before.path, before.records - file.carried)
        for plan in plans
        for before, file in zip(plan.files, plan.files[1:], strict=False)
        if file.carried
    ]


def _delivered_twice(found: list[Found]) -> list[Duplicates]:
    stands = {id(one): (path, number) for one, path, number in found}
    return [Duplicates(path, number, 1, *stands[id(one.again)]) for one, path, number in found if one.again is not None]


def _files(plan: ChannelPlan, malformed: list[Malformed], duplicates: list[Duplicates]) -> list[FileTruth]:
    zipped = plan.channel.layout == "cloudtrail"
    return [
        FileTruth(
            path=file.path,
            source=plan.channel.source,
            format=plan.channel.format,
            container="gzip" if zipped else "plain",
            lines=0 if zipped else file.records,
            records=file.records,
            malformed=sum(one.file == file.path for one in malformed),
            duplicates=sum(run.count for run in duplicates if run.file == file.path),
        )
        for file in plan.files
    ]


def _source(plan: ChannelPlan, files: list[FileTruth]) -> SourceTruth:
    own = [file for file in files if file.source == plan.channel.source]
    return SourceTruth(
        source=plan.channel.source,
        format=plan.channel.format,
        clock_error_ns=plan.channel.clock_error,
        records=sum(file.records for file in own),
        malformed=sum(file.malformed for file in own),
        duplicates=sum(file.duplicates for file in own),
    )
