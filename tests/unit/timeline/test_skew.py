"""Matching of what two sources saw, and what differences are taken to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.engine import fresh_log, opened
from vestige.index import Block
from vestige.model.event import Event
from vestige.model.instant import NANOS
from vestige.query import Reader
from vestige.timeline import skew
from vestige.timeline.skew import Skew, read_skew, suspect
from vestige.timeline.sources import SourceCounts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vestige.index import Index

START = 1_772_000_000 * NANOS


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder: Path = tmp_path_factory.mktemp("skew")
    with opened(folder) as made:
        yield made


def seen(index: Index, rows: list[tuple[str, float, str]]) -> dict[tuple[str, str], Skew]:
    """What sightings (source, seconds, session) say."""
    log, count = fresh_log(), len(rows)
    events = [Event("a.b", START + int(at * NANOS), session=session, trace_id=session) for _, at, session in rows]
    ids = [f"01KAP{n:021}" for n in range(count)]
    sources = [source for source, _, _ in rows]
    index.write(
        Block(log, 0, count, "00", range(count), [0] * count, ids, [START] * count, sources, ["p/1"] * count, [events],
              [0] * count)
    )  # fmt: skip
    return {(one.a, one.b): one for one in read_skew(Reader(index), log)}


def test_equal_numbers_of_sightings_are_matched_in_order_else_the_first_ones(index: Index) -> None:
    rows = [(source, n * 1000 + away, "recurs") for n in range(6) for source, away in (("x", 0.0), ("y", 40.0))]
    rows += [("z", n * 1000 - 7.0, "recurs") for n in range(5)]
    found = seen(index, rows)
    assert (found["x", "y"].pairs, found["x", "y"].offset, found["x", "y"].verdict) == (6, -40 * NANOS, "clock_skew")
    assert (found["x", "z"].pairs, found["x", "z"].offset, found["x", "z"].verdict) == (1, 7 * NANOS, "too_few")


def test_what_lies_more_than_a_day_apart_is_no_match_nor_what_is_frequent(index: Index) -> None:
    rows = [(source, n * 10 + away, f"far{n}") for n in range(6) for source, away in (("x", 0.0), ("y", 86_401.0))]
    rows += [(source, float(n), "frequent") for n in range(33) for source in ("x", "y")]
    assert seen(index, rows) == {}


@pytest.mark.parametrize("size", [1_000_000, 5])
def test_several_passes_find_what_one_finds(index: Index, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(skew, "PASS", size)
    rows = [(source, n * 50 + away, f"s{n}") for n in range(30) for source, away in (("x", 5400.2), ("y", 0.0))]
    (one,) = seen(index, rows).values()
    assert (one.pairs, one.offset, one.verdict) == (30, 5_400_200_000_000, "zone_error")
    assert (one.zone, one.deviation, one.share, one.kinds) == (5400 * NANOS, 0, 1.0, ("session", "trace"))


@pytest.mark.parametrize(
    ("seconds", "pairs", "share", "verdict"),
    [
        (4.9, 5, 0.6, "in_step"),
        (5.0, 5, 0.6, "clock_skew"),
        (-7200.0, 5, 1.0, "zone_error"),
        (870.0, 5, 1.0, "zone_error"),
        (869.0, 5, 1.0, "clock_skew"),
        (14 * 3600.0, 5, 1.0, "zone_error"),
        (15 * 3600.0, 5, 1.0, "clock_skew"),
        (7200.0, 4, 1.0, "too_few"),
        (7200.0, 5, 0.59, "unsteady"),
    ],
)
def test_verdicts_on_both_sides_of_each_bound(seconds: float, pairs: int, share: float, verdict: str) -> None:
    assert Skew("a", "b", int(seconds * NANOS), 0, pairs, (), share, ()).verdict == verdict


def counts(events: int = 10, assumed: int = 0, future: int = 0) -> SourceCounts:
    made = SourceCounts(events=events, future=future)
    made.qualities["assumed_zone"] = assumed
    return made


def test_what_points_to_one_of_two() -> None:
    pair = Skew("a", "b", 7200 * NANOS, 0, 9, (), 1.0, ())
    plain = {"a": counts(), "b": counts(), "c": counts()}
    assert suspect(pair, [pair], plain) == ("", "")
    assert suspect(pair, [pair], plain | {"b": counts(assumed=6)})[0] == "b"
    assert suspect(pair, [pair], plain | {"a": counts(future=1)})[0] == "a"
    agree = Skew("b", "c", 0, 0, 9, (), 1.0, ())
    assert suspect(pair, [pair, agree], plain)[0] == "a"
    assert suspect(pair, [pair, agree], plain | {"c": counts(assumed=6)}) == ("", "")
