r"""Aliases: other names of one person, account or machine, by stated rules, each link with the event that shows it.

Two names are one only where an event says so: it gives an account's id and its name side by side (an object id and an
e-mail address, a SID and ``DOMAIN\name``), or a device's id and its host name. That is not enough by itself, since a
name may be lent and an id may be one that every machine has. A statement is *joined* if

* the source that makes it gives the name to one id only, and the id to at most ``NAMES`` names;
* the id is not one built into Windows, which every machine has (``S-1-5-18``);
* the name is *scoped*, as an e-mail address, ``DOMAIN\name``, an ARN, a SID, a UUID or a host's full name is; or every
  source that has the name makes the statement too: one system's ``admin`` is not another's.

Where the first or the second fails, it is *ambiguous*; where the third does, or two names merely have the same local
part, it is *possible*. Neither joins anything. From a name that is joined the statements of that name count too, at
most ``STEPS`` away and up to ``MOST`` names; what is not followed is told. The case of letters never tells two names
apart: identities and hosts are stored folded, and the spellings of a name are listed with the events that have them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.correlate.entity_store import Sift, dated
from vestige.correlate.store import Key, Spot
from vestige.model.event import KeyKind
from vestige.model.instant import UNDATED
from vestige.query import normal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from vestige.correlate.entity_store import EntityStore

STRENGTHS: Final = ("joined", "ambiguous", "possible")
"""In the order in which links are told."""
NAMES: Final = 3
"""Names a source may give one id before the id is taken for a shared one: people marry, accounts are renamed."""
STEPS: Final = 2
MOST: Final = 12
"""Names that are joined to one."""
STATEMENTS: Final = 2000
"""Pairs of texts looked at in a step; an entity whose events hold more of them is shared by too many to tell."""
PAIRS: Final = 500
"""Statements about one entity that are judged; one with more is shared, too."""
TOLD: Final = 20
"""Links of each strength that are told one by one."""
CANDIDATES: Final = 1000
"""Entities whose value contains the local part, of which those with the very same are possible."""
SHORTEST: Final = 3
"""Letters of a local part that says anything."""

_BUILT_IN: Final = re.compile(r"s-1-(?!5-21-|12-1-)")
_SCOPED: Final = re.compile(
    r"[^@\s/]+@[^@\s/]+|[^\\\s]+\\[^\\]+|arn:.+|s-1-(?:5-21|12-1)-[\d-]+|"
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
)
_FULL_HOST: Final = re.compile(r"[^.\s]+(?:\.[^.\s]+)+")
_LOCAL: Final = re.compile(r"([^\\/:@]+)(?:@[^\\/:@]*)?\Z")


class Rule(NamedTuple):
    """Which columns of an event state that two names are one, and what kinds of key they are."""

    name: str
    id_kind: str
    name_kind: str
    columns: tuple[tuple[str, str], ...]
    says: str


RULES: Final = (
    Rule(
        "account",
        KeyKind.IDENTITY,
        KeyKind.IDENTITY,
        (("actor_id", "actor_name"), ("subject_id", "subject_name")),
        "events state both as id and name of one account",
    ),
    Rule(
        "device", KeyKind.DEVICE, KeyKind.HOST, (("device_id", "host"),), "events state both as device id and host name"
    ),
)


@dataclass(frozen=True, slots=True)
class Alias:
    """That two names are, or may be, one."""

    one: Key
    other: Key
    rule: str
    """``account``, ``device``, or ``local-part``."""
    strength: str
    """``joined``, ``possible`` or ``ambiguous``."""
    reason: str
    events: int = 0
    first_at: int | None = None
    last_at: int | None = None
    sources: tuple[str, ...] = ()
    shown: Spot | None = None
    """The first event that states it; none for what no event states."""


class Spelling(NamedTuple):
    """How a name is written, how often as id or name of an account, and the first event that does."""

    text: str
    times: int
    shown: Spot


@dataclass(slots=True)
class Aliases:
    """What an entity is called: the names that are joined to it, and every link that was looked at."""

    names: list[Key]
    """The entity itself first."""
    links: list[Alias] = field(default_factory=list)
    spellings: list[Spelling] = field(default_factory=list)
    left_out: list[tuple[str, int]] = field(default_factory=list)
    """Why, and how many: links that are not told one by one, names beyond the most."""


@dataclass(slots=True)
class _Stated:
    """Everything said of an id and a name together."""

    events: int = 0
    first: int | None = None
    last: int | None = None
    shown: Spot | None = None
    sources: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Said:
    """What the events of some entities state."""

    pairs: dict[tuple[str, str], _Stated] = field(default_factory=lambda: defaultdict(_Stated))
    names_of: dict[str, dict[str, set[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    ids_of: dict[str, dict[str, set[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    sources: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Which sources have a name at all."""
    spellings: dict[str, Spelling] = field(default_factory=dict)
    full: bool = False
    """Whether there was more than could be looked at."""


def aliases(store: EntityStore, key: Key) -> Aliases:
    """What else an entity is called. Only identities, devices and hosts have aliases; others are what they are."""
    found = Aliases([key])
    for rule in RULES:
        if key.kind in {rule.id_kind, rule.name_kind}:
            _stated(store, rule, key, found)
    known = {link.other for link in found.links} | {link.one for link in found.links} | {key}
    found.links += _possible(store, key, known, found)
    return found


def _stated(store: EntityStore, rule: Rule, key: Key, found: Aliases) -> None:
    """Follow one rule outward from an entity."""
    told: dict[str, list[Alias]] = defaultdict(list)
    judged: set[tuple[str, str]] = set()
    beyond: set[Key] = set()
    frontier = [key]
    own = _read(store, rule, frontier)
    # By code point, so that two reads of one log list them alike.
    found.spellings += sorted(own.spellings.values(), key=lambda one: (-one.times, one.text))[:TOLD]
    for _ in range(STEPS):
        pairs = [pair for pair in own.pairs if pair not in judged and _has(rule, pair, frontier)]
        if own.full or len(pairs) > PAIRS:
            found.left_out.append(("shared by too many to tell", len(own.pairs)))
            break
        if not pairs:
            break
        # What is said of all ends; the next step finds there what it asks of those that are joined.
        wide = _read(store, rule, {end for a, b in pairs for end in (Key(rule.id_kind, a), Key(rule.name_kind, b))})
        reached: list[Key] = []
        for pair in sorted(pairs, key=lambda pair: (-own.pairs[pair].events, pair)):
            judged.add(pair)
            link = _judged(rule, pair, own.pairs[pair], wide)
            told[link.strength].append(link)
            if link.strength == "joined":
                reached += [end for end in (link.one, link.other) if end not in found.names and end not in reached]
        room = MOST - len(found.names)
        beyond.update(reached[room:])
        frontier = reached[:room]
        found.names += frontier
        own = wide
        if not frontier:
            break
    if beyond:
        found.left_out.append(("more names than are joined to one", len(beyond)))
    for strength in STRENGTHS:
        links = told[strength]
        found.links += links[:TOLD]
        if len(links) > TOLD:
            found.left_out.append((f"{strength} links beyond the {TOLD} with most events", len(links) - TOLD))


def _has(rule: Rule, pair: tuple[str, str], keys: Iterable[Key]) -> bool:
    """Whether a pair says something of one of some entities; their events state others' names too."""
    ends = {Key(rule.id_kind, pair[0]), Key(rule.name_kind, pair[1])}
    return not ends.isdisjoint(keys)


def _read(store: EntityStore, rule: Rule, keys: Collection[Key]) -> _Said:
    """What events of some entities state by a rule, folded as keys are."""
    said = _Said()
    rows = store.said(keys, rule.columns, STATEMENTS)
    said.full = len(rows) >= STATEMENTS
    for raw_id, raw_name, source, events, first, last, shown in rows:
        one, other = normal(rule.id_kind, raw_id), normal(rule.name_kind, raw_name)
        # A set, since an id that is its own name is written twice in one event, and counts once.
        for key, raw in {(Key(rule.id_kind, one), raw_id), (Key(rule.name_kind, other), raw_name)}:
            if key.value:
                said.sources[key.value].add(source)
            if key in keys:
                before = said.spellings.get(raw, Spelling(raw, 0, shown))
                said.spellings[raw] = Spelling(raw, before.times + events, min(before.shown, shown, key=_dated_first))
        if not one or not other:
            continue
        said.names_of[one][source].add(other)
        said.ids_of[other][source].add(one)
        if (rule.id_kind, one) == (rule.name_kind, other):
            continue
        stated = said.pairs[one, other]
        begun, ended = dated(first, last)
        stated.events += events
        stated.first = min((at for at in (stated.first, begun) if at is not None), default=None)
        stated.last = max((at for at in (stated.last, ended) if at is not None), default=None)
        stated.shown = min(stated.shown or shown, shown, key=_dated_first)
        stated.sources.add(source)
    return said


def _dated_first(spot: Spot) -> tuple[bool, Spot]:
    return spot.occurred_at == UNDATED, spot


def _judged(rule: Rule, pair: tuple[str, str], stated: _Stated, wide: _Said) -> Alias:
    one, other = pair
    strength, reason = _verdict(rule, one, other, stated, wide)
    return Alias(
        Key(rule.id_kind, one),
        Key(rule.name_kind, other),
        rule.name,
        strength,
        reason,
        stated.events,
        stated.first,
        stated.last,
        tuple(sorted(stated.sources)),
        stated.shown,
    )


def _verdict(rule: Rule, one: str, other: str, stated: _Stated, wide: _Said) -> tuple[str, str]:
    """How strong a statement is, and why."""
    shared = _shared(rule, one, other, stated, wide)
    if shared:
        return "ambiguous", shared
    scoped = _SCOPED if rule.name_kind == KeyKind.IDENTITY else _FULL_HOST
    if scoped.fullmatch(other):
        return "joined", rule.says
    elsewhere = sorted(wide.sources[other] - stated.sources)
    if elsewhere:
        return "possible", f"{rule.says}, but {elsewhere[0]} has that name too, without the id, and it has no domain"
    return "joined", f"{rule.says}; every source that has the name does"


def _shared(rule: Rule, one: str, other: str, stated: _Stated, wide: _Said) -> str:
    """Why an id or a name is not one account's or one machine's alone; empty if it is."""
    if wide.full:
        return f"their events state {STATEMENTS} names or more: shared by too many to tell"
    if rule.id_kind == KeyKind.IDENTITY and _BUILT_IN.match(one):
        return "the id is built into Windows: every machine has it"
    for source in sorted(stated.sources):
        # What is its own name is no other id: some events of an account state the name alone, as both.
        ids = wide.ids_of[other][source] - {other}
        if len(ids) > 1:
            return f"{source} gives the name to {len(ids)} ids"
        names = wide.names_of[one][source] - {one}
        if len(names) > NAMES:
            return f"{source} gives the id {len(names)} names"
    return ""


def _possible(store: EntityStore, key: Key, known: Collection[Key], found: Aliases) -> list[Alias]:
    """Entities of the same kind with the same local part; nothing states that they are one."""
    local = local_part(key)
    if not local:
        return []
    near = store.listed(Sift(kind=key.kind, contains=local), "count", None, CANDIDATES)
    alike = [row.key for row, _ in near if row.key not in known and local_part(row.key) == local]
    if len(alike) > TOLD:
        found.left_out.append((f"possible links beyond the {TOLD} with most events", len(alike) - TOLD))
    if len(near) == CANDIDATES:
        found.left_out.append((f"names that contain {local} beyond the {CANDIDATES} with most events", 1))
    why = f"both are {local} to somebody; no event states that they are one"
    return [Alias(key, other, "local-part", "possible", why) for other in alike[:TOLD]]


def local_part(key: Key) -> str:
    """What is left of a name without its domain, path and realm; of a host, its first label; empty if too little is."""
    if key.kind == KeyKind.HOST:
        head = key.value.partition(".")[0]
        local = "" if head.isdigit() else head
    elif key.kind == KeyKind.IDENTITY:
        found = _LOCAL.search(key.value)
        local = found[1] if found else ""
    else:
        local = ""
    return local if len(local) >= SHORTEST and not _BUILT_IN.match(local) else ""
