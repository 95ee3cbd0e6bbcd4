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
from vestige.correlate.sigma.fields import Fields, Values
from vestige.correlate.sigma.rules import Refused
from vestige.correlate.sigma.sources import family_of
from vestige.correlate.sigma.store import Source
from vestige.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from vestige.correlate.sigma.rules import EventRule, Pack
    from vestige.correlate.sigma.sources import Family
    from vestige.correlate.sigma.store import Store, Window
    from vestige.correlate.store import Spot

AT_ONCE: Final = 100
"""Rules of one statement: more would read the events less often, but take the engine longer to understand."""


@dataclass(slots=True)
class Found:
    """What a scan found."""

    detections: list[Detection] = field(default_factory=list)
    ids: dict[Spot, str] = field(default_factory=dict)
    """The entry ids of the evidence."""
    refused: list[Refused] = field(default_factory=list)


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
        try:
            if family is None:
                words = "/".join(word for word in (source.product, source.category, source.service) if word)
                raise InputError(f"no format here reads events of the log source {words[:80]}")
            trees = tuple(condition.parsed for condition in one.rule.detection.parsed_condition)
            values = Values()
            compiler = Compiler(Fields(values, windows=family.windows, names=family.names), values)
            for tree in trees:
                compiler.rule(tree)
        except (SigmaError, InputError, RecursionError) as error:
            refused.append(Refused(one.file, one.detector.name, " ".join(str(error).split())[:300]))
            continue
        numbers = [event_numbers(tree) for tree in trees] if family.windows else [None]
        every = None if None in numbers else frozenset().union(*(found for found in numbers if found is not None))
        out.append(Compiled(one, family, trees, every))
    return out


def scan(store: Store, window: Window, pack: Pack) -> Found:
    """The events that rules match, each a finding with the event as its evidence."""
    found = Found(refused=list(pack.refused))
    rules = compiled(pack.events, found.refused)
    if window.filter.empty:
        return found
    written = store.written(window) if any(one.family.windows for one in rules) else {}
    for source, family, group in groups_of(rules, written):
        values = Values()
        fields = Fields(values, windows=family.windows, names=family.names)
        compiler = Compiler(fields, values)
        conditions = [" OR ".join(compiler.rule(tree) for tree in one.trees) for one in group]
        for hit in store.matches(window, source, conditions, fields, values):
            found.ids[hit.spot] = hit.id
            found.detections.append(Detection(group[hit.rule].rule.detector, (hit.spot,)))
    return found


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
                yield Source(family.formats), family, members[begin : begin + AT_ONCE]
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
            yield Source(family.formats, wanted, channels), family, group


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
