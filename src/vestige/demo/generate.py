"""From a scenario, a size and a seed to a folder of evidence and the truth about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from vestige.demo.cast import Cast
from vestige.demo.chance import stream, words
from vestige.demo.clock import DEFAULT_END, HOUR, MINUTE, Span, offsets
from vestige.demo.evidence import write_channel
from vestige.demo.menus import BULK
from vestige.demo.plan import ChannelPlan
from vestige.demo.reckoning import reckon
from vestige.demo.scenarios import SCENARIOS
from vestige.demo.shapes.declared import Declared
from vestige.demo.story import Story
from vestige.demo.truth import FILE_NAME, Truth
from vestige.model.errors import ConflictError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


LEAST_EVENTS = 100
"""The smallest story: its acts alone, with a little background, fill this many records."""
_LATEST = 2**63 - 1


class Progress(Protocol):
    """Told from time to time how many records are written, and out of how many."""

    def __call__(self, done: int, total: int) -> None:
        """Called at least once, at the end."""


def generate(
    out_dir: Path,
    *,
    scenario: str,
    events: int,
    seed: int,
    end: int | None = None,
    progress: Progress | None = None,
) -> Truth:
    """Write a scenario's evidence below ``out_dir/evidence`` and the truth about it to ``out_dir/truth.json``.

    The truth is written first. The same arguments give the same bytes.

    Args:
        out_dir: a folder that does not exist yet or is empty.
        scenario: a name in :data:`SCENARIOS`.
        events: how many records all files hold together, malformed and duplicate ones counted; at least 100.
        seed: any integer.
        end: the instant (ns) the story ends at, taken down to the whole minute; :data:`DEFAULT_END` if not given.
        progress: told how far the writing is.

    Raises:
        UsageError: no such scenario, too few events, or an end no story can have.
        ConflictError: the folder has something in it.
    """
    plans, truth = plan(scenario=scenario, events=events, seed=seed, end=end)
    if out_dir.exists() and any(out_dir.iterdir()):
        raise ConflictError(
            "the folder for the demo data is not empty",
            expected="a new or empty folder",
            got=str(out_dir),
            hint="name another folder, or remove this one",
        )
    out_dir.mkdir(parents=True, exist_ok=True)
    (out_dir / FILE_NAME).write_bytes(truth.to_json())
    done = 0

    def wrote(count: int) -> None:
        nonlocal done
        done += count
        if progress:
            progress(done, truth.totals.records)

    for channel in plans:
        write_channel(channel, out_dir, wrote)
    return truth


def plan(*, scenario: str, events: int, seed: int, end: int | None = None) -> tuple[list[ChannelPlan], Truth]:
    """Lay a scenario out and tell the truth about it, without writing anything. Arguments as of :func:`generate`."""
    told = SCENARIOS.get(scenario)
    if told is None:
        raise UsageError("no such scenario", expected=" or ".join(SCENARIOS), got=scenario[:60], field="scenario")
    if events < LEAST_EVENTS:
        raise UsageError(
            "too few events for a story", expected=f"at least {LEAST_EVENTS}", got=str(events), field="events"
        )
    last = DEFAULT_END if end is None else end
    if not told.hours * HOUR <= last <= _LATEST:
        raise UsageError(
            "no story can end then",
            expected="nanoseconds since 1970 that leave room for the story",
            got=str(last),
            field="end",
        )
    span = Span.ending(last, told.hours)
    errors = {channel.source: channel.clock_error for channel in told.channels}
    story = Story(seed, span, events, errors)
    shapes = {shape.source: shape for shape in told.tell(story, Cast.of(seed))}
    carried = min(4 + events // 500, 40) if told.rotated_before_end else 0
    background = _share(events - len(story.planted) - carried, [channel.weight for channel in told.channels])
    plans = [
        ChannelPlan(
            channel,
            shapes[channel.source],
            span,
            seed,
            count,
            [one for one in story.planted if one.source == channel.source],
            rotated=span.minutes - told.rotated_before_end // MINUTE,
            carried=carried,
        )
        for channel, count in zip(told.channels, background, strict=True)
    ]
    return plans, reckon(told, story, plans, seed, span)


def json_lines(seed: int, events: int, *, days: int = 30, end: int | None = None) -> Iterator[bytes]:
    """``events`` declared events of about 400 bytes, rising in time, one JSON object each without a line end.

    They fill the days before ``end`` as a working week would, and tell no story. Memory does not grow with the
    number. The same arguments give the same bytes.
    """
    span = Span.ending(DEFAULT_END if end is None else end, days * 24)
    source = Declared(Cast.of(seed), "bulk", BULK)
    number = 0
    for minute, count in enumerate(span.allot(events)):
        if count:
            rng = stream(seed, "bulk", minute)
            times = offsets(rng, count)
            yield from source.minute(span.start + minute * MINUTE, times, words(rng, count), number)
            number += count


def _share(total: int, weights: Sequence[int]) -> list[int]:
    whole = sum(weights)
    out = [total * weight // whole for weight in weights]
    out[0] += total - sum(out)
    return out
