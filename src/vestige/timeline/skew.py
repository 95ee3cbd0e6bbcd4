"""How far the clocks of two sources stand apart, by what both of them saw.

Two sources that name the same rare thing (a session, a trace, a token, an address with its port, a sign-in of one
identity from one address) often tell of the same act. Per thing, sightings are matched in order of time if both sources
have as many of them, else the first with the first; a difference beyond a day is no match. The engine finds, matches
and counts them, a share of the things at a time, so that its memory does not grow with the log, and hands out a sample
of the differences: their median, the median deviation from it, and the share near it. Where most lie near one value,
the clocks stand apart by it; where they do not, they say nothing.

A zone error is an offset near a multiple of a quarter of an hour; any other steady one is a skewed clock. Which
of the two is wrong the differences alone do not tell: :func:`suspect` says what else points to one of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from vestige.index.schema import KIND_NUMBER, OWN_CATEGORY
from vestige.model.event import KeyKind
from vestige.model.instant import NANOS, UNDATED
from vestige.model.offset import offset_text
from vestige.timeline.cursors import Place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vestige.query import Reader
    from vestige.timeline.sources import SourceCounts

MIN_PAIRS: Final = 5
"""Fewer matched sightings say nothing."""
TOLERANCE: Final = 10 * NANOS
"""A difference this near the median is explained by it."""
STEADY: Final = 0.6
"""The share of differences that must be explained."""
IN_STEP: Final = 5 * NANOS
"""Clocks less apart than this are in step: logs are written with some delay."""
QUARTER: Final = 900 * NANOS
NEAR_QUARTER: Final = 30 * NANOS
FARTHEST_ZONE: Final = 14 * 3600 * NANOS
WITHIN: Final = 86_400 * NANOS
RARE: Final = 32
"""Sightings of one thing in one source; more often it is no single act's."""
MOST_SOURCES: Final = 8
PASS: Final = 1_000_000
"""Events whose things are held at once."""
KEPT: Final = 2000
"""Differences of one pair of sources that are weighed; of more, a sample. All are counted."""
EXAMPLES: Final = 3

IN_STEP_VERDICT: Final = "in_step"
ZONE: Final = "zone_error"
CLOCK: Final = "clock_skew"
UNSTEADY: Final = "unsteady"
TOO_FEW: Final = "too_few"

_STRONG: Final = (KeyKind.SESSION, KeyKind.TOKEN, KeyKind.HASH, KeyKind.COMMIT, KeyKind.CUSTOM)


@dataclass(frozen=True, slots=True)
class Skew:
    """What the differences of two sources say."""

    a: str
    b: str
    offset: int
    """By how much times of ``a`` lie after those of ``b``, nanoseconds: the median of differences."""
    deviation: int
    """The median of what differences are away from it."""
    pairs: int
    """Acts that both saw: the same two events count once, however many things they share. Above
    :data:`KEPT` it is an estimate."""
    kinds: tuple[str, ...]
    share: float
    """Of differences within :data:`TOLERANCE` of the offset."""
    examples: tuple[tuple[Place, Place], ...]
    """Where the pairs nearest the offset stand: of ``a``, of ``b``."""

    @property
    def verdict(self) -> str:
        """``in_step``, ``zone_error``, ``clock_skew``, ``unsteady`` or ``too_few``."""
        if self.pairs < MIN_PAIRS:
            return TOO_FEW
        if self.share < STEADY:
            return UNSTEADY
        if abs(self.offset) < IN_STEP:
            return IN_STEP_VERDICT
        return CLOCK if self.zone is None else ZONE

    @property
    def zone(self) -> int | None:
        """The multiple of a quarter of an hour the offset is near to, if it is near one."""
        nearest = (abs(self.offset) + QUARTER // 2) // QUARTER * QUARTER
        if not nearest or nearest > FARTHEST_ZONE or abs(abs(self.offset) - nearest) > NEAR_QUARTER:
            return None
        return nearest if self.offset > 0 else -nearest


@dataclass(slots=True)
class _Seen:
    """What two sources both saw."""

    pairs: int = 0
    kinds: set[str] = field(default_factory=set)
    kept: list[tuple[int, tuple[int, int, int], tuple[int, int, int]]] = field(default_factory=list)

    def weighed(self, a: str, b: str) -> Skew:
        """What the differences say."""
        # Of two things that share an act each may have come in another pass.
        kept = set(self.kept)
        differences = sorted(difference for difference, _, _ in kept)
        middle = differences[len(differences) // 2]
        away = sorted(abs(difference - middle) for difference in differences)
        nearest = sorted(kept, key=lambda one: (abs(one[0] - middle), one))[:EXAMPLES]
        return Skew(
            a,
            b,
            middle,
            away[len(away) // 2],
            round(self.pairs * len(kept) / len(self.kept)),
            tuple(sorted(self.kinds)),
            sum(one <= TOLERANCE for one in away) / len(away),
            tuple((Place(*one), Place(*other)) for _, one, other in nearest),
        )


def read_skew(reader: Reader, log: int) -> list[Skew]:
    """The skew of every two sources that share anything rare, the farthest apart first."""
    events = f"{reader.database}.events"
    counted = reader.query(f"SELECT count() FROM {events} WHERE log = {{log:UInt32}}", {"log": log})  # noqa: S608 - ours
    passes = max(1, -(-int(counted.rows[0][0]) // PASS))
    seen: dict[tuple[str, str], _Seen] = {}
    for nth in range(passes):
        params = {"log": log, "passes": passes, "nth": nth}
        for a, b, pairs, kinds, kept in reader.query(_sql(events, max(20, KEPT // passes)), params).rows:
            one = seen.setdefault((a, b), _Seen())
            one.pairs += pairs
            one.kinds.update(kinds)
            one.kept += kept
    found = [one.weighed(a, b) for (a, b), one in seen.items()]
    return sorted(found, key=lambda skew: (-abs(skew.offset) if skew.verdict in {ZONE, CLOCK} else 1, skew.a, skew.b))


def suspect(skew: Skew, found: Sequence[Skew], counts: Mapping[str, SourceCounts]) -> tuple[str, str]:
    """Which of the two sources is likelier wrong, and what says so; empty if nothing does.

    Its zone is an assumption; it stamps events later than they were received; others agree with the other one.
    """
    a, b = counts.get(skew.a), counts.get(skew.b)
    if a is None or b is None:
        return "", ""
    if skew.verdict == ZONE and a.assumed != b.assumed:
        return (skew.a if a.assumed else skew.b), "its zone is assumed"
    name, fast, slow = (skew.a, a, b) if skew.offset > 0 else (skew.b, b, a)
    if fast.future > 0 and slow.future == 0:
        return name, "it stamps events later than they were received"
    friends = {skew.a: 0, skew.b: 0}
    for pair in found:
        for one, other in ((pair.a, pair.b), (pair.b, pair.a)):
            # To agree with a source whose own zone is assumed vouches for nothing.
            if one in friends and pair.verdict == IN_STEP_VERDICT and other in counts and not counts[other].assumed:
                friends[one] += 1
    if friends[skew.a] != friends[skew.b]:
        return min(friends, key=lambda one: friends[one]), "other sources agree with the other one"
    return "", ""


def evidence(skew: Skew, ids: Mapping[Place, str]) -> list[dict[str, Any]]:
    """The examples as pairs of event ids, with the difference of each."""
    return [
        {"a": ids[one], "b": ids[other], "difference": offset_text(one.occurred_at - other.occurred_at)}
        for one, other in skew.examples
        if one in ids and other in ids
    ]


def _sql(events: str, kept: int) -> str:
    strong = ", ".join(str(KIND_NUMBER[kind]) for kind in _STRONG)
    names = ", ".join(f"'{kind}'" for kind in KIND_NUMBER)
    login = "concat(event_type, ' ', src_ip, ' ', lowerUTF8({0}))"
    logins = ", ".join(
        f"if(startsWith(event_type, 'auth.') AND src_ip != '' AND {name} != '', [('login', {login.format(name)})], [])"
        for name in ("actor_id", "actor_name")
    )
    things = (
        "arrayDistinct(arrayConcat("
        "if(session != '', [('session', session)], []), "
        "if(trace_id != '', [('trace', trace_id)], []), "
        "if(src_ip != '' AND src_port >= 1024, [('flow', concat(src_ip, ' ', toString(src_port)))], []), "
        f"{logins}, "
        f"arrayMap((k, v) -> ([{names}][k], v), arrayFilter(k -> k IN ({strong}), key_kinds), "
        f"arrayFilter((v, k) -> k IN ({strong}), key_values, key_kinds))))"
    )
    # One row per thing and source, then per thing with every two of its sources, then per matched pair of sightings.
    single = (
        f"SELECT source, occurred_at, seq, sub, arrayJoin({things}) AS thing FROM {events} "  # noqa: S608 - our own names
        f"WHERE log = {{log:UInt32}} AND occurred_at > {UNDATED} AND status = 'parsed' AND category != '{OWN_CATEGORY}'"
    )
    sighted = (
        f"SELECT thing, source, count() AS n, arraySort(groupArray({RARE})((occurred_at, seq, sub))) AS at "  # noqa: S608
        f"FROM ({single}) "
        f"WHERE cityHash64(thing) % {{passes:UInt32}} = {{nth:UInt32}} GROUP BY thing, source HAVING n <= {RARE}"
    )
    shared = (
        f"SELECT thing, arraySort(groupArray({MOST_SOURCES + 1})((source, at))) AS seen FROM ({sighted}) "  # noqa: S608
        f"GROUP BY thing HAVING length(seen) BETWEEN 2 AND {MOST_SOURCES}"
    )
    both = (
        "SELECT thing, arrayJoin(arrayFlatten(arrayMap(i -> arrayMap(j -> (seen[i], seen[j]), "  # noqa: S608
        f"range(i + 1, length(seen) + 1)), range(1, length(seen))))) AS two FROM ({shared})"
    )
    matched = (
        "SELECT thing, two.1.1 AS a, two.2.1 AS b, arrayJoin(if(length(two.1.2) = length(two.2.2), "  # noqa: S608
        "arrayZip(two.1.2, arrayResize(two.2.2, length(two.1.2))), [(two.1.2[1], two.2.2[1])])) AS pair, "
        f"pair.1.1 - pair.2.1 AS difference FROM ({both})"
    )
    distinct = (
        f"SELECT a, b, pair, difference, groupUniqArray(thing.1) AS shared FROM ({matched}) "  # noqa: S608
        f"WHERE abs(difference) <= {WITHIN} GROUP BY a, b, pair, difference"
    )
    return (
        f"SELECT a, b, count(), groupUniqArrayArray(shared), groupArraySample({int(kept)}, 1)"  # noqa: S608 - as above
        f"((difference, pair.1, pair.2)) FROM ({distinct}) GROUP BY a, b ORDER BY a, b"
    )
