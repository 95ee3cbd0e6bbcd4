"""Rules over events: grouped by log source, many of them in one pass."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sigma.conditions import ConditionAND, ConditionFieldEqualsValueExpression, ConditionOR
from sigma.exceptions import SigmaError
from sigma.types import SigmaNumber, SigmaString

from vestige.correlate.detections import Detection
from vestige.correlate.sigma.condition import Compiler
from vestige.correlate.sigma.correlation import Item, Plan, correlate, plan_of
from vestige.correlate.sigma.fields import Fields, Values
from vestige.correlate.sigma.rules import Refused
from vestige.correlate.sigma.sources import family_of
from vestige.correlate.sigma.store import Source
from vestige.model.errors import InputError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from vestige.correlate.sigma.rules import EventRule, Pack
    from vestige.correlate.sigma.sources import Family
    from vestige.correlate.sigma.store import Hit, Store, Window
    from vestige.correlate.store import Spot

MOST_MATCHES: Final = 10_000
"""Findings of one rule at most: the oldest."""
MOST_ITEMS: Final = 200_000
"""Matches of a base rule that a correlation looks at, at most."""
AT_ONCE: Final = 100
"""Rules of one statement: more would read the events less often, but take the engine longer to understand."""


@dataclass(slots=True)
class Found:
    """What a scan found."""

    detections: list[Detection] = field(default_factory=list)
    ids: dict[Spot, str] = field(default_factory=dict)
    """The entry ids of the evidence."""
    refused: list[Refused] = field(default_factory=list)
    rules: int = 0
    """How many rules could be used."""
    capped: list[str] = field(default_factory=list)
    """Rules that matched more events than are taken of one."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A rule with its condition's trees; any of them makes it match."""

    rule: EventRule
    family: Family
    trees: tuple[object, ...]
    numbers: frozenset[str] | None
    """Of Windows events: the event numbers it can match; any if there are none."""


def compiled(rules: Iterable[EventRule], refused: list[Refused]) -> list[Compiled]:
    """The rules that can be scanned for; the others are added to ``refused``."""
    out = []
    for one in rules:
        source = one.rule.logsource
        family = family_of(source.product, source.category, source.service)
        if family is None:
            words = "/".join(word for word in (source.product, source.category, source.service) if word)
            reason = f"no format here reads events of the log source {words[:80]}"
            refused.append(Refused(one.file, one.detector.name, reason))
            continue
        try:
            trees = tuple(condition.parsed for condition in one.rule.detection.parsed_condition)
            values = Values()
            compiler = Compiler(Fields(values, family), values)
            compiler.any(trees)
        except (SigmaError, InputError, RecursionError) as error:
            refused.append(Refused(one.file, one.detector.name, " ".join(str(error).split())[:300]))
            continue
        numbers = [event_numbers(tree) for tree in trees] if family.windows else [None]
        every = None if None in numbers else frozenset().union(*(found for found in numbers if found is not None))
        out.append(Compiled(one, family, trees, every))
    return out


def scan(
    store: Store,
    window: Window,
    pack: Pack,
    *,
    progress: Callable[[int, int], None] | None = None,
    stop: threading.Event | None = None,
) -> Found:
    """What the rules of a pack find in a window: events that rules match, then what correlations make of them.

    Args:
        store: the log.
        window: where to look.
        pack: the rules.
        progress: called with how many rules were looked for, of how many.
        stop: when it is set, no further statement is begun; what was found is incomplete then.
    """
    found = Found(refused=list(pack.refused))
    rules = compiled(pack.events, found.refused)
    plans = _plans(pack, rules, found.refused)
    found.rules = len(rules) + len(plans)
    if window.filter.empty:
        return found
    written = store.written(window) if any(one.family.windows for one in rules) else {}
    groups = list(groups_of([one for one in rules if one.rule.output], written))
    done, of = 0, sum(len(group) for _, _, group in groups)
    for source, family, group in groups:
        if stop is not None and stop.is_set():
            return found
        if progress is not None:
            progress(done, of)
        done += len(group)
        values = Values()
        fields = Fields(values, family)
        compiler = Compiler(fields, values)
        conditions = [compiler.any(one.trees) for one in group]
        counts = [0] * len(group)
        for hit in store.matches(window, source, conditions, fields, values, most=MOST_MATCHES + 1):
            counts[hit.rule] += 1
            if counts[hit.rule] <= MOST_MATCHES:
                found.ids[hit.spot] = hit.id
                found.detections.append(Detection(group[hit.rule].rule.detector, (hit.spot,)))
        found.capped += [group[place].rule.detector.name for place, n in enumerate(counts) if n > MOST_MATCHES]
    by_name = {one.rule.detector.name: one for one in rules}
    made: dict[str, tuple[Plan, list[Detection]]] = {}
    for plan in plans:
        if stop is not None and stop.is_set():
            break
        _correlation(store, window, plan, by_name, written, made, found)
    return found


def _plans(pack: Pack, rules: Iterable[Compiled], refused: list[Refused]) -> list[Plan]:
    """The correlations that can be evaluated, each after those it refers to."""
    names = {id(one.rule.rule): one.rule.detector.name for one in rules}
    waiting, plans = list(pack.correlations), []
    while waiting:
        ready = []
        for one in waiting:
            try:
                ready.append(plan_of(one, names))
            except InputError:
                continue
        if not ready:
            break
        plans += ready
        names |= {id(plan.rule.rule): plan.rule.detector.name for plan in ready}
        waiting = [one for one in waiting if id(one.rule) not in names]
    for one in waiting:
        try:
            plan_of(one, names)
        except InputError as error:
            refused.append(Refused(one.file, one.detector.name, " ".join(str(error).split())[:300]))
    return plans


def _correlation(
    store: Store,
    window: Window,
    plan: Plan,
    rules: Mapping[str, Compiled],
    written: Mapping[str, set[str]],
    made: dict[str, tuple[Plan, list[Detection]]],
    found: Found,
) -> None:
    """Evaluate one correlation; ``made`` has those it may refer to, and gets it too."""
    items: list[Item] = []
    for place, base in enumerate(plan.bases):
        if base in made:
            items += _nested(plan, place, *made[base])
            continue
        hits = _hits(store, window, rules[base], plan.fields(base), written)
        if len(hits) > MOST_ITEMS:
            found.capped.append(plan.rule.detector.name)
        split = len(plan.groups)
        for hit in hits[:MOST_ITEMS]:
            group, value = hit.values[:split], hit.values[split:]
            if None in group:
                continue
            found.ids[hit.spot] = hit.id
            counted = None if not value or None in value else value
            items.append(Item(hit.spot, place, (hit.spot,), group, counted))
    detections = correlate(plan, items)
    made[plan.rule.detector.name] = (plan, detections)
    if plan.rule.output:
        found.detections += detections


def _hits(
    store: Store, window: Window, rule: Compiled, names: Sequence[str], written: Mapping[str, set[str]]
) -> list[Hit]:
    """The matches of one rule with the values of some fields."""
    for source, family, group in groups_of([rule], written):
        values = Values()
        fields = Fields(values, family)
        condition = Compiler(fields, values).any(group[0].trees)
        columns = [fields.column(name).one for name in names]
        return store.matches(window, source, [condition], fields, values, beside=columns, most=MOST_ITEMS + 1)
    return []


def _nested(plan: Plan, place: int, inner: Plan, detections: Iterable[Detection]) -> list[Item]:
    """The findings of another correlation, which have the fields it groups by."""
    items = []
    for one in detections:
        known = dict(zip(inner.groups, (key.value.partition("=")[2] for key in one.keys), strict=True))
        values = [known.get(name) for name in plan.fields(inner.rule.detector.name)]
        group = tuple(value for value in values[: len(plan.groups)] if value is not None)
        value = tuple(value for value in values[len(plan.groups) :] if value is not None)
        if len(group) == len(plan.groups):
            complete = len(value) == len(plan.counted) and bool(value)
            items.append(Item(one.evidence[-1], place, one.evidence, group, value if complete else None))
    return items


def groups_of(
    rules: Iterable[Compiled], written: Mapping[str, set[str]]
) -> Iterator[tuple[Source, Family, list[Compiled]]]:
    """Rules that are scanned for together, and the events they are about; without those that can match none.

    Args:
        rules: compiled rules.
        written: the channels and actions there are, as :meth:`~vestige.correlate.sigma.store.Store.written` tells.
    """
    families: dict[Family, list[Compiled]] = defaultdict(list)
    for one in rules:
        families[one.family].append(one)
    for family, members in families.items():
        if not family.windows:
            for begin in range(0, len(members), AT_ONCE):
                yield Source(family.formats, types=family.types), family, members[begin : begin + AT_ONCE]
            continue
        actions, channels = _actions(family, written)
        numbers = {action.rpartition(" ")[2] for action in actions}
        able = [one for one in members if numbers and (one.numbers is None or one.numbers & numbers)]
        # Rules of the same few numbers stand together, so that a statement reads only those.
        able.sort(key=lambda one: sorted(one.numbers or ()))
        for begin in range(0, len(able), AT_ONCE):
            group = able[begin : begin + AT_ONCE]
            wanted = actions
            if all(one.numbers is not None for one in group):
                those = frozenset().union(*(one.numbers for one in group if one.numbers is not None))
                wanted = frozenset(action for action in actions if action.rpartition(" ")[2] in those)
            yield Source(family.formats, wanted, channels=channels), family, group


def _actions(family: Family, written: Mapping[str, set[str]]) -> tuple[frozenset[str], frozenset[str] | None]:
    """The actions that a log source's events have, and its channels where others have such actions too."""
    if not family.written:
        return frozenset().union(*written.values()), None
    actions: set[str] = set()
    channels = frozenset(one.channel for one in family.written)
    for one in family.written:
        for action in written.get(one.channel, ()):
            if not one.numbers or action.rpartition(" ")[2] in {str(number) for number in one.numbers}:
                actions.add(action)
    others = (found for channel, found in written.items() if channel not in channels)
    return frozenset(actions), None if all(actions.isdisjoint(found) for found in others) else channels


def event_numbers(node: object) -> frozenset[str] | None:
    """The event numbers of which a match must have one; none if it may have any."""
    match node:
        case ConditionAND():
            every = [found for part in node.args if (found := event_numbers(part)) is not None]
            return frozenset.intersection(*every) if every else None
        case ConditionOR():
            each = [event_numbers(part) for part in node.args]
            return None if None in each else frozenset().union(*(found for found in each if found is not None))
        case ConditionFieldEqualsValueExpression(field="EventID", value=SigmaNumber() as number):
            return frozenset({str(number)})
        case ConditionFieldEqualsValueExpression(field="EventID", value=SigmaString() as text) if text.s == [str(text)]:
            return frozenset({str(text)})
        case _:
            return None
