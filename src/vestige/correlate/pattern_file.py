"""Reads a sequence pattern from YAML. What is wrong with one is said with its line and column.

The form stands in ``docs/sequences.md``. Only plain YAML is read: no tags, no anchors, no aliases, one document, and
no more of it than the bounds below allow; they are held before anything is built.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final, NoReturn, TypeVar

import yaml

from vestige.correlate.patterns import Aspect, Bond, Distinct, Pattern, Relation, Step
from vestige.model.errors import QueryError, UsageError
from vestige.model.event import KeyKind, Severity
from vestige.model.instant import NANOS
from vestige.query import FieldType, InCase, lookup, parse, walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from yaml._yaml import Mark as FastMark

LONGEST: Final = 64 << 10
"""Bytes of a pattern."""
DEEPEST: Final = 8
MOST_PARTS: Final = 2_000
"""Names, values, lists and their like in one pattern."""
MOST_STEPS: Final = 16
MOST_TAKEN: Final = 200
"""Events that all steps of a pattern take together."""
MOST_BY: Final = 4
LONGEST_TEXT: Final = 4_000
YEAR: Final = 366 * 86_400 * NANOS

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_SPAN: Final = re.compile(r"(\d{1,9})(ms|s|m|h|d|w)")
_UNITS: Final = {"ms": 10**6, "s": NANOS, "m": 60 * NANOS, "h": 3600 * NANOS, "d": 86_400 * NANOS, "w": 604_800 * NANOS}
_AT_LEAST: Final = re.compile(r"(\S+)\s*>=\s*(\d{1,4})")
_NETWORK: Final = "/network"
WHOLE: Final = "log"
"""``by`` of a pattern whose events need nothing in common: the whole log is one group."""

_PATTERN: Final = frozenset({
    "name", "version", "title", "description", "severity", "tags", "by", "within", "order", "enabled", "steps",
})  # fmt: skip
_STEP: Final = frozenset({"name", "where", "count", "distinct", "gap", "absent", "same", "differs", "by"})

_Fields = dict[str, tuple[yaml.Node, yaml.Node]]
_T = TypeVar("_T")


def read_pattern(data: bytes, where: str) -> Pattern:
    """The pattern a file holds.

    Args:
        data: the file.
        where: what it is called in errors.

    Raises:
        UsageError: it is no pattern, with the place.
    """
    return _File(data, where).pattern()


class _File:
    """One pattern being read."""

    def __init__(self, data: bytes, where: str) -> None:
        self._where = where
        self._digest = hashlib.sha256(data).hexdigest()
        self._aspects: list[Aspect] = []
        if len(data) > LONGEST:
            self._refuse("the pattern is too long", None, f"at most {LONGEST} bytes", f"{len(data)}")
        try:
            text = data.decode("utf-8")
            self._bound(text)
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except UnicodeDecodeError as error:
            self._refuse("the pattern is not UTF-8", None, "text", f"byte {error.start}")
        except yaml.MarkedYAMLError as error:
            self._refuse(f"this is no YAML: {error.problem}", error.problem_mark, "", "")
        except yaml.YAMLError as error:
            self._refuse("this is no YAML", None, "text without control characters", str(error).splitlines()[0][:80])
        if root is None:
            self._refuse("the pattern is empty", None, "name, version, title, severity, by, within, steps", "")
        self._root: yaml.Node = root

    def _bound(self, text: str) -> None:
        """Refuse what would grow or nest beyond the bounds, before any of it is built."""
        depth = 0
        for parts, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader), 1):
            opens = isinstance(event, yaml.CollectionStartEvent)
            depth += 1 if opens else -1 if isinstance(event, yaml.CollectionEndEvent) else 0
            if depth > DEEPEST or parts > MOST_PARTS:
                bound = f"at most {DEEPEST} levels and {MOST_PARTS} parts"
                self._refuse("the pattern is nested too deeply or has too many parts", event.start_mark, bound, "")
            if isinstance(event, yaml.AliasEvent) or (isinstance(event, yaml.NodeEvent) and event.anchor is not None):
                self._refuse("anchors and aliases are not read", event.start_mark, "each value written out", "")
            if (tag := getattr(event, "tag", None)) is not None:
                self._refuse("tags are not read", event.start_mark, "a plain value", str(tag)[:40])

    def pattern(self) -> Pattern:
        """The whole of it, checked."""
        fields = self._mapping(self._root, _PATTERN, "a pattern")
        strict = self._order(fields)
        within = self._needed(fields, "within", self._span)
        by = self._needed(fields, "by", self._by)
        nodes = self._needed(fields, "steps", self._list)
        if not 1 <= len(nodes) <= MOST_STEPS:
            self._refuse("too few or too many steps", fields["steps"][1], f"1 to {MOST_STEPS}", str(len(nodes)))
        steps: list[Step] = []
        for node in nodes:
            steps.append(self._step(node, steps, by, strict=strict))
        self._check(steps, nodes, within, strict=strict)
        return Pattern(
            name=self._needed(fields, "name", self._name),
            version=self._needed(fields, "version", self._text),
            digest=self._digest,
            title=self._needed(fields, "title", self._text),
            description=self._text(fields["description"][1]) if "description" in fields else "",
            severity=self._needed(fields, "severity", self._severity),
            tags=tuple(self._text(node) for node in self._list(fields["tags"][1])) if "tags" in fields else (),
            by=by,
            within=within,
            strict=strict,
            steps=tuple(steps),
            aspects=tuple(self._aspects),
            enabled=self._flag(fields["enabled"][1]) if "enabled" in fields else True,
        )

    def _step(self, node: yaml.Node, before: list[Step], by: tuple[Aspect, ...], *, strict: bool) -> Step:
        fields = self._mapping(node, _STEP, "a step")
        name = self._needed(fields, "name", self._name)
        if any(step.name == name for step in before):
            self._refuse("two steps have one name", fields["name"][1], "a name of its own", name)
        absent = "absent" in fields and self._flag(fields["absent"][1])
        least, most = self._count(fields["count"][1]) if "count" in fields else (1, None)
        relations = [
            self._relation(bond, fields[bond][1], before, one) for bond in Bond if bond in fields
            for one in self._several(fields[bond][1])
        ]  # fmt: skip
        own = self._by(fields["by"][1]) if "by" in fields else None
        if own is not None and len(own) != len(by):
            self._refuse("a step goes by another number of things than the pattern", fields["by"][1], f"{len(by)}",
                         f"{len(own)}")  # fmt: skip
        for unfit in (("distinct",) if absent else ()) + (() if strict else ("gap",)):
            if unfit in fields:
                why = "an absent step" if unfit == "distinct" else "a step in any order"
                self._refuse(f"{why} has no {unfit}", fields[unfit][0], f"no {unfit}", unfit)
        if absent and most is not None:
            self._refuse("an absent step has no most", fields["count"][1], "how many there are not: a number", "max")
        if absent and relations and "count" in fields:
            self._refuse("an absent step takes either a count or same or differs", fields["count"][0], "one", "both")
        if absent and relations and (not strict or len(relations) > 1):
            self._refuse("an absent step takes one same or differs at most, and in strict order only", node, "one", "")
        return Step(
            name=name,
            where=self._needed(fields, "where", self._query),
            least=least,
            most=most,
            absent=absent,
            distinct=self._distinct(fields["distinct"][1]) if "distinct" in fields else None,
            gap=self._span(fields["gap"][1]) if "gap" in fields else None,
            relations=tuple(relations),
            by=own,
        )

    def _check(self, steps: list[Step], nodes: list[yaml.Node], within: int, *, strict: bool) -> None:
        """What a step may be only where it stands."""
        taken = [place for place, step in enumerate(steps) if not step.absent]
        if not taken:
            self._refuse("every step is absent", nodes[0], "a step that is not", "absent: true")
        needs = sum(steps[place].needs for place in taken)
        if needs > MOST_TAKEN:
            self._refuse("the steps take too many events", nodes[0], f"at most {MOST_TAKEN} together", str(needs))
        if not strict:
            return
        if steps[taken[0]].gap is not None:
            self._refuse("the first step has no step before it", nodes[taken[0]], "no gap", "gap")
        for place, step in enumerate(steps):
            if step.absent and step.gap is not None and (place > taken[0] or step.gap > within):
                self._refuse("an absent step has a gap only before the first step, within the pattern's time",
                             nodes[place], "at most `within`, before the first step that takes events", "")  # fmt: skip
        if steps[taken[-1]].most is not None:
            self._refuse("the last step has no most: it completes the match", nodes[taken[-1]],
                         "a number, or an absent step behind it", "count.max")  # fmt: skip
        for place in range(taken[-1] + 1, len(steps)):
            if steps[place].relations:
                self._refuse("an absent step behind the last takes no same or differs", nodes[place], "neither", "")

    def _order(self, fields: _Fields) -> bool:
        order = self._text(fields["order"][1]) if "order" in fields else "strict"
        if order not in {"strict", "any"}:
            self._refuse("there is no such order", fields["order"][1], "strict or any", order)
        return order == "strict"

    def _relation(self, bond: Bond, all_of_it: yaml.Node, before: list[Step], node: yaml.Node) -> Relation:
        del all_of_it
        taken = [place for place, step in enumerate(before) if not step.absent]
        step = taken[-1] if taken else -1
        if isinstance(node, yaml.MappingNode):
            fields = self._mapping(node, frozenset({"field", "step"}), str(bond))
            field = fields["field"][1] if "field" in fields else node
            if "step" in fields:
                name = self._text(fields["step"][1])
                step = next((place for place in taken if before[place].name == name), -1)
        else:
            field = node
        if step < 0:
            names = ", ".join(before[place].name for place in taken) or "a step before this one"
            self._refuse(f"{bond} speaks of no earlier step that takes events", node, names, "")
        return Relation(bond, self._place(self._aspect(field)), step)

    def _distinct(self, node: yaml.Node) -> Distinct:
        found = _AT_LEAST.fullmatch(self._text(node).strip())
        if found is None or not 1 <= int(found[2]) <= MOST_TAKEN:
            expected = f"FIELD >= N, N from 1 to {MOST_TAKEN}"
            self._refuse("that asks for no number of values", node, expected, self._text(node))
        return Distinct(self._place(self._named(found[1], node)), int(found[2]))

    def _place(self, aspect: Aspect) -> int:
        if aspect not in self._aspects:
            self._aspects.append(aspect)
        return self._aspects.index(aspect)

    def _by(self, node: yaml.Node) -> tuple[Aspect, ...]:
        if isinstance(node, yaml.ScalarNode) and node.value == WHOLE:
            return ()
        nodes = self._several(node)
        if not 1 <= len(nodes) <= MOST_BY:
            self._refuse("too few or too many things to go by", node, f"1 to {MOST_BY}", str(len(nodes)))
        found = tuple(self._aspect(one) for one in nodes)
        if len(set(found)) < len(found):
            self._refuse("one thing stands twice", node, "each once", "")
        return found

    def _aspect(self, node: yaml.Node) -> Aspect:
        return self._named(self._text(node), node)

    def _named(self, name: str, node: yaml.Node) -> Aspect:
        """A kind of key goes before a field of the same name: it finds what that finds, and more."""
        if name in set(KeyKind):
            return Aspect(name, kind=KeyKind(name))
        try:
            field = lookup(name.removesuffix(_NETWORK), 1)
        except QueryError as error:
            kinds = ", ".join(KeyKind)
            self._refuse(error.message, node, f"a kind of key ({kinds}) or a field of a query", name)
        network = name.endswith(_NETWORK)
        if field.type is FieldType.MESSAGE or (network and field.type is not FieldType.IP):
            self._refuse("events are not compared by that", node, "a key, or a field other than the message", name)
        return Aspect(name, field=field, network=network)

    def _query(self, node: yaml.Node) -> str:
        text = self._text(node)
        try:
            asked = parse(text)
        except QueryError as error:
            place = f"column {error.column} of the query: {error.got or text}"
            self._refuse(f"where: {error.message}", node, error.expected, place)
        if any(isinstance(part, InCase) for part in walk(asked)):
            self._refuse("where: a pattern cannot ask for a case", node, "what the events themselves have", text)
        return text

    def _count(self, node: yaml.Node) -> tuple[int, int | None]:
        if isinstance(node, yaml.ScalarNode):
            return self._number(node), None
        fields = self._mapping(node, frozenset({"min", "max"}), "count")
        least = self._number(fields["min"][1]) if "min" in fields else 1
        most = self._number(fields["max"][1]) if "max" in fields else None
        if most is not None and most < least:
            self._refuse("the most is less than the least", node, f"at least {least}", str(most))
        return least, most

    def _number(self, node: yaml.Node) -> int:
        text = self._text(node)
        if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= MOST_TAKEN):
            self._refuse("that is no such number", node, f"1 to {MOST_TAKEN}", text)
        return int(text)

    def _span(self, node: yaml.Node) -> int:
        text = self._text(node)
        parts = _SPAN.findall(text)
        if not parts or "".join(number + unit for number, unit in parts) != text:
            self._refuse("that is no span of time", node, "such as 90s, 5m, 1h30m, 2d", text)
        span = sum(int(number) * _UNITS[unit] for number, unit in parts)
        if not 0 < span <= YEAR:
            self._refuse("the span is out of bounds", node, "above 0, at most 366d", text)
        return span

    def _name(self, node: yaml.Node) -> str:
        text = self._text(node)
        if not _NAME.fullmatch(text):
            self._refuse("that is no name", node, "1 to 64 of a-z, 0-9, - . and _, a letter or digit first", text)
        return text

    def _severity(self, node: yaml.Node) -> str:
        text = self._text(node)
        names = [level.name.lower() for level in Severity]
        if text not in names:
            self._refuse("there is no such severity", node, ", ".join(names), text)
        return text

    def _flag(self, node: yaml.Node) -> bool:
        text = self._text(node)
        if text not in {"true", "false"}:
            self._refuse("that is neither true nor false", node, "true or false", text)
        return text == "true"

    def _text(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            self._refuse("a list or mapping stands where a value should", node, "a value", "")
        text: str = node.value
        if not 1 <= len(text) <= LONGEST_TEXT:
            self._refuse("the value is empty or too long", node, f"1 to {LONGEST_TEXT} characters", str(len(text)))
        return text

    def _list(self, node: yaml.Node) -> list[yaml.Node]:
        if not isinstance(node, yaml.SequenceNode):
            self._refuse("a list is missing", node, "a list", "")
        return list(node.value)

    def _several(self, node: yaml.Node) -> list[yaml.Node]:
        """The elements of a list, or what stands alone as one."""
        return self._list(node) if isinstance(node, yaml.SequenceNode) else [node]

    def _mapping(self, node: yaml.Node, known: frozenset[str], what: str) -> _Fields:
        if not isinstance(node, yaml.MappingNode):
            self._refuse(f"{what} is a mapping of names to values", node, ", ".join(sorted(known)), "")
        fields: _Fields = {}
        for key, value in node.value:
            name = self._text(key)
            if name not in known:
                self._refuse(f"{what} has no such field", key, ", ".join(sorted(known)), name)
            if name in fields:
                self._refuse("a field stands twice", key, "each field once", name)
            fields[name] = (key, value)
        return fields

    def _needed(self, fields: _Fields, name: str, read: Callable[[yaml.Node], _T]) -> _T:
        if name not in fields:
            self._refuse(f"{name} is missing", self._root, name, ", ".join(sorted(fields)))
        return read(fields[name][1])

    def _refuse(self, message: str, at: yaml.Node | yaml.Mark | FastMark | None, expected: str, got: str) -> NoReturn:
        mark = at.start_mark if isinstance(at, yaml.Node) else at
        place = "" if mark is None else f", line {mark.line + 1}, column {mark.column + 1}"
        raise UsageError(f"{self._where}{place}: {message}", expected=expected, got=got[:80], field="pattern")
