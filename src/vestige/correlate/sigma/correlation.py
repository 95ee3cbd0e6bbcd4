"""Correlation rules: how often, how many different values, which rules together or in which order, within a span.

Events are taken by the base rules, put into groups by the values of the ``group-by`` fields (an event without one of
them belongs to no group), and looked at in order of time. A *window* is as long as the rule's timespan, both ends
included:

* ``event_count``, ``value_count`` with ``gt`` or ``gte``: at the first event at which the window that ends there has
  enough; its evidence are the events of that window. The next window begins later than the span of this one.
* the same with ``lt``, ``lte``, ``eq``, ``neq``: windows that begin at a group's first event and then at the first one
  after each window; judged when a later event shows that the window is over.
* ``temporal``: the window that ends at an event has matches of as many of the rules as the condition asks for (all of
  them, unless it says otherwise); of each rule the latest match is evidence.
* ``temporal_ordered``: a match of each rule in their order, each later in the log's order than the one before.

So what is found does not change when later events arrive. A finding's events are used for no other finding of the rule.
"""

from __future__ import annotations

import operator
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from sigma.correlations import (
    SigmaCorrelationCondition,
    SigmaCorrelationConditionOperator,
    SigmaCorrelationRule,
    SigmaCorrelationType,
)

from vestige.correlate.detections import Detection
from vestige.correlate.store import Key
from vestige.model.errors import InputError
from vestige.model.event import KeyKind
from vestige.model.instant import MIN_INSTANT, NANOS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from vestige.correlate.sigma.rules import CorrelationRule
    from vestige.correlate.store import Spot

LONGEST_SPAN: Final = 366 * 86_400
"""Seconds of a timespan at most."""
_TYPES: Final = {
    SigmaCorrelationType.EVENT_COUNT,
    SigmaCorrelationType.VALUE_COUNT,
    SigmaCorrelationType.TEMPORAL,
    SigmaCorrelationType.TEMPORAL_ORDERED,
}
_COMPARE: Final = {
    SigmaCorrelationConditionOperator.LT: operator.lt,
    SigmaCorrelationConditionOperator.LTE: operator.le,
    SigmaCorrelationConditionOperator.GT: operator.gt,
    SigmaCorrelationConditionOperator.GTE: operator.ge,
    SigmaCorrelationConditionOperator.EQ: operator.eq,
    SigmaCorrelationConditionOperator.NEQ: operator.ne,
}
_RISING: Final = {SigmaCorrelationConditionOperator.GT, SigmaCorrelationConditionOperator.GTE}


class Item(NamedTuple):
    """A match of a base rule: an event, or a finding of another correlation."""

    at: Spot
    rule: int
    """Its base rule's place among the correlation's."""
    evidence: tuple[Spot, ...]
    group: tuple[str, ...]
    value: tuple[str, ...] | None = None
    """Of ``value_count``: what is counted; nothing where the event has none."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a correlation asks for."""

    rule: CorrelationRule
    kind: SigmaCorrelationType
    span: int
    """Nanoseconds."""
    bases: tuple[str, ...]
    """The base rules by name, in their order."""
    groups: tuple[str, ...]
    """The fields to group by, as the rule writes them."""
    counted: tuple[str, ...]
    holds: Callable[[int], bool]
    rising: bool
    """Whether the condition, once it holds, holds with more too."""
    aliases: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """What a field is called in a base rule's events."""

    def fields(self, base: str) -> list[str]:
        """The fields of a base rule's events that are asked for: those to group by, then what is counted."""
        return [self.aliases.get((name, base), name) for name in (*self.groups, *self.counted)]


def plan_of(one: CorrelationRule, names: Mapping[int, str]) -> Plan:
    """What a correlation rule asks for.

    Args:
        one: the rule, its references resolved.
        names: the name of each rule, by the identity of its object.

    Raises:
        InputError: it asks for what cannot be found here, with the reason.
    """
    rule: SigmaCorrelationRule = one.rule
    condition = rule.condition
    if rule.type not in _TYPES:
        raise InputError(f"correlations of the type {str(rule.type).lower()} are not evaluated here")
    if not isinstance(condition, SigmaCorrelationCondition):
        raise InputError("conditions of a correlation that are written as an expression are not evaluated here")
    if rule.timespan.seconds > LONGEST_SPAN:
        raise InputError(f"the timespan is longer than {LONGEST_SPAN} seconds", got=rule.timespan.spec)
    if not rule.referenced_rules:
        raise InputError("the correlation names no rules")
    if any(id(reference.rule) not in names for reference in rule.referenced_rules):
        raise InputError("a rule that it refers to cannot be used")
    fields = condition.fieldref
    counted = () if fields is None else (fields,) if isinstance(fields, str) else tuple(fields)
    if rule.type is SigmaCorrelationType.VALUE_COUNT and not counted:
        raise InputError("value_count names no field to count the values of")
    compare, count = _COMPARE[condition.op], condition.count
    resolved = {reference.reference: names[id(reference.rule)] for reference in rule.referenced_rules}
    aliases = {
        (alias.alias, resolved.get(reference.reference, reference.reference)): name
        for alias in rule.aliases or ()
        for reference, name in alias.mapping.items()
    }
    return Plan(
        rule=one,
        kind=rule.type,
        span=rule.timespan.seconds * NANOS,
        bases=tuple(names[id(reference.rule)] for reference in rule.referenced_rules),
        groups=tuple(rule.group_by or ()),
        counted=counted if rule.type is SigmaCorrelationType.VALUE_COUNT else (),
        holds=lambda n: bool(compare(n, count)),
        rising=condition.op in _RISING,
        aliases=aliases,
    )


def correlate(plan: Plan, items: Iterable[Item]) -> list[Detection]:
    """What a correlation finds in the matches of its base rules; undated ones stand in no window."""
    groups: dict[tuple[str, ...], list[Item]] = defaultdict(list)
    newest: int = MIN_INSTANT
    for item in items:
        if item.at.occurred_at >= MIN_INSTANT:
            groups[item.group].append(item)
            newest = max(newest, item.at.occurred_at)
    find = {
        SigmaCorrelationType.TEMPORAL: _together,
        SigmaCorrelationType.TEMPORAL_ORDERED: _in_order,
    }.get(plan.kind, _rising if plan.rising else _whole)
    found = []
    for group, members in sorted(groups.items()):
        members.sort(key=lambda item: (item.at, item.rule))
        keys = tuple(
            Key(str(KeyKind.CUSTOM), f"{name}={value}") for name, value in zip(plan.groups, group, strict=True)
        )
        for chosen in find(plan, members, newest):
            evidence = sorted({spot for item in chosen for spot in item.evidence})
            found.append(Detection(plan.rule.detector, tuple(evidence), keys))
    return found


def _size(plan: Plan, items: Iterable[Item]) -> int:
    if plan.kind is SigmaCorrelationType.VALUE_COUNT:
        return len({item.value for item in items if item.value is not None})
    # An event that several base rules match is one event.
    return len({item.at for item in items})


def _rising(plan: Plan, items: Sequence[Item], newest: int) -> Iterator[list[Item]]:
    del newest
    window: deque[Item] = deque()
    counts: dict[object, int] = defaultdict(int)
    blocked = MIN_INSTANT - 1
    values = plan.kind is SigmaCorrelationType.VALUE_COUNT

    def what(item: Item) -> object:
        return item.value if values else item.at

    for item in items:
        if item.at.occurred_at <= blocked or what(item) is None:
            continue
        window.append(item)
        counts[what(item)] += 1
        while window[0].at.occurred_at < item.at.occurred_at - plan.span:
            gone = what(window.popleft())
            counts[gone] -= 1
            if not counts[gone]:
                del counts[gone]
        if plan.holds(len(counts)):
            yield list(window)
            blocked = window[0].at.occurred_at + plan.span
            window.clear()
            counts.clear()


def _whole(plan: Plan, items: Sequence[Item], newest: int) -> Iterator[list[Item]]:
    place = 0
    while place < len(items):
        end = items[place].at.occurred_at + plan.span
        window = []
        while place < len(items) and items[place].at.occurred_at <= end:
            window.append(items[place])
            place += 1
        if end < newest and plan.holds(_size(plan, window)):
            yield window


def _together(plan: Plan, items: Sequence[Item], newest: int) -> Iterator[list[Item]]:
    del newest
    latest: dict[int, Item] = {}
    for item in items:
        latest[item.rule] = item
        chosen = [one for one in latest.values() if one.at.occurred_at >= item.at.occurred_at - plan.span]
        if plan.holds(len(chosen)):
            yield chosen
            latest.clear()


def _in_order(plan: Plan, items: Sequence[Item], newest: int) -> Iterator[list[Item]]:
    del newest
    wanted = len(plan.bases)
    # Of each number of steps the way that began last: whatever a later event completes, this completes best.
    ways: dict[int, list[Item]] = {}
    done: Spot | None = None
    for _, alike in _by_event(items):
        if done is not None and alike[0].at <= done:
            continue
        # From the last step to the first, so that one event is one step.
        for item in sorted(alike, key=lambda one: -one.rule):
            before = ways.get(item.rule, []) if item.rule else []
            if item.rule and (not before or before[0].at.occurred_at < item.at.occurred_at - plan.span):
                continue
            ways[item.rule + 1] = [*before, item]
        complete = ways.get(wanted)
        if complete is not None:
            yield complete
            done = complete[-1].at
            ways.clear()


def _by_event(items: Sequence[Item]) -> Iterator[tuple[Spot, list[Item]]]:
    alike: list[Item] = []
    for item in items:
        if alike and alike[0].at != item.at:
            yield alike[0].at, alike
            alike = []
        alike.append(item)
    if alike:
        yield alike[0].at, alike
