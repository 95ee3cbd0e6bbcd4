"""A rule's field names as columns: where in an event's original fields each of them is found.

A Windows event has one value per name, found by one reading of the event's own fields, whichever tool rendered them.
Any other event is taken as its source wrote it: a name is a member of the object, or a path into it with dots; a list
stands for each of its values. Names are bound as values, like everything else a rule holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vestige.correlate.sigma.windows import FIRST_NAMES, OTHER_NAMES, SPACED
from vestige.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from vestige.correlate.sigma.sources import Family

Param = str | float | int | list[str] | list[int]
_NAME: Final = re.compile(r"[\w .:@#/()$?+-]{1,200}")
"""Names that may stand in the description of a tuple."""
_WORDS: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
MOST_STEPS: Final = 12
"""Steps of a path at most."""


class Values:
    """What a statement is given beside its text, each value once."""

    def __init__(self) -> None:
        self.params: dict[str, Param] = {}
        self._names: dict[tuple[str, str], str] = {}

    def put(self, value: Param, kind: str = "String") -> str:
        """A placeholder for a value."""
        key = (kind, repr(value))
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = f"v{len(self.params)}"
            self.params[name] = value
        return f"{{{name}:{kind}}}"


@dataclass(frozen=True, slots=True)
class Column:
    """A field of an event in a statement: ``r`` and a number as it is, ``l`` and the number in lower case."""

    number: int
    many: bool
    """Whether it is a list of values, of which any may match."""

    def folded(self, atom: Callable[[str], str], *, named: str = "x") -> str:
        """A condition on the value in lower case; ``named`` stands for it where there are several."""
        return self._any(f"l{self.number}", atom, named)

    def exact(self, atom: Callable[[str], str]) -> str:
        """A condition on the value as it is; nothing where there is none."""
        return self._any(f"e{self.number}", atom, "x")

    @property
    def there(self) -> str:
        """Whether the event has it at all."""
        return f"notEmpty(e{self.number})" if self.many else f"isNotNull(r{self.number})"

    @property
    def one(self) -> str:
        """The value, or the first of several; nothing where there is none."""
        return f"if(empty(e{self.number}), NULL, e{self.number}[1])" if self.many else f"r{self.number}"

    def _any(self, column: str, atom: Callable[[str], str], named: str) -> str:
        return f"arrayExists({named} -> {atom(named)}, {column})" if self.many else atom(column)


_NUMBER: Final = "splitByChar(' ', action)[-1]"
_SYSTEM: Final = {
    "EventID": _NUMBER,
    "Provider_Name": f"substring(action, 1, length(action) - length({_NUMBER}) - 1)",
    "Computer": "host",
    "Channel": "channel",
}
"""What a parser already found out about every Windows event."""
_HEAD: Final = {
    "Level": (("Level",), ("Level",)),
    "Task": (("Task",), ("Task",)),
    "Opcode": (("Opcode",), ("OpcodeValue",)),
    "Keywords": (("Keywords",), ("Keywords",)),
    "EventRecordID": (("EventRecordID",), ("RecordNumber",)),
    "Security_UserID": (("Security", "#attributes", "UserID"), ("UserID",)),
    "Provider_Guid": (("Provider", "#attributes", "Guid"), ("ProviderGuid",)),
    "Execution_ProcessID": (("Execution", "#attributes", "ProcessID"), ("ExecutionProcessID",)),
    "Execution_ThreadID": (("Execution", "#attributes", "ThreadID"), ("ThreadID",)),
}
"""Fields beside the event's own: where a rendered event has them below System, and where a flat one."""
_KEYWORDS: Final = 99_999
"""The number of the column of everything an event says, above those of fields."""
COLUMNS: Final = {"@object_id": "object_id", "@actor_name": "actor_name"}
"""An event's own fields that other names stand for."""
_LISTS: Final = frozenset({"Data"})
"""Fields of Windows events that may hold several values."""


class Fields:
    """The columns that a statement's rules ask for."""

    def __init__(self, values: Values, family: Family) -> None:
        self._values = values
        self._windows = family.windows
        self._names = family.names
        self._spaced = any(one.channel in SPACED for one in family.written)
        self._columns: dict[str, Column] = {}
        self._keywords: Column | None = None

    def column(self, name: str) -> Column:
        """The column of a field.

        Raises:
            InputError: the name cannot be a field's.
        """
        found = self._columns.get(name)
        if found is None:
            if not _NAME.fullmatch(name):
                raise InputError(f"the field name {name[:60]!r} has signs that no field name has")
            if name.count(".") >= MOST_STEPS:
                raise InputError(f"the field {name[:60]!r} has more than {MOST_STEPS} steps")
            many = not self._windows or name in _LISTS
            found = self._columns[name] = Column(len(self._columns), many)
        return found

    def keywords(self) -> Column:
        """The column of everything an event says: each of its values, and its message."""
        if self._keywords is None:
            self._keywords = Column(_KEYWORDS, many=True)
        return self._keywords

    def select(self) -> tuple[str, str]:
        """The columns' definitions: of a reading ``t`` of the event's own fields, and of the columns themselves."""
        shape: list[str] = []
        columns: list[str] = []
        for name, column in self._columns.items():
            at = column.number
            if column.many:
                listed = self._listed(name)
                columns += [f"{listed} AS e{at}", f"arrayMap(x -> lowerUTF8(x), e{at}) AS l{at}"]
                continue
            columns += [
                f"{self._one(name, shape)} AS r{at}",
                f"ifNull(r{at}, '') AS e{at}",
                f"lowerUTF8(e{at}) AS l{at}",
            ]
        if self._keywords is not None:
            at = self._keywords.number
            columns += [f"{_LEAVES} AS e{at}", f"arrayMap(x -> lowerUTF8(x), e{at}) AS l{at}"]
        text = f"Tuple({', '.join(shape)})" if shape else "Tuple(x Nullable(String))"
        return f"JSONExtract(own, {self._values.put(text)}) AS t", ", ".join(columns)

    def _one(self, name: str, shape: list[str]) -> str:
        if name in _SYSTEM:
            return f"CAST({_SYSTEM[name]} AS Nullable(String))"
        if name in _HEAD:
            rendered, flat = _HEAD[name]
            ways = [("Event", "System", *rendered), ("System", *rendered), flat]
            return f"coalesce({', '.join(self._text('attributes', way) for way in ways)})"
        first = (_WORDS.sub(" ", name),) if self._spaced else FIRST_NAMES.get(name, ())
        names = (*first, name, *OTHER_NAMES.get(name, ()))
        places = []
        for one in names:
            item = f"`{one}` Nullable(String)"
            if item not in shape:
                shape.append(item)
            places.append(f"t.{shape.index(item) + 1}")
        return f"coalesce({', '.join(places)})" if len(places) > 1 else places[0]

    def _listed(self, name: str) -> str:
        names = (name, *OTHER_NAMES.get(name, ())) if self._windows else (*self._names.get(name, ()), name)
        source = "own" if self._windows else "attributes"
        ways = []
        for one in names:
            if one.startswith("@"):
                ways.append(f"arrayFilter(x -> x != '', [{COLUMNS[one]}])")
                continue
            ways.append(self._several(source, (one,)))
            if "." in one and not self._windows:
                ways.append(self._along(source, one.split(".")))
        result = ways[-1]
        for way in reversed(ways[:-1]):
            result = f"if(notEmpty({way}), {way}, {result})"
        return result

    def _several(self, source: str, path: tuple[str, ...]) -> str:
        steps = ", ".join(self._values.put(step) for step in path)
        kind = f"JSONType({source}, {steps})"
        inner = f"JSONExtract({source}, {steps}, '#text', 'Array(Nullable(String))')"
        listed = f"JSONExtract({source}, {steps}, 'Array(Nullable(String))')"
        wrapped = f"[JSONExtract({source}, {steps}, '#text', 'Nullable(String)')]" if self._windows else "[]"
        single = f"[JSONExtract({source}, {steps}, 'Nullable(String)')]"
        nested = f"if(notEmpty({inner}), {inner}, {wrapped})" if self._windows else single
        found = f"multiIf({kind} = 'Array', {listed}, {kind} = 'Object', {nested}, {kind} = 'Null', [], {single})"
        return f"arrayMap(x -> assumeNotNull(x), arrayFilter(x -> isNotNull(x), {found}))"

    def _along(self, source: str, path: list[str]) -> str:
        """The values at the end of a path; a list on the way stands for each of its members."""
        found = f"[{source}]"
        for step in path:
            inner = f"JSONExtractRaw(x, {self._values.put(step)})"
            found = f"arrayFilter(x -> x != '', arrayMap(x -> {inner}, {_each(found)}))"
        texts = f"arrayMap(x -> JSONExtract(concat('[', x, ']'), 1, 'Nullable(String)'), {_each(found)})"
        return f"arrayMap(x -> assumeNotNull(x), arrayFilter(x -> isNotNull(x), {texts}))"

    def _text(self, source: str, path: tuple[str, ...]) -> str:
        steps = ", ".join(self._values.put(step) for step in path)
        return f"JSONExtract({source}, {steps}, 'Nullable(String)')"


def _each(raws: str) -> str:
    """The members of lists of JSON, and what is no list as it is."""
    return f"arrayFlatten(arrayMap(x -> if(startsWith(x, '['), JSONExtractArrayRaw(x), [x]), {raws}))"


# A string of JSON, then a colon if it is a name; or a bare word: a number, true, false, null.
_LEAF: Final = r'"(?:[^"\\]|\\.)*"\s*:?|[^\s\[\]{},:"]+'
_LEAVES: Final = (
    "arrayPushBack(JSONExtract(concat('[', arrayStringConcat(arrayFilter(x -> NOT endsWith(x, ':'), "
    f"extractAll(attributes, '{_LEAF.replace(chr(92), chr(92) * 2)}')), ','), ']'), 'Array(String)'), message)"
)
